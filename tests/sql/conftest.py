"""Stores on an empty, migrated database of each kind."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from sql import Store
from sql.engine import make_engine
from sql.store import assemble
from sql.vault import Vault


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a database with today's tables and nothing in them."""
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def bare_engine(empty_database_url: str) -> Iterator[Engine]:
    """An engine on a database without any table."""
    engine = make_engine(empty_database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    """A vault of its own."""
    return Vault.open(tmp_path / "keys")


@pytest.fixture
def store(engine: Engine, vault: Vault) -> Store:
    """All stores on a database with nothing in it."""
    return assemble(engine, vault)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of an SQLite file that is not there yet, for what only SQLite has."""
    return f"sqlite:///{tmp_path / 'only.sqlite3'}"
