"""A clock that is set while the program runs: nothing lost, nothing wrong, no old value shown as current."""

from pathlib import Path

import pytest

from cgm_dash.current import current
from tests.soak.stage import DAY, HOUR, MINUTE, Stage

YEAR = 365 * DAY
STALE_S = 15 * MINUTE
STEPS = (-2 * MINUTE, -20 * MINUTE, -DAY, 3 * MINUTE, HOUR, 10 * YEAR)


@pytest.mark.parametrize("step", STEPS)
def test_a_step_and_the_step_back_lose_nothing_and_show_nothing_false(step: float, tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        (patient,) = stage.world.patients
        stage.tick()
        stage.run(5 * MINUTE)
        stage.step(step)
        polls = stage.server.count("connections")
        stage.run(12 * MINUTE, lambda: assert_nothing_false(stage))
        assert stage.server.count("connections") - polls >= 8, "polling must go on"
        stage.step(-step)
        stage.run(65 * MINUTE, lambda: assert_nothing_false(stage))
        assert stage.status.code == "ok"
        # The service's own series ends some 20 minutes ago, and is asked for twice an hour.
        settled = {row for row in stage.offered(patient) if row[1] < stage.now - 55 * MINUTE}
        assert settled <= set(stage.rows(patient))
        assert stage.wrong(patient) == set()
        shown = current(stage.made.services.recent(person(stage), stage.now), stage.now, int(STALE_S))
        assert shown.is_current


def person(stage: Stage):  # type: ignore[no-untyped-def]
    return stage.store.people.list()[0]


def assert_nothing_false(stage: Stage) -> None:
    """Hold that a value called current is the wearer's own of the last minutes, by the clock that is right."""
    services = stage.made.services
    shown = current(services.recent(person(stage), stage.now), stage.now, int(STALE_S))
    if shown.is_current and shown.measured_at is not None:
        assert -1 <= stage.true() - shown.measured_at <= STALE_S, (stage.true() - shown.measured_at, stage.skew)
