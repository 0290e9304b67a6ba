"""Whether an SQLite file is whole: looked at before anything may be written to it, and not written to where it is not.

What SQLite can tell: a broken header, pages that lie outside the file or belong to two things, cells that overlap or
are out of order, rows against a CHECK or NOT NULL, entries an index lacks or has too many. What it cannot: a value that
turned into another plausible one. `cgm-dash check` finds that in days kept beside the readings; no checksum would.
"""

import logging
import os
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from cgm_dash.errors import StoreDamaged, StoreUnavailable
from sql.backup_files import newest_file
from sql.wal import lost_commits

log = logging.getLogger(__name__)

BUDGET_S = 10.0
"""A start must not wait for longer: five years of minutes take 4 s on two busy cores. What is left is looked at in the
night, before the backup is made."""

AGAIN_S = 60
"""A damaged file is looked at again after so long, or when it was changed: somebody may have restored it."""

INHERITED_S = 60
"""What the process that made this one saw of the file counts for so long: a server and its workers look but once."""

_STEPS = 100_000
"""SQLite's instructions between two looks at the clock, some milliseconds."""

_WAIT_S = 5.0

_HEAD = 100
"""Bytes of the header of an SQLite file."""

_HAS_READINGS = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'readings'"
_IMPLAUSIBLE = """
SELECT 1 FROM readings WHERE (typeof(mg_dl) = 'integer' AND mg_dl BETWEEN 20 AND 600 AND kind BETWEEN 0 AND 7
    AND flag BETWEEN -1 AND 1 AND trend BETWEEN 0 AND 7 AND period_s BETWEEN 1 AND 86400
    AND typeof(ts) = 'integer' AND ts BETWEEN 0 AND 4102444800) IS NOT TRUE LIMIT 1
"""
"""SQLite's own check leaves out the CHECKs of a table WITHOUT ROWID. 4102444800: the year 2100."""


def inspect(path: Path, budget_s: float = BUDGET_S, shared: "KeptOpen | None" = None) -> bool:
    """Look at the whole file without changing it; return whether that was done in *budget_s* seconds.

    A file that is empty is a new one. shared: how to look where this process has, or may have, connections to the file.
    Raises StoreDamaged with what was found, StoreUnavailable where it cannot be read now.
    """
    try:
        head = _head(path) if shared is None else shared.head(path)
    except OSError as exc:
        raise StoreUnavailable(
            f"{path}: cannot be read ({exc.strerror}); check that it is there and its permissions"
        ) from exc
    if not head:
        return True
    if len(head) < _HEAD or not head.startswith(b"SQLite format 3\0") or not {head[18], head[19]} <= {1, 2}:
        raise StoreDamaged("its first bytes are not those of an SQLite database")
    if _is_cut(path, head):
        raise StoreDamaged("the file is shorter than it says it is")
    lost = lost_commits(path)
    if lost:
        raise StoreDamaged(
            f"its log {path.name}-wal is damaged: {lost} commits behind the damage would be lost silently; to go on"
            " without them, move that file away"
        )
    return _whole(path, budget_s, used=shared is not None and shared.used)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)


class KeptOpen:
    """A file's descriptor that is never closed while the file is the same one.

    POSIX: a process that closes any descriptor of a file loses all its locks on it, those of SQLite's connections too.
    Another process that closes the database would then take itself for the last one and remove the log, into which this
    one goes on writing (sqlite.org/howtocorrupt.html, section 2.2).

    used: whether this process has had connections to the file.
    """

    def __init__(self) -> None:
        self.used = False
        self._handle: int | None = None

    def head(self, path: Path) -> bytes:
        """Return the first bytes of the file that is at *path* now. Raises OSError."""
        if self._handle is not None and not os.path.samestat(os.fstat(self._handle), path.stat()):
            os.close(self._handle)  # another file has come in its place
            self._handle = None
        if self._handle is None:
            self._handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        return os.pread(self._handle, _HEAD, 0)


def _is_cut(path: Path, head: bytes) -> bool:
    """Return whether pages are missing at the end; with a log, they may still be in there."""
    pages, counter, valid_for = (int.from_bytes(head[i : i + 4], "big") for i in (28, 24, 92))
    size = int.from_bytes(head[16:18], "big")
    log = Path(f"{path}-wal")
    if counter != valid_for or (log.exists() and log.stat().st_size):
        return False
    return path.stat().st_size < pages * (65_536 if size == 1 else size)


def reading_address(path: Path, used: bool = False) -> str:
    """Return the address by which SQLite reads *path* and changes nothing.

    Without a log nobody has it open: then SQLite need not even lock it, and leaves no files beside it. used: whether
    this process has had connections to it; then it is locked in any case, as theirs are (see KeptOpen).
    """
    alone = not used and not os.path.exists(f"{path}-wal")
    return f"file:{quote(str(path))}?mode=ro{'&immutable=1' if alone else ''}"


