"""Failed attempts, counted for all processes: of an address, an account, a shared link. So many, then a wait.

Counting begins anew after *span_s* without a failure, and at the end of a wait, which is never shorter than that. So
within any *span_s* there are no more than *limit* failures: none of those before the wait is that young any more.

Counted after it was found wrong, a try would leave a gap: as many as run at once would pass between the look and the
count. So begin() counts a try as failed before it is made; succeeded() takes that back with all before it, and
took_back() alone.
"""

import hashlib

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from sql.engine import looking, writing
from sql.schema import attempts
from sql.text import storable
from sql.upsert import insert

LONGEST_WAIT_S = 86_400
"""However often a wait was doubled; and the age at which rows are forgotten. A longer one is of a clock set back."""

MOST_ROWS = 10_000
KEY_LIMIT = 200


class AttemptStore:
    """The attempts table. key: a kind and what is counted, like address:192.0.2.7. now: UTC epoch seconds.

    Every method raises StoreUnavailable, StoreDamaged or StoreError.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def closed_until(self, key: str, now: float) -> float | None:
        """Return the time from which on a try is let through again, None where it is now."""
        wanted = sa.select(attempts.c.open_at).where(attempts.c.key == _key(key))
        with looking(self._engine) as connection:
            open_at = connection.execute(wanted).scalar()
        return float(open_at) if open_at is not None and _is_closed(open_at, now) else None

    def begin(self, key: str, now: float, *, limit: int, span_s: int, wait_s: int, doubling: bool) -> float | None:
        """Count a try as failed before it is made and return None; closed: the time from which on one is let through.

        It closes at the *limit*-th: for *wait_s*, but never for less than *span_s*; with *doubling* for twice as long
        each further time, up to a day, until one succeeds. Tries while it is closed do not count. Of however many at
        once no more than *limit* are let through.
        """
        with writing(self._engine) as connection:
            let_through, open_at = _count(connection, _key(key), now, limit, span_s, wait_s, doubling)
            return None if let_through else open_at

    def took_back(self, key: str) -> None:
        """Take back one try that begin() has counted and that was none: those before it stay, and what it closed opens.

        The time of the failure before is not known any more: that one counts as if it were as young as this try.
        """
        with writing(self._engine) as connection:
            mine = attempts.c.key == _key(key)
            row = connection.execute(sa.select(attempts).where(mine).with_for_update()).one_or_none()
            if row is None or row.failures == 0:
                return
            values = {"failures": row.failures - 1}
            if row.open_at:
                values |= {"open_at": 0, "waits": max(0, row.waits - 1)}
            connection.execute(sa.update(attempts).where(mine).values(values))

    def succeeded(self, key: str) -> None:
        """Forget the failures of *key*, and how often it was closed."""
        with writing(self._engine) as connection:
            connection.execute(sa.delete(attempts).where(attempts.c.key == _key(key)))


def _key(key: str) -> str:
    if len(key) <= KEY_LIMIT:
        return storable(key, KEY_LIMIT)
    return f"{storable(key, 40)}#{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _is_closed(open_at: int, now: float) -> bool:
    return now < open_at <= now + LONGEST_WAIT_S + 1


def _count(
    connection: Connection, key: str, now: float, limit: int, span_s: int, wait_s: int, doubling: bool
) -> tuple[bool, float | None]:
    """Count one, unless it is closed; return whether it was open, and from when on it is again, None where it stays."""
    row = _held(connection, key, now)
    if _is_closed(row.open_at, now):
        return False, float(row.open_at)
    is_ahead = row.last_at > now + 1  # of a clock that has been set back since
    begins_anew = row.failures == 0 or is_ahead or now >= row.last_at + span_s or row.open_at > 0
    failures = 1 if begins_anew else row.failures + 1
    values = {"failures": failures, "last_at": int(now), "first_at": int(now) if begins_anew else row.first_at}
    open_at = 0
    if failures >= limit:
        wait = max(span_s, wait_s << min(row.waits, 20) if doubling else wait_s)
        open_at = int(now) + 1 + min(wait, LONGEST_WAIT_S)  # a second more than was cut off
        values["waits"] = row.waits + 1
    values["open_at"] = open_at
    connection.execute(sa.update(attempts).where(attempts.c.key == key).values(values))
    return True, float(open_at) if open_at else None


def _held(connection: Connection, key: str, now: float) -> sa.Row[tuple[str, int, int, int, int, int]]:
    """Return the row of *key*, made where there is none, that nobody else counts in until this transaction ends."""
    _sweep(connection, now)
    mine = sa.select(attempts).where(attempts.c.key == key).with_for_update()
    row = connection.execute(mine).one_or_none()
    if row is None:
        _make_room(connection, now)
        fresh = {"key": key, "failures": 0, "first_at": int(now), "last_at": int(now), "open_at": 0, "waits": 0}
        made = insert(connection, attempts).values(fresh)
        # Where somebody was faster this holds their row, as it is.
        made = made.on_conflict_do_update(index_elements=["key"], set_={"key": key})
        row = connection.execute(made.returning(attempts)).one()
    return row


def _sweep(connection: Connection, now: float) -> None:
    """Forget what failed last, and was closed last, a day ago, and what a clock that was set back since wrote."""
    yesterday = int(now) - LONGEST_WAIT_S
    old = sa.and_(attempts.c.last_at < yesterday, attempts.c.open_at < yesterday)
    ahead = attempts.c.last_at > int(now) + LONGEST_WAIT_S
    wanted = sa.select(attempts.c.key).where(sa.or_(old, ahead)).limit(1_000).with_for_update(skip_locked=True)
    connection.execute(sa.delete(attempts).where(attempts.c.key.in_(wanted)))


def _make_room(connection: Connection, now: float) -> None:
    """Where the table is full, forget those that are open and were quiet for longest, and closed ones only after."""
    rows = connection.execute(sa.select(sa.func.count()).select_from(attempts)).scalar_one()
    if rows < MOST_ROWS:
        return
    least = sa.case((attempts.c.open_at > int(now), 1), else_=0), attempts.c.last_at, attempts.c.key
    wanted = sa.select(attempts.c.key).order_by(*least).limit(rows - MOST_ROWS + 1).with_for_update(skip_locked=True)
    connection.execute(sa.delete(attempts).where(attempts.c.key.in_(wanted)))
