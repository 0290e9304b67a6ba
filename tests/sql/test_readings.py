"""Readings are stored once, the first value stays, every difference is kept once."""

import dataclasses
import random
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cgm_dash.batch import NO_OFFSET, Columns, Wearer
from cgm_dash.errors import StoreError
from cgm_dash.reading import Flag, Kind, Reading, Trend
from sql import Store
from sql.readings import FEW
from sql.sources import SourceRow

T0 = 1_790_000_000
NOW = T0 + 1_000_000.5


def wearer(store: Store, external_id: str = "w1") -> SourceRow:
    return store.sources.resolve(None, "librelinkup", Wearer(external_id, "Ann"))


def columns(values: Sequence[tuple[int, int]], kind: Kind = Kind.LIVE) -> Columns:
    return Columns.of(Reading(T0 + ts, mg_dl, kind) for ts, mg_dl in values)


def pairs(store: Store, person_id: int) -> list[tuple[int, int]]:
    stored = store.readings.load(person_id).columns
    return list(zip((stored.ts - T0).tolist(), stored.mg_dl.tolist(), strict=True))


def minutes(n: int, start: int = 0, mg_dl: int = 100) -> Columns:
    ts = T0 + start + 60 * np.arange(n, dtype=np.int64)
    return Columns(
        np.full(n, Kind.LIVE, np.int8),
        ts,
        np.full(n, mg_dl, np.int32),
        np.zeros(n, np.int8),
        np.full(n, Trend.STEADY, np.int8),
        np.full(n, 60, np.int32),
        np.full(n, 120, np.int16),
    )


def test_every_column_comes_back_as_it_went_in(store: Store) -> None:
    source = wearer(store)
    given_ = [
        Reading(T0, 40, Kind.LIVE, Flag.LO, Trend.FALLING_FAST, 60, -720),
        Reading(T0, 400, Kind.HISTORY, Flag.HI, None, 300, 840),
        Reading(T0 + 60, 20, Kind.MANUAL, Flag.NONE, Trend.RISING_FAST, 86_400, None),
        Reading(T0 + 61, 600, Kind.STRIP, Flag.NONE, None, 1, 0),
    ]
    added = store.readings.add(source.person_id, source.source_id, Columns.of(given_), arrived=NOW)
    assert (added.stored, added.known, added.conflicts, added.seq) == (4, 0, 0, 1)
    loaded = store.readings.load(source.person_id)
    wanted = Columns.of(given_)
    for field in ("kind", "ts", "mg_dl", "flag", "trend", "period_s", "offset_min"):
        got, want = getattr(loaded.columns, field), getattr(wanted, field)
        assert got.tolist() == want.tolist(), field
        assert got.dtype == want.dtype, field
    assert loaded.source_id.tolist() == [source.source_id] * 4
    assert loaded.seq == 1


def test_again_is_harmless(store: Store) -> None:
    source = wearer(store)
    batch = columns([(0, 100), (60, 110)])
    store.readings.add(source.person_id, source.source_id, batch, arrived=NOW)
    again = store.readings.add(source.person_id, source.source_id, batch, arrived=NOW + 60)
    assert (again.stored, again.known, again.conflicts, again.seq) == (0, 2, 0, 1)
    assert pairs(store, source.person_id) == [(0, 100), (60, 110)]


def test_first_value_stays_and_a_later_one_is_kept_once(store: Store) -> None:
    source = wearer(store)
    add = store.readings.add
    add(source.person_id, source.source_id, columns([(0, 100)]), arrived=NOW)
    for seen in (60, 120):
        later = add(source.person_id, source.source_id, columns([(0, 105)]), arrived=NOW + seen)
        assert (later.stored, later.known, later.conflicts, later.seq) == (0, 0, 1, 1)
    assert pairs(store, source.person_id) == [(0, 100)]
    (conflict,) = store.readings.conflicts(source.person_id)
    assert (conflict.ts, conflict.mg_dl, conflict.times_seen) == (T0, 105, 2)
    assert (conflict.first_seen, conflict.last_seen) == (int(NOW + 60), int(NOW + 120))


def test_another_flag_is_another_value(store: Store) -> None:
    source = wearer(store)
    low = [Reading(T0, 40, flag=flag) for flag in (Flag.NONE, Flag.LO)]
    added = store.readings.add(source.person_id, source.source_id, Columns.of(low), arrived=NOW)
    assert (added.stored, added.conflicts) == (1, 1)


