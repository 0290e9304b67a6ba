"""No address that somebody sets leads to what stands behind this machine, and none holds it up."""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ingestion.outgoing import AT_HOME, Refused, Way, get, may_reach
from tests.support.certificates import certified

PUBLIC = "93.184.215.14"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Answer = Callable[[socket.socket], None]


class Upstream:
    """One thread that answers each connection with *answer* and keeps what it was asked."""

    def __init__(self, answer: Answer, context: ssl.SSLContext | None = None) -> None:
        self.asked: list[bytes] = []
        self.names: list[str | None] = []
        self._answer, self._context = answer, context
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                sock, _ = self._socket.accept()
            except OSError:
                return
            try:
                if self._context is not None:
                    sock = self._context.wrap_socket(sock, server_side=True)
                self.asked.append(sock.recv(65_536))
                self._answer(sock)
            except OSError:
                pass
            finally:
                sock.close()

    def close(self) -> None:
        self._socket.close()


@contextmanager
def answering(answer: bytes | Answer, context: ssl.SSLContext | None = None) -> Iterator[Upstream]:
    made = Upstream(answer if callable(answer) else lambda sock: sock.sendall(answer), context)
    try:
        yield made
    finally:
        made.close()


def code_of(url: str, way: Way) -> str:
    with pytest.raises(Refused) as caught:
        get(url, way)
    assert "127.0.0.1" not in str(caught.value)
    return caught.value.code


def no_connection(address: str, port: int, timeout_s: float) -> socket.socket:
    raise AssertionError(f"a connection to {address}")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.8.9.1",
        "[::1]",
        "0",
        "0.0.0.0",
        "[::]",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "10.0.0.1",
        "172.16.3.4",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "198.18.0.1",
        "192.0.2.1",
        "[::ffff:10.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::a00:1]",
        "[2002:a00:1::1]",
        "[fe80::1]",
        "[fc00::1]",
        "[fec0::1]",
        "[fd00:ec2::254]",
        "[ff02::1]",
        "[2001:db8::1]",
    ],
)
def test_what_is_not_public_is_never_connected_to(host: str) -> None:
    assert code_of(f"https://{host}/ping", Way(connect=no_connection)) == "address-refused"


@pytest.mark.parametrize("name", ["localhost.", "localhost", "home.example", "mixed.example"])
def test_a_name_that_resolves_to_one_that_is_not_public_is_refused_whole(name: str) -> None:
    known = {"home.example": ["192.168.1.7"], "mixed.example": [PUBLIC, "10.1.1.1"]}
    way = Way(resolve=lambda host, _port: known.get(host, ["127.0.0.1", "::1"]), connect=no_connection)
    assert code_of(f"https://{name}/", way) == "address-refused"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://hook.example/",
        "file:///etc/passwd",
        "https://",
        "https://u:p@hook.example/",
        "https://hook.example:99999/",
        "https://hook.example/a b",
        "https://hook.example/\r\nHost: x",
        "//hook.example/",
        "https://[::1/",
    ],
)
def test_what_is_no_web_address_is_refused_unasked(url: str) -> None:
    def never(host: str, port: int) -> list[str]:
        raise AssertionError(host)

    assert code_of(url, Way(resolve=never)) == "bad-address"


def test_plain_http_goes_only_where_it_is_allowed() -> None:
    public = Way(AT_HOME, resolve=lambda _host, _port: [PUBLIC], connect=no_connection)
    assert code_of("http://hook.example/", public) == "not-https"
    with answering(OK) as upstream:
        assert get(f"http://127.0.0.1:{upstream.port}/ping/secret?a=1", Way(AT_HOME)) == 200
        asked = upstream.asked[0].decode()
        assert asked.startswith("GET /ping/secret?a=1 HTTP/1.1\r\n")
        assert f"Host: 127.0.0.1:{upstream.port}\r\n" in asked
        assert asked.endswith("\r\n\r\n")


@pytest.mark.parametrize("host", ["169.254.169.254", "0", "[fd00:ec2::254]", "100.100.100.200", "224.0.0.1"])
def test_where_clouds_keep_credentials_nothing_is_allowed(host: str) -> None:
    assert code_of(f"http://{host}/", Way(AT_HOME, connect=no_connection)) == "address-refused"


def test_a_public_address_may_be_reached_and_nonsense_not() -> None:
    assert may_reach(PUBLIC)
    assert may_reach("2620:fe::fe")
    assert not may_reach("hook.example")


def test_the_connection_goes_to_the_address_that_was_judged_and_the_name_is_asked_for_once(tmp_path: Path) -> None:
    answers, went = [[PUBLIC], ["127.0.0.1"]], []
    server, client = certified("hook.example", tmp_path)
    with answering(OK, server) as upstream:

        def connect(address: str, port: int, timeout_s: float) -> socket.socket:
            went.append((address, port))
            return socket.create_connection(("127.0.0.1", upstream.port), timeout_s)

        way = Way(resolve=lambda _host, _port: answers.pop(0), connect=connect, context=client)
        assert get("https://hook.example/ping", way) == 200
        assert went == [(PUBLIC, 443)]
        assert len(answers) == 1
        assert b"Host: hook.example\r\n" in upstream.asked[0]


def test_a_certificate_for_another_name_is_refused(tmp_path: Path) -> None:
    server, client = certified("other.example", tmp_path)
    with answering(OK, server) as upstream:

        def connect(_address: str, _port: int, timeout_s: float) -> socket.socket:
            return socket.create_connection(("127.0.0.1", upstream.port), timeout_s)

        way = Way(resolve=lambda _host, _port: [PUBLIC], connect=connect, context=client)
        assert code_of("https://hook.example/", way) == "tls"
        assert upstream.asked == []


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", "redirect"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "http-404"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 200_000, "too-large"),
        (b"nonsense\r\n\r\n", "network"),
        (b"", "network"),
    ],
)
def test_no_redirect_no_huge_body_no_nonsense(answer: bytes, code: str) -> None:
    with answering(answer) as upstream:
        assert code_of(f"http://127.0.0.1:{upstream.port}/", Way(AT_HOME)) == code


def drip(piece: bytes, first: bytes) -> Answer:
    def answer(sock: socket.socket) -> None:
        sock.sendall(first)
        while True:
            sock.sendall(piece)
            time.sleep(0.05)

    return answer


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_slow_drip_ends_with_the_deadline(first: bytes) -> None:
    with answering(drip(b"x", first)) as upstream:
        began = time.monotonic()
        assert code_of(f"http://127.0.0.1:{upstream.port}/", Way(AT_HOME, deadline_s=0.4)) == "timeout"
        assert time.monotonic() - began < 5


def test_a_name_server_that_does_not_answer_ends_with_the_deadline() -> None:
    hang = threading.Event()
    way = Way(resolve=lambda _host, _port: [PUBLIC] * hang.wait(30), deadline_s=0.2)
    assert code_of("https://hook.example/", way) == "timeout"
    hang.set()


def test_an_unknown_name_and_a_refused_connection_are_told() -> None:
    assert code_of("https://nowhere.example/", Way(resolve=lambda _host, _port: [])) == "unknown-name"
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert code_of(f"http://127.0.0.1:{port}/", Way(AT_HOME)) == "network"


def test_networks_at_home_are_networks() -> None:
    assert ipaddress.ip_network("192.168.0.0/16") in AT_HOME
