"""People keep the target set they were given: limits and goals, on both databases."""

import pytest
import sqlalchemy as sa

from cgm_dash.errors import StoreError
from cgm_dash.goals import CONSENSUS, Goals, TargetSet, goals_of
from cgm_dash.units import ADULT, Targets
from sql import Store
from sql.people import Person
from sql.schema import people

OWN = Targets(55, 80, 160, 240)


def kept(store: Store, person: Person) -> Person:
    found = store.people.get(person.id)
    assert found is not None
    return found


def row(store: Store) -> tuple[object, ...]:
    """Return the columns of the only person's set: name, four limits, two goals."""
    names = ("target_set", "very_low", "low", "high", "very_high", "goal_tir", "goal_tbr")
    with store.engine.connect() as connection:
        return tuple(connection.execute(sa.select(*(people.c[name] for name in names))).one())


def test_newcomers_are_adults(store: Store) -> None:
    person = store.people.create("Ann")
    assert person.goals == goals_of(TargetSet.ADULT)
    assert (person.target_set, person.targets) == (TargetSet.ADULT, ADULT)
    assert row(store) == ("adult", 54, 70, 180, 250, None, None)


def test_newcomers_with_other_limits_are_custom_without_goals(store: Store) -> None:
    person = store.people.create("Ann", targets=OWN)
    assert person.goals == goals_of(TargetSet.CUSTOM, OWN)
    assert kept(store, person) == person


@pytest.mark.parametrize("goals", list(CONSENSUS.values()), ids=list(CONSENSUS))
def test_each_consensus_set_comes_back_with_its_limits_in_the_row(store: Store, goals: Goals) -> None:
    person = store.people.create("Ann", targets=OWN)
    store.people.set_target_set(person.id, goals.target_set)
    assert kept(store, person).goals == goals
    t = goals.targets
    assert row(store) == (str(goals.target_set), t.very_low, t.low, t.high, t.very_high, None, None)


@pytest.mark.parametrize(("tir", "tbr"), [(60, 2), (None, 3), (75, None), (None, None), (1, 99)])
def test_custom_comes_back_as_it_was_given(store: Store, tir: int | None, tbr: int | None) -> None:
    person = store.people.create("Ann")
    store.people.set_target_set(person.id, TargetSet.CUSTOM, OWN, tir, tbr)
    assert kept(store, person).goals == goals_of(TargetSet.CUSTOM, OWN, tir, tbr)
    assert row(store) == ("custom", 55, 80, 160, 240, tir, tbr)


def test_leaving_custom_leaves_its_goals_behind(store: Store) -> None:
    person = store.people.create("Ann")
    store.people.set_target_set(person.id, TargetSet.CUSTOM, OWN, 60, 2)
    store.people.set_target_set(person.id, TargetSet.ADULT)
    assert kept(store, person) == person


def test_a_new_set_changes_nothing_else(store: Store) -> None:
    ann, bea = store.people.create("Ann", zone="Europe/Berlin"), store.people.create("Bea")
    store.people.set_target_set(ann.id, TargetSet.PREGNANCY)
    found = kept(store, ann)
    assert (found.name, found.zone, found.unit, found.seq) == (ann.name, ann.zone, ann.unit, ann.seq)
    assert kept(store, bea) == bea


@pytest.mark.parametrize(
    ("target_set", "limits", "tir", "tbr", "told"),
    [
        (TargetSet.CUSTOM, None, 70, 4, "expected four limits, got none"),
        (TargetSet.CUSTOM, Targets(39, 70, 180, 250), 70, 4, "very_low: .* got 39"),
        (TargetSet.CUSTOM, Targets(54, 70, 180, 401), 70, 4, "very_high: .* got 401"),
        (TargetSet.CUSTOM, OWN, 100, 4, "goal_tir: .* got 100"),
        (TargetSet.CUSTOM, OWN, 70, 0, "goal_tbr: .* got 0"),
        (TargetSet.ADULT, OWN, None, None, "choose 'custom'"),
        (TargetSet.PREGNANCY, None, 60, None, "choose 'custom'"),
    ],
)
def test_what_is_refused_leaves_the_set_as_it_was(
    store: Store, target_set: TargetSet, limits: Targets | None, tir: int | None, tbr: int | None, told: str
) -> None:
    person = store.people.create("Ann", targets=OWN)
    with pytest.raises(ValueError, match=told):
        store.people.set_target_set(person.id, target_set, limits, tir, tbr)
    assert kept(store, person) == person


def test_limits_a_newcomer_may_not_have_are_refused(store: Store) -> None:
    with pytest.raises(ValueError, match=r"very_high: .* got 450"):
        store.people.create("Ann", targets=Targets(54, 70, 180, 450))
    assert store.people.list() == ()


def test_a_person_that_is_not_there_is_said_so(store: Store) -> None:
    with pytest.raises(StoreError, match="person 7"):
        store.people.set_target_set(7, TargetSet.ADULT)
