"""The schema brought to head, once, whoever starts first."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from cgm_dash.errors import StoreError, StoreUnavailable
from sql.engine import BUSY_MS, guarded, looking, writing
from sql.schema import REVISION

# Alembic is imported where it is needed: a worker that finds the schema at head saves 12 MB and a third of a second.
if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

log = logging.getLogger(__name__)

SCRIPTS = Path(__file__).with_name("migrations")

# Any number that is the same in every process of ours and unlikely in another program's.
LOCK_KEY = 4_717_210_001

WAIT_MS = 120_000
"""How long a worker waits while another one migrates."""


def schema_is_current(engine: Engine, scripts: Path = SCRIPTS) -> bool:
    """Return whether the database's schema is the one this code was written for. Raises StoreUnavailable."""
    with looking(engine) as connection:
        return stored_revision(connection) == _head(scripts)


def migrate(engine: Engine, scripts: Path = SCRIPTS, copy: Callable[[str], object] | None = None) -> None:
    """Bring the schema to head in one transaction under a lock; nothing to do costs one look.

    Two processes may call it at the same moment. An SQLite file of an older schema is copied beside itself first; copy:
    what is done instead with another database, told its revision. Raises StoreError where the schema is newer than the
    code, or the copy or a step fails; then the schema is what it was.
    """
    is_file = engine.dialect.name == "sqlite"
    _migrate(engine, scripts, partial(_back_up, engine) if is_file else copy)


def bring_to_head(engine: Engine) -> None:
    """Do as migrate(), without a copy: for a database that is a copy itself."""
    _migrate(engine, SCRIPTS, None)


def bring_to(engine: Engine, revision: str) -> None:
    """Make the tables of *revision* in a database that has none of ours."""
    with _patient(engine) as connection:
        _upgrade(SCRIPTS, connection, revision)


def refuse_unknown_revision(revision: str) -> None:
    """Raise StoreError for a revision that a newer version of this program made."""
    _refuse_unknown(revision, _directory(SCRIPTS))


def _migrate(engine: Engine, scripts: Path, copy: Callable[[str], object] | None) -> None:
    head = _head(scripts)
    with looking(engine) as connection:
        before = stored_revision(connection)
    if before == head:
        return
    directory = _directory(scripts)
    _refuse_unknown(before, directory)
    if copy is not None and before is not None:
        copy(before)
    log.info("migrate pid=%d from=%s to=%s", os.getpid(), before or "nothing", head)
    with _patient(engine) as connection:
        found = stored_revision(connection)
        _refuse_unknown(found, directory)
        if found != head:
            _upgrade(scripts, connection)
    log.info("migrate pid=%d done=%s", os.getpid(), head)


@contextmanager
def _patient(engine: Engine) -> Iterator[Connection]:
    """Give a write transaction that no other migration shares and that waits for one under way."""
    if engine.dialect.name == "sqlite":
        with guarded(), closing(engine.execution_options(sqlite_begin="IMMEDIATE").connect()) as connection:
            try:
                _wait_at_most(connection, WAIT_MS)
                with connection.begin():
                    yield connection
            finally:
                _wait_at_most(connection, BUSY_MS)
        return
    with writing(engine) as connection:
        # The session's own limits are for polls and pages; a migration may take longer.
        connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
        connection.execute(sa.text(f"SET LOCAL lock_timeout = {WAIT_MS}"))
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK_KEY)))
        yield connection


def _wait_at_most(connection: Connection, milliseconds: int) -> None:
    """Set SQLite's patience on the bare connection: asking through SQLAlchemy would open the transaction first."""
    driver = connection.connection.driver_connection
    if driver is not None:
        driver.execute(f"PRAGMA busy_timeout = {int(milliseconds)}")


def _refuse_unknown(revision: str | None, directory: ScriptDirectory) -> None:
    known = {script.revision for script in directory.walk_revisions()}
    if revision is not None and revision not in known:
        raise StoreError(
            f"the database's schema is at revision '{revision}', which this version does not know: a newer one made it."
            " Install that version again, or restore a backup made before the update"
        )


def _back_up(engine: Engine, revision: str) -> None:
    """Copy the SQLite file as it is now to one beside it, 0600, complete or not there at all."""
    target = Path(f"{engine.url.database}.before-update-from-{revision}")
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    if target.exists():
        return
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        with looking(engine) as connection:
            driver = connection.connection.driver_connection
            if driver is not None:
                driver.execute("VACUUM INTO ?", (str(part),))
        part.replace(target)
    except OSError as exc:
        raise StoreUnavailable(f"{target}: copying before the update failed ({exc.strerror}); free some space") from exc
    finally:
        part.unlink(missing_ok=True)
    log.info("migrate pid=%d backup=%s", os.getpid(), target)


def _upgrade(scripts: Path, connection: Connection, revision: str = "head") -> None:
    from alembic import command
    from alembic.util import CommandError

    try:
        command.upgrade(_config(scripts, connection), revision)
    except CommandError as exc:
        raise StoreError(f"the schema cannot be brought up to date: {exc}") from exc


def stored_revision(connection: Connection) -> str | None:
    """Return the revision the database says it is at, None for one without our tables."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _head(scripts: Path) -> str | None:
    return REVISION if scripts == SCRIPTS else _directory(scripts).get_current_head()


def _directory(scripts: Path) -> ScriptDirectory:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config(scripts))


def _config(scripts: Path, connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, made here so that an installed package needs no file."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
