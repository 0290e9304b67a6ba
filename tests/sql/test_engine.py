"""How databases are opened, what survives, and which error a trouble becomes."""

import logging
import os
import signal
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from cgm_dash.errors import StoreDamaged, StoreError, StoreUnavailable
from sql import Store, migrate, open_store
from sql.engine import check_health, looking, make_engine, writing
from sql.store import assemble
from sql.vault import Vault
from tests.support import postgres

ROOT = Path(__file__).parents[2]


def pragma(engine: Engine, name: str) -> object:
    with engine.connect() as connection:
        found: object = connection.exec_driver_sql(f"PRAGMA {name}").scalar()
        return found


def test_sqlite_is_set_up_for_durability_and_many_readers(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url)
    wanted = {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 5000, "foreign_keys": 1}
    assert {name: pragma(engine, name) for name in wanted} == wanted
    engine.dispose()


def test_sqlite_file_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "cgm.sqlite3"
    engine = make_engine(f"sqlite:///{path}")
    migrate(engine)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert set(modes) == {"cgm.sqlite3", "cgm.sqlite3-wal", "cgm.sqlite3-shm"}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    engine.dispose()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_database_in_memory_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match="name a file"):
        make_engine(url)


def test_file_that_cannot_be_created_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match="cannot be created"):
        make_engine(f"sqlite:///{tmp_path / 'file' / 'cgm.sqlite3'}")


def test_file_that_vanished_is_not_made_anew(sqlite_url: str, tmp_path: Path) -> None:
    engine = make_engine(sqlite_url)
    migrate(engine)
    engine.dispose()
    for file in tmp_path.glob("only.sqlite3*"):
        file.unlink()
    with pytest.raises(StoreUnavailable), looking(engine) as connection:
        connection.execute(sa.select(1))
    assert not list(tmp_path.glob("only.sqlite3*"))


@pytest.mark.parametrize("damage", ["text", "torn"])
def test_damaged_file_is_named_and_left_as_it_is(damage: str, sqlite_url: str, tmp_path: Path, vault: Vault) -> None:
    path = tmp_path / "only.sqlite3"
    if damage == "text":
        path.write_bytes(b"this is no database\n" * 500)
    else:
        engine = make_engine(sqlite_url)
        migrate(engine)
        engine.dispose()
        content = bytearray(path.read_bytes())
        content[4096 : 4096 * 12] = b"\xa5" * (4096 * 11)
        path.write_bytes(content)
    before = path.read_bytes()
    with pytest.raises(StoreDamaged, match=r"only\.sqlite3.*restore a backup"):
        open_store(sqlite_url, vault)
    assert path.read_bytes() == before


def test_write_is_rolled_back_by_an_exception_of_the_caller(store: Store) -> None:
    def fail_halfway() -> None:
        with writing(store.engine) as connection:
            connection.execute(sa.text("INSERT INTO upstreams (kind) VALUES ('x')"))
            raise KeyError("mine")

    with pytest.raises(KeyError):
        fail_halfway()
    with looking(store.engine) as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM upstreams")).scalar() == 0


def test_readers_go_on_while_somebody_writes(store: Store) -> None:
    person = store.people.create("Ann")
    with writing(store.engine) as connection:
        connection.execute(sa.text("UPDATE people SET name = 'Bea'"))
        assert store.people.list() == (person,)
    assert store.people.list()[0].name == "Bea"


def test_sqlite_reads_one_snapshot(sqlite_url: str, vault: Vault) -> None:
    engine = make_engine(sqlite_url)
    migrate(engine)
    store = assemble(engine, vault)
    person = store.people.create("Ann")
    with looking(engine) as connection:
        name = sa.text("SELECT name FROM people")
        assert connection.execute(name).scalar() == "Ann"
        store.people.rename(person.id, "Bea")
        assert connection.execute(name).scalar() == "Ann"
    engine.dispose()


