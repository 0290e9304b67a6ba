"""The demo: the simulator on a loopback port, polled like the real service, and 90 days of invented past.

Not one number takes a short cut: the past too comes out of the simulator's HTTP answers, graph by graph, its clock set
back step by step, the newest first, so that the page has something to show at once.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import requests

from cgm_dash.errors import CgmDashError, SourceUnavailable
from cgm_dash.reading import Kind
from ingestion.librelinkup import LibreLinkUp
from ingestion.pipeline import Pipeline
from ingestion.simulator import DEMO_EMAIL, DEMO_PASSWORD, SimulatorServer, World
from sql.store import Store

log = logging.getLogger(__name__)

SEED = 1
DAYS = 90
GRAPH_S = 11 * 3600 + 1800
"""What one graph answer surely covers."""
GRAPH_LAG_S = 25 * 60
"""The graph ends up to 21 minutes before the newest reading."""
PAUSES_S = (1, 5, 15, 30, *[60] * 10)
"""How long a step of the past waits before it is tried again; after the last one the next start goes on."""
FULL_GRAPH = 100
"""A stretch that holds that many history readings has been asked for before; warm-up leaves some shorter."""


class InMemoryState:
    """A source's state that lives as long as the process: the demo's account is worth no more."""

    def __init__(self) -> None:
        self._state: dict[str, Any] = {}

    def load(self) -> Mapping[str, Any]:
        """Return the state last saved, empty at first."""
        return dict(self._state)

    def save(self, state: Mapping[str, Any]) -> None:
        """Keep *state* in place of the old one."""
        self._state = dict(state)


def demo_world(clock: Callable[[], float] = time.time) -> World:
    """Return the demo's world; any two with the same clock give the same answers."""
    return World.build(seed=SEED, people=1, clock=clock)


def demo_source(url: str, clock: Callable[[], float], poll_seconds: float) -> LibreLinkUp:
    """Return the client of the demo's account at *url*."""
    return LibreLinkUp(
        requests.Session(),
        clock,
        InMemoryState(),
        email=DEMO_EMAIL,
        password=DEMO_PASSWORD,
        url=url,
        poll_seconds=poll_seconds,
    )


class Past:
    """Fetches the demo's past in a thread of its own."""

    def __init__(
        self, store: Store, make_pipeline: Callable[[LibreLinkUp], Pipeline], now: Callable[[], float]
    ) -> None:
        self._store = store
        self._make_pipeline = make_pipeline
        self._now = now
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="demo-past", daemon=True)

    def start(self) -> None:
        """Begin fetching."""
        self._thread.start()

    def stop(self) -> None:
        """End after the step under way, and wait for that."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _run(self) -> None:
        try:
            log.info("demo past=begun")
            log.info("demo past=done steps=%d", self.fetch())
        except CgmDashError as exc:
            # The thread's border: the live demo goes on, and the next start asks for what is missing.
            log.warning("demo past=broken-off reason=%s", exc)

    def fetch(self) -> int:
        """Store the last 90 days as far as they are missing, the newest first; return how many steps that took."""
        at = [self._now()]
        oldest = at[0] - DAYS * 86_400
        steps = 0
        with SimulatorServer(demo_world(lambda: at[0])) as server:
            source = demo_source(server.url, lambda: at[0], 60)
            pipeline = self._make_pipeline(source)
            while at[0] > oldest and not self._stop.is_set():
                steps += self._patiently(source, pipeline, at[0])
                at[0] -= GRAPH_S - GRAPH_LAG_S
        return steps

    def _patiently(self, source: LibreLinkUp, pipeline: Pipeline, at: float) -> bool:
        """Take the step to *at*, again after a pause where it fails; return whether something was fetched."""
        for pause in PAUSES_S:
            try:
                return self._step(source, pipeline, at)
            except CgmDashError as exc:
                log.warning("demo past=paused seconds=%d reason=%s", pause, exc)
            if self._stop.wait(pause):
                return False
            source.try_again()  # its clock stands still: a wait by it would never end
        return self._step(source, pipeline, at)

    def _step(self, source: LibreLinkUp, pipeline: Pipeline, at: float) -> bool:
        if self._has(at - GRAPH_S, at - GRAPH_LAG_S):
            return False
        batch = source.backfill(at)
        pipeline.keep(batch, at)
        if batch.notices:
            raise SourceUnavailable(batch.notices[0].code, detail="a graph of the past")
        return True

    def _has(self, start: float, end: float) -> bool:
        """Return whether the history of everybody between the two instants is stored."""
        people = self._store.people.list()
        stored = [self._store.readings.load(p.id, start, end).columns.kind for p in people]
        return bool(stored) and all(int((kinds == Kind.HISTORY).sum()) >= FULL_GRAPH for kinds in stored)
