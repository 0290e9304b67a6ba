"""Where LibreLinkUp is: a region code gives a host, and no answer can make us send a password anywhere else."""

import re
from urllib.parse import urlsplit

GLOBAL_URL = "https://api.libreview.io"
DOMAINS = ("libreview.io", "libreview.ru", "myfreestyle.cn")

KNOWN = frozenset({"us", "eu", "eu2", "de", "fr", "jp", "ap", "au", "ae", "ca", "la", "ru", "cn"})
"""Regions seen so far; a new one that fits the pattern is followed too. Source: gui-dos/DiaBLE, LibreLink.swift."""

_OWN_HOSTS = {"ru": "https://api.libreview.ru", "cn": "https://api-cn.myfreestyle.cn"}
_CODE = re.compile(r"[a-z]{2}[0-9]?")
_REGION_MARK = "/{region}"


def is_code(region: object) -> bool:
    """Return whether *region* can be a region's code: two lower-case letters and at most one digit."""
    return isinstance(region, str) and _CODE.fullmatch(region) is not None


def base_url(region: str | None, configured: str | None = None) -> str:
    """Return the address every path is appended to, without a slash at its end. Raises ValueError for a strange code.

    region: None is the global host, which knows where each account lives. configured: another base URL, from which
    nothing ever leaves; where it ends in `/{region}` the code becomes a path prefix there.

    >>> base_url("eu2"), base_url("eu2", "http://127.0.0.1:8060/{region}"), base_url(None, "http://127.0.0.1:8060/{region}")
    ('https://api-eu2.libreview.io', 'http://127.0.0.1:8060/eu2', 'http://127.0.0.1:8060')
    """
    if region is not None and not is_code(region):
        raise ValueError("not a region code")
    if configured is not None:
        base = configured.rstrip("/")
        if base.endswith(_REGION_MARK):
            return base.removesuffix(_REGION_MARK) + (f"/{region}" if region else "")
        return base
    if region is None:
        return GLOBAL_URL
    url = _OWN_HOSTS.get(region, f"https://api-{region}.libreview.io")
    if not is_makers(urlsplit(url).hostname or ""):
        raise ValueError("not one of the maker's hosts")
    return url


def is_makers(host: str) -> bool:
    """Return whether *host* is a sub-domain of the maker's own domains."""
    return any(host.endswith("." + domain) for domain in DOMAINS)
