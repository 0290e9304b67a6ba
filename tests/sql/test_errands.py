"""Errands are taken by exactly one, their secrets do not outlast that, and no account is locked by asking."""

import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from cgm_dash.errand import DEADLINE_S, ErrandKind, ErrandResult, ErrandState, Found
from cgm_dash.errors import TooSoon
from sql import Store, migrate, open_store
from sql.engine import looking, make_engine, writing
from sql.errands import EVERY_S, KEPT_S, LATE_S, MOST_REFUSALS, REFUSAL_SPAN_S, ErrandStore, Taken
from sql.runs import Run
from sql.schema import errands
from sql.vault import Vault

NOW = 1_795_345_200.0
CHECK, POLL = ErrandKind.CHECK_ACCOUNT, ErrandKind.POLL_NOW
CANARY = "canary-Pa55-7c1f"
SECRET = {"email": f"{CANARY}@example.org", "password": CANARY}
OK = ErrandResult("ok", (Found("Mira Muster", "DE", "mg/dL", 40.0),))
WRONG = ErrandResult("wrong-password")


def take(store: Store, at: float) -> Taken:
    taken = store.errands.take(at)
    assert taken is not None
    return taken


def checked(store: Store, at: float, result: ErrandResult, seconds: float = 1) -> None:
    """Ask for a check at *at* and have it end with *result* so many seconds later."""
    store.errands.ask(CHECK, at, SECRET)
    store.errands.finish(take(store, at).id, result, at + seconds)


def too_soon(store: Store, kind: ErrandKind, at: float) -> TooSoon:
    with pytest.raises(TooSoon) as caught:
        store.errands.ask(kind, at, SECRET if kind is CHECK else None)
    return caught.value


def state(store: Store, id_: str, at: float) -> ErrandState | None:
    found = store.errands.result(id_, at)
    return None if found is None else found.state


def test_an_errand_goes_from_the_asker_to_the_taker_and_back(store: Store) -> None:
    id_ = store.errands.ask(CHECK, NOW, SECRET)
    assert state(store, id_, NOW) is ErrandState.WAITING
    taken = take(store, NOW + 1)
    assert (taken.id, taken.kind, taken.deadline) == (id_, CHECK, NOW + DEADLINE_S)
    assert dict(taken.payload) == SECRET
    assert CANARY not in repr(taken)
    assert state(store, id_, NOW + 1) is ErrandState.TAKEN
    store.errands.finish(id_, OK, NOW + 2)
    found = store.errands.result(id_, NOW + 2)
    assert found is not None
    assert (found.state, found.result) == (ErrandState.DONE, OK)
    assert found.is_over
    assert store.errands.take(NOW + 2) is None


def test_of_several_takers_exactly_one_gets_it(store: Store, database_url: str, tmp_path: Path) -> None:
    vault = Vault.open(tmp_path / "keys")
    engines = [make_engine(database_url) for _ in range(4)]
    try:
        for round_ in range(10):
            at = NOW + 100 * round_
            id_ = store.errands.ask(CHECK, at, SECRET)
            together, got = threading.Barrier(len(engines)), list[Taken | None]()

            def work(engine: Engine, at: float = at, together: threading.Barrier = together) -> None:
                mine = ErrandStore(engine, vault)
                together.wait()
                got.append(mine.take(at))  # noqa: B023  joined within the round

            threads = [threading.Thread(target=work, args=(engine,)) for engine in engines]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(got) == len(engines)
            assert [taken.id for taken in got if taken] == [id_]
            store.errands.finish(id_, OK, at)
    finally:
        for engine in engines:
            engine.dispose()


