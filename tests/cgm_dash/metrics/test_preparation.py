"""Local days of any length, the five-minute grid, quantiles of histograms."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm_dash.batch import Columns
from cgm_dash.days import LocalDays
from cgm_dash.grid import Grid
from cgm_dash.metrics.histogram import BINS, by_bin, by_value
from cgm_dash.metrics.variability import modd
from cgm_dash.quantiles import quantiles
from cgm_dash.reading import Kind, Reading
from cgm_dash.series import EMPTY, Series, merge
from cgm_dash.zones import midnight

BERLIN = ZoneInfo("Europe/Berlin")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
DAY_LENGTHS = [
    (BERLIN, date(2026, 3, 29), 23),
    (BERLIN, date(2026, 10, 25), 25),
    (BERLIN, date(2026, 7, 1), 24),
    (LORD_HOWE, date(2026, 10, 4), 23.5),
    (LORD_HOWE, date(2026, 4, 5), 24.5),
]


def days_of(zone: ZoneInfo, first: date, count: int = 1) -> LocalDays:
    start = midnight(zone, first)
    return LocalDays.between(zone, start, midnight(zone, date.fromordinal(first.toordinal() + count)))


def series_of(rows: list[tuple[int, int]], period_s: int = 300) -> Series:
    return merge([Columns.of([Reading(ts, g, Kind.HISTORY, period_s=period_s) for ts, g in rows])])


@pytest.mark.parametrize(("zone", "day", "hours"), DAY_LENGTHS)
def test_a_day_is_as_long_as_its_zone_makes_it(zone: ZoneInfo, day: date, hours: float) -> None:
    days = days_of(zone, day)
    assert days.dates == (day,)
    assert days.seconds.tolist() == [3600 * hours]
    series = Series.every(300, [100] * 300, int(days.starts[0])).between(days.starts[0], days.starts[1])
    grid = Grid.of(series, days, int(days.starts[0]), int(days.starts[1]))
    assert len(grid) == 12 * hours
    assert grid.observed_days == hours / 24
    assert days.usable(series, 100).tolist() == [True]


def test_the_skipped_hour_is_missing_in_the_matrix_and_the_repeated_one_is_averaged() -> None:
    spring = days_of(BERLIN, date(2026, 3, 29))
    start, end = spring.starts.tolist()
    row = Grid.of(Series.every(300, [100] * 276, start), spring, start, end).matrix()[0]
    assert np.flatnonzero(np.isnan(row)).tolist() == list(range(24, 36))
    autumn = days_of(BERLIN, date(2026, 10, 25))
    start, end = autumn.starts.tolist()
    values = [100] * 36 + [200] * 264  # 02:00-03:00 once at 100, once at 200
    row = Grid.of(Series.every(300, values, start), autumn, start, end).matrix()[0]
    assert row[[23, 24, 35, 36]].tolist() == [100, 150, 150, 200]
    assert not np.isnan(row).any()


def test_one_pass_of_the_repeated_hour_is_enough_for_its_cell() -> None:
    autumn = days_of(BERLIN, date(2026, 10, 25))
    start, end = autumn.starts.tolist()
    second_pass = series_of([(start + 300 * i, 90) for i in range(36, 60)])
    row = Grid.of(second_pass, autumn, start, end).matrix()[0]
    assert row[24:47].tolist() == [90] * 23


def test_the_same_wall_clock_is_compared_across_a_clock_change() -> None:
    days = days_of(BERLIN, date(2026, 3, 28), 3)
    ts = np.arange(days.starts[0], days.starts[-1], 300)
    clock = days.local(ts)
    values = (100 + clock % 86_400 // 3600).tolist()  # the hour by the wall clock
    grid = Grid.of(Series.every(300, values, int(ts[0])), days, int(ts[0]), int(days.starts[-1]))
    assert modd(grid.matrix()) == 0


def test_both_passes_of_the_repeated_hour_fall_into_the_same_bins() -> None:
    days = days_of(BERLIN, date(2026, 10, 25))
    series = Series.every(900, [100] * 100, int(days.starts[0]))
    seconds = by_bin(series, days.wall_clock(series)).sum(axis=1)
    assert seconds[8:12].tolist() == [1800] * 4
    assert seconds.sum() == 90_000


def test_a_reading_is_told_by_its_own_offset_where_it_has_one() -> None:
    days = days_of(BERLIN, date(2026, 7, 1))
    noon = int(datetime(2026, 7, 1, 10, tzinfo=UTC).timestamp())
    rows = [Reading(noon, 100, offset_min=-240), Reading(noon + 60, 100)]
    clock = days.wall_clock(merge([Columns.of(rows)]))
    assert (clock % 86_400 // 3600).tolist() == [6, 12]


def test_a_day_without_readings_covers_nothing_and_is_never_used() -> None:
    days = LocalDays.between(UTC, 0, 4 * 86_400)
    series = series_of([(0, 100), (2 * 86_400, 100), (2 * 86_400 + 60, 100)])
    assert days.observed(series).tolist() == [300, 0, 360, 0]
    assert days.usable(series, 0).tolist() == [True, False, True, False]
    assert days.usable(series, 0.4).tolist() == [False, False, True, False]
    assert days.observed(EMPTY).tolist() == [0] * 4


def test_a_slot_between_near_readings_is_interpolated_and_between_far_ones_missing() -> None:
    days = LocalDays.between(UTC, 0, 86_400)
    near = Grid.of(series_of([(0, 100), (2700, 190)]), days, 0, 3000)
    assert near.v.tolist()[:4] == [100, 110, 120, 130]
    far = Grid.of(series_of([(0, 100), (3000, 190)]), days, 0, 3300)
    assert far.v[0] == 100
    assert far.v[10] == 190
    assert np.isnan(far.v[1:10]).all()


def test_nothing_is_extrapolated() -> None:
    grid = Grid.of(series_of([(650, 100), (1250, 112)]), LocalDays.between(UTC, 0, 3000), 0, 3000)
    assert np.isnan(grid.v[[0, 1, 2, 5, 6]]).all()
    assert grid.v[3:5].tolist() == [105, 111]


def test_slots_stand_on_the_wall_clocks_five_minutes() -> None:
    kathmandu = ZoneInfo("Asia/Kathmandu")  # 5 h 45 min
    grid = Grid.of(EMPTY, LocalDays.between(kathmandu, 1000, 9000), 1000, 9000)
    assert grid.start == 1200
    assert (grid.days.local(grid.ts) % 300 == 0).all()


rows = st.lists(st.tuples(st.integers(0, 12_000), st.integers(40, 400)), max_size=30, unique_by=lambda row: row[0])


@given(rows)
def test_the_grid_equals_its_definition_slot_by_slot(values: list[tuple[int, int]]) -> None:
    series = series_of(values)
    grid = Grid.of(series, LocalDays.between(UTC, 0, 12_000), 0, 12_000)
    ordered = sorted(values)
    for slot, v in zip(grid.ts.tolist(), grid.v.tolist(), strict=True):
        before = [row for row in ordered if row[0] <= slot]
        after = [row for row in ordered if row[0] >= slot]
        if before and after and (before[-1][0] == slot or after[0][0] - before[-1][0] <= 2700):
            (t0, g0), (t1, g1) = before[-1], after[0]
            assert v == pytest.approx(g0 + (g1 - g0) * (slot - t0) / max(1, t1 - t0))
        else:
            assert np.isnan(v)


def test_quantiles_of_known_values() -> None:
    ten = np.bincount([53, 54, 69, 70, 110, 140, 180, 181, 250, 251], minlength=601)
    percents = (5, 10, 25, 50, 75, 90, 95)
    counted = [53.45, 53.9, 69.25, 125, 180.75, 250.1, 250.55]
    assert quantiles(ten, percents).tolist() == pytest.approx(counted, abs=1e-9)
    timed = [53, 53.9, 69, 125, 181, 250.1, 251]
    assert quantiles(300 * ten, percents).tolist() == pytest.approx(timed, abs=1e-9)
    fourteen = np.bincount([92, 101, 88, 120, 135, 97, 110, 150, 143, 99, 105, 118, 127, 160], minlength=601)
    assert quantiles(fourteen, (5, 25, 50, 75, 95)).tolist() == pytest.approx([90.6, 99.5, 114, 133, 153.5])


def test_quantiles_fall_between_and_on_values_by_their_seconds() -> None:
    seconds = np.zeros(601, np.int64)
    seconds[[100, 200]] = 300
    assert quantiles(seconds, [25]).tolist() == [100]
    seconds[300] = 600
    assert quantiles(seconds, [50]).tolist() == [250]
    assert np.isnan(quantiles(np.zeros(601, np.int64), [50])).all()


@given(st.lists(st.integers(0, 600), min_size=1, max_size=50), st.integers(0, 100))
def test_quantiles_equal_numpys(values: list[int], percent: int) -> None:
    histogram = np.bincount(values, minlength=601)
    assert quantiles(histogram, [percent])[0] == pytest.approx(np.percentile(values, percent))
    rows = np.stack((np.zeros(601, np.int64), histogram, 2 * histogram))
    found = quantiles(rows, [percent])
    assert np.isnan(found[0, 0])
    assert found[1, 0] == pytest.approx(np.percentile(values, percent))
    assert found[2, 0] == pytest.approx(np.percentile(values * 2, percent))


@given(rows, st.integers(0, 12_000))
def test_histograms_of_parts_add_up(values: list[tuple[int, int]], cut: int) -> None:
    series = series_of(values)
    days = LocalDays.between(UTC, 0, 86_400)
    whole = by_value(series)
    parts = [series.between(0, cut), series.between(cut, 20_000)]
    assert (whole == sum(by_value(part) for part in parts)).all()
    assert (by_bin(series, days.wall_clock(series)).sum(axis=0) == whole).all()
    assert int(whole.sum()) == int(days.observed(series).sum())
    assert by_bin(series, days.wall_clock(series)).shape == (BINS, 601)
