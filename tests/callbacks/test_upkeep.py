"""A disk that runs full and a backup that failed: told on every page to who can mend it, and no longer once it is."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from dash import Dash

from app import Composition, create_app
from callbacks.services import BACKUP_DUE_S, Services
from cgm_dash import folder
from cgm_dash.access import Role
from cgm_dash.alarm import Cause
from cgm_dash.trouble import TROUBLES, UPKEEP
from ingestion.poll_status import PollStatus
from layouts import ids
from sql.backup_files import FOLDER, OLD_S, LastBackup, note_backup
from tests.callbacks.conftest import NOW, Add, Clock, call, texts
from tests.support.signed_in import let_in, user_of

MB, GB = 2**20, 2**30
DISK_LOW, BACKUP_FAILED = UPKEEP["disk-low"].sentence, UPKEEP["backup-failed"].sentence
PAGES = ("/", "/trends", "/days", "/report", "/data", "/settings", "/status")


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@dataclass
class Disk:
    """A disk whose room only the test changes."""

    total: int = 100 * GB
    free: int = 50 * GB

    def usage(self, _folder: Path) -> Usage:
        return Usage(self.total, self.total - self.free, self.free)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    made = Disk()
    monkeypatch.setattr(shutil, "disk_usage", made.usage)
    return made


@pytest.fixture
def polled(made: Composition, add_person: Add, clock: Clock, disk: Disk) -> Services:
    """Services of an installation that is well."""
    add_person()
    made.status.write(PollStatus(clock.now, "ok"))
    return made.services


def banner(app: Dash, page: str = "/") -> str:
    """Return the banner's words, as the next tick of an open page brings them."""
    return texts(tick(app, page)[ids.BANNER]["children"])


def tick(app: Dash, page: str = "/", painted: object = None) -> Any:
    return call(app, f"{ids.BANNER}.children", shown__data=page, frame_painted__data=painted)


@pytest.mark.parametrize(
    ("free", "total", "told"),
    [
        (10 * GB, 100 * GB, False),
        (10 * GB - 1, 100 * GB, True),
        (500 * MB, 4 * GB, False),
        (500 * MB - 1, 4 * GB, True),
        (0, 4 * GB, True),
    ],
)
def test_a_disk_below_a_tenth_or_500_mb_is_told_and_no_longer_once_there_is_room(
    dash_app: Dash, polled: Services, disk: Disk, free: int, total: int, told: bool
) -> None:
    assert banner(dash_app) == ""
    disk.free, disk.total = free, total
    for page in PAGES:
        assert (DISK_LOW in banner(dash_app, page)) is told
    disk.free, disk.total = 50 * GB, 100 * GB
    assert banner(dash_app) == ""


def test_a_backup_that_failed_or_is_overdue_is_told_until_one_is_made(
    dash_app: Dash, made: Composition, polled: Services, clock: Clock
) -> None:
    backups = polled.settings.data_dir / FOLDER
    note_backup(backups, LastBackup(NOW - 100, NOW - 100))
    assert banner(dash_app) == ""
    note_backup(backups, LastBackup(NOW, NOW - 100, "failed", "why"))
    assert BACKUP_FAILED in banner(dash_app)
    note_backup(backups, LastBackup(NOW, NOW))
    assert banner(dash_app) == ""
    clock.now += OLD_S + 1
    made.status.write(PollStatus(clock.now, "ok"))
    assert polled.upkeep() is UPKEEP["backup-failed"]


def test_who_was_off_has_an_hour_to_make_up_for_the_backup(polled: Services, clock: Clock) -> None:
    note_backup(polled.settings.data_dir / FOLDER, LastBackup(NOW - 2 * OLD_S, NOW - 2 * OLD_S))
    assert polled.upkeep() is None
    clock.now += 60
    assert polled.upkeep() is None
    clock.now += BACKUP_DUE_S
    assert polled.upkeep() is not None


def test_an_open_page_is_drawn_again_when_it_begins_and_ends(dash_app: Dash, polled: Services, disk: Disk) -> None:
    well = tick(dash_app)[ids.FRAME_PAINTED]["data"]
    assert ids.BANNER not in tick(dash_app, painted=well)
    disk.free = 0
    low = tick(dash_app, painted=well)
    assert DISK_LOW in texts(low[ids.BANNER]["children"])
    disk.free = 50 * GB
    assert texts(tick(dash_app, painted=low[ids.FRAME_PAINTED]["data"])[ids.BANNER]["children"]) == ""


def test_who_cannot_mend_it_is_not_told(polled: Services, disk: Disk) -> None:
    user_of(polled.store, "Karl", Role.CARER)
    disk.free = 0
    app = let_in(create_app(polled), polled, "Karl")
    assert banner(app) == ""


def test_what_keeps_readings_from_coming_is_told_before_it_and_alone_explains_silence(
    dash_app: Dash, made: Composition, polled: Services, disk: Disk, clock: Clock
) -> None:
    disk.free = 0
    (person,) = polled.people()
    facts = polled.facts(person)
    assert facts is not None
    assert facts.cause is Cause.SENSOR_QUIET
    made.status.write(PollStatus(clock.now, "wrong-password"))
    assert TROUBLES["wrong-password"].sentence in banner(dash_app)
    made.status.write(PollStatus(clock.now, "ok"))
    clock.now += 1800
    made.status.write(PollStatus(clock.now, "ok"))
    told = banner(dash_app)
    assert "No reading for 30 minutes." in told
    assert DISK_LOW not in told


def test_the_page_status_and_programs_tell_of_both(dash_app: Dash, polled: Services, disk: Disk) -> None:
    disk.free = 3 * GB
    note_backup(polled.settings.data_dir / FOLDER, LastBackup(NOW - 60, NOW - 3600, "failed", "why"))
    answer = call(dash_app, f"{ids.STATUS_ANSWERS}.children", url__pathname="/status")
    assert "disk-low" in texts(answer[ids.STATUS_ANSWERS]["children"])
    database = texts(answer[ids.STATUS_DATABASE]["children"])
    assert "Free on disk 3.2 GB" in database
    assert "Nightly backup 11:00; failed 11:59" in database
    told = dash_app.server.test_client().get("/metrics").text
    assert "cgm_disk_free_bytes 3.221225472e+09" in told
    assert "cgm_last_backup_age_seconds 3600.0" in told


def test_of_two_disks_the_one_that_runs_full_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rooms = {tmp_path / "a": folder.Room(20 * GB, 1000 * GB), tmp_path / "b": folder.Room(2 * GB, 4 * GB)}
    monkeypatch.setattr(folder, "room", rooms.get)
    assert folder.least_room(rooms) == rooms[tmp_path / "a"]
    assert folder.least_room([tmp_path / "b", tmp_path / "none"]) == rooms[tmp_path / "b"]
    assert folder.least_room([tmp_path / "none"]) is None
