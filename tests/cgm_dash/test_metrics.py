"""Tier 1 statistics against values worked out by hand, and what must hold for any readings."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm_dash.batch import Columns
from cgm_dash.metrics.coverage import coverage
from cgm_dash.metrics.level import gmi_percent, level
from cgm_dash.metrics.ranges import time_in_ranges
from cgm_dash.reading import Kind, Reading
from cgm_dash.series import EMPTY, Series, merge
from cgm_dash.units import Band, Targets
from cgm_dash.window import Window

S10 = [53, 54, 69, 70, 110, 140, 180, 181, 250, 251]
"""Stands on every limit of the five bands."""

E2_MINUTES = [0, 1, 2, 3, 18, 33, 38, 98, 103, 108]
E2_PERIODS = [60, 60, 60, 60, 900, 900, 300, 300, 300, 300]
E2_GLUCOSE = [100, 102, 104, 106, 190, 200, 185, 65, 66, 72]


def e2() -> Series:
    rows = [
        Reading(60 * m, g, Kind.HISTORY, period_s=p) for m, g, p in zip(E2_MINUTES, E2_GLUCOSE, E2_PERIODS, strict=True)
    ]
    return merge([Columns.of(rows)])


def test_limits_belong_to_the_bands_the_consensus_gives_them() -> None:
    ranges = time_in_ranges(Series.every(300, S10))
    assert [ranges.percent(band) for band in Band] == [10, 20, 40, 20, 10]
    assert (ranges.tbr, ranges.tir, ranges.tar) == (30, 40, 30)


def test_pregnancy_limits_move_the_bands() -> None:
    ranges = time_in_ranges(Series.every(300, S10), Targets(54, 63, 140, 250))
    assert (ranges.tbr, ranges.tir, ranges.tar) == (20, 40, 40)


def test_mixed_cadence_shares_are_shares_of_time() -> None:
    series = e2()
    ranges = time_in_ranges(series)
    assert ranges.observed == 2640
    assert ranges.tir == pytest.approx(20.4545, abs=5e-5)
    assert ranges.tar == pytest.approx(56.8182, abs=5e-5)
    assert ranges.tbr == pytest.approx(22.7273, abs=5e-5)
    assert level(series).mean == pytest.approx(140.9545, abs=5e-5)
    assert level(series).sd == pytest.approx(61.4854, abs=5e-5)


def test_level_of_ten_known_values() -> None:
    result = level(Series.every(300, S10))
    assert result.mean == pytest.approx(135.8)
    assert result.sd == pytest.approx(76.97878496, abs=1e-8)
    assert result.cv == pytest.approx(56.68540866, abs=1e-8)
    assert result.gmi == pytest.approx(6.558336, abs=1e-6)
    assert gmi_percent(150) == pytest.approx(6.898)


def test_nothing_to_show_is_none() -> None:
    assert time_in_ranges(EMPTY).tir is None
    assert level(EMPTY) == level(EMPTY.between(0, 1))
    assert (level(EMPTY).n, level(EMPTY).mean, level(EMPTY).gmi) == (0, None, None)
    assert level(Series.every(300, [100])).sd is None


def test_half_the_slots_of_two_weeks_are_fifty_percent() -> None:
    fortnight = Window("14d", 0, 14 * 86_400, 14)
    result = coverage(Series.every(300, [100] * 2016), fortnight)
    assert result.percent == 50
    assert not result.sufficient
    assert coverage(Series.every(300, [100] * 2823), fortnight).sufficient
    assert not coverage(Series.every(300, [100] * 2823), Window("x", 0, 13 * 86_400, 13)).sufficient


values = st.lists(st.integers(20, 600), min_size=1, max_size=60)


@given(values)
def test_five_shares_sum_to_one_hundred(glucose: list[int]) -> None:
    ranges = time_in_ranges(Series.every(300, glucose))
    shares = [ranges.percent(band) for band in Band]
    assert sum(s for s in shares if s is not None) == pytest.approx(100)


@given(values)
def test_level_equals_a_plain_loop(glucose: list[int]) -> None:
    result = level(Series.every(60, glucose))
    assert result.mean == pytest.approx(np.mean(glucose))
    if len(glucose) > 1:
        assert result.sd == pytest.approx(np.std(glucose, ddof=1), abs=1e-9)


@given(values)
def test_splitting_a_reading_in_two_changes_no_figure(glucose: list[int]) -> None:
    coarse = Series.every(600, glucose)
    fine = Series.every(300, [g for g in glucose for _ in range(2)])
    assert time_in_ranges(coarse) == time_in_ranges(fine)
    assert level(coarse).mean == pytest.approx(level(fine).mean)
