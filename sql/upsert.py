"""INSERT ... ON CONFLICT, which both databases know and Core offers only by dialect."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection


def insert(connection: Connection, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """Return an insert into *table* that knows on_conflict_do_nothing and on_conflict_do_update."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
