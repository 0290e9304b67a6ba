"""What is kept of alarms, on both databases."""

import threading

import pytest

from cgm_dash.alarm import Alarm, AlarmKind, Alarms, Cause
from cgm_dash.batch import Wearer
from cgm_dash.errors import StoreError
from sql import Store

T = 1_795_345_200
QUIET = Alarm(AlarmKind.NO_DATA, T, T + 60, None, Cause.SENSOR_QUIET, T + 3660, T + 60, "Ann")
LOW = Alarm(AlarmKind.LOW, T, T, T + 5)


def person(store: Store, name: str = "Mira") -> int:
    return store.sources.resolve(None, "librelinkup", Wearer(f"id-{name}", name, "DE", "mg/dL")).person_id


def test_what_is_put_comes_back_whole(store: Store) -> None:
    mira, jonas = person(store), person(store, "Jonas")
    kept = {AlarmKind.NO_DATA: QUIET, AlarmKind.LOW: LOW}
    assert store.alarms.change(mira, lambda _: kept) == kept
    assert store.alarms.of_person(mira) == kept
    assert store.alarms.all() == {mira: kept}
    assert store.alarms.of_person(jonas) == {}


def test_what_is_put_again_takes_the_place_of_the_old(store: Store) -> None:
    mira = person(store)
    ended = Alarm(AlarmKind.NO_DATA, T, T + 120, T + 120, Cause.NEVER)
    for one in (QUIET, ended):
        store.alarms.change(mira, lambda _, one=one: {AlarmKind.NO_DATA: one})  # type: ignore[misc]
    assert store.alarms.of_person(mira) == {AlarmKind.NO_DATA: ended}


def test_a_change_that_fails_changes_nothing(store: Store) -> None:
    mira = person(store)
    store.alarms.change(mira, lambda _: {AlarmKind.LOW: LOW})

    def fails(_: Alarms) -> Alarms:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        store.alarms.change(mira, fails)
    assert store.alarms.of_person(mira) == {AlarmKind.LOW: LOW}


def test_nobody_has_no_alarms(store: Store) -> None:
    with pytest.raises(StoreError):
        store.alarms.change(99, lambda _: {AlarmKind.LOW: LOW})


def test_two_who_change_at_once_do_not_lose_each_other(store: Store) -> None:
    mira, start = person(store), threading.Barrier(2)

    def put(one: Alarm) -> None:
        start.wait()
        store.alarms.change(mira, lambda before: {**before, one.kind: one})

    threads = [threading.Thread(target=put, args=(one,)) for one in (QUIET, LOW)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.alarms.of_person(mira) == {AlarmKind.NO_DATA: QUIET, AlarmKind.LOW: LOW}
