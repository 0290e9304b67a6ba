"""The cached series is always the one a merge of everything stored would give."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cgm_dash.batch import Columns, Wearer
from cgm_dash.reading import Kind, Reading
from cgm_dash.series import Series, merge
from sql import Store
from sql.readings import FOREVER
from sql.series_cache import DAY_S, SeriesCache, layers
from sql.sources import SourceRow

T0 = 1_790_000_000 // DAY_S * DAY_S
NOW = T0 + 40 * DAY_S
FIELDS = ("ts", "mg_dl", "flag", "kind", "trend", "period_s", "offset_min", "seconds")


def cache_of(store: Store, max_mb: float = 64) -> SeriesCache:
    return SeriesCache(store.readings, store.sources, max_mb)


def naive(store: Store, person_id: int, start: float, end: float) -> Series:
    everything = store.readings.load(person_id)
    return merge(layers(store.sources.of_person(person_id), everything)).between(start, end)


def same(a: Series, b: Series) -> None:
    for field in FIELDS:
        assert getattr(a, field).tolist() == getattr(b, field).tolist(), field
        assert getattr(a, field).dtype == getattr(b, field).dtype, field


def live(n: int, start: int = T0, mg_dl: int = 100) -> Columns:
    return Columns.of(Reading(start + 60 * i, mg_dl + i % 50) for i in range(n))


@pytest.fixture
def source(store: Store) -> SourceRow:
    return store.sources.resolve(None, "librelinkup", Wearer("p1", "Ann"))


def test_live_history_and_scan_merge_in_that_order(store: Store, source: SourceRow) -> None:
    add = store.readings.add
    who = (source.person_id, source.source_id)
    others = [Reading(T0 + 30, 300, kind, period_s=60) for kind in (Kind.ALARM, Kind.STRIP, Kind.MANUAL)]
    history = [Reading(T0 + 300 * i, 120, Kind.HISTORY, period_s=300) for i in range(3)]
    add(*who, Columns.of([*history, *others, Reading(T0 + 1000, 90, Kind.SCAN, period_s=60)]), arrived=NOW)
    cache = cache_of(store)
    assert cache.series(source.person_id).kind.tolist() == [1, 1, 1, 2]
    add(*who, live(2, T0 + 300), arrived=NOW)
    series = cache.series(source.person_id)
    assert series.kind.tolist() == [1, 0, 1, 0, 1]  # the scan counts no longer: the source has live readings now
    assert series.seconds.tolist() == [300, 60, 180, 60, 300]


def test_better_source_stands_before_the_other(store: Store, source: SourceRow) -> None:
    other = store.sources.attach(source.person_id, "libreview", "file")
    cache = cache_of(store)
    store.readings.add(source.person_id, source.source_id, live(3, mg_dl=100), arrived=NOW)
    store.readings.add(source.person_id, other.source_id, live(3, mg_dl=200), arrived=NOW)
    assert cache.series(source.person_id).mg_dl.tolist() == [100, 101, 102]
    store.sources.rank(source.person_id, (other.source_id,))
    assert cache.series(source.person_id).mg_dl.tolist() == [200, 201, 202]


def test_nobody_and_nothing_are_an_empty_series(store: Store, source: SourceRow) -> None:
    cache = cache_of(store)
    assert len(cache.series(source.person_id)) == 0
    assert len(cache.series(99)) == 0
    store.readings.add(source.person_id, source.source_id, live(3), arrived=NOW)
    assert len(cache.between(source.person_id, T0 + 60, T0 + 60)) == 0
    assert len(cache.between(source.person_id, T0 + 60, T0)) == 0
    assert len(cache.between(source.person_id, 0, T0)) == 0
    assert len(cache.series(source.person_id)) == 3


def test_writes_of_another_process_show_at_once(store: Store, source: SourceRow) -> None:
    one, two = cache_of(store), cache_of(store)
    for i in (5, 3, 9, 0):
        store.readings.add(source.person_id, source.source_id, live(1, T0 + 60 * i), arrived=NOW)
        same(one.series(source.person_id), two.series(source.person_id))
        same(one.series(source.person_id), naive(store, source.person_id, 0, FOREVER))
    assert (one.series(source.person_id).ts - T0).tolist() == [0, 180, 300, 540]


def test_more_changes_than_are_remembered_are_a_reload(
    store: Store, source: SourceRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sql.changes.KEPT", 3)
    cache = cache_of(store)
    store.readings.add(source.person_id, source.source_id, live(1), arrived=NOW)
    cache.series(source.person_id)
    for i in range(1, 8):
        store.readings.add(source.person_id, source.source_id, live(1, T0 + 60 * i), arrived=NOW)
    assert store.readings.changes(source.person_id, 1).stretches is None
    assert len(cache.series(source.person_id)) == 8


def test_only_what_is_asked_for_is_loaded(store: Store, source: SourceRow) -> None:
    everything = Columns.of(Reading(T0 + 900 * i, 100, Kind.HISTORY, period_s=900) for i in range(96 * 30))
    store.readings.add_many(source.person_id, source.source_id, everything, arrived=NOW)
    cache = cache_of(store)
    cache.between(source.person_id, T0 + 29 * DAY_S, NOW)
    assert cache.size < 23 * 96 * 4
    cache.between(source.person_id, T0 + 5 * DAY_S, T0 + 6 * DAY_S)  # a stretch of the past, beside the newest days
    assert cache.size < 23 * 96 * 8
    same(cache.between(source.person_id, 0, FOREVER), naive(store, source.person_id, 0, FOREVER))


def test_bound_holds_and_what_exceeds_it_is_still_answered(store: Store) -> None:
    people = [store.sources.resolve(None, "librelinkup", Wearer(f"p{i}")) for i in range(4)]
    for source in people:
        store.readings.add(source.person_id, source.source_id, live(500), arrived=NOW)
    cache = cache_of(store, max_mb=2.5 * 500 * 23 / 2**20)
    for source in people:
        assert len(cache.series(source.person_id)) == 500
        assert cache.size <= 2.5 * 500 * 23
    store.readings.add(people[0].person_id, people[0].source_id, live(900, T0 + 10**6), arrived=NOW)
    before = cache.size
    assert len(cache.series(people[0].person_id)) == 1400
    assert cache.size == before  # nobody else was turned out for it


def test_series_given_out_is_never_written_again(store: Store, source: SourceRow) -> None:
    store.readings.add(source.person_id, source.source_id, live(3), arrived=NOW)
    cache = cache_of(store)
    early = cache.series(source.person_id)
    copy = early.seconds.copy()
    store.readings.add(source.person_id, source.source_id, live(1, T0 + 30), arrived=NOW)
    assert len(cache.series(source.person_id)) == 4
    assert early.seconds.tolist() == copy.tolist()
    with pytest.raises(ValueError, match="read-only"):
        early.mg_dl[0] = 1


def test_threads_share_one_cache(store: Store, source: SourceRow) -> None:
    cache = cache_of(store)
    errors: list[Exception] = []

    def look() -> None:
        try:
            for _ in range(15):
                series = cache.series(source.person_id)
                assert bool((np.diff(series.ts) > 0).all())
        except Exception as error:  # noqa: BLE001 - shown below
            errors.append(error)

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for i in range(15):
        store.readings.add(source.person_id, source.source_id, live(1, T0 + 60 * (i * 7 % 15)), arrived=NOW)
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(cache.series(source.person_id)) == 15


def put(store: Store, person_id: int, source_id: int, ts: int, period_s: int) -> None:
    one = Columns.of([Reading(ts, 100, Kind.HISTORY, period_s=period_s)])
    assert store.readings.add(person_id, source_id, one, arrived=NOW).stored == 1


def test_neighbour_outside_the_replaced_stretch_still_covers_what_is_in_it(store: Store, source: SourceRow) -> None:
    other = store.sources.attach(source.person_id, "libreview", "file")
    put(store, source.person_id, source.source_id, T0, 300)
    put(store, source.person_id, other.source_id, T0 + 200, 300)
    cache = cache_of(store)
    assert cache.series(source.person_id).seconds.tolist() == [300, 200]
    put(store, source.person_id, source.source_id, T0 + 480, 300)
    assert cache.series(source.person_id).seconds.tolist() == [300, 180, 300]


@pytest.mark.parametrize("late", [True, False])
def test_long_reading_before_what_is_held_covers_its_beginning(store: Store, source: SourceRow, late: bool) -> None:
    """late: it comes after the days behind it were loaded; else those days are loaded by going further back."""
    other = store.sources.attach(source.person_id, "libreview", "file")
    put(store, source.person_id, other.source_id, T0 + 50, 60)
    put(store, source.person_id, other.source_id, T0 + 4 * DAY_S, 60)
    cache = cache_of(store)
    asked = T0 + DAY_S if late else T0 + 3 * DAY_S
    assert len(cache.between(source.person_id, asked, FOREVER)) == 1  # held from a day before
    put(store, source.person_id, source.source_id, T0 - 3000, 7200)
    assert len(cache.between(source.person_id, T0 if late else T0 + DAY_S, FOREVER)) == 1
    same(cache.between(source.person_id, T0, FOREVER), naive(store, source.person_id, T0, FOREVER))


# Readings crowd around midnights, where the cache cuts, and most periods are short: then neighbours matter.
PERIODS = {Kind.LIVE: (60,), Kind.HISTORY: (300, 300, 900, 7200), Kind.SCAN: (60, 60, 60, DAY_S), Kind.STRIP: (60,)}
READINGS = st.builds(
    lambda day, slot, mg_dl, kind, pick: Reading(
        T0 + DAY_S * day + 97 * slot, mg_dl, kind, period_s=PERIODS[kind][pick % len(PERIODS[kind])]
    ),
    st.integers(0, 3),
    st.integers(-20, 20),
    st.integers(40, 400),
    st.sampled_from((Kind.LIVE, Kind.HISTORY, Kind.HISTORY, Kind.SCAN, Kind.STRIP)),
    st.integers(0, 3),
)
WRITES = st.tuples(st.just("add"), st.integers(0, 1), st.lists(READINGS, min_size=1, max_size=4))
LOOKS = st.tuples(st.just("look"), st.integers(-20, 20), st.integers(0, 4), st.integers(0, 3))
STEPS = st.lists(WRITES | WRITES | LOOKS | st.just(("rank",)), min_size=6, max_size=20)
_numbers: Iterator[int] = iter(range(10**9))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_cache_equals_a_merge_of_everything_after_any_writes_and_questions(store: Store, steps: list[tuple]) -> None:  # type: ignore[type-arg]
    name = f"hypothesis-{next(_numbers)}"
    first = store.sources.resolve(None, "librelinkup", Wearer(name))
    second = store.sources.attach(first.person_id, "libreview", name)
    person = first.person_id
    cache, large = cache_of(store), cache_of(store)
    for step in steps:
        if step[0] == "add":
            store.readings.add(person, (first, second)[step[1]].source_id, Columns.of(step[2]), arrived=NOW)
        elif step[0] == "rank":
            store.sources.rank(person, (store.sources.of_person(person)[-1].source_id,))
        else:
            start = T0 + DAY_S * step[2] + 97 * step[1]
            end = FOREVER if step[3] == 3 else start + step[3] * 50_000
            same(cache.between(person, start, end), naive(store, person, start, end))
        same(large.series(person), naive(store, person, 0, FOREVER))
    for day in (3, 0, 2, 1):
        for start in (T0 + DAY_S * day, T0 + DAY_S * day - 900):
            same(cache.between(person, start, start + 90_000), naive(store, person, start, start + 90_000))
