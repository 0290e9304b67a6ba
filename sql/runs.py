"""Ingestion runs: what each poll did, minute by minute for 30 days, then hour by hour."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from math import ceil
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sql.engine import looking, writing
from sql.schema import runs
from sql.text import storable

KEPT_S = 30 * 86_400
HOUR_S = 3600
OK = "ok"
REASON_LIMIT = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run, or an hour of them (hourly). Times are UTC epoch seconds, None unknown.

    outcome: `ok` or a code of trouble.TROUBLES; of an hour the commonest failure. rejected: records by reason.
    latency_ms: of an hour the longest. runs: how many runs the row stands for; failed: how many were not ok.
    """

    upstream_id: int | None
    started: float
    outcome: str
    fetched: int = 0
    stored: int = 0
    known: int = 0
    conflicts: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    latency_ms: int = 0
    reason: str = ""
    newest_at: int | None = None
    retry_at: float | None = None
    hourly: bool = False
    runs: int = 1
    failed: int | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """The runs of one stretch of time. start: UTC epoch seconds. stored: readings new to us."""

    start: int
    runs: int
    failed: int
    stored: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What the runs of one minute came to alike. at: UTC epoch seconds, the first of them. retry_at: the latest.

    notices: what the source told beside, where it answered; as Run.reason.
    """

    at: int
    code: str
    retry_at: int | None = None
    notices: str = ""


class RunStore:
    """The runs table. Every method raises StoreUnavailable, StoreDamaged or StoreError."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, run: Run) -> None:
        """Keep what a run did."""
        with writing(self._engine) as connection:
            connection.execute(sa.insert(runs).values(_values(run)))

    def recent(self, n: int = 100, upstream_id: int | None = None) -> tuple[Run, ...]:
        """Return the *n* newest runs, of one upstream or of all, the newest first."""
        wanted = sa.select(runs).order_by(runs.c.started.desc(), runs.c.id.desc()).limit(n)
        if upstream_id is not None:
            wanted = wanted.where(runs.c.upstream_id == upstream_id)
        with looking(self._engine) as connection:
            return tuple(_run(row) for row in connection.execute(wanted))

    def last(self, upstream_id: int) -> Run | None:
        """Return the upstream's newest run, None before the first."""
        return next(iter(self.recent(1, upstream_id)), None)

    def slots(self, start: float, width_s: int, n: int) -> tuple[Slot, ...]:
        """Return *n* stretches of *width_s* seconds from *start* on, by time, also those without a run.

        The database sums up: however often was polled, *n* rows come back.
        """
        first = int(start)
        slot = (runs.c.started - first) // width_s
        sums = (sa.func.sum(runs.c.runs), sa.func.sum(runs.c.failed), sa.func.sum(runs.c.stored))
        wanted = sa.select(slot.label("slot"), *sums).where(*_within(first, first + n * width_s)).group_by("slot")
        with looking(self._engine) as connection:
            found = {int(i): (int(a), int(b), int(c)) for i, a, b, c in connection.execute(wanted)}
        return tuple(Slot(first + i * width_s, *found.get(i, (0, 0, 0))) for i in range(n))

    def failures(self, start: float, end: float, n: int) -> tuple[Run, ...]:
        """Return the *n* newest failed runs with start <= started < end (UTC epoch seconds), the newest first."""
        wanted = sa.select(runs).where(*_within(start, end), runs.c.failed > 0)
        wanted = wanted.order_by(runs.c.started.desc(), runs.c.id.desc()).limit(n)
        with looking(self._engine) as connection:
            return tuple(_run(row) for row in connection.execute(wanted))

    def asked(self, start: float, end: float) -> tuple[Asked, ...]:
        """Return what was asked with start <= started < end (UTC epoch seconds), by time: at most a row a minute,
        outcome and notices."""
        at, retry_at = sa.func.min(runs.c.started).label("at"), sa.func.max(runs.c.retry_at)
        # Inline, since PostgreSQL takes two parameters for two expressions.
        told = sa.case((runs.c.outcome == sa.literal_column(f"'{OK}'"), runs.c.reason), else_=sa.literal_column("''"))
        wanted = sa.select(at, runs.c.outcome, retry_at, told).where(*_within(start, end))
        wanted = wanted.group_by(runs.c.started // 60, runs.c.outcome, told).order_by("at")
        with looking(self._engine) as connection:
            return tuple(Asked(int(first), *rest) for first, *rest in connection.execute(wanted))

    def oldest_at(self) -> int | None:
        """Return when the first run that is kept began, UTC epoch seconds; None without one."""
        with looking(self._engine) as connection:
            return connection.execute(sa.select(sa.func.min(runs.c.started))).scalar()

    def thin(self, now: float) -> int:
        """Make one row of each whole hour of runs more than 30 days before *now*; return how many runs that were."""
        border = int(now - KEPT_S) // HOUR_S * HOUR_S
        old = (runs.c.started < border, runs.c.hourly.is_(False))
        with writing(self._engine) as connection:
            rows = connection.execute(sa.select(runs).where(*old).order_by(runs.c.upstream_id, runs.c.started)).all()
            if not rows:
                return 0
            connection.execute(sa.delete(runs).where(*old))
            hours = groupby((_run(row) for row in rows), lambda run: (run.upstream_id, int(run.started) // HOUR_S))
            connection.execute(sa.insert(runs), [_values(_hour(group)) for _, group in hours])
        return len(rows)


def _within(start: float, end: float) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions of a stretch; its own index finds it whatever the table holds besides."""
    return runs.c.started >= ceil(start), runs.c.started < ceil(end)


def _hour(group: Iterable[Run]) -> Run:
    """Return one row that stands for the runs of an hour of one upstream."""
    members = tuple(group)
    failures = Counter(run.outcome for run in members if run.outcome != OK)
    rejected: Counter[str] = Counter()
    for run in members:
        rejected.update(run.rejected)
    outcome = failures.most_common(1)[0][0] if failures else OK
    return Run(
        upstream_id=members[0].upstream_id,
        started=int(members[0].started) // HOUR_S * HOUR_S,
        outcome=outcome,
        fetched=sum(run.fetched for run in members),
        stored=sum(run.stored for run in members),
        known=sum(run.known for run in members),
        conflicts=sum(run.conflicts for run in members),
        rejected=rejected,
        latency_ms=max(run.latency_ms for run in members),
        reason=next((run.reason for run in members if run.outcome == outcome and run.reason), ""),
        newest_at=max((run.newest_at for run in members if run.newest_at is not None), default=None),
        hourly=True,
        runs=sum(run.runs for run in members),
        failed=failures.total(),
    )


_COUNTS = ("fetched", "stored", "known", "conflicts")
_PLAIN = ("upstream_id", "outcome", "latency_ms", "newest_at", "hourly", "runs", *_COUNTS)


def _values(run: Run) -> dict[str, Any]:
    return {
        **{name: getattr(run, name) for name in _PLAIN},
        "started": int(run.started),
        "reason": storable(run.reason, REASON_LIMIT),
        "rejected": sum(run.rejected.values()),
        "reasons": json.dumps(dict(run.rejected), sort_keys=True),
        "retry_at": None if run.retry_at is None else int(run.retry_at),
        "failed": (0 if run.outcome == OK else run.runs) if run.failed is None else run.failed,
    }


def _run(row: sa.Row[Any]) -> Run:
    return Run(
        **{name: getattr(row, name) for name in _PLAIN},
        started=row.started,
        reason=row.reason,
        rejected=json.loads(row.reasons),
        retry_at=row.retry_at,
        failed=row.failed,
    )
