"""A whole installation in one process with one clock in hand: the simulated service over HTTP, scheduler, store, pages.

Nothing here runs by itself: time passes only where somebody lets it, and each tick of the scheduler is made here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from unittest import mock

import app
from app import Composition
from cgm_dash.reading import Kind, Reading
from cgm_dash.settings import Settings
from ingestion.librelinkup import LibreLinkUp
from ingestion.poll_status import PollStatus
from ingestion.scheduler import TICK_S, Ingestion
from ingestion.simulator import DEMO_EMAIL, DEMO_PASSWORD, Patient, SimulatorServer, World
from sql.store import Store

NOON = 1_795_345_200.0
"""2026-11-22 11:00 UTC, noon in Berlin."""

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0

Row = tuple[int, int, int]
"""kind, ts (UTC epoch seconds), mg/dL."""


@dataclass
class Stage:
    """folder: the data directory. now: UTC epoch seconds, the only clock. skew: how far it is ahead of the service's.

    deadline_s: real seconds that one answer may take; a service that hangs costs as much time.
    """

    folder: Path
    database_url: str = ""
    now: float = NOON
    people: int = 1
    zones: tuple[str, ...] | None = None
    deadline_s: float = 20.0
    settings: dict[str, str] = field(default_factory=dict)
    skew: float = 0.0

    def __enter__(self) -> Self:
        self.world = World.build(seed=7, people=self.people, zones=self.zones, clock=self.true, warmups=False)
        self.server = SimulatorServer(self.world).start()
        self._patched = mock.patch.object(app, "LibreLinkUp", self._client)
        self._patched.start()
        self.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
        self._patched.stop()
        self.server.stop()
        if error is None:
            assert self.server.defects == []

    def _client(self, *given: Any, **options: Any) -> LibreLinkUp:
        self.client = LibreLinkUp(*given, **options, deadline_s=self.deadline_s)
        return self.client

    def be_patient(self, deadline_s: float = 20.0) -> None:
        """Give every answer so many seconds from now on."""
        self.deadline_s = self.client._deadline_s = deadline_s

    def clock(self) -> float:
        """Return the time."""
        return self.now

    def true(self) -> float:
        """Return the time by the service's clock, which is right."""
        return self.now - self.skew

    def step(self, seconds: float) -> None:
        """Set the clock here, not the service's, forwards or back."""
        self.now += seconds
        self.skew += seconds
        if seconds < -1.5 * TICK_S:
            self.ingestion._poll_due = 0.0  # as the scheduler's watchdog does within seconds

    def open(self) -> None:
        """Put everything together, as a process does that starts."""
        given = {
            "DATA_DIR": str(self.folder),
            "LLU_EMAIL": DEMO_EMAIL,
            "LLU_PASSWORD": DEMO_PASSWORD,
            "LLU_URL": self.server.url_with_regions,
        }
        given |= {"DATABASE_URL": self.database_url} if self.database_url else {}
        env = {f"CGM_DASH_{name}": value for name, value in (given | self.settings).items()}
        self.made: Composition = app.compose(Settings.from_env(env), self.clock, self.clock)
        self.ingestion: Ingestion = app.make_ingestion(self.made)

    def close(self) -> None:
        """End as a process does that is stopped in peace."""
        self.ingestion.stop(0)
        self.store.close()

    def restart(self) -> None:
        """End and begin again; only what is stored stays."""
        self.close()
        self.open()

    @property
    def store(self) -> Store:
        """The store of this process."""
        return self.made.services.store

    @property
    def status(self) -> PollStatus:
        """What the polling process last said of itself."""
        status = self.made.status.read()
        assert status is not None, "nobody has polled yet"
        return status

    def tick(self) -> None:
        """Let the scheduler's job run once, now."""
        self.ingestion.tick()

    def run(self, seconds: float, each: Callable[[], object] = lambda: None) -> None:
        """Let *seconds* pass, with a tick whenever the scheduler would make one; *each* is called after every tick."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(end, self.next_tick())
            self.tick()
            each()

    def next_tick(self) -> float:
        """Return when the scheduler's job runs next: every ten seconds, sooner where a poll is due."""
        due = self.ingestion._poll_due
        regular = self.now + TICK_S
        return min(regular, due) if due > self.now else regular

    # ------------------------------------------------------------------ what is kept, and what is true

    def person(self, patient: Patient) -> int | None:
        """Return the id under which *patient* is kept, None for nobody yet."""
        row = self.store.sources.find("librelinkup", patient.patient_id)
        return None if row is None else row.person_id

    def rows(self, patient: Patient) -> list[Row]:
        """Return the stored rows of the two series of *patient*, by time."""
        person = self.person(patient)
        return [] if person is None else rows_of(self.store, person)

    def offered(self, patient: Patient) -> set[Row]:
        """Return what healthy answers offer of *patient* now."""
        return offered(self.world, patient)

    def wrong(self, patient: Patient) -> set[Row]:
        """Return the stored rows that the service never had."""
        return wrong(self.world, patient, self.rows(patient))


def rows_of(store: Store, person: int) -> list[Row]:
    """Return the stored rows of the two series of *person*, by time."""
    columns = store.readings.load(person).columns
    rows = zip(columns.kind.tolist(), columns.ts.tolist(), columns.mg_dl.tolist(), strict=True)
    return [row for row in rows if row[0] in (Kind.LIVE, Kind.HISTORY)]


def offered(world: World, patient: Patient, now: float | None = None) -> set[Row]:
    """Return what healthy answers offer of *patient* at *now*."""
    latest = world.latest(patient, now)
    return {_row(r) for r in [*world.graph(patient, now), *([latest] if latest else [])]}


def wrong(world: World, patient: Patient, rows: list[Row]) -> set[Row]:
    """Return the *rows* that are no reading of *patient*."""
    if not rows:
        return set()
    truth = world.truth(patient, min(ts for _, ts, _ in rows), max(ts for _, ts, _ in rows) + 1)
    return set(rows) - {_row(r) for part in truth for r in part}


def _row(reading: Reading) -> Row:
    return (int(reading.kind), reading.ts, reading.mg_dl)
