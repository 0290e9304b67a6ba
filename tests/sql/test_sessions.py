"""Sessions end when they must, are bounded, and belong to exactly one user or link."""

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from cgm_dash.access import Role
from cgm_dash.credentials import digest
from cgm_dash.errors import StoreError, StoreUnavailable, UsageError
from sql import Store
from sql.engine import looking, writing
from sql.schema import sessions, users
from sql.sessions import (
    ABSOLUTE_S,
    HALF_S,
    IDLE_S,
    MARK_S,
    MOST_EACH,
    Session,
    SessionStore,
)
from tests.support.together import together

NOW = 1_795_345_200.0


@pytest.fixture
def user_id(store: Store) -> int:
    return some_user(store, "mira")


def some_user(store: Store, name: str) -> int:
    row = {"name": name, "name_key": name, "role": Role.VIEWER.value, "sees_all": True, "password_hash": "x"}
    with writing(store.engine) as connection:
        made = sa.insert(users).values(**row, created=int(NOW)).returning(users.c.id)
        return int(connection.execute(made).scalar_one())


def some_share(store: Store) -> int:
    person = store.people.create("Ann")
    return store.shares.create("doctor", person.id, ["report"], NOW, hours=2, pin=None, created_by="mira")[0].id


def count(store: Store) -> int:
    with looking(store.engine) as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(sessions)).scalar_one())


def test_a_session_is_found_by_its_id_alone(store: Store, user_id: int) -> None:
    id_ = store.sessions.open(NOW, user_id=user_id, address="192.0.2.7", agent="Browser\n" + "x" * 500)
    found = store.sessions.find(id_, NOW + 1)
    expires = int(NOW) + ABSOLUTE_S
    agent = ("Browser\\n" + "x" * 500)[:200]
    assert found == Session(
        digest(id_), user_id, None, False, int(NOW), int(NOW), expires, "192.0.2.7", agent
    )  # fmt: skip
    for wrong in ("", id_[:-1], id_ + "x", "\ud800", "a\0b", digest(id_).hex()):
        assert store.sessions.find(wrong, NOW + 1) is None


def test_it_ends_when_idle_and_some_day_whatever_happens(store: Store, user_id: int) -> None:
    id_ = store.sessions.open(NOW, user_id=user_id)
    assert store.sessions.find(id_, NOW + IDLE_S) is None
    at = NOW
    while at + IDLE_S / 2 < NOW + ABSOLUTE_S:
        at += IDLE_S / 2
        assert store.sessions.find(id_, at) is not None
    assert store.sessions.find(id_, NOW + ABSOLUTE_S) is None


def test_an_earlier_end_is_kept_and_a_later_one_is_not(store: Store, user_id: int) -> None:
    early = store.sessions.open(NOW, user_id=user_id, expires=NOW + 60)
    late = store.sessions.open(NOW, user_id=user_id, expires=NOW + 10 * ABSOLUTE_S)
    assert store.sessions.find(early, NOW + 59) is not None
    assert store.sessions.find(early, NOW + 60) is None
    found = store.sessions.find(late, NOW)
    assert found is not None
    assert found.expires == int(NOW) + ABSOLUTE_S


def test_a_half_one_is_told_ends_soon_and_is_no_sign_in(store: Store, user_id: int) -> None:
    id_ = store.sessions.open(NOW, user_id=user_id, half=True)
    found = store.sessions.find(id_, NOW + HALF_S - 1)
    assert found is not None
    assert found.half
    assert store.sessions.find(id_, NOW + HALF_S) is None
    assert store.sessions.of_user(user_id, NOW) == ()
    user = store.users.get(user_id)
    assert user is not None
    assert user.last_seen is None
    store.sessions.open(NOW + 5, user_id=user_id)
    user = store.users.get(user_id)
    assert user is not None
    assert user.last_seen == int(NOW) + 5


def test_a_use_is_written_down_once_a_minute(store: Store, user_id: int) -> None:
    id_ = store.sessions.open(NOW, user_id=user_id)
    seen = []
    for at in (1, MARK_S - 1, MARK_S, MARK_S + 1, 2 * MARK_S + 5):
        store.sessions.find(id_, NOW + at)
        (session,) = store.sessions.of_user(user_id, NOW + at)
        seen.append(session.last_seen - int(NOW))
    assert seen == [0, 0, MARK_S, MARK_S, 2 * MARK_S + 5]


