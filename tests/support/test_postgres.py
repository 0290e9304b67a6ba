"""The PostgreSQL fixtures themselves: private, empty each time, able to go away and come back."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from tests.support import postgres


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
