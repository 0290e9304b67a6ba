"""The settings, and the only code that reads the environment.

Each setting is a variable CGM_DASH_...; the same names may stand in `cgm_dash.env` in the data directory, where the
environment wins. Every error names the variable, its value (never a secret's) and the remedy.
"""

import dataclasses
import ipaddress
import os
import re
import stat
import zoneinfo
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar
from urllib.parse import SplitResult, unquote, urlsplit

import platformdirs

from cgm_dash.account import is_email, is_region
from cgm_dash.credentials import password_fault
from cgm_dash.errors import ConfigError
from cgm_dash.units import Unit

PREFIX = "CGM_DASH_"
ENV_FILE = "cgm_dash.env"
REAL_POLL_SECONDS = 50
"""Least interval against the real service, which offers one value a minute."""

MOST_PROCESSES = 64

OPEN_DEMO = (
    f"is open to the network; set {PREFIX}DEMO=1 to show the demo there, {PREFIX}DEMO=0 where an account was connected"
    " on the page, or use 127.0.0.1"
)
PASSED_ON = (
    f"passes on requests from elsewhere; set {PREFIX}DEMO=1 to show the demo there, or name the proxy in"
    f" {PREFIX}TRUSTED_PROXIES"
)

NOT_SHOWN = "an address that may hold a password and is not shown here"

T = TypeVar("T")


def _secret(default: str | None = None) -> str | None:
    return dataclasses.field(default=default, repr=False)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything a user can set; secrets never show in its text form."""

    data_dir: Path
    database_url: str = dataclasses.field(repr=False)
    host: str = "127.0.0.1"
    port: int = 8050
    llu_email: str | None = _secret()
    llu_password: str | None = _secret()
    llu_region: str | None = None
    llu_url: str | None = None
    llu_version: str | None = None
    llu_accept_terms: bool = False
    poll_seconds: int = 60
    unit: Unit = Unit.MG_DL
    zone: str | None = None
    stale_minutes: int = 15
    cache_mb: int = 64
    trusted_proxies: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    heartbeat_url: str | None = _secret()
    secret_key: str | None = _secret()
    demo: bool | None = None
    owner_password: str | None = _secret()
    log_level: str = "INFO"

    @property
    def has_account(self) -> bool:
        """Whether a LibreLinkUp account stands in the settings."""
        return self.llu_email is not None

    @property
    def secrets(self) -> tuple[str, ...]:
        """What of these settings must never be read in a log line."""
        password = urlsplit(self.database_url).password
        named = (self.llu_email, self.llu_password, self.secret_key, self.owner_password, self.heartbeat_url)
        return tuple(secret for secret in (*named, password, password and unquote(password)) if secret)

    @property
    def upstream_is_local(self) -> bool:
        """Whether polls stay on this machine: another base URL that is a loopback address."""
        return self.llu_url is not None and is_loopback(urlsplit(self.llu_url).hostname or "")

    def why_not_open_to(self, address: str, has_account: bool = False) -> str | None:
        """Return why nobody may be served at, or from, *address*, None where they may.

        With real data people sign in. The demo needs no sign-in, and its form connects an account for whoever comes:
        it is for this machine alone unless it is forced, which leaves the form out. has_account: whether one is stored.
        The rest of a sentence that begins with the address.
        """
        if self.demo is not None or has_account or self.has_account or is_loopback(address):
            return None
        return OPEN_DEMO

    def why_no_account(self) -> str | None:
        """Return what in these settings keeps an account from being polled, None where nothing does."""
        if self.demo:
            other = f" or {PREFIX}LLU_EMAIL" if self.has_account else ""
            return f"{PREFIX}DEMO: '1' shows invented data and goes with no account; remove {PREFIX}DEMO{other}"
        if not self.upstream_is_local and self.poll_seconds < REAL_POLL_SECONDS:
            return (
                f"{PREFIX}POLL_SECONDS: expected at least {REAL_POLL_SECONDS} against a real host, got"
                f" '{self.poll_seconds}'; the service has one value a minute"
            )
        return None

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        """Return the settings of *env* and of the data directory's env file. Raises ConfigError."""
        data_dir = _data_dir(env)
        reader = _Reader({**_env_file(data_dir / ENV_FILE), **{k: v for k, v in env.items() if k.startswith(PREFIX)}})
        reader.refuse_unknown()
        settings = cls(
            data_dir=data_dir,
            database_url=reader.get("DATABASE_URL", _database_url, f"sqlite:///{data_dir / 'cgm_dash.sqlite3'}"),
            host=reader.get("HOST", _host, "127.0.0.1"),
            port=reader.get("PORT", _whole(1, 65_535), 8050),
            llu_email=reader.get("LLU_EMAIL", _email, None),
            llu_password=reader.get("LLU_PASSWORD", str, None),
            llu_region=reader.get("LLU_REGION", _region, None),
            llu_url=reader.get("LLU_URL", _upstream_url, None),
            llu_version=reader.get("LLU_VERSION", _version, None),
            llu_accept_terms=reader.get("LLU_ACCEPT_TERMS", _switch, False),
            poll_seconds=reader.get("POLL_SECONDS", _whole(1, 3600), 60),
            unit=reader.get("UNIT", _unit, Unit.MG_DL),
            zone=reader.get("ZONE", _zone, None),
            stale_minutes=reader.get("STALE_MINUTES", _whole(6, 30), 15),
            cache_mb=reader.get("CACHE_MB", _whole(8, 65_536), 64),
            trusted_proxies=reader.get("TRUSTED_PROXIES", _networks, ()),
            allowed_hosts=reader.get("ALLOWED_HOSTS", _names, ()),
            heartbeat_url=reader.get("HEARTBEAT_URL", _web_url, None),
            secret_key=reader.get("SECRET_KEY", _key, None),
            demo=reader.get("DEMO", _demo, None),
            owner_password=reader.get("OWNER_PASSWORD", _password, None),
            log_level=reader.get("LOG_LEVEL", _level, "INFO"),
        )
        settings._check_together()
        return settings

    def _check_together(self) -> None:
        """Refuse settings that contradict each other."""
        if (self.llu_email is None) != (self.llu_password is None):
            missing = "LLU_PASSWORD" if self.llu_password is None else "LLU_EMAIL"
            raise ConfigError(f"{PREFIX}{missing}: missing; set it, or remove the other half of the account")
        reason = self.why_no_account() if self.has_account else None
        if reason:
            raise ConfigError(reason)
        reason = self.why_not_open_to(self.host)
        if reason:
            raise ConfigError(f"{PREFIX}HOST: '{self.host}' {reason}")


