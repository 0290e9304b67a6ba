"""What ingestion tests share: a store on either database, a simulated world with a clock in hand."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from ingestion.demo import InMemoryState
from ingestion.keeper import Keeper
from ingestion.librelinkup import LibreLinkUp
from ingestion.pipeline import Pipeline
from ingestion.simulator import DEMO_EMAIL, DEMO_PASSWORD, SimulatorServer, World
from ingestion.spool import Spool
from sql.engine import make_engine
from sql.store import Store, assemble
from sql.vault import Vault

NOON = 1_795_345_200.0
"""2026-11-22 11:00 UTC, noon in Berlin."""


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Iterator[Store]:
    """An empty store: once on SQLite, once on PostgreSQL."""
    made = assemble(make_engine(database_url), Vault.open(tmp_path / "keys"))
    yield made
    made.close()


@dataclass
class Upstream:
    """A simulated account with its server, client and pipeline; `now` is the only clock any of them has."""

    store: Store
    folder: Path
    people: int = 1
    unit: str = "mg/dL"
    zones: tuple[str, ...] | None = None
    now: float = NOON
    state: InMemoryState = field(default_factory=InMemoryState)

    def __enter__(self) -> "Upstream":
        self.world = World.build(
            seed=7, people=self.people, unit=self.unit, clock=lambda: self.now, zones=self.zones, warmups=False
        )
        self.server = SimulatorServer(self.world).start()
        self.spool = Spool(self.folder / "spool.jsonl")
        account = self.store.upstreams.set_account("librelinkup", DEMO_EMAIL, DEMO_PASSWORD, self.server.url)
        self.upstream_id = account.upstream_id
        self.restart()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()

    def restart(self) -> None:
        """Make client and pipeline anew, as a new process would; what the state holds stays."""
        self.source = LibreLinkUp(
            requests.Session(),
            lambda: self.now,
            self.state,
            email=DEMO_EMAIL,
            password=DEMO_PASSWORD,
            url=self.server.url,
            deadline_s=1.0,
        )
        keeper = Keeper(store=self.store, spool=self.spool, now=lambda: self.now)
        self.pipeline = Pipeline(source=self.source, keeper=keeper, upstream_id=self.upstream_id, now=lambda: self.now)


@pytest.fixture
def upstream(store: Store, tmp_path: Path) -> Iterator[Upstream]:
    """One wearer in Berlin, mg/dL."""
    with Upstream(store, tmp_path) as made:
        yield made
