"""What needs attention: which, how serious, with which times and numbers."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm_dash.attention import MOST, Item, Kind, Known, attention, gaps_of
from cgm_dash.batch import SensorSeen
from cgm_dash.current import current
from cgm_dash.metrics.coverage import Coverage
from cgm_dash.metrics.ranges import PREGNANCY
from cgm_dash.reading import Flag
from cgm_dash.sensor import sensor_state
from cgm_dash.series import Series
from cgm_dash.trouble import trouble
from cgm_dash.zones import midnight

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = date(2026, 11, 22)
MIDNIGHT = midnight(BERLIN, TODAY)


def at(clock: str, days_ago: int = 0, zone: ZoneInfo = BERLIN, today: date = TODAY) -> int:
    """Return an instant by the wearer's clock."""
    day = date.fromordinal(today.toordinal() - days_ago)
    return int(datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=zone).timestamp())


NOW = at("14:32")


def flat(now: int = NOW, days: int = 8, mg_dl: int = 110) -> Series:
    """Return minutes of one value up to *now*."""
    return Series.every(60, [mg_dl] * (days * 1440), now - 60 * (days * 1440 - 1))


def put(series: Series, start: int, end: int, *mg_dl: int) -> Series:
    """Write values over [start, end), spread evenly."""
    where = (series.ts >= start) & (series.ts < end)
    series.mg_dl[where] = np.array(mg_dl)[np.arange(where.sum()) * len(mg_dl) // max(int(where.sum()), 1)]
    return series


def without(series: Series, start: int, end: int) -> Series:
    keep = (series.ts < start) | (series.ts >= end)
    return Series(*(getattr(series, name)[keep] for name in Series.__slots__))


def look(series: Series, now: int = NOW, **more: Any) -> tuple[Item, ...]:
    given_: dict[str, Any] = {"sensor": sensor_state(None, now), "zone": BERLIN, **more}
    return attention(Known(series=series, current=current(series, now, 900), now=now, **given_))


def kinds(items: tuple[Item, ...]) -> list[Kind]:
    return [item.kind for item in items]


def test_an_even_day_needs_nothing() -> None:
    assert look(flat()) == ()


# --- lows


def test_a_low_of_the_night_has_its_times_and_its_lowest() -> None:
    series = put(flat(), at("03:25"), at("06:00"), 65, 60, 48, 62)
    (item,) = look(series)
    assert (item.kind, item.start, item.end, item.seconds) == (Kind.LOW_NIGHT, at("03:25"), at("06:00"), 155 * 60)
    assert (item.count, item.mg_dl, item.flag, item.nights) == (1, 48, Flag.NONE, 1)
    assert item.at is not None
    assert series.mg_dl[np.searchsorted(series.ts, item.at)] == 48


def test_fourteen_minutes_are_no_episode_and_fifteen_are() -> None:
    assert look(put(flat(), at("09:00"), at("09:14"), 60)) == ()
    assert kinds(look(put(flat(), at("09:00"), at("09:15"), 60))) == [Kind.LOW_DAY]


def test_lows_of_one_night_are_one_item_and_those_of_the_day_another() -> None:
    series = put(flat(), at("01:00"), at("01:30"), 66)
    put(series, at("04:00"), at("04:20"), 58)
    put(series, at("11:00"), at("11:20"), 50)
    night, day = look(series)
    assert (night.kind, night.count, night.seconds, night.mg_dl) == (Kind.LOW_NIGHT, 2, 50 * 60, 58)
    assert (night.start, night.end) == (at("01:00"), at("04:20"))
    assert (day.kind, day.count, day.mg_dl) == (Kind.LOW_DAY, 1, 50)


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        (at("21:30", 1), at("21:50", 1), []),
        (at("21:59", 1), at("22:30", 1), []),
        (at("22:00", 1), at("22:30", 1), [Kind.LOW_NIGHT]),
        (at("21:30", 1), at("00:15"), [Kind.LOW_NIGHT]),
        (at("05:59"), at("06:30"), [Kind.LOW_NIGHT]),
        (at("06:00"), at("06:30"), [Kind.LOW_DAY]),
    ],
)
def test_the_night_begins_two_hours_before_midnight_and_ends_at_six(start: int, end: int, found: list[Kind]) -> None:
    assert kinds(look(put(flat(), start, end, 60))) == found


