"""Rejected records: kept as received, each once, so that nothing is thrown away silently and nothing multiplies."""

import hashlib
import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from cgm_dash.batch import Rejected
from sql.engine import looking, writing
from sql.schema import NO_ONE, rejected
from sql.sources import SourceRow
from sql.text import storable
from sql.upsert import insert

log = logging.getLogger(__name__)

RAW_LIMIT = 64 * 1024
"""Bytes kept of one record. A reading is some 300; what is longer is not one."""

KEPT = 10_000
"""Records kept in all; beyond, the longest unseen go, and the log says so."""

_PART = 500


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """One rejected record. raw: as received, at most 64 kB of its raw_bytes. Times: UTC epoch seconds."""

    person_id: int | None
    source_id: int | None
    upstream_id: int | None
    reason: str
    raw: str
    raw_bytes: int
    first_seen: int
    last_seen: int
    times_seen: int


class RejectStore:
    """The rejected table. Every method raises StoreUnavailable, StoreDamaged or StoreError."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(
        self, records: Iterable[Rejected], at: float, *, source: SourceRow | None = None, upstream_id: int | None = None
    ) -> None:
        """Keep each record once, with its reason, when it was seen (*at*, UTC epoch seconds) and how often.

        source: whose it is; None where it could not be assigned to a wearer.
        """
        owner = {
            "person_id": NO_ONE if source is None else source.person_id,
            "source_id": NO_ONE if source is None else source.source_id,
            "upstream_id": upstream_id if source is None else source.upstream_id,
        }
        counted = Counter((record.reason, record.raw) for record in records)
        rows = [_values(reason, raw, times, int(at)) | owner for (reason, raw), times in counted.items()]
        rows.sort(key=lambda row: bytes(row["digest"]))  # two writers lock them in one order
        if not rows:
            return
        with writing(self._engine) as connection:
            statement = insert(connection, rejected)
            statement = statement.on_conflict_do_update(
                index_elements=["person_id", "source_id", "digest"],
                set_={
                    "last_seen": statement.excluded.last_seen,
                    "times_seen": rejected.c.times_seen + statement.excluded.times_seen,
                },
            )
            for start in range(0, len(rows), _PART):
                connection.execute(statement, rows[start : start + _PART])

    def recent(self, n: int = 100) -> tuple[RejectedRow, ...]:
        """Return the *n* records seen last, the newest first."""
        wanted = sa.select(rejected).order_by(rejected.c.last_seen.desc(), rejected.c.digest).limit(n)
        with looking(self._engine) as connection:
            return tuple(_row(row) for row in connection.execute(wanted))

    def since(self, start: float, n: int) -> tuple[int, tuple[RejectedRow, ...]]:
        """Return how many different records were seen from *start* on (UTC epoch seconds), and the *n* seen last."""
        late = rejected.c.last_seen >= start
        counted = sa.select(sa.func.count()).select_from(rejected).where(late)
        newest = sa.select(rejected).where(late).order_by(rejected.c.last_seen.desc(), rejected.c.digest).limit(n)
        with looking(self._engine) as connection:
            total = int(connection.execute(counted).scalar_one())
            return total, tuple(_row(row) for row in connection.execute(newest))

    def counts(self) -> dict[str, int]:
        """Return how many different records are kept, by reason."""
        wanted = sa.select(rejected.c.reason, sa.func.count()).group_by(rejected.c.reason)
        with looking(self._engine) as connection:
            return {str(reason): int(n) for reason, n in connection.execute(wanted)}

    def thin(self, kept: int = KEPT) -> int:
        """Remove all but the *kept* records seen last and return how many went."""
        c = rejected.c
        with writing(self._engine) as connection:
            n = int(connection.execute(sa.select(sa.func.count()).select_from(rejected)).scalar_one())
            if n <= kept:
                return 0
            longest_unseen = sa.select(c.person_id, c.source_id, c.digest).order_by(c.last_seen, c.digest)
            gone = connection.execute(longest_unseen.limit(n - kept)).all()
            key = (c.person_id == sa.bindparam("p"), c.source_id == sa.bindparam("s"), c.digest == sa.bindparam("d"))
            connection.execute(sa.delete(rejected).where(*key), [{"p": p, "s": s, "d": d} for p, s, d in gone])
        log.warning("rejected removed=%d kept=%d", len(gone), kept)
        return len(gone)


def _values(reason: str, raw: str, times: int, at: int) -> dict[str, Any]:
    whole = raw.encode("utf-8", "backslashreplace")
    return {
        "digest": hashlib.sha256(f"{reason}\n".encode() + whole).digest(),
        "reason": storable(reason, 100),
        "raw": whole[:RAW_LIMIT],
        "raw_bytes": len(whole),
        "first_seen": at,
        "last_seen": at,
        "times_seen": times,
    }


def _row(row: sa.Row[Any]) -> RejectedRow:
    return RejectedRow(
        person_id=row.person_id if row.person_id != NO_ONE else None,
        source_id=row.source_id if row.source_id != NO_ONE else None,
        upstream_id=row.upstream_id,
        reason=row.reason,
        raw=bytes(row.raw).decode("utf-8", "replace"),
        raw_bytes=row.raw_bytes,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        times_seen=row.times_seen,
    )
