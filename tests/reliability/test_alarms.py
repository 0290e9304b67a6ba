"""From what the service does to the alarm that is told: through client, poller, store and watch, with one clock."""

import logging
from pathlib import Path

import pytest

from app import alarm_watch
from cgm_dash.alarm import Alarm, AlarmKind, Cause
from ingestion.alarms import Watch
from tests.soak.stage import MINUTE, Stage

LIMIT_S = 15 * MINUTE
LATE_S = 90.0
NO_DATA = AlarmKind.NO_DATA

FAULTS = {
    Cause.SENSOR_QUIET: ("gm-repeats", "graph-empty"),
    Cause.UPSTREAM_ERROR: ("http-500",),
    Cause.LOGIN_REFUSED: ("http-401-once", "login-2"),
    Cause.TERMS: ("http-401-once", "step-tou"),
    Cause.NOT_SHARED: ("conn-empty",),
}


class Watched:
    """A stage whose alarms are looked after as by a process that polls."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.restart_watch()

    def restart_watch(self) -> None:
        """Look after them as a process does that has just begun."""
        self._watch = Watch(alarm_watch(self.stage.made).look, lambda: True, self.stage.clock)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.stage.run(seconds, self._watch.step)

    @property
    def alarm(self) -> Alarm | None:
        """What is stored of no data."""
        return self.stage.store.alarms.of_person(1).get(NO_DATA)

    def holds(self) -> bool:
        """Whether somebody is told of it."""
        return self.alarm is not None and self.alarm.holds

    @property
    def newest(self) -> int:
        """When the newest live reading was measured."""
        reading = self.stage.store.readings.newest(1)
        assert reading is not None
        return reading.ts


@pytest.mark.parametrize("cause", FAULTS)
def test_what_keeps_readings_away_is_told_once_in_time_by_its_cause_and_ends_with_a_reading(
    cause: Cause, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "ingestion.alarms")
    with Stage(tmp_path) as stage:
        stage.tick()
        home = Watched(stage)
        home.run(2 * MINUTE)
        for fault in FAULTS[cause]:
            stage.server.inject(fault)
        stale_at = home.newest + LIMIT_S
        home.run(stale_at - stage.now - 1)
        assert not home.holds()
        home.run(LATE_S)
        assert home.alarm is not None
        raised_at = home.alarm.raised_at
        assert (home.holds(), home.alarm.cause) == (True, cause)
        assert 0 <= raised_at - stale_at <= LATE_S
        stage.restart()
        home.restart_watch()
        home.run(10 * MINUTE)
        assert home.alarm.raised_at == raised_at
        assert home.holds()
        stage.server.clear()
        stage.client.ask_again()  # what a person does: a refused password is not tried again without them
        home.run(31 * MINUTE)
        assert not home.holds()
    told = [message.partition("raised=")[2] for message in caplog.messages if "raised=" in message]
    assert told == ["no-data"]
