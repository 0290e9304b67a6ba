"""The data directory: who may read what lies in it, and how much room is left."""

import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cgm_dash.errors import ConfigError

LEAST_FREE = 256 * 2**20
"""Bytes: years of readings of one person, and what a database needs to tidy up."""


BACKUPS = "backups"
"""The folder of the nightly backups in the data directory."""

LOW_PERCENT, LOW_BYTES = 10, 500 * 2**20
"""Less than either is a disk that runs full: time to make room, while everything still works."""


@dataclass(frozen=True, slots=True)
class Room:
    """What a disk has left, bytes."""

    free: int
    total: int

    @property
    def is_low(self) -> bool:
        """Whether to warn."""
        return self.free < LOW_BYTES or 100 * self.free < LOW_PERCENT * self.total


def room(folder: Path) -> Room | None:
    """Return the room on the disk of *folder*, None where that cannot be told."""
    try:
        found = shutil.disk_usage(folder)
    except OSError:
        return None
    return Room(found.free, found.total)


def make_usable(folder: Path) -> None:
    """Make the data directory where it is not there yet. Raises ConfigError where it cannot be made, or not used."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise ConfigError(f"CGM_DASH_DATA_DIR: '{folder}' cannot be made ({exc.strerror}); name another") from exc
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise ConfigError(
            f"CGM_DASH_DATA_DIR: '{folder}' cannot be read and written by this user; chown it, or run this as its owner"
        )


def least_room(folders: Iterable[Path]) -> Room | None:
    """Return the room of that one of several folders whose disk runs full first, None where none can be told."""
    found = [one for one in map(room, folders) if one is not None]
    return min(found, key=lambda one: (not one.is_low, one.free), default=None)


def folder_problems(folder: Path, database: Path | None) -> Iterator[str]:
    """Give what is wrong with *folder* and the *database* file, each in a line with its remedy.

    database: the SQLite file, which may lie elsewhere; None where there is none.
    """
    if not folder.is_dir():
        yield f"{folder}: the data directory is not there; start the server once, or create it: mkdir -m 700 '{folder}'"
        return
    yield from _open_to_others(folder, 0o700)
    backups = folder / BACKUPS
    if backups.is_dir():
        yield from _open_to_others(backups, 0o700)
    files = {path for place in (folder, backups) if place.is_dir() for path in place.iterdir() if path.is_file()}
    for path in sorted(files | ({database} if database is not None and database.is_file() else set())):
        yield from _open_to_others(path, 0o600)
    yield from _room(database.parent if database is not None and database.parent.is_dir() else folder, database)


def _open_to_others(path: Path, wanted: int) -> Iterator[str]:
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        yield f"{path}: others on this machine may open it (mode {mode:04o}); run: chmod {wanted:o} '{path}'"


def _room(folder: Path, database: Path | None) -> Iterator[str]:
    """Say where less is free than an update needs, which first copies the database beside itself."""
    needed = LEAST_FREE + (database.stat().st_size if database is not None and database.is_file() else 0)
    found = room(folder)
    if found is None:
        yield f"{folder}: the room on its disk cannot be told; check its permissions"
    elif found.free < needed:
        yield f"{folder}: {found.free // 2**20} MB are free where {needed // 2**20} MB are wanted; free some space"
    elif found.is_low:
        percent = 100 * found.free // found.total
        yield f"{folder}: its disk runs full, {found.free // 2**20} MB ({percent} %) are free; free some space"
