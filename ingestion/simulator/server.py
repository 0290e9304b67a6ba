"""The simulated service on a real socket: threads, keep-alive, compression, and transport faults that really happen."""

import contextlib
import gzip
import json
import socket
import struct
import threading
import time
from dataclasses import dataclass
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from ingestion.simulator.exchange import Answer, Request, route
from ingestion.simulator.injection import Injection, Injections
from ingestion.simulator.world import World

TURN_S = 0.02
"""How often the accepting thread looks up from waiting: bounds how long a stop takes."""

MAX_BODY = 1 << 20
GZIP_FROM = 200
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, zero seconds: closing then sends RST instead of FIN."""


@dataclass(frozen=True, slots=True)
class Logged:
    """One request as it was answered; no header, body or query, so no secret. time: virtual, epoch seconds."""

    time: float
    method: str
    path: str
    endpoint: str
    region: str
    status: int
    faults: tuple[str, ...]


class SimulatorServer:
    """A world behind HTTP on 127.0.0.1. Start it with start() or as a context manager; faults may come at any time."""

    def __init__(self, world: World, port: int = 0, host: str = "127.0.0.1") -> None:
        """port: 0 takes any free one. Nothing is opened before start()."""
        self.world = world
        self.defects: list[BaseException] = []
        """Errors of the simulator itself, each answered with HTTP 500: tests look that there are none."""
        self._address = (host, port)
        self._injections = Injections(world)
        self._lock = threading.RLock()
        self._log: list[Logged] = []
        self._http: _Listener | None = None
        self._thread: threading.Thread | None = None
        self._released = threading.Event()

    # ------------------------------------------------------------------ life

    def start(self) -> Self:
        """Listen. Returns itself."""
        if self._thread is not None:
            raise RuntimeError("the simulator is running already")
        self._released = threading.Event()
        self._http = _Listener(self._address, self)
        self._address = (self._address[0], self._http.server_port)  # a second start keeps the port
        self._thread = threading.Thread(target=self._http.run, name="simulator", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening, cut every connection and let hanging answers go; takes a fraction of a second."""
        if self._http is None or self._thread is None:
            return
        self._released.set()
        self._http.stopping.set()
        self._thread.join()
        self._http = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The port it listens on; known once started."""
        return self._address[1]

    @property
    def url(self) -> str:
        """The address of the global host, without a slash at the end."""
        return f"http://{self._address[0]}:{self.port}"

    @property
    def url_with_regions(self) -> str:
        """The address of a regional host, with `{region}` where its code belongs; `global` is the global host."""
        return f"{self.url}/{{region}}"

    # ------------------------------------------------------------------ what happened

    @property
    def requests(self) -> tuple[Logged, ...]:
        """Every request answered since the start or forget(), oldest first; those refused or never read are not in."""
        with self._lock:
            return tuple(self._log)

    def count(self, endpoint: str | None = None) -> int:
        """Return how many requests came to *endpoint* (`login`, `graph`, ...), or in all."""
        return sum(endpoint in (None, logged.endpoint) for logged in self.requests)

    def forget(self) -> None:
        """Empty the log of requests."""
        with self._lock:
            self._log.clear()

    # ------------------------------------------------------------------ faults

    def inject(
        self,
        name: str,
        *,
        endpoint: str | None = None,
        times: int | None = None,
        seconds: float | None = None,
        probability: float | None = None,
    ) -> Injection:
        """Put fault *name* (an id of FAULTS, or `ID:ARG`) in force until clear() or the limits given.

        endpoint: overrides where it strikes (`login`, `connections`, `graph`, `logbook`, `data`, `any` ...). times:
        after so many requests it is over. seconds: of virtual time. probability: of striking each request, decided
        by the world's seed. `net-refuse` closes the listening socket; only limited by times or probability, where
        requests must be counted, it resets the connection instead. Raises ValueError for an unknown name.
        """
        with self._lock:
            injection = self._injections.add(
                name, endpoint=endpoint, times=times, seconds=seconds, probability=probability
            )
        self._settle()
        return injection

    def clear(self) -> None:
        """Lift every fault; answers that hang or drip end now."""
        with self._lock:
            self._injections.clear()
            released, self._released = self._released, threading.Event()
        released.set()
        self._settle()

    def _settle(self) -> None:
        """Wait until the listening socket is open or closed, as the faults in force ask."""
        while self._http is not None and self._http.refusing != self.refusing():
            time.sleep(TURN_S / 4)

    def refusing(self) -> bool:
        """Whether connections are refused now."""
        with self._lock:
            return self._injections.refusing(self.world.now())

    # ------------------------------------------------------------------ called by the handler threads

    def respond(self, request: Request) -> tuple[Answer, threading.Event]:
        """Return the answer to *request*, and the event that ends whatever waiting the answer contains."""
        with self._lock:
            try:
                answer, faults = self._injections.answer(request)
            except Exception as defect:  # noqa: BLE001  the border: a client must get an answer, the test the error
                self.defects.append(defect)
                answer, faults = Answer(500, {"message": f"defect of the simulator: {defect!r}"}), ()
            path = request.path.partition("?")[0]
            self._log.append(
                Logged(self.world.now(), request.method, path, request.endpoint, request.region, answer.status, faults)
            )
            return answer, self._released


class _Listener(ThreadingHTTPServer):
    """The listening socket and its connections."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], simulator: SimulatorServer) -> None:
        super().__init__(address, _Handler)
        self.simulator = simulator
        self.stopping = threading.Event()
        self.refusing = False
        self.timeout = TURN_S
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()

    def run(self) -> None:
        """Accept connections until stopped."""
        while not self.stopping.is_set():
            if self.simulator.refusing() != self.refusing:
                self._turn()
            if self.refusing:
                self.stopping.wait(TURN_S)
            else:
                self.handle_request()
        self.server_close()
        self.cut_all()

    def _turn(self) -> None:
        """Close the listening socket or open it again. Bound but not listening, a socket refuses and keeps the port."""
        if self.refusing:
            self.socket.listen(self.request_queue_size)
        else:
            self.socket.close()
            self.socket = socket.socket(self.address_family, self.socket_type)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.socket.bind(self.server_address)
            self.cut_all()
        self.refusing = not self.refusing

    def cut_all(self) -> None:
        """End every connection, so that no thread goes on reading from it."""
        with self._guard:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that went away is no news, and respond() keeps the simulator's own defects."""


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener

    def do_GET(self) -> None:
        """Answer a request."""
        self._serve()

    def do_POST(self) -> None:
        """Answer a request."""
        self._serve()

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing to stderr: the server keeps its own log."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the virtual time for the Date header."""
        return formatdate(self.server.simulator.world.now() if timestamp is None else timestamp, usegmt=True)

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(length, MAX_BODY))
        endpoint, region, subject = route(self.command, self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        base = f"http://{headers.get('host', '127.0.0.1')}"
        request = Request(self.command, self.path, endpoint, region, subject, headers, body, base)
        answer, released = self.server.simulator.respond(request)
        self._send(answer, released)

    def _send(self, answer: Answer, released: threading.Event) -> None:
        if answer.manner == "hang":
            released.wait(answer.pace)
        if answer.manner in ("hang", "reset"):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self._hang_up()
            return
        head, body = self._head_and_body(answer)
        if answer.manner == "drip":
            self._drip(head, body, answer.pace, released)
        elif answer.manner == "cut":
            self.connection.sendall(head + body[: len(body) // 2])
            self.close_connection = True
        else:
            # one write: two small ones would wait for the client's delayed acknowledgement
            self.connection.sendall(head + body)

    def _drip(self, head: bytes, body: bytes, pace: float, released: threading.Event) -> None:
        """Send the head at once and the body byte by byte, each in time for any read timeout."""
        self.connection.sendall(head)
        for i in range(len(body)):
            if released.wait(pace):
                self.close_connection = True
                return
            self.connection.sendall(body[i : i + 1])

    def _hang_up(self) -> None:
        """Close the socket itself: a shutdown before it would send FIN and so hide the reset."""
        self.close_connection = True
        self.rfile.close()
        self.connection.close()

    def _head_and_body(self, answer: Answer) -> tuple[bytes, bytes]:
        body = answer.raw if answer.raw is not None else json.dumps(answer.doc, separators=(",", ":")).encode()
        fields = {"Date": self.date_time_string(), "Content-Type": answer.content_type, "Cache-Control": "no-store"}
        asked = "gzip" in self.headers.get("Accept-Encoding", "")
        if answer.encoded or (asked and len(body) >= GZIP_FROM):
            body = body if answer.encoded else gzip.compress(body, compresslevel=5, mtime=0)
            fields["Content-Encoding"] = "gzip"
        fields |= {"Content-Length": str(len(body))} | answer.headers
        reason = self.responses.get(answer.status, ("",))[0]
        lines = [f"{self.protocol_version} {answer.status} {reason}", *(f"{k}: {v}" for k, v in fields.items())]
        return "\r\n".join([*lines, "", ""]).encode("latin-1"), body
