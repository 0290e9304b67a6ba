"""The folder of the nightly backups: how its files are named, which are kept, how the last attempt went."""

import contextlib
import json
import os
import re
import tempfile
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from cgm_dash.folder import BACKUPS

FOLDER = BACKUPS
STATE = "last.json"
SQLITE, POSTGRESQL = ".sqlite3", ".pgdump"
DAYS, WEEKS = 7, 4
OLD_S = 50 * 3600
"""A newest backup older than this means that two nights in a row have failed."""

_NAME = re.compile(r"cgm_dash-(\d{4}-\d{2}-\d{2})(\.sqlite3|\.pgdump)")


@dataclass(frozen=True, slots=True)
class LastBackup:
    """How the last nightly backup went. at: UTC epoch seconds of the attempt. ok_at: of the last that succeeded, None
    for none. reason: a stable word where the attempt failed, "" where it did not: disk-low, no-pg-dump, damaged,
    failed. detail: a sentence with the remedy."""

    at: float
    ok_at: float | None = None
    reason: str = ""
    detail: str = ""

    def is_old(self, now: float) -> bool:
        """Return whether the last good backup is older than two nights, or there was never one."""
        return self.ok_at is None or now - self.ok_at > OLD_S


def name_of(day: date, ending: str) -> str:
    """Return the name of the backup of a local *day*."""
    return f"cgm_dash-{day.isoformat()}{ending}"


def dated_files(folder: Path) -> dict[date, Path]:
    """Return the backups in *folder* by their day; what else lies there is left alone."""
    found: dict[date, Path] = {}
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            match = _NAME.fullmatch(path.name)
            if match and path.is_file():
                with contextlib.suppress(ValueError):
                    found[date.fromisoformat(match[1])] = path
    return found


def newest_file(folder: Path) -> Path | None:
    """Return the newest backup in *folder*, None without one."""
    files = dated_files(folder)
    return files[max(files)] if files else None


def kept_days(days: Collection[date]) -> set[date]:
    """Return which of *days* to keep: the newest seven, and the newest of each of the last four weeks that have one.

    >>> days = [date.fromordinal(date(2026, 11, 1).toordinal() + i) for i in range(60)]
    >>> sorted(d.isoformat() for d in set(days) - kept_days(days))[-1]
    '2026-12-23'
    >>> len(kept_days(days))
    10
    """
    ordered = sorted(days, reverse=True)
    weeks: dict[tuple[int, int], date] = {}
    for day in ordered:
        weeks.setdefault(day.isocalendar()[:2], day)
    return {*ordered[:DAYS], *sorted(weeks.values(), reverse=True)[:WEEKS]}


def remove_old(folder: Path) -> list[Path]:
    """Remove the backups that are not to be kept and return which those were."""
    files = dated_files(folder)
    kept = kept_days(files)
    gone = [path for day, path in files.items() if day not in kept]
    for path in gone:
        path.unlink(missing_ok=True)
    return gone


def last_backup(folder: Path) -> LastBackup | None:
    """Return how the last nightly backup went, None before the first."""
    try:
        told = json.loads((folder / STATE).read_bytes())
        ok_at = told["ok_at"]
        return LastBackup(
            float(told["at"]), None if ok_at is None else float(ok_at), str(told["reason"]), str(told["detail"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def note_backup(folder: Path, last: LastBackup) -> None:
    """Keep how it went, for every process to read. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=folder, prefix=f".{STATE}.", delete=False) as file:
        try:
            json.dump(asdict(last), file)
            file.close()
            os.replace(file.name, folder / STATE)
        except OSError:
            os.unlink(file.name)
            raise
