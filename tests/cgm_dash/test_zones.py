"""Local days and offsets, on both sides of clock changes."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm_dash.window import dated, named
from cgm_dash.zones import days_between, guess, local_date, midnight, offset_s, offsets_between, zones_of

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Europe/Berlin", date(2026, 7, 1), 24),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("America/St_Johns", date(2026, 11, 1), 25),
    ],
)
def test_a_day_is_as_long_as_its_zone_makes_it(zone: str, day: date, hours: float) -> None:
    where = ZoneInfo(zone)
    assert midnight(where, date.fromordinal(day.toordinal() + 1)) - midnight(where, day) == hours * 3600


def test_a_skipped_midnight_begins_the_day_at_the_change() -> None:
    cairo = ZoneInfo("Africa/Cairo")  # clocks go from 00:00 to 01:00 on the last Friday of April
    start = midnight(cairo, date(2026, 4, 24))
    assert local_date(cairo, start) == date(2026, 4, 24)
    assert local_date(cairo, start - 1) == date(2026, 4, 23)


@given(
    st.sampled_from(["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kathmandu"]),
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
)
def test_days_tile_time_without_holes(zone: str, day: date) -> None:
    where = ZoneInfo(zone)
    start, end = midnight(where, day), midnight(where, date.fromordinal(day.toordinal() + 1))
    assert local_date(where, start) == day
    assert local_date(where, end - 1) == day
    assert days_between(where, start, end) == [day]


@given(st.integers(1_600_000_000, 1_900_000_000), st.integers(1, 400))
def test_offsets_in_force_agree_with_the_zone(start: int, days: int) -> None:
    end = start + days * 86_400
    pairs = offsets_between(BERLIN, start, end)
    for (ts, offset), (following, _) in zip(pairs, [*pairs[1:], (end, 0)], strict=True):
        assert offset_s(BERLIN, ts) == offset
        assert offset_s(BERLIN, max(ts, following - 1)) == offset


def test_ends_that_are_no_whole_seconds_are_taken_too() -> None:
    assert offsets_between(BERLIN, 1_774_656_000.4, 1_774_828_800.7) == [(1_774_656_000, 3600), (1_774_746_000, 7200)]


def test_a_country_and_an_offset_point_to_a_zone() -> None:
    winter = 1_795_338_847
    assert guess("AT", [(winter, 60)]) == "Europe/Vienna"
    assert guess("US", [(winter, -480)]) == "America/Los_Angeles"
    assert guess("DE", [(winter, -300)]) is None
    assert guess("XX", [(winter, 60)]) is None
    assert "Europe/Berlin" in zones_of("de")


def test_days_back_are_whole_local_days_with_today_so_far() -> None:
    now = midnight(BERLIN, date(2026, 10, 26)) + 3600
    window = named("3d", now, BERLIN)
    assert window.start == midnight(BERLIN, date(2026, 10, 24))
    assert (window.end, window.days) == (now + 1, 3)
    assert window.seconds == (24 + 25 + 1) * 3600 + 1


def test_chosen_dates_are_whole_days_and_end_with_now() -> None:
    now = midnight(BERLIN, date(2026, 10, 26)) + 3600
    window = dated(date(2026, 10, 25), date(2026, 10, 25), now, BERLIN)
    assert (window.seconds, window.days) == (25 * 3600, 1)
    assert dated(date(2026, 10, 25), date(2026, 12, 1), now, BERLIN).end == now + 1


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (date(2026, 2, 2), date(2026, 2, 1), "swap"),
        (date(2027, 1, 1), date(2027, 1, 2), "has not come"),
        (date(2010, 1, 1), date(2026, 1, 1), "ten years"),
    ],
)
def test_impossible_dates_are_refused_by_name(first: date, last: date, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        dated(first, last, midnight(BERLIN, date(2026, 10, 26)), BERLIN)


def test_an_unknown_range_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="got '5h'"):
        named("5h", 1_795_338_847, BERLIN)
