"""Clients that send half a request and no more: what becomes of everybody else."""

import contextlib
import socket
import time
from pathlib import Path

import psutil
import requests

from tests.support.served import Served, serving

HALF = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: "


def answers_beside(folder: Path, half_open: int, wait_s: float = 20.0) -> tuple[float | None, float]:
    """Return the seconds an answer takes beside so many half-open requests, None for more than *wait_s*, and the
    seconds until answers come again after these have gone."""
    with serving(folder, workers=1, DEMO="0") as served:
        served.ready("/healthz", timeout_s=60)
        with contextlib.ExitStack() as stack:
            for _ in range(half_open):
                client = stack.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=5))
                client.sendall(HALF)
            time.sleep(0.5)
            during = _answered_after(served, wait_s)
        after = _answered_after(served, 60)
    return during, after if after is not None else 60.0


def _answered_after(served: Served, wait_s: float) -> float | None:
    began = time.monotonic()
    while time.monotonic() - began < wait_s:
        left = max(0.5, wait_s - (time.monotonic() - began))
        with contextlib.suppress(requests.ConnectionError, requests.Timeout):
            if requests.get(served.url + "/healthz", timeout=left).status_code == 200:
                return time.monotonic() - began
    return None


def descriptors(served: Served) -> int:
    """Return how many descriptors the server's workers have open."""
    return sum(psutil.Process(pid).num_fds() for pid in served.workers())
