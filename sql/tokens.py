"""Tokens: what programs sign in with. The token is shown once; the table holds its digest."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from cgm_dash.access import Scope
from cgm_dash.credentials import TOKEN_PREFIX, digest, new_secret
from cgm_dash.errors import StoreUnavailable, UsageError
from cgm_dash.i18n import _
from sql.engine import MARK_MS, looking, writing
from sql.schema import people, tokens
from sql.text import one_line, shown_name

LONGEST_DAYS = 730
KEPT_S = 30 * 86_400
"""How long one that is over still stands in the list, so that it can be seen why a program fails."""

MARK_S = 60
"""A use is written down at most so often."""

MOST_TOKENS = 200
ADDRESS_LIMIT = 60


@dataclass(frozen=True, slots=True)
class Token:
    """What a program may do. person_id: whose readings it gets, None everyone's. created_by: the user's name then.

    created, expires, last_used (to the minute, None never): UTC epoch seconds. last_address: from where, empty never.
    """

    id: int
    name: str
    scopes: frozenset[Scope]
    person_id: int | None
    created_by: str
    created: int
    expires: int
    last_used: int | None
    last_address: str


class TokenStore:
    """The tokens. now: UTC epoch seconds. Every method raises StoreUnavailable, StoreDamaged or StoreError."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(
        self,
        name: str,
        scopes: Collection[Scope],
        now: float,
        *,
        days: int,
        person_id: int | None,
        created_by: str,
    ) -> tuple[Token, str]:
        """Add a token and return it with its secret, which nothing can show again.

        days: how long it is valid, 1 to 730. Raises UsageError, in words for the person, for what cannot be.
        """
        name = shown_name(name)
        if not scopes:
            raise UsageError(_("A token must open something; choose at least one scope."))
        if not 1 <= days <= LONGEST_DAYS:
            raise UsageError(_("A token is valid for 1 to 730 days; choose a number of them."))
        secret = TOKEN_PREFIX + new_secret()
        values: dict[str, Any] = {"name": name, "digest": digest(secret), "person_id": person_id}
        values |= {"scopes": ",".join(sorted(scopes)), "created_by": one_line(created_by, 120), "last_address": ""}
        values |= {"created": int(now), "expires": int(now) + days * 86_400}
        with writing(self._engine) as connection:
            _refuse(connection, person_id, now)
            row = connection.execute(sa.insert(tokens).values(values).returning(tokens)).one()
        return _token(row), secret

    def find(self, secret: str, now: float, address: str = "") -> Token | None:
        """Return the token whose secret a program gave, None for one that is not known or over.

        Its use is written down at most once a minute, and not where another process holds the database.
        """
        wanted = sa.select(tokens).where(tokens.c.digest == digest(secret), tokens.c.expires > now)
        with looking(self._engine) as connection:
            row = connection.execute(wanted).one_or_none()
        if row is None:
            return None
        if row.last_used is None or not row.last_used <= now < row.last_used + MARK_S:
            used = {"last_used": int(now), "last_address": one_line(address, ADDRESS_LIMIT)}
            try:
                with writing(self._engine, MARK_MS) as connection:
                    connection.execute(sa.update(tokens).where(tokens.c.id == row.id).values(used))
            except StoreUnavailable:  # who may read need not wait until it can be noted that they did
                pass
        return _token(row)

    def list(self) -> tuple[Token, ...]:
        """Return all tokens, those that were over less than a month before the newest was made too, newest first."""
        with looking(self._engine) as connection:
            return tuple(_token(row) for row in connection.execute(sa.select(tokens).order_by(tokens.c.id.desc())))

    def revoke(self, token_id: int) -> Token | None:
        """End a token and return what it was, None where there is none of that id."""
        with writing(self._engine) as connection:
            gone = sa.delete(tokens).where(tokens.c.id == token_id).returning(tokens)
            row = connection.execute(gone).one_or_none()
        return None if row is None else _token(row)


def _refuse(connection: Connection, person_id: int | None, now: float) -> None:
    """Forget what was over long ago; raise UsageError where there are too many, or there is no such person."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("LOCK TABLE tokens IN SHARE ROW EXCLUSIVE MODE"))
    connection.execute(sa.delete(tokens).where(tokens.c.expires < int(now) - KEPT_S))
    if connection.execute(sa.select(sa.func.count()).select_from(tokens)).scalar_one() >= MOST_TOKENS:
        raise UsageError(_("There are as many tokens as there can be; revoke one first."))
    known = sa.select(sa.exists().where(people.c.id == person_id))
    if person_id is not None and not connection.execute(known).scalar():
        raise UsageError(_("There is no such person any more; look at the list again."))


def _token(row: sa.Row[Any]) -> Token:
    scopes = frozenset(scope for scope in Scope if scope.value in row.scopes.split(","))
    who = row.created_by, row.created, row.expires, row.last_used, row.last_address
    return Token(row.id, row.name, scopes, row.person_id, *who)
