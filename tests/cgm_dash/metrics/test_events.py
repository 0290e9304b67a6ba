"""Meals, nights, agreement with fingersticks."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from cgm_dash.batch import Columns
from cgm_dash.days import LocalDays
from cgm_dash.grid import Grid
from cgm_dash.metrics.agreement import clarke_zones, mard, pairs
from cgm_dash.metrics.blocks import by_hour, by_part, by_weekday
from cgm_dash.metrics.episodes import episodes
from cgm_dash.metrics.meals import glucose_at, meal_response
from cgm_dash.metrics.nights import dawn, fasting, median_of, nightly_lows
from cgm_dash.metrics.profile import Profile, profile, smoothed
from cgm_dash.reading import Kind, Reading
from cgm_dash.series import EMPTY, Series, merge

MEAL = [98, 102, 100, 118, 150, 178, 190, 184, 170, 150, 132, 118, 108, 99, 96]
DAY_S = 86_400


def series_of(rows: list[tuple[int, int]], period_s: int = 300) -> Series:
    return merge([Columns.of([Reading(ts, g, Kind.HISTORY, period_s=period_s) for ts, g in rows])])


def test_response_to_a_known_meal() -> None:
    found = meal_response(Series.every(900, MEAL), 1800, min_coverage=0)
    assert found is not None
    assert (found.baseline, found.peak, found.delta, found.minutes) == (100, 190, 90, 60)
    assert found.recovery == pytest.approx(64.44444, abs=5e-6)
    assert (found.iauc_120, found.iauc_180) == pytest.approx((6840, 7463.33333), abs=5e-6)
    assert (found.at_1h, found.at_2h) == (190, 132)


def test_a_meal_moves_to_the_nearest_five_minutes() -> None:
    series = Series.every(900, MEAL)
    assert [meal_response(series, 1800 + s, 0) is not None for s in (-150, 149)] == [True, True]
    found = [meal_response(series, 1800 + s, 0) for s in (-151, -150, 149, 150)]
    assert [response and response.ts - 1800 for response in found] == [-300, 0, 0, 300]


def test_a_meal_without_the_readings_around_it_has_no_response() -> None:
    full = Series.every(900, [100, 100, *MEAL])
    assert meal_response(full, 3600) is not None
    assert meal_response(Series.every(900, MEAL), 1800) is None  # half an hour before it only
    assert meal_response(full.between(0, 3600 + 6300), 3600) is None
    assert meal_response(EMPTY, 1800, 0) is None


def test_the_area_counts_only_what_lies_above_the_meals_own_value() -> None:
    found = meal_response(Series.every(900, [100] * 5 + [80] * 12), 3600, 0)
    assert found is not None
    assert (found.iauc_120, found.delta) == (0, -20)


def test_glucose_between_far_readings_is_not_known() -> None:
    series = series_of([(0, 100), (2700, 190), (5401, 100)])
    assert glucose_at(series, [900, 2700, 2701, 5401, 6000, -1]) == [130, 190, None, 100, None, None]


def nights() -> tuple[Series, Grid]:
    values = np.full((3, 288), 120)
    values[0, 24], values[0, 71:] = 90, 115  # nadir at 02:00, 115 before six o'clock and on
    values[1, 10:14] = 60  # a low at night
    values[2, 60], values[2, 95] = 100, 160  # breakfast at 08:00, one slot after
    series = Series.every(300, values.ravel().tolist())
    return series, Grid.of(series, LocalDays.between(UTC, 0, 3 * DAY_S), 0, 3 * DAY_S)


def test_dawn_is_the_rise_from_the_nadir_to_breakfast() -> None:
    _, grid = nights()
    found = dawn(grid, grid.matrix(), episodes(grid).low_1, [2 * DAY_S + 8 * 3600, 2 * DAY_S + 9 * 3600])
    assert found.rises[[0, 2]].tolist() == [25, 60]
    assert np.isnan(found.rises[1])
    assert found.assumed.tolist() == [True, True, False]
    assert (found.median_rise, found.percent_of_days) == (42.5, 100)
    assert dawn(grid, grid.matrix(), episodes(grid).low_1, threshold=20).percent_of_days == 50


def test_dawn_of_nothing_is_none() -> None:
    grid = Grid.of(EMPTY, LocalDays.between(UTC, 0, DAY_S), 0, DAY_S)
    found = dawn(grid, grid.matrix(), episodes(grid).low_1)
    assert (found.median_rise, found.percent_of_days) == (None, None)


def test_fasting_and_nightly_lows() -> None:
    _, grid = nights()
    mean = [(120 * 23 + 115) / 24, 120, (120 * 23 + 100) / 24]
    assert fasting(grid, grid.matrix()).tolist() == pytest.approx(mean)
    lows = nightly_lows(grid, grid.matrix(), episodes(grid).low_1)
    assert lows == [0, 1, 0]
    assert median_of(lows) == 0


def test_a_night_without_values_has_no_count_of_lows() -> None:
    series = series_of([(DAY_S + 300 * i, 60) for i in range(10)])
    grid = Grid.of(series, LocalDays.between(UTC, 0, 2 * DAY_S), 0, 2 * DAY_S)
    assert nightly_lows(grid, grid.matrix(), episodes(grid).low_1) == [None, 1]
    assert np.isnan(fasting(grid, grid.matrix())).all()


@pytest.mark.parametrize(
    ("reference", "sensor", "zone"),
    [
        (100, 120, "A"),
        (100, 121, "B"),
        (60, 71, "A"),
        (60, 73, "D"),
        (65, 181, "E"),
        (200, 70, "E"),
        (150, 28, "C"),
        (150, 270, "C"),
        (250, 170, "D"),
        (300, 235, "B"),
    ],
)
def test_clarke_zones(reference: int, sensor: int, zone: str) -> None:
    assert clarke_zones([reference], [sensor]) == [zone]


def test_strips_pair_with_the_nearest_reading_within_five_minutes() -> None:
    series, strips = series_of([(0, 100), (600, 110), (2000, 150)]), series_of([(200, 120), (301, 90), (1400, 80)])
    reference, sensor = pairs(series, strips)
    assert (reference.tolist(), sensor.tolist()) == ([120, 90], [100, 110])
    assert mard(reference, sensor) == pytest.approx(100 * (20 / 120 + 20 / 90) / 2)
    assert mard(*pairs(EMPTY, strips)) is None
    assert [len(pairs(series, series_of([(at, 80)]))[0]) for at in (900, 901)] == [1, 0]


def test_profile_of_few_days_has_no_bands() -> None:
    values = [v for day in range(5) for v in [100 + 10 * day] * 96]
    series = Series.every(900, values[:-96])
    days = LocalDays.between(UTC, 0, 5 * DAY_S)
    found = profile(series, days)
    assert (found.dates, found.is_whole, bool(found.has_bands.any())) == (4, False, False)
    found = profile(Series.every(900, values), days, "count")
    assert (found.dates, found.is_whole, bool(found.has_bands.all())) == (5, True, True)
    assert found.curves[:, 7].tolist() == [102, 110, 120, 130, 138]


def test_bins_without_readings_are_gaps() -> None:
    found = profile(series_of([(900, 100), (950, 120)], 60), LocalDays.between(UTC, 0, DAY_S), "count")
    assert found.curves[2, :3].tolist()[1] == 110
    assert np.isnan(found.curves[:, [0, 2]]).all()
    assert found.days[:3].tolist() == [0, 1, 0]
    assert np.isnan(profile(EMPTY, LocalDays.between(UTC, 0, DAY_S)).curves).all()


def test_smoothing_wraps_at_midnight_and_keeps_gaps_and_order() -> None:
    one = np.zeros(96)
    one[0] = 9
    assert smoothed(one)[[94, 95, 0, 1, 2, 3]].tolist() == [1, 2, 3, 2, 1, 0]
    gap = np.full(96, 100.0)
    gap[40] = np.nan
    assert np.flatnonzero(np.isnan(smoothed(gap))).tolist() == [40]
    assert smoothed(gap)[41] == pytest.approx(100)
    curves = np.sort(np.random.default_rng(1).integers(40, 400, (5, 96)), axis=0).astype(np.float64)
    assert (np.diff(smoothed(curves), axis=0) >= 0).all()
    assert Profile.PERCENTS == (5, 25, 50, 75, 95)


def test_blocks_of_the_day_and_week_follow_the_wall_clock() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    start = int(datetime(2026, 3, 1, tzinfo=berlin).timestamp())  # a Sunday
    series = Series.every(3600, [60] * 6 + [200] * 18 + [100] * 24, start)
    clock = LocalDays.between(berlin, start, start + 2 * DAY_S).wall_clock(series)
    parts = by_part(series, clock)
    assert (parts["night"].level.mean, parts["night"].times.tbr) == (80, 50)
    assert parts["day"].level.mean == 150
    week = by_weekday(series, clock)
    assert (week["sunday"].level.n, week["monday"].level.mean, week["tuesday"].level.mean) == (24, 100, None)
    assert by_hour(series, clock)["06"].level.mean == 150
