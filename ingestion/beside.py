"""What runs on threads of its own beside the scheduler."""

import time

from ingestion.scheduler import Beside


class Together:
    """Several of them as one."""

    def __init__(self, *parts: Beside) -> None:
        self._parts = parts

    def start(self) -> None:
        """Begin."""
        for part in self._parts:
            part.start()

    def stop(self, wait_s: float) -> bool:
        """Stop all of them, wait at most *wait_s* seconds in all, return whether all had ended."""
        until = time.monotonic() + wait_s
        ended = [part.stop(max(0.0, until - time.monotonic())) for part in self._parts]
        return all(ended)
