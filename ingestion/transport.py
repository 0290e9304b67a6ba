"""One HTTP exchange, bounded in time and size whatever the other side does.

Time-outs of requests bound each read, not the answer: a byte a second would hold the poll for hours. So the body is
read piece by piece against one deadline, and a timer cuts a connection whose headers drip.
"""

import http.client
import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from cgm_dash.errors import PayloadError, SourceError, SourceUnavailable

CONNECT_S = 8.0
DEADLINE_S = 20.0
MAX_BYTES = 4 * 1024 * 1024
PIECE = 65_536


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. headers: names in lower case. body: without its content encoding. seconds: how long it took."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


def exchange(
    session: requests.Session,
    method: str,
    url: str,
    headers: Mapping[str, str],
    json_body: Mapping[str, Any] | None = None,
    *,
    deadline_s: float = DEADLINE_S,
    max_bytes: int = MAX_BYTES,
    monotonic: Callable[[], float] = time.monotonic,
) -> Answer:
    """Return the answer to one request; redirects are not followed, cookies are not kept.

    Raises SourceUnavailable (`network`: refused, reset, cut, DNS, TLS; `timeout`: the deadline) or PayloadError
    (`bad-answer`: too large, broken compression). Nothing of the request or the library's message (which quotes the
    address, and with it the wearer's id) is in the error or behind it.
    """
    _bound(session)
    started = monotonic()
    try:
        return _answer(session, method, url, headers, json_body, started, deadline_s, max_bytes, monotonic)
    except SourceError as exc:
        failure: SourceError = exc
    except (
        requests.RequestException,
        urllib3.exceptions.HTTPError,
        http.client.HTTPException,
        OSError,
        ValueError,
    ) as exc:
        failure = _failure(exc)
    finally:
        session.cookies.clear()
    raise failure from None


def _answer(
    session: requests.Session,
    method: str,
    url: str,
    headers: Mapping[str, str],
    json_body: Mapping[str, Any] | None,
    started: float,
    deadline_s: float,
    max_bytes: int,
    monotonic: Callable[[], float],
) -> Answer:
    response = session.request(
        method,
        url,
        headers=dict(headers),
        json=json_body,
        auth=_as_it_is,
        proxies=_proxies(url),
        timeout=(min(CONNECT_S, deadline_s), deadline_s),
        allow_redirects=False,
        stream=True,
    )
    try:
        body = _read(response, started + deadline_s, max_bytes, monotonic)
        lower = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, lower, body, monotonic() - started)
    except BaseException:
        response.close()  # a half-read connection must not go back to the pool
        raise


def _read(response: requests.Response, until: float, max_bytes: int, monotonic: Callable[[], float]) -> bytes:
    """Return the decoded body, read while the deadline and the size allow.

    The timer is for a body that decodes to nothing for hours: there the read itself does not come back.
    """
    body, late = bytearray(), threading.Event()

    def cut() -> None:
        late.set()
        response.raw.shutdown()

    with _timer(max(0.1, until - monotonic()), cut):
        try:
            while piece := response.raw.read1(PIECE, decode_content=True):
                body += piece
                if len(body) > max_bytes:
                    raise PayloadError("bad-answer", detail="too large")
                if monotonic() > until:
                    raise SourceUnavailable("timeout", detail="slow body")
        except (urllib3.exceptions.HTTPError, OSError):
            if not late.is_set():
                raise
    if late.is_set():
        raise SourceUnavailable("timeout", detail="slow body")
    response.raw.release_conn()
    return bytes(body)


@contextmanager
def _timer(seconds: float, action: Callable[[], None]) -> Iterator[None]:
    """Call *action* from another thread if the block takes longer than *seconds*."""
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Leave the request's own Authorization alone; without an `auth`, requests would put in what a .netrc holds."""
    return request


def _proxies(url: str) -> dict[str, str] | None:
    """Return the proxies for *url*: the environment's, as an operator expects; none for this very machine."""
    host = urlsplit(url).hostname or ""
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    # requests takes a None here as "no proxy, whatever the environment says"; its annotation does not say so
    return {"http": None, "https": None, "all": None} if local else None  # type: ignore[dict-item]


def _failure(exc: Exception) -> SourceError:
    """Return the error for what the libraries raised; only the kind of the exception is told."""
    chain = _chain(exc)
    kind = type(chain[-1]).__name__
    if any(isinstance(link, urllib3.exceptions.DecodeError) for link in chain):
        return PayloadError("bad-answer", detail=kind)
    # urllib3 counts a refused connection and an unknown name among its time-outs
    refused = any(isinstance(link, urllib3.exceptions.NewConnectionError) for link in chain)
    late = (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)
    if not refused and any(isinstance(link, late) for link in chain):
        return SourceUnavailable("timeout", detail=kind)
    return SourceUnavailable("network", detail=kind)


def _chain(exc: BaseException) -> list[BaseException]:
    """Return *exc* and what it was raised from, outermost first."""
    links = [exc]
    while (inner := links[-1].__cause__ or links[-1].__context__) is not None and inner not in links:
        links.append(inner)
    return links


class _HeadersInTime:
    """A connection whose answer must have begun and its headers ended within the read time-out, however they drip."""

    sock: Any
    timeout: Any

    def getresponse(self) -> Any:
        sock, late = self.sock, threading.Event()

        def cut() -> None:
            late.set()
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

        limit = self.timeout if isinstance(self.timeout, int | float) else DEADLINE_S
        try:
            with _timer(limit, cut):
                response = super().getresponse()  # type: ignore[misc]
        except (http.client.HTTPException, OSError):
            if not late.is_set():
                raise
            raise TimeoutError("headers took too long") from None
        if late.is_set():
            response.close()
            raise TimeoutError("headers took too long")
        return response


class _Http(_HeadersInTime, HTTPConnection):
    pass


class _Https(_HeadersInTime, HTTPSConnection):
    pass


class _HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Https


class BoundedAdapter(HTTPAdapter):
    """requests' own adapter with connections that bound the time of the headers; no retries of its own."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}


def _bound(session: requests.Session) -> None:
    """Give *session* the bounded adapter, once."""
    if not isinstance(session.adapters.get("https://"), BoundedAdapter):
        for scheme in ("http://", "https://"):
            session.mount(scheme, BoundedAdapter())
