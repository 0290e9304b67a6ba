"""The log of which stretch of a person's readings each sequence number touched; caches in other processes go by it."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sql.schema import changes, people

KEPT = 500
"""Changes remembered for each person: eight hours of minutes. Whoever has seen less starts afresh."""

EVER = (0, 2**62)
"""The stretch of a change that touches the series over all time."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What happened to a person's readings. seq: the sequence now.

    stretches: (first, last) UTC epoch seconds, both included; None where too much was forgotten to tell.
    """

    seq: int
    stretches: tuple[tuple[int, int], ...] | None


def note_change(connection: Connection, person_id: int, seq: int, first: int, last: int) -> None:
    """Raise the person's sequence to *seq* and note the stretch touched; the transaction holds the person's lock."""
    connection.execute(sa.update(people).where(people.c.id == person_id).values(seq=seq))
    values = {"person_id": person_id, "seq": seq, "ts_first": first, "ts_last": last}
    connection.execute(sa.insert(changes).values(values))
    connection.execute(sa.delete(changes).where(changes.c.person_id == person_id, changes.c.seq <= seq - KEPT))
    mark_stale(connection, person_id, first, last)


def mark_stale(connection: Connection, person_id: int, first: int, last: int) -> None:
    """Mark what is derived from readings (sql.days) as stale where the stretch touches it; one mark a UTC day at most.

    A reading changes the weight of earlier ones only within their own period, so that new minutes mark nothing.
    """
    stretch = {"person": person_id, "day": first // 86_400, "first": first, "last": last}
    connection.execute(_MARK, stretch)


_MARK = sa.text("""
INSERT INTO stale_days (person_id, day, ts_first, ts_last)
SELECT person_id, :day, :first, :last FROM day_states WHERE person_id = :person AND end_ts > :first - period_s
ON CONFLICT (person_id, day) DO UPDATE SET
    ts_first = CASE WHEN excluded.ts_first < stale_days.ts_first THEN excluded.ts_first ELSE stale_days.ts_first END,
    ts_last = CASE WHEN excluded.ts_last > stale_days.ts_last THEN excluded.ts_last ELSE stale_days.ts_last END
""")


def changes_since(connection: Connection, person_id: int, seq: int) -> Changes:
    """Return what changed above *seq*; stretches in the order of the changes."""
    now = sequence_of(connection, person_id)
    above = (changes.c.person_id == person_id, changes.c.seq > seq, changes.c.seq <= now)
    noted = sa.select(changes.c.ts_first, changes.c.ts_last).where(*above).order_by(changes.c.seq)
    rows = connection.execute(noted).all()
    complete = 0 <= seq <= now and len(rows) == now - seq
    return Changes(now, tuple((row.ts_first, row.ts_last) for row in rows) if complete else None)


def sequence_of(connection: Connection, person_id: int) -> int:
    """Return the person's sequence, 0 for nobody."""
    return int(connection.execute(sa.select(people.c.seq).where(people.c.id == person_id)).scalar() or 0)
