"""INSERT ... ON CONFLICT, which both databases know and Core offers only by dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql


def insert(connection: Connection, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """Return an insert into *table* that knows on_conflict_do_nothing and on_conflict_do_update."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # loaded with the engine; an SQLite file does without

        return postgresql.insert(table)
    return sqlite.insert(table)
