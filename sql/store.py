"""The store: the engine and every table's store in one bundle."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sql.alarms import AlarmStore
from sql.attempts import AttemptStore
from sql.audit import AuditStore
from sql.days import DayStore
from sql.engine import check_health, looking, make_engine
from sql.errands import ErrandStore
from sql.people import PeopleStore
from sql.readings import ReadingStore
from sql.rejects import RejectStore
from sql.runs import RunStore
from sql.sensors import SensorStore
from sql.sessions import SessionStore
from sql.setup_secret import SetupSecret
from sql.shares import ShareStore
from sql.sources import SourceStore, UpstreamStore
from sql.tallies import TallyStore
from sql.tokens import TokenStore
from sql.users import UserStore
from sql.vault import Vault


@dataclass(frozen=True, slots=True)
class Store:
    """Everything kept in one database."""

    engine: Engine
    people: PeopleStore
    upstreams: UpstreamStore
    sources: SourceStore
    readings: ReadingStore
    sensors: SensorStore
    runs: RunStore
    rejects: RejectStore
    days: DayStore
    tallies: TallyStore
    errands: ErrandStore
    users: UserStore
    sessions: SessionStore
    tokens: TokenStore
    shares: ShareStore
    audit: AuditStore
    attempts: AttemptStore
    setup_secret: SetupSecret
    alarms: AlarmStore

    def ping(self) -> None:
        """Ask the database for a sign of life. Raises StoreUnavailable or StoreDamaged."""
        with looking(self.engine) as connection:
            connection.execute(sa.select(1))

    def connections(self) -> tuple[int, int]:
        """Return how many pooled connections of this process are in use, and how many are kept."""
        pool = self.engine.pool
        return (pool.checkedout(), pool.size()) if isinstance(pool, sa.pool.QueuePool) else (0, 0)

    def close(self) -> None:
        """Close the pooled connections; the next use opens new ones."""
        self.engine.dispose()


def open_store(url: str, vault: Vault) -> Store:
    """Return the store of *url*, its health looked at; the schema is migrate()'s work.

    Raises StoreUnavailable where the database does not answer, StoreDamaged for a file that is none or is broken.
    """
    engine = make_engine(url)
    check_health(engine)
    return assemble(engine, vault)


def assemble(engine: Engine, vault: Vault, cache_mb: float = 64) -> Store:
    """Return the stores on *engine*, without a look at the database. cache_mb: what derived days may hold in memory."""
    return Store(
        engine=engine,
        people=PeopleStore(engine),
        upstreams=UpstreamStore(engine, vault),
        sources=SourceStore(engine),
        readings=ReadingStore(engine),
        sensors=SensorStore(engine),
        runs=RunStore(engine),
        rejects=RejectStore(engine),
        days=DayStore(engine, cache_mb),
        tallies=TallyStore(engine),
        errands=ErrandStore(engine, vault),
        users=UserStore(engine, vault),
        sessions=SessionStore(engine),
        tokens=TokenStore(engine),
        shares=ShareStore(engine),
        audit=AuditStore(engine),
        attempts=AttemptStore(engine),
        setup_secret=SetupSecret(engine),
        alarms=AlarmStore(engine),
    )