def test_nights_in_a_row_are_counted_back_from_this_one() -> None:
    series = put(flat(), at("03:00"), at("03:30"), 60)
    put(series, at("23:30", 2), at("23:50", 2), 60)
    put(series, at("02:00", 2), at("02:30", 2), 60)
    put(series, at("02:00", 4), at("02:30", 4), 60)
    (item,) = look(series)
    assert item.nights == 3


def test_a_night_of_a_clock_change_is_a_night() -> None:
    today = date(2026, 10, 25)
    now = at("09:00", today=today)
    series = flat(now)
    start = int(datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=BERLIN).timestamp())
    (item,) = look(put(series, start, start + 1800, 55), now)
    assert (item.kind, item.start, item.seconds) == (Kind.LOW_NIGHT, start, 1800)


def test_a_low_that_lasts_is_told_first_and_has_no_end() -> None:
    series = put(flat(), at("14:00"), NOW + 60, 68, 61)
    put(series, at("10:00"), at("10:30"), 60)
    first, second = look(series)
    assert (first.kind, first.start, first.end, first.mg_dl) == (Kind.LOW_NOW, at("14:00"), None, 61)
    assert second.kind == Kind.LOW_DAY


def test_lo_is_the_lowest_there_is_and_says_so() -> None:
    series = put(flat(), at("03:00"), at("03:30"), 40)
    series.flag[series.mg_dl == 40] = Flag.LO
    (item,) = look(series)
    assert (item.mg_dl, item.flag) == (40, Flag.LO)


def test_the_wearer_s_own_limits_decide_what_is_low_and_high() -> None:
    series = put(flat(), at("09:00"), at("09:30"), 65)
    put(series, at("03:00"), at("08:00"), 150)
    assert kinds(look(series)) == [Kind.LOW_DAY]
    assert kinds(look(series, targets=PREGNANCY)) == [Kind.HIGH]
    assert kinds(look(put(flat(), at("14:00"), NOW + 60, 66))) == [Kind.LOW_NOW]
    assert kinds(look(put(flat(), at("14:00"), NOW + 60, 66), targets=PREGNANCY)) == []


# --- highs


@pytest.mark.parametrize(
    ("value", "minutes", "found"),
    [(200, 239, []), (200, 240, [Kind.HIGH]), (270, 89, []), (270, 91, [Kind.HIGH]), (180, 600, [])],
)
def test_a_high_is_told_when_it_is_long_or_very_high_for_ninety_minutes(
    value: int, minutes: int, found: list[Kind]
) -> None:
    start = at("08:00")
    # behind it lies half an hour at 175, so that the window of 120 minutes is whole
    assert kinds(look(put(flat(), start, start + 60 * minutes, value))) == found


def test_a_high_that_lasts_is_told_by_itself() -> None:
    series = put(flat(), at("10:00"), NOW + 60, 190, 210, 244)
    (item,) = look(series)
    assert (item.kind, item.start, item.end, item.mg_dl) == (Kind.HIGH_NOW, at("10:00"), None, 244)


# --- silence


def test_silence_is_told_with_the_instant_it_began() -> None:
    (item,) = look(without(flat(), at("14:06"), NOW + 60))
    assert (item.kind, item.start) == (Kind.SILENT, at("14:05"))
    assert item.seconds == 27 * 60


def test_without_any_reading_there_is_silence_that_never_began() -> None:
    (item,) = look(Series.every(60, []))
    assert (item.kind, item.start, item.mg_dl) == (Kind.SILENT, None, None)


@pytest.mark.parametrize(("value", "flag"), [(69, Flag.NONE), (40, Flag.LO)])
def test_a_low_that_was_the_last_thing_heard_does_not_expire(value: int, flag: Flag) -> None:
    series = without(put(flat(), at("14:05"), at("14:06"), value), at("14:06"), NOW + 60)
    series.flag[-1] = flag
    (item,) = look(series)
    assert (item.kind, item.mg_dl, item.flag) == (Kind.LOW_LOST, value, flag)


def test_a_sensor_that_warms_up_is_not_silent() -> None:
    sensor = sensor_state(SensorSeen("x", "", at("14:14"), 60, 14), NOW)
    (item,) = look(without(flat(), at("13:46"), NOW + 60), sensor=sensor)
    assert (item.kind, item.start, item.end) == (Kind.WARMING, at("14:14"), at("15:14"))


def test_a_low_that_the_old_sensor_ended_with_is_told_while_the_new_one_warms_up() -> None:
    sensor = sensor_state(SensorSeen("x", "", at("14:14"), 60, 14), NOW)
    series = without(put(flat(), at("13:45"), at("13:46"), 62), at("13:46"), NOW + 60)
    assert kinds(look(series, sensor=sensor)) == [Kind.LOW_LOST, Kind.WARMING]


