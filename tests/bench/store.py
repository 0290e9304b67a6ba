"""How fast readings are stored, on both databases, through the store's public methods, validation included."""

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from cgm_dash.batch import Columns, Wearer
from sql.engine import make_engine
from sql.readiness import Readiness
from sql.store import Store, assemble
from sql.vault import Vault
from tests.bench import year
from tests.bench.measure import Goal, Measurement, seconds_of
from tests.support import postgres

RUNS = 3
POLLS = 60
NEW = {"sqlite": 300_000, "postgresql": 250_000}
OVERLAP = 150_000
POLL_MS = 5


def measure(newest: int) -> Iterator[Measurement]:
    """Measure both databases."""
    with tempfile.TemporaryDirectory(prefix="cgm-bench-") as folder:
        yield from _on_database("sqlite", [f"sqlite:///{folder}/{i}.sqlite3" for i in range(RUNS)], newest)
    with postgres.private_server() as server:
        _make_durable(server)
        with _databases(server) as urls:
            yield from _on_database("postgresql", urls, newest)


def _on_database(name: str, urls: list[str], newest: int) -> Iterator[Measurement]:
    whole = year.minutes(newest)
    runs = [_run(url, whole, newest) for url in urls]
    new, half, other, poll = (statistics.median(run[i] for run in runs) for i in range(4))
    yield Measurement(f"year of minutes stored, new, {name}", new, "rows/s", Goal(NEW[name], at_least=True))
    overlap = Goal(OVERLAP, at_least=True)
    yield Measurement(f"the same, every other minute known, {name}", other, "rows/s", overlap)
    yield Measurement(f"the same, first half known, {name}", half, "rows/s", overlap)
    yield Measurement(f"one poll of two readings stored, {name}", poll, "ms", Goal(POLL_MS))


def _run(url: str, whole: Columns, newest: int) -> tuple[float, float, float, float]:
    """Return rows a second new, with the first half known, with every other minute known; milliseconds a poll."""
    with _store(url) as store:
        new = _rate(store, "new", whole, whole.take(np.zeros(0, np.intp)), newest)
        half = _rate(store, "half", whole, whole.take(np.arange(len(whole) // 2, dtype=np.intp)), newest)
        other = _rate(store, "other", whole, whole.take(np.arange(0, len(whole), 2, dtype=np.intp)), newest)
        return new, half, other, _poll_ms(store, newest)


def _rate(store: Store, name: str, whole: Columns, known: Columns, newest: int) -> float:
    """Return how many readings of *whole* a second add_many takes where *known* are stored already."""
    source = store.sources.resolve(None, "bench", Wearer(name, name))
    ids = (source.person_id, source.source_id)
    if len(known):
        store.readings.add_many(*ids, known, arrived=newest + 60)
    began = time.perf_counter()
    added = store.readings.add_many(*ids, whole, arrived=newest + 60)
    elapsed = time.perf_counter() - began
    if (added.stored, added.known, added.conflicts) != (len(whole) - len(known), len(known), 0):
        raise AssertionError(f"{name}: {added}")
    return len(whole) / elapsed


def _poll_ms(store: Store, newest: int) -> float:
    """Return the median milliseconds of a poll: two readings, one of them known, behind a stored year."""
    source = store.sources.resolve(None, "bench", Wearer("new"))
    later = year.minutes(newest + 60 * POLLS, POLLS + 1)

    def poll(i: int) -> None:
        two = later.take(np.array([i, i + 1], np.intp))
        store.readings.add(source.person_id, source.source_id, two, arrived=newest + 60 * i)

    return 1000 * statistics.median(seconds_of(lambda i=i: poll(i)) for i in range(POLLS))  # type: ignore[misc]


@contextmanager
def _store(url: str) -> Iterator[Store]:
    engine = make_engine(url)
    Readiness(engine).ensure()
    with tempfile.TemporaryDirectory(prefix="cgm-keys-") as keys:
        store = assemble(engine, Vault.open(Path(keys)))
        try:
            yield store
        finally:
            store.close()


@contextmanager
def _databases(server: postgres.Server) -> Iterator[list[str]]:
    with server.database() as a, server.database() as b, server.database() as c:
        yield [a, b, c]


def _make_durable(server: postgres.Server) -> None:
    """Take back what the tests' server trades for speed: a figure must hold for a server that keeps its data."""
    engine = sa.create_engine(server.url("postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        for name in ("fsync", "full_page_writes", "synchronous_commit", "autovacuum"):
            connection.exec_driver_sql(f"ALTER SYSTEM SET {name} = 'on'")
        connection.exec_driver_sql("SELECT pg_reload_conf()")
