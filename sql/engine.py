"""The engine: how both databases are opened, what a transaction is, and which error a driver's complaint becomes."""

import logging
import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg2
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine, ExceptionContext, make_url
from sqlalchemy.pool import NullPool, QueuePool

from cgm_dash.errors import StoreDamaged, StoreError, StoreUnavailable
from sql.soundness import BUDGET_S, Gate, gate_of, reading_address

log = logging.getLogger(__name__)

BUSY_MS = 5_000
"""How long SQLite waits for another writer. A bulk load holds the lock for about a second (bulk.CHUNK)."""

PATIENCE_MS = 1_000
"""The same where somebody waits for a page: it shall answer within two seconds."""

MARK_MS = 100
"""The same where nothing is lost: that something was used is noted another time."""

DURABILITY = ("fsync", "synchronous_commit", "full_page_writes")
"""Settings of PostgreSQL that must not be off."""

RESTORE = "the file is kept as it is; stop the server, then restore a backup: cgm-dash restore --keep-damaged FILE"


def make_engine(url: str | URL) -> Engine:
    """Return the engine of *url* (sqlite:///path or postgresql+psycopg2://...).

    No connection is made; an SQLite file that is missing is created, 0600 in a folder that is 0700 where it is new. It
    is looked at before the first connection of the process, and never opened for writing while it is damaged.
    Raises StoreUnavailable where it cannot be created, StoreError for a database in memory.
    """
    parsed = make_url(url)
    return _sqlite_engine(parsed) if parsed.get_backend_name() == "sqlite" else _postgres_engine(parsed)


def reading_engine(url: str | URL) -> Engine:
    """Return an engine that changes nothing, for a look at a database that may be damaged, on one connection.

    Nothing is created or checked; connecting raises where there is nothing.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return _postgres_engine(parsed)
    path = sqlite_path(parsed)

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(reading_address(path), uri=True, check_same_thread=False, timeout=BUSY_MS / 1000)

    return sa.create_engine(url, creator=connect, hide_parameters=True, poolclass=NullPool)


def sqlite_path(url: URL) -> Path:
    """Return the file of an SQLite *url*. Raises StoreError for a database in memory."""
    if not url.database or url.database == ":memory:":
        raise StoreError(
            "CGM_DASH_DATABASE_URL: a database in memory forgets everything; name a file: sqlite:////path/file"
        )
    return Path(url.database).absolute()


def gate(engine: Engine) -> Gate | None:
    """Return the gate of an SQLite engine's file, None for PostgreSQL, which looks after its own."""
    return gate_of(sqlite_path(engine.url)) if engine.dialect.name == "sqlite" else None


def _postgres_engine(url: URL) -> Engine:
    return sa.create_engine(
        url,
        hide_parameters=True,  # errors carry the statement; its values are health data and secrets
        pool_size=5,  # eight request threads rarely query at once: the series come from memory
        max_overflow=5,  # room for the scheduler and an export; 2 workers x 10 stay far below PostgreSQL's usual 100
        pool_timeout=10,  # a page that waits longer for a connection had better say so
        pool_pre_ping=True,  # a restarted server costs one round trip, not a failed poll
        pool_recycle=1800,  # firewalls forget idle connections, commonly after an hour
        connect_args={
            "connect_timeout": 5,  # a page shall answer within seconds although the database is away
            "keepalives": 1,  # a peer that lost power is noticed after 30 + 3 x 10 s, not after two hours
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
            "application_name": "cgm_dash",
            "options": _session_options(url),
        },
    )


def _session_options(url: URL) -> str:
    """Return the server settings of a session, after those that stand in *url*."""
    given = url.query.get("options", "")
    return " ".join(
        [
            *([given] if isinstance(given, str) else given),
            "-c statement_timeout=30000",  # no statement of ours takes 30 s; one that does must not hold a worker
            "-c lock_timeout=10000",  # longer than any bulk load holds a person's row
            "-c idle_in_transaction_session_timeout=60000",  # a stopped worker must not hold a person's lock for ever
            "-c timezone=UTC",
        ]
    ).strip()


def _sqlite_engine(url: URL) -> Engine:
    path = sqlite_path(url)
    _create_file(path)
    door = gate_of(path)
    # mode=rw: a file that vanishes later (a disk unmounted) is an error, never silently an empty database.
    address = f"file:{quote(str(path))}?mode=rw"

    def connect() -> sqlite3.Connection:
        door.require()
        return sqlite3.connect(address, uri=True, check_same_thread=False, isolation_level=None, timeout=BUSY_MS / 1000)

    def begin(connection: Connection) -> None:
        door.require()
        _begin_sqlite(connection)

    def note_damage(context: ExceptionContext) -> None:
        found = context.original_exception
        if isinstance(found, sqlite3.Error) and getattr(found, "sqlite_errorcode", 0) & 0xFF in _SQLITE_DAMAGED:
            door.shut(f"SQLite says: {_first_line(found)}")

    engine = sa.create_engine(
        url,
        creator=connect,
        hide_parameters=True,
        poolclass=QueuePool,
        pool_size=5,  # as many as threads that read at once; opening one costs 0.3 ms
        max_overflow=10,
        pool_timeout=10,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", begin)
    event.listen(engine, "handle_error", note_damage)
    return engine


def _create_file(path: Path) -> None:
    """Create an empty file that only its owner may read, unless one is there; SQLite gives -wal and -shm its mode."""
    if path.is_file():
        return
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):  # another process was faster
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as exc:
        raise StoreUnavailable(f"{path}: cannot be created ({exc.strerror}); check the folder's permissions") from exc


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    """Set what SQLite keeps per connection."""
    # The driver opens no transaction by itself (it would not do so before DDL): the begin event does.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    _use_wal(cursor)
    # FULL: the log is synced at each commit, so that a stored reading survives power loss. NORMAL survives only
    # kill -9; it would save 0.08 ms a poll.
    cursor.execute("PRAGMA synchronous = FULL")
    if sys.platform == "darwin":
        cursor.execute("PRAGMA fullfsync = ON")  # fsync alone leaves the data in the drive's cache on macOS
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _use_wal(cursor: sqlite3.Cursor) -> None:
    """Switch the file to WAL, where readers go on while a reading is stored.

    Two that open a new file at once: one gets "locked" without SQLite's patience, which the switch does not honour.
    """
    deadline = time.monotonic() + BUSY_MS / 1000
    while cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _begin_sqlite(connection: Connection) -> None:
    """Open the transaction; IMMEDIATE where writing() asks for it: one that reads first may find it cannot write."""
    options = connection.get_execution_options()
    patience_ms = options.get("sqlite_patience_ms")
    if patience_ms is not None:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(patience_ms)}")
    try:
        connection.exec_driver_sql(f"BEGIN {options.get('sqlite_begin', 'DEFERRED')}")
    finally:
        if patience_ms is not None:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {BUSY_MS}")


