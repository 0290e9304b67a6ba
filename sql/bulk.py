"""Many readings at once: a year of minutes in about a second, compared with what is stored.

A stretch that holds nothing yet is filled directly, under the person's lock. Else the readings go to a temporary table,
the database finds those it has with another value, and INSERT ... SELECT ... ON CONFLICT DO NOTHING takes the rest.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from cgm_dash.batch import Columns
from sql.schema import readings

CHUNK = 2**18
"""Readings in one transaction: the lock is held for about half a second, far below SQLite's busy timeout of five."""

Bools = npt.NDArray[np.bool_]
Conflicting = list[tuple[int, int, int, int]]
"""(ts, kind, mg_dl, flag) of readings whose identity is stored with another value."""

_NAMES = ("ts", "kind", "mg_dl", "flag", "trend", "period_s", "offset_min")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a load goes. arrived: UTC epoch seconds. seq: the person's next one; the caller holds the person's lock."""

    person_id: int
    source_id: int
    arrived: int
    seq: int


def by_identity(columns: Columns) -> tuple[Columns, Bools]:
    """Return *columns* by (ts, kind), those of one identity in the order they came, and which come first of theirs."""
    rising = len(columns) < 2 or bool((np.diff(columns.ts) > 0).all())
    ordered = columns if rising else columns.take(np.lexsort((columns.kind, columns.ts)))
    fresh = np.ones(len(ordered), np.bool_)
    fresh[1:] = (np.diff(ordered.ts) != 0) | (np.diff(ordered.kind) != 0)
    return ordered, fresh


def chunks(ordered: Columns, fresh: Bools) -> Iterator[tuple[Columns, Bools]]:
    """Cut what by_identity() returned into portions of CHUNK readings."""
    for start in range(0, len(ordered), CHUNK):
        part = np.arange(start, min(start + CHUNK, len(ordered)), dtype=np.intp)
        yield ordered.take(part), fresh[part]


def stretch(ordered: Columns) -> tuple[int, int]:
    """Return the first and the last instant, UTC epoch seconds."""
    return int(ordered.ts[0]), int(ordered.ts[-1])


def load(connection: Connection, into: Target, ordered: Columns, fresh: Bools) -> tuple[int, Conflicting]:
    """Store what is new and return how many readings were and which conflict with what is stored.

    Readings that come a second time in the batch (not *fresh*) are only compared, with what is stored in the end.
    """
    first = ordered if fresh.all() else ordered.take(fresh)
    loader = (_Postgres if connection.dialect.name == "postgresql" else _Sqlite)(connection)
    if _is_empty(connection, into, first):
        loader.fill(into, first)
        stored, conflicting = len(first), []
    else:
        loader.stage(first)
        conflicting = loader.conflicting(into)
        stored = loader.insert_staged(into)
    if len(first) < len(ordered):
        loader.stage(ordered.take(~fresh))
        conflicting += loader.conflicting(into)
    return stored, conflicting


def _is_empty(connection: Connection, into: Target, columns: Columns) -> bool:
    """Return whether nothing of this source and these kinds is stored in the stretch of *columns*."""
    c = readings.c
    first, last = stretch(columns)
    wanted = sa.select(c.ts).where(c.person_id == into.person_id, c.ts.between(first, last)).limit(1)
    if connection.execute(wanted).first() is None:
        return True
    kinds = np.unique(columns.kind).tolist()
    return connection.execute(wanted.where(c.source_id == into.source_id, c.kind.in_(kinds))).first() is None


_FIND = """
SELECT s.ts, s.kind, s.mg_dl, s.flag FROM cgm_stage s
JOIN readings r ON r.person_id = {person} AND r.ts = s.ts AND r.source_id = {source} AND r.kind = s.kind
WHERE r.mg_dl <> s.mg_dl OR r.flag <> s.flag
"""
_TAKE = """
INSERT INTO readings
    (person_id, source_id, arrived, seq, ts, kind, mg_dl, flag, trend, period_s, offset_min)
SELECT {person}, {source}, {arrived}, {seq}, ts, kind, mg_dl, flag, trend, period_s, offset_min
FROM cgm_stage WHERE true ON CONFLICT DO NOTHING
"""


class _Loader:
    """What both databases do alike once the staging table is filled."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def conflicting(self, into: Target) -> Conflicting:
        """Return the staged readings whose identity is stored with another value."""
        wanted = _FIND.format(person=int(into.person_id), source=int(into.source_id))
        return [tuple(row) for row in self._connection.exec_driver_sql(wanted)]

    def insert_staged(self, into: Target) -> int:
        """Store the staged readings that are new and return how many were."""
        taken = _TAKE.format(
            person=int(into.person_id), source=int(into.source_id), arrived=int(into.arrived), seq=int(into.seq)
        )
        return self._connection.exec_driver_sql(taken).rowcount


