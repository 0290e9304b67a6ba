"""One exchange against a socket that does what it likes."""

import contextlib
import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from cgm_dash.errors import PayloadError, SourceError, SourceUnavailable
from ingestion.transport import Answer, exchange
from tests.support.certificates import certified

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
CANARY = "canary-Paula-token-1234"

Speak = Callable[[socket.socket, bytes], None]


@contextmanager
def serving(speak: Speak) -> Iterator[str]:
    """Serve each connection on a loopback port by reading one request and letting *speak* answer it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    try:
                        while request := connection.recv(65_536):
                            speak(connection, request)
                    except OSError:
                        pass

        threading.Thread(target=run, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)


def saying(*pieces: bytes, pause_s: float = 0.0, close: bool = False) -> Speak:
    def speak(connection: socket.socket, _request: bytes) -> None:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause_s)
        if close:
            connection.shutdown(socket.SHUT_RDWR)

    return speak


def dripping(head: bytes, byte: bytes, every_s: float = 0.05) -> Speak:
    return saying(head, *[byte] * 200, pause_s=every_s)


def headed(body: bytes, *fields: str, announced: int | None = None) -> bytes:
    length = len(body) if announced is None else announced
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {length}", *fields]
    return "\r\n".join([*lines, "", ""]).encode() + body


def ask(url: str, *, deadline_s: float = 5.0, session: requests.Session | None = None) -> Answer:
    headers = {"Authorization": f"Bearer {CANARY}", "Accept-Encoding": "gzip"}
    with session or requests.Session() as used:
        return exchange(used, "GET", f"{url}/llu/connections/{CANARY}/graph", headers, deadline_s=deadline_s)


def failure_of(url: str, *, deadline_s: float = 5.0) -> SourceError:
    with pytest.raises(SourceError) as caught:
        ask(url, deadline_s=deadline_s)
    link: BaseException | None = caught.value
    while link is not None:
        assert CANARY not in repr(link)
        assert CANARY not in str(vars(link))
        link = link.__cause__ or link.__context__
    return caught.value


def test_an_answer_comes_back_whole() -> None:
    with serving(saying(OK)) as url:
        answer = ask(url)
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"{}", "application/json")
    assert answer.seconds < 5


@pytest.mark.parametrize(
    "answer",
    [
        headed(gzip.compress(b'{"a":1}', mtime=0), "Content-Encoding: gzip"),
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n',
    ],
)
def test_compressed_and_chunked_answers_are_read(answer: bytes) -> None:
    with serving(saying(answer)) as url:
        assert ask(url).body == b'{"a":1}'


def test_a_connection_is_used_again() -> None:
    connections: set[int] = set()

    def speak(connection: socket.socket, _request: bytes) -> None:
        connections.add(connection.fileno())
        connection.sendall(OK)

    with serving(speak) as url, requests.Session() as session:
        for _ in range(3):
            exchange(session, "GET", url, {})
    assert len(connections) == 1


@pytest.mark.parametrize("status", [204, 302, 430, 520, 911])
def test_any_status_is_an_answer(status: int) -> None:
    with serving(saying(f"HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n".encode())) as url:
        assert ask(url).status == status


def test_a_redirect_is_not_followed() -> None:
    seen: list[bytes] = []

    def speak(connection: socket.socket, request: bytes) -> None:
        seen.append(request)
        connection.sendall(b"HTTP/1.1 307 x\r\nLocation: http://127.0.0.1:9/evil\r\nContent-Length: 0\r\n\r\n")

    with serving(speak) as url:
        assert ask(url).status == 307
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("speak", "code"),
    [
        (saying(close=True), "network"),
        (saying(b"nonsense\r\n\r\n", close=True), "network"),
        (saying(headed(b"{}", announced=500), close=True), "network"),
        (saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n500\r\n{}", close=True), "network"),
        (saying(headed(b"\x1f\x8bbroken", "Content-Encoding: gzip"), close=True), "bad-answer"),
    ],
)
def test_broken_answers_are_told_apart(speak: Speak, code: str) -> None:
    with serving(speak) as url:
        assert failure_of(url).code == code


def test_a_refused_connection_is_the_network() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert failure_of(f"http://127.0.0.1:{port}").code == "network"


@pytest.mark.parametrize(("host", "code"), [("name.invalid", "network"), ("127.0.0.1:99999", "network")])
def test_an_unusable_address_is_the_network(host: str, code: str) -> None:
    assert failure_of(f"http://{host}").code == code


def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_said(tmp_path: Path) -> None:
    server, _trusting = certified("localhost", tmp_path)
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                asked.append(server.wrap_socket(connection, server_side=True).recv(65_536))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        assert failure_of(f"https://localhost:{listener.getsockname()[1]}").code == "network"
        thread.join(5)
    assert asked == []


def test_tls_that_is_none_is_the_network() -> None:
    with serving(saying(b"plain text", close=True)) as url:
        assert failure_of(url.replace("http:", "https:")).code == "network"


@pytest.mark.parametrize(
    "speak",
    [
        saying(pause_s=0.0),
        dripping(headed(b"", announced=10_000), b" "),
        dripping(b"HTTP/1.1 200 OK\r\n", b"X"),
        dripping(b"", b"H"),
        # a gzip header with an endless file name: bytes come, and none ever comes out
        dripping(headed(b"\x1f\x8b\x08\x08\0\0\0\0\0\3", "Content-Encoding: gzip", announced=10_000), b"a"),
    ],
    ids=["silence", "slow body", "slow header", "slow status", "slow nothing"],
)
def test_the_deadline_holds_however_slowly_bytes_come(speak: Speak) -> None:
    with serving(speak) as url:
        began = time.monotonic()
        assert failure_of(url, deadline_s=0.5).code == "timeout"
        assert time.monotonic() - began < 1.5


@pytest.mark.parametrize(
    "answer",
    [headed(b"x" * 5_000_000), headed(gzip.compress(b" " * 50_000_000, mtime=0), "Content-Encoding: gzip")],
    ids=["large", "gzip bomb"],
)
def test_a_body_beyond_the_limit_is_left(answer: bytes) -> None:
    with serving(saying(answer)) as url:
        error = failure_of(url)
    assert isinstance(error, PayloadError)
    assert (error.code, error.detail) == ("bad-answer", "too large")


def test_a_half_read_connection_is_not_used_again() -> None:
    answers = [headed(b"x" * 5_000_000), OK]
    with (
        serving(lambda connection, _request: connection.sendall(answers.pop(0))) as url,
        requests.Session() as session,
    ):
        with pytest.raises(PayloadError):
            exchange(session, "GET", url, {})
        assert exchange(session, "GET", url, {}).body == b"{}"


def test_cookies_are_not_kept() -> None:
    seen: list[bytes] = []

    def speak(connection: socket.socket, request: bytes) -> None:
        seen.append(request)
        connection.sendall(headed(b"{}", "Set-Cookie: a=b"))

    with serving(speak) as url, requests.Session() as session:
        exchange(session, "GET", url, {})
        exchange(session, "GET", url, {})
    assert b"Cookie" not in seen[1]


def test_neither_a_proxy_nor_a_netrc_stands_between_us_and_this_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    seen: list[bytes] = []

    def speak(connection: socket.socket, request: bytes) -> None:
        seen.append(request)
        connection.sendall(OK)

    with serving(speak) as url:
        ask(url)
    assert f"Authorization: Bearer {CANARY}".encode() in seen[0]


def test_a_body_is_sent_as_json() -> None:
    seen: list[bytes] = []

    def speak(connection: socket.socket, request: bytes) -> None:
        # head and body may come apart
        seen.append(request)
        if b"@" in request:
            connection.sendall(OK)

    with serving(speak) as url, requests.Session() as session:
        exchange(session, "POST", url, {}, {"email": "a@b.c"})
    assert b"".join(seen).endswith(b'{"email": "a@b.c"}')


def test_a_timeout_is_unavailable() -> None:
    with serving(saying()) as url:
        assert isinstance(failure_of(url, deadline_s=0.2), SourceUnavailable)


def test_the_deadline_is_that_of_the_clock_given() -> None:
    looks = iter(range(0, 1_000, 30))
    with serving(saying(OK)) as url, requests.Session() as session, pytest.raises(SourceUnavailable) as caught:
        exchange(session, "GET", url, {}, monotonic=lambda: float(next(looks)))
    assert caught.value.code == "timeout"