def test_a_database_that_cannot_be_written_keeps_nobody_out(
    store: Store, user_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = store.sessions.open(NOW, user_id=user_id)

    def busy(_engine: Engine, _patience_ms: int) -> None:
        raise StoreUnavailable("another process holds the database")

    monkeypatch.setattr("sql.sessions.writing", busy)
    assert store.sessions.find(id_, NOW + 600) is not None


def test_one_of_a_clock_that_was_set_back_is_over(store: Store, user_id: int) -> None:
    id_ = store.sessions.open(NOW + 10 * 86_400, user_id=user_id)
    assert store.sessions.find(id_, NOW) is None


def test_sessions_are_ended_one_by_one_or_all_but_one(store: Store, user_id: int) -> None:
    other = some_user(store, "ben")
    ids = [store.sessions.open(NOW + i, user_id=user_id) for i in range(4)]
    his = store.sessions.open(NOW, user_id=other)
    store.sessions.end(ids[0])
    store.sessions.end(digest(ids[1]))
    store.sessions.end("unknown")
    assert [store.sessions.find(id_, NOW + 5) is not None for id_ in ids] == [False, False, True, True]
    assert store.sessions.end_all_of(user_id, keep=digest(ids[2])) == 1
    assert store.sessions.find(ids[2], NOW + 5) is not None
    assert store.sessions.end_all_of(user_id) == 1
    assert store.sessions.find(his, NOW + 5) is not None


def test_they_are_listed_newest_first_without_those_that_are_over(store: Store, user_id: int) -> None:
    store.sessions.open(NOW - IDLE_S, user_id=user_id)
    ids = [store.sessions.open(NOW + i, user_id=user_id) for i in range(3)]
    listed = store.sessions.of_user(user_id, NOW + 5)
    assert [session.digest for session in listed] == [digest(id_) for id_ in reversed(ids)]


def test_there_are_so_many_of_each_and_the_oldest_go(store: Store, user_id: int) -> None:
    share = some_share(store)
    kept = store.sessions.open(NOW, share_id=share)
    ids = [store.sessions.open(NOW + i, user_id=user_id) for i in range(MOST_EACH + 3)]
    at = NOW + MOST_EACH + 3
    assert count(store) == MOST_EACH + 1
    assert [store.sessions.find(id_, at) is None for id_ in ids] == [True] * 3 + [False] * MOST_EACH
    assert store.sessions.find(kept, at) is not None


def test_half_ones_push_out_no_whole_one(store: Store, user_id: int) -> None:
    whole = store.sessions.open(NOW, user_id=user_id)
    halves = [store.sessions.open(NOW + 1, user_id=user_id, half=True) for _ in range(MOST_EACH + 2)]
    assert store.sessions.find(whole, NOW + 1) is not None
    assert count(store) == MOST_EACH + 1
    assert sum(store.sessions.find(id_, NOW + 1) is not None for id_ in halves) == MOST_EACH


def test_one_goes_on_from_another_that_is_still_there(store: Store, user_id: int) -> None:
    half = store.sessions.open(NOW, user_id=user_id, half=True)
    whole = store.sessions.open(NOW, user_id=user_id, instead_of=digest(half))
    assert store.sessions.find(half, NOW) is None
    assert store.sessions.find(whole, NOW) is not None
    with pytest.raises(UsageError, match="Sign in again"):
        store.sessions.open(NOW, user_id=user_id, instead_of=digest(half))
    assert count(store) == 1


def test_those_that_are_over_are_swept_when_another_is_opened(store: Store, user_id: int) -> None:
    other = some_user(store, "ben")
    for _ in range(5):
        store.sessions.open(NOW, user_id=other)
    store.sessions.open(NOW + IDLE_S, user_id=user_id)
    assert count(store) == 1


def test_a_session_is_of_one_user_or_link_and_goes_with_it(store: Store, user_id: int) -> None:
    share = some_share(store)
    id_ = store.sessions.open(NOW, share_id=share)
    found = store.sessions.find(id_, NOW)
    assert found is not None
    assert (found.user_id, found.share_id) == (None, share)
    for wrong in ({}, {"user_id": user_id, "share_id": share}, {"user_id": 99}, {"share_id": 99}):
        with pytest.raises(StoreError):
            store.sessions.open(NOW, **wrong)  # type: ignore[arg-type]
    store.shares.revoke(share)
    assert store.sessions.find(id_, NOW) is None
    assert count(store) == 0


def test_many_at_once_open_theirs_and_keep_the_bound(
    store: Store, user_id: int, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sql.sessions.MOST_EACH", 5)
    for _ in range(3):
        store.sessions.open(NOW - 2 * IDLE_S, user_id=some_user(store, f"old {_}"))

    def work(engine: Engine, _number: int) -> list[str]:
        return [SessionStore(engine).open(NOW, user_id=user_id) for _ in range(3)]

    came = together(database_url, 4, work)
    assert len([one for some in came if isinstance(some, list) for one in some]) == 12
    assert count(store) == 5
