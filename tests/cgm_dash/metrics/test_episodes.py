"""Episodes: known courses, the edges of every duration, and a plain loop over random ones."""

import math
from datetime import UTC

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cgm_dash.batch import Columns
from cgm_dash.days import LocalDays
from cgm_dash.grid import Grid
from cgm_dash.metrics.episodes import Episodes, episode_grid, episodes, low_episodes_lasting
from cgm_dash.reading import Kind, Reading
from cgm_dash.series import EMPTY, Series, merge


def found_in(series: Series, start: int = 0, end: int | None = None) -> Episodes:
    last = end or int(series.ts[-1] + series.period_s[-1])
    grid = Grid.of(series, LocalDays.between(UTC, start, last), start, last)
    return episodes(episode_grid(series, grid, start, last))


def of(values: list[int], step_s: int = 300) -> Episodes:
    return found_in(Series.every(step_s, values))


def of_slots(values: list[float], step_s: int = 300) -> Episodes:
    v = np.array(values, np.float64)
    return episodes(Grid(0, step_s, v, LocalDays.between(UTC, 0, max(1, step_s * len(v)))))


KNOWN = [75, 69, 68, 66, 71, 69, 65, 72, 73, 74, 80, 53, 52, 51, 55, 60, 71, 72, 73, 75]


def test_known_course() -> None:
    found = of(KNOWN)
    assert found.low_1.start.tolist() == [1, 11]
    assert found.low_1.slots.tolist() == [6, 5]
    assert found.low_1.minutes.tolist() == [30, 25]
    assert found.low_1.mean.tolist() == [68.0, 54.2]
    assert found.low_1.extreme.tolist() == [65, 51]
    assert (found.low_2.start.tolist(), found.low_2.slots.tolist(), found.low_2.mean.tolist()) == ([11], [3], [52.0])
    assert found.low_1_only.start.tolist() == [1]


def test_rates_are_over_observed_time() -> None:
    low_1 = of(KNOWN).low_1
    assert low_1.observed_days == 20 / 288
    assert low_1.per_day == pytest.approx(2 / (20 / 288))
    assert low_1.per_week == pytest.approx(14 / (20 / 288))
    assert (low_1.mean_minutes, low_1.total_minutes) == (27.5, 55)


def test_two_slots_below_are_no_episode() -> None:
    assert of([75, 69, 69, 75, 75, 75]).low_1.count == 0
    assert of([75, 69, 69, 69, 75, 75]).low_1.count == 1


@pytest.mark.parametrize(("slots", "count"), [(24, 0), (25, 1)])
def test_an_extended_low_lasts_more_than_two_hours(slots: int, count: int) -> None:
    assert of([100] * 3 + [69] * slots + [100] * 3).low_extended.count == count


@pytest.mark.parametrize(("first", "count"), [(260, 1), (240, 0)])
def test_an_extended_high_is_ninety_of_a_hundred_and_twenty_minutes(first: int, count: int) -> None:
    values = [150] * 40 + [260, 260, 260, 200] * 6 + [150] * 40
    values[40] = first
    found = of(values).high_extended
    assert found.count == count
    if count:
        assert (found.start.tolist(), found.slots.tolist()) == ([40], [24])


def test_an_extended_high_goes_on_until_180() -> None:
    found = of([260] * 24 + [200] * 30 + [180] * 3 + [150] * 10).high_extended
    assert (found.start.tolist(), found.slots.tolist()) == ([0], [54])


def test_no_extended_high_where_a_hole_shortens_its_two_hours() -> None:
    nan = math.nan
    assert of_slots([260] * 23 + [nan] * 2 + [260] * 10).high_extended.count == 0
    assert of_slots([260] * 24 + [nan] * 2 + [260] * 10).high_extended.count == 1
    assert of_slots([nan] * 2 + [240] * 3 + [260] * 18 + [240] * 3).high_extended.start.tolist() == [5]


@pytest.mark.parametrize(("minutes", "count"), [(14, 0), (15, 1)])
def test_minute_readings_are_looked_at_by_the_minute(minutes: int, count: int) -> None:
    assert of([100] * 20 + [69] * minutes + [100] * 20, 60).low_1.count == count


def test_one_quarter_hour_reading_is_an_episode() -> None:
    found = of([100, 69, 100, 100], 900).low_1
    assert (found.count, found.minutes.tolist()) == (1, [15])


def test_readings_every_ten_minutes_need_two() -> None:
    assert of([100, 69, 100, 100, 100], 600).low_1.count == 0
    assert of([100, 69, 69, 100, 100], 600).low_1.minutes.tolist() == [20]


def test_mixed_periods_are_looked_at_in_five_minutes_with_dense_readings_averaged() -> None:
    live = [Reading(60 * i, g) for i, g in enumerate([80, 60, 60, 60, 60] * 3 + [100] * 15)]
    history = [Reading(1800 + 900 * i, 110, Kind.HISTORY, period_s=900) for i in range(3)]
    found = found_in(merge([Columns.of(live), Columns.of(history)]))
    assert found.low_1.step_s == 300
    assert (found.low_1.slots.tolist(), found.low_1.mean.tolist()) == ([3], [64])


