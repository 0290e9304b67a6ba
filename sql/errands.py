"""Errands between the processes that serve pages and the one that polls: asked for here, taken there, answered here.

Three refused sign-ins within a minute lock a LibreLinkUp account for five. So two refusals in such a time, whoever
caused them, are all that errands may bring about; what may have been refused without our knowing counts as one.
"""

import json
import logging
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from cgm_dash.errand import DEADLINE_S, Errand, ErrandKind, ErrandResult, ErrandState
from cgm_dash.errors import StoreError, TooSoon
from sql.engine import looking, writing
from sql.schema import errands, runs
from sql.text import storable
from sql.vault import Vault

log = logging.getLogger(__name__)

EVERY_S: Mapping[str, int] = {ErrandKind.CHECK_ACCOUNT: 10, ErrandKind.POLL_NOW: 30}
"""Least seconds from one errand of a kind to the next."""

REFUSAL_SPAN_S = 70
"""The minute in which the upstream counts, and some seconds for clocks that differ."""

MOST_REFUSALS = 2
KEPT_S = 3600
LATE_S = 3
"""So much later than its deadline an answer may still be written down."""

_ASKED_TO_WAIT = ("locked", "rate-limited", "blocked")
_ALL = tuple(ErrandKind)
_OPEN = errands.c.state.in_((ErrandState.WAITING, ErrandState.TAKEN))


@dataclass(frozen=True, slots=True)
class Taken:
    """An errand in the hands of the one process that has it. deadline: UTC epoch seconds. payload: never shown."""

    id: str
    kind: ErrandKind
    deadline: float
    payload: Mapping[str, Any] = field(repr=False)


class ErrandStore:
    """The errands table; now: UTC epoch seconds. Every method raises StoreUnavailable, StoreDamaged or StoreError."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        self._engine = engine
        self._vault = vault

    def ask(self, kind: ErrandKind, now: float, payload: Mapping[str, Any] | None = None) -> str:
        """Put an errand down and return its id; a poll that waits already is the same errand.

        Raises TooSoon with the time from which on it can be asked for.
        """
        with writing(self._engine) as connection:
            _lock(connection)
            _sweep(connection, now)
            live = connection.execute(sa.select(errands.c.id, errands.c.kind, errands.c.deadline).where(_OPEN)).all()
            same = [row for row in live if row.kind == kind]
            if same and kind is ErrandKind.POLL_NOW:
                return str(same[0].id)
            if same:
                raise TooSoon("busy", same[0].deadline)
            _refuse_early(connection, kind, now, [float(row.deadline) for row in live])
            id_ = secrets.token_urlsafe(16)
            connection.execute(
                sa.insert(errands).values(
                    id=id_,
                    kind=kind.value,
                    payload=None if payload is None else self._seal(payload),
                    asked_at=int(now),
                    deadline=int(now) + DEADLINE_S,
                    state=ErrandState.WAITING.value,
                )
            )
            return id_

    def take(self, now: float, kinds: Collection[ErrandKind] = _ALL) -> Taken | None:
        """Return the oldest errand of *kinds* that waits, for this caller alone, None where none does.

        Its payload is in the database no longer. Where nothing has happened this is one look.
        """
        with looking(self._engine) as connection:
            if not connection.execute(sa.select(_has_work(now))).scalar():
                return None
        with writing(self._engine) as connection:
            _sweep(connection, now)
            wanted = (
                sa.select(errands)
                .where(errands.c.state == ErrandState.WAITING, errands.c.kind.in_(kinds))
                .order_by(errands.c.asked_at, errands.c.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            row = connection.execute(wanted).one_or_none()
            if row is None:
                return None
            opened = self._opened_or_none(row.payload)
            state = ErrandState.EXPIRED if opened is None else ErrandState.TAKEN
            mine = sa.update(errands).where(errands.c.id == row.id)
            connection.execute(mine.values(state=state.value, payload=None))
        return None if opened is None else Taken(row.id, ErrandKind(row.kind), row.deadline, opened)

    def finish(self, id_: str, result: ErrandResult, now: float) -> None:
        """Write the answer down; too late it is forgotten."""
        sealed = self._seal(result.as_json())
        done = {
            "state": ErrandState.DONE.value,
            "outcome": result.code,
            "ended_at": int(now),
            "next_at": None if result.next_try_at is None else int(result.next_try_at),
            "result": sealed,
        }
        with writing(self._engine) as connection:
            mine = errands.c.id == id_, errands.c.state == ErrandState.TAKEN
            connection.execute(sa.update(errands).where(*mine).values(done))

    def result(self, id_: str, now: float) -> Errand | None:
        """Return how far errand *id_* is, None for one that is not known or an hour old."""
        with looking(self._engine) as connection:
            row = connection.execute(sa.select(errands).where(errands.c.id == storable(id_, 100))).one_or_none()
        if row is None or row.asked_at < now - KEPT_S:
            return None
        state = ErrandState(row.state)
        if now >= row.deadline + (LATE_S if state is ErrandState.TAKEN else 0) and row.result is None:
            state = ErrandState.EXPIRED
        result = None if row.result is None else ErrandResult.of_json(self._open(row.result))
        return Errand(row.id, ErrandKind(row.kind), state, result)

    def _seal(self, value: Mapping[str, Any]) -> bytes:
        return self._vault.encrypt(json.dumps(dict(value)))

    def _open(self, sealed: bytes) -> dict[str, Any]:
        opened: dict[str, Any] = json.loads(self._vault.decrypt(sealed))
        return opened

    def _opened_or_none(self, sealed: bytes | None) -> dict[str, Any] | None:
        """Return what was sealed, {} for nothing, None where another host with another key sealed it."""
        try:
            return {} if sealed is None else self._open(sealed)
        except StoreError as exc:
            log.warning("errand taken=no reason=%s", exc)
            return None


def _lock(connection: Connection) -> None:
    """Let one transaction at a time look and put down. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("LOCK TABLE errands IN SHARE ROW EXCLUSIVE MODE"))


