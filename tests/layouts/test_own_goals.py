"""Own limits and goals: what is typed is what is stored, in both units, and what cannot be is told beside its field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm_dash.goals import ADULT_GOALS, PREGNANCY_GOALS, TargetSet, goals_of
from cgm_dash.units import Targets, Unit
from layouts.own_goals import NAMES, Own, Typed, read

MG, MMOL = Unit.MG_DL, Unit.MMOL_L


def test_fields_begin_with_the_limits_in_force_and_without_goals() -> None:
    assert Typed.of(ADULT_GOALS, MG) == Typed("54", "70", "180", "250")
    assert Typed.of(PREGNANCY_GOALS, MMOL) == Typed("3.0", "3.5", "7.8", "13.9")
    own = goals_of(TargetSet.CUSTOM, Targets(60, 80, 160, 240), 75, 3)
    assert Typed.of(own, MG) == Typed("60", "80", "160", "240", "75", "3")


@pytest.mark.parametrize(
    ("typed", "unit", "own"),
    [
        (Typed("54", "72", "170", "250", "65", ""), MG, Own(Targets(54, 72, 170, 250), 65, None)),
        (Typed("3.0", "4,0", "9.0", "13.9", "", "2"), MMOL, Own(Targets(54, 72, 162, 250), None, 2)),
        (Typed(" 40 ", "41", "399", "400"), MG, Own(Targets(40, 41, 399, 400), None, None)),
        (Typed("2.2", "2,3", "9", "22.2"), MMOL, Own(Targets(40, 41, 162, 400), None, None)),
    ],
)
def test_what_is_typed_is_read(typed: Typed, unit: Unit, own: Own) -> None:
    assert read(typed, unit, ADULT_GOALS) == own


@pytest.mark.parametrize(
    ("typed", "unit", "faulty"),
    [
        (Typed("54", "70", "70", "250"), MG, {"high"}),
        (Typed("90", "70", "180", "250"), MG, {"low"}),
        (Typed("39", "70", "180", "401"), MG, {"very_low", "very_high"}),
        (Typed("", "x", "7.5", "-5"), MG, {"very_low", "low", "high", "very_high"}),
        (Typed("3.0", "70", "10.0", "13.9"), MMOL, {"low", "high", "very_high"}),
        (Typed("54", "70", "180", "250", "100", "0"), MG, {"goal_tir", "goal_tbr"}),
        (Typed("54", "70", "180", "250", "70.5", "-1"), MG, {"goal_tir", "goal_tbr"}),
        (Typed("५४", "70", "180", "250"), MG, {"very_low"}),
    ],
)
def test_what_cannot_be_is_told_beside_its_field(typed: Typed, unit: Unit, faulty: set[str]) -> None:
    found = read(typed, unit, ADULT_GOALS)
    assert not isinstance(found, Own)
    assert set(found) == faulty


def test_range_is_told_in_the_viewers_unit() -> None:
    found = read(Typed("1", "4", "10", "13.9"), MMOL, ADULT_GOALS)
    assert not isinstance(found, Own)
    assert found["very_low"] == "Write a number from 2.2 mmol/L to 22.2 mmol/L."


LIMITS = st.lists(st.integers(40, 400), min_size=4, max_size=4, unique=True).map(sorted)


@given(LIMITS, st.none() | st.integers(1, 99), st.none() | st.integers(1, 99), st.sampled_from(Unit))
def test_fields_left_alone_change_nothing(limits: list[int], tir: int | None, tbr: int | None, unit: Unit) -> None:
    kept = goals_of(TargetSet.CUSTOM, Targets(*limits), tir, tbr)
    assert read(Typed.of(kept, unit), unit, kept) == Own(Targets(*limits), tir, tbr)


@given(st.lists(st.text(max_size=15), min_size=6, max_size=6), st.sampled_from(Unit))
def test_any_text_is_read_or_refused(values: list[str], unit: Unit) -> None:
    found = read(Typed.from_page(*values), unit, ADULT_GOALS)
    assert isinstance(found, Own) or set(found) <= set(NAMES)


def test_what_a_browser_cannot_send_is_nothing() -> None:
    assert Typed.from_page(7, None, ["x"], {}, "x" * 99, True) == Typed("", "", "", "", "x" * 12, "")
