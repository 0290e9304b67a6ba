"""The audit: who did what, when and from where. It is only added to; the database itself refuses anything else.

Triggers (revision 0005) refuse every change of an entry, and the removal of one that is younger than 400 days by the
database's own clock; older ones are removed here.
"""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from cgm_dash.access import REFUSALS, Action, Kind
from sql.engine import looking, writing
from sql.schema import audit
from sql.text import one_line

KEPT_S = 400 * 86_400

MOST = 200_000
"""Entries from which on those are left out that strangers, links and programs can cause without end: some 30 MB."""

_ENDLESS = tuple(f"{kind.value}:" for kind in (Kind.SHARE, Kind.TOKEN))
"""How the labels begin (access.Caller) of those who are nobody in particular."""

MOST_SHOWN = 1_000
SWEPT_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody did. at: UTC epoch seconds. who: a caller's label. address: the client's, empty for a command.

    action: an access.Action. about: to what it was done. id: of the entry, larger for a later one.
    """

    at: int
    who: str
    address: str
    action: str
    about: str
    id: int = 0


class AuditStore:
    """The audit table. Every method raises StoreUnavailable, StoreDamaged or StoreError."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def note(self, now: float, who: str, action: Action, *, address: str = "", about: str = "") -> None:
        """Add an entry; what is older than 400 days goes.

        now: UTC epoch seconds. Texts are cut (about: to 200 characters), their control characters escaped.
        """
        values = {"at": int(now), "who": one_line(who, 120), "action": action.value}
        values |= {"address": one_line(address, 60), "about": one_line(about, 200)}
        with writing(self._engine) as connection:
            _sweep(connection, now)
            if (action in REFUSALS or who.startswith(_ENDLESS)) and _is_full(connection):
                return
            connection.execute(sa.insert(audit).values(values))

    def newest(self, n: int = 200, before: int | None = None, action: Action | None = None) -> tuple[Entry, ...]:
        """Return the newest *n* entries, at most 1,000, the newest first.

        before: the id from which on to go back. action: of which alone, None of all.
        """
        wanted = sa.select(*(audit.c[name] for name in ("at", "who", "address", "action", "about", "id")))
        if before is not None:
            wanted = wanted.where(audit.c.id < before)
        if action is not None:
            wanted = wanted.where(audit.c.action == action.value)
        with looking(self._engine) as connection:
            rows = connection.execute(wanted.order_by(audit.c.id.desc()).limit(max(0, min(n, MOST_SHOWN))))
            return tuple(Entry(*row) for row in rows)


def _clock(connection: Connection) -> sa.ColumnElement[int]:
    """Return the database's own clock, UTC epoch seconds, as the triggers read it."""
    if connection.dialect.name == "postgresql":
        return sa.cast(sa.func.floor(sa.extract("epoch", sa.func.now())), sa.BigInteger)
    return sa.cast(sa.func.strftime("%s", "now"), sa.BigInteger)


def _sweep(connection: Connection, now: float) -> None:
    """Remove what is too old by both clocks: the triggers would refuse the rest, and the entry with it."""
    old = audit.c.at < int(now) - KEPT_S, audit.c.at < _clock(connection) - KEPT_S
    wanted = sa.select(audit.c.id).where(*old).limit(SWEPT_AT_ONCE).with_for_update(skip_locked=True)
    connection.execute(sa.delete(audit).where(audit.c.id.in_(wanted)))


def _is_full(connection: Connection) -> bool:
    first, last = connection.execute(sa.select(sa.func.min(audit.c.id), sa.func.max(audit.c.id))).one()
    return last is not None and last - first >= MOST
