"""`cgm-dash check`: what it looks at, what it says, and its exit status, on both databases."""

import io
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from werkzeug.serving import make_server

import app
from app import Composition
from cgm_dash import folder
from cgm_dash.access import Role
from cgm_dash.account import Credentials
from cgm_dash.batch import Columns, Wearer
from cgm_dash.cli import main
from cgm_dash.doctor import clock_problems, proxy_problems
from cgm_dash.folder import folder_problems
from cgm_dash.progress import progress
from cgm_dash.reading import Kind, Reading
from cgm_dash.settings import Settings
from ingestion.simulator import SimulatorServer, World
from ingestion.upstream_clock import upstream_time
from sql.backup_files import LastBackup, note_backup
from sql.check import database_problems, durability_problems, server_clock
from sql.engine import make_engine
from sql.real_account import RealAccount
from sql.runs import Run
from sql.schema import days, people
from tests.support.served import free_port

START = 1_793_491_200
"""2026-11-01 00:00 UTC."""

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def made(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Composition]:
    """Two people in Berlin with ten days of readings every quarter of an hour, and a data directory as it should be."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    wanted = {"DATA_DIR": str(home), "DATABASE_URL": database_url, "LLU_EMAIL": "f@example.org", "LLU_PASSWORD": "x"}
    wanted["PORT"] = str(free_port())
    monkeypatch.setattr("sql.check.DURABILITY", ())  # the tests' server trades these for speed
    settings = Settings.from_env({f"CGM_DASH_{name}": value for name, value in wanted.items()})
    composition = app.compose(settings, lambda: START + 10 * 86_400.0)
    composition.services.ready()
    own(composition)
    for name in ("ada", "bo"):
        store = composition.services.store
        row = store.sources.resolve(None, "librelinkup", Wearer(name, name.title()))
        store.people.set_zone(row.person_id, "Europe/Berlin", confirmed=True)
        readings = [Reading(START + 900 * i, 100 + i % 50, Kind.HISTORY, period_s=900) for i in range(960)]
        store.readings.add_many(row.person_id, row.source_id, Columns.of(readings), arrived=START + 864_000)
    monkeypatch.setattr(app, "composition", lambda **_: composition)
    yield composition
    composition.services.store.close()


def own(composition: Composition) -> None:
    """Give the installation an owner."""
    composition.services.store.users.add("Olga", "correct horse battery", Role.OWNER, START, people=None)


def checked(capsys: Capture) -> tuple[int, list[str]]:
    """Run `cgm-dash check --json` and return its status and the problems."""
    status = main(["check", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is (status == 0)
    return status, told["problems"]


def test_nothing_wrong_is_one_line_and_0(made: Composition, capsys: Capture) -> None:
    assert main(["check"]) == 0
    assert capsys.readouterr().out == "cgm-dash: nothing is wrong; the days of 2 people were looked at\n"
    assert checked(capsys) == (0, [])


def test_a_tampered_day_is_found_told_and_made_anew(made: Composition, capsys: Capture) -> None:
    assert checked(capsys) == (0, [])
    with made.services.store.engine.begin() as connection:
        first = sa.select(sa.func.min(days.c.day)).where(days.c.person_id == 2).scalar_subquery()
        other = sa.select(days.c.data).where(days.c.person_id == 2, days.c.day == first + 3).scalar_subquery()
        change = sa.update(days).where(days.c.person_id == 2, days.c.day == first + 1).values(data=other)
        assert connection.execute(change).rowcount == 1
    status, problems = checked(capsys)
    assert status == 1
    assert problems == [
        "person 2, 2026-11-02: the day kept is not what the readings give;"
        " made anew from the readings: check the disk if it recurs"
    ]
    assert checked(capsys) == (0, [])


def test_zones_that_are_missing_or_unknown_are_found(made: Composition, capsys: Capture) -> None:
    with made.services.store.engine.begin() as connection:
        connection.execute(sa.update(people).where(people.c.id == 1).values(zone=None))
        connection.execute(sa.update(people).where(people.c.id == 2).values(zone="Mars/Olympus"))
    status, (first, second) = checked(capsys)
    assert status == 1
    assert first.startswith("person 1: the wearer's zone is not known")
    assert "set CGM_DASH_ZONE" in first
    assert "'Mars/Olympus'; install or update tzdata" in second


def test_a_schema_behind_names_the_command(made: Composition, capsys: Capture) -> None:
    with made.services.store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0000'"))
    assert checked(capsys) == (1, ["the database's schema is not this program's; run: cgm-dash migrate"])


def test_an_empty_database_is_told_apart_from_one_that_is_behind(made: Composition, capsys: Capture) -> None:
    with made.services.store.engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE alembic_version"))
    assert checked(capsys) == (
        1,
        ["there is nothing in the database yet; start the server, or run: cgm-dash migrate"],
    )


def test_files_that_others_may_open_are_found(made: Composition, capsys: Capture) -> None:
    home = made.services.settings.data_dir
    (home / "cgm_dash.env").touch(mode=0o600)
    assert checked(capsys) == (0, [])
    (home / "cgm_dash.env").chmod(0o640)
    home.chmod(0o755)
    assert main(["check"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{home}: others on this machine may open it (mode 0755); run: chmod 700 '{home}'",
        f"{home / 'cgm_dash.env'}: others on this machine may open it (mode 0640);"
        f" run: chmod 600 '{home / 'cgm_dash.env'}'",
    ]


def test_a_full_disk_is_found(made: Composition, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "LEAST_FREE", 2**62)
    status, (problem,) = checked(capsys)
    assert status == 1
    assert problem.endswith("free some space")


def test_a_disk_that_runs_full_is_found_before_it_is(
    made: Composition, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "room", lambda _: folder.Room(free=8 * 2**30, total=100 * 2**30))
    status, (problem,) = checked(capsys)
    assert status == 1
    assert problem.endswith("its disk runs full, 8192 MB (8 %) are free; free some space")


def test_a_data_directory_that_is_not_there_is_found(tmp_path: Path) -> None:
    (problem,) = folder_problems(tmp_path / "none", None)
    assert "mkdir -m 700" in problem


def test_a_database_that_does_not_answer_is_a_problem(tmp_path: Path) -> None:
    settings = replace(
        Settings.from_env({"CGM_DASH_DATA_DIR": str(tmp_path), "CGM_DASH_DEMO": "0"}),
        database_url="postgresql+psycopg2://nobody@127.0.0.1:1/none",
    )
    store = app.compose(settings).services.store
    (problem,) = database_problems(store)
    assert "127.0.0.1" in problem or "connect" in problem.lower()


def test_a_stored_account_that_this_key_does_not_open_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    tmp_path.chmod(0o700)
    url = f"sqlite:///{tmp_path / 'cgm_dash.sqlite3'}"
    real = RealAccount("librelinkup", url, tmp_path, "k" * 40)
    real.keep(Credentials("canary@example.org", "canary word"), None)
    (tmp_path / "cgm_dash.sqlite3").chmod(0o600)
    for key, problems in (("k" * 40, 0), ("other " * 8, 1)):
        settings = Settings.from_env(
            {"CGM_DASH_DATA_DIR": str(tmp_path), "CGM_DASH_SECRET_KEY": key, "CGM_DASH_PORT": str(free_port())}
        )
        made = app.compose(settings)
        if not made.services.store.users.any_owner():
            own(made)
        monkeypatch.setattr(app, "composition", lambda made=made, **_: made)
        status, told = checked(capsys)
        made.services.store.close()
        assert (status, len(told)) == (problems, problems)
        assert all("connect the account again" in one and "canary" not in one for one in told)


def only(capsys: Capture, *words: str) -> None:
    """Assert that one thing is found, told with these words."""
    status, told = checked(capsys)
    assert (status, len(told)) == (1, 1), told
    assert [word for word in words if word not in told[0]] == [], told


def test_a_clock_that_differs_from_the_database_servers_is_found(
    made: Composition, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callbacks.doctor.server_clock", lambda _: time.time() + 300)
    only(capsys, "behind the database server's", "NTP")


def test_the_upstream_is_asked_for_its_time_only_when_told_to(
    made: Composition, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(_: Settings) -> float:
        return time.time() - 900

    monkeypatch.setattr("ingestion.upstream_clock.upstream_time", told)
    assert checked(capsys) == (0, [])
    assert main(["check", "--ask-upstream"]) == 1
    assert "ahead of the service's" in capsys.readouterr().out


def test_the_upstreams_time_is_its_date_header(tmp_path: Path) -> None:
    with SimulatorServer(World.build(seed=1)) as upstream:
        env = {"CGM_DASH_DATA_DIR": str(tmp_path), "CGM_DASH_LLU_URL": upstream.url}
        found = upstream_time(Settings.from_env(env))
    assert found is not None
    assert abs(found - time.time()) < 3600 * 24 * 400
    assert upstream_time(Settings.from_env(env)) is None


def test_readings_ahead_of_the_clock_are_found(made: Composition, capsys: Capture) -> None:
    with made.services.store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE readings SET ts = ts + 8640000 WHERE person_id = 1 AND seq > 0"))
    _status, told = checked(capsys)
    assert any("newest reading stored lies 100 days ahead" in one for one in told)


def test_a_newer_schema_is_not_called_an_older_one(made: Composition, capsys: Capture) -> None:
    with made.services.store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    only(capsys, "'9999'", "newer")


def test_a_missing_owner_is_found(made: Composition, capsys: Capture) -> None:
    with made.services.store.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM users"))
    only(capsys, "no owner yet", "set-up secret")


def test_what_waits_or_was_refused_is_found(made: Composition, capsys: Capture) -> None:
    home = made.services.settings.data_dir
    for name in ("spool.jsonl", "spool.refused"):
        (home / name).write_text("{}\n")
        (home / name).chmod(0o600)
    status, told = checked(capsys)
    assert status == 1
    assert "1 fetches wait" in told[0]
    assert "start the server" in told[0]
    assert "3 bytes that the database refused" in told[1]


def test_another_program_on_the_port_is_found_and_our_own_server_is_not(made: Composition, capsys: Capture) -> None:
    port = made.services.settings.port
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        only(capsys, f"127.0.0.1:{port} is used by another program", "CGM_DASH_PORT")
    ours = make_server("127.0.0.1", port, app.create_app(made.services).server)
    thread = threading.Thread(target=ours.serve_forever)
    thread.start()
    try:
        assert checked(capsys) == (0, [])
    finally:
        ours.shutdown()
        thread.join()
        ours.server_close()


def test_several_pollers_are_found(made: Composition, capsys: Capture) -> None:
    store, now = made.services.store, made.services.now()
    for i in range(120):
        store.runs.record(Run(upstream_id=None, started=now - 30 * i, outcome="ok"))
    only(capsys, "runs were stored in the last hour", "stop the others")


def test_an_account_that_others_poll_too_is_found(made: Composition, capsys: Capture) -> None:
    store, now = made.services.store, made.services.now()
    for i in range(3):
        store.runs.record(Run(upstream_id=None, started=now - 3600 * i, outcome="rate-limited"))
    only(capsys, "3 times to slow down", "its own follower account")


def test_backups_that_are_missing_old_or_failed_are_found(made: Composition, capsys: Capture) -> None:
    store, now = made.services.store, made.services.now()
    store.runs.record(Run(upstream_id=None, started=now - 3 * 86_400, outcome="ok"))
    only(capsys, "there is no backup yet", "cgm-dash backup FILE")
    backups = made.services.settings.data_dir / "backups"
    backups.mkdir(mode=0o700)
    (backups / "cgm_dash-2026-11-07.sqlite3").touch(mode=0o600)
    note_backup(backups, LastBackup(now - 4 * 86_400, now - 4 * 86_400))
    only(capsys, "4 days old")
    note_backup(backups, LastBackup(now, now - 3600, "disk-low", "2 MB are free; free some space"))
    only(capsys, "disk-low: 2 MB are free")
    note_backup(backups, LastBackup(now, now))
    assert checked(capsys) == (0, [])


def test_a_damaged_database_is_explained_with_the_newest_backup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "cgm_dash.sqlite3").write_bytes(b"damaged" * 999)
    (tmp_path / "cgm_dash.sqlite3").chmod(0o600)
    (tmp_path / "backups").mkdir(mode=0o700)
    (tmp_path / "backups" / "cgm_dash-2026-11-01.sqlite3").touch(mode=0o600)
    made = app.compose(Settings.from_env({"CGM_DASH_DATA_DIR": str(tmp_path), "CGM_DASH_PORT": str(free_port())}))
    monkeypatch.setattr(app, "composition", lambda **_: made)
    only(capsys, "damaged", "restore --keep-damaged", "cgm_dash-2026-11-01.sqlite3")
    made.services.store.close()


def test_postgresql_that_may_lose_commits_is_found(postgres_url: str) -> None:
    told = list(durability_problems(make_engine(postgres_url)))
    assert [one.split()[2] for one in told] == ["fsync", "synchronous_commit", "full_page_writes"]
    assert abs((server_clock(make_engine(postgres_url)) or 0) - time.time()) < 60


def settings_with(**changed: object) -> Settings:
    plain = Settings.from_env({"CGM_DASH_DATA_DIR": "/tmp/none", "CGM_DASH_DEMO": "0"})
    return replace(plain, **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, None),
        ({"allowed_hosts": ("cgm.example.org",), "trusted_proxies": ("127.0.0.1/32",)}, None),
        ({"allowed_hosts": ("cgm.example.org",)}, "TRUSTED_PROXIES: missing"),
        ({"trusted_proxies": ("127.0.0.1/32",)}, "ALLOWED_HOSTS: missing"),
        ({"allowed_hosts": ("cgm.example.org",), "trusted_proxies": ("0.0.0.0/0",)}, "trusts everybody"),
        ({"host": "192.168.1.2"}, "without https"),
    ],
)
def test_settings_of_a_proxy_that_cannot_work_are_found(changed: dict[str, object], words: str | None) -> None:
    told = list(proxy_problems(settings_with(**changed)))
    assert (told == []) if words is None else (len(told) == 1 and words in told[0]), told


def test_a_clock_that_was_never_set_is_found() -> None:
    assert len(list(clock_problems(0.0, None, ""))) == 1
    assert len(list(clock_problems(5e9, None, ""))) == 1
    assert list(clock_problems(START, START + 30.0, "x")) == []


class Terminal(io.StringIO):
    """A terminal that remembers."""

    def isatty(self) -> bool:
        return True


def test_the_bar_is_gone_whenever_something_is_given() -> None:
    out = Terminal()
    for item in progress(iter("abc"), 3, out):
        assert out.getvalue().endswith("\x1b[K")
        out.write(item + "\n")
    assert [f"{i} of 3" in out.getvalue() for i in range(4)] == [True, True, True, False]


def test_there_is_no_bar_where_nobody_looks() -> None:
    quiet, one = io.StringIO(), Terminal()
    assert list(progress("abc", 3, quiet)) == ["a", "b", "c"]
    assert list(progress("a", 1, one)) == ["a"]
    assert (quiet.getvalue(), one.getvalue()) == ("", "")
