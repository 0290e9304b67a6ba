"""Databases with today's tables and nothing in them: copies of one that was migrated once, which takes a while."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

import psycopg2
import psycopg2.errors
from psycopg2.extensions import connection as Connection  # noqa: N812  psycopg2 has no better name for its own class
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from sql.engine import make_engine
from sql.migrate import migrate
from tests.support.postgres import Server


def tables(url: str) -> None:
    """Make the tables in the empty database at *url*, as a first start does."""
    engine = make_engine(url)
    migrate(engine)
    engine.dispose()


def sqlite(path: Path) -> str:
    """Make such an SQLite file at *path* and return its URL; the folder must be there."""
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(_sqlite_file())
    return f"sqlite:///{path}"


@cache
def _sqlite_file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ready.sqlite3"
        tables(f"sqlite:///{path}")
        return path.read_bytes()


# What a test may have changed that taking its rows out does not undo.
_STRUCTURE = """
    WITH ours AS (SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema$)')
    SELECT string_agg(line, E'\\n' ORDER BY line) FROM (
        SELECT concat_ws(' ', 'schema', nspname) AS line FROM ours
        UNION ALL SELECT concat_ws(' ', 'relation', nspname, relname, relkind, relpersistence, reloptions)
            FROM pg_class JOIN ours ON ours.oid = relnamespace
        UNION ALL SELECT concat_ws(' ', 'column', relname, attnum, attname, atttypid, atttypmod, attnotnull,
                atthasdef, attidentity)
            FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid JOIN ours ON ours.oid = relnamespace
        UNION ALL SELECT concat_ws(' ', 'index', pg_get_indexdef(indexrelid), indisvalid)
            FROM pg_index JOIN pg_class ON pg_class.oid = indrelid JOIN ours ON ours.oid = relnamespace
        UNION ALL SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname,
                pg_get_constraintdef(pg_constraint.oid))
            FROM pg_constraint JOIN ours ON ours.oid = connamespace
        UNION ALL SELECT concat_ws(' ', 'trigger', tgrelid::regclass, tgname, tgenabled)
            FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT concat_ws(' ', 'function', proname, prosrc) FROM pg_proc JOIN ours ON ours.oid = pronamespace
        UNION ALL SELECT concat_ws(' ', 'type', typname) FROM pg_type JOIN ours ON ours.oid = typnamespace
        UNION ALL SELECT concat_ws(' ', 'setting', setconfig)
            FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase AND datname = current_database()
        UNION ALL SELECT concat_ws(' ', 'statistics', starelid::regclass, staattnum)
            FROM pg_statistic JOIN pg_class ON pg_class.oid = starelid JOIN ours ON ours.oid = relnamespace
        UNION ALL SELECT concat_ws(' ', 'large object', oid) FROM pg_largeobject_metadata
        UNION ALL SELECT concat_ws(' ', 'revision', version_num) FROM alembic_version
    ) AS lines"""

# A table that has ever held a row has a page; one that has been emptied to the end of its file has none.
_TOUCHED = """
    SELECT relname, pg_relation_size(oid) FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
        AND pg_relation_size(oid) > 0"""

_RESTART = """
    SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
    FROM pg_sequences WHERE last_value IS NOT NULL"""

_BULKY_BYTES = 100_000


class PostgresDatabases:
    """Such databases on a server, one at a time for each test: emptied after it, and then the next one's.

    To make and drop one costs ten times as much as to empty it. Each test has a name of its own for it, so that a
    process left over from the test before cannot find it; one that a test changed in any other way is dropped.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._spare: list[str] = []
        self._template = server.create_database()
        tables(server.url(self._template))
        with closing(self._connect(self._template)) as connection:
            self._structure = structure(connection)
            # without these rights neither the audit can be emptied nor a table that others refer to
            self._may_empty = _one(connection, "SHOW is_superuser") == "on"

    @contextmanager
    def database(self) -> Iterator[str]:
        """Yield the URL of a database that nobody else has."""
        name = self._spare.pop() if self._spare else self._server.create_database(self._template)
        try:
            yield self._server.url(name)
        finally:
            self._take_back(name)

    def close(self) -> None:
        """Drop what is left."""
        for name in (*self._spare, self._template):
            self._server.drop_database(name)
        self._spare.clear()

    def _take_back(self, name: str) -> None:
        """Keep the database *name* for the next test, under a name of that one's own, or drop it."""
        if not self._may_empty:
            self._server.drop_database(name)
            return
        unused = self._server.unused_name()
        self._server.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        try:
            self._server.execute(f"ALTER DATABASE {name} RENAME TO {unused}")
        except OperationalError:  # somebody connects to it again and again
            self._server.drop_database(name)
            return
        if self._emptied(unused):
            self._spare.append(unused)
        else:
            self._server.drop_database(unused)

    def _emptied(self, name: str) -> bool:
        """Take every row out of the database *name*; return False where that does not make it as good as new."""
        with closing(self._connect(name)) as connection, connection, connection.cursor() as cursor:
            try:
                same = structure(connection) == self._structure
            except psycopg2.errors.UndefinedTable:  # even the one with the revision is gone
                return False
            if not same:
                return False
            cursor.execute("SET session_replication_role = replica")  # no trigger, no foreign key
            cursor.execute(_TOUCHED)
            touched = cursor.fetchall()
            for table, _ in touched:
                cursor.execute(f'DELETE FROM "{table}"')
            bulky = ", ".join(f'"{table}"' for table, size in touched if size > _BULKY_BYTES)
            if bulky:
                cursor.execute(f"TRUNCATE {bulky} CASCADE")
            cursor.execute(_RESTART)
        return True

    def _connect(self, name: str) -> Connection:
        return connect(self._server.url(name))


def connect(url: str) -> Connection:
    """Return a connection of the bare driver's to the database at *url*."""
    return psycopg2.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))


def structure(connection: Connection) -> object:
    """Return everything about the database but its rows, as text."""
    return _one(connection, _STRUCTURE)


def _one(connection: Connection, query: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(query)
        (value,) = cursor.fetchone() or (None,)
        return value
