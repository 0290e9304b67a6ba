"""What systemd is told: that this service lives (sd_notify(3), sd_watchdog_enabled(3)).

gunicorn's master says when the server is ready. That it is alive each worker says whose scheduler is sound: so a
machine whose workers all hang, or whose master ended alone, is started anew after WatchdogSec.
"""

import logging
import os
import socket
import time
from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)


def alive_by(
    environment: Mapping[str, str] = os.environ, monotonic: Callable[[], float] = time.monotonic
) -> Callable[[], None]:
    """Return what to call every few seconds while all is sound: it tells systemd, twice as often as that asks for.

    Where no systemd listens, or its unit has no watchdog, the call does nothing.
    """
    place, every_us = environment.get("NOTIFY_SOCKET", ""), environment.get("WATCHDOG_USEC", "")
    if not place or not every_us.isdigit() or int(every_us) == 0:
        return lambda: None
    every_s = int(every_us) / 2_000_000
    told = [-every_s]

    def alive() -> None:
        now = monotonic()
        if now - told[0] >= every_s:
            told[0] = now
            _send(place, b"WATCHDOG=1")

    return alive


def _send(place: str, message: bytes) -> None:
    # "@" stands for the NUL byte that begins a name outside the file system.
    address = f"\0{place[1:]}" if place.startswith("@") else place
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.sendto(message, address)
    except OSError as exc:
        log.warning("notify outcome=unheard reason=%s", exc.strerror)
