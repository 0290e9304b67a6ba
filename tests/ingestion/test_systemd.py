"""What systemd hears: from a worker whose scheduler is sound, and from nobody else."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestion.systemd import alive_by


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(params=["path", "abstract"])
def heard(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    """A socket as systemd has it, and its name as NOTIFY_SOCKET tells it."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@cgm-dash-{tmp_path.name}-{id(request)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0{name[1:]}" if name.startswith("@") else name)
        listener.setblocking(False)
        yield name, listener


def messages(listener: socket.socket) -> list[bytes]:
    found = []
    while True:
        try:
            found.append(listener.recv(100))
        except BlockingIOError:
            return found


def test_it_is_told_twice_in_each_time_that_systemd_waits(heard: tuple[str, socket.socket]) -> None:
    name, listener = heard
    clock = Clock()
    alive = alive_by({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "120000000"}, clock)
    for second in range(0, 241, 5):
        clock.now = second
        alive()
    assert messages(listener) == [b"WATCHDOG=1"] * 5


@pytest.mark.parametrize("more", [{}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "soon"}])
def test_without_a_watchdog_nothing_is_told(heard: tuple[str, socket.socket], more: dict[str, str]) -> None:
    name, listener = heard
    alive_by({"NOTIFY_SOCKET": name, **more})()
    assert messages(listener) == []


def test_a_systemd_that_does_not_listen_is_no_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    alive_by({"NOTIFY_SOCKET": str(tmp_path / "gone"), "WATCHDOG_USEC": "2"})()
    assert "unheard" in caplog.text
