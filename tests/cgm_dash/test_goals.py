"""Target sets: the paper's numbers, the edge of a goal, and what a person may set for themselves."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm_dash.goals import (
    ABOVE,
    ADULT_GOALS,
    BELOW,
    CONSENSUS,
    IN_TARGET,
    VERY_HIGH,
    VERY_LOW,
    Bands,
    Goal,
    TargetSet,
    check_own,
    goals_for,
    goals_of,
)
from cgm_dash.units import ADULT, Band, Targets

# Battelino et al. 2019, tables 3 and 4: what is asked of TIR, below low, below very low, above high, above very high.
PAPER = {
    TargetSet.ADULT: ((54, 70, 180, 250), (">70", "<4", "<1", "<25", "<5")),
    TargetSet.HIGH_RISK: ((54, 70, 180, 250), (">50", "<1", None, "<50", "<10")),
    TargetSet.PREGNANCY: ((54, 63, 140, 250), (">70", "<4", "<1", "<25", None)),
}
COLUMNS = (IN_TARGET, BELOW, VERY_LOW, ABOVE, VERY_HIGH)
OWN = Targets(55, 80, 160, 240)


@pytest.mark.parametrize("target_set", list(PAPER))
def test_each_set_has_the_numbers_of_the_paper_and_no_others(target_set: TargetSet) -> None:
    limits, numbers = PAPER[target_set]
    goals = goals_of(target_set)
    assert (goals.target_set, goals.targets) == (target_set, Targets(*limits))
    wanted = {c: Goal(int(n[1:]), n[0] == ">") for c, n in zip(COLUMNS, numbers, strict=True) if n}
    assert dict(goals.by_bands) == wanted
    assert goals.cv_percent == 36
    assert goals.citation is not None
    assert (goals.citation.short, goals.citation.doi) == ("Battelino 2019", "10.2337/dci19-0028")


def test_every_set_but_custom_was_agreed_on() -> None:
    assert {*CONSENSUS, TargetSet.CUSTOM} == set(TargetSet)
    assert [str(s) for s in TargetSet] == ["adult", "high-risk", "pregnancy", "custom"]


def test_a_goal_is_of_bands_together_not_of_each() -> None:
    assert ADULT_GOALS.of(Band.VERY_LOW, Band.LOW) == Goal(4)
    assert ADULT_GOALS.of(Band.LOW) is None
    assert ADULT_GOALS.of(Band.HIGH) is None


@pytest.mark.parametrize(
    ("goal", "share", "met"),
    [
        (Goal(4), 3.999, True),
        (Goal(4), 4.0, False),
        (Goal(4), 0.0, True),
        (Goal(70, above=True), 70.0, False),
        (Goal(70, above=True), 70.001, True),
        (Goal(70, above=True), 69.6, False),
    ],
)
def test_the_limit_itself_meets_no_goal(goal: Goal, share: float, met: bool) -> None:
    assert goal.met(share) is met


def test_custom_has_its_own_limits_two_goals_and_no_source() -> None:
    goals = goals_of(TargetSet.CUSTOM, OWN, 60, 2)
    assert goals.targets == OWN
    assert dict(goals.by_bands) == {IN_TARGET: Goal(60, above=True), BELOW: Goal(2)}
    assert goals.citation is None


def test_custom_needs_no_goals() -> None:
    assert dict(goals_of(TargetSet.CUSTOM, OWN).by_bands) == {}
    assert dict(goals_of(TargetSet.CUSTOM, OWN, goal_tbr=3).by_bands) == {BELOW: Goal(3)}


def test_custom_without_limits_is_refused() -> None:
    with pytest.raises(ValueError, match="expected four limits"):
        goals_of(TargetSet.CUSTOM, goal_tir=70)


@pytest.mark.parametrize("target_set", list(PAPER))
@pytest.mark.parametrize("more", [{"limits": OWN}, {"goal_tir": 60}, {"goal_tbr": 2}])
def test_a_consensus_set_takes_nothing_of_one_s_own(target_set: TargetSet, more: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=f"'{target_set}'.*choose 'custom'"):
        goals_of(target_set, **more)  # type: ignore[arg-type]


def test_limits_alone_are_judged_by_the_adult_goals_or_by_none() -> None:
    assert goals_for(ADULT) is ADULT_GOALS
    assert goals_for(Targets(54, 63, 140, 250)) == goals_of(TargetSet.CUSTOM, Targets(54, 63, 140, 250))


@pytest.mark.parametrize(
    ("limits", "tir", "tbr"),
    [((40, 41, 42, 400), None, None), ((54, 70, 180, 250), 1, 99), ((54, 70, 180, 250), 99, 1)],
)
def test_the_ends_may_be_set(limits: tuple[int, int, int, int], tir: int | None, tbr: int | None) -> None:
    check_own(Targets(*limits), tir, tbr)


@pytest.mark.parametrize(
    ("limits", "tir", "tbr", "told"),
    [
        ((39, 70, 180, 250), None, None, "very_low: .* 40 to 400 mg/dL, got 39"),
        ((54, 70, 180, 401), None, None, "very_high: .* 40 to 400 mg/dL, got 401"),
        ((54, 70.5, 180, 250), None, None, "low: .* got 70.5"),
        ((54, 70, 180, 250), 0, None, "goal_tir: .* 1 to 99 percent, got 0"),
        ((54, 70, 180, 250), 100, None, "goal_tir: .* got 100"),
        ((54, 70, 180, 250), 70, 0, "goal_tbr: .* got 0"),
        ((54, 70, 180, 250), 70, 100, "goal_tbr: .* got 100"),
        ((54, 70, 180, 250), 70, True, "goal_tbr: .* got True"),
    ],
)
def test_what_makes_no_sense_is_named_with_the_remedy(
    limits: tuple[int, int, int, int], tir: int | None, tbr: int | None, told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        check_own(Targets(*limits), tir, tbr)


@given(st.lists(st.integers(40, 400), min_size=4, max_size=4), st.integers(1, 99), st.integers(1, 99))
def test_limits_that_rise_within_the_sensor_s_range_are_all_that_is_asked(own: list[int], tir: int, tbr: int) -> None:
    rising = all(a < b for a, b in itertools.pairwise(own))
    if rising:
        check_own(Targets(*own), tir, tbr)
    else:
        with pytest.raises(ValueError, match="do not rise; give"):
            Targets(*own)


def test_goals_can_be_compared_and_hashed() -> None:
    one, same, other = (goals_of(TargetSet.CUSTOM, OWN, g, 2) for g in (60, 60, 61))
    assert one == same
    assert hash(one) == hash(same)
    assert one != other


def bands_in_order(bands: Bands) -> bool:
    return list(bands) == sorted(bands)


@pytest.mark.parametrize("target_set", list(PAPER))
def test_goals_are_found_by_bands_from_the_lowest_up(target_set: TargetSet) -> None:
    assert all(bands_in_order(bands) for bands in goals_of(target_set).by_bands)
