"""What the process that polls does once a night: it looks the whole database through and makes a backup of it."""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from cgm_dash.errors import CgmDashError, ProgramMissing, StoreDamaged
from cgm_dash.folder import LEAST_FREE, Room, room
from cgm_dash.zones import local_date
from sql.backup_files import LastBackup, dated_files, last_backup, name_of, note_backup, remove_old

log = logging.getLogger(__name__)

LOOK_S = 60.0
NIGHT_S = int(2.5 * 3600)
"""A backup belongs to the day that begins so long after the wearer's midnight."""

AGAIN_S = 3600
"""After a failure."""

LEFT_S = 86_400
"""A half-made file older than this was left by a process that was killed."""

Write = Callable[[Path], object]
"""Writes a backup to a path. Raises StoreError."""


class Nightly:
    """The nightly backup.

    folder: of the backups. ending: of their names. write: makes one. leads: whether this process polls. wanted: whether
    there is anything to keep; may raise StoreError, as write may. size: bytes of the database. done: told of each that
    was made. now: UTC epoch seconds.
    """

    def __init__(
        self,
        *,
        folder: Path,
        ending: str,
        write: Write,
        leads: Callable[[], bool],
        wanted: Callable[[], bool],
        size: Callable[[], int],
        zone: Callable[[], ZoneInfo],
        done: Callable[[Path], object] = lambda _: None,
        free: Callable[[Path], Room | None] = room,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._ending = ending
        self._write = write
        self._leads = leads
        self._wanted = wanted
        self._size = size
        self._zone = zone
        self._done = done
        self._free = free
        self._now = now
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="nightly-backup", daemon=True)

    def start(self) -> None:
        """Begin looking."""
        self._thread.start()

    def stop(self, wait_s: float) -> bool:
        """Begin nothing new, wait at most *wait_s* seconds; one cut off leaves the backups before it as they were."""
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(wait_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._wake.wait(LOOK_S):
            self.step()

    def step(self) -> None:
        """Make a backup where one is due. Nothing that goes wrong here ends the thread."""
        try:
            if self._leads() and self._is_due() and self._wanted():
                self._note(self._made())
        except CgmDashError as exc:  # the database is away: the next look tries again
            log.info("backup pid=%d due=later reason=%s", os.getpid(), exc)
        except Exception:
            log.exception("backup pid=%d outcome=defect", os.getpid())

    def _day(self) -> date:
        return local_date(self._zone(), self._now() - NIGHT_S)

    def _is_due(self) -> bool:
        now, last = self._now(), last_backup(self._folder)
        if last is not None and last.reason and 0 <= now - last.at < AGAIN_S:
            return False
        return max(dated_files(self._folder), default=date.min) < self._day()

    def _made(self) -> LastBackup:
        """Make the backup of the night and return how it went."""
        now, last = self._now(), last_backup(self._folder)
        failed = LastBackup(now, None if last is None else last.ok_at, "failed")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._sweep(now)
            found, needed = self._free(self._folder), LEAST_FREE + 2 * self._size()
            if found is not None and found.free < needed:
                told = f"{found.free // 2**20} MB are free, {needed // 2**20} MB are wanted; free some space"
                return replace(failed, reason="disk-low", detail=f"{self._folder}: {told}")
            target = self._folder / name_of(self._day(), self._ending)
            self._write(target)
        except StoreDamaged as exc:
            return replace(failed, reason="damaged", detail=str(exc))
        except ProgramMissing as exc:
            return replace(failed, reason="no-pg-dump", detail=str(exc))
        except (CgmDashError, OSError) as exc:
            return replace(failed, detail=str(exc))
        self._finish(target)
        return LastBackup(now, now)

    def _finish(self, target: Path) -> None:
        """Let go of the old ones now that the new one is there, and have it written down."""
        gone = remove_old(self._folder)
        log.info("backup pid=%d file=%s removed=%d", os.getpid(), target, len(gone))
        with suppress(CgmDashError):
            self._done(target)

    def _note(self, made: LastBackup) -> None:
        if made.reason:
            log.error("backup pid=%d outcome=%s: %s", os.getpid(), made.reason, made.detail)
        try:
            note_backup(self._folder, made)
        except OSError as exc:
            log.error("backup pid=%d outcome=unwritten reason=%s", os.getpid(), exc.strerror)

    def _sweep(self, now: float) -> None:
        left: Iterable[Path] = self._folder.glob(".*.part*")
        for path in left:
            if now - path.stat().st_mtime > LEFT_S:
                path.unlink(missing_ok=True)
