"""A whole copy of the database in one file, made while it is used; and its way back into an empty database.

SQLite: a database file of its own (VACUUM INTO). PostgreSQL: what pg_dump writes of our tables' rows (sql.pg_dump).
Either is opened and its rows counted before it gets its name, so a file of that name is complete. The secret key is
never in it: credentials stand in it as in the database, sealed.
"""

import logging
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from cgm_dash.access import Action
from cgm_dash.errors import StoreDamaged, StoreError, StoreUnavailable, UsageError
from sql import pg_dump
from sql.engine import guarded, looking, make_engine, sqlite_path, writing
from sql.migrate import bring_to_head, stored_revision
from sql.schema import attempts, audit, errands, metadata, sessions, setup_secrets
from sql.soundness import gate_of, inspect, reading_address

log = logging.getLogger(__name__)

Counts = Mapping[str, int]
"""Rows by table."""

PATIENT_S = 600.0
"""How long a copy may take to be looked through."""

NOT_RESTORED = (sessions, attempts, errands, setup_secrets)
"""Who was signed in, who tried to, what was asked for in the minute of the backup: of that moment alone."""

_MADE_BY_A_START = {"alembic_version", *(table.name for table in NOT_RESTORED)}

_SQLITE_HEAD, _PG_HEAD = b"SQLite format 3\0", b"PGDMP"


def back_up(engine: Engine, target: Path) -> Counts:
    """Write everything to *target*, 0600, complete or not at all; return the rows by table. Others go on working.

    What stood there is replaced. Raises StoreUnavailable, StoreDamaged or StoreError where it cannot be.
    """
    with _part_of(target) as part:
        if engine.dialect.name == "postgresql":
            counts = pg_dump.dump(engine, part, _our_tables)
        else:
            counts = _copy_sqlite(engine, part)
        _sync(part)
        part.replace(target)
    _sync(target.parent)
    log.info("backup pid=%d rows=%d bytes=%d", os.getpid(), sum(counts.values()), target.stat().st_size)
    return counts


def restore(source: Path, engine: Engine, now: float, keep_damaged: bool = False) -> Counts:
    """Fill the empty database of *engine* with the backup *source*, brought up to this program's schema.

    keep_damaged: a damaged SQLite file is moved aside first, under a dated name. The caller holds the lock by which a
    running server is known. Raises UsageError for a file or a database that this cannot be done with, StoreError where
    it fails; then the database is what it was.
    """
    kind = kind_of(source)
    if kind != engine.dialect.name:
        raise UsageError(f"'{source}' is a backup of {kind}, and CGM_DASH_DATABASE_URL names a {engine.dialect.name}")
    if kind == "postgresql":
        with looking(engine) as connection:
            _refuse_rows(connection)
        counts = pg_dump.restore(source, engine, _our_tables)
        bring_to_head(engine)
        _begin_afresh(engine, now)
        return counts
    return _restore_sqlite(source, sqlite_path(engine.url), engine, now, keep_damaged)


def kind_of(source: Path) -> str:
    """Return of which database *source* is a backup, by its first bytes: sqlite or postgresql. Raises UsageError."""
    try:
        with source.open("rb") as file:
            head = file.read(16)
    except OSError as exc:
        raise UsageError(f"'{source}' cannot be read ({exc.strerror}); name a backup") from exc
    if head.startswith(_SQLITE_HEAD):
        return "sqlite"
    if head.startswith(_PG_HEAD):
        return "postgresql"
    raise UsageError(f"'{source}' is no backup: it begins as neither an SQLite file nor one of pg_dump does")


def note(engine: Engine, now: float, action: Action, about: str) -> None:
    """Write into the audit that a command did *action*. Raises StoreError."""
    with writing(engine) as connection:
        connection.execute(
            sa.insert(audit).values(at=int(now), who="operator", address="", action=action.value, about=about[:200])
        )


def counts_of(connection: Connection) -> dict[str, int]:
    """Return the rows by table, as this connection sees them."""
    return {
        name: int(connection.execute(sa.select(sa.func.count()).select_from(sa.table(name))).scalar_one())
        for name in _our_tables(connection)
    }


def _our_tables(connection: Connection) -> list[str]:
    """Return the names of our tables that are there, sorted."""
    known = {*metadata.tables, "alembic_version"}
    return sorted(known & set(sa.inspect(connection).get_table_names()))


