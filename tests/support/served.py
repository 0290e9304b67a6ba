"""The real server in a process of its own: gunicorn with this project's configuration, on a free port."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import requests

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    """Return a port nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


_LEFT: deque[int] = deque()
"""Ports of servers of this process that have ended, the one that ended first in front."""


def _next_port() -> int:
    """Return a port nobody listens on, one that was ours before if there is any.

    A browser keeps what it has fetched and compiled by address: at a new port each page begins from nothing, which
    takes it twice as long.
    """
    for _ in range(len(_LEFT)):
        port = _LEFT.popleft()
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                _LEFT.append(port)
            else:
                return port
    return free_port()


@dataclass
class Served:
    """A running server. folder: its data directory."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    log_path: Path = field(repr=False)

    @property
    def url(self) -> str:
        """Address of the first page."""
        return f"http://127.0.0.1:{self.port}"

    def log(self) -> str:
        """Everything the server has said so far."""
        return self.log_path.read_text(errors="replace")

    def workers(self) -> list[int]:
        """Return the process ids of gunicorn's workers."""
        return [child.pid for child in psutil.Process(self.process.pid).children()]

    def pollers(self) -> list[int]:
        """Return the process ids of those that polled, as the log tells: one for each poll that has ended."""
        return [int(pid) for pid in re.findall(r"ingest pid=(\d+) outcome=", self.log())]

    def ready(self, path: str = "/readyz", timeout_s: float = 20.0) -> "Served":
        """Wait until *path* answers 200."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.log()}")
            try:
                if requests.get(self.url + path, timeout=5).status_code == 200:
                    return self
            except (requests.ConnectionError, requests.Timeout):
                pass
            time.sleep(0.05)
        raise AssertionError(f"{path} was not ready in {timeout_s} s:\n{self.log()}")

    def stop(self, how: signal.Signals = signal.SIGTERM, timeout_s: float = 15.0) -> float:
        """End the server and return how many seconds that took."""
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.process.wait(timeout_s)
        return time.monotonic() - began


@contextmanager
def serving(folder: Path, workers: int | str = 1, wsgi_app: str = "", **settings: str) -> Iterator[Served]:
    """Run the server over the data directory *folder* with these settings (names without CGM_DASH_).

    wsgi_app: serve this one instead of our own, with our configuration all the same.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = _next_port()
    env = {name: value for name, value in os.environ.items() if not name.startswith("CGM_DASH_")}
    env |= {"CGM_DASH_DATA_DIR": str(folder), "CGM_DASH_PORT": str(port), "WEB_CONCURRENCY": str(workers)}
    env |= {f"CGM_DASH_{name}": value for name, value in settings.items()}
    ours = [str(ROOT / "app.py")]
    command = ["-m", "gunicorn", "-c", str(ROOT / "gunicorn.conf.py"), wsgi_app] if wsgi_app else ours
    log_path = folder / "server.log"
    with log_path.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True
        )
    served = Served(folder, port, process, log_path)
    try:
        yield served
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
        _LEFT.append(port)
