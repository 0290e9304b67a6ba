"""The PostgreSQL fixtures themselves: private, empty each time, able to go away and come back."""

from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from tests.support import postgres, ready


def _scalar(url: str, statement: str) -> object:
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            result: object = connection.execute(text(statement)).scalar()
            return result
    finally:
        engine.dispose()


def test_every_database_starts_empty(postgres_server: postgres.Server) -> None:
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    with postgres_server.database() as first:
        assert _scalar(first, "CREATE TABLE t (x int); SELECT 1") == 1
        assert _scalar(first, tables) == 1
        with postgres_server.database() as second:
            assert first != second
            assert _scalar(second, tables) == 0


def test_database_is_dropped_though_a_connection_is_open(postgres_server: postgres.Server) -> None:
    with postgres_server.database() as url:
        engine = create_engine(url)
        connection = engine.connect()
        connection.execute(text("SELECT 1"))
    with pytest.raises(OperationalError):
        connection.execute(text("SELECT 1"))
    connection.invalidate()
    engine.dispose()


def test_database_url_names_a_database_that_works(database_url: str) -> None:
    assert _scalar(database_url, "SELECT 40 + 2") == 42


AUDITED = "INSERT INTO audit (at, who, address, action, about) VALUES (0, '', '', '', '') RETURNING id"
UPSTREAM = "INSERT INTO upstreams (kind) VALUES ('x') RETURNING id"
ROWS = "SELECT (SELECT count(*) FROM upstreams) + (SELECT count(*) FROM audit)"
SAME_DATABASE = "SELECT oid FROM pg_database WHERE datname = current_database()"


def test_a_test_finds_nothing_of_the_one_before(ready_postgres: ready.PostgresDatabases) -> None:
    with ready_postgres.database() as first:
        assert (_scalar(first, UPSTREAM), _scalar(first, UPSTREAM), _scalar(first, AUDITED)) == (1, 2, 1)
        same = _scalar(first, SAME_DATABASE)
    with ready_postgres.database() as second:
        assert _scalar(second, SAME_DATABASE) == same
        assert _scalar(second, ROWS) == 0
        assert (_scalar(second, UPSTREAM), _scalar(second, AUDITED)) == (1, 1)


def test_a_table_that_grew_is_small_again(ready_postgres: ready.PostgresDatabases) -> None:
    many = "INSERT INTO upstreams (kind) SELECT 'x' FROM generate_series(1, 5000); SELECT 1"
    with ready_postgres.database() as first:
        _scalar(first, many)
        same = _scalar(first, SAME_DATABASE)
    with ready_postgres.database() as second:
        assert _scalar(second, SAME_DATABASE) == same
        assert _scalar(second, "SELECT pg_relation_size('upstreams')") == 0


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE t (x int)",
        "CREATE SCHEMA other",
        "CREATE INDEX i ON people (name)",
        "CREATE TYPE mood AS ENUM ('calm')",
        "ALTER TABLE people ADD COLUMN x int",
        "ALTER TABLE people DROP CONSTRAINT pk_people CASCADE",
        "ALTER TABLE audit DISABLE TRIGGER USER",
        "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "UPDATE alembic_version SET version_num = 'x'",
        "ANALYZE alembic_version",
        "SELECT lo_create(7)",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = UTC', current_database()); END $$",
    ],
)
def test_every_other_change_is_seen(ready_postgres: ready.PostgresDatabases, change: str) -> None:
    with ready_postgres.database() as url, closing(ready.connect(url)) as connection, connection.cursor() as cursor:
        before = ready.structure(connection)
        cursor.execute(change)
        assert ready.structure(connection) != before


@pytest.mark.parametrize("change", ["CREATE TABLE t (x int)", "DROP TABLE alembic_version"])
def test_a_database_changed_in_any_other_way_is_given_to_nobody(
    ready_postgres: ready.PostgresDatabases, change: str
) -> None:
    with ready_postgres.database() as first:
        same = _scalar(first, SAME_DATABASE)
        _scalar(first, f"{change}; SELECT 1")
    with ready_postgres.database() as second:
        assert _scalar(second, SAME_DATABASE) != same


def test_who_is_left_over_finds_no_database(ready_postgres: ready.PostgresDatabases) -> None:
    with ready_postgres.database() as first:
        engine = create_engine(first)
        connection = engine.connect()
        connection.execute(text(UPSTREAM))
    with ready_postgres.database() as second:
        with pytest.raises(OperationalError):
            connection.execute(text(UPSTREAM))
        with pytest.raises(OperationalError, match="does not exist"):
            _scalar(first, UPSTREAM)
        assert _scalar(second, ROWS) == 0
    connection.invalidate()
    engine.dispose()


def test_own_server_goes_away_and_comes_back_with_its_data(postgres_cluster: postgres.PrivateServer) -> None:
    with postgres_cluster.database() as url:
        name = url.rsplit("/", 1)[1].split("?")[0]
        _scalar(url, "CREATE TABLE t AS SELECT 7 AS x; SELECT 1")
        postgres_cluster.stop()
        assert not postgres_cluster.running
        with pytest.raises(OperationalError):
            _scalar(url, "SELECT 1")
        postgres_cluster.start()
        assert _scalar(url, "SELECT x FROM t") == 7
        assert _scalar(postgres_cluster.tcp_url(name), "SELECT x FROM t") == 7


def test_missing_programs_are_named_with_the_command_that_installs_them(tmp_path: Path) -> None:
    with pytest.raises(postgres.PostgresMissingError, match=r"apt-get install .* postgresql"):
        postgres.find_binaries([tmp_path], path=str(tmp_path))


def test_newest_version_wins(tmp_path: Path) -> None:
    for version in ("9.6", "15", "16"):
        folder = tmp_path / version / "bin"
        folder.mkdir(parents=True)
        (folder / "initdb").touch()
    assert postgres.find_binaries([tmp_path]) == tmp_path / "16" / "bin"
