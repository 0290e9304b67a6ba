"""A sensor's life, at its edges."""

import pytest

from cgm_dash.batch import SensorSeen
from cgm_dash.sensor import DAY_S, Phase, sensor_state

START = 1_794_000_000
LIBRE = SensorSeen("x", "Libre 3", START, 60, 14)


@pytest.mark.parametrize(
    ("after_s", "phase", "day", "days_left"),
    [
        (0, Phase.WARMING, 1, 14),
        (3599, Phase.WARMING, 1, 13),
        (3600, Phase.RUNNING, 1, 13),
        (DAY_S - 1, Phase.RUNNING, 1, 13),
        (DAY_S, Phase.RUNNING, 2, 13),
        (13 * DAY_S - 1, Phase.RUNNING, 13, 1),
        (13 * DAY_S, Phase.ENDING, 14, 1),
        (13 * DAY_S + 1, Phase.ENDING, 14, 0),
        (14 * DAY_S - 1, Phase.ENDING, 14, 0),
        (14 * DAY_S, Phase.ENDED, 15, 0),
        (20 * DAY_S, Phase.ENDED, 21, 0),
    ],
)
def test_a_life_from_first_to_last_second(after_s: int, phase: Phase, day: int, days_left: int) -> None:
    state = sensor_state(LIBRE, START + after_s)
    assert (state.phase, state.day, state.days_left) == (phase, day, days_left)
    assert (state.started, state.ends) == (START, START + 14 * DAY_S)


def test_it_tells_when_the_first_values_come_only_while_it_warms_up() -> None:
    assert sensor_state(LIBRE, START + 18 * 60).warm_until == START + 3600
    assert sensor_state(LIBRE, START + 3600).warm_until is None


def test_a_value_that_is_true_now_proves_that_nothing_warms_up() -> None:
    state = sensor_state(LIBRE, START + 18 * 60, is_current=True)
    assert state.phase is Phase.RUNNING
    assert state.warm_until is None


@pytest.mark.parametrize("sensor", [None, SensorSeen("x"), SensorSeen("x", activated=START + 1, life_days=14)])
def test_what_is_not_told_is_not_known(sensor: SensorSeen | None) -> None:
    state = sensor_state(sensor, START)
    assert (state.phase, state.day, state.days_left, state.ends) == (Phase.UNKNOWN, None, None, None)


def test_a_sensor_without_a_length_of_life_runs_on() -> None:
    state = sensor_state(SensorSeen("x", activated=START), START + 40 * DAY_S)
    assert (state.phase, state.day, state.days_left) == (Phase.RUNNING, 41, None)
