"""The state of alarms: one row for each wearer and kind, so that a restart neither repeats nor forgets."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from cgm_dash.alarm import Alarm, AlarmKind, Alarms, Cause
from sql.engine import looking, writing
from sql.schema import alarms
from sql.sources import lock_person
from sql.text import storable
from sql.upsert import insert

NAME_LIMIT = 200

_VALUES = ("raised_at", "seen_at", "ended_at", "cause", "silent_until", "acknowledged_at", "acknowledged_by")


class AlarmStore:
    """The alarms table. Every method raises StoreUnavailable, StoreDamaged or StoreError."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self) -> dict[int, Alarms]:
        """Return everybody's, by the person's id; who never had one is not in it."""
        found: dict[int, dict[AlarmKind, Alarm]] = {}
        with looking(self._engine) as connection:
            for row in connection.execute(sa.select(alarms)):
                found.setdefault(row.person_id, {}).update(_alarm(row))
        return dict(found)

    def of_person(self, person_id: int) -> Alarms:
        """Return one person's."""
        with looking(self._engine) as connection:
            return _of(connection, person_id)

    def change(self, person_id: int, change: Callable[[Alarms], Alarms]) -> Alarms:
        """Put what *change* makes of a person's alarms in their place, and return it; all in one transaction.

        Where nothing changes nothing is locked. Raises StoreError for a person there is none of, and whatever *change*
        raises, when nothing has changed.
        """
        before = self.of_person(person_id)
        if change(before) == before:
            return before
        with writing(self._engine) as connection:
            lock_person(connection, person_id)
            before = _of(connection, person_id)
            after = change(before)
            for kind, one in after.items():
                if one != before.get(kind):
                    _put(connection, person_id, one)
        return after


def _of(connection: Connection, person_id: int) -> dict[AlarmKind, Alarm]:
    found: dict[AlarmKind, Alarm] = {}
    for row in connection.execute(sa.select(alarms).where(alarms.c.person_id == person_id)):
        found |= _alarm(row)
    return found


def _put(connection: Connection, person_id: int, one: Alarm) -> None:
    values: dict[str, Any] = {name: getattr(one, name) for name in _VALUES}
    values["cause"] = "" if one.cause is None else one.cause.value
    values["acknowledged_by"] = storable(one.acknowledged_by, NAME_LIMIT)
    put = insert(connection, alarms).values(person_id=person_id, kind=one.kind.value, **values)
    connection.execute(put.on_conflict_do_update(index_elements=["person_id", "kind"], set_=values))


def _alarm(row: sa.Row[Any]) -> dict[AlarmKind, Alarm]:
    """Return the alarm of a row by its kind; nothing for a kind of a later version of this program."""
    if row.kind not in {kind.value for kind in AlarmKind}:
        return {}
    kind = AlarmKind(row.kind)
    cause = next((one for one in Cause if one.value == row.cause), None)
    values = {name: getattr(row, name) for name in _VALUES if name != "cause"}
    return {kind: Alarm(kind=kind, cause=cause, **values)}