def _copy_sqlite(engine: Engine, part: Path) -> Counts:
    with looking(engine) as connection:
        before = counts_of(connection)
    with looking(engine) as connection:
        driver = connection.connection.driver_connection
        if driver is not None:
            driver.execute("VACUUM INTO ?", (str(part),))
    with looking(engine) as connection:
        after = counts_of(connection)
    _look_through(part)
    copied = _counts_of_file(part)
    for name, n in copied.items():
        least, most = sorted((before.get(name, 0), after.get(name, 0)))
        if not least <= n <= most:
            raise StoreError(f"the backup holds {n} rows of {name}, the database {least} to {most}; try again")
    if set(copied) != set(after):
        raise StoreError(f"the backup holds {len(copied)} tables, the database {len(after)}; try again")
    return copied


def _look_through(path: Path) -> None:
    """Raise StoreDamaged where the file is not whole."""
    if not inspect(path, PATIENT_S):
        raise StoreUnavailable(f"'{path}' could not be looked through in {PATIENT_S:.0f} s; try again")


def _counts_of_file(path: Path) -> dict[str, int]:
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.NullPool)
    with looking(engine) as connection:
        return counts_of(connection)


def _restore_sqlite(source: Path, target: Path, engine: Engine, now: float, keep_damaged: bool) -> Counts:
    try:
        _look_through(source)
    except StoreDamaged as exc:
        raise UsageError(f"'{source}' is damaged itself: {exc}; name another backup") from exc
    with _part_of(target) as part:
        _copy_file(source, part)
        made = make_engine(f"sqlite:///{part}")
        try:
            with looking(made) as connection:
                if stored_revision(connection) is None:
                    raise UsageError(f"'{source}' holds none of this program's tables; name another backup")
            bring_to_head(made)
            _begin_afresh(made, now)
            with looking(made) as connection:
                counts = counts_of(connection)
        finally:
            made.dispose()  # the last connection writes the log into the file
        if Path(f"{part}-wal").exists():
            raise StoreUnavailable(f"'{part}' is held by another process; try again")
        _sync(part)
        engine.dispose()
        _make_way(target, engine, now, keep_damaged)
        part.replace(target)
    _sync(target.parent)
    gate_of(target).check(PATIENT_S)
    return counts


def _make_way(target: Path, engine: Engine, now: float, keep_damaged: bool) -> None:
    """Have nothing of value stand at *target*: an empty database goes, a damaged one is moved aside where told to."""
    try:
        gate_of(target).check(PATIENT_S)
        with looking(engine) as connection:
            _refuse_rows(connection)
        engine.dispose()  # the last connection takes the log with it
    except StoreDamaged as exc:
        if not keep_damaged:
            raise UsageError(
                f"{target} is damaged; add --keep-damaged to move it aside and restore in its place"
            ) from exc
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
        _move_aside(target, f"damaged-{stamp}")
    for end in ("-wal", "-shm"):  # another file's log would be taken for the restored one's
        Path(f"{target}{end}").unlink(missing_ok=True)


def _move_aside(target: Path, ending: str) -> None:
    for end in ("", "-wal", "-shm"):
        path = Path(f"{target}{end}")
        aside = Path(f"{target}.{ending}{end}")
        if path.exists():
            if aside.exists():
                raise StoreError(f"'{aside}' is there already; wait a second and try again")
            path.rename(aside)
            log.warning("restore pid=%d kept=%s", os.getpid(), aside)


def _refuse_rows(connection: Connection) -> None:
    held = {name: n for name, n in counts_of(connection).items() if n and name not in _MADE_BY_A_START}
    if held:
        raise UsageError(
            f"the database is not empty ({', '.join(f'{n} rows of {name}' for name, n in held.items())}); restore into"
            " an empty one: name another in CGM_DASH_DATABASE_URL, or move the file away"
        )


def _begin_afresh(engine: Engine, now: float) -> None:
    """Leave behind what was of the moment of the backup, and write down that this is a restored database."""
    with writing(engine) as connection:
        for table in NOT_RESTORED:
            connection.execute(sa.delete(table))
    note(engine, now, Action.RESTORED, "")


def _copy_file(source: Path, part: Path) -> None:
    """Copy a backup; with a log beside it (a copied live file), what that holds too."""
    with (
        guarded(),
        closing(sqlite3.connect(reading_address(source), uri=True)) as old,
        closing(sqlite3.connect(part)) as new,
    ):
        old.backup(new)


@contextmanager
def _part_of(target: Path) -> Iterator[Path]:
    """Give a new file's name beside *target*, 0600 and empty; nothing is left of it unless it was renamed."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    beside = [Path(f"{part}{end}") for end in ("", "-wal", "-shm", "-journal")]
    try:
        for path in beside:
            path.unlink(missing_ok=True)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        yield part
    except OSError as exc:
        raise StoreUnavailable(
            f"'{target}' cannot be written ({exc.strerror}); free some space or name another"
        ) from exc
    finally:
        for path in beside:
            with suppress(OSError):
                path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
