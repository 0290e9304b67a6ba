"""The migrated schema is the declared one, made once, by whoever comes first; a step that fails leaves nothing."""

import shutil
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine

from cgm_dash.errors import ProgramMissing, StoreError, StoreUnavailable
from sql import migrate, schema_is_current
from sql.backup import restore
from sql.engine import make_engine
from sql.migrate import SCRIPTS
from sql.readiness import Readiness
from sql.schema import REVISION, metadata
from tests.support import postgres

FAILING = '''
"""A step that breaks halfway."""
import sqlalchemy as sa
from alembic import op

revision = "next"
down_revision = "{down}"


def upgrade() -> None:
    op.create_table("half_done", sa.Column("id", sa.Integer, primary_key=True))
    op.execute("INSERT INTO people (name) VALUES (nonsense)")
'''

SLOW = '''
"""A step that gives a second worker time to come in between."""
import time

import sqlalchemy as sa
from alembic import op

revision = "next"
down_revision = "{down}"


def upgrade() -> None:
    op.create_table("added", sa.Column("id", sa.Integer, primary_key=True))
    time.sleep(0.4)
'''


@pytest.fixture
def database_url(empty_database_url: str) -> str:
    """A database without a table: making them is what this is about."""
    return empty_database_url


@pytest.fixture
def scripts_with(tmp_path: Path) -> Callable[[str], Path]:
    """Return the folder of our migrations with one more behind them."""

    def add(source: str) -> Path:
        folder = tmp_path / "migrations"
        shutil.copytree(SCRIPTS, folder, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "versions" / "next_more.py").write_text(source.format(down=REVISION))
        return folder

    return add


@pytest.fixture
def frozen_at(tmp_path: Path) -> Callable[[str], Path]:
    """Return the folder of our migrations as they were when *revision* was the newest."""

    def copy(revision: str) -> Path:
        folder = tmp_path / f"frozen-{revision}"
        shutil.copytree(SCRIPTS, folder, ignore=shutil.ignore_patterns("__pycache__"))
        for script in (folder / "versions").glob("0*.py"):
            if script.name[:4] > revision:
                script.unlink()
        return folder

    return copy


def tables(engine: Engine) -> set[str]:
    return set(sa.inspect(engine).get_table_names())


def test_declared_revision_is_the_newest_script() -> None:
    config_free = ScriptDirectory(str(SCRIPTS))
    assert config_free.get_heads() == [REVISION]


def test_migrated_tables_equal_the_declared_ones(engine: Engine) -> None:
    migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    assert schema_is_current(engine)


def test_columns_keys_checks_and_comments_equal_the_declared_ones(engine: Engine) -> None:
    """What alembic's comparison leaves out: key order, nullability, CHECKs, comments, WITHOUT ROWID."""
    migrate(engine)
    inspector = sa.inspect(engine)
    for table in metadata.tables.values():
        found = {column["name"]: column for column in inspector.get_columns(table.name)}
        assert list(found) == [column.name for column in table.columns], table.name
        for column in table.columns:
            assert found[column.name]["nullable"] == column.nullable, column
            if engine.dialect.name == "postgresql":
                assert found[column.name]["comment"] == column.comment, column
        key = inspector.get_pk_constraint(table.name)["constrained_columns"]
        assert key == [column.name for column in table.primary_key.columns], table.name
        checks = {check["name"] for check in inspector.get_check_constraints(table.name)}
        assert checks == {c.name for c in table.constraints if isinstance(c, sa.CheckConstraint)}, table.name
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            definition = connection.exec_driver_sql(
                "SELECT sql FROM sqlite_master WHERE name = 'readings'"
            ).scalar_one()
            assert "WITHOUT ROWID" in definition
            definition = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'people'").scalar_one()
            assert "AUTOINCREMENT" in definition


def test_second_migration_changes_nothing(engine: Engine) -> None:
    assert not schema_is_current(engine)
    migrate(engine)
    before = tables(engine)
    migrate(engine)
    assert tables(engine) == before


