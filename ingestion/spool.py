"""Where fetched readings wait while the database is away: JSON lines in a file, each written through to the disk.

A line is one fetched batch with the time it was fetched. Replaying a line twice is harmless, since a reading's identity
admits it once; so a crash in the middle of a replay costs nothing.
"""

import contextlib
import fcntl
import json
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cgm_dash.batch import Batch, Columns, Notice, Portion, Rejected, SensorSeen, Wearer
from cgm_dash.errors import CgmDashError

log = logging.getLogger(__name__)

MAX_BYTES = 50_000_000
"""Weeks of minutes for a family; beyond it the oldest would not be worth the disk it fills."""

MAX_AGE_S = 7 * 86_400


class SpoolFull(CgmDashError):
    """The spool cannot take another line: no room on the disk, or its own bound is reached."""


class Spool:
    """A bounded file of batches that wait for the database. One process writes: the leader."""

    def __init__(self, path: Path, max_bytes: int = MAX_BYTES) -> None:
        self._path = path
        self._replaying = path.with_suffix(".replaying")
        self._max_bytes = max_bytes

    def append(self, batch: Batch, at: float) -> None:
        """Keep *batch*, fetched at *at* (UTC epoch seconds), safe against power loss. Raises SpoolFull."""
        self._add(self._path, batch, at)

    def refuse(self, batch: Batch, at: float) -> None:
        """Set a batch aside that the database refuses for good, so that those behind it come in. Raises SpoolFull."""
        self._add(self._path.with_suffix(".refused"), batch, at)

    def _add(self, path: Path, batch: Batch, at: float) -> None:
        line = json.dumps({"at": at, "batch": _to_json(batch)}, separators=(",", ":")).encode() + b"\n"
        if self._size() + len(line) > self._max_bytes:
            raise SpoolFull(f"the spool {path} has reached {self._max_bytes} bytes; bring the database back")
        try:
            _write(path, line)
        except OSError as exc:
            raise SpoolFull(f"the spool {path} cannot be written ({exc.strerror}); make room on the disk") from exc

    def waiting(self) -> int:
        """Return how many readings wait."""
        entries = (entry for path in (self._replaying, self._path) for entry in _lines(path))
        return sum(len(p["columns"]["ts"]) for entry in entries for p in entry["batch"]["portions"])

    def replay(self, keep: Callable[[Batch, float], object], now: float) -> int:
        """Hand every waiting batch to *keep*, oldest first, and forget them once all are kept; return how many.

        What *keep* raises ends the replay; everything stays for the next one. Batches older than seven days are
        dropped with a warning: the pipeline's gate would refuse most of them. While another process replays: 0.
        """
        if not self._path.exists() and not self._replaying.exists():
            return 0
        with self._alone() as alone:
            return self._replay(keep, now) if alone else 0

    def _replay(self, keep: Callable[[Batch, float], object], now: float) -> int:
        if self._path.exists():
            self._set_aside()
        done = 0
        for entry in _lines(self._replaying):
            if now - float(entry["at"]) > MAX_AGE_S:
                log.warning("spool dropped=1 reason=older-than-7-days")
                continue
            keep(_from_json(entry["batch"]), float(entry["at"]))
            done += 1
        self._replaying.unlink(missing_ok=True)
        return done

    @contextlib.contextmanager
    def _alone(self) -> Iterator[bool]:
        """Give whether no other process of this machine replays meanwhile: a new leader and the one it follows may."""
        handle = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            yield _locked(handle)
        finally:
            os.close(handle)

    def _set_aside(self) -> None:
        """Move the spool behind what an interrupted replay left, so that new lines never mix with old ones."""
        if not self._replaying.exists():
            self._path.rename(self._replaying)
            return
        with self._replaying.open("ab") as target:
            target.write(self._path.read_bytes())
            target.flush()
            os.fsync(target.fileno())
        self._path.unlink()

    def _size(self) -> int:
        return sum(path.stat().st_size for path in (self._path, self._replaying) if path.exists())


def _write(path: Path, line: bytes) -> None:
    """Add *line* to *path*, written through to the disk, or nothing of it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    before = os.fstat(handle).st_size
    try:
        view = memoryview(line)
        while view:
            view = view[os.write(handle, view) :]
        os.fsync(handle)
    except OSError:
        # Half a line must not swallow the next one.
        with contextlib.suppress(OSError):
            os.ftruncate(handle, before)
        raise
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the entries of *path*; a line cut off by a crash is passed over with a warning."""
    if not path.exists():
        return
    for raw in path.read_bytes().splitlines():
        try:
            yield json.loads(raw)
        except ValueError:
            log.warning("spool line=unreadable bytes=%d", len(raw))


def _to_json(batch: Batch) -> dict[str, Any]:
    return {
        "kind": batch.kind,
        "portions": [
            {
                "wearer": asdict(p.wearer),
                "columns": p.columns.as_lists(),
                "raw": p.columns.raw,
                "sensors": [asdict(s) for s in p.sensors],
                "rejected": [asdict(r) for r in p.rejected],
            }
            for p in batch.portions
        ],
        "rejected": [asdict(r) for r in batch.rejected],
        "notices": [asdict(n) for n in batch.notices],
    }


def _from_json(entry: dict[str, Any]) -> Batch:
    return Batch(
        entry["kind"],
        tuple(_portion(p) for p in entry["portions"]),
        tuple(Rejected(**r) for r in entry["rejected"]),
        tuple(Notice(**n) for n in entry["notices"]),
    )


def _portion(entry: dict[str, Any]) -> Portion:
    return Portion(
        Wearer(**entry["wearer"]),
        Columns.from_lists(entry["columns"], entry["raw"]),
        tuple(SensorSeen(**s) for s in entry["sensors"]),
        tuple(Rejected(**r) for r in entry["rejected"]),
    )
