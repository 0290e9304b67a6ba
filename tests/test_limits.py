"""What gunicorn refuses by itself, and what it says of itself."""

import socket
from collections.abc import Iterator

import pytest

from tests.support.served import Served, serving

pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("limits") / "data", DEMO="0") as running:
        yield running.ready("/healthz")


def answer(served: Served, request: bytes) -> bytes:
    """Return what comes back for these bytes."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as wire:
        wire.sendall(request)
        wire.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: wire.recv(65_536), b""))


def asked(path: bytes = b"/healthz", fields: bytes = b"", method: bytes = b"GET") -> bytes:
    return method + b" " + path + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + fields + b"\r\n"


@pytest.mark.parametrize(
    "request_",
    [
        asked(b"/" + b"x" * 5000),
        asked(fields=b"X: " + b"y" * 9000 + b"\r\n"),
        asked(fields=b"".join(b"X-%d: y\r\n" % n for n in range(70))),
        asked(fields=b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", method=b"POST"),
        asked(fields=b"Content-Length: -1\r\n", method=b"POST"),
        b"\x00\x01\x02\r\n\r\n",
    ],
    ids=["line", "field", "fields", "two-lengths", "length", "junk"],
)
def test_what_is_too_long_or_no_request_is_refused_in_a_few_words(served: Served, request_: bytes) -> None:
    came = answer(served, request_)
    assert came[9:10] == b"4", came[:200]
    assert len(came) < 1000
    assert b"Traceback" not in came
    assert b"unicorn" not in came
    assert "Traceback" not in served.log()


def test_an_answer_does_not_say_which_program_in_which_version_gave_it(served: Served) -> None:
    came = answer(served, asked())
    head, _, body = came.partition(b"\r\n\r\n")
    assert body == b"ok"
    assert b"Server: web\r\n" in head
    assert b"unicorn" not in head
    assert b"Python" not in head
