"""Where fetched readings wait while the database is away: JSON lines in a file, each written through to the disk.

A line is one fetched batch with the time it was fetched and its upstream. Replaying a line twice is harmless, since a
reading's identity admits it once; so a crash in the middle of a replay costs nothing. A line that cannot be stored,
because it is no batch or because the database refuses it for good, goes as it is to `spool.refused`: nothing is thrown
away, and nothing holds up those behind it.
"""

import contextlib
import fcntl
import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cgm_dash.batch import Batch, Columns, Notice, Portion, Rejected, SensorSeen, Wearer
from cgm_dash.errors import CgmDashError, StoreDamaged, StoreError, StoreUnavailable

log = logging.getLogger(__name__)

MAX_BYTES = 50_000_000
"""Three weeks of one person's minutes, four days of four people's. No age is too great: the clock may be wrong, and the
gate judges a batch by the time it was fetched."""


LONGEST_S = 20.0
"""So long one replay goes on: a poll waits for it, and a low must not."""


class SpoolFull(CgmDashError):
    """The spool cannot take another line: no room on the disk, or its own bound is reached."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One fetch that waits. at: when it was fetched, UTC epoch seconds. upstream_id: the account it came from."""

    batch: Batch
    at: float
    upstream_id: int


class Spool:
    """A bounded file of batches that wait for the database.

    Several processes of one machine may share it: one that lost the lead replays while the new leader appends.
    """

    def __init__(self, path: Path, max_bytes: int = MAX_BYTES, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._monotonic = monotonic
        self._replaying = path.with_suffix(".replaying")
        self._refused = path.with_suffix(".refused")
        self._max_bytes = max_bytes
        self._counted: dict[Path, tuple[tuple[int, int, int], int]] = {}

    def append(self, entry: Entry) -> None:
        """Keep *entry* safe against power loss. Raises SpoolFull."""
        line = json.dumps(_to_json(entry), separators=(",", ":")).encode()
        try:
            with self._locked(".append-lock"):
                if self._size() + len(line) + 1 > self._max_bytes:
                    raise SpoolFull(
                        f"the spool {self._path} has reached {self._max_bytes} bytes; bring the database back"
                    )
                _append(self._path, line + b"\n")
        except OSError as exc:
            raise SpoolFull(
                f"the spool {self._path} cannot be written ({exc.strerror}); make room on the disk"
            ) from exc

    def waiting(self) -> int:
        """Return how many fetches wait. Asked at every page while the database is away: lines are counted, not read."""
        return sum(self._lines_of(path) for path in (self._replaying, self._path))

    def replay(self, keep: Callable[[Entry], object]) -> int:
        """Hand every waiting batch to *keep*, oldest first, and forget it; return how many were kept.

        StoreUnavailable, StoreDamaged and LONGEST_S end the replay, and what is not kept yet stays for the next one; a
        batch over which *keep* raises anything else is set aside. While another process replays: 0. Raises OSError too.
        """
        if not self._path.exists() and not self._replaying.exists():
            return 0
        with self._locked(".lock", wait=False) as alone:
            if not alone:
                return 0
            self._set_aside()
            return self._hand_over(self._replaying.read_bytes().split(b"\n"), keep)

    def _hand_over(self, lines: Sequence[bytes], keep: Callable[[Entry], object]) -> int:
        done, until = 0, self._monotonic() + LONGEST_S
        for i, line in enumerate(lines):
            if i and self._monotonic() >= until:
                self._leave(lines[i:])
                return done
            try:
                done += self._kept(line, keep)
            except (StoreUnavailable, StoreDamaged, OSError):
                if i:
                    self._leave(lines[i:])
                raise
        self._replaying.unlink(missing_ok=True)
        return done

    def _kept(self, line: bytes, keep: Callable[[Entry], object]) -> bool:
        """Hand one line over and return whether it was kept; what cannot be is set aside."""
        if not line:
            return False
        try:
            keep(_from_json(json.loads(line)))
        except (StoreUnavailable, StoreDamaged):
            raise
        except Exception as exc:  # noqa: BLE001  a border: nothing wrong with one line may hold up those behind it
            self._refuse(line, exc)
            return False
        return True

    def _refuse(self, line: bytes, why: Exception) -> None:
        """Set *line* aside as it is. The reason may quote what was measured, unless it is the store's."""
        reason = why if isinstance(why, StoreError) else type(why).__name__
        if self._refused.exists() and self._refused.stat().st_size + len(line) > self._max_bytes:
            log.error("spool line=dropped bytes=%d reason=%s: %s is full", len(line), reason, self._refused)
            return
        _append(self._refused, line + b"\n")
        log.error("spool line=refused bytes=%d reason=%s: kept in %s", len(line), reason, self._refused)

    def _set_aside(self) -> None:
        """Move the spool behind what an interrupted replay left, so that new lines never mix with old ones."""
        with self._locked(".append-lock"):
            if not self._path.exists():
                return
            if self._replaying.exists():
                _append(self._replaying, self._path.read_bytes())
                self._path.unlink()
            else:
                self._path.rename(self._replaying)

    def _leave(self, lines: Sequence[bytes]) -> None:
        """Keep only *lines* for the next replay; where that cannot be written all stay, which is harmless."""
        rest = self._replaying.with_suffix(".rest")
        with contextlib.suppress(OSError):
            rest.unlink(missing_ok=True)
            _append(rest, b"\n".join(lines))
            rest.replace(self._replaying)

    @contextlib.contextmanager
    def _locked(self, suffix: str, wait: bool = True) -> Iterator[bool]:
        """Give whether the lock beside the spool is ours; nobody holds `.append-lock` for longer than one write."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self._path.with_suffix(suffix), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            yield _take(handle, wait)
        finally:
            os.close(handle)

    def _size(self) -> int:
        return sum(path.stat().st_size for path in (self._path, self._replaying) if path.exists())

    def _lines_of(self, path: Path) -> int:
        """Return the number of whole lines of *path*, counted again only when the file has changed."""
        try:
            found = path.stat()
            now = (found.st_ino, found.st_size, found.st_mtime_ns)
            known, lines = self._counted.get(path, ((0, 0, 0), 0))
            if now != known:
                lines = path.read_bytes().count(b"\n")
                self._counted[path] = (now, lines)
        except OSError:  # not there, or replayed in this moment
            return 0
        return lines


def _append(path: Path, data: bytes) -> None:
    """Add *data* to *path*, written through to the disk, or nothing of it."""
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    before = os.fstat(handle).st_size
    try:
        # Half a line, left by a process that was killed, must not swallow the next one.
        cut_off = before > 0 and os.pread(handle, 1, before - 1) != b"\n"
        view = memoryview(b"\n" + data if cut_off else data)
        while view:
            view = view[os.write(handle, view) :]
        os.fsync(handle)
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(handle, before)
        raise
    finally:
        os.close(handle)


def _take(handle: int, wait: bool) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True


def _to_json(entry: Entry) -> dict[str, Any]:
    return {"at": entry.at, "upstream": entry.upstream_id, "batch": _batch_to_json(entry.batch)}


def _batch_to_json(batch: Batch) -> dict[str, Any]:
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


def _from_json(line: dict[str, Any]) -> Entry:
    return Entry(_batch(line["batch"]), float(line["at"]), int(line["upstream"]))


def _batch(entry: dict[str, Any]) -> Batch:
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