def test_a_hole_closes_an_episode_and_takes_the_unfinished_recovery() -> None:
    found = of_slots([100, 60, 60, 60, 75, 75, math.nan, 75, 60, 60, 60]).low_1
    assert (found.start.tolist(), found.slots.tolist()) == ([1, 8], [5, 3])


def test_starts_are_told_by_night_and_day() -> None:
    values = [100] * 288
    for at in (0, 71, 72, 200):
        values[at : at + 3] = [60] * 3
    values[74:80] = [100] * 6
    found = of([*values, *[100] * 288]).low_1
    assert (found.ts // 300 % 288).tolist() == [0, 71, 200]
    assert found.night.tolist() == [True, True, False]


def test_high_levels() -> None:
    found = of([150] + [181] * 4 + [251] * 3 + [250] * 3 + [180] * 3)
    assert (found.high_1.start.tolist(), found.high_1.slots.tolist()) == ([1], [10])
    assert (found.high_2.start.tolist(), found.high_2.slots.tolist()) == ([5], [3])
    assert found.high_1.extreme.tolist() == [251]
    assert of([180] * 10).high_1.count == 0
    assert of([250] * 10).high_2.count == 0


def test_nothing_observed_has_no_rate() -> None:
    found = found_in(EMPTY, 0, 3600)
    assert [e.count for e in found] == [0] * 7
    assert (found.low_1.per_week, found.low_1.mean_minutes) == (None, None)


Span = tuple[int, int]


def plain(inside: list[bool | None], to_open: int, to_close: int) -> list[Span]:
    """Return the episodes by going from slot to slot. None: missing."""
    spans, start, i = [], None, 0
    while i < len(inside):
        if start is None:
            if len(inside[i : i + to_open]) == to_open and all(inside[i : i + to_open]):
                start = i
        elif inside[i] is None or inside[i : i + to_close] == [False] * to_close:
            spans.append((start, i - start))
            start = None
        i += 1
    return [*spans, (start, len(inside) - start)] if start is not None else spans


def plain_extended_high(v: list[float]) -> list[Span]:
    outside = [None if math.isnan(g) else not g > 180 for g in v]
    spans, i = [], 0
    while i + 24 <= len(v):
        window = v[i : i + 24]
        if any(math.isnan(g) for g in window) or sum(g > 250 for g in window) < 18:
            i += 1
            continue
        start = i + next(k for k, g in enumerate(window) if g > 250)
        end = next((k for k in range(start, len(v)) if outside[k] is None or outside[k : k + 3] == [True] * 3), len(v))
        spans.append((start, end - start))
        i = end
    return spans


courses = st.lists(
    st.tuples(
        st.sampled_from([50.0, 54.0, 65.0, 70.0, 100.0, 180.0, 200.0, 250.0, 260.0, math.nan]), st.integers(1, 8)
    ),
    max_size=40,
).map(lambda runs: [g for g, n in runs for _ in range(n)])
highs = st.lists(
    st.tuples(st.sampled_from([170.0, 240.0, 260.0, 260.0, math.nan]), st.integers(1, 9)), max_size=40
).map(lambda runs: [g for g, n in runs for _ in range(n)])


@given(courses)
def test_episodes_equal_a_plain_loop(v: list[float]) -> None:
    found = of_slots(v)

    def beyond(limit: float, low: bool) -> list[bool | None]:
        return [None if math.isnan(g) else (g < limit if low else g > limit) for g in v]

    spans = [list(zip(e.start.tolist(), e.slots.tolist(), strict=True)) for e in found]
    level_1, level_2 = plain(beyond(70, True), 3, 3), plain(beyond(54, True), 3, 3)
    assert spans[0] == level_1
    assert spans[1] == level_2
    alone = [(a, n) for a, n in level_1 if not any(a < b + m and b < a + n for b, m in level_2)]
    assert spans[2] == alone
    assert spans[3] == plain(beyond(70, True), 25, 3)
    assert spans[4] == plain(beyond(180, False), 3, 3)
    assert spans[5] == plain(beyond(250, False), 3, 3)


@given(highs)
@example([170, 260, *[170] * 4, *[260] * 18])  # no second window of two hours lies behind the end of the first
def test_extended_highs_equal_a_plain_loop(v: list[float]) -> None:
    found = of_slots(v).high_extended
    assert list(zip(found.start.tolist(), found.slots.tolist(), strict=True)) == plain_extended_high(v)


def test_lows_by_other_durations() -> None:
    grid = Grid(0, 300, np.array([100] * 3 + [60] * 4 + [100] * 5 + [60] * 3 + [100] * 6, float), _DAY)
    level_2, level_1 = low_episodes_lasting(grid, 20, 30)
    assert (level_2.tolist(), level_1.tolist()) == ([], [3])


_DAY = LocalDays.between(UTC, 0, 86_400)