def _whole(path: Path, budget_s: float, used: bool) -> bool:
    address = reading_address(path, used)
    try:
        return _looked_through(path, address, budget_s)
    except StoreDamaged:
        if address == reading_address(path, used):
            raise
    return _looked_through(path, reading_address(path, used), budget_s)  # another process has begun to write meanwhile


def _looked_through(path: Path, address: str, budget_s: float) -> bool:
    until = time.monotonic() + budget_s
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=_WAIT_S)) as connection:
            connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
            connection.execute("PRAGMA cell_size_check = ON")
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if found == "ok" and connection.execute(_HAS_READINGS).fetchone():
                found = "ok" if connection.execute(_IMPLAUSIBLE).fetchone() is None else "readings that cannot be"
    except sqlite3.Error as exc:
        code = getattr(exc, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_INTERRUPT:
            log.info("database pid=%d check=unfinished seconds=%.0f: the rest in the night", os.getpid(), budget_s)
            return False
        # SQLITE_ERROR: a schema that cannot be parsed, say.
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR):
            raise StoreDamaged(f"SQLite says: {_line(exc)}") from exc
        raise StoreUnavailable(f"{path}: cannot be looked at now ({_line(exc)})") from exc
    if found != "ok":
        raise StoreDamaged(f"SQLite's integrity check says: {_line(found)}")
    return True


def _line(what: object) -> str:
    """Return the first line that tells something, cut."""
    return next((line for line in str(what).strip().splitlines() if not line.startswith("***")), "")[:200]


class Gate:
    """One file's door in this process: shut while the file is damaged. Safe for several threads.

    backups: the folder whose newest backup the message names.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.backups: Path | None = None
        self._why: str | None = None
        self._until = 0.0
        self._seen: tuple[object, ...] = ()
        self._file = KeptOpen()
        self._passed: tuple[int, float] | None = None
        self._lock = threading.Lock()

    @property
    def why(self) -> str | None:
        """Why it is shut, with the remedy; None where it is open."""
        return self._why

    def check(self, budget_s: float = BUDGET_S) -> bool:
        """Look at the file now and return whether all of it was. Raises StoreDamaged, StoreUnavailable."""
        with self._lock:
            if self._why is not None and time.monotonic() < self._until and self._seen == self._stamp():
                raise StoreDamaged(self._why)
            try:
                whole = inspect(self.path, budget_s, self._file)
            except StoreDamaged as exc:
                self._shut(str(exc))
                raise StoreDamaged(self._why) from exc
            if self._why is not None:
                log.warning("database pid=%d is whole again file=%s", os.getpid(), self.path)
            self._why, self._file.used = None, True
            self._passed = os.getpid(), time.monotonic()
            return whole

    def check_once(self, budget_s: float = BUDGET_S) -> bool:
        """Do as check(), unless the process from which this one was forked has just done so: then return True."""
        by, at = self._passed or (os.getpid(), 0.0)
        inherited = self._why is None and by != os.getpid() and time.monotonic() - at <= INHERITED_S
        return inherited or self.check(budget_s)

    def require(self) -> None:
        """Let through what wants to use the file, which is looked at before the first use. Raises as check()."""
        if not self._file.used or self._why is not None:
            self.check()

    def shut(self, found: str) -> None:
        """Let nothing through from now on: *found* shows that the file is damaged."""
        with self._lock:
            if self._why is None:
                self._shut(found)

    def _shut(self, found: str) -> None:
        before, self._why = self._why, f"{self.path}: the database file is damaged. {found}. {self._remedy()}"
        self._seen, self._until = self._stamp(), time.monotonic() + AGAIN_S
        if before != self._why:
            log.error("database pid=%d outcome=damaged: %s", os.getpid(), self._why)

    def _remedy(self) -> str:
        newest = None if self.backups is None else newest_file(self.backups)
        source = f"'{newest}'" if newest else "FILE"
        without = "" if newest else " (no backup was found beside it)"
        return (
            "The file is kept as it is, and nothing is written to it. Stop the server, then restore a backup:"
            f" cgm-dash restore --keep-damaged {source}{without}; the damaged file is moved aside, never deleted"
        )

    def _stamp(self) -> tuple[object, ...]:
        """Return what changes when somebody replaces the file or its log."""
        found: list[object] = []
        for end in ("", "-wal"):
            try:
                told = os.stat(f"{self.path}{end}")
            except OSError:
                found.append(None)
            else:
                found.append((told.st_ino, told.st_size, told.st_mtime_ns))
        return tuple(found)


_GATES: dict[Path, Gate] = {}
_GATES_LOCK = threading.Lock()


def gate_of(path: Path) -> Gate:
    """Return this process's gate of the file at *path*."""
    with _GATES_LOCK:
        return _GATES.setdefault(path.absolute(), Gate(path.absolute()))
