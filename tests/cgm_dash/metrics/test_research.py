"""Research indices against values worked out by hand."""

from datetime import UTC
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from cgm_dash.batch import Columns
from cgm_dash.days import LocalDays
from cgm_dash.metrics.research import cogi, control_index, grade, j_index, m_value, pgs
from cgm_dash.metrics.risk import average_daily_risk_range
from cgm_dash.reading import Reading
from cgm_dash.series import EMPTY, Series, merge

S10 = np.bincount([53, 54, 69, 70, 110, 140, 180, 181, 250, 251], minlength=601)
NONE = np.zeros(601, np.int64)


def test_j_index() -> None:
    assert j_index(135.8, 76.97878496) == pytest.approx(45.27481133, abs=1e-8)


@pytest.mark.parametrize(("reference", "value"), [(120, 18.99254826), (100, 21.18225974), (90, 26.45888931)])
def test_m_value(reference: float, value: float) -> None:
    assert m_value(S10, reference) == pytest.approx(value, abs=1e-8)


def test_m_value_takes_120_where_nothing_is_said() -> None:
    assert m_value(S10) == m_value(S10, 120)


def test_grade_and_its_shares() -> None:
    found = grade(S10)
    assert found is not None
    assert found.score == pytest.approx(9.63646126, abs=1e-8)
    shares = (found.hypo, found.eu, found.hyper)
    assert shares == pytest.approx((26.46365410, 8.79238877, 64.74395713), abs=1e-8)


def test_index_of_control() -> None:
    found, inner = control_index(S10), control_index(S10, 70, 180)
    assert found is not None
    assert inner is not None
    assert (found.hypo, found.hyper, found.both) == pytest.approx((5.42, 1.57019755, 6.99019755), abs=1e-8)
    assert (inner.hypo, inner.hyper, inner.both) == pytest.approx((1.82, 0.72264644, 2.54264644), abs=1e-8)


def test_cogi() -> None:
    assert cogi(tir=71, tbr=4, sd=50) == pytest.approx(70.83333333, abs=1e-8)
    assert cogi(tir=40, tbr=30, sd=76.97878496) == pytest.approx(25.17020250, abs=1e-8)
    # What the paper says: one point below range weighs 4.7 in range, 9 mg/dL of SD weigh 3.
    assert cogi(71, 5, 50) - cogi(71, 4, 50) == pytest.approx(-4.7 / 2, abs=0.02)
    assert cogi(71, 4, 59) - cogi(71, 4, 50) == pytest.approx(-3 / 2)


def test_personal_glycaemic_state() -> None:
    found = pgs(30, 150, 70, 1, 3)
    parts = (found.variability, found.mean, found.in_range, found.level_2, found.level_1)
    assert parts == pytest.approx((2.34607001, 3.99543248, 3.01027763, 2.99999957, 2.3392), abs=1e-8)
    assert found.total == pytest.approx(14.69097969, abs=1e-8)
    assert pgs(30, 150, 70, 1, 7.66).level_1 == 5


def test_daily_risk_range_takes_each_days_extremes() -> None:
    two_days = Series.every(43_200, [60, 150, 100, 300])
    days = LocalDays.between(UTC, 0, 2 * 86_400)
    assert average_daily_risk_range(two_days, days) == pytest.approx(25.44514747, abs=1e-8)
    first = Series.every(43_200, [60, 150])
    assert average_daily_risk_range(first, days) == pytest.approx(13.57060237 + 2.88565392, abs=1e-8)
    assert average_daily_risk_range(EMPTY, days) is None


def test_daily_risk_range_parts_days_by_the_wall_clock() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    rows = [Reading(1_772_321_400 + 43_200 * i, g, period_s=43_200) for i, g in enumerate([60, 150, 100, 300])]
    days = LocalDays.between(berlin, rows[0].ts, rows[-1].ts + 1)  # from 00:30 by that clock
    found = average_daily_risk_range(merge([Columns.of(rows)]), days, 0)
    assert found == pytest.approx(25.44514747, abs=1e-8)


def test_nothing_to_show_is_none() -> None:
    assert [m_value(NONE), grade(NONE), control_index(NONE)] == [None] * 3
