"""Days, weeks and months one by one: the same figures as from the readings of each, whatever the clock does."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgm_dash.day_numbers import DayNumbers
from cgm_dash.day_summary import NO_DAYS, DayTotals
from cgm_dash.metrics.coverage import coverage
from cgm_dash.metrics.level import level
from cgm_dash.metrics.periods import Length, periods
from cgm_dash.metrics.ranges import time_in_ranges
from cgm_dash.reading import Flag
from cgm_dash.series import Series
from cgm_dash.units import ADULT, Band, Targets
from cgm_dash.window import Window
from cgm_dash.zones import midnight

BERLIN = ZoneInfo("Europe/Berlin")
DAY_S = 86_400


def totals_of(series: Series, zone: ZoneInfo, start: int, end: int) -> DayTotals:
    part, numbers = series.between(start, end), DayNumbers(zone)
    if not len(part):
        return NO_DAYS
    owner = np.array([numbers.of(ts) for ts in part.ts.tolist()], np.int64)
    days = np.unique(owner)
    totals = DayTotals.of(part, days, numbers.bounds(days.tolist()))
    return replace(totals, bounds=np.clip(totals.bounds, start, end))


def at(day: date, zone: ZoneInfo = BERLIN) -> int:
    return midnight(zone, day)


def test_week_of_the_clock_change_is_an_hour_shorter() -> None:
    start, end = at(date(2026, 3, 23)), at(date(2026, 4, 6))
    series = Series.every(900, [100] * ((end - start) // 900), start)
    found = periods(totals_of(series, BERLIN, start, end), "week", BERLIN, start, end, ADULT)
    assert found.first == (date(2026, 3, 23), date(2026, 3, 30))
    assert found.last == (date(2026, 3, 29), date(2026, 4, 5))
    assert found.seconds.tolist() == [7 * DAY_S - 3600, 7 * DAY_S]
    assert found.coverage.tolist() == [100.0, 100.0]
    assert found.days.tolist() == [7, 7]
    assert found.partial.tolist() == [False, False]


def test_periods_at_the_ends_are_cut_and_say_so() -> None:
    start, end = at(date(2026, 10, 24)), at(date(2026, 11, 22)) + 6 * 3600
    series = Series.every(300, [90] * (6 * 12), at(date(2026, 11, 22)))
    totals = totals_of(series, BERLIN, start, end)
    weeks = periods(totals, "week", BERLIN, start, end, ADULT)
    assert weeks.partial.tolist() == [True, False, False, False, True]
    assert weeks.seconds[0] == 2 * DAY_S + 3600  # Saturday, and the Sunday of 25 hours
    assert weeks.coverage[-1] == pytest.approx(100 * 6 / (6 * 24 + 6))
    days = periods(totals, "day", BERLIN, start, end, ADULT)
    assert len(days) == 30
    assert days.seconds[1] == 25 * 3600
    assert days.coverage[-1] == 100
    assert days.partial.tolist() == [False] * 29 + [True]
    months = periods(totals, "month", BERLIN, start, end, ADULT)
    assert months.first == (date(2026, 10, 1), date(2026, 11, 1))
    assert months.partial.tolist() == [True, True]
    assert months.n.tolist() == [0, 72]


def test_week_across_new_year_is_one_week() -> None:
    start, end = at(date(2026, 12, 29)), at(date(2027, 1, 2))
    weeks = periods(NO_DAYS, "week", BERLIN, start, end, ADULT)
    assert (weeks.first, weeks.last) == ((date(2026, 12, 28),), (date(2027, 1, 3),))
    assert len(periods(NO_DAYS, "month", BERLIN, start, end, ADULT)) == 2


def test_figures_of_three_readings_by_hand() -> None:
    start = at(date(2026, 11, 2))
    series = Series.every(3600, [60, 100, 200], start)
    found = periods(totals_of(series, BERLIN, start, start + DAY_S), "day", BERLIN, start, start + DAY_S, ADULT)
    assert found.mean.tolist() == [120.0]
    assert found.sd.tolist() == [pytest.approx(5200**0.5)]  # (60^2 + 20^2 + 80^2) / 2
    assert found.cv.tolist() == [pytest.approx(100 * 5200**0.5 / 120)]
    assert found.gmi.tolist() == [pytest.approx(3.31 + 0.02392 * 120)]
    assert found.percent(Band.LOW).tolist() == [pytest.approx(100 / 3)]
    assert found.coverage.tolist() == [pytest.approx(12.5)]
    assert found.covered.tolist() == [False]


def test_nothing_is_nan_and_one_reading_has_no_spread() -> None:
    start = at(date(2026, 11, 2))
    series = Series.every(300, [100], start)
    found = periods(totals_of(series, BERLIN, start, start + 2 * DAY_S), "day", BERLIN, start, start + 2 * DAY_S, ADULT)
    assert found.mean[0] == 100
    assert np.isnan([found.sd[0], found.cv[0], found.mean[1], found.gmi[1], found.percent(Band.TARGET)[1]]).all()
    assert found.coverage[1] == 0
    assert len(periods(NO_DAYS, "week", BERLIN, start, start, ADULT)) == 0
    assert found.since(1).first == (date(2026, 11, 3),)
    assert np.isnan(found.since(1).mean[0])


def test_lo_and_hi_lie_outside_whatever_limit_is_chosen() -> None:
    start = at(date(2026, 11, 2))
    series = Series.every(300, [40, 40, 120, 400, 400], start)
    series.flag[[0, 3]] = [Flag.LO, Flag.HI]
    wide = Targets(40, 70, 180, 400)
    found = periods(totals_of(series, BERLIN, start, start + DAY_S), "day", BERLIN, start, start + DAY_S, wide)
    assert found.bands[:, 0].tolist() == [300, 300, 300, 300, 300]


ROWS = st.lists(
    st.tuples(st.integers(60, 4 * DAY_S), st.integers(40, 400), st.integers(-1, 1), st.sampled_from((60, 300, 900))),
    min_size=1,
    max_size=60,
)


@settings(deadline=None)
@given(
    ROWS,
    st.sampled_from(("Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia")),
    st.sampled_from(("day", "week", "month")),
    st.integers(0, 40 * DAY_S),
    st.integers(1, 80 * DAY_S),
)
def test_each_period_is_what_its_readings_give(
    rows: list[tuple[int, int, int, int]], name: str, length: Length, start: int, span: int
) -> None:
    zone, origin = ZoneInfo(name), int(datetime(2011, 12, 1, tzinfo=UTC).timestamp())
    plain = Series.every(1, [row[1] for row in rows])
    period = np.array([row[3] for row in rows], np.int32)
    seconds = np.minimum(period, np.append(np.array([row[0] for row in rows[1:]], np.int32), period[-1:]))
    ts = origin + np.cumsum([row[0] for row in rows]).astype(np.int64)
    series = replace(plain, ts=ts, flag=np.array([row[2] for row in rows], np.int8), period_s=period, seconds=seconds)
    start, end = origin + start, origin + start + span
    targets = Targets(54, 70, 160, 399)
    found = periods(totals_of(series, zone, start, end), length, zone, start, end, targets)
    assert int(found.n.sum()) == len(series.between(start, end))
    assert found.seconds.sum() == end - start
    for i in range(len(found)):
        low, high = at(found.first[i], zone), at(found.last[i] + timedelta(days=1), zone)
        assert bool(found.partial[i]) == (low < start or high > end)
        window = Window("", max(low, start), min(high, end), 1)
        part = series.between(window.start, window.end)
        assert found.bands[:, i].tolist() == list(time_in_ranges(part, targets).seconds)
        expected = level(part)
        share = coverage(part, window).percent
        for value, wanted in (
            (found.mean[i], expected.mean),
            (found.sd[i], expected.sd),
            (found.cv[i], expected.cv),
            (found.gmi[i], expected.gmi),
            (found.coverage[i], share),
        ):
            assert np.isnan(value) if wanted is None else value == pytest.approx(wanted)