@contextmanager
def writing(engine: Engine, patience_ms: int | None = None) -> Iterator[Connection]:
    """Give one write transaction, committed at the end of the block, rolled back by any exception.

    patience_ms: how long SQLite waits for another writer, BUSY_MS where it is None.
    Raises StoreUnavailable, StoreDamaged or StoreError; exceptions of the block itself pass through.
    """
    options = {"sqlite_begin": "IMMEDIATE", "sqlite_patience_ms": patience_ms}
    with guarded(), engine.execution_options(**options).begin() as connection:
        yield connection


@contextmanager
def looking(engine: Engine) -> Iterator[Connection]:
    """Give a connection to read with; on SQLite everything read in the block is one snapshot. Raises like writing()."""
    with guarded(), engine.connect() as connection:
        yield connection


@contextmanager
def guarded() -> Iterator[None]:
    """Turn what drivers and SQLAlchemy raise into StoreUnavailable, StoreDamaged or StoreError: the one border."""
    try:
        yield
    except sa.exc.DBAPIError as exc:
        raise _translated(exc.orig or exc) from exc
    except (sqlite3.Error, psycopg2.Error) as exc:  # raised while connecting or by the bare driver
        raise _translated(exc) from exc
    except sa.exc.TimeoutError as exc:
        raise StoreUnavailable("every database connection of this process is busy; try again") from exc
    except sa.exc.SQLAlchemyError as exc:
        raise StoreError(f"the database layer refused: {type(exc).__name__}") from exc


def _translated(error: BaseException) -> StoreError:
    if isinstance(error, sqlite3.Error):
        return _sqlite_error(error)
    if isinstance(error, psycopg2.Error):
        return _postgres_error(error)
    return StoreError(f"the database refused: {_first_line(error)}")


# SQLite's primary result codes (sqlite.org/rescode.html); those of another day and those of a broken file.
_SQLITE_LATER = {
    sqlite3.SQLITE_BUSY: "another process holds the database",
    sqlite3.SQLITE_LOCKED: "another process holds the database",
    sqlite3.SQLITE_FULL: "the disk is full; free some space",
    sqlite3.SQLITE_IOERR: "the disk cannot be read or written; look at the system's log",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened; check that the folder is there and its permissions",
    sqlite3.SQLITE_READONLY: "the file cannot be written; check its permissions and owner",
    sqlite3.SQLITE_PERM: "the file may not be used; check its permissions and owner",
    sqlite3.SQLITE_PROTOCOL: "the database's lock cannot be had; is the file on a network share?",
}
_SQLITE_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def _sqlite_error(error: sqlite3.Error) -> StoreError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _SQLITE_DAMAGED:
        return StoreDamaged(f"the database file is damaged or no database ({_first_line(error)}); {RESTORE}")
    if code in _SQLITE_LATER:
        return StoreUnavailable(f"{_SQLITE_LATER[code]} ({_first_line(error)})")
    return StoreError(f"SQLite refused: {_first_line(error)}")


def _postgres_error(error: psycopg2.Error) -> StoreError:
    state = error.pgcode or ""
    if state in ("XX001", "XX002"):
        return StoreDamaged(f"PostgreSQL found damaged data: {_first_line(error)}; restore a backup")
    if isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError):
        return StoreUnavailable(f"PostgreSQL does not serve us now: {_first_line(error)}; check CGM_DASH_DATABASE_URL")
    return StoreError(f"PostgreSQL refused: {_first_line(error)}")


def _first_line(error: BaseException) -> str:
    """Return the first line alone: the following ones quote the row, which is health data."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def check_health(engine: Engine, budget_s: float = BUDGET_S, *, inherited: bool = False) -> None:
    """Look at the database once, before anything is written.

    budget_s: how long an SQLite file is looked at, at most. inherited: what the process from which this one was forked
    has just seen of it counts.
    Raises StoreDamaged with the path where an SQLite file is none or is not whole; it is never replaced.
    Warns in the log where PostgreSQL may lose what it said it has stored.
    """
    door = gate(engine)
    if door is not None:
        (door.check_once if inherited else door.check)(budget_s)
        return
    for setting in DURABILITY:
        if _scalar(engine, f"SHOW {setting}") == "off":
            log.warning("postgresql %s=off: a power cut may lose stored readings; set it to on", setting)


def _scalar(engine: Engine, statement: str) -> Any:
    with looking(engine) as connection:
        return connection.exec_driver_sql(statement).scalar()
