"""Processes that ingest and are killed at any moment, and whether what they leave behind is sound.

A process here is the real scheduler's work over the real store, without gunicorn around it, with a clock that goes so
fast that every few milliseconds a minute is fetched. All of them have the same clock: it follows from the real one.
"""

import contextlib
import logging
import multiprocessing
import random
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import sqlalchemy as sa

import app
from cgm_dash.settings import Settings
from ingestion.simulator import DEMO_EMAIL, DEMO_PASSWORD, SimulatorServer, World
from sql.check import database_problems, person_problems
from sql.engine import looking, make_engine
from sql.store import Store, assemble
from sql.vault import Vault
from tests.soak.stage import NOON, offered, rows_of, wrong

RATE = 3000
"""Seconds that pass in one real second: a minute's poll every 20 ms."""

MOST_TICKS, WITHIN_S, START_S = 9, 0.05, 0.4
"""A process is killed during one of its first ticks, up to so many seconds into it; or, without any, during its start:
counted in ticks, so that a busy machine does not kill everything at its start."""

PAUSE_S = 0.004
PROCESSES = multiprocessing.get_context("forkserver")


@dataclass(frozen=True, slots=True)
class FastClock:
    """begin: the real time at which it is NOON."""

    begin: float

    def __call__(self) -> float:
        return NOON + RATE * (time.time() - self.begin)


def ingest(env: dict[str, str], clock: FastClock, said: Connection) -> None:
    """Ingest until killed; tell at the begin, and then after every tick how many readings are stored for certain."""
    said.send(0)
    logging.basicConfig(filename=Path(env["CGM_DASH_DATA_DIR"]) / "ingest.log", level="INFO", force=True)
    made = app.compose(Settings.from_env(env), clock, clock)
    ingestion = app.make_ingestion(made)
    while True:
        ingestion.tick()
        said.send(made.services.store.readings.count(1))
        time.sleep(PAUSE_S)


@dataclass
class Left:
    """What all the killed processes left. polled: kills at which the process had stored something before.

    missing: readings still offered that are not stored. lost: of those reported as stored. unsound: problems in words.
    """

    kills: int = 0
    polled: int = 0
    stored: int = 0
    wrong: int = 0
    doubled: int = 0
    missing: int = 0
    lost: int = 0
    unsound: list[str] = field(default_factory=list)

    @property
    def faults(self) -> int:
        """Everything that must not be, counted."""
        return self.wrong + self.doubled + self.missing + self.lost + len(self.unsound)


def kill_often(url: str, folder: Path, kills: int, seed: int) -> Left:
    """Kill *kills* processes at random moments of their first fractions of a second, and look at what is left.

    url: an empty database, not migrated: the first moments are those of the migration. folder: their data directory.
    """
    PROCESSES.set_forkserver_preload(["tests.soak.ingesting"])
    dice = random.Random(seed)
    clock = FastClock(time.time())
    world = World.build(seed=7, clock=clock, warmups=False)
    left = Left()
    with SimulatorServer(world) as server:
        env = _env(url, folder, server)
        for _ in range(kills):
            ticks = max(0, dice.randrange(-3, MOST_TICKS))
            said = _live(env, clock, ticks, dice.uniform(0, WITHIN_S if ticks else START_S))
            left.kills += 1
            left.polled += said > 0
            left.lost += max(0, said - _count(url, folder))
        now = clock()
        world.clock = lambda: now
        _last_run(env, now)
        judge(url, folder, world, now, left)
    return left


def _env(url: str, folder: Path, server: SimulatorServer) -> dict[str, str]:
    given = {"DATA_DIR": str(folder), "DATABASE_URL": url}
    given |= {"LLU_EMAIL": DEMO_EMAIL, "LLU_PASSWORD": DEMO_PASSWORD, "LLU_URL": server.url}
    return {f"CGM_DASH_{name}": value for name, value in given.items()}


def _live(env: dict[str, str], clock: FastClock, ticks: int, seconds: float) -> int:
    """Kill a process *seconds* after so many *ticks*; return how many readings it said were stored."""
    ours, theirs = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=ingest, args=(env, clock, theirs), daemon=True)
    process.start()
    theirs.close()
    said = 0
    for _ in range(1 + ticks):  # what comes before the first word is Python's own start
        said = ours.recv()
    time.sleep(seconds)
    process.kill()
    process.join()
    with ours, contextlib.suppress(EOFError):
        while True:
            said = ours.recv()
    process.close()
    return said


def _last_run(env: dict[str, str], now: float) -> None:
    """Start once more as after a kill, at a clock that stands at *now*, poll to the end and stop in peace."""
    made = app.compose(Settings.from_env(env), lambda: now, lambda: now)
    ingestion = app.make_ingestion(made)
    deadline = time.monotonic() + 10
    while (status := made.status.read()) is None or status.at != now or status.code != "ok":
        assert time.monotonic() < deadline, f"no poll came to an end: {status}"
        ingestion.tick()
        time.sleep(PAUSE_S)
    assert ingestion.stop()
    made.services.store.close()


def _count(url: str, folder: Path) -> int:
    with contextlib.closing(open_store(url, folder)) as store:
        if not sa.inspect(store.engine).has_table("readings"):
            return 0
        return store.readings.count(1)


def judge(url: str, folder: Path, world: World, at: float, left: Left) -> None:
    """Compare what is stored with what the *world* had and offered at *at*; look whether the database is sound."""
    with contextlib.closing(open_store(url, folder)) as store:
        (patient,) = world.patients
        rows = rows_of(store, 1)
        left.stored = len(rows)
        left.doubled = len(rows) - len({row[:2] for row in rows}) + len(store.readings.conflicts(1))
        left.wrong = len(wrong(world, patient, rows))
        left.missing = len(offered(world, patient, at) - set(rows))
        left.unsound += unsound(store)


def unsound(store: Store) -> list[str]:
    """Return what is wrong inside the database: its own checks, derived days that are not what the readings give."""
    found = list(database_problems(store))
    for person in store.people.list():
        found += person_problems(store, person)
    with looking(store.engine) as connection:
        if store.engine.dialect.name == "sqlite":
            told = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
            return found + [str(line) for line in told if line != "ok"]
    return found + _postgres_unsound(store)


def _postgres_unsound(store: Store) -> list[str]:
    """Return what PostgreSQL's amcheck says of every index, where the server has it."""
    with store.engine.begin() as connection:
        has = "SELECT count(*) FROM pg_available_extensions WHERE name = 'amcheck'"
        if not connection.exec_driver_sql(has).scalar():
            return []
        connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS amcheck")
        check = (
            "SELECT bt_index_check(c.oid, true) FROM pg_class c JOIN pg_am a ON a.oid = c.relam"
            " JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE a.amname = 'btree' AND c.relkind = 'i' AND n.nspname = 'public'"
        )
        try:
            connection.exec_driver_sql(check)
        except sa.exc.DBAPIError as exc:
            return [str(exc.orig)]
    return []


def open_store(url: str, folder: Path) -> Store:
    """Return the store of *url*, its keys in *folder*."""
    return assemble(make_engine(url), Vault.open(folder))
