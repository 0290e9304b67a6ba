"""A backup is whole, private and counted; restoring gives the same rows, into an empty database only."""

import os
import stat
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from cgm_dash.batch import Columns, Wearer
from cgm_dash.errors import StoreDamaged, StoreError, StoreUnavailable, UsageError
from cgm_dash.reading import Reading
from sql import Store, backup, migrate, pg_dump
from sql.backup_files import dated_files, kept_days, name_of, remove_old
from sql.engine import looking, make_engine, writing
from sql.schema import audit, metadata, sessions
from sql.store import assemble
from sql.vault import Vault
from tests.support import postgres

START = 1_795_345_200


def fill(store: Store) -> None:
    account = store.upstreams.set_account("librelinkup", "canary@example.org", "canary-password")
    source = store.sources.resolve(account.upstream_id, "librelinkup", Wearer("p", "Ann"))
    some = [Reading(START + 60 * i, 60 + i % 200) for i in range(500)]
    store.readings.add(source.person_id, source.source_id, Columns.of(some), arrived=START)
    with writing(store.engine) as connection:
        connection.execute(sa.text("INSERT INTO attempts VALUES ('a', 1, 1, 1, 1, 0)"))


def content(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table but those a restore leaves out."""
    left_out = {table.name for table in backup.NOT_RESTORED} | {"audit"}
    with looking(engine) as connection:
        return {
            name: [tuple(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key))]
            for name, table in metadata.tables.items()
            if name not in left_out
        }


@pytest.fixture
def other(engine: Engine, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Another, empty database of the same kind."""
    if engine.dialect.name == "sqlite":
        made = make_engine(f"sqlite:///{tmp_path / 'other' / 'other.sqlite3'}")
        yield made
        made.dispose()
        return
    server: postgres.Server = request.getfixturevalue("postgres_server")
    with server.database() as url:
        made = make_engine(url)
        yield made
        made.dispose()


def test_a_backup_holds_everything_and_a_restore_gives_it_back(store: Store, other: Engine, tmp_path: Path) -> None:
    fill(store)
    target = tmp_path / "b"
    counts = backup.back_up(store.engine, target)
    assert counts["readings"] == 500
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert not [path for path in tmp_path.iterdir() if "part" in path.name]
    assert b"canary" not in target.read_bytes()
    backup.restore(target, other, START)
    assert content(other) == content(store.engine)
    with looking(other) as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(sa.table("attempts"))).scalar() == 0
        assert connection.execute(sa.select(audit.c.action)).scalars().all() == ["restored"]
    restored = assemble(other, Vault.open(tmp_path / "keys"))
    assert restored.people.create("Bea").id == 2  # numbers go on behind the restored ones
    account = restored.upstreams.account()
    assert account is not None
    assert account.password == "canary-password"
    with pytest.raises(StoreError, match="secret key"):
        assemble(other, Vault.open(tmp_path / "another key")).upstreams.account()


def test_a_backup_while_readings_are_stored_is_consistent(store: Store, tmp_path: Path) -> None:
    fill(store)
    source = store.sources.resolve(1, "librelinkup", Wearer("p", "Ann"))
    with writing(store.engine) as connection:
        connection.execute(sa.text("UPDATE people SET name = 'Bea'"))
        counts = backup.back_up(store.engine, tmp_path / "b")
    assert counts["readings"] == 500
    store.readings.add(source.person_id, source.source_id, Columns.of([Reading(START - 60, 90)]), arrived=START)
    assert backup.back_up(store.engine, tmp_path / "b")["readings"] == 501


def test_a_database_with_rows_is_not_restored_into(store: Store, other: Engine, tmp_path: Path) -> None:
    fill(store)
    backup.back_up(store.engine, tmp_path / "b")
    before = content(store.engine)
    with pytest.raises(UsageError, match=r"not empty.*500 rows of readings"):
        backup.restore(tmp_path / "b", store.engine, START)
    assert content(store.engine) == before
    migrate(other)
    backup.restore(tmp_path / "b", other, START)
    assert content(other) == before