# --- gaps


def test_gaps_of_today_are_told_together_from_an_hour_on() -> None:
    series = without(without(flat(), at("09:00"), at("09:30")), at("11:00"), at("11:29"))
    assert look(series) == ()
    (item,) = look(without(series, at("11:29"), at("11:30")))
    assert (item.kind, item.count, item.seconds) == (Kind.GAPS, 2, 3600)


def test_only_the_part_of_a_gap_that_lies_in_today_counts() -> None:
    series = without(flat(), at("22:00", 1), at("00:50"))
    assert gaps_of(series, MIDNIGHT, NOW) == [(MIDNIGHT, at("00:50"))]


def test_a_gap_that_is_open_now_is_no_gap_of_today() -> None:
    silent = without(flat(), at("12:00"), NOW + 60)
    assert gaps_of(silent, MIDNIGHT, NOW) == []
    assert gaps_of(silent, MIDNIGHT, NOW, still=True) == [(at("12:00"), NOW)]
    assert gaps_of(flat(), MIDNIGHT, NOW, still=True) == []
    assert gaps_of(Series.every(60, []), MIDNIGHT, NOW, still=True) == [(MIDNIGHT, NOW)]


def test_what_lies_before_the_first_reading_ever_is_a_gap_of_today_too() -> None:
    series = flat().between(at("08:00"), NOW + 1)
    assert gaps_of(series, MIDNIGHT, NOW) == [(MIDNIGHT, at("08:00"))]


# --- sensor, zone, coverage, trouble


@pytest.mark.parametrize(
    ("left_h", "found"),
    [(97, []), (95, [Kind.SENSOR_ENDS]), (25, [Kind.SENSOR_ENDS]), (23, [Kind.SENSOR_ENDING]), (-1, [])],
)
def test_a_sensor_that_ends_is_told_days_before(left_h: int, found: list[Kind]) -> None:
    sensor = sensor_state(SensorSeen("x", "", NOW + left_h * 3600 - 14 * 86_400, 60, 14), NOW, is_current=True)
    assert kinds(look(flat(), sensor=sensor)) == found


def test_a_sensor_that_has_ended_is_told_where_no_other_brings_values() -> None:
    sensor = sensor_state(SensorSeen("x", "", at("14:00", 14), 60, 14), NOW)
    items = look(without(flat(), at("14:01"), NOW + 60), sensor=sensor)
    assert kinds(items) == [Kind.SILENT, Kind.SENSOR_ENDED]
    assert items[1].start == at("14:00")


def test_doubts_come_last() -> None:
    items = look(flat(), zone_confirmed=False, before=Coverage(1, 69.9, 14), trouble=trouble("terms"))
    assert kinds(items) == [Kind.TROUBLE, Kind.ZONE, Kind.COVERAGE]
    assert items[2].percent == 69.9
    assert look(flat(), before=Coverage(1, 70.0, 14)) == ()


def test_nobody_is_asked_about_a_zone_before_the_first_reading() -> None:
    assert kinds(look(Series.every(60, []), zone_confirmed=False, before=Coverage(0, 0.0, 14))) == [Kind.SILENT]


def test_at_most_four_and_the_most_serious_first() -> None:
    series = put(flat(), at("14:00"), NOW + 60, 60)
    put(series, at("03:00"), at("03:30"), 60)
    put(series, at("10:00"), at("10:30"), 60)
    series = without(series, at("11:00"), at("12:30"))
    sensor = sensor_state(SensorSeen("x", "", NOW - 13 * 86_400, 60, 14), NOW, is_current=True)
    items = look(series, zone_confirmed=False, sensor=sensor)
    assert kinds(items) == [Kind.LOW_NOW, Kind.LOW_NIGHT, Kind.LOW_DAY, Kind.SENSOR_ENDING]
    assert len(items) == MOST


@given(st.lists(st.integers(40, 400), min_size=1, max_size=200), st.integers(0, 1200), st.booleans())
def test_whatever_the_readings_the_items_are_in_order_and_inside_time(
    values: list[int], age_s: int, confirmed: bool
) -> None:
    series = Series.every(900, values, NOW - age_s - 900 * (len(values) - 1))
    items = look(series, zone_confirmed=confirmed)
    assert len(items) <= MOST
    assert kinds(items) == sorted(kinds(items))
    for item in items:
        assert item.end is None or item.start is None or item.start < item.end
        assert item.at is None or item.at <= NOW
