"""Readings: stored once, read as columns.

The first value of an identity (person, source, kind, second) stays; a different later one is a conflict, kept once.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from cgm_dash.batch import NO_OFFSET, NO_TREND, Columns, Rejected
from cgm_dash.errors import StoreError
from cgm_dash.gate import sift
from cgm_dash.reading import Flag, Kind, Reading, Trend
from sql import bulk
from sql.changes import EVER, Changes, changes_since, note_change, sequence_of
from sql.engine import looking, writing
from sql.schema import conflicts, people, readings, sources
from sql.stored import Stored, fetch
from sql.upsert import insert

FEW = 1_000
"""Up to so many readings go by single statements; above, a staging table is faster."""

FOREVER = 2**62

LIVE_WITHIN_S = 60 * 86_400
"""How far behind the person's newest reading newest_live() looks; an upstream offers two weeks at most."""

_SENSOR_KINDS = tuple(int(kind) for kind in Kind if kind.counts)


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a batch: each reading is stored, known, a conflict or rejected. seq: the person's sequence now."""

    stored: int
    known: int
    conflicts: int
    seq: int
    rejected: tuple[Rejected, ...] = ()


@dataclass(frozen=True, slots=True)
class Conflict:
    """A value that came after another of the same identity; mg_dl, flag: the later one. Times: UTC epoch seconds."""

    source_id: int
    kind: Kind
    ts: int
    mg_dl: int
    flag: Flag
    first_seen: int
    last_seen: int
    times_seen: int


