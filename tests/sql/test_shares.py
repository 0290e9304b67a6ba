"""Shared links open what they are for, for as long as they are for, and to whoever knows the PIN."""

import pytest
from sqlalchemy.engine import Engine

from cgm_dash.errors import UsageError
from sql import Store
from sql.shares import KEPT_S, LONGEST_HOURS, Share, ShareStore
from tests.support.together import together

NOW = 1_795_345_200.0


@pytest.fixture
def ann(store: Store) -> int:
    return store.people.create("Ann").id


def created(
    store: Store, person_id: int, at: float = NOW, hours: int = 48, pin: str | None = None
) -> tuple[Share, str]:
    return store.shares.create("Dr. Ochs", person_id, ["report", "now"], at, hours=hours, pin=pin, created_by="mira")


def test_a_link_is_found_by_its_secret_alone(store: Store, ann: int) -> None:
    share, secret = created(store, ann)
    pages = frozenset({"now", "report"})
    end = int(NOW) + 48 * 3600
    assert share == Share(share.id, "Dr. Ochs", ann, pages, False, "mira", int(NOW), end, None, 0)
    assert len(secret) == 43
    assert store.shares.find(secret, NOW) == share
    assert store.shares.get(share.id, NOW) == share
    for wrong in ("", secret[1:], secret + "x", "\ud800", "a\0b"):
        assert store.shares.find(wrong, NOW) is None


def test_it_is_over_at_its_end(store: Store, ann: int) -> None:
    share, secret = created(store, ann, hours=1)
    last, over = NOW + 3599, NOW + 3600
    assert (store.shares.find(secret, last), store.shares.get(share.id, last)) == (share, share)
    assert store.shares.list(last) == (share,)
    assert (store.shares.find(secret, over), store.shares.get(share.id, over)) == (None, None)
    assert store.shares.list(over) == ()
    created(store, ann, over + KEPT_S + 1)
    assert store.shares.find(secret, last) is None


def test_a_pin_is_asked_for_where_there_is_one(store: Store, ann: int) -> None:
    share, _ = created(store, ann, pin="0417")
    assert share.has_pin
    assert store.shares.pin_is(share.id, "0417")
    assert not store.shares.pin_is(share.id, "417")
    assert not store.shares.pin_is(share.id + 1, "0417")
    without, _ = created(store, ann)
    assert not store.shares.pin_is(without.id, "")


def test_openings_are_counted_also_at_once(store: Store, ann: int, database_url: str) -> None:
    share, _ = created(store, ann)
    together(database_url, 4, lambda engine, n: ShareStore(engine).opened(share.id, NOW + n))
    kept = store.shares.get(share.id, NOW)
    assert kept is not None
    assert kept.uses == 4
    assert kept.last_used is not None


def test_a_revoked_one_is_gone_and_told(store: Store, ann: int) -> None:
    share, secret = created(store, ann)
    assert store.shares.revoke(share.id) == share
    assert store.shares.revoke(share.id) is None
    assert store.shares.find(secret, NOW) is None


def test_what_cannot_be_a_link_is_told_in_words(store: Store, ann: int) -> None:
    for hours in (0, -5, LONGEST_HOURS + 1):
        with pytest.raises(UsageError, match="366 days"):
            created(store, ann, hours=hours)
    for pin in ("", "123", "1" * 13, "12a4", "١٢٣٤", "1234\n"):
        with pytest.raises(UsageError, match="4 to 12 digits"):
            created(store, ann, pin=pin)
    for pages in ([], ["settings"], ["now", "audit"]):
        with pytest.raises(UsageError, match="one of the pages"):
            store.shares.create("x", ann, pages, NOW, hours=1, pin=None, created_by="mira")
    with pytest.raises(UsageError, match="printable"):
        store.shares.create("", ann, ["now"], NOW, hours=1, pin=None, created_by="mira")
    with pytest.raises(UsageError, match="no such person"):
        created(store, ann + 1)
    assert store.shares.list(NOW) == ()


def test_links_are_bounded_also_at_once(
    store: Store, ann: int, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sql.shares.MOST_SHARES", 5)

    def work(engine: Engine, _number: int) -> str:
        return ShareStore(engine).create("x", ann, ["now"], NOW, hours=1, pin=None, created_by="m")[1]

    came = together(database_url, 8, work)
    assert len({one for one in came if isinstance(one, str)}) == 5
    assert len([one for one in came if isinstance(one, UsageError)]) == 3
