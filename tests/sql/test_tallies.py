"""Tallies: what is stored by source and kind, right after every sort of change without counting all of it again."""

from unittest import mock

import pytest
import sqlalchemy as sa

from cgm_dash.batch import Columns, Wearer
from cgm_dash.reading import Kind, Reading
from sql import Store, tallies
from sql.changes import note_change
from sql.schema import readings
from sql.sources import lock_person
from sql.tallies import BLOCK_S, Tally

T0 = 1_790_000_000


def add(store: Store, *readings_: Reading, name: str = "a") -> tuple[int, int]:
    row = store.sources.resolve(None, "librelinkup", Wearer(name, name))
    store.readings.add(row.person_id, row.source_id, Columns.of(readings_), arrived=T0)
    return row.person_id, row.source_id


def test_readings_are_counted_by_source_and_kind(store: Store) -> None:
    assert store.tallies.of_person(1) == ()
    person, source = add(
        store, Reading(T0, 100), Reading(T0 + 3 * BLOCK_S, 100), Reading(T0 + 60, 100, Kind.HISTORY, period_s=300)
    )
    other, _ = add(store, Reading(T0 + 5, 100), name="b")
    assert store.tallies.of_person(person) == (
        Tally(source, Kind.LIVE, 2, T0, T0 + 3 * BLOCK_S),
        Tally(source, Kind.HISTORY, 1, T0 + 60, T0 + 60),
    )
    assert [t.n for t in store.tallies.of_person(other)] == [1]


def test_new_reading_costs_the_counting_of_one_block(store: Store) -> None:
    person, source = add(store, *(Reading(T0 + i * BLOCK_S, 100) for i in range(9)))
    store.tallies.of_person(person)
    with mock.patch.object(tallies, "_counts", wraps=tallies._counts) as counting:
        assert store.tallies.of_person(person)[0].n == 9
        assert counting.call_count == 0
        add(store, Reading(T0 + 9 * BLOCK_S + 60, 100), Reading(T0 + 9 * BLOCK_S + 120, 100))
        assert store.tallies.of_person(person) == (Tally(source, Kind.LIVE, 11, T0, T0 + 9 * BLOCK_S + 120),)
        assert counting.call_count == 1
        add(store, Reading(T0 - 2 * BLOCK_S, 100))
        assert store.tallies.of_person(person)[0].first == T0 - 2 * BLOCK_S


@pytest.mark.parametrize("gone", [T0, T0 + BLOCK_S])
def test_removed_reading_is_counted_no_longer(store: Store, gone: int) -> None:
    person, _ = add(store, Reading(T0, 100), Reading(T0 + 60, 100), Reading(T0 + BLOCK_S, 100))
    assert store.tallies.of_person(person)[0].n == 3
    with store.engine.begin() as connection:
        connection.execute(sa.delete(readings).where(readings.c.person_id == person, readings.c.ts == gone))
        note_change(connection, person, lock_person(connection, person) + 1, gone, gone)
    assert store.tallies.of_person(person)[0].n == 2