_FILL = """
INSERT INTO readings (ts, kind, mg_dl, flag, trend, period_s, offset_min, person_id, source_id, arrived, seq)
VALUES (?, ?, ?, ?, ?, ?, ?, {}, {}, {}, {})
"""
_STAGE = """
CREATE TEMP TABLE IF NOT EXISTS cgm_stage (ts INTEGER, kind INTEGER, mg_dl INTEGER, flag INTEGER, trend INTEGER,
    period_s INTEGER, offset_min INTEGER)
"""


class _Sqlite(_Loader):
    """Rows reach SQLite through executemany of the bare driver: 0.9 million a second, several times Core's rate."""

    def fill(self, into: Target, columns: Columns) -> None:
        """Store *columns* where nothing is stored yet."""
        same = (into.person_id, into.source_id, into.arrived, into.seq)
        self._execute_many(_FILL.format(*map(int, same)), columns)

    def stage(self, columns: Columns) -> None:
        """Put *columns* into the staging table, in place of what it held."""
        self._connection.exec_driver_sql(_STAGE)
        self._connection.exec_driver_sql("DELETE FROM cgm_stage")
        self._execute_many("INSERT INTO cgm_stage VALUES (?, ?, ?, ?, ?, ?, ?)", columns)

    def _execute_many(self, statement: str, columns: Columns) -> None:
        driver = self._connection.connection.cursor()
        try:
            rows: Any = zip(*(getattr(columns, name).tolist() for name in _NAMES), strict=True)  # made as it is read
            driver.executemany(statement, rows)
        finally:
            driver.close()


_COPY_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_COPY_TRAILER = b"\xff\xff"
_STAGE_SIZES = {"ts": 8, "kind": 2, "mg_dl": 2, "flag": 2, "trend": 2, "period_s": 4, "offset_min": 2}
_TARGET_SIZES = {**_STAGE_SIZES, "person_id": 4, "source_id": 4, "arrived": 8, "seq": 8}


class _Postgres(_Loader):
    """Rows reach PostgreSQL through COPY in its binary format, laid out by numpy."""

    def fill(self, into: Target, columns: Columns) -> None:
        """Store *columns* where nothing is stored yet."""
        same = {name: getattr(into, name) for name in ("person_id", "source_id", "arrived", "seq")}
        self._copy(f"readings ({', '.join(_TARGET_SIZES)})", columns, _TARGET_SIZES, same)

    def stage(self, columns: Columns) -> None:
        """Put *columns* into the staging table, in place of what it held."""
        self._connection.exec_driver_sql(
            "CREATE TEMP TABLE IF NOT EXISTS cgm_stage (ts bigint, kind smallint, mg_dl smallint, flag smallint,"
            " trend smallint, period_s integer, offset_min smallint) ON COMMIT DROP"
        )
        self._connection.exec_driver_sql("TRUNCATE cgm_stage")
        self._copy(f"cgm_stage ({', '.join(_STAGE_SIZES)})", columns, _STAGE_SIZES, {})

    def _copy(self, target: str, columns: Columns, sizes: dict[str, int], same: dict[str, int]) -> None:
        rows = np.empty(len(columns), _copy_dtype(sizes))
        rows["fields"] = len(sizes)
        for name, size in sizes.items():
            rows[f"{name}_size"] = size
            rows[name] = same[name] if name in same else getattr(columns, name)
        cursor = self._connection.connection.cursor()
        try:
            cursor.copy_expert(
                f"COPY {target} FROM STDIN (FORMAT binary)", BytesIO(_COPY_HEADER + rows.tobytes() + _COPY_TRAILER)
            )
        finally:
            cursor.close()


def _copy_dtype(sizes: dict[str, int]) -> np.dtype[Any]:
    """Return a row of COPY's binary format: the number of fields, then each one's length (*sizes*, bytes) and value."""
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for name, size in sizes.items():
        layout += [(f"{name}_size", ">i4"), (name, f">i{size}")]
    return np.dtype(layout)


def learn_statistics(connection: Connection, stored: int) -> None:
    """Have PostgreSQL look at the table when it knows of fewer rows than were just *stored*.

    Until its own housekeeping comes by it would plan for a nearly empty table: the newest reading took 200 ms, not 0.2.
    """
    if connection.dialect.name != "postgresql":
        return
    known = sa.text("SELECT reltuples FROM pg_class WHERE oid = CAST('readings' AS regclass)")
    if connection.execute(known).scalar_one() < stored:
        connection.execute(sa.text("ANALYZE readings"))
