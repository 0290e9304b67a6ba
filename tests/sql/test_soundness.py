"""A damaged SQLite file is refused, kept byte for byte and explained; what cannot be told is at least harmless."""

import hashlib
import logging
import os
import random
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from cgm_dash.batch import Columns, Wearer
from cgm_dash.errors import StoreDamaged, StoreError, StoreUnavailable
from cgm_dash.reading import Reading
from sql import migrate
from sql.engine import check_health, gate, looking, make_engine, reading_engine, writing
from sql.readiness import Readiness
from sql.schema import readings
from sql.soundness import Gate, inspect
from sql.store import assemble
from sql.vault import Vault

KILOBYTE = 1024
OFFSETS = 60
START = 1_795_345_200


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a database with some thousand readings, and free pages in the middle of it."""
    folder = tmp_path_factory.mktemp("whole")
    engine = make_engine(f"sqlite:///{folder / 'w.sqlite3'}")
    migrate(engine)
    store = assemble(engine, Vault.open(folder))
    source = store.sources.resolve(None, "librelinkup", Wearer("p", "Ann"))
    some = [Reading(START + 60 * i, 60 + i % 200) for i in range(6000)]
    store.readings.add_many(source.person_id, source.source_id, Columns.of(some), arrived=START)
    with writing(engine) as connection:
        connection.execute(sa.text("CREATE TABLE gone AS SELECT * FROM readings LIMIT 2000"))
    with writing(engine) as connection:
        connection.execute(sa.text("DROP TABLE gone"))
    store.close()
    return (folder / "w.sqlite3").read_bytes()


def rows_of(path: Path) -> list[tuple[int, int]]:
    engine = reading_engine(f"sqlite:///{path}")
    with looking(engine) as connection:
        found = [(int(ts), int(v)) for ts, v in connection.execute(sa.select(readings.c.ts, readings.c.mg_dl))]
    engine.dispose()
    return found


def flipped(data: bytes, at: int, length: int = KILOBYTE) -> bytes:
    return data[:at] + bytes(b ^ 0xFF for b in data[at : at + length]) + data[at + length :]


def refusal(path: Path) -> str:
    """Return why the program refuses to start with *path*, "" where it does not."""
    engine = make_engine(f"sqlite:///{path}")
    try:
        Readiness(engine).ensure()
    except StoreDamaged as exc:
        return str(exc)
    finally:
        engine.dispose()
    return ""


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_kilobyte_flipped_anywhere_is_refused_and_the_file_kept_or_no_reading_is_another(
    whole: bytes, tmp_path: Path
) -> None:
    chance = random.Random(5)
    offsets = [0, 50, 100, 1024, *(chance.randrange(0, len(whole) - KILOBYTE) for _ in range(OFFSETS))]
    path = tmp_path / "sound.sqlite3"
    path.write_bytes(whole)
    true = rows_of(path)
    refused = 0
    for at in offsets:
        path = tmp_path / f"{at}.sqlite3"
        path.write_bytes(flipped(whole, at))
        before = digest(path)
        why = refusal(path)
        if why:
            refused += 1
            assert "cgm-dash restore --keep-damaged" in why
            assert digest(path) == before
            assert {one.name for one in tmp_path.glob(f"{at}.*")} == {path.name}
        else:
            assert rows_of(path) == true, f"a kilobyte flipped at {at} gave other readings"
    assert refused > OFFSETS // 4  # the others are free pages and unused room in pages


def test_a_file_that_is_not_whole_is_refused(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "cut.sqlite3"
    for content in (whole[: len(whole) // 2], whole[:50], whole[:-10], b"\0" * 4096, b"no database" * 100):
        path.write_bytes(content)
        with pytest.raises(StoreDamaged):
            inspect(path)


def test_an_empty_file_is_a_new_one_and_a_missing_or_locked_up_one_is_away(tmp_path: Path) -> None:
    (tmp_path / "new").touch()
    assert inspect(tmp_path / "new")
    (tmp_path / "folder").mkdir()
    for name in ("none", "folder"):
        with pytest.raises(StoreUnavailable):
            inspect(tmp_path / name)


def test_a_value_no_reading_can_have_is_found(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite3"
    engine = make_engine(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    with sqlite3.connect(path) as bare:
        bare.execute("PRAGMA ignore_check_constraints = ON")
        bare.execute("INSERT INTO readings VALUES (1, 60, 1, 0, 999, 0, 0, 0, 60, 60, 1)")
    bare.close()
    with pytest.raises(StoreDamaged, match="cannot be"):
        inspect(path)


def with_log(folder: Path, commits: int) -> Path:
    """Return a database whose last *commits* are still in its log, as after a kill."""
    path, copy = folder / "live.sqlite3", folder / "killed.sqlite3"
    engine = make_engine(f"sqlite:///{path}")
    migrate(engine)
    with looking(engine) as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    for i in range(commits):
        with writing(engine) as connection:
            connection.execute(sa.text("INSERT INTO upstreams (kind) VALUES (:kind)"), {"kind": str(i)})
    copy.write_bytes(path.read_bytes())
    copy.with_name("killed.sqlite3-wal").write_bytes(path.with_name("live.sqlite3-wal").read_bytes())
    engine.dispose()
    return copy


def count(path: Path) -> int:
    engine = reading_engine(f"sqlite:///{path}")
    with looking(engine) as connection:
        found = int(connection.execute(sa.text("SELECT count(*) FROM upstreams")).scalar_one())
    engine.dispose()
    return found


def test_commits_that_sqlite_would_drop_silently_are_told_and_the_log_is_kept(tmp_path: Path) -> None:
    path = with_log(tmp_path, 20)
    journal = path.with_name("killed.sqlite3-wal")
    sound = journal.read_bytes()
    chance = random.Random(7)
    ends = len(sound) - 3 * 4120  # what lies behind may be the last commit alone
    for at in (0, 8, 24, 40, 60, *(chance.randrange(56, ends) for _ in range(20))):
        journal.write_bytes(flipped(sound, at, 16))
        before = digest(path), digest(journal)
        with pytest.raises(StoreDamaged, match="lost silently"):
            Readiness(make_engine(f"sqlite:///{path}")).ensure()
        assert (digest(path), digest(journal)) == before
    journal.write_bytes(sound)
    check_health(make_engine(f"sqlite:///{path}"))
    assert count(path) == 20


@pytest.mark.parametrize("cut", [1, 2000, 4119])
def test_a_commit_that_a_power_cut_tore_is_no_damage(cut: int, tmp_path: Path) -> None:
    path = with_log(tmp_path, 20)
    journal = path.with_name("killed.sqlite3-wal")
    journal.write_bytes(journal.read_bytes()[:-cut])
    engine = make_engine(f"sqlite:///{path}")
    check_health(engine)
    assert count(path) == 19
    engine.dispose()


def test_a_second_generation_of_the_log_over_the_first_is_no_damage(sqlite_url: str, tmp_path: Path) -> None:
    engine = make_engine(sqlite_url)
    migrate(engine)
    with looking(engine) as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(RESTART)")
    with writing(engine) as connection:
        connection.execute(sa.text("INSERT INTO upstreams (kind) VALUES ('x')"))
    assert inspect(tmp_path / "only.sqlite3")
    engine.dispose()


def test_a_look_at_a_file_that_is_written_to_finds_it_whole(sqlite_url: str, tmp_path: Path) -> None:
    engine = make_engine(sqlite_url)
    migrate(engine)
    end = threading.Event()

    def write() -> None:
        while not end.is_set():
            with writing(engine) as connection:
                connection.execute(sa.text("INSERT INTO upstreams (kind) VALUES ('x')"))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(20):
            assert inspect(tmp_path / "only.sqlite3")
    finally:
        end.set()
        writer.join()
        engine.dispose()


def test_a_look_takes_no_lock_from_this_processes_connections(sqlite_url: str, tmp_path: Path) -> None:
    engine = make_engine(sqlite_url)
    migrate(engine)  # its connection stays in the pool, as one of a running server does
    check_health(engine)  # as before each night's backup
    path = tmp_path / "only.sqlite3"
    other = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit(); c.close()"
    subprocess.run([sys.executable, "-c", other, path, "INSERT INTO upstreams (kind) VALUES ('theirs')"], check=True)
    # Who closes a database as the last one removes its log: this process would go on writing into one that is gone.
    assert Path(f"{path}-wal").exists()
    with writing(engine) as connection:
        connection.execute(sa.text("INSERT INTO upstreams (kind) VALUES ('ours')"))
    seen = reading_engine(sqlite_url)
    with looking(seen) as connection:
        kinds = connection.execute(sa.text("SELECT kind FROM upstreams ORDER BY id")).scalars().all()
    assert kinds == ["theirs", "ours"]
    seen.dispose()
    engine.dispose()


def test_what_the_process_before_a_fork_has_just_seen_is_not_looked_at_again(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, clock = list[float](), [100.0]

    def counted(*given: Any) -> bool:
        looked.append(clock[0])
        return inspect(*given)

    monkeypatch.setattr("sql.soundness.inspect", counted)
    monkeypatch.setattr("sql.soundness.time.monotonic", lambda: clock[0])
    Readiness(make_engine(sqlite_url)).ensure()
    Readiness(make_engine(sqlite_url)).ensure()
    assert len(looked) >= 2  # the same process
    looked.clear()
    monkeypatch.setattr("sql.soundness.os.getpid", lambda: 1)  # a fork: all else is as it was
    clock[0] = 160.0
    Readiness(make_engine(sqlite_url)).ensure()
    assert looked == []
    check_health(make_engine(sqlite_url))  # as in the night
    assert looked == [160.0]
    monkeypatch.setattr("sql.soundness.os.getpid", lambda: 2)
    clock[0] = 220.5
    Readiness(make_engine(sqlite_url)).ensure()
    assert looked == [160.0, 220.5]


def test_a_look_that_takes_too_long_is_broken_off_and_says_so(
    whole: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sql.soundness._STEPS", 1)
    path = tmp_path / "long.sqlite3"
    path.write_bytes(whole)
    assert inspect(path)
    assert not inspect(path, budget_s=-1.0)


def broken(engine: Engine) -> None:
    """Overwrite the tables' pages beneath a running program."""
    path = Path(str(engine.url.database))
    with looking(engine) as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (path.stat().st_size - 4096))
        os.fsync(file.fileno())


