"""One request as the simulator understands it, and the answer it will put on the wire."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ingestion.simulator.wire import Json

GLOBAL = ""
"""The region of a request that came to the global host."""

_REGION = re.compile(r"[a-z]{2}[0-9]?|global")
_ROUTES: tuple[tuple[str, str, re.Pattern[str]], ...] = tuple(
    (endpoint, method, re.compile(pattern))
    for endpoint, method, pattern in (
        ("login", "POST", r"llu/auth/login"),
        ("continue", "POST", r"auth/continue/(\w+)"),
        ("connections", "GET", r"llu/connections"),
        ("graph", "GET", r"llu/connections/([^/]+)/graph"),
        ("logbook", "GET", r"llu/connections/([^/]+)/logbook"),
        ("settings", "GET", r"llu/notifications/settings/([^/]+)"),
        ("config", "GET", r"llu/config/country"),
        ("user", "GET", r"user"),
        ("account", "GET", r"account"),
    )
)
ENDPOINTS = (*(name for name, _, _ in _ROUTES), "unknown")
DATA_ENDPOINTS = ("connections", "graph", "logbook", "settings", "user", "account")


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked. headers: names in lower case. subject: the id or type inside the path. base: our address."""

    method: str
    path: str
    endpoint: str
    region: str = GLOBAL
    subject: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    base: str = ""


@dataclass(slots=True)
class Answer:
    """What goes back. doc: written as JSON unless raw stands instead.

    manner: how the socket behaves: `whole`, or `reset`, `hang`, `drip`, `cut`; pace: seconds of a hang or between two
    bytes of a drip. encoded: raw is compressed already and goes out as it is, announced as gzip.
    """

    status: int = 200
    doc: Json = None
    raw: bytes | None = None
    content_type: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    manner: str = "whole"
    pace: float = 0.0
    encoded: bool = False


def route(method: str, target: str) -> tuple[str, str, str]:
    """Return (endpoint, region, subject) of a request target.

    >>> route("GET", "/eu2/llu/connections/abc/graph?x=1"), route("GET", "/nothing")
    (('graph', 'eu2', 'abc'), ('unknown', '', ''))
    """
    parts = [part for part in target.partition("?")[0].split("/") if part]
    region = GLOBAL
    if len(parts) > 1 and _REGION.fullmatch(parts[0]):
        region = GLOBAL if parts[0] == "global" else parts[0]
        parts = parts[1:]
    for endpoint, verb, pattern in _ROUTES:
        match = pattern.fullmatch("/".join(parts))
        if match and verb == method:
            return endpoint, region, match[1] if match.groups() else ""
    return "unknown", region, ""
