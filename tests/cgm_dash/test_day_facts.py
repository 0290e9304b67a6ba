"""What is told of single days: the figures are those of all_metrics for that day, on days of every length."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgm_dash.batch import Columns
from cgm_dash.day_facts import DayFacts, facts_of_days
from cgm_dash.days import LocalDays
from cgm_dash.metrics.summary import all_metrics
from cgm_dash.reading import Flag, Kind, Reading
from cgm_dash.series import EMPTY, Series, merge
from cgm_dash.units import Band, Targets
from cgm_dash.window import DATES, Window
from cgm_dash.zones import midnight

BERLIN = ZoneInfo("Europe/Berlin")
CHANGES = [
    ("Europe/Berlin", date(2026, 3, 29), 23.0),
    ("Europe/Berlin", date(2026, 10, 25), 25.0),
    ("America/St_Johns", date(2026, 3, 8), 23.0),
    ("America/St_Johns", date(2026, 11, 1), 25.0),
    ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
    ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
]


def facts(series: Series, zone: ZoneInfo, first: date, last: date, now: float | None = None) -> tuple[DayFacts, ...]:
    start, end = midnight(zone, first), midnight(zone, last + timedelta(days=1))
    return facts_of_days(series, LocalDays.between(zone, start, end), float(end) if now is None else now)


def assert_as_all_metrics(told: DayFacts, series: Series, zone: ZoneInfo) -> None:
    figures = all_metrics(series, Window(DATES, told.start, told.until, 1), zone)
    shown = {
        "tbr2_percent": told.times.percent(Band.VERY_LOW),
        "tbr_percent": told.times.tbr,
        "tir_percent": told.times.tir,
        "tar_percent": told.times.tar,
        "tar2_percent": told.times.percent(Band.VERY_HIGH),
        "mean_mg_dl": told.level.mean,
        "cv_percent": told.level.cv,
        "n": told.level.n,
        "active_percent": told.coverage.percent,
        "min_mg_dl": told.lowest and told.lowest.mg_dl,
        "max_mg_dl": told.highest and told.highest.mg_dl,
    }
    assert shown == {name: figures[name] for name in shown}
    for name, count, low in (("low_1", told.lows, True), ("high_1", told.highs, False)):
        minutes = sum(s.end - s.start for s in told.spells if s.low is low) / 60
        assert (count, minutes) == (figures["episodes"][name]["count"], figures["episodes"][name]["total_minutes"])


@pytest.mark.parametrize(("name", "day", "hours"), CHANGES)
def test_a_day_of_a_clock_change_has_its_own_length_and_the_figures_of_all_metrics(
    name: str, day: date, hours: float
) -> None:
    zone = ZoneInfo(name)
    start = midnight(zone, day - timedelta(days=1))
    values = [100 + 90 * ((i // 40) % 3 - 1) for i in range(3 * 288)]
    series = Series.every(300, [max(v, 45) for v in values], start)
    told = facts(series, zone, day - timedelta(days=1), day + timedelta(days=1))
    assert [t.day for t in told] == [day - timedelta(days=1), day, day + timedelta(days=1)]
    assert (told[1].end - told[1].start) / 3600 == hours
    assert told[1].level.n == hours * 12
    assert told[1].lows > 0
    assert told[1].highs > 0
    for each in told:
        assert_as_all_metrics(each, series, zone)


def test_today_is_judged_up_to_now_and_days_ahead_are_left_out() -> None:
    start = midnight(BERLIN, date(2026, 11, 21))
    series = Series.every(300, [100] * 600, start)
    now = start + 86_400 + 6 * 3600
    told = facts(series, BERLIN, date(2026, 11, 21), date(2026, 11, 24), float(now))
    assert [t.day.day for t in told] == [21, 22]
    assert told[1].until == now + 1
    assert told[1].level.n == 73
    assert told[1].coverage.percent == 100
    assert_as_all_metrics(told[1], series, BERLIN)


def test_a_day_without_readings_says_so() -> None:
    told = facts(EMPTY, BERLIN, date(2026, 11, 21), date(2026, 11, 21))
    assert (told[0].level.mean, told[0].times.tir, told[0].lowest, told[0].spells) == (None, None, None, ())
    assert told[0].coverage.percent == 0


def test_a_low_across_midnight_belongs_to_both_days_with_its_own_part() -> None:
    start = midnight(BERLIN, date(2026, 11, 21))
    values = [100] * 282 + [65] * 6 + [60] * 12 + [100] * 276
    told = facts(Series.every(300, values, start), BERLIN, date(2026, 11, 21), date(2026, 11, 22))
    first, second = told[0].spells[0], told[1].spells[0]
    assert (first.end, first.end - first.start, first.mg_dl) == (told[0].end, 1800, 65)
    assert (second.start, second.end - second.start, second.mg_dl) == (told[1].start, 3600, 60)


def test_a_low_is_very_low_only_where_it_stays_below_54_for_a_quarter_hour() -> None:
    start = midnight(BERLIN, date(2026, 11, 21))
    values = [100] * 10 + [60, 53, 53, 60] + [100] * 10 + [60, 53, 53, 52, 60] + [100] * 10
    spells = facts(Series.every(300, values, start), BERLIN, date(2026, 11, 21), date(2026, 11, 21))[0].spells
    assert [(s.band, s.mg_dl) for s in spells] == [(Band.LOW, 53), (Band.VERY_LOW, 52)]


def test_lo_is_lower_and_hi_higher_than_any_number() -> None:
    start = midnight(BERLIN, date(2026, 11, 21))
    series = Series.every(300, [39, 40, 41, 400, 500], start)
    series.flag[1], series.flag[3] = Flag.LO, Flag.HI
    told = facts(series, BERLIN, date(2026, 11, 21), date(2026, 11, 21))[0]
    assert told.lowest is not None
    assert told.highest is not None
    assert (told.lowest.flag, told.lowest.mg_dl, told.lowest.ts) == (Flag.LO, 40, start + 300)
    assert (told.highest.flag, told.highest.mg_dl) == (Flag.HI, 400)


def test_lo_and_hi_lie_outside_of_every_limit() -> None:
    start = midnight(BERLIN, date(2026, 11, 21))
    series = Series.every(300, [60, 100, 200, 200], start)
    series.flag[0], series.flag[3] = Flag.LO, Flag.HI
    told = facts(series, BERLIN, date(2026, 11, 21), date(2026, 11, 21))[0]
    assert [told.times.percent(band) for band in Band] == [25, 0, 25, 25, 25]


def test_bands_follow_the_wearers_limits_and_spells_the_consensus() -> None:
    start = midnight(BERLIN, date(2026, 11, 21))
    series = Series.every(300, [65] * 288, start)
    days = LocalDays.between(BERLIN, start, start + 1)
    told = facts_of_days(series, days, start + 1e6, Targets(50, 60, 140, 200))[0]
    assert (told.times.tir, told.lows) == (100, 1)


def record(seed: int, periods: Sequence[int]) -> Series:
    """Return three days of blocks with periods, gaps and values of their own."""
    start = midnight(BERLIN, date(2026, 10, 24))
    rng = np.random.default_rng(seed)
    rows, at = [], start + int(rng.integers(0, 4000))
    while at < start + 3 * 86_400 + 3600:
        period, level = int(rng.choice(periods)), float(rng.choice((50, 66, 72, 120, 178, 200, 260)))
        for _i in range(int(rng.integers(1, 120))):
            mg_dl = int(np.clip(level + rng.normal(0, 4), 45, 261))
            flag = Flag.LO if mg_dl == 45 else Flag.HI if mg_dl == 261 else Flag.NONE
            rows.append(Reading(at, mg_dl, Kind.LIVE if period == 60 else Kind.HISTORY, flag, period_s=period))
            at += period + int(rng.choice((0, 0, 0, 7)))
        at += int(rng.choice((0, 300, 2000, 9000, 40_000)))
    return merge([Columns.of(rows)])


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.sampled_from((60, 120, 300, 600, 900)), min_size=1, max_size=5),
    st.integers(0, 100 * 3600),
)
def test_whatever_the_readings_each_day_has_the_figures_of_all_metrics(
    seed: int, periods: list[int], before: int
) -> None:
    series = record(seed, periods)
    now = float(midnight(BERLIN, date(2026, 10, 27)) - before)
    told = facts(series, BERLIN, date(2026, 10, 24), date(2026, 10, 26), now)
    for each in told:
        assert_as_all_metrics(each, series, BERLIN)
        for spell in each.spells:
            assert each.start <= spell.start < spell.end <= each.until + 900


def test_ninety_days_of_minutes_are_told_in_little_time_and_match_day_by_day() -> None:
    end = midnight(BERLIN, date(2026, 11, 22))
    start = midnight(BERLIN, date(2026, 8, 24))
    i = np.arange((end - start) // 60)
    values = np.clip(140 + 60 * np.sin(i / 300) + 50 * np.sin(i / 77), 40, 400).astype(int).tolist()
    series = Series.every(60, values, start)
    told = facts(series, BERLIN, date(2026, 8, 24), date(2026, 11, 21))
    assert len(told) == 90
    assert sum(t.lows for t in told) > 50
    local = {datetime.fromtimestamp(t.start, BERLIN).hour for t in told}
    assert local == {0}
    for each in told[::11]:
        assert_as_all_metrics(each, series, BERLIN)
