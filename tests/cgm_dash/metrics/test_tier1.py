"""Tier 1 statistics against values worked out by hand, and what must hold for any readings."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm_dash.batch import Columns
from cgm_dash.metrics.a1c import ea1c_percent, gmi_mmol_mol, gmi_percent, ugmi_percent
from cgm_dash.metrics.coverage import coverage, coverage_of_record
from cgm_dash.metrics.gri import gri, gri_from
from cgm_dash.metrics.histogram import by_value
from cgm_dash.metrics.level import level
from cgm_dash.metrics.ranges import PREGNANCY, TIGHT_HIGH, percent_between, time_in_ranges
from cgm_dash.metrics.risk import risk, risk_indices
from cgm_dash.metrics.spread import NOTHING, spread
from cgm_dash.reading import Flag, Kind, Reading
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
    ranges = time_in_ranges(Series.every(300, S10), PREGNANCY)
    assert (ranges.tbr, ranges.tir, ranges.tar) == (20, 40, 40)
    assert ranges.percent(Band.VERY_LOW) == 10


def test_mixed_cadence_shares_are_shares_of_time() -> None:
    series = e2()
    ranges = time_in_ranges(series)
    assert ranges.observed == 2640
    assert ranges.tir == pytest.approx(20.4545, abs=5e-5)
    assert ranges.tar == pytest.approx(56.8182, abs=5e-5)
    assert ranges.tbr == pytest.approx(22.7273, abs=5e-5)
    assert level(series).mean == pytest.approx(140.9545, abs=5e-5)
    assert level(series).sd == pytest.approx(61.4854, abs=5e-5)


def test_counting_gives_what_published_tools_give() -> None:
    series = e2()
    assert time_in_ranges(series, weighting="count").tir == 50
    assert time_in_ranges(series, weighting="count").tar == 30
    assert time_in_ranges(series, weighting="count").tbr == 20
    assert level(series, "count").mean == pytest.approx(119.0)
    assert level(series, "count").sd == pytest.approx(np.std(E2_GLUCOSE, ddof=1))


def test_risk_of_mixed_cadence_is_a_mean_over_time() -> None:
    found = risk_indices(e2())
    assert found is not None
    assert (found.low, found.high) == pytest.approx((3.0948, 5.5822), abs=5e-5)


def test_tight_range_is_70_to_140() -> None:
    assert percent_between(by_value(Series.every(300, S10)), 70, TIGHT_HIGH) == 30


@pytest.mark.parametrize(
    ("mg_dl", "value"),
    [
        (40, 36.41754677),
        (54, 18.46136477),
        (70, 7.75520557),
        (100, 0.48205113),
        (112, 0.00073767),
        (113, 0.00063627),
        (180, 7.72931151),
        (250, 22.43619967),
        (400, 57.04609863),
    ],
)
def test_risk_of_one_value_lies_on_one_side(mg_dl: int, value: float) -> None:
    low, high = risk([mg_dl])
    assert (low[0] if mg_dl <= 112 else high[0]) == pytest.approx(value, abs=1e-8)
    assert (high[0] if mg_dl <= 112 else low[0]) == 0


def test_risk_is_held_to_what_a_reading_may_be() -> None:
    assert risk([1])[0] == risk([20])[0]
    assert risk([5000])[1] == risk([600])[1]


def test_risk_indices_of_ten_known_values() -> None:
    found = risk_indices(Series.every(300, S10))
    assert found is not None
    assert found.low == pytest.approx(5.38708972, abs=1e-8)
    assert found.high == pytest.approx(6.24064839, abs=1e-8)
    assert found.both == pytest.approx(11.62773811, abs=1e-8)


def test_spread_of_ten_known_values() -> None:
    found = spread(Series.every(300, S10), "count")
    assert (found.median, found.iqr, found.mad) == pytest.approx((125, 111.5, 83.0256))
    assert (found.minimum, found.maximum) == (53, 251)
    assert spread(EMPTY) == NOTHING


def test_glycaemia_risk_index_of_known_shares() -> None:
    found = gri_from(tbr2=1, tbr1=3, tar1=20, tar2=5)
    assert (found.hypo, found.hyper, found.index) == pytest.approx((3.4, 15, 34.2))
    assert found.zone == "B"
    capped = gri(Series.every(300, S10))
    assert capped is not None
    assert (capped.hypo, capped.hyper, capped.index, capped.zone) == (26, 20, 100, "E")
    assert gri(EMPTY) is None


@pytest.mark.parametrize(
    ("very_high", "zone"), [(12.5, "A"), (12.6, "B"), (25, "B"), (37.5, "C"), (50, "D"), (50.1, "E")]
)
def test_each_zone_of_the_risk_index_holds_its_upper_limit(very_high: float, zone: str) -> None:
    assert gri_from(0, 0, 0, very_high).zone == zone


def test_estimates_of_a1c() -> None:
    assert gmi_percent(150) == pytest.approx(6.898, abs=1e-9)
    assert gmi_mmol_mol(150) == pytest.approx(51.9256, abs=5e-5)
    assert ea1c_percent(150) == pytest.approx(6.853659, abs=5e-7)
    assert ugmi_percent(150) == pytest.approx(6.901311, abs=5e-7)
    assert ea1c_percent(135.8) == pytest.approx(6.358885, abs=5e-7)
    assert ugmi_percent(135.8) == pytest.approx(6.426425, abs=5e-7)


def test_a_flagged_reading_is_outside_limits_beyond_the_sensors_bounds() -> None:
    rows = [Reading(0, 40, flag=Flag.LO), Reading(60, 40), Reading(120, 400, flag=Flag.HI), Reading(180, 400)]
    ranges = time_in_ranges(merge([Columns.of(rows)]), Targets(30, 35, 400, 450))
    assert [ranges.percent(band) for band in Band] == [25, 0, 50, 0, 25]


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


def test_lows_need_twice_as_many_days() -> None:
    assert not coverage(Series.every(300, [100] * 4032), Window("14d", 0, 14 * 86_400, 14)).firm_for_lows
    assert coverage(Series.every(300, [100] * 8064), Window("28d", 0, 28 * 86_400, 28)).firm_for_lows


def test_a_record_is_covered_from_its_first_to_its_last_reading() -> None:
    rows = [Reading(t, 100, Kind.HISTORY, period_s=300) for t in (0, 300, 1200)]
    assert coverage_of_record(merge([Columns.of(rows)])) == 60
    assert coverage_of_record(EMPTY) is None


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
