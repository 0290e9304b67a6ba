"""Failed attempts are counted for all at once, and never more get through than may."""

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine

from sql import Store
from sql.attempts import LONGEST_WAIT_S, AttemptStore
from sql.engine import looking
from sql.schema import attempts
from tests.support.together import together

NOW = 1_795_345_200.0
KEY = "address:192.0.2.7"


def failed(store: Store, at: float, key: str = KEY, limit: int = 3, span_s: int = 300, wait_s: int = 300,
           doubling: bool = False) -> float | None:  # fmt: skip
    store.attempts.begin(key, at, limit=limit, span_s=span_s, wait_s=wait_s, doubling=doubling)
    return store.attempts.closed_until(key, at)


def rows(store: Store) -> int:
    with looking(store.engine) as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(attempts)).scalar_one())


def test_it_closes_at_the_limit_and_opens_after_the_wait(store: Store) -> None:
    assert store.attempts.closed_until(KEY, NOW) is None
    assert [failed(store, NOW + i) for i in range(2)] == [None, None]
    assert store.attempts.closed_until(KEY, NOW + 2) is None
    until = failed(store, NOW + 2)
    assert until is not None
    assert NOW + 302 <= until <= NOW + 304
    assert store.attempts.closed_until(KEY, until - 1) == until
    assert store.attempts.closed_until("address:192.0.2.8", NOW + 3) is None
    assert store.attempts.closed_until(KEY, until) is None
    assert [failed(store, until + i) for i in range(2)] == [None, None]


def test_failures_while_it_is_closed_do_not_lengthen_the_wait(store: Store) -> None:
    until = [failed(store, NOW) for _ in range(3)][-1]
    assert [failed(store, NOW + i) for i in (1, 100, 299)] == [until] * 3
    assert store.attempts.closed_until(KEY, NOW + 299) == until


def test_a_success_forgets_the_failures(store: Store) -> None:
    for _ in range(5):
        assert [failed(store, NOW) for _ in range(2)] == [None, None]
        store.attempts.succeeded(KEY)
    assert rows(store) == 0


def test_a_quiet_span_forgets_the_failures(store: Store) -> None:
    for i in range(5):
        assert [failed(store, NOW + 1000 * i) for _ in range(2)] == [None, None]
    assert failed(store, NOW + 4000 + 299) is not None


def test_waits_double_until_one_succeeds_and_are_never_longer_than_a_day(store: Store) -> None:
    at, waits = NOW, []
    for _ in range(12):
        until = failed(store, at, limit=1, span_s=60, wait_s=60, doubling=True)
        assert until is not None
        waits.append(int(until - at) - 1)
        at = until
    assert waits[:11] == [60 * 2**i for i in range(11)]
    assert waits[11] == LONGEST_WAIT_S
    store.attempts.succeeded(KEY)
    until = failed(store, at, limit=1, span_s=60, wait_s=60, doubling=True)
    assert until is not None
    assert until - at <= 61


def test_a_wait_is_no_shorter_than_the_span(store: Store) -> None:
    until = failed(store, NOW, limit=1, span_s=900, wait_s=1)
    assert until is not None
    assert until >= NOW + 900


def test_a_clock_set_back_does_not_shut_out_for_longer_than_a_day(store: Store) -> None:
    for ahead in (3600, 86_400, 10 * 366 * 86_400):
        for _ in range(3):
            failed(store, NOW + ahead)
        until = store.attempts.closed_until(KEY, NOW)
        assert until is None or until <= NOW + LONGEST_WAIT_S + 1
        if until is None:
            assert failed(store, NOW) is None
        store.attempts.succeeded(KEY)


def test_rows_are_forgotten_a_day_after_the_last_failure_or_wait(store: Store) -> None:
    failed(store, NOW, "account:a")
    failed(store, NOW, "account:b", limit=1, wait_s=LONGEST_WAIT_S)
    failed(store, NOW + LONGEST_WAIT_S, "account:c")
    assert rows(store) == 3
    failed(store, NOW + LONGEST_WAIT_S + 1, "account:c")
    assert rows(store) == 2
    failed(store, NOW + 2 * LONGEST_WAIT_S + 2, "account:d")
    assert rows(store) == 1


def test_a_full_table_forgets_open_ones_first(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sql.attempts.MOST_ROWS", 5)
    failed(store, NOW, "closed", limit=1)
    for i in range(20):
        failed(store, NOW + 1 + i, f"open {i}")
    assert rows(store) == 5
    assert store.attempts.closed_until("closed", NOW + 21) is not None


def test_any_text_can_be_counted(store: Store) -> None:
    for key in ("", "a\0b", "\ud800", "account:" + "x" * 5000):
        assert failed(store, NOW, key, limit=1) is not None
        assert store.attempts.closed_until(key, NOW) is not None
        assert store.attempts.closed_until(key + "y", NOW) is None
        store.attempts.succeeded(key)
        assert store.attempts.closed_until(key, NOW) is None


def test_a_try_that_is_taken_back_leaves_those_before_it(store: Store) -> None:
    assert [failed(store, NOW) for _ in range(2)] == [None, None]
    for i in range(4):  # the last one that is let through, and right each time
        assert failed(store, NOW + i) is not None
        store.attempts.took_back(KEY)
        assert store.attempts.closed_until(KEY, NOW + i) is None
    until = failed(store, NOW + 5)
    assert until is not None
    assert until <= NOW + 5 + 302  # what was taken back made no wait longer
    store.attempts.succeeded(KEY)
    store.attempts.took_back(KEY)
    assert rows(store) == 0


def test_of_tries_at_once_those_taken_back_are_no_failures(store: Store, database_url: str) -> None:
    def work(engine: Engine, number: int) -> float | None:
        mine = AttemptStore(engine)
        until = mine.begin(KEY, NOW, limit=4, span_s=300, wait_s=300, doubling=False)
        if number % 2:
            mine.took_back(KEY)
        return until

    assert together(database_url, 4, work) == [None] * 4
    assert failed(store, NOW, limit=4) is None
    assert failed(store, NOW, limit=4) is not None


def test_of_many_tries_at_once_no_more_than_the_limit_begin(store: Store, database_url: str) -> None:
    def work(engine: Engine, _number: int) -> list[float | None]:
        mine = AttemptStore(engine)
        return [mine.begin(KEY, NOW, limit=5, span_s=300, wait_s=300, doubling=False) for _ in range(4)]

    came = together(database_url, 4, work)
    flat = [one for some in came if isinstance(some, list) for one in some]
    assert len(flat) == 16
    assert flat.count(None) == 5
    store.attempts.succeeded(KEY)
    assert store.attempts.begin(KEY, NOW, limit=5, span_s=300, wait_s=300, doubling=False) is None


@given(
    steps=st.lists(st.floats(0, 150), min_size=1, max_size=30),
    limit=st.integers(1, 3),
    span_s=st.integers(60, 600),
    wait_s=st.integers(0, 900),
    doubling=st.booleans(),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_within_a_span_no_more_failures_than_the_limit_are_let_through(
    store: Store, steps: list[float], limit: int, span_s: int, wait_s: int, doubling: bool
) -> None:
    key, at, let = f"property {id(steps)}", NOW, list[float]()
    store.attempts.succeeded(key)
    for pause in steps:
        at += pause
        if store.attempts.begin(key, at, limit=limit, span_s=span_s, wait_s=wait_s, doubling=doubling) is None:
            let.append(at)
    assert all(later - earlier >= span_s for earlier, later in zip(let, let[limit:], strict=False))
    assert store.attempts.closed_until(key, at + LONGEST_WAIT_S + 2) is None