def names() -> tuple[str, ...]:
    """Return the full name of every setting, in the order of the class."""
    return tuple(PREFIX + field.name.upper() for field in dataclasses.fields(Settings))


def server_processes(env: Mapping[str, str] = os.environ) -> int:
    """Return how many processes serve: WEB_CONCURRENCY, a name that gunicorn and hosters know. Raises ConfigError."""
    try:
        return _whole(1, MOST_PROCESSES)(env.get("WEB_CONCURRENCY", "1").strip())
    except ValueError as exc:
        raise ConfigError(f"WEB_CONCURRENCY: {exc}") from exc


def is_loopback(host: str) -> bool:
    """Return whether *host* (a name or an address) stays on this machine."""
    if host.rstrip(".").lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    # A client of a socket for both families: ::ffff:127.0.0.1, which ipaddress calls no loopback before Python 3.13.
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


class _Reader:
    """Reads named values from a mapping; each error carries the name."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def refuse_unknown(self) -> None:
        known = set(names())
        for name in sorted(self._values):
            if name.startswith(PREFIX) and name not in known:
                raise ConfigError(f"{name}: no such setting; remove it or correct its spelling")

    def get(self, name: str, parse: Callable[[str], T], default: T) -> T:
        """Return the parsed value of PREFIX + *name*, or *default* where it is unset or empty."""
        text = self._values.get(PREFIX + name, "").strip()
        if not text:
            return default
        try:
            return parse(text)
        except ValueError as exc:
            raise ConfigError(f"{PREFIX}{name}: {exc}") from exc


def _data_dir(env: Mapping[str, str]) -> Path:
    text = env.get(PREFIX + "DATA_DIR", "").strip()
    path = Path(text or platformdirs.user_data_dir("cgm-dash", appauthor=False))
    try:
        path = path.expanduser()
        is_folder = stat.S_ISDIR(path.stat().st_mode)
    except FileNotFoundError:
        is_folder = True  # it is made later
    except (OSError, RuntimeError) as exc:  # RuntimeError: the home directory of nobody, ~nobody
        reason = exc.strerror if isinstance(exc, OSError) else str(exc)
        raise ConfigError(
            f"{PREFIX}DATA_DIR: '{path}' cannot be reached ({reason}); name another, or correct the permissions of the"
            " folders above it"
        ) from exc
    if not is_folder:
        raise ConfigError(f"{PREFIX}DATA_DIR: '{path}' is not a directory; name one, or move the file away")
    return path.absolute()


def _env_file(path: Path) -> dict[str, str]:
    """Return the NAME=value lines of *path*; comments and blank lines are skipped, quotes around a value dropped."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"{path}: cannot be read ({exc}); correct its permissions or its encoding (UTF-8)") from exc
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        entry = line.strip().removeprefix("export ")
        if not entry or entry.startswith("#"):
            continue
        name, equals, value = entry.partition("=")
        if not equals or not name.strip().startswith(PREFIX) or name.strip() == PREFIX + "DATA_DIR":
            raise ConfigError(f"{path}, line {number}: expected CGM_DASH_NAME=value (not CGM_DASH_DATA_DIR)")
        values[name.strip()] = re.sub(r"^(['\"])(.*)\1$", r"\2", value.strip())
    return values


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]+", text) or not low <= int(text) <= high:
            raise ValueError(f"expected a whole number from {low} to {high}, got '{text}'")
        return int(text)

    return parse


