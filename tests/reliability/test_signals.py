"""Signals to the real server: it ends in time, replaces its processes, and leaves nothing behind when it is killed."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
import requests

from ingestion.simulator import DEMO_EMAIL, DEMO_PASSWORD, SimulatorServer, World
from tests.support.served import serving

pytestmark = pytest.mark.alone


@pytest.fixture
def service() -> Iterator[SimulatorServer]:
    with SimulatorServer(World.build(seed=3, warmups=False)) as server:
        yield server


def account(service: SimulatorServer) -> dict[str, str]:
    settings = {"LLU_EMAIL": DEMO_EMAIL, "LLU_PASSWORD": DEMO_PASSWORD, "LLU_URL": service.url}
    return {**settings, "POLL_SECONDS": "1"}


def wait_for(condition: Callable[[], object], timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_it_stops_in_time_with_an_answer_of_a_byte_a_second_and_pages_open(
    tmp_path: Path, service: SimulatorServer
) -> None:
    service.inject("net-slow:1", endpoint="connections")
    with serving(tmp_path, **account(service)) as served, ExitStack() as open_pages:
        served.ready("/healthz")
        for _ in range(6):
            page = open_pages.enter_context(requests.Session())
            assert page.get(served.url + "/healthz", timeout=10).status_code == 200
        for _ in range(3):
            half = open_pages.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=5))
            half.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        wait_for(lambda: service.count("connections"))
        assert served.stop() < 10


def test_a_reload_loses_no_request_and_goes_on_polling(tmp_path: Path, service: SimulatorServer) -> None:
    with serving(tmp_path, **account(service)) as served:
        served.ready()
        before = served.workers()
        served.process.send_signal(signal.SIGHUP)
        begin = time.monotonic()
        while set(served.workers()) & set(before) or not served.workers():
            assert requests.get(served.url + "/healthz", timeout=10).status_code == 200
            assert time.monotonic() - begin < 30
        polled = service.count("connections")
        wait_for(lambda: service.count("connections") > polled + 1)
        assert service.count("login") == 1


def test_a_killed_master_takes_its_workers_along_and_the_next_server_polls(
    tmp_path: Path, service: SimulatorServer
) -> None:
    with serving(tmp_path, workers=2, **account(service)) as served:
        served.ready()
        workers = served.workers()
        os.kill(served.process.pid, signal.SIGKILL)
        served.process.wait(10)
        wait_for(lambda: not any(alive(pid) for pid in workers))
    with serving(tmp_path, **account(service)) as served:
        polled = service.count("connections")
        served.ready()
        wait_for(lambda: service.count("connections") > polled)
        assert service.count("login") == 1


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
