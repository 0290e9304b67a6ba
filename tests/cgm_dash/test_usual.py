"""The usual band: what it rests on, where it lies on true elapsed time, also when clocks change."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm_dash.days import LocalDays
from cgm_dash.metrics.profile import Profile, profile
from cgm_dash.series import Series
from cgm_dash.usual import NOTHING, Usual, days_before, is_compared, usual_of
from cgm_dash.window import Window, dated, named
from cgm_dash.zones import local_date, midnight

BERLIN = ZoneInfo("Europe/Berlin")
ST_JOHNS = ZoneInfo("America/St_Johns")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
NOW = 1_795_354_320
"""2026-11-22 14:32 in Berlin."""


def by_quarter(days: int = 14) -> Profile:
    """Return a profile whose percentiles tell their quarter hour: 100, 200 ... plus its number."""
    curves = 100 * np.arange(1, 6)[:, None] + np.arange(96.0)
    return Profile(curves, np.full(96, days), days)


def plain(profile: Profile) -> Usual:
    """Return the band without smoothing, so that its values can be read by hand."""
    return Usual(profile.curves, profile.dates)


def quarters_of(zone: ZoneInfo, start: float, end: float) -> tuple[list[int], list[str]]:
    """Return the quarter hours of a placed band and the wall clock at its instants."""
    placed = plain(by_quarter()).placed(zone, start, end)
    clocks = [datetime.fromtimestamp(t, zone).strftime("%H:%M:%S") for t in placed.ts.tolist()]
    return (placed.inner[0] - 200).astype(int).tolist(), clocks


def test_it_rests_on_the_fourteen_days_before_today_and_never_on_today() -> None:
    window = days_before(NOW, BERLIN)
    assert window.end == midnight(BERLIN, date(2026, 11, 22))
    assert window.start == midnight(BERLIN, date(2026, 11, 8))
    just_after = midnight(BERLIN, date(2026, 11, 23))
    assert days_before(just_after, BERLIN).end == just_after
    assert days_before(just_after - 1, BERLIN) == window


def test_the_days_before_are_whole_across_a_clock_change() -> None:
    window = days_before(datetime(2026, 11, 1, 12, tzinfo=UTC).timestamp(), BERLIN)
    assert window.seconds == 14 * 86_400 + 3600
    assert local_date(BERLIN, window.start) == date(2026, 10, 18)


def test_usual_is_the_middle_half_of_each_quarter_hour() -> None:
    start = midnight(BERLIN, date(2026, 11, 8))
    days = LocalDays.between(BERLIN, start, start + 5 * 86_400)
    values = [v for v in (80, 100, 120, 140, 160) for _ in range(96)]
    usual = Usual.of(profile(Series.every(900, values, start), days))
    assert usual.dates == 5
    # five values, one for each day, each for 900 seconds: position 4499 * .25 lies in the second, .75 in the fourth
    assert usual.at(NOW, BERLIN) == (100.0, 140.0)


def test_four_days_are_not_enough_for_a_band() -> None:
    start = midnight(BERLIN, date(2026, 11, 8))
    days = LocalDays.between(BERLIN, start, start + 4 * 86_400)
    usual = Usual.of(profile(Series.every(900, [100] * 4 * 96, start), days))
    assert usual.dates == 4
    assert usual.at(NOW, BERLIN) is None
    assert not usual.placed(BERLIN, NOW - 3600, NOW)


def test_a_thin_quarter_hour_has_no_band_and_lends_nothing_to_its_neighbours() -> None:
    thin = by_quarter()
    thin.days[40] = 4
    thin.curves[:, 40] = 10_000
    usual = Usual.of(thin)
    assert np.isnan(usual.curves[:, 40]).all()
    assert (usual.curves[:, [38, 39, 41, 42]] < 1_000).all()
    assert usual.at(midnight(BERLIN, date(2026, 11, 22)) + 40 * 900 + 1, BERLIN) is None
    assert usual.at(midnight(BERLIN, date(2026, 11, 22)) + 41 * 900, BERLIN) is not None


def test_readings_of_today_do_not_count() -> None:
    start = midnight(BERLIN, date(2026, 11, 8))
    n = (NOW - start) // 900 + 1
    values = [100 if start + 900 * i < midnight(BERLIN, date(2026, 11, 22)) else 300 for i in range(n)]
    usual = usual_of(Series.every(900, values, start), NOW, BERLIN)
    assert usual.dates == 14
    assert usual.at(NOW, BERLIN) == (100.0, 100.0)


@pytest.mark.parametrize(
    ("window", "compared"),
    [
        (named("12h", NOW, BERLIN), True),
        (named("24h", NOW, BERLIN), True),
        (named("3d", NOW, BERLIN), False),
        (dated(date(2026, 11, 22), date(2026, 11, 22), NOW, BERLIN), True),
        (dated(date(2026, 11, 21), date(2026, 11, 21), NOW, BERLIN), False),
    ],
)
def test_only_the_hours_of_now_are_compared(window: Window, compared: bool) -> None:
    assert is_compared(window, NOW) is compared


def test_without_anything_known_nothing_is_usual() -> None:
    assert NOTHING.at(NOW, BERLIN) is None
    assert not NOTHING.placed(BERLIN, NOW - 3600, NOW)


def test_it_stands_in_the_middle_of_its_quarter_hours_and_covers_the_whole_window() -> None:
    start = midnight(BERLIN, date(2026, 11, 22))
    placed = plain(by_quarter()).placed(BERLIN, start + 3600, start + 7200)
    assert (placed.ts - start).tolist() == [3150 + 900 * i for i in range(6)]
    assert (placed.inner[0] - 200).tolist() == [3, 4, 5, 6, 7, 8]
    assert placed.outer[:, 1].tolist() == [104, 504]
    assert placed.inner[:, 1].tolist() == [204, 404]


def test_a_window_that_begins_between_quarter_hours_is_covered_too() -> None:
    start = midnight(BERLIN, date(2026, 11, 22)) + 137
    placed = plain(by_quarter()).placed(BERLIN, start, start + 10_800)
    assert placed.ts[0] <= start
    assert placed.ts[-1] >= start + 10_800


@pytest.mark.parametrize(
    ("zone", "change", "before", "after"),
    [
        # spring: 02:00 becomes 03:00
        (BERLIN, datetime(2026, 3, 29, 1, tzinfo=UTC), ["01:37:30", "01:52:30"], ["03:07:30", "03:22:30"]),
        (ST_JOHNS, datetime(2026, 3, 8, 5, 30, tzinfo=UTC), ["01:37:30", "01:52:30"], ["03:07:30", "03:22:30"]),
        # Lord Howe moves by half an hour: 02:00 becomes 02:30
        (LORD_HOWE, datetime(2026, 10, 3, 15, 30, tzinfo=UTC), ["01:37:30", "01:52:30"], ["02:37:30", "02:52:30"]),
        # autumn: 03:00 becomes 02:00, in Newfoundland 02:00 becomes 01:00, on Lord Howe 02:00 becomes 01:30
        (BERLIN, datetime(2026, 10, 25, 1, tzinfo=UTC), ["02:37:30", "02:52:30"], ["02:07:30", "02:22:30"]),
        (ST_JOHNS, datetime(2026, 11, 1, 4, 30, tzinfo=UTC), ["01:37:30", "01:52:30"], ["01:07:30", "01:22:30"]),
        (LORD_HOWE, datetime(2026, 4, 4, 15, tzinfo=UTC), ["01:37:30", "01:52:30"], ["01:37:30", "01:52:30"]),
    ],
)
def test_it_follows_the_wall_clock_over_a_change(
    zone: ZoneInfo, change: datetime, before: list[str], after: list[str]
) -> None:
    at = change.timestamp()
    quarters, clocks = quarters_of(zone, at - 900, at + 900)
    assert clocks == before + after
    for quarter, clock in zip(quarters, clocks, strict=True):
        assert quarter == int(clock[:2]) * 4 + int(clock[3:5]) // 15


@pytest.mark.parametrize(
    ("zone", "day", "quarters"),
    [
        (BERLIN, date(2026, 3, 29), 92),
        (BERLIN, date(2026, 10, 25), 100),
        (ST_JOHNS, date(2026, 3, 8), 92),
        (ST_JOHNS, date(2026, 11, 1), 100),
        (LORD_HOWE, date(2026, 10, 4), 94),
        (LORD_HOWE, date(2026, 4, 5), 98),
    ],
)
def test_a_day_of_any_length_has_all_its_quarter_hours(zone: ZoneInfo, day: date, quarters: int) -> None:
    start, end = midnight(zone, day), midnight(zone, date.fromordinal(day.toordinal() + 1))
    placed = plain(by_quarter()).placed(zone, start, end)
    inside = (placed.ts >= start) & (placed.ts < end)
    assert int(inside.sum()) == quarters
    assert (np.diff(placed.ts) == 900).all()


@given(
    st.sampled_from([BERLIN, ST_JOHNS, LORD_HOWE, ZoneInfo("Asia/Kathmandu"), ZoneInfo("Pacific/Apia")]),
    st.integers(1_735_689_600, 1_861_920_000),
    st.integers(600, 3 * 86_400),
)
def test_every_instant_of_a_window_has_the_band_of_its_own_quarter_hour(
    zone: ZoneInfo, start: int, length: int
) -> None:
    usual = plain(by_quarter())
    placed = usual.placed(zone, start, start + length)
    assert placed.ts[0] <= start <= start + length <= placed.ts[-1]
    assert (np.diff(placed.ts) == 900).all()
    for i in range(0, len(placed.ts), 7):
        assert usual.at(float(placed.ts[i]), zone) == (placed.inner[0, i], placed.inner[1, i])
