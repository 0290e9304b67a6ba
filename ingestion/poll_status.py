"""What the polling process says of itself in a file, since it may have no database to say it in.

Every worker of this installation reads it: a full disk, a database that is away and a poller that has died would
otherwise show nowhere but in the log.
"""

import contextlib
import json
import logging
import os
from dataclasses import asdict, dataclass
from pathlib import Path

log = logging.getLogger(__name__)

SIZE = 512
"""Bytes of the file, filled up with blanks: a full disk has no room for a new one, but this one can be overwritten."""


@dataclass(frozen=True, slots=True)
class PollStatus:
    """The last run of the process that polls.

    at, next_try_at: UTC epoch seconds. code: `ok` or a key of trouble.TROUBLES. role: of leader.Role. spooled: what is
    fetched goes into the spool now.
    """

    at: float
    code: str
    next_try_at: float | None = None
    role: str = ""
    spooled: bool = False


class StatusFile:
    """The file, 0600. Writing it never raises; what could not be written is at least known to this process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._unwritten: PollStatus | None = None

    def write(self, status: PollStatus) -> None:
        """Put *status* in place of the last one."""
        data = json.dumps(asdict(status)).encode().ljust(SIZE)
        try:
            self._replace(data)
        except OSError as exc:
            if self._unwritten is None:
                log.warning("poll status=unwritten reason=%s", exc.strerror)
            self._unwritten = status
            with contextlib.suppress(OSError):
                self._overwrite(data)
        else:
            self._unwritten = None

    def read(self) -> PollStatus | None:
        """Return the last status, None where nobody has polled yet or the file is not readable."""
        known = [status for status in (self._unwritten, self._written()) if status is not None]
        return max(known, key=lambda status: status.at, default=None)

    def _written(self) -> PollStatus | None:
        try:
            return _parsed(self._path.read_bytes())
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def _replace(self, data: bytes) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = self._path.with_suffix(f".{os.getpid()}.new")
        try:
            handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with open(handle, "wb") as file:
                file.write(data)
            new.replace(self._path)
        except OSError:
            with contextlib.suppress(OSError):
                new.unlink()
            raise

    def _overwrite(self, data: bytes) -> None:
        """Write over the old file's own blocks, so that the other workers hear of a full disk too."""
        handle = os.open(self._path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.pwrite(handle, data, 0)
        finally:
            os.close(handle)


def _parsed(data: bytes) -> PollStatus:
    """Return what the file says. Raises ValueError, TypeError or KeyError for anything else than a status."""
    found = json.loads(data)
    retry = found["next_try_at"]
    return PollStatus(
        at=float(found["at"]),
        code=str(found["code"]),
        next_try_at=None if retry is None else float(retry),
        role=str(found["role"]),
        spooled=found["spooled"] is True,
    )