def test_same_second_of_another_kind_or_source_is_another_reading(store: Store) -> None:
    one = wearer(store)
    two = store.sources.attach(one.person_id, "libreview", "x")
    for source_id, kind in ((one.source_id, Kind.LIVE), (one.source_id, Kind.HISTORY), (two.source_id, Kind.LIVE)):
        assert store.readings.add(one.person_id, source_id, columns([(0, 100)], kind), arrived=NOW).stored == 1
    assert store.readings.count(one.person_id) == 3
    assert len(store.readings.load(one.person_id).layer(one.source_id, Kind.HISTORY)) == 1


def test_source_of_another_person_is_refused(store: Store) -> None:
    one, two = wearer(store), wearer(store, "w2")
    with pytest.raises(StoreError, match="no source of person"):
        store.readings.add(one.person_id, two.source_id, columns([(0, 100)]), arrived=NOW)
    assert store.readings.count(one.person_id) == 0


def test_value_that_is_no_glucose_is_refused_by_the_table_itself(store: Store) -> None:
    source = wearer(store)
    odd = dataclasses.replace(columns([(0, 100)]), mg_dl=np.array([601], np.int32))
    with pytest.raises(StoreError):
        store.readings.add(source.person_id, source.source_id, odd, arrived=NOW)
    assert store.readings.sequence(source.person_id) == 0


def test_sequence_rises_only_when_readings_change(store: Store) -> None:
    one, two = wearer(store), wearer(store, "w2")
    store.readings.add(one.person_id, one.source_id, columns([(0, 100)]), arrived=NOW)
    store.readings.add(one.person_id, one.source_id, columns([(0, 100), (60, 101)]), arrived=NOW)
    store.readings.add(one.person_id, one.source_id, columns([(0, 101)]), arrived=NOW)
    assert [store.readings.sequence(source.person_id) for source in (one, two)] == [2, 0]


def test_since_gives_late_readings_too(store: Store) -> None:
    source = wearer(store)
    for batch in ([(600, 100)], [(0, 90), (660, 101)], [(30, 91)]):
        store.readings.add(source.person_id, source.source_id, columns(batch), arrived=NOW)
    since = store.readings.since(source.person_id, 1)
    assert (since.columns.ts - T0).tolist() == [0, 30, 660]
    assert since.seq == 3
    assert len(store.readings.since(source.person_id, 3)) == 0


def test_range_includes_its_start_and_not_its_end(store: Store) -> None:
    source = wearer(store)
    store.readings.add(source.person_id, source.source_id, columns([(0, 90), (60, 91), (120, 92)]), arrived=NOW)
    assert (store.readings.load(source.person_id, T0 + 0.5, T0 + 120).columns.ts - T0).tolist() == [60]


def test_newest_ignores_other_kinds_and_the_future(store: Store) -> None:
    source = wearer(store)
    assert store.readings.newest(source.person_id) is None
    assert store.readings.newest_live(source.source_id) is None
    for kind, batch in ((Kind.LIVE, [(0, 90), (600, 99)]), (Kind.HISTORY, [(60, 91)]), (Kind.STRIP, [(120, 92)])):
        store.readings.add(source.person_id, source.source_id, columns(batch, kind), arrived=NOW)
    newest = store.readings.newest(source.person_id, before=T0 + 599)
    assert newest == Reading(T0 + 60, 91, Kind.HISTORY)
    assert store.readings.newest_live(source.source_id) == Reading(T0 + 600, 99)


def test_nothing_stored_reads_as_nothing(store: Store) -> None:
    source = wearer(store)
    assert len(store.readings.load(source.person_id)) == 0
    added = store.readings.add(source.person_id, source.source_id, Columns.of(()), arrived=NOW)
    assert (added.stored, added.known, added.conflicts, added.seq) == (0, 0, 0, 0)
    assert store.readings.add_many(source.person_id, source.source_id, Columns.of(()), arrived=NOW).stored == 0


def test_writers_of_one_person_take_turns(store: Store) -> None:
    source = wearer(store)
    together = threading.Barrier(4)
    errors: list[Exception] = []

    def write(writer: int) -> None:
        together.wait()
        try:
            for i in range(10):
                batch = columns([(600 * i + 60 * writer, 100), (600 * i, 100)], Kind.HISTORY)
                store.readings.add(source.person_id, source.source_id, batch, arrived=NOW)
        except Exception as error:  # noqa: BLE001 - shown below
            errors.append(error)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert store.readings.count(source.person_id) == 50
    changes = store.readings.changes(source.person_id, 0)
    assert changes.seq == 40
    assert changes.stretches is not None
    assert len(changes.stretches) == 40


