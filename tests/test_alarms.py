"""Each alarm from its cause to its end, with a clock that only the test moves and a restart in between."""

import logging
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app import Composition, alarm_watch, compose
from cgm_dash import folder
from cgm_dash.alarm import AlarmKind, Alarms, Cause, told
from cgm_dash.batch import Columns, Wearer
from cgm_dash.errors import StoreUnavailable
from cgm_dash.reading import Flag, Kind, Reading
from cgm_dash.settings import Settings
from ingestion.alarms import BEAT_S, EVERY_S, AlarmWatch, Watch, WatchFile, WatchStatus
from ingestion.beside import Together
from ingestion.outgoing import Refused
from ingestion.poll_status import PollStatus
from sql.people import Person

T = 1_795_345_200
LIMIT_S = 15 * 60
NO_DATA, LOW, URGENT = AlarmKind.NO_DATA, AlarmKind.LOW, AlarmKind.URGENT_LOW


class Home:
    """An installation with one wearer, whose hours pass in steps of ten seconds. restart: a new process takes over."""

    def __init__(self, folder: Path, **more: str) -> None:
        self.now = float(T)
        env = {
            "DATA_DIR": str(folder),
            "LLU_EMAIL": "f@example.org",
            "LLU_PASSWORD": "x",
            "LLU_URL": "http://127.0.0.1:9",
        }
        self._settings = Settings.from_env({f"CGM_DASH_{name}": value for name, value in (env | more).items()})
        self.beats: list[float] = []
        self.failing: Refused | None = None
        self.made = self._compose()
        row = self.made.services.store.sources.resolve(None, "librelinkup", Wearer("id", "Mira", "DE", "mg/dL"))
        self.person, self.source = row.person_id, row.source_id

    def _compose(self) -> Composition:
        made = compose(self._settings, lambda: self.now, lambda: self.now)
        made.services.ready()
        made.lock.try_take()
        watch = alarm_watch(made)
        if watch._beat is not None:
            watch._beat = self._beat
        self.watch = Watch(watch.look, lambda: True, lambda: self.now)
        return made

    def _beat(self) -> None:
        if self.failing:
            raise self.failing
        self.beats.append(self.now - T)

    def restart(self) -> None:
        self.close()
        self.made = self._compose()

    def close(self) -> None:
        self.made.lock.release()
        self.made.services.store.close()

    def reading(self, mg_dl: int, age_s: int = 20, flag: Flag = Flag.NONE) -> None:
        new = Columns.of([Reading(int(self.now) - age_s, mg_dl, Kind.LIVE, flag=flag, offset_min=60)])
        self.made.services.store.readings.add(self.person, self.source, new, arrived=self.now)

    def polled(self, code: str = "ok") -> None:
        self.made.status.write(PollStatus(self.now, code))

    def passes(self, seconds: float, code: str | None = "ok") -> None:
        """Let time pass. code: what each minute's poll comes to, None for no polls."""
        until = self.now + seconds
        while self.now < until:
            self.now = min(self.now + 10, until)
            if code is not None and self.now % 60 == 0:
                self.polled(code)
                self.watch.polled()
            self.watch.step()

    @property
    def alarms(self) -> Alarms:
        return self.made.services.store.alarms.of_person(self.person)

    @property
    def holding(self) -> list[AlarmKind]:
        return [one.kind for one in told(self.alarms)]

    @property
    def loud(self) -> list[AlarmKind]:
        return [one.kind for one in told(self.alarms) if one.is_loud(self.now)]

    @property
    def wearer(self) -> Person:
        found = self.made.services.store.people.get(self.person)
        assert found is not None
        return found

    def acknowledged(self, minutes: int) -> Alarms:
        seen = {one.kind: one.raised_at for one in told(self.alarms)}
        return self.made.services.acknowledge(self.wearer, seen, minutes, "Ann")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with closing(Home(tmp_path, HEARTBEAT_URL="https://hook.example/secret")) as made:
        yield made


CAUSES = {
    Cause.SENSOR_QUIET: "ok",
    Cause.UPSTREAM_ERROR: "network",
    Cause.LOGIN_REFUSED: "wrong-password",
    Cause.TERMS: "terms",
    Cause.NOT_SHARED: "no-connection",
    Cause.DATABASE_DOWN: "database-away",
    Cause.SCHEDULER_STUCK: None,
    Cause.PROCESS_DEAD: None,
}


