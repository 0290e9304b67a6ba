"""How soon a server is ready that has five years of minutes: looked through, at head, and polling."""

import signal
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from cgm_dash.batch import Wearer
from ingestion.simulator import DEMO_EMAIL, DEMO_PASSWORD, SimulatorServer
from sql.engine import make_engine
from sql.readiness import Readiness
from sql.store import assemble
from sql.vault import Vault
from tests.bench import year
from tests.bench.measure import Goal, Measurement
from tests.bench.process import await_ready
from tests.support import postgres
from tests.support.served import serving

YEARS = 5
STARTS = 3
READY_S = 15


def measure(newest: int) -> Iterator[Measurement]:
    """Measure both databases."""
    with tempfile.TemporaryDirectory(prefix="cgm-bench-") as name:
        folder = Path(name) / "data"
        yield from _starts("SQLite", f"sqlite:///{folder / 'cgm_dash.sqlite3'}", folder, newest)
    with (
        tempfile.TemporaryDirectory(prefix="cgm-bench-") as name,
        postgres.private_server() as server,
        server.database() as url,
    ):
        yield from _starts("PostgreSQL", url, Path(name) / "data", newest)


def _starts(kind: str, url: str, folder: Path, newest: int) -> Iterator[Measurement]:
    folder.mkdir(mode=0o700)
    _fill(url, folder, newest)
    with SimulatorServer(year.world()) as upstream:
        settings = {"LLU_EMAIL": DEMO_EMAIL, "LLU_PASSWORD": DEMO_PASSWORD, "LLU_URL": upstream.url}
        settings["DATABASE_URL"] = url
        taken = [_start_s(folder, settings, how) for how in [signal.SIGTERM] * STARTS + [signal.SIGKILL] * 2]
    name = f"ready with {YEARS} years of minutes, {kind}"
    yield Measurement(name, statistics.median(taken[:STARTS]), "s", Goal(READY_S))
    yield Measurement(f"{name}, after kill -9", taken[-1], "s", Goal(READY_S))


def _fill(url: str, folder: Path, newest: int) -> None:
    """Store the minutes of the simulator's wearer, and derive their days."""
    engine = make_engine(url)
    Readiness(engine).ensure()
    store, patient = assemble(engine, Vault.open(folder)), year.world().patient(0)
    source = store.sources.resolve(None, "librelinkup", Wearer(patient.patient_id, "Mira", patient.country, "mg/dL"))
    store.people.set_zone(source.person_id, patient.zone_name, confirmed=True)
    ids = source.person_id, source.source_id
    store.readings.add_many(*ids, year.minutes(newest, YEARS * year.YEAR_MIN), arrived=newest + 60)
    store.days.catch_up(source.person_id)
    store.close()


def _start_s(folder: Path, settings: dict[str, str], how: signal.Signals) -> float:
    """Return how many seconds after its start the server was ready; it is ended *how* says."""
    began = time.perf_counter()
    with serving(folder, 1, **settings) as served:
        await_ready(served, timeout_s=60)
        elapsed = time.perf_counter() - began
        served.stop(how)
    return elapsed
