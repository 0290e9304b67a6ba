"""The way every reading takes: fetched, sifted, stored, recorded. A failure of the source is an outcome; one of the
database sends what was fetched into the spool."""

import dataclasses
import logging
import os
import time
from collections import Counter
from collections.abc import Callable
from zoneinfo import ZoneInfo

import numpy as np

from cgm_dash.batch import NO_OFFSET, Batch, Columns, Portion, SensorSeen
from cgm_dash.errors import SourceError, StoreDamaged, StoreError, StoreUnavailable
from cgm_dash.gate import sift
from cgm_dash.reading import Kind
from cgm_dash.series import merge
from cgm_dash.zones import guess, offset_s
from ingestion.outcome import Outcome
from ingestion.source import Source
from ingestion.spool import Spool, SpoolFull
from sql.runs import Run
from sql.sources import SourceRow
from sql.store import Store

log = logging.getLogger(__name__)

OFFERED_S = 12 * 3600
"""How far back an upstream offers readings: what is missing further back can only come from a file."""

THIN_EVERY_S = 3600
SENSOR_EVERY_S = 600


class Pipeline:
    """One upstream's way into the store.

    zone: the wearer's zone where the user has set one, which then counts as confirmed. now: the pipeline's clock.
    """

    def __init__(
        self,
        *,
        source: Source,
        store: Store,
        upstream_id: int,
        spool: Spool,
        zone: str | None = None,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._store = store
        self._upstream_id = upstream_id
        self._spool = spool
        self._zone = zone
        self._now = now
        self._monotonic = monotonic
        self._thinned = 0.0
        self._sensors: dict[int, tuple[tuple[SensorSeen, ...], float]] = {}

    def run(self) -> Outcome:
        """Do one ingestion run and return what it came to; it is recorded as far as the database answers."""
        began, at = self._monotonic(), self._now()
        self.replay()
        try:
            batch = self._source.fetch(at)
        except SourceError as error:
            outcome = Outcome.failed(self._source.kind, at, error)
        else:
            outcome = self._kept_or_spooled(batch, at)
        outcome = dataclasses.replace(outcome, seconds=self._monotonic() - began)
        self._record(outcome)
        return outcome

    def replay(self) -> int:
        """Store what waits in the spool, as far as the database answers; return how many batches that were."""
        try:
            done = self._spool.replay(self._keep_late, self._now())
        except StoreError as exc:
            log.warning("spool replay=broken-off reason=%s", type(exc).__name__)
            return 0
        if done:
            log.info("spool replayed=%d", done)
        return done

    def keep(self, batch: Batch, at: float) -> Outcome:
        """Store *batch*, fetched at *at* (UTC epoch seconds), and return what became of it.

        Raises StoreUnavailable, StoreDamaged or StoreError; nothing of a person's readings is then half stored.
        """
        rejected: Counter[str] = Counter(r.reason for r in batch.rejected)
        self._store.rejects.record(batch.rejected, at, upstream_id=self._upstream_id)
        stored = known = conflicts = fetched = 0
        people: dict[str, int] = {}
        for portion in batch.portions:
            row = self._store.sources.resolve(self._upstream_id, batch.kind, portion.wearer)
            people[portion.wearer.external_id] = row.person_id
            sifted = sift(portion.columns, at)
            refused = (*portion.rejected, *sifted.rejected)
            added = self._store.readings.add(row.person_id, row.source_id, sifted.accepted, arrived=at)
            self._store.rejects.record(refused, at, source=row)
            self._note_sensors(row, portion.sensors, at)
            self._place(row, sifted.accepted)
            rejected.update(r.reason for r in refused)
            fetched += len(portion.columns) + len(portion.rejected)
            stored, known, conflicts = stored + added.stored, known + added.known, conflicts + added.conflicts
        return Outcome(
            self._source.kind,
            at,
            detail=_notices(batch, people),
            fetched=fetched + len(batch.rejected),
            stored=stored,
            known=known,
            conflicts=conflicts,
            rejected=rejected,
            newest_at=_newest(batch.portions, at),
            gap_seconds_open=sum(self.open_gap_seconds(person, at) for person in sorted(set(people.values()))),
        )

    def open_gap_seconds(self, person_id: int, now: float) -> int:
        """Return the seconds of the last 12 hours up to the newest reading that lie in gaps no reading covers."""
        stored = self._store.readings.load(person_id, now - OFFERED_S, now + 1)
        columns = stored.columns
        series = merge([columns.take((columns.kind == Kind.LIVE) | (columns.kind == Kind.HISTORY))])
        if len(series) < 2:
            return 0
        holes = np.diff(series.ts) - series.period_s[:-1]
        return int(holes[series.gap_after()].sum())

    def _keep_late(self, batch: Batch, at: float) -> None:
        """Store a batch that waited in the spool, and the run that fetched it; one refused for good is set aside."""
        try:
            self._record(self.keep(batch, at))
        except (StoreUnavailable, StoreDamaged):
            raise
        except StoreError as exc:
            log.error("spool batch=refused reason=%s", exc)
            self._spool.refuse(batch, at)

    def _kept_or_spooled(self, batch: Batch, at: float) -> Outcome:
        try:
            return self.keep(batch, at)
        except StoreError as exc:
            log.warning("ingest pid=%d store=%s reason=%s", os.getpid(), type(exc).__name__, exc)
            code = "database-damaged" if isinstance(exc, StoreDamaged) else "database-away"
        try:
            self._spool.append(batch, at)
        except SpoolFull as exc:
            log.error("ingest pid=%d spool=refused reason=%s", os.getpid(), exc)
            code = "disk-full"
        fetched = sum(len(p.columns) + len(p.rejected) for p in batch.portions) + len(batch.rejected)
        newest = _newest(batch.portions, at)
        spooled = code != "disk-full"
        return Outcome(self._source.kind, at, code, fetched=fetched, newest_at=newest, spooled=spooled)

    def _record(self, outcome: Outcome) -> None:
        log.info(
            "ingest pid=%d outcome=%s fetched=%d stored=%d known=%d rejected=%d ms=%d",
            os.getpid(), outcome.code, outcome.fetched, outcome.stored, outcome.known,
            sum(outcome.rejected.values()), round(1000 * outcome.seconds),
        )  # fmt: skip
        if outcome.spooled or outcome.code == "disk-full":
            return
        try:
            self._store.runs.record(_run_of(outcome, self._upstream_id))
            if outcome.at - self._thinned > THIN_EVERY_S:
                self._thin(outcome.at)
        except StoreError as exc:
            log.warning("ingest pid=%d run=unrecorded reason=%s", os.getpid(), type(exc).__name__)

    def _note_sensors(self, row: SourceRow, sensors: tuple[SensorSeen, ...], at: float) -> None:
        """Keep which sensors were seen; one that is known is noted again only every ten minutes, not at every poll."""
        known, noted = self._sensors.get(row.source_id, ((), 0.0))
        if sensors and (sensors != known or not 0 <= at - noted < SENSOR_EVERY_S):
            self._store.sensors.record(row.person_id, row.source_id, sensors, at)
            self._sensors[row.source_id] = (sensors, at)

    def _thin(self, now: float) -> None:
        """Keep the tables of runs and of rejected records bounded, once an hour."""
        self._store.runs.thin(now)
        self._store.rejects.thin()
        self._thinned = now

    def _place(self, row: SourceRow, columns: Columns) -> None:
        """Give the wearer the zone the user set, else the one that country and offsets point to."""
        person = self._store.people.get(row.person_id)
        if person is None or person.zone_confirmed:
            return
        if self._zone is not None:
            self._store.people.set_zone(person.id, self._zone, confirmed=True)
            return
        seen = _offsets(columns)
        if seen and (person.zone is None or not _agrees(person.zone, seen[-1])):
            found = guess(person.country, seen[-1:])
            if found is not None:
                self._store.people.set_zone(person.id, found, confirmed=False)


def _offsets(columns: Columns) -> list[tuple[int, int]]:
    """Return (instant, offset in minutes) of the readings whose source told it, oldest first."""
    told = columns.take(columns.offset_min != NO_OFFSET)
    return sorted(zip(told.ts.tolist(), told.offset_min.tolist(), strict=True))


def _agrees(zone: str, seen: tuple[int, int]) -> bool:
    return offset_s(ZoneInfo(zone), seen[0]) == 60 * seen[1]


def _newest(portions: tuple[Portion, ...], at: float) -> int | None:
    """Return the newest instant in *portions* that is not in the future, UTC epoch seconds."""
    instants = [int(ts) for p in portions for ts in p.columns.ts[p.columns.ts <= at]]
    return max(instants, default=None)


def _notices(batch: Batch, people: dict[str, int]) -> str:
    """Return the batch's notices as `code` or, where they concern one person, `code@person`."""
    said = (f"{n.code}@{people[n.external_id]}" if n.external_id in people else n.code for n in batch.notices)
    return " ".join(dict.fromkeys(said))


def _run_of(outcome: Outcome, upstream_id: int) -> Run:
    return Run(
        upstream_id=upstream_id,
        started=outcome.at,
        outcome=outcome.code,
        fetched=outcome.fetched,
        stored=outcome.stored,
        known=outcome.known,
        conflicts=outcome.conflicts,
        rejected=outcome.rejected,
        latency_ms=round(1000 * outcome.seconds),
        reason=outcome.detail,
        newest_at=outcome.newest_at,
        retry_at=outcome.next_try_at,
    )
