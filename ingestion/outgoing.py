"""The one way out to an address that a person has set: it must not become a way in to what stands behind this machine.

Source: OWASP Server-Side Request Forgery Prevention Cheat Sheet. A name is resolved once, every address it has is
judged, and the connection goes to a judged one, so that a second answer of the name server changes nothing.
"""

import contextlib
import http.client
import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from cgm_dash.errors import CgmDashError

DEADLINE_S = 10.0
MAX_BYTES = 65_536
AGENT = "cgm-data-insights"

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


AT_HOME = _networks(
    "127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"
)
"""What may be allowed to who runs the server: this machine and its own network. Never to who only uses its pages."""

NEVER = _networks("169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "100.100.100.200/32", "0.0.0.0/8", "::/128")
"""Whatever is allowed: link-local, among it where clouds keep a machine's credentials, and what is no address."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class Refused(CgmDashError):
    """Nothing came of it. code: a stable word; neither the address nor what a library said of it is told."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _resolve(host: str, port: int) -> list[str]:
    """Return every address of *host*. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def _connect(address: str, port: int, timeout_s: float) -> socket.socket:
    return socket.create_connection((address, port), timeout_s)


@dataclass(frozen=True, slots=True)
class Way:
    """How to go out. allowed: networks that may be reached beside public ones; plain http goes there alone.

    resolve, connect, context: of the operating system and its certificates, unless a test has its own.
    """

    allowed: Sequence[Network] = ()
    resolve: Callable[[str, int], Sequence[str]] = _resolve
    connect: Callable[[str, int, float], socket.socket] = _connect
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    deadline_s: float = DEADLINE_S
    max_bytes: int = MAX_BYTES


def get(url: str, way: Way) -> int:
    """Ask for *url* and return the status, 200 to 299. Nothing is sent but the question; the answer's body is dropped.

    All of it, resolving too, ends within the deadline. Raises Refused: `bad-address`, `not-https`, `address-refused`,
    `unknown-name`, `network`, `tls`, `timeout`, `redirect` (none is followed), `too-large`, `http-404` and its like.
    """
    parts = _parts(url)
    until = time.monotonic() + way.deadline_s
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = _host(parts)
    addresses = _resolved(host, port, until, way)
    for address in addresses:
        if not may_reach(address, way.allowed):
            raise Refused("address-refused")
    if parts.scheme == "http" and not all(_within(address, way.allowed) for address in addresses):
        raise Refused("not-https")
    return _exchange(parts, host, port, addresses, until, way)


def may_reach(text: str, allowed: Sequence[Network] = ()) -> bool:
    """Return whether the address *text* is a public one, or within *allowed*; what an address holds in itself counts.

    >>> [may_reach(a) for a in ("9.9.9.9", "10.0.0.1", "::ffff:10.0.0.1", "169.254.169.254")]
    [True, False, False, False]
    """
    address = _address(text)
    if (
        address is None
        or address.is_multicast
        or any(address in net for net in NEVER if net.version == address.version)
    ):
        return False
    if _within(text, allowed):
        return True
    return address.is_global and not getattr(address, "is_site_local", False) and not address.is_reserved


def _within(text: str, networks: Sequence[Network]) -> bool:
    address = _address(text)
    return address is not None and any(address in net for net in networks if net.version == address.version)


def _address(text: str) -> IpAddress | None:
    """Return the address that is reached in the end: the IPv4 one inside an IPv6 one. None for no address."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    return inner or address


def _parts(url: str) -> SplitResult:
    if any(ord(c) <= 32 or ord(c) == 127 for c in url):
        raise Refused("bad-address")
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("https", "http") and parts.hostname and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        fine = False
    if not fine:
        raise Refused("bad-address")
    return parts


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    try:
        return host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        raise Refused("bad-address") from None


def _resolved(host: str, port: int, until: float, way: Way) -> Sequence[str]:
    """Return the addresses of *host*, asked for once. The system's resolver knows no deadline, so it has a thread."""
    answers: queue.SimpleQueue[Sequence[str] | None] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(way.resolve(host, port))
        except (OSError, UnicodeError):
            answers.put(None)

    threading.Thread(target=ask, name="outgoing-resolve", daemon=True).start()
    try:
        found = answers.get(timeout=max(0.0, until - time.monotonic()))
    except queue.Empty:
        raise Refused("timeout") from None
    if not found:
        raise Refused("unknown-name")
    return found


def _exchange(parts: SplitResult, host: str, port: int, addresses: Sequence[str], until: float, way: Way) -> int:
    late = threading.Event()
    try:
        with contextlib.ExitStack() as stack:
            sock = stack.enter_context(contextlib.closing(_connected(addresses, port, until, way)))
            if parts.scheme == "https":
                sock = stack.enter_context(
                    contextlib.closing(
                        way.context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
                    )
                )
            stack.enter_context(_cut(sock, until, late))
            if isinstance(sock, ssl.SSLSocket):
                sock.do_handshake()
            status = _asked(sock, parts, host, way.max_bytes)
            if late.is_set():  # what was cut looks like an end
                raise TimeoutError
            return status
    except Refused:
        raise
    except (OSError, http.client.HTTPException, ValueError) as exc:
        code = _code(exc, late.is_set())
    raise Refused(code)


def _code(error: Exception, late: bool) -> str:
    if late or isinstance(error, TimeoutError):
        return "timeout"
    return "tls" if isinstance(error, ssl.SSLError) else "network"


def _connected(addresses: Sequence[str], port: int, until: float, way: Way) -> socket.socket:
    """Return a connection to the first of the judged addresses that takes one."""
    failure: OSError = TimeoutError()
    for address in addresses:
        left = until - time.monotonic()
        if left <= 0:
            break
        try:
            sock = way.connect(address, port, left)
        except OSError as exc:
            failure = exc
        else:
            sock.settimeout(max(0.1, until - time.monotonic()))
            return sock
    raise failure


@contextmanager
def _cut(sock: socket.socket, until: float, late: threading.Event) -> Iterator[None]:
    """Cut the connection at the deadline, however it drips: the socket's own time-out begins anew with each byte."""

    def cut() -> None:
        late.set()
        with contextlib.suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, until - time.monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _asked(sock: socket.socket, parts: SplitResult, host: str, max_bytes: int) -> int:
    connection = http.client.HTTPConnection(host)
    connection.sock = sock
    shown = f"[{host}]" if ":" in host else host
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Host": f"{shown}:{parts.port}" if parts.port else shown, "User-Agent": AGENT, "Connection": "close"}
    connection.request("GET", target, headers=headers)
    with contextlib.closing(connection.getresponse()) as response:
        size = 0
        while piece := response.read1(8192):
            size += len(piece)
            if size > max_bytes:
                raise Refused("too-large")
        if 300 <= response.status < 400:
            raise Refused("redirect")
        if not 200 <= response.status < 300:
            raise Refused(f"http-{response.status}")
        return response.status
