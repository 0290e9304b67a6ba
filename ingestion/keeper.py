"""How a fetched batch gets into the store: sifted, stored, its wearer given a zone; or into the spool meanwhile.

It needs no way to an upstream: a process that polls no longer still stores what it spooled while it did.
"""

import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

import numpy as np

from cgm_dash.batch import NO_OFFSET, Batch, Columns, Portion, SensorSeen
from cgm_dash.errors import StoreDamaged, StoreError, StoreUnavailable
from cgm_dash.gate import sift
from cgm_dash.reading import Kind
from cgm_dash.series import merge
from cgm_dash.zones import guess, offset_s
from ingestion.outcome import Outcome
from ingestion.spool import Entry, Spool, SpoolFull
from sql.runs import Run
from sql.sources import SourceRow
from sql.store import Store

log = logging.getLogger(__name__)

OFFERED_S = 12 * 3600
"""How far back an upstream offers readings: what is missing further back can only come from a file."""

THIN_EVERY_S = 3600
SENSOR_EVERY_S = 600

AGREEING = 3
"""So many readings in a row must tell an offset before a zone that was worked out gives way to another: one garbled
time of day must not move years of days."""


class Keeper:
    """One process's way into the store.

    zone: the wearer's zone where the user has set one, which then counts as confirmed. ready: raises StoreError while
    the database cannot be worked with. now: UTC epoch seconds.
    """

    def __init__(
        self,
        *,
        store: Store,
        spool: Spool,
        zone: str | None = None,
        ready: Callable[[], None] = lambda: None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._spool = spool
        self._zone = zone
        self._ready = ready
        self._now = now
        self._thinned = 0.0
        self._sensors: dict[int, tuple[tuple[SensorSeen, ...], float]] = {}
        self._broken_off = False

    def replay(self) -> int:
        """Store what waits in the spool, as far as the database answers; return how many batches that were."""
        if not self._spool.waiting():
            return 0
        try:
            self._ready()
            done = self._spool.replay(self._keep_late)
        except (StoreError, OSError) as exc:
            if not self._broken_off:
                log.warning("spool replay=broken-off reason=%s: tried again at every tick", exc)
            self._broken_off = True
            return 0
        self._broken_off = False
        if done:
            log.info("spool replayed=%d", done)
        return done

    def keep(self, batch: Batch, at: float, upstream_id: int | None) -> Outcome:
        """Store *batch*, fetched at *at* (UTC epoch seconds), and return what became of it.

        Raises StoreUnavailable, StoreDamaged or StoreError; nothing of a person's readings is then half stored. What
        the database refuses of one person does not keep the others' out.
        """
        rejected: Counter[str] = Counter(r.reason for r in batch.rejected)
        counts: Counter[str] = Counter(fetched=len(batch.rejected))
        people: dict[str, int] = {}
        refusal: StoreError | None = None
        self._store.rejects.record(batch.rejected, at, upstream_id=upstream_id)
        for portion in batch.portions:
            try:
                row = self._store.sources.resolve(upstream_id, batch.kind, portion.wearer)
                people[portion.wearer.external_id] = row.person_id
                self._keep_portion(row, portion, at, counts, rejected)
            except (StoreUnavailable, StoreDamaged):
                raise
            except StoreError as exc:
                refusal = refusal or exc
        if refusal is not None:
            raise refusal
        return Outcome(
            batch.kind,
            at,
            detail=self._notices(batch, people),
            fetched=counts["fetched"],
            stored=counts["stored"],
            known=counts["known"],
            conflicts=counts["conflicts"],
            rejected=rejected,
            newest_at=_newest(batch.portions, at),
            gap_seconds_open=sum(self.open_gap_seconds(person, at) for person in sorted(set(people.values()))),
        )

    def keep_or_spool(self, batch: Batch, at: float, upstream_id: int) -> Outcome:
        """Store *batch* as keep() does; what the database does not take goes into the spool. The outcome says so."""
        try:
            return self.keep(batch, at, upstream_id)
        except StoreError as exc:
            log.warning("ingest pid=%d store=%s reason=%s", os.getpid(), type(exc).__name__, exc)
            code = database_trouble(exc)
        try:
            self._spool.append(Entry(batch, at, upstream_id))
        except SpoolFull as exc:
            log.error("ingest pid=%d spool=refused reason=%s", os.getpid(), exc)
            code = "disk-full"
        fetched = sum(len(p.columns) + len(p.rejected) for p in batch.portions) + len(batch.rejected)
        newest = _newest(batch.portions, at)
        return Outcome(batch.kind, at, code, fetched=fetched, newest_at=newest, spooled=code != "disk-full")

    def record(self, outcome: Outcome, upstream_id: int | None) -> None:
        """Say what a run came to: in the log, and in the runs table as far as the database answers."""
        log.info(
            "ingest pid=%d outcome=%s fetched=%d stored=%d known=%d rejected=%d ms=%d",
            os.getpid(), outcome.code, outcome.fetched, outcome.stored, outcome.known,
            sum(outcome.rejected.values()), round(1000 * outcome.seconds),
        )  # fmt: skip
        if outcome.spooled or outcome.code == "disk-full":
            return
        try:
            self._store.runs.record(_run_of(outcome, upstream_id))
            if outcome.at - self._thinned > THIN_EVERY_S:
                self._thin(outcome.at)
        except StoreError as exc:
            log.warning("ingest pid=%d run=unrecorded reason=%s", os.getpid(), type(exc).__name__)

    def open_gap_seconds(self, person_id: int, now: float) -> int:
        """Return the seconds of the last 12 hours up to the newest reading that lie in gaps no reading covers."""
        stored = self._store.readings.load(person_id, now - OFFERED_S, now + 1)
        columns = stored.columns
        series = merge([columns.take((columns.kind == Kind.LIVE) | (columns.kind == Kind.HISTORY))])
        if len(series) < 2:
            return 0
        holes = np.diff(series.ts) - series.period_s[:-1]
        return int(holes[series.gap_after()].sum())

    def _keep_portion(
        self, row: SourceRow, portion: Portion, at: float, counts: Counter[str], rejected: Counter[str]
    ) -> None:
        """Store one wearer's part of a batch and add to the counts what became of it."""
        sifted = sift(portion.columns, at)
        refused = (*portion.rejected, *sifted.rejected)
        added = self._store.readings.add(row.person_id, row.source_id, sifted.accepted, arrived=at)
        self._store.rejects.record(refused, at, source=row)
        self._note_sensors(row, portion.sensors, at)
        self._place(row, sifted.accepted)
        rejected.update(r.reason for r in refused)
        fetched = len(portion.columns) + len(portion.rejected)
        counts.update(fetched=fetched, stored=added.stored, known=added.known, conflicts=added.conflicts)

    def _keep_late(self, entry: Entry) -> None:
        """Store a batch that waited in the spool, and the run that fetched it.

        Raises StoreUnavailable where the database takes nothing at all now (read-only, no rights), StoreError where it
        refuses this batch: it then takes the note of that.
        """
        upstream_id = self._store.upstreams.known_id(entry.upstream_id, entry.batch.kind)
        try:
            outcome = self.keep(entry.batch, entry.at, upstream_id)
        except (StoreUnavailable, StoreDamaged):
            raise
        except StoreError:
            self._note_refusal(entry)
            raise
        self.record(outcome, upstream_id)

    def _note_refusal(self, entry: Entry) -> None:
        noted = Outcome(entry.batch.kind, entry.at, "database-away", detail="refused")
        try:
            self._store.runs.record(_run_of(noted, None))
        except StoreError as exc:
            raise StoreUnavailable(f"the database takes nothing at present: {exc}") from exc

    def _notices(self, batch: Batch, people: Mapping[str, int]) -> str:
        """Return the batch's notices as `code` or, where they concern one person, `code@person`.

        people: whose portions the batch has. A notice about somebody else who was never here concerns nobody.
        """
        said = []
        for notice in batch.notices:
            who = people.get(notice.external_id)
            if notice.external_id and who is None:  # no longer offered: the source tells whose that was
                row = self._store.sources.find(batch.kind, notice.external_id)
                if row is None:
                    continue
                who = row.person_id
            said.append(notice.code if who is None else f"{notice.code}@{who}")
        return " ".join(dict.fromkeys(said))

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
        if person is None:
            return
        if self._zone is not None:
            if person.zone != self._zone or not person.zone_confirmed:
                self._store.people.set_zone(person.id, self._zone, confirmed=True)
            return
        seen = _offsets(columns)[-AGREEING:]
        if person.zone_confirmed or not seen:
            return
        if person.zone is None or (len(seen) == AGREEING and not any(_agrees(person.zone, one) for one in seen)):
            found = guess(person.country, seen)
            if found is not None:
                self._store.people.set_zone(person.id, found, confirmed=False)


def database_trouble(error: StoreError) -> str:
    """Return the code of the trouble that *error* means."""
    return "database-damaged" if isinstance(error, StoreDamaged) else "database-away"


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


def _run_of(outcome: Outcome, upstream_id: int | None) -> Run:
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
