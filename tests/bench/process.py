"""What a server costs: how soon it is ready, how much memory its worker holds."""

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import requests

from tests.bench.measure import Goal, Measurement
from tests.support.served import Served, serving
from tests.support.signed_in import visitor

STARTS = 3
READY_S = 2
RSS_MIB = 130
SETTLE_S = 6
"""The background compression has ended, and a few ticks of the scheduler have been."""


def measure(folder: Path, settings: dict[str, str]) -> Iterator[Measurement]:
    """Measure over the data directory *folder*; settings: the account to poll."""
    first, *starts = [_start_s(folder, settings) for _ in range(1 + STARTS)]
    yield Measurement("ready after the start", statistics.median(starts), "s", Goal(READY_S))
    yield Measurement("ready after the first start (Python may have to compile)", first, "s")
    with serving(folder, 1, **settings) as served:
        served.ready()
        time.sleep(SETTLE_S)
        yield Measurement("worker at rest, no page served yet", _rss(served), "MiB")
        visit(served)
        time.sleep(SETTLE_S)
        yield Measurement("worker at rest, one page served", _rss(served), "MiB", Goal(RSS_MIB))
        for name in ("14d", "90d"):
            visit(served, name)
        visit(served, "2001-01-01..2001-01-02")
        time.sleep(1)
        yield Measurement("worker at rest, 90 days served", _rss(served), "MiB")


def _start_s(folder: Path, settings: dict[str, str]) -> float:
    """Return how many seconds after its start the server was ready."""
    began = time.perf_counter()
    with serving(folder, 1, **settings) as served:
        await_ready(served)
        elapsed = time.perf_counter() - began
        served.stop()
    return elapsed


def await_ready(served: Served, timeout_s: float = 30) -> None:
    """Wait for /readyz in steps of 10 ms."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            if requests.get(served.url + "/readyz", timeout=5).status_code == 200:
                return
        except (requests.ConnectionError, requests.Timeout):
            pass
        time.sleep(0.01)
    raise AssertionError(f"the server was not ready in {timeout_s} s:\n{served.log()}")


def visit(served: Served, range_name: str = "12h") -> None:
    """Ask for what a browser asks for at the first visit of a page."""
    with visitor(served) as session:
        session.headers["Accept-Encoding"] = "gzip, br"
        session.get(f"{served.url}/?range={range_name}", timeout=30)
        session.get(f"{served.url}/_dash-layout", timeout=30).raise_for_status()
        session.get(f"{served.url}/_dash-dependencies", timeout=30).raise_for_status()


def _rss(served: Served) -> float:
    (pid,) = served.workers()
    return float(psutil.Process(pid).memory_info().rss) / 2**20