def _switch(text: str) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if text.lower() not in words:
        raise ValueError(f"expected 1 or 0, got '{text}'")
    return words[text.lower()]


def _demo(text: str) -> bool | None:
    return None if text.lower() == "auto" else _switch(text)


def _unit(text: str) -> Unit:
    for unit in Unit:
        if text.lower() == unit.lower():
            return unit
    raise ValueError(f"expected mg/dL or mmol/L, got '{text}'")


def _zone(text: str) -> str:
    try:
        return zoneinfo.ZoneInfo(text).key
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise ValueError(f"expected an IANA zone such as Europe/Berlin, got '{text}'") from exc


def _region(text: str) -> str | None:
    if text.lower() == "auto":
        return None
    if not is_region(text):
        raise ValueError(f"expected auto or a region code such as eu, us or eu2, got '{text}'")
    return text


def _version(text: str) -> str:
    if not re.fullmatch(r"[0-9]+(\.[0-9]+){1,3}", text):
        raise ValueError(f"expected an app version such as 4.17.0, got '{text}'")
    return text


def _email(text: str) -> str:
    if not is_email(text):
        raise ValueError("expected an e-mail address; the value is not shown here")
    return text


def _key(text: str) -> str:
    if len(text) < 32:
        raise ValueError("expected at least 32 characters; remove it to have one generated and kept")
    return text


def _password(text: str) -> str:
    if len(text) < 12:
        raise ValueError("expected at least 12 characters; the value is not shown here")
    if password_fault(text):
        raise ValueError("expected at most 256 characters, and none of the passwords that are tried first")
    return text


def _host(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.:\[\]-]+", text):
        raise ValueError(f"expected an address or a host name, got '{text}'")
    return text.strip("[]")


def _names(text: str) -> tuple[str, ...]:
    return tuple(_host(part.strip()).lower() for part in text.split(",") if part.strip())


def _networks(text: str) -> tuple[str, ...]:
    try:
        return tuple(str(ipaddress.ip_network(p.strip(), strict=False)) for p in text.split(",") if p.strip())
    except ValueError as exc:
        raise ValueError(f"expected addresses or networks separated by commas, got '{text}'") from exc


def _web_url(text: str) -> str:
    parts = _parts(text)
    if parts is None or parts.scheme not in ("https", "http"):
        raise ValueError("expected an address that starts with https:// (it may hold a secret and is not shown here)")
    return text


def _upstream_url(text: str) -> str:
    parts = _parts(text.removesuffix("/{region}").rstrip("/"))
    shown = f"'{text}'" if set(text).isdisjoint("@?#") else NOT_SHOWN
    if parts is None or parts.scheme not in ("https", "http") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(
            f"expected a base address such as http://127.0.0.1:8060 or one ending in /{{region}}, got {shown}"
        )
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise ValueError(f"plain http would send the password readable through the network, got {shown}; use https")
    return text


def _parts(url: str) -> SplitResult | None:
    """Return the parts of *url*, None for one without a host or with a port that is none."""
    try:
        parts = urlsplit(url)
        return parts if parts.hostname and parts.port != 0 else None
    except ValueError:  # its words quote what may be a password
        return None


_PLACE_OF_DATABASE = re.compile(
    r"(?:[^:/]*(?::[^@]*)?@)?(?:\[[^]/?]+\]|[^:/?@\[\]]*)(?::(?P<port>[^/?@]*))?(?:[/?].*)?", re.DOTALL
)
"""What follows :// as SQLAlchemy reads it: a password may hold anything but @, unlike in other addresses."""


def _database_url(text: str) -> str:
    """Return the SQLAlchemy URL; bare PostgreSQL names mean psycopg2, which is the driver we install."""
    scheme, mark, rest = text.partition("://")
    if not mark or (not rest and scheme != "sqlite"):
        raise ValueError("expected an SQLAlchemy URL such as postgresql://user@host/name or sqlite:////path/file")
    if scheme == "sqlite":
        if rest and not rest.startswith("/"):
            raise ValueError(f"expected sqlite:////path/file, four slashes before a whole path, got '{text}'")
        return text
    if scheme not in ("postgres", "postgresql", "postgresql+psycopg2"):
        raise ValueError(f"expected sqlite:// or postgresql://, got '{scheme}://'")
    place = _PLACE_OF_DATABASE.fullmatch(rest)
    if place is None:
        raise ValueError(
            f"expected postgresql://user:password@host:port/name, got {NOT_SHOWN}; write an @ in a password as %40"
        )
    port = place["port"]
    if port is not None and not (re.fullmatch(r"[0-9]{1,5}", port) and 1 <= int(port) <= 65_535):
        raise ValueError(f"expected a port from 1 to 65535 after the host, got {NOT_SHOWN}")
    return f"postgresql+psycopg2://{rest}"


def _level(text: str) -> str:
    if text.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError(f"expected DEBUG, INFO, WARNING or ERROR, got '{text}'")
    return text.upper()