def test_racing_workers_apply_each_step_once(
    database_url: str, scripts_with: Callable[[str], Path], caplog: pytest.LogCaptureFixture
) -> None:
    scripts = scripts_with(SLOW)
    engines = [make_engine(database_url) for _ in range(2)]
    together = threading.Barrier(2)
    errors: list[BaseException] = []

    def work(engine: Engine) -> None:
        together.wait()
        try:
            migrate(engine, scripts)
        except BaseException as error:  # noqa: BLE001 - shown below
            errors.append(error)

    threads = [threading.Thread(target=work, args=(engine,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert "added" in tables(engines[0])
    for engine in engines:
        engine.dispose()


def test_failing_step_leaves_nothing(engine: Engine, scripts_with: Callable[[str], Path]) -> None:
    with pytest.raises(StoreError):
        migrate(engine, scripts_with(FAILING))
    assert tables(engine) == set()
    migrate(engine)
    assert schema_is_current(engine)


def test_failing_step_keeps_the_older_schema_and_its_rows(engine: Engine, scripts_with: Callable[[str], Path]) -> None:
    migrate(engine)
    before = tables(engine)
    with pytest.raises(StoreError):
        migrate(engine, scripts_with(FAILING))
    assert tables(engine) == before
    assert schema_is_current(engine)


def test_schema_of_a_newer_version_is_refused(engine: Engine, scripts_with: Callable[[str], Path]) -> None:
    migrate(engine, scripts_with(SLOW))
    with pytest.raises(StoreError, match="newer"):
        migrate(engine)
    assert not schema_is_current(engine)


ADULT_LIMITS = (54, 70, 180, 250)
PEOPLE_BEFORE_TARGET_SETS = (
    ("Ann", *ADULT_LIMITS),
    ("Bea", 54, 80, 160, 250),
    ("Cem", 54, 63, 140, 250),
    ("Dan", 55, 70, 180, 250),
    ("Eve", 54, 70, 180, 240),
)


def test_people_of_the_second_revision_keep_their_limits_and_only_adult_ones_their_goals(
    engine: Engine, frozen_at: Callable[[str], Path]
) -> None:
    migrate(engine, frozen_at("0002"))
    columns = "name, country, zone, zone_confirmed, unit, very_low, low, high, very_high, seq"
    with engine.begin() as connection:
        for name, *limits in PEOPLE_BEFORE_TARGET_SETS:
            values = ", ".join(str(limit) for limit in limits)
            connection.exec_driver_sql(
                f"INSERT INTO people ({columns})"
                f" VALUES ('{name}', 'DE', 'Europe/Berlin', CAST(1 AS boolean), 'mmol/L', {values}, 7)"
            )
        before = connection.exec_driver_sql(f"SELECT id, {columns} FROM people ORDER BY id").all()
    migrate(engine)
    with engine.connect() as connection:
        assert connection.exec_driver_sql(f"SELECT id, {columns} FROM people ORDER BY id").all() == before
        found = connection.exec_driver_sql("SELECT name, target_set, goal_tir, goal_tbr FROM people ORDER BY id").all()
    assert [tuple(row) for row in found] == [
        ("Ann", "adult", None, None),
        ("Bea", "custom", None, None),
        ("Cem", "custom", None, None),
        ("Dan", "custom", None, None),
        ("Eve", "custom", None, None),
    ]


@pytest.fixture
def older(postgres_url: str, frozen_at: Callable[[str], Path]) -> Iterator[Engine]:
    """PostgreSQL with somebody in it, at the schema of an older version."""
    engine = make_engine(postgres_url)
    migrate(engine, frozen_at("0004"))
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO people (name, country, zone_confirmed, unit, very_low, low, high, very_high, seq)"
            " VALUES ('Ann', 'DE', false, 'mg/dL', 54, 70, 180, 250, 0)"
        )
    yield engine
    engine.dispose()


def test_postgresql_is_dumped_before_it_is_changed(
    older: Engine, postgres_server: postgres.Server, tmp_path: Path
) -> None:
    folder = tmp_path / "data" / "backups"
    Readiness(older, folder).ensure()
    assert schema_is_current(older)
    (copy,) = folder.iterdir()
    assert copy.name == "before-update-from-0004.pgdump"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with postgres_server.database() as url:
        other = make_engine(url)
        restore(copy, other, now=0)
        with other.connect() as connection:
            assert connection.exec_driver_sql("SELECT name FROM people").scalars().all() == ["Ann"]
        other.dispose()


def test_a_missing_pg_dump_is_said_and_a_copy_that_fails_leaves_the_older_schema(
    older: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise StoreUnavailable("the disk is full")

    def missing(*_: object) -> None:
        raise ProgramMissing("install postgresql-client-15")

    monkeypatch.setattr("sql.readiness.back_up", full)
    with pytest.raises(StoreUnavailable, match="full"):
        Readiness(older, tmp_path / "backups").ensure()
    assert not schema_is_current(older)
    monkeypatch.setattr("sql.readiness.back_up", missing)
    Readiness(older, tmp_path / "backups").ensure()
    assert schema_is_current(older)
    assert any(r.levelname == "ERROR" and "postgresql-client-15" in r.getMessage() for r in caplog.records)


def test_sqlite_file_is_copied_before_it_is_changed(sqlite_url: str, scripts_with: Callable[[str], Path]) -> None:
    engine = make_engine(sqlite_url)
    migrate(engine)
    folder = Path(str(engine.url.database)).parent
    assert not list(folder.glob("*before*"))
    migrate(engine, scripts_with(SLOW))
    (copy,) = folder.glob("*before*")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    old = make_engine(f"sqlite:///{copy}")
    assert schema_is_current(old)
    assert "added" not in tables(old)
    for each in (engine, old):
        each.dispose()