@pytest.mark.parametrize("cause", CAUSES)
def test_no_data_is_raised_in_time_survives_a_restart_and_ends_with_a_reading(home: Home, cause: Cause) -> None:
    home.polled()
    home.reading(120, age_s=0)
    if cause is Cause.PROCESS_DEAD:
        home.made.lock.release()
    code = CAUSES[cause]
    home.passes(LIMIT_S - 10, code)
    assert home.holding == []
    home.passes(90, code)
    alarm = home.alarms[NO_DATA]
    assert (alarm.holds, alarm.raised_at, alarm.cause) == (True, T + LIMIT_S, cause)

    home.acknowledged(60)
    home.restart()
    if cause is Cause.PROCESS_DEAD:
        home.made.lock.release()
    home.passes(600, code or "ok")
    again = home.alarms[NO_DATA]
    assert again.raised_at == alarm.raised_at
    assert again.acknowledged_by == "Ann"
    assert home.loud == []
    home.passes(3600, code)
    assert home.loud == [NO_DATA]

    home.reading(120)
    home.passes(60)
    assert home.holding == []


def test_no_reading_ever_and_one_ahead_of_the_clock_are_raised_at_once(home: Home) -> None:
    home.polled()
    home.passes(90)
    assert home.alarms[NO_DATA].cause is Cause.NEVER
    home.reading(120)
    home.passes(60)
    assert home.holding == []
    home.reading(120, age_s=-3600)
    home.passes(90)
    assert home.alarms[NO_DATA].cause is Cause.FUTURE_DATED
    home.restart()
    home.passes(90)
    assert home.holding == [NO_DATA]


@pytest.mark.parametrize(
    ("mg_dl", "flag", "kinds"), [(62, Flag.NONE, [LOW]), (50, Flag.NONE, [URGENT, LOW]), (40, Flag.LO, [URGENT, LOW])]
)
@pytest.mark.parametrize("polls", ["ok", None])
def test_a_low_is_raised_within_90_seconds(
    home: Home, mg_dl: int, flag: Flag, kinds: list[AlarmKind], polls: str | None
) -> None:
    home.reading(120)
    home.passes(60, "ok")
    home.reading(mg_dl, age_s=0, flag=flag)
    home.passes(70, polls)
    assert home.holding == kinds
    before = home.alarms
    home.restart()
    home.passes(60, polls)
    assert {k: a.raised_at for k, a in home.alarms.items()} == {k: a.raised_at for k, a in before.items()}
    home.reading(120, age_s=0)
    home.passes(70, polls)
    assert home.holding == []


def test_a_low_that_silence_follows_is_told_on_also_after_a_restart(home: Home) -> None:
    home.reading(62)
    home.passes(60)
    home.acknowledged(30)
    home.passes(LIMIT_S + 60)
    home.restart()
    home.passes(4 * 3600)
    assert home.holding == [NO_DATA, LOW]
    assert home.loud == [NO_DATA, LOW]


def test_pages_tell_what_holds_while_nobody_writes_it_down_and_a_word_is_kept_then_too(home: Home) -> None:
    home.reading(120, age_s=0)
    home.now += LIMIT_S
    alarms = home.made.services.alarms(home.wearer)
    assert [one.kind for one in told(alarms) if one.is_loud(home.now)] == [NO_DATA]
    assert home.alarms == {}
    home.made.services.acknowledge(home.wearer, {NO_DATA: alarms[NO_DATA].raised_at}, 15, "Ann")
    home.passes(120)
    assert home.loud == []


def test_who_comes_from_a_file_is_not_looked_after(home: Home) -> None:
    person = home.made.services.store.people.create("Paper")
    home.made.services.store.sources.attach(person.id, "csv", "file-1")
    assert home.made.services.facts(person) is None
    assert home.made.services.alarms(person) == {}