class ReadingStore:
    """The readings table. Every method raises StoreUnavailable, StoreDamaged or StoreError."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, person_id: int, source_id: int, columns: Columns, *, arrived: float) -> Added:
        """Store what a poll brought and the gate let pass, in one transaction; again is harmless.

        arrived: UTC epoch seconds. Raises StoreError where the source is not the person's.
        """
        if len(columns) > FEW:
            return self._add_in_chunks(person_id, source_id, columns, int(arrived))
        ordered, fresh = bulk.by_identity(columns)
        with writing(self._engine) as connection:
            seq, has_live = _lock(connection, person_id, source_id)
            rows = _rows(ordered, person_id=person_id, source_id=source_id, arrived=int(arrived), seq=seq + 1)
            stored = _insert_new(connection, [row for row, first in zip(rows, fresh, strict=True) if first])
            differing = _differing(connection, rows, stored)
            _note_conflicts(connection, differing, int(arrived))
            if stored:
                times = [ts for ts, _ in stored]
                live = any(kind == Kind.LIVE for _, kind in stored)
                _note_stored(connection, person_id, source_id, seq + 1, (min(times), max(times)), live and not has_live)
        known = len(rows) - len(stored) - len(differing)
        return Added(len(stored), known, len(differing), seq + bool(stored))

    def add_many(self, person_id: int, source_id: int, columns: Columns, *, arrived: float) -> Added:
        """Store an import: any number of readings, not yet validated, any time since 2000.

        Transactions of bulk.CHUNK readings by rising time, so that a poll never waits for the whole import; one that
        breaks off halfway is simply started again. The caller keeps what was rejected. arrived: UTC epoch seconds.
        """
        sifted = sift(columns, arrived, max_age_s=None)
        added = self._add_in_chunks(person_id, source_id, sifted.accepted, int(arrived))
        return Added(added.stored, added.known, added.conflicts, added.seq, sifted.rejected)

    def _add_in_chunks(self, person_id: int, source_id: int, columns: Columns, arrived: int) -> Added:
        ordered, fresh = bulk.by_identity(columns)
        stored = differing = 0
        seq = self.sequence(person_id)
        for chunk in bulk.chunks(ordered, fresh):
            with writing(self._engine) as connection:
                seq, has_live = _lock(connection, person_id, source_id)
                into = bulk.Target(person_id, source_id, arrived, seq + 1)
                new, conflicting = bulk.load(connection, into, *chunk)
                _note_conflicts(connection, [_conflict(into, row) for row in conflicting], arrived)
                if new:
                    seq += 1
                    live = not has_live and bool((chunk[0].kind == Kind.LIVE).any())
                    _note_stored(connection, person_id, source_id, seq, bulk.stretch(chunk[0]), live)
            stored, differing = stored + new, differing + len(conflicting)
        if stored:
            with writing(self._engine) as connection:
                bulk.learn_statistics(connection, stored)
        return Added(stored, len(columns) - stored - differing, differing, seq)

    def load(self, person_id: int, start: float = 0, end: float = FOREVER) -> Stored:
        """Return all readings of a person with start <= ts < end (UTC epoch seconds), of every source and kind."""
        with looking(self._engine) as connection:
            return load(connection, person_id, start, end)

    def since(self, person_id: int, seq: int) -> Stored:
        """Return the readings stored above *seq*. What was removed since shows only in changes()."""
        with looking(self._engine) as connection:
            now = changes_since(connection, person_id, seq)
            stretches = now.stretches if now.stretches is not None else ((0, FOREVER),)
            where = {"person_id": person_id, "above": seq, "start": 0, "end": 0}
            if stretches:
                where |= {"start": min(first for first, _ in stretches), "end": max(last for _, last in stretches) + 1}
            return fetch(connection, where, now.seq)

    def changes(self, person_id: int, seq: int) -> Changes:
        """Return which stretches of the person's readings changed above *seq*."""
        with looking(self._engine) as connection:
            return changes_since(connection, person_id, seq)

    def newest(self, person_id: int, before: float = FOREVER) -> Reading | None:
        """Return the newest sensor value (live, history, scan) with ts <= *before*; None for none."""
        wanted = _newest_of(person_id, before).where(readings.c.kind.in_(_SENSOR_KINDS))
        with looking(self._engine) as connection:
            return _reading(connection.execute(wanted).one_or_none())

    def newest_live(self, source_id: int) -> Reading | None:
        """Return the source's newest live reading; None for none within 60 days of the person's newest reading."""
        person = sa.select(sources.c.person_id).where(sources.c.id == source_id).scalar_subquery()
        newest = sa.select(sa.func.max(readings.c.ts)).where(readings.c.person_id == person).scalar_subquery()
        wanted = (
            _newest_of(person, FOREVER)
            .where(readings.c.source_id == source_id, readings.c.kind == int(Kind.LIVE))
            .where(readings.c.ts > newest - LIVE_WITHIN_S)
        )
        with looking(self._engine) as connection:
            return _reading(connection.execute(wanted).one_or_none())

    def count(self, person_id: int) -> int:
        """Return how many readings of a person are stored."""
        with looking(self._engine) as connection:
            counted = sa.select(sa.func.count()).select_from(readings).where(readings.c.person_id == person_id)
            return int(connection.execute(counted).scalar_one())

    def sequence(self, person_id: int) -> int:
        """Return the person's sequence, raised by every write that changed the readings; 0 for nobody. Cheap."""
        with looking(self._engine) as connection:
            return sequence_of(connection, person_id)

    def conflicts(self, person_id: int, start: float = 0, end: float = FOREVER) -> tuple[Conflict, ...]:
        """Return the conflicts of a person with start <= ts < end (UTC epoch seconds), by time."""
        c = conflicts.c
        wanted = sa.select(conflicts).where(c.person_id == person_id, c.ts >= start, c.ts < end)
        with looking(self._engine) as connection:
            rows = connection.execute(wanted.order_by(c.ts, c.first_seen, c.source_id, c.kind, c.mg_dl))
            return tuple(_kept_conflict(row) for row in rows)


def load(connection: Connection, person_id: int, start: float, end: float) -> Stored:
    """Return what ReadingStore.load returns, as this connection sees it.

    The sequence is read first: a write that slips in between is read now and, by its number, once more later.
    """
    seq = sequence_of(connection, person_id)
    return fetch(connection, {"person_id": person_id, "start": _ceil(start), "end": _ceil(end), "above": -1}, seq)


