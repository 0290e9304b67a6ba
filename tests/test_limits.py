"""What gunicorn refuses by itself, what it says of itself, and how many tries its processes let through together."""

import http.client
import re
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest

from tests.support.served import Served, serving
from tests.support.signed_in import OWNER, session_at

pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("limits") / "data", workers=2, DEMO="0") as running:
        yield running.ready("/healthz")


SHUT_OUT = {429, 503}
"""A database that is busy for too long lets nobody in either."""


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


def tried(served: Served, source: str, name: str) -> int:
    """Sign in with a wrong password from an address of this machine and return the status of the answer."""
    wire = http.client.HTTPConnection("127.0.0.1", served.port, timeout=30, source_address=(source, 0))
    wire.request("GET", "/login")
    page = wire.getresponse()
    cookie = str(page.headers["Set-Cookie"]).partition(";")[0]
    token = re.search(r'name="token" value="([^"]+)"', page.read().decode())
    assert token is not None
    form = urlencode({"token": token[1], "name": name, "password": "not the password of anybody"})
    fields = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    wire.request("POST", "/login", form, fields)
    status = wire.getresponse().status
    wire.close()
    return status


def together(count: int, work: Callable[[int], int]) -> Counter[int]:
    """Return how often *work* gave what, for so many threads that begin at once."""
    came, barrier = list[int](), threading.Barrier(count)

    def run(number: int) -> None:
        barrier.wait(30)
        came.append(work(number))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(came)


def test_of_many_tries_at_once_two_processes_let_no_more_through_than_one_may(served: Served) -> None:
    assert len(served.workers()) == 2
    session_at(served)  # there is an owner, whom everybody may try to be
    of_address = together(24, lambda n: tried(served, "127.0.1.1", f"name {n}"))
    assert (of_address[401], set(of_address) - SHUT_OUT) == (5, {401}), of_address
    assert tried(served, "127.0.1.2", "name") == 401  # nobody else is shut out
    of_account = together(26, lambda n: tried(served, f"127.0.2.{n + 1}", OWNER))
    assert (of_account[401], set(of_account) - SHUT_OUT) == (20, {401}), of_account


def test_an_answer_does_not_say_which_program_in_which_version_gave_it(served: Served) -> None:
    came = answer(served, asked())
    head, _, body = came.partition(b"\r\n\r\n")
    assert body == b"ok"
    assert b"Server: web\r\n" in head
    assert b"unicorn" not in head
    assert b"Python" not in head