def test_damage_met_while_running_shuts_the_file_and_a_restored_one_opens_it(
    sqlite_url: str, tmp_path: Path, vault: Vault, caplog: pytest.LogCaptureFixture
) -> None:
    engine = make_engine(sqlite_url)
    migrate(engine)
    store = assemble(engine, vault)
    engine.dispose()
    copy = (tmp_path / "only.sqlite3").read_bytes()
    store.people.create("Ann")
    broken(engine)
    engine.dispose()
    with caplog.at_level(logging.ERROR), pytest.raises(StoreDamaged):
        store.people.list()
    with pytest.raises(StoreDamaged, match="restore --keep-damaged"):
        store.people.create("Bea")
    assert len([r for r in caplog.records if "outcome=damaged" in r.getMessage()]) == 1
    engine.dispose()
    for end in ("-wal", "-shm"):
        (tmp_path / f"only.sqlite3{end}").unlink(missing_ok=True)
    (tmp_path / "only.sqlite3").write_bytes(copy)
    assert store.people.list() == ()


def test_the_newest_backup_is_named_in_the_remedy(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "d.sqlite3"
    path.write_bytes(flipped(whole, 0))
    door = Gate(path)
    with pytest.raises(StoreDamaged, match=r"--keep-damaged FILE \(no backup was found"):
        door.check()
    folder = tmp_path / "backups"
    folder.mkdir()
    for name in ("cgm_dash-2026-11-01.sqlite3", "cgm_dash-2026-11-02.sqlite3", "other.sqlite3"):
        (folder / name).touch()
    door = Gate(path)
    door.backups = folder
    with pytest.raises(StoreDamaged, match=r"--keep-damaged '.*2026-11-02\.sqlite3'"):
        door.check()


def test_a_schema_that_cannot_be_read_is_damage_and_no_ordinary_refusal(sqlite_url: str, tmp_path: Path) -> None:
    engine = make_engine(sqlite_url)
    migrate(engine)
    engine.dispose()
    with sqlite3.connect(tmp_path / "only.sqlite3") as bare:
        bare.execute("PRAGMA writable_schema = ON")
        bare.execute("UPDATE sqlite_master SET sql = 'CREATE TABLE readings (' WHERE name = 'readings'")
    bare.close()
    with pytest.raises(StoreError) as caught:
        check_health(engine)
    assert isinstance(caught.value, StoreDamaged)
    assert gate(engine) is not None
