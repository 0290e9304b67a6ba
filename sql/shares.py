"""Shared links: chosen pages of one person, for whoever has the link, for a chosen time. The table holds a digest."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from cgm_dash.access import SHAREABLE
from cgm_dash.credentials import DUMMY_HASH, digest, hash_password, new_secret, verify_password
from cgm_dash.errors import UsageError
from cgm_dash.i18n import _
from sql.engine import looking, writing
from sql.schema import people, shares
from sql.text import one_line, shown_name

LONGEST_HOURS = 366 * 24
KEPT_S = 30 * 86_400
MOST_SHARES = 200


@dataclass(frozen=True, slots=True)
class Share:
    """A link that opens *pages* (of access.SHAREABLE) of one person. name: for whom. created_by: the user's name then.

    created, expires, last_used (None never): UTC epoch seconds. uses: how often it was opened.
    """

    id: int
    name: str
    person_id: int
    pages: frozenset[str]
    has_pin: bool
    created_by: str
    created: int
    expires: int
    last_used: int | None
    uses: int


class ShareStore:
    """The shared links. now: UTC epoch seconds. Every method raises StoreUnavailable, StoreDamaged or StoreError."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(
        self,
        name: str,
        person_id: int,
        pages: Collection[str],
        now: float,
        *,
        hours: int,
        pin: str | None,
        created_by: str,
    ) -> tuple[Share, str]:
        """Add a link and return it with the secret that stands in it, which nothing can show again.

        hours: how long it is valid, 1 to 8,784. pin: 4 to 12 digits, None for none. Raises UsageError, in words for the
        person, for what cannot be.
        """
        name = shown_name(name)
        _refuse_form(pages, hours, pin)
        secret = new_secret()
        values: dict[str, Any] = {"name": name, "digest": digest(secret), "person_id": person_id, "uses": 0}
        values |= {"pages": ",".join(page for page in SHAREABLE if page in pages)}
        values |= {"pin_hash": None if pin is None else hash_password(pin), "created_by": one_line(created_by, 120)}
        values |= {"created": int(now), "expires": int(now) + hours * 3600}
        with writing(self._engine) as connection:
            _refuse(connection, person_id, now)
            row = connection.execute(sa.insert(shares).values(values).returning(shares)).one()
        return _share(row), secret

    def find(self, secret: str, now: float) -> Share | None:
        """Return the link with this secret, None for one that is not known or over."""
        return self._one(shares.c.digest == digest(secret), now)

    def get(self, share_id: int, now: float) -> Share | None:
        """Return one link, None where there is none of that id or it is over."""
        return self._one(shares.c.id == share_id, now)

    def _one(self, which: sa.ColumnElement[bool], now: float) -> Share | None:
        with looking(self._engine) as connection:
            row = connection.execute(sa.select(shares).where(which, shares.c.expires > now)).one_or_none()
        return None if row is None else _share(row)

    def pin_is(self, share_id: int, pin: str) -> bool:
        """Return whether *pin* is the link's; False where it has none, after the same time."""
        with looking(self._engine) as connection:
            hash_ = connection.execute(sa.select(shares.c.pin_hash).where(shares.c.id == share_id)).scalar()
        return verify_password(hash_ or DUMMY_HASH, pin)

    def opened(self, share_id: int, now: float) -> None:
        """Count that a link was opened."""
        used = {"uses": shares.c.uses + 1, "last_used": int(now)}
        with writing(self._engine) as connection:
            connection.execute(sa.update(shares).where(shares.c.id == share_id).values(used))

    def list(self, now: float) -> tuple[Share, ...]:
        """Return the links that are not over, newest first."""
        with looking(self._engine) as connection:
            rows = connection.execute(sa.select(shares).where(shares.c.expires > now).order_by(shares.c.id.desc()))
            return tuple(_share(row) for row in rows)

    def revoke(self, share_id: int) -> Share | None:
        """End a link and what it opened; return what it was, None where there is none of that id."""
        with writing(self._engine) as connection:
            gone = sa.delete(shares).where(shares.c.id == share_id).returning(shares)
            row = connection.execute(gone).one_or_none()
        return None if row is None else _share(row)


def _refuse_form(pages: Collection[str], hours: int, pin: str | None) -> None:
    if not pages or not set(pages) <= set(SHAREABLE):
        raise UsageError(_("A link must open something; choose at least one of the pages."))
    if not 1 <= hours <= LONGEST_HOURS:
        raise UsageError(_("A link is valid for an hour to 366 days; choose how long."))
    if pin is not None and not re.fullmatch("[0-9]{4,12}", pin):
        raise UsageError(_("A PIN has 4 to 12 digits; choose another one, or none."))


def _refuse(connection: Connection, person_id: int, now: float) -> None:
    """Forget what was over long ago; raise UsageError where there are too many, or there is no such person."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("LOCK TABLE shares IN SHARE ROW EXCLUSIVE MODE"))
    connection.execute(sa.delete(shares).where(shares.c.expires < int(now) - KEPT_S))
    if connection.execute(sa.select(sa.func.count()).select_from(shares)).scalar_one() >= MOST_SHARES:
        raise UsageError(_("There are as many links as there can be; revoke one first."))
    if not connection.execute(sa.select(sa.exists().where(people.c.id == person_id))).scalar():
        raise UsageError(_("There is no such person any more; look at the list again."))


def _share(row: sa.Row[Any]) -> Share:
    who = row.created_by, row.created, row.expires, row.last_used, row.uses
    return Share(row.id, row.name, row.person_id, frozenset(row.pages.split(",")), row.pin_hash is not None, *who)