def test_the_log_tells_that_something_began_and_no_value(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        home.reading(50)
        home.passes(60)
    said = "\n".join(caplog.messages)
    assert "raised=reading" in said
    assert "low" not in said
    assert "50" not in said.replace(f"pid={caplog.records[0].process}", "")


# --- the call to the world outside


def test_the_call_is_made_every_five_minutes_while_all_is_well(home: Home) -> None:
    for _ in range(20):
        home.reading(120)
        home.passes(60)
    gaps = [b - a for a, b in zip(home.beats, home.beats[1:], strict=False)]
    assert len(gaps) >= 2
    assert all(BEAT_S <= gap <= BEAT_S + EVERY_S for gap in gaps)
    status = home.made.watch_file.read()
    assert (status.beat, status.failed_at) == ("ok", None)


@pytest.mark.parametrize("code", ["wrong-password", "database-away", None])
def test_no_call_is_made_while_somebody_must_mend_something(home: Home, code: str | None) -> None:
    home.polled()
    home.reading(120)
    home.passes(300, code)
    home.beats.clear()
    home.reading(120)
    home.passes(600, code)
    assert home.beats == []


def test_a_disk_that_runs_full_ends_the_calls_and_room_on_it_begins_them_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [2**20]
    monkeypatch.setattr(folder, "room", lambda _: folder.Room(free[0], 2**40))
    home.reading(120)
    home.passes(600)
    assert home.beats == []
    free[0] = 2**39
    home.reading(120)
    home.passes(120)
    assert len(home.beats) == 1


def test_no_data_ends_the_calls_until_somebody_knows(home: Home) -> None:
    home.reading(120)
    home.passes(LIMIT_S + 60)
    home.beats.clear()
    home.passes(600)
    assert home.beats == []
    home.acknowledged(60)
    home.passes(600)
    assert len(home.beats) >= 1


def test_a_call_that_failed_is_made_again_and_told_without_its_address(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    home.failing = Refused("timeout")
    home.reading(120)
    home.passes(60)
    failed = home.made.watch_file.read()
    assert (failed.beat, failed.failure, failed.failed_at) == ("timeout", "timeout", home.now)
    home.failing = None
    home.passes(60)
    mended = home.made.watch_file.read()
    assert (mended.beat, mended.delivered_at, mended.failed_at) == ("ok", home.now, failed.failed_at)
    assert "hook" not in caplog.text


def test_the_demo_calls_nobody(tmp_path: Path) -> None:
    settings = Settings.from_env(
        {"CGM_DASH_DATA_DIR": str(tmp_path), "CGM_DASH_HEARTBEAT_URL": "https://hook.example/"}
    )
    made = compose(settings)
    assert made.services.demo
    assert alarm_watch(made)._beat is None
    made.services.store.close()


# --- the watch itself


class Nobody:
    def change(self, person_id: int, change: object) -> Alarms:
        raise AssertionError


def test_a_database_that_is_away_is_said_once_and_nothing_is_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def away() -> list[Person]:
        raise StoreUnavailable("away")

    file = WatchFile(tmp_path / "alarms.json")
    watch: AlarmWatch[Person] = AlarmWatch(
        people=away, facts=lambda _: None, kept=Nobody(), well=lambda: True, beat=None, file=file, now=lambda: 0.0
    )
    watch.look()
    watch.look()
    assert len(caplog.records) == 1
    assert file.read() == WatchStatus()


def test_only_the_process_that_polls_looks_and_a_defect_does_not_end_it() -> None:
    looks: list[float] = []
    clock = [0.0]

    def look() -> None:
        looks.append(clock[0])
        raise RuntimeError("defect")

    leads = [False]
    watch = Watch(look, lambda: leads[0], lambda: clock[0])
    watch.step()
    leads[0] = True
    for clock[0] in range(0, 130, 10):
        watch.step()
    assert looks == [0, 60, 120]


def test_the_thread_looks_soon_after_a_poll_and_stops() -> None:
    looked = threading.Semaphore(0)
    watch = Watch(lambda: looked.release(), lambda: True)
    both = Together(watch)
    both.start()
    watch.polled()
    assert looked.acquire(timeout=10)
    assert both.stop(10)


def test_a_status_that_cannot_be_read_is_an_empty_one(tmp_path: Path) -> None:
    file = WatchFile(tmp_path / "alarms.json")
    status = WatchStatus(1.0, "ok", 2.0, None, "")
    file.write(status)
    assert file.read() == status
    assert (tmp_path / "alarms.json").stat().st_mode & 0o777 == 0o600
    (tmp_path / "alarms.json").write_text("{")
    assert file.read() == WatchStatus()
