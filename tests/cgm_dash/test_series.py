"""The merged series: rule W, several layers at once, gaps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm_dash.batch import Columns
from cgm_dash.reading import Kind, Reading
from cgm_dash.series import Series, merge, rule_w

MINUTE = 60


def columns(kind: Kind, period_s: int, instants: list[int], mg_dl: int = 100) -> Columns:
    return Columns.of([Reading(t, mg_dl, kind, period_s=period_s) for t in instants])


def test_history_keeps_only_the_seconds_that_live_readings_leave() -> None:
    history = columns(Kind.HISTORY, 900, [0, 15 * MINUTE, 30 * MINUTE])
    live = columns(Kind.LIVE, 60, [7 * MINUTE])
    merged = merge([live, history])
    assert merged.ts.tolist() == [0, 7 * MINUTE, 15 * MINUTE, 30 * MINUTE]
    assert merged.seconds.tolist() == [840, 60, 900, 900]


def test_mixed_cadence_is_weighed_by_time_not_by_count() -> None:
    minutes = [0, 1, 2, 3, 18, 33, 38, 98, 103, 108]
    periods = np.array([60, 60, 60, 60, 900, 900, 300, 300, 300, 300], np.int32)
    weights = rule_w(np.array(minutes) * MINUTE, periods)
    assert weights.tolist() == [60, 60, 60, 60, 900, 300, 300, 300, 300, 300]


def test_history_wholly_under_live_readings_is_left_out() -> None:
    live = columns(Kind.LIVE, 60, list(range(0, 600, 60)))
    history = columns(Kind.HISTORY, 300, [30, 330])
    merged = merge([live, history])
    # 330 reaches to 630, half a minute past the last live minute, and keeps just that.
    assert merged.ts.tolist() == sorted([*range(0, 600, 60), 330])
    assert merged.seconds[merged.ts == 330].tolist() == [30]
    assert 30 not in merged.ts


def test_one_instant_in_one_layer_counts_once_and_the_first_value_stands() -> None:
    twice = Columns.of([Reading(60, 100), Reading(0, 90), Reading(60, 120)])
    merged = merge([twice])
    assert merged.ts.tolist() == [0, 60]
    assert merged.mg_dl.tolist() == [90, 100]


@pytest.mark.parametrize(
    ("period", "step", "breaks"),
    [(60, 300, False), (60, 301, True), (300, 900, False), (300, 901, True), (900, 2700, False), (900, 2701, True)],
)
def test_a_line_breaks_after_three_periods_but_never_within_five_minutes(period: int, step: int, breaks: bool) -> None:
    series = merge([columns(Kind.HISTORY, period, [0, step])])
    assert series.gap_after().tolist() == [breaks]


def test_a_window_takes_its_start_and_leaves_its_end() -> None:
    series = Series.every(60, [100, 101, 102, 103])
    assert series.between(60, 180).mg_dl.tolist() == [101, 102]


def test_no_layer_gives_an_empty_series() -> None:
    assert len(merge(())) == 0
    assert len(merge([Columns.of([])])) == 0


instants = st.lists(st.integers(0, 20_000), max_size=40)


@given(instants, instants, st.sampled_from([60, 300, 900]))
def test_every_second_counts_at_most_once(live: list[int], history: list[int], period: int) -> None:
    merged = merge([columns(Kind.LIVE, 60, live), columns(Kind.HISTORY, period, history)])
    naive = {t + s for t in live for s in range(60)} | {t + s for t in history for s in range(period)}
    assert int(merged.seconds.sum()) == len(naive)
    assert (np.diff(merged.ts) >= 0).all()
    assert (merged.seconds > 0).all()


@given(st.permutations(list(range(12))), instants)
def test_the_order_of_arrival_changes_nothing(order: list[int], extra: list[int]) -> None:
    rows = [Reading(i * 60, 80 + i) for i in range(12)] + [Reading(10_000 + t, 100) for t in sorted(set(extra))]
    shuffled = [rows[i] for i in order] + rows[12:][::-1]
    a, b = merge([Columns.of(rows)]), merge([Columns.of(shuffled)])
    assert a.ts.tolist() == b.ts.tolist()
    assert a.mg_dl.tolist() == b.mg_dl.tolist()
    assert a.seconds.tolist() == b.seconds.tolist()
