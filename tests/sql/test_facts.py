"""Facts of the database."""

import sqlalchemy as sa

from sql import Store
from sql.facts import database_facts
from sql.schema import REVISION


def test_database_tells_its_kind_size_and_schema(store: Store) -> None:
    facts = database_facts(store.engine)
    assert facts.kind == {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[store.engine.dialect.name]
    assert facts.version[0].isdigit()
    assert facts.size > 50_000
    assert (facts.revision, facts.is_current) == (REVISION, True)


def test_old_schema_is_told(store: Store) -> None:
    with store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    facts = database_facts(store.engine)
    assert (facts.revision, facts.is_current) == ("0001", False)
