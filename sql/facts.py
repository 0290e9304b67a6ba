"""What the database tells of itself: its kind, its size, its schema."""

import os
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sql.engine import looking
from sql.migrate import stored_revision
from sql.schema import REVISION


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """kind: SQLite or PostgreSQL, with version. size: bytes on disk. revision: of the schema, "" without one."""

    kind: str
    version: str
    size: int
    revision: str
    is_current: bool


def database_facts(engine: Engine) -> DatabaseFacts:
    """Return the facts. Raises StoreUnavailable or StoreDamaged."""
    with looking(engine) as connection:
        revision = stored_revision(connection) or ""
        if connection.dialect.name == "postgresql":
            kind, version = "PostgreSQL", str(connection.execute(sa.text("SHOW server_version")).scalar()).split()[0]
            size = int(connection.execute(sa.text("SELECT pg_database_size(current_database())")).scalar_one())
        else:
            kind, version = "SQLite", str(connection.execute(sa.text("SELECT sqlite_version()")).scalar())
            size = sum(_bytes(f"{engine.url.database}{end}") for end in ("", "-wal"))
    return DatabaseFacts(kind, version, size, revision, revision == REVISION)


def _bytes(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:  # the journal comes and goes
        return 0
