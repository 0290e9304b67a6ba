"""Nightly backups: one a night, by the process that polls, kept for days and weeks; a failure is written down."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cgm_dash.errors import ProgramMissing, StoreDamaged, StoreError, StoreUnavailable
from cgm_dash.folder import Room
from ingestion.nightly import LEFT_S, Nightly
from sql.backup_files import dated_files, last_backup

GB = 2**30


@dataclass
class World:
    """A clock, a disk and a database in hand."""

    folder: Path
    now: float = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()
    leads: bool = True
    wanted: bool = True
    free: int = 50 * GB
    fault: Exception | None = None
    made: list[Path] = field(default_factory=list)

    def write(self, target: Path) -> None:
        if self.fault is not None:
            raise self.fault
        target.write_bytes(b"whole")

    def nightly(self) -> Nightly:
        return Nightly(
            folder=self.folder,
            ending=".sqlite3",
            write=self.write,
            leads=lambda: self.leads,
            wanted=lambda: self.wanted,
            size=lambda: GB,
            zone=lambda: ZoneInfo("Europe/Berlin"),
            done=self.made.append,
            free=lambda _: Room(self.free, 100 * GB),
            now=lambda: self.now,
        )


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "backups")


def at(day: int, hour: int, minute: int = 0) -> float:
    return datetime(2026, 11, day, hour, minute, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()


def test_one_is_made_at_once_and_then_one_in_each_night(world: World) -> None:
    nightly = world.nightly()
    made: list[str] = []
    for minute in range(0, 3 * 1440, 10):
        world.now = at(20, 12) + 60 * minute
        nightly.step()
        if len(world.made) > len(made):
            made.append(datetime.fromtimestamp(world.now, ZoneInfo("Europe/Berlin")).strftime("%d %H:%M"))
    assert made == ["20 12:00", "21 02:30", "22 02:30", "23 02:30"]
    assert [path.name for path in world.made][-1] == "cgm_dash-2026-11-23.sqlite3"


def test_who_follows_and_who_has_nothing_makes_none(world: World) -> None:
    world.leads = False
    world.nightly().step()
    world.leads, world.wanted = True, False
    world.nightly().step()
    assert world.made == []
    assert last_backup(world.folder) is None


def test_only_so_many_are_kept(world: World) -> None:
    for day in range(60):
        world.now = at(1, 4) + 86_400 * day
        world.nightly().step()
    assert len(world.made) == 60
    assert len(dated_files(world.folder)) <= 11


FAULTS: list[tuple[Exception | None, int, str]] = [
    (None, 2 * GB, "disk-low"),
    (StoreDamaged("broken"), 50 * GB, "damaged"),
    (ProgramMissing("pg_dump of PostgreSQL 17 is needed"), 50 * GB, "no-pg-dump"),
    (StoreUnavailable("away"), 50 * GB, "failed"),
    (StoreError("refused"), 50 * GB, "failed"),
    (OSError(28, "No space left on device"), 50 * GB, "failed"),
]


@pytest.mark.parametrize(("fault", "free", "reason"), FAULTS)
def test_a_failure_is_written_down_and_tried_again_after_an_hour(
    world: World, fault: Exception | None, free: int, reason: str
) -> None:
    world.nightly().step()
    good = world.now
    world.now, world.fault, world.free = at(21, 3), fault, free
    world.nightly().step()
    last = last_backup(world.folder)
    assert last is not None
    assert (last.reason, last.ok_at, last.at) == (reason, good, world.now)
    assert last.detail
    assert not last.is_old(world.now)
    assert last.is_old(world.now + 3 * 86_400)
    world.fault, world.free = None, 50 * GB
    world.now += 1800
    world.nightly().step()
    assert len(world.made) == 1
    world.now += 1900
    world.nightly().step()
    assert len(world.made) == 2
    last = last_backup(world.folder)
    assert last is not None
    assert (last.reason, last.ok_at) == ("", world.now)


def test_what_a_killed_process_left_is_swept(world: World) -> None:
    world.folder.mkdir()
    for name in (".cgm_dash-2026-11-01.sqlite3.7.part", "mine.txt"):
        (world.folder / name).touch()
    world.now = time.time() + LEFT_S + 100
    world.nightly().step()
    assert {path.name for path in world.folder.iterdir()} == {"mine.txt", "last.json", world.made[0].name}
