"""Silences: when they were, what filled them, and why, told only as far as it is known."""

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm_dash.batch import Columns, SensorSeen
from cgm_dash.reading import Kind, Reading
from cgm_dash.series import EMPTY, Series, merge
from cgm_dash.silence import Ask, Cause, Filling, Silence, expected, silences, why

T0 = 1_795_000_200
EVER = 0.0
"""A whole minute."""


def merged(live: list[int], history: list[int]) -> Series:
    """Return the series of live readings and five-minute history at these minutes after T0."""
    layers = [
        Columns.of([Reading(T0 + 60 * m, 120, Kind.LIVE, period_s=60) for m in live]),
        Columns.of([Reading(T0 + 60 * m, 120, Kind.HISTORY, period_s=300) for m in history]),
    ]
    return merge([layer for layer in layers if len(layer)])


def live_but(*gaps: tuple[int, int], until: int = 120) -> list[int]:
    return [m for m in range(until) if not any(a <= m < b for a, b in gaps)]


def test_fifteen_minutes_are_no_silence_and_sixteen_are() -> None:
    at = T0 + 120 * 60
    assert silences(merged(live_but((30, 45)), []), T0, at, EVER) == ()
    (one,) = silences(merged(live_but((30, 46)), []), T0, at, EVER)
    assert one == Silence(T0 + 30 * 60, T0 + 46 * 60, 960, 0, 960, Filling.OPEN)


def test_silence_that_history_fills_has_no_hole() -> None:
    (one,) = silences(merged(live_but((30, 60)), list(range(0, 120, 5))), T0, T0 + 7200, EVER)
    assert (one.filling, one.values, one.missing_s) == (Filling.HISTORY, 6, 0)


def test_silence_that_history_fills_in_part_tells_what_stays_open() -> None:
    (one,) = silences(merged(live_but((30, 90)), [30, 35, 40]), T0, T0 + 7200, EVER)
    assert (one.filling, one.values) == (Filling.PARTLY, 3)
    assert one.missing_s == 45 * 60  # from 10:45, where the last history value's time ends, to 11:30


def test_history_before_the_first_live_reading_is_no_silence() -> None:
    series = merged(list(range(600, 660)), list(range(0, 600, 5)))
    assert silences(series, T0, T0 + 660 * 60, EVER) == ()


def test_what_was_fetched_before_the_first_request_was_never_to_be_live() -> None:
    series = merged([0, 300, *range(600, 660)], list(range(0, 600, 5)))
    now = T0 + 660 * 60
    assert len(silences(series, T0, now, EVER)) == 2
    assert silences(series, T0, now, T0 + 601 * 60) == ()
    assert silences(merged([0, *range(300, 360)], []), T0, T0 + 360 * 60, None)[0].seconds == 299 * 60


def test_break_of_a_series_without_live_readings_is_told() -> None:
    series = merged([], [*range(0, 60, 5), *range(100, 160, 5)])
    (one,) = silences(series, T0, T0 + 160 * 60, EVER)
    assert (one.start, one.end, one.filling) == (T0 + 60 * 60, T0 + 100 * 60, Filling.OPEN)


def test_silence_that_lasts_has_no_end_and_is_told_first() -> None:
    now = T0 + 150 * 60
    lasting, past = silences(merged(live_but((30, 50)), []), T0, now, EVER)
    assert (lasting.end, lasting.start, lasting.seconds) == (None, T0 + 7200, 1800)
    assert past.end == T0 + 50 * 60
    assert lasting.filling is Filling.OPEN


def test_lasting_silence_with_history_behind_it_is_partly_filled() -> None:
    (one,) = silences(merged(live_but(), [120, 125, 130]), T0, T0 + 150 * 60, EVER)
    assert (one.end, one.values, one.filling, one.missing_s) == (None, 3, Filling.PARTLY, 15 * 60)


def test_silence_that_ended_before_the_days_asked_for_is_left_out() -> None:
    series = merged(live_but((10, 40)), [])
    assert silences(series, T0 + 40 * 60, T0 + 7200, EVER) == ()
    assert len(silences(series, T0 + 39 * 60, T0 + 7200, EVER)) == 1
    assert silences(EMPTY, T0, T0 + 7200, EVER) == ()


