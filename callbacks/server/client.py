"""From where a request comes: the socket's address, and what proxies say of others, if they are trusted."""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Request, g

from cgm_dash.settings import is_loopback

LOCAL = "127.0.0.1"
PASSED_ON = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_X_FORWARDED_HOST", "HTTP_VIA")
"""What a proxy adds to a request that it passes on."""


@dataclass(frozen=True, slots=True)
class Client:
    """Who sent a request. address: "" for a Unix socket's, which no network reaches.

    https: whether it came encrypted, as far as is known. is_passed_on: whether somebody we do not trust says that it is
    another's: from where it comes is not known then, and *address* is of the one who says so.
    """

    address: str
    https: bool
    is_passed_on: bool = False

    @property
    def is_local(self) -> bool:
        """Whether nobody but this machine itself can have sent it."""
        return not self.is_passed_on and (not self.address or is_loopback(self.address))

    @property
    def network(self) -> str:
        """What limits count by: the address; of IPv6 the /64, all of which one client has."""
        found = _parsed(self.address)
        if isinstance(found, ipaddress.IPv6Address):
            return str(ipaddress.ip_network((found, 64), strict=False))
        return str(found) if found else LOCAL


def client_of(environ: Mapping[str, Any], trusted: Sequence[str]) -> Client:
    """Return who sent the request of a WSGI *environ*. trusted: networks whose word on others counts.

    `X-Forwarded-For` is read from its end, which the nearest proxy wrote, as long as each is trusted; whatever stands
    before may be the client's own invention. The peer of a Unix socket is trusted where 127.0.0.1 is.
    """
    networks = [ipaddress.ip_network(name) for name in trusted]
    peer = str(environ.get("REMOTE_ADDR") or "")
    https = environ.get("wsgi.url_scheme") == "https"
    if not _is_trusted(peer, networks):
        return Client(_text(peer), https, any(name in environ for name in PASSED_ON))
    address = peer
    named = str(environ.get("HTTP_X_FORWARDED_FOR", "")).split(",")
    while named and _is_trusted(address, networks):
        told = _parsed(named.pop())
        if told is None:
            break
        address = str(told)
    scheme = str(environ.get("HTTP_X_FORWARDED_PROTO", "")).rpartition(",")[2].strip().lower()
    return Client(_text(address), scheme == "https" if scheme else https)


def _is_trusted(address: str, networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    found = _parsed(address or LOCAL)
    return found is not None and any(found in network for network in networks)


def _text(address: str) -> str:
    found = _parsed(address)
    return str(found) if found else address


def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address that *text* names, with a port or without, None for what is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def is_https(_asked: Request) -> bool:
    """Return whether the request at hand came encrypted, as the door has found."""
    found = g.get("client")
    return isinstance(found, Client) and found.https