def test_import_beside_what_is_stored_keeps_the_first_value_and_every_conflict(store: Store) -> None:
    source = wearer(store)
    n = 3 * FEW
    first = store.readings.add_many(source.person_id, source.source_id, minutes(n), arrived=NOW)
    assert (first.stored, first.known, first.conflicts, first.seq) == (n, 0, 0, 1)
    overlapping = minutes(n, start=60 * FEW)
    overlapping.mg_dl[:10] = 101
    second = store.readings.add_many(source.person_id, source.source_id, overlapping, arrived=NOW)
    assert (second.stored, second.known, second.conflicts, second.seq) == (FEW, 2 * FEW - 10, 10, 2)
    assert store.readings.count(source.person_id) == n + FEW
    assert [c.mg_dl for c in store.readings.conflicts(source.person_id)] == [101] * 10
    assert set(store.readings.load(source.person_id).columns.mg_dl.tolist()) == {100}


def test_import_that_doubles_itself_keeps_each_identity_once(store: Store) -> None:
    source = wearer(store)
    n = 2 * FEW
    one, two = minutes(n), minutes(n, mg_dl=102)
    joined: dict[str, Any] = {f: np.concatenate((getattr(one, f), getattr(two, f))) for f in _FIELDS}
    both = Columns(**joined)
    added = store.readings.add_many(source.person_id, source.source_id, both, arrived=NOW)
    assert (added.stored, added.known, added.conflicts) == (n, 0, n)
    again = store.readings.add_many(source.person_id, source.source_id, both, arrived=NOW)
    assert (again.stored, again.known, again.conflicts) == (0, n, n)
    assert {c.times_seen for c in store.readings.conflicts(source.person_id)} == {2}


def test_import_in_several_transactions_is_whole(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sql.bulk.CHUNK", 700)
    source = wearer(store)
    added = store.readings.add_many(source.person_id, source.source_id, minutes(3000), arrived=NOW)
    assert (added.stored, added.seq) == (3000, 5)
    assert store.readings.add_many(source.person_id, source.source_id, minutes(3000), arrived=NOW).known == 3000


def test_import_is_validated(store: Store) -> None:
    source = wearer(store)
    odd = minutes(4)
    odd.mg_dl[1] = 0
    odd.ts[2] = 86_400
    added = store.readings.add_many(source.person_id, source.source_id, odd, arrived=NOW)
    assert added.stored == 2
    assert sorted(r.reason for r in added.rejected) == ["out-of-range", "too-old"]


_FIELDS = ("kind", "ts", "mg_dl", "flag", "trend", "period_s", "offset_min")
VALUES = st.tuples(st.integers(0, 6), st.sampled_from((100, 101, 102)), st.sampled_from((Kind.LIVE, Kind.HISTORY)))
BATCHES = st.lists(st.lists(VALUES, max_size=6), min_size=1, max_size=4)
FIXTURE_STAYS = [HealthCheck.function_scoped_fixture]
_people = iter(range(10**9))


@settings(max_examples=40, deadline=None, suppress_health_check=FIXTURE_STAYS)
@given(batches=BATCHES, few=st.booleans(), order=st.randoms(use_true_random=False))
def test_any_order_any_portions_any_number_of_times_store_the_set_union(
    store: Store, batches: list[list[tuple[int, int, Kind]]], few: bool, order: random.Random
) -> None:
    """The stored value is the first of its identity; with the conflicts it makes the set of all values offered."""
    again = [*batches, *batches]
    order.shuffle(again)
    source = wearer(store, f"hypothesis-{next(_people)}")
    first: dict[tuple[int, Kind], int] = {}
    for batch in again:
        cols = Columns.of(Reading(T0 + 60 * ts, mg_dl, kind) for ts, mg_dl, kind in batch)
        add = store.readings.add if few else store.readings.add_many
        added = add(source.person_id, source.source_id, cols, arrived=NOW)
        new = {(ts, kind) for ts, _, kind in batch} - set(first)
        for ts, mg_dl, kind in batch:
            first.setdefault((ts, kind), mg_dl)
        same = sum(first[ts, kind] == mg_dl for ts, mg_dl, kind in batch)
        assert (added.stored, added.stored + added.known, added.conflicts) == (len(new), same, len(batch) - same)
    stored = store.readings.load(source.person_id).columns
    got = {
        ((ts - T0) // 60, Kind(kind)): mg_dl
        for ts, kind, mg_dl in zip(stored.ts.tolist(), stored.kind.tolist(), stored.mg_dl.tolist(), strict=True)
    }
    assert got == first
    assert len(stored) == len(first)
    kept = [((c.ts - T0) // 60, c.mg_dl, c.kind) for c in store.readings.conflicts(source.person_id)]
    assert len(kept) == len(set(kept))
    offered = {value for batch in batches for value in batch}
    assert set(kept) | {(ts, mg_dl, kind) for (ts, kind), mg_dl in first.items()} == offered
    assert NO_OFFSET in stored.offset_min or not len(stored)