def _ceil(ts: float) -> int:
    return -int(-ts // 1)


def _lock(connection: Connection, person_id: int, source_id: int) -> tuple[int, bool]:
    """Lock the person's row and return its sequence and whether the source has live readings.

    The lock makes the order of commits the order of sequence numbers. Raises StoreError where the two are strangers.
    """
    found = connection.execute(_LOCKED, {"person": person_id, "source": source_id}).one_or_none()
    if found is None:
        raise StoreError(f"source {source_id}: is no source of person {person_id}; reload the page")
    return int(found.seq), bool(found.has_live)


_LOCKED = (
    sa.select(people.c.seq, sources.c.has_live)
    .join_from(people, sources, sources.c.person_id == people.c.id)
    .where(people.c.id == sa.bindparam("person"), sources.c.id == sa.bindparam("source"))
    .with_for_update(of=people, key_share=True)
)


def _rows(columns: Columns, **same: int) -> list[dict[str, int]]:
    names = ("kind", "ts", "mg_dl", "flag", "trend", "period_s", "offset_min")
    values = zip(*(getattr(columns, name).tolist() for name in names), strict=True)
    return [{**dict(zip(names, row, strict=True)), **same} for row in values]


def _insert_new(connection: Connection, rows: list[dict[str, int]]) -> set[tuple[int, int]]:
    """Insert what is not there yet and return the (ts, kind) of those rows.

    RETURNING keeps it one statement for many rows on PostgreSQL, and its rows are the exact answer; a rowcount is not.
    """
    if not rows:
        return set()
    statement = insert(connection, readings).on_conflict_do_nothing().returning(readings.c.ts, readings.c.kind)
    return {(row.ts, row.kind) for row in connection.execute(statement, rows)}


def _differing(connection: Connection, rows: list[dict[str, int]], new: set[tuple[int, int]]) -> list[dict[str, int]]:
    """Return the rows whose identity is stored with another value; *new*: (ts, kind) of those just inserted."""
    seen: set[tuple[int, int]] = set()
    doubtful = []
    for row in rows:
        identity = (row["ts"], row["kind"])
        if identity not in new or identity in seen:  # was there before, or comes a second time in this batch
            doubtful.append(row)
        seen.add(identity)
    if not doubtful:
        return []
    c = readings.c
    wanted = sa.select(c.ts, c.kind, c.mg_dl, c.flag).where(
        c.person_id == doubtful[0]["person_id"],
        c.source_id == doubtful[0]["source_id"],
        c.ts.in_({row["ts"] for row in doubtful}),
    )
    kept = {(ts, kind): (mg_dl, flag) for ts, kind, mg_dl, flag in connection.execute(wanted)}
    return [row for row in doubtful if kept[row["ts"], row["kind"]] != (row["mg_dl"], row["flag"])]


def _conflict(into: bulk.Target, row: tuple[int, int, int, int]) -> dict[str, int]:
    values = dict(zip(("ts", "kind", "mg_dl", "flag"), row, strict=True))
    return {"person_id": into.person_id, "source_id": into.source_id, **values}


def _kept_conflict(row: sa.Row[Any]) -> Conflict:
    return Conflict(
        row.source_id,
        Kind(row.kind),
        row.ts,
        row.mg_dl,
        Flag(row.flag),
        row.first_seen,
        row.last_seen,
        row.times_seen,
    )


def _note_conflicts(connection: Connection, rows: list[dict[str, int]], now: int) -> None:
    """Keep each differing value once, with how often it came."""
    names = ("person_id", "ts", "source_id", "kind", "mg_dl", "flag")
    counted = Counter(tuple(row[name] for name in names) for row in rows)
    if not counted:
        return
    statement = insert(connection, conflicts)
    statement = statement.on_conflict_do_update(
        index_elements=list(names),
        set_={
            "last_seen": statement.excluded.last_seen,
            "times_seen": conflicts.c.times_seen + statement.excluded.times_seen,
        },
    )
    values = [
        {**dict(zip(names, key, strict=True)), "first_seen": now, "last_seen": now, "times_seen": times}
        for key, times in counted.items()
    ]
    connection.execute(statement.returning(conflicts.c.ts), values)  # else psycopg2 would send them one by one


def _note_stored(
    connection: Connection, person_id: int, source_id: int, seq: int, stretch: tuple[int, int], first_live: bool
) -> None:
    """Raise the person's sequence; a source's first live reading ends the counting of its scans, over all time."""
    if first_live:
        connection.execute(sa.update(sources).where(sources.c.id == source_id).values(has_live=True))
    note_change(connection, person_id, seq, *(EVER if first_live else stretch))


def _newest_of(person: Any, before: float) -> sa.Select[Any]:
    c = readings.c
    wanted = sa.select(c.ts, c.mg_dl, c.kind, c.flag, c.trend, c.period_s, c.offset_min)
    return wanted.where(c.person_id == person, c.ts <= before).order_by(c.ts.desc(), c.kind).limit(1)


def _reading(row: sa.Row[Any] | None) -> Reading | None:
    if row is None:
        return None
    trend = None if row.trend == NO_TREND else Trend(row.trend)
    offset = None if row.offset_min == NO_OFFSET else row.offset_min
    return Reading(row.ts, row.mg_dl, Kind(row.kind), Flag(row.flag), trend, row.period_s, offset)