def test_of_several_askers_exactly_one_check_gets_in(store: Store, database_url: str, tmp_path: Path) -> None:
    vault = Vault.open(tmp_path / "keys")
    engines = [make_engine(database_url) for _ in range(4)]
    together, outcomes = threading.Barrier(len(engines)), list[str]()

    def work(engine: Engine) -> None:
        mine = ErrandStore(engine, vault)
        together.wait()
        try:
            outcomes.append(mine.ask(CHECK, NOW, SECRET))
        except TooSoon as exc:
            outcomes.append(exc.why)

    threads = [threading.Thread(target=work, args=(engine,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for engine in engines:
        engine.dispose()
    assert len(outcomes) == len(engines)
    assert outcomes.count("busy") == len(engines) - 1


def test_only_kinds_that_are_wanted_are_taken(store: Store) -> None:
    check, poll = store.errands.ask(CHECK, NOW, SECRET), store.errands.ask(POLL, NOW + 1)
    taken = store.errands.take(NOW + 2, [POLL])
    assert taken is not None
    assert taken.id == poll
    assert store.errands.take(NOW + 2, [POLL]) is None
    assert take(store, NOW + 2).id == check


def test_a_second_poll_while_one_waits_is_the_same(store: Store) -> None:
    id_ = store.errands.ask(POLL, NOW)
    assert store.errands.ask(POLL, NOW + 5) == id_
    take(store, NOW + 5)
    assert store.errands.ask(POLL, NOW + 6) == id_
    store.errands.finish(id_, ErrandResult("ok"), NOW + 7)
    refused = too_soon(store, POLL, NOW + 29.9)
    assert (refused.why, refused.next_at) == ("pace", NOW + EVERY_S[POLL])
    assert store.errands.ask(POLL, NOW + 30) != id_


def test_checks_keep_their_pace(store: Store) -> None:
    store.errands.ask(CHECK, NOW, SECRET)
    assert too_soon(store, CHECK, NOW + 1).why == "busy"
    store.errands.finish(take(store, NOW + 1).id, OK, NOW + 2)
    refused = too_soon(store, CHECK, NOW + 9)
    assert (refused.why, refused.next_at) == ("pace", NOW + EVERY_S[CHECK])
    store.errands.ask(CHECK, NOW + 10, SECRET)


def test_a_third_refusal_within_a_minute_cannot_be_asked_for(store: Store) -> None:
    checked(store, NOW, WRONG)
    checked(store, NOW + 10, WRONG)
    for kind in ErrandKind:
        refused = too_soon(store, kind, NOW + 20)
        assert (refused.why, refused.next_at) == ("lock-out", NOW + 1 + REFUSAL_SPAN_S)
    checked(store, NOW + 1 + REFUSAL_SPAN_S, WRONG)


def test_whoever_asks_as_often_as_possible_is_never_refused_three_times_in_a_minute(store: Store) -> None:
    refusals = []
    at = NOW
    while at < NOW + 600:
        try:
            checked(store, at, WRONG)
            refusals.append(at + 1)
            at += 1
        except TooSoon as exc:
            at = max(at + 0.1, exc.next_at)
    assert len(refusals) > 10
    assert all(later - earlier > 60 for earlier, later in zip(refusals, refusals[MOST_REFUSALS:], strict=False))


@pytest.mark.parametrize(("result", "counts"), [
    (WRONG, True), (ErrandResult("timeout"), True), (OK, False), (ErrandResult("network"), False),
    (ErrandResult("terms"), False),
])  # fmt: skip
def test_what_may_have_been_a_refusal_counts_as_one(store: Store, result: ErrandResult, counts: bool) -> None:
    checked(store, NOW, result)
    checked(store, NOW + 10, WRONG)
    if counts:
        assert too_soon(store, CHECK, NOW + 20).why == "lock-out"
    else:
        store.errands.ask(CHECK, NOW + 20, SECRET)


def test_a_check_whose_taker_died_counts_as_a_refusal(store: Store) -> None:
    store.errands.ask(CHECK, NOW, SECRET)
    take(store, NOW)
    late = NOW + DEADLINE_S + LATE_S
    checked(store, late, WRONG)
    assert too_soon(store, CHECK, late + 10).why == "lock-out"


def test_one_nobody_took_does_not(store: Store) -> None:
    store.errands.ask(CHECK, NOW, SECRET)
    checked(store, NOW + DEADLINE_S, WRONG)
    store.errands.ask(CHECK, NOW + DEADLINE_S + 10, SECRET)


def test_a_refusal_of_a_poll_counts_once_and_not_for_as_long_as_it_latches(store: Store) -> None:
    upstream = store.upstreams.set_account("librelinkup", "a@example.org", "one").upstream_id
    store.runs.record(Run(upstream_id=upstream, started=NOW - 60, outcome="ok"))
    store.runs.record(Run(upstream_id=upstream, started=NOW, outcome="wrong-password"))
    checked(store, NOW + 5, WRONG)
    refused = too_soon(store, CHECK, NOW + 15)
    assert (refused.why, refused.next_at) == ("lock-out", NOW + REFUSAL_SPAN_S)
    store.runs.record(Run(upstream_id=upstream, started=NOW + 60, outcome="wrong-password"))
    store.errands.ask(CHECK, NOW + REFUSAL_SPAN_S, SECRET)


def test_a_poll_under_way_that_may_be_refused_is_waited_for(store: Store) -> None:
    checked(store, NOW, WRONG)
    store.errands.ask(POLL, NOW + 5)
    refused = too_soon(store, CHECK, NOW + 10)
    assert (refused.why, refused.next_at) == ("busy", NOW + 5 + DEADLINE_S)


@pytest.mark.parametrize("code", ["locked", "rate-limited", "blocked"])
def test_what_the_upstream_asked_for_is_kept(store: Store, code: str) -> None:
    checked(store, NOW, ErrandResult(code, next_try_at=NOW + 330))
    refused = too_soon(store, CHECK, NOW + 329)
    assert (refused.why, refused.next_at) == ("upstream", NOW + 330)
    store.errands.ask(POLL, NOW + 10)  # a poll keeps the waits of its own account itself
    store.errands.ask(CHECK, NOW + 330, SECRET)


def test_an_errand_that_nobody_takes_expires_and_loses_its_secret(store: Store) -> None:
    id_ = store.errands.ask(CHECK, NOW, SECRET)
    assert state(store, id_, NOW + DEADLINE_S - 1) is ErrandState.WAITING
    assert state(store, id_, NOW + DEADLINE_S) is ErrandState.EXPIRED
    assert store.errands.take(NOW + DEADLINE_S) is None
    assert kept(store) == [(id_, "expired", None)]


def kept(store: Store) -> list[tuple[str, str, bytes | None]]:
    with looking(store.engine) as connection:
        wanted = sa.select(errands.c.id, errands.c.state, errands.c.payload)
        return [(row.id, row.state, row.payload) for row in connection.execute(wanted)]


def test_an_answer_may_be_a_little_late_and_no_later(store: Store) -> None:
    id_ = store.errands.ask(POLL, NOW)
    take(store, NOW)
    assert state(store, id_, NOW + DEADLINE_S + LATE_S - 1) is ErrandState.TAKEN
    assert state(store, id_, NOW + DEADLINE_S + LATE_S) is ErrandState.EXPIRED
    store.errands.take(NOW + DEADLINE_S + LATE_S)
    store.errands.finish(id_, ErrandResult("ok"), NOW + DEADLINE_S + LATE_S + 1)
    assert state(store, id_, NOW + DEADLINE_S + LATE_S + 1) is ErrandState.EXPIRED


def test_rows_are_gone_after_an_hour_and_those_of_a_clock_set_back_too(store: Store) -> None:
    id_ = store.errands.ask(CHECK, NOW, SECRET)
    store.errands.finish(take(store, NOW).id, OK, NOW + 1)
    assert state(store, id_, NOW + KEPT_S) is ErrandState.DONE
    assert state(store, id_, NOW + KEPT_S + 1) is None
    assert store.errands.take(NOW + KEPT_S + 1) is None
    assert kept(store) == []
    store.errands.ask(CHECK, NOW + 86_400, SECRET)
    store.errands.ask(CHECK, NOW, SECRET)
    assert len(kept(store)) == 1


def test_a_clock_set_back_does_not_block_asking(store: Store) -> None:
    checked(store, NOW + 600, OK)
    store.errands.ask(CHECK, NOW, SECRET)


@pytest.mark.parametrize("id_", ["", "none", "x" * 5000, "a\0b", "'; --"])
def test_an_id_that_nobody_gave_is_nothing(store: Store, id_: str) -> None:
    assert store.errands.result(id_, NOW) is None


def test_another_hosts_key_opens_no_errand_and_says_so(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    id_ = store.errands.ask(CHECK, NOW, SECRET)
    stranger = ErrandStore(store.engine, Vault.open(tmp_path, "k" * 32))
    assert stranger.take(NOW) is None
    assert "CGM_DASH_SECRET_KEY" in caplog.text
    assert state(store, id_, NOW) is ErrandState.EXPIRED
    assert kept(store)[0][2] is None


def test_no_secret_and_no_name_stands_in_the_database_files(sqlite_url: str, vault: Vault, tmp_path: Path) -> None:
    store = open_store(sqlite_url, vault)
    migrate(store.engine)
    store.errands.ask(CHECK, NOW, SECRET)
    wearer = Found(CANARY, "DE", "mg/dL", 4.0)
    files = list(tmp_path.glob("only.sqlite3*"))
    assert files
    assert not [file for file in files if CANARY.encode() in file.read_bytes()]
    store.errands.finish(take(store, NOW).id, ErrandResult("ok", (wearer,)), NOW)
    assert not [file for file in files if CANARY.encode() in file.read_bytes()]
    store.close()


def test_a_look_where_nothing_waits_neither_writes_nor_waits_for_who_does(
    sqlite_url: str, vault: Vault, tmp_path: Path
) -> None:
    store = open_store(sqlite_url, vault)
    migrate(store.engine)
    log = tmp_path / "only.sqlite3-wal"
    before = log.stat().st_size
    with writing(store.engine):
        began = time.monotonic()
        for i in range(50):
            assert store.errands.take(NOW + i) is None
        assert time.monotonic() - began < 2
    assert log.stat().st_size == before
    store.close()