def _overdue(state: ErrandState, before: float) -> sa.ColumnElement[bool]:
    return sa.and_(errands.c.state == state, errands.c.deadline <= int(before))


def _forgettable(now: float) -> sa.ColumnElement[bool]:
    """Those an hour old, and those of a clock that has been set back since."""
    return sa.or_(errands.c.asked_at < int(now) - KEPT_S, errands.c.asked_at > int(now) + KEPT_S)


def _has_work(now: float) -> sa.ColumnElement[bool]:
    waits = errands.c.state == ErrandState.WAITING
    return sa.exists().where(sa.or_(waits, _overdue(ErrandState.TAKEN, now - LATE_S), _forgettable(now)))


def _sweep(connection: Connection, now: float) -> None:
    """Forget what is an hour old; end what is overdue, with its payload. One that was taken may have been refused."""
    connection.execute(sa.delete(errands).where(_forgettable(now)))
    over = {"state": ErrandState.EXPIRED.value, "payload": None, "ended_at": int(now)}
    connection.execute(sa.update(errands).where(_overdue(ErrandState.WAITING, now)).values(over))
    lost = {**over, "outcome": "timeout"}
    connection.execute(sa.update(errands).where(_overdue(ErrandState.TAKEN, now - LATE_S)).values(lost))


def _refuse_early(connection: Connection, kind: ErrandKind, now: float, live: list[float]) -> None:
    """Raise TooSoon where another errand of *kind* must wait. live: deadlines of others, which may yet be refused."""
    every = EVERY_S[kind]
    last = connection.execute(
        sa.select(sa.func.max(errands.c.asked_at)).where(errands.c.kind == kind, errands.c.asked_at <= int(now) + every)
    ).scalar()
    if last is not None and last + every > now:
        raise TooSoon("pace", last + every)
    if kind is ErrandKind.CHECK_ACCOUNT:
        asked = sa.select(sa.func.max(errands.c.next_at)).where(
            errands.c.kind == kind, errands.c.outcome.in_(_ASKED_TO_WAIT)
        )
        until = connection.execute(asked).scalar()
        if until is not None and until > now:
            raise TooSoon("upstream", until)
    refused = sorted(_refusals(connection, now), reverse=True)
    if len(refused) >= MOST_REFUSALS:
        raise TooSoon("lock-out", refused[MOST_REFUSALS - 1] + REFUSAL_SPAN_S)
    if len(refused) + len(live) >= MOST_REFUSALS:
        raise TooSoon("busy", max(live))


def _refusals(connection: Connection, now: float) -> list[float]:
    """Return when sign-ins were refused of late, or may have been, UTC epoch seconds: by errands and by polls."""
    of_late = sa.and_(errands.c.ended_at > int(now) - REFUSAL_SPAN_S, errands.c.ended_at <= int(now) + LATE_S)
    check = errands.c.kind == ErrandKind.CHECK_ACCOUNT
    unsure = sa.and_(check, errands.c.outcome == "timeout")  # it may have been refused when nobody listened any more
    wanted = sa.select(errands.c.ended_at).where(sa.or_(errands.c.outcome == "wrong-password", unsure), of_late)
    found = [float(at) for at in connection.execute(wanted).scalars()]
    # A poll's refusal latches: of a row of such runs only the first one signed in.
    refused = runs.c.outcome == "wrong-password"
    before = sa.select(sa.func.coalesce(sa.func.max(runs.c.started), 0)).where(~refused).scalar_subquery()
    first = connection.execute(sa.select(sa.func.min(runs.c.started)).where(refused, runs.c.started > before)).scalar()
    if first is not None and now - REFUSAL_SPAN_S < first <= now + LATE_S:
        found.append(float(first))
    return found
