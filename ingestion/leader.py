"""Which process polls: exactly one, whatever the number of workers and machines.

The lock is the operating system's (SQLite) or PostgreSQL's, so that it falls free by itself when its holder dies.
"""

import contextlib
import enum
import fcntl
import logging
import os
from pathlib import Path
from typing import Protocol

from cgm_dash.errors import StoreUnavailable

log = logging.getLogger(__name__)


class Lock(Protocol):
    """A lock that only one process can hold and that the death of its holder frees."""

    def try_take(self) -> bool:
        """Take the lock if it is free and return whether it is held now. Raises StoreUnavailable."""

    def held(self) -> bool:
        """Return whether this process still holds it."""

    def is_taken(self) -> bool:
        """Return whether some process holds it, this one or another. Raises StoreUnavailable."""

    def release(self) -> None:
        """Give it up; harmless where it is not held."""


class FileLock:
    """An exclusive flock on a file beside the SQLite database. Not for network file systems: SQLite is not either."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def try_take(self) -> bool:
        """Take the lock if it is free. Raises StoreUnavailable where the file cannot be opened."""
        if self._handle is not None:
            return True
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as exc:
            raise StoreUnavailable(f"the lock file {self._path} cannot be opened: {exc.strerror}") from exc
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            return False
        self._handle = handle
        return True

    def held(self) -> bool:
        """Return whether this process holds it; only release or death ends that."""
        return self._handle is not None

    def is_taken(self) -> bool:
        """Return whether some process holds it, this one or another."""
        if self._handle is not None:
            return True
        try:
            handle = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            # Shared, so that two who look do not see each other; a would-be leader in this instant tries again.
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
        return False

    def release(self) -> None:
        """Give the lock up."""
        if self._handle is not None:
            with contextlib.suppress(OSError):
                os.close(self._handle)
            self._handle = None


class Role(enum.Enum):
    """What this process does about polling."""

    FOLLOWING = "following"
    LEADING = "leading"
    SPOOLING = "spooling"
    """The database is away; this process led last and goes on fetching into its spool, without signing in anew."""


class Leader:
    """Decides this process's role anew at every tick."""

    def __init__(self, lock: Lock) -> None:
        self._lock = lock
        self._away = False
        self.role = Role.FOLLOWING

    def decide(self) -> Role:
        """Return the role from now on: leading while the lock is held or can be had.

        While the database, and with it the lock, is out of reach, the process that led last goes on alone: nobody else
        can win the lock meanwhile. When the database answers again the lock must be won before leading goes on.
        """
        try:
            role = Role.LEADING if self._lock.held() or self._lock.try_take() else Role.FOLLOWING
            self._note_away(None)
        except StoreUnavailable as exc:
            role = Role.FOLLOWING if self.role is Role.FOLLOWING else Role.SPOOLING
            self._note_away(exc)
        if role is not self.role:
            log.info("leader pid=%d role=%s before=%s", os.getpid(), role.value, self.role.value)
            self.role = role
        return role

    def _note_away(self, why: StoreUnavailable | None) -> None:
        """Say once that the lock cannot be asked for, and once that it can again."""
        if why is not None and not self._away:
            log.warning("leader pid=%d database=away reason=%s", os.getpid(), why)
        elif why is None and self._away:
            log.warning("leader pid=%d database=back", os.getpid())
        self._away = why is not None

    def resign(self) -> None:
        """Give leadership up, so that another process can take it at once."""
        self._lock.release()
        self.role = Role.FOLLOWING
