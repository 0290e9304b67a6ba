"""Units and bands."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm_dash.units import ADULT, Band, Targets, Unit, in_unit, mmol_l


@pytest.mark.parametrize(
    ("mg_dl", "shown"),
    [
        (54, "3.0"),
        (63, "3.5"),
        (70, "3.9"),
        (140, "7.8"),
        (180, "10.0"),
        (181, "10.1"),
        (250, "13.9"),
        (-5, "-0.3"),
        (45, "2.5"),
        (0, "0.0"),
    ],
)
def test_consensus_limits_meet_their_twins(mg_dl: int, shown: str) -> None:
    assert mmol_l(mg_dl) == Decimal(shown)


@given(st.integers(11, 333))
def test_one_decimal_mmol_survives_the_way_to_mg_and_back(tenths: int) -> None:
    stored = int((Decimal(tenths) / 10 * 18).quantize(Decimal(1)))
    assert mmol_l(stored) == Decimal(tenths) / 10


def test_each_unit_has_its_own_digits() -> None:
    assert in_unit(125.5, Unit.MG_DL) == 126
    assert in_unit(125.5, Unit.MMOL_L) == Decimal("7.0")


@given(st.integers(20, 600))
def test_every_value_has_one_band(mg_dl: int) -> None:
    limits = [0, 54, 70, 181, 251, 601]
    assert [b for b in Band if limits[b] <= mg_dl < limits[b + 1]] == [ADULT.band(mg_dl)]


def test_limits_must_rise() -> None:
    with pytest.raises(ValueError, match="do not rise"):
        Targets(70, 54, 180, 250)