def test_what_is_no_backup_or_a_damaged_one_is_refused_and_nothing_changes(
    store: Store, other: Engine, tmp_path: Path
) -> None:
    fill(store)
    target = tmp_path / "b"
    backup.back_up(store.engine, target)
    data = target.read_bytes()
    for broken in (b"", b"text", data[: len(data) // 2], data[:100] + bytes(2000) + data[2100:]):
        target.write_bytes(broken)
        with pytest.raises(UsageError):
            backup.restore(target, other, START)
    with pytest.raises(UsageError, match="cannot be read"):
        backup.restore(tmp_path / "none", other, START)
    target.write_bytes(data)
    backup.restore(target, other, START)


def test_a_newer_schema_is_refused(store: Store, other: Engine, tmp_path: Path) -> None:
    with writing(store.engine) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    backup.back_up(store.engine, tmp_path / "b")
    with pytest.raises(StoreError, match="newer"):
        backup.restore(tmp_path / "b", other, START)
    migrate(other)
    assert content(other)["readings"] == []


def test_a_backup_that_fails_leaves_the_one_before(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "b"
    backup.back_up(store.engine, target)
    before = target.read_bytes()

    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "_sync", full)
    with pytest.raises(StoreUnavailable, match="free some space"):
        backup.back_up(store.engine, target)
    assert target.read_bytes() == before
    assert not list(tmp_path.glob(".*part*"))


def test_a_damaged_file_is_moved_aside_only_when_told_to(sqlite_url: str, tmp_path: Path, vault: Vault) -> None:
    engine = make_engine(sqlite_url)
    migrate(engine)
    fill(assemble(engine, vault))
    backup.back_up(engine, tmp_path / "b")
    true = content(engine)
    engine.dispose()
    path = tmp_path / "only.sqlite3"
    path.write_bytes(b"damaged" * 1000)
    (tmp_path / "only.sqlite3-wal").write_bytes(b"log")
    with pytest.raises(UsageError, match="--keep-damaged"):
        backup.restore(tmp_path / "b", engine, START)
    assert path.read_bytes() == b"damaged" * 1000
    backup.restore(tmp_path / "b", engine, START, keep_damaged=True)
    assert content(engine) == true
    aside = tmp_path / "only.sqlite3.damaged-20261122-110000"
    assert aside.read_bytes() == b"damaged" * 1000
    assert (tmp_path / f"{aside.name}-wal").read_bytes() == b"log"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    engine.dispose()


def test_a_damaged_database_is_not_backed_up(sqlite_url: str, tmp_path: Path) -> None:
    engine = make_engine(sqlite_url)
    migrate(engine)
    engine.dispose()
    (tmp_path / "only.sqlite3").write_bytes(b"damaged" * 1000)
    with pytest.raises(StoreDamaged):
        backup.back_up(make_engine(sqlite_url), tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_a_pg_dump_of_another_version_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "pg_dump"
    fake.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.1'\n")
    fake.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(StoreUnavailable, match=r"is of version 9; install postgresql-client-99"):
        pg_dump.program("pg_dump", 99)
    assert pg_dump.program("pg_dump", 9) == str(fake)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(StoreUnavailable, match="none was found"):
        pg_dump.program("pg_dump", 9, roots=())


def test_seven_days_and_four_weeks_are_kept(tmp_path: Path) -> None:
    for i in range(100):
        (tmp_path / name_of(date(2026, 6, 1) + timedelta(days=i), ".sqlite3")).touch()
        remove_old(tmp_path)
    days = sorted(dated_files(tmp_path), reverse=True)
    assert days[:7] == [date(2026, 9, 8) - timedelta(days=i) for i in range(7)]
    assert len(days) <= 11
    assert [day.weekday() for day in days[7:]] == [6, 6][: len(days) - 7]
    assert kept_days(days) == set(days)


def test_every_table_of_one_moment_is_left_out(store: Store) -> None:
    assert sessions in backup.NOT_RESTORED
    assert {table.name for table in backup.NOT_RESTORED} <= set(metadata.tables)
