"""Tokens of programs: found by their secret while they are valid, with what they may do."""

import pytest
from sqlalchemy.engine import Engine

from cgm_dash.access import Scope
from cgm_dash.errors import UsageError
from sql import Store
from sql.tokens import KEPT_S, MARK_S, MOST_TOKENS, Token, TokenStore
from tests.support.together import together

NOW = 1_795_345_200.0
READ, METRICS = Scope.READ, Scope.METRICS
DAY = 86_400


def created(store: Store, name: str = "watch", days: int = 365, person_id: int | None = None) -> tuple[Token, str]:
    return store.tokens.create(name, [READ], NOW, days=days, person_id=person_id, created_by="mira")


def test_a_token_is_found_by_its_secret_alone(store: Store) -> None:
    ann = store.people.create("Ann").id
    token, secret = store.tokens.create(" My watch ", {READ, METRICS}, NOW, days=2, person_id=ann, created_by="mira")
    assert token == Token(
        token.id, "My watch", frozenset({READ, METRICS}), ann, "mira", int(NOW), int(NOW) + 2 * DAY, None, ""
    )
    assert secret.startswith("cgm_")
    assert len(secret) == 47
    assert secret not in repr(token)
    assert store.tokens.find(secret, NOW) == token
    for wrong in ("", secret[4:], secret + "x", secret.upper(), "\ud800", "a\0b"):
        assert store.tokens.find(wrong, NOW) is None


def test_it_is_over_on_its_day_and_is_listed_for_another_month(store: Store) -> None:
    token, secret = created(store, days=1)
    assert store.tokens.find(secret, NOW + DAY - 1) is not None
    assert store.tokens.find(secret, NOW + DAY) is None
    store.tokens.create("other", [READ], NOW + DAY + KEPT_S, days=1, person_id=None, created_by="mira")
    assert [one.name for one in store.tokens.list()] == ["other", "watch"]
    store.tokens.create("third", [READ], NOW + DAY + KEPT_S + 1, days=1, person_id=None, created_by="mira")
    assert token.id not in [one.id for one in store.tokens.list()]


def test_the_use_is_marked_once_a_minute_with_the_address(store: Store) -> None:
    _, secret = created(store)
    seen = []
    for at in (0, MARK_S - 1, MARK_S):
        store.tokens.find(secret, NOW + at, f"192.0.2.{at}\n")
        (token,) = store.tokens.list()
        seen.append((token.last_used, token.last_address))
    first, later = (int(NOW), "192.0.2.0\\n"), (int(NOW) + MARK_S, f"192.0.2.{MARK_S}\\n")
    assert seen == [first, first, later]


def test_a_revoked_one_is_gone_and_told(store: Store) -> None:
    token, secret = created(store)
    assert store.tokens.revoke(token.id) == token
    assert store.tokens.revoke(token.id) is None
    assert store.tokens.find(secret, NOW) is None
    assert store.tokens.list() == ()


def test_what_cannot_be_a_token_is_told_in_words(store: Store) -> None:
    for days in (0, -1, 731):
        with pytest.raises(UsageError, match="1 to 730 days"):
            created(store, days=days)
    with pytest.raises(UsageError, match="printable"):
        created(store, "a\nb")
    with pytest.raises(UsageError, match="at least one scope"):
        store.tokens.create("watch", [], NOW, days=1, person_id=None, created_by="mira")
    with pytest.raises(UsageError, match="no such person"):
        created(store, person_id=99)
    assert store.tokens.list() == ()


def test_tokens_are_bounded_also_at_once(store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_TOKENS == 200
    monkeypatch.setattr("sql.tokens.MOST_TOKENS", 5)

    def work(engine: Engine, number: int) -> str:
        return TokenStore(engine).create(f"{number}", [READ], NOW, days=1, person_id=None, created_by="m")[1]

    came = together(database_url, 8, work)
    assert len({one for one in came if isinstance(one, str)}) == 5
    assert len([one for one in came if isinstance(one, UsageError)]) == 3
