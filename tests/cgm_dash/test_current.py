"""What may be called current."""

import pytest

from cgm_dash.batch import Columns
from cgm_dash.current import State, current, state_of
from cgm_dash.gate import FUTURE_SLACK_S
from cgm_dash.reading import Flag, Reading, Trend
from cgm_dash.series import EMPTY, Series, merge

T = 1_800_000_000


def series_of(*rows: Reading) -> Series:
    return merge([Columns.of(rows)])


@pytest.mark.parametrize(
    ("age", "state"), [(0, "fresh"), (359, "fresh"), (360, "late"), (899, "late"), (900, "stale"), (86_400, "stale")]
)
def test_freshness_is_a_matter_of_age(age: int, state: str) -> None:
    assert state_of(age, 900) == state


def test_a_fresh_reading_has_arrow_and_change() -> None:
    rows = [Reading(T - 300, 120), Reading(T, 125, trend=Trend.RISING)]
    now = current(series_of(*rows), T + 30, 900)
    assert (now.state, now.mg_dl, now.trend, now.change_mg_dl) == (State.FRESH, 125, Trend.RISING, 5)
    assert now.is_current


def test_a_stale_reading_has_neither() -> None:
    rows = [Reading(T - 300, 120), Reading(T, 125, trend=Trend.RISING)]
    now = current(series_of(*rows), T + 900, 900)
    assert (now.state, now.mg_dl, now.trend, now.change_mg_dl) == (State.STALE, 125, None, None)
    assert not now.is_current


def test_a_reading_from_the_future_is_passed_over() -> None:
    now = current(series_of(Reading(T, 125), Reading(T + 200, 300)), T + 30, 900)
    assert now.mg_dl == 125


@pytest.mark.parametrize(
    ("ahead_s", "state"), [(0, "fresh"), (FUTURE_SLACK_S, "fresh"), (FUTURE_SLACK_S + 1, "stale"), (86_400, "stale")]
)
def test_a_clock_that_is_behind_makes_nothing_pass_for_young(ahead_s: int, state: str) -> None:
    rows = [Reading(T - 300, 120), Reading(T, 125, trend=Trend.RISING), Reading(T + 30 + ahead_s, 60)]
    now = current(series_of(*rows), T + 30, 900)
    assert now.state is State(state)
    if state == "stale":
        assert (now.mg_dl, now.trend, now.change_mg_dl, now.is_current) == (125, None, None, False)


def test_no_reading_is_a_state_of_its_own() -> None:
    assert current(EMPTY, T, 900).state is State.NONE


def test_no_change_is_made_up_across_a_hole_or_from_a_clamp() -> None:
    assert current(series_of(Reading(T - 600, 120), Reading(T, 125)), T, 900).change_mg_dl is None
    assert current(series_of(Reading(T - 300, 120), Reading(T, 40, flag=Flag.LO)), T, 900).change_mg_dl is None
    assert current(series_of(Reading(T - 300, 40, flag=Flag.LO), Reading(T, 60)), T, 900).change_mg_dl is None
    assert current(series_of(Reading(T - 391, 120), Reading(T, 125)), T, 900).change_mg_dl is None
    assert current(series_of(Reading(T - 390, 120), Reading(T, 125)), T, 900).change_mg_dl == 5