# --- why

GAP = Silence(T0, T0 + 3600, 3600, 0, 3600, Filling.OPEN)
LONG_AGO = T0 - 10 * 86_400


def minutely(code: str, first: int, end: int) -> list[Ask]:
    return [Ask(T0 + 60 * m, code) for m in range(first, end)]


@pytest.mark.parametrize(
    ("asks", "since", "sensors", "cause", "code"),
    [
        (minutely("ok", 0, 60), LONG_AGO, (), Cause.NOTHING_OFFERED, ""),
        (minutely("network", 0, 60), LONG_AGO, (), Cause.FAILED, "network"),
        (minutely("network", 0, 20) + minutely("timeout", 20, 60), LONG_AGO, (), Cause.FAILED, "timeout"),
        ([], LONG_AGO, (), Cause.NOT_ASKED, ""),
        (minutely("ok", -5, 1), LONG_AGO, (), Cause.NOT_ASKED, ""),
        ([], None, (), Cause.UNKNOWN, ""),
        ([], T0 + 3000, (), Cause.UNKNOWN, ""),  # polling began only ten minutes before its end
        (minutely("ok", 0, 60), LONG_AGO, (SensorSeen("x", activated=T0 + 60),), Cause.SENSOR, ""),
        (minutely("ok", 0, 60), LONG_AGO, (SensorSeen("x", activated=T0 - 3000),), Cause.SENSOR, ""),
        (minutely("ok", 0, 60), LONG_AGO, (SensorSeen("x", activated=T0 - 3601),), Cause.NOTHING_OFFERED, ""),
        (minutely("ok", 0, 60), LONG_AGO, (SensorSeen("x"),), Cause.NOTHING_OFFERED, ""),
        (minutely("network", 0, 60), LONG_AGO, (SensorSeen("x", activated=T0),), Cause.FAILED, "network"),
    ],
)
def test_cause_is_what_took_most_of_the_time(
    asks: list[Ask], since: float | None, sensors: tuple[SensorSeen, ...], cause: Cause, code: str
) -> None:
    told = why(GAP, asks, since, sensors, 240, T0 + 9999)
    assert (told.cause, told.code) == (cause, code)


def test_wait_the_source_asked_for_counts_as_its_failure() -> None:
    asks = [Ask(T0, "rate-limited", T0 + 900), Ask(T0 + 900, "rate-limited", T0 + 3600)]
    assert why(GAP, asks, LONG_AGO, (), 240, T0 + 9999).code == "rate-limited"


def test_silence_that_lasts_is_judged_until_now() -> None:
    lasting = dataclasses.replace(GAP, end=None)
    asks = minutely("ok", 0, 20) + minutely("network", 20, 90)
    assert why(lasting, asks, LONG_AGO, (), 240, T0 + 1200).cause is Cause.NOTHING_OFFERED
    assert why(lasting, asks, LONG_AGO, (), 240, T0 + 5400).cause is Cause.FAILED


def test_expected_number_counts_what_would_fill_the_rest() -> None:
    series = Series.every(60, [100] * 1380, T0)
    found = expected(series, T0, T0 + 86_400)
    assert found is not None
    assert (found.n, found.of) == (1380, 1440)
    assert found.percent == pytest.approx(95.83, abs=0.01)
    assert expected(EMPTY, T0, T0 + 86_400) is None
    assert expected(series, T0, T0) is None


@given(st.sets(st.integers(0, 600)), st.sets(st.integers(0, 120)))
def test_silences_never_overlap_and_hold_no_live_reading(live: set[int], fives: set[int]) -> None:
    series = merged(sorted(live), sorted(5 * m for m in fives))
    now = T0 + 601 * 60
    found = silences(series, T0, now, EVER)
    times = series.ts[series.kind == Kind.LIVE]
    for one in found:
        end = now if one.end is None else one.end
        assert 0 < one.seconds == end - one.start
        assert 0 <= one.missing_s <= one.seconds
        assert not np.any((times >= one.start) & (times < end))
    spans = sorted((one.start, one.end or now) for one in found)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))
