"""Which days stand side by side, and which lie over one another."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cgm_dash.shown_days import MOST, ShownDays, laid_over, shown_days

TODAY = date(2026, 11, 22)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def test_a_day_within_the_range_leaves_it_where_it_is() -> None:
    for day in (ago(13), ago(5), TODAY):
        assert shown_days(ago(13), TODAY, day, TODAY) == ShownDays(ago(13), TODAY, 14)


def test_an_older_day_moves_the_range_by_its_whole_length() -> None:
    assert shown_days(ago(13), TODAY, ago(14), TODAY) == ShownDays(ago(27), ago(14), 14)
    assert shown_days(ago(13), TODAY, ago(27), TODAY) == ShownDays(ago(27), ago(14), 14)
    assert shown_days(ago(13), TODAY, ago(28), TODAY) == ShownDays(ago(41), ago(28), 14)


def test_a_newer_day_moves_chosen_dates_forward_but_never_beyond_today() -> None:
    assert shown_days(ago(40), ago(31), ago(30), TODAY) == ShownDays(ago(30), ago(21), 10)
    assert shown_days(ago(8), ago(2), TODAY, TODAY) == ShownDays(ago(6), TODAY, 7)


def test_a_long_range_is_its_newest_quarter_and_says_how_long_it_was() -> None:
    assert shown_days(ago(364), TODAY, TODAY, TODAY) == ShownDays(ago(MOST - 1), TODAY, 365)


@given(st.integers(0, 500), st.integers(1, 400), st.integers(0, 900))
def test_the_day_is_always_among_those_shown(end: int, length: int, day: int) -> None:
    shown = shown_days(ago(end + length - 1), ago(end), ago(day), TODAY)
    assert shown.first <= ago(day) <= shown.last <= TODAY
    assert shown.count == min(length, MOST)


def test_the_last_seven_or_fourteen_of_the_days_lie_over_one_another_and_the_chosen_one() -> None:
    shown = ShownDays(ago(27), TODAY, 28)
    assert laid_over("7d", shown, ago(3)) == tuple(ago(i) for i in range(6, -1, -1))
    assert len(laid_over("14d", shown, ago(3))) == 14
    assert laid_over("7d", shown, ago(20))[0] == ago(20)
    assert len(laid_over("14d", ShownDays(ago(2), TODAY, 3), TODAY)) == 3


def test_the_last_eight_of_one_weekday_end_within_the_days_shown() -> None:
    shown = ShownDays(ago(13), TODAY, 14)
    found = laid_over("weekday", shown, ago(12))
    assert {day.weekday() for day in found} == {ago(12).weekday()}
    assert (found[-1], len(found)) == (ago(5), 8)
