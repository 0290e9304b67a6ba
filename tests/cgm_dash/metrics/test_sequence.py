"""Figures that depend on the order of readings, against values worked out by hand."""

import math
from datetime import UTC

import numpy as np
import pytest

from cgm_dash.days import LocalDays
from cgm_dash.grid import Grid
from cgm_dash.metrics.exposure import area_beyond, auc_mean, exposure
from cgm_dash.metrics.rate import gvp, mag, rate_of_change, rate_sd
from cgm_dash.metrics.sd_subtypes import sd_subtypes
from cgm_dash.metrics.variability import conga, modd
from cgm_dash.series import EMPTY, Series

S10 = [53, 54, 69, 70, 110, 140, 180, 181, 250, 251]
E5 = [100, 150, 200, 120, 110, 130, 220, 100, 90, 160, 180, 140]


def grid_of(values: list[int], step_s: int, grid_s: int = 300) -> Grid:
    end = step_s * len(values)
    return Grid.of(Series.every(step_s, values), LocalDays.between(UTC, 0, end), 0, end, grid_s)


@pytest.fixture
def ten() -> Grid:
    return grid_of(S10, 300)


@pytest.fixture
def three_days() -> Grid:
    return grid_of(E5, 21_600, 21_600)


def test_conga_and_modd_of_three_days(three_days: Grid) -> None:
    assert conga(three_days, 6) == pytest.approx(64.22970143, abs=1e-8)
    assert conga(three_days, 24) == pytest.approx(28.78491669, abs=1e-8)
    assert modd(three_days.matrix()) == 25


def test_sd_subtypes_of_three_days(three_days: Grid) -> None:
    found = sd_subtypes(three_days, three_days.matrix(), np.ones(3, np.bool_))
    assert found.total == pytest.approx(41.74235550, abs=1e-8)
    assert found.within_day == pytest.approx(45.62921700, abs=1e-8)
    assert found.time_of_day == pytest.approx(43.33333333, abs=1e-8)
    assert found.daily_means == pytest.approx(1.44337567, abs=1e-8)
    assert found.between_days == pytest.approx(16.31881308, abs=1e-8)
    assert found.between_days_same_mean == pytest.approx(16.30466760, abs=1e-8)
    assert found.interaction == pytest.approx(14.30193884, abs=1e-8)
    assert found.cv_mean == pytest.approx(32.24929287, abs=1e-8)
    assert found.cv_sd == pytest.approx(6.19335378, abs=1e-8)


def test_days_of_too_little_data_enter_no_figure_of_days(three_days: Grid) -> None:
    found = sd_subtypes(three_days, three_days.matrix(), np.array([True, False, True]))
    assert found.daily_means == pytest.approx(np.std([142.5, 142.5], ddof=1))
    assert found.total == pytest.approx(41.74235550, abs=1e-8)


def test_sd_within_the_hour_is_the_mean_over_all_hours() -> None:
    rng = np.random.default_rng(5)
    v = rng.integers(60, 250, 60).astype(np.float64)
    v[[3, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31]] = np.nan
    grid = Grid(0, 300, np.concatenate(([np.nan] * 5, v, [np.nan] * 20)), LocalDays.between(UTC, 0, 86_400))
    windows = [w[~np.isnan(w)] for w in np.lib.stride_tricks.sliding_window_view(v, 12)]
    expected = np.mean([np.std(w, ddof=1) for w in windows if len(w) > 1])
    assert sd_subtypes(grid, grid.matrix(), np.ones(1, np.bool_)).within_hour == pytest.approx(expected)


def test_rates_of_ten_known_values(ten: Grid) -> None:
    assert mag(ten) == pytest.approx(264.0)
    assert gvp(ten) == pytest.approx(380.94395270, abs=1e-8)
    rates = rate_of_change(ten)
    assert np.isnan(rates[:3]).all()
    assert rates[[3, 9]].tolist() == pytest.approx([1.13333, 4.73333], abs=5e-6)
    assert rate_sd(ten) == pytest.approx(2.13808994, abs=1e-8)


def test_a_level_line_has_no_length_to_spare() -> None:
    flat = grid_of([100] * 20, 300)
    assert (gvp(flat), mag(flat), rate_sd(flat)) == (0, 0, 0)


def test_rates_do_not_cross_a_hole() -> None:
    grid = Grid(0, 300, np.array([100, 110, math.nan, 200, 190.0]), LocalDays.between(UTC, 0, 86_400))
    assert mag(grid) == 120  # 10 + 10 in ten minutes


def test_areas_are_split_where_the_curve_crosses_the_limit() -> None:
    v = np.array([160, 170, 200, 220, 190, 170, 60.0])
    assert area_beyond(v, 15, 180, above=True) == pytest.approx(962.5)
    assert area_beyond(v, 15, 70, above=False) == pytest.approx(6.81818182, abs=1e-8)
    # The five-minute grid between the same readings cuts off the same areas.
    fine = grid_of([160, 170, 200, 220, 190, 170, 60], 900)
    assert area_beyond(fine.v, 5, 180, above=True) == pytest.approx(962.5)


def test_area_and_exposure(ten: Grid) -> None:
    assert auc_mean(ten) == pytest.approx(134.0)
    # Above 250: one triangle of 1 mg/dL in five minutes; observed: ten slots.
    assert exposure(ten, 250, above=True) == pytest.approx(2.5 / 60 / (10 / 288))


def test_nothing_to_show_is_none() -> None:
    grid = Grid.of(EMPTY, LocalDays.between(UTC, 0, 86_400), 0, 86_400)
    matrix = grid.matrix()
    assert [conga(grid, 1), modd(matrix), mag(grid), gvp(grid), rate_sd(grid), auc_mean(grid)] == [None] * 6
    assert exposure(grid, 180, above=True) is None
    found = sd_subtypes(grid, matrix, np.zeros(1, np.bool_))
    assert {getattr(found, name) for name in found.__slots__} == {None}
