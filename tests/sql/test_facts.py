"""Facts of the database."""

from pathlib import Path

import sqlalchemy as sa

from sql import Store
from sql.facts import database_facts
from sql.schema import REVISION


def test_database_tells_its_kind_size_and_schema(store: Store, tmp_path: Path) -> None:
    facts = database_facts(store.engine, tmp_path)
    assert facts.kind == {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[store.engine.dialect.name]
    assert facts.version[0].isdigit()
    assert facts.size > 50_000
    assert (facts.revision, facts.is_current) == (REVISION, True)
    assert facts.free is not None
    assert facts.free > 0


def test_old_schema_is_told_and_unknown_room_is_none(store: Store, tmp_path: Path) -> None:
    with store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    facts = database_facts(store.engine, tmp_path / "missing")
    assert (facts.revision, facts.is_current, facts.free) == ("0001", False, None)