def test_sqlite_held_by_another_writer_is_unavailable(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sql.engine.BUSY_MS", 50)
    engine = make_engine(sqlite_url)
    migrate(engine)
    with writing(engine), pytest.raises(StoreUnavailable, match="another process"), writing(engine):
        pass
    engine.dispose()


def test_message_holds_no_value_of_the_row(store: Store) -> None:
    with pytest.raises(StoreError) as caught, writing(store.engine) as connection:
        connection.execute(sa.text("INSERT INTO people (name) VALUES (:name)"), {"name": "canary-name"})
    shown = [str(caught.value), str(caught.value.__cause__)]
    assert not [text for text in shown if "canary" in text.splitlines()[0]]
    assert "canary" not in shown[0]


def test_ping_tells_a_server_that_is_away(postgres_cluster: postgres.PrivateServer, vault: Vault) -> None:
    """The pool outlives a restart of the server: what comes after it works at the first try."""
    with postgres_cluster.database() as url:
        store = open_store(url, vault)
        migrate(store.engine)
        person = store.people.create("Ann")
        postgres_cluster.stop()
        with pytest.raises(StoreUnavailable, match="CGM_DASH_DATABASE_URL"):
            store.ping()
        with pytest.raises(StoreUnavailable):
            store.people.list()
        postgres_cluster.start()
        store.ping()
        assert store.people.list() == (person,)
        postgres_cluster.stop("immediate")
        postgres_cluster.start()
        store.people.rename(person.id, "Bea")
        store.close()


def test_server_that_is_not_there_is_unavailable_and_names_no_password(vault: Vault) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        open_store("postgresql+psycopg2://me:canary-password@127.0.0.1:9/none", vault)
    assert "canary" not in str(caught.value)


def test_postgresql_that_may_lose_commits_is_warned_of(postgres_url: str, caplog: pytest.LogCaptureFixture) -> None:
    engine = make_engine(postgres_url)
    with caplog.at_level(logging.WARNING):
        check_health(engine)
    assert "synchronous_commit=off" in caplog.text
    assert "fsync=off" in caplog.text
    engine.dispose()


def test_postgresql_session_has_its_limits_and_the_ones_of_the_url(postgres_url: str) -> None:
    engine = make_engine(f"{postgres_url}&options=-c%20work_mem%3D5MB")
    with engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"SHOW {name}").scalar()
            for name in ("statement_timeout", "lock_timeout", "work_mem", "TimeZone")
        }
    assert found == {"statement_timeout": "30s", "lock_timeout": "10s", "work_mem": "5MB", "TimeZone": "UTC"}
    engine.dispose()


STORING = """
import sys, time
import numpy as np
from pathlib import Path
from cgm_dash.batch import Columns, Wearer
from cgm_dash.reading import Reading
from sql import migrate, open_store
from sql.vault import Vault

store = open_store(sys.argv[1], Vault.open(Path(sys.argv[2])))
migrate(store.engine)
source = store.sources.resolve(None, "librelinkup", Wearer("p1"))
for i in range(10**6):
    store.readings.add(source.person_id, source.source_id, Columns.of([Reading(60 * i, 100)]), arrived=0)
    print(i, flush=True)
"""


def test_killed_process_leaves_every_reading_it_said_it_stored(sqlite_url: str, tmp_path: Path, vault: Vault) -> None:
    command = [sys.executable, "-c", STORING, sqlite_url, str(tmp_path / "keys")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        said = -1
        while said < 60:
            said = int(writer.stdout.readline())
        os.kill(writer.pid, signal.SIGKILL)
        said = max([said, *(int(line) for line in writer.stdout.read().splitlines() if line)])
    store = open_store(sqlite_url, vault)
    assert store.readings.load(1).columns.ts.tolist()[: said + 1] == [60 * i for i in range(said + 1)]
    assert store.readings.sequence(1) == store.readings.count(1)
    store.close()


def test_processes_that_open_a_new_file_at_once_all_get_in(tmp_path: Path) -> None:
    for attempt in range(40):  # without patience about one in fifteen fails
        url = f"sqlite:///{tmp_path / f'{attempt}.sqlite3'}"
        engines = [make_engine(url) for _ in range(4)]
        together = threading.Barrier(len(engines))

        def opened(engine: sa.Engine, together: threading.Barrier = together) -> int:
            together.wait()
            with looking(engine) as connection:
                return int(connection.execute(sa.text("SELECT 1")).scalar_one())

        with ThreadPoolExecutor(len(engines)) as threads:
            assert list(threads.map(opened, engines)) == [1] * len(engines)
        for engine in engines:
            engine.dispose()
