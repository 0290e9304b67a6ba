"""`cgm-dash check`: what it looks at, what it says, and its exit status, on both databases."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

import app
from app import Composition
from cgm_dash import folder
from cgm_dash.account import Credentials
from cgm_dash.batch import Columns, Wearer
from cgm_dash.cli import main
from cgm_dash.folder import folder_problems
from cgm_dash.progress import progress
from cgm_dash.reading import Kind, Reading
from cgm_dash.settings import Settings
from sql.check import database_problems
from sql.real_account import RealAccount
from sql.schema import days, people

START = 1_793_491_200
"""2026-11-01 00:00 UTC."""

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def made(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Composition]:
    """Two people in Berlin with ten days of readings every quarter of an hour, and a data directory as it should be."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    wanted = {"DATA_DIR": str(home), "DATABASE_URL": database_url, "LLU_EMAIL": "f@example.org", "LLU_PASSWORD": "x"}
    settings = Settings.from_env({f"CGM_DASH_{name}": value for name, value in wanted.items()})
    composition = app.compose(settings, lambda: START + 10 * 86_400.0)
    composition.services.ready()
    for name in ("ada", "bo"):
        store = composition.services.store
        row = store.sources.resolve(None, "librelinkup", Wearer(name, name.title()))
        store.people.set_zone(row.person_id, "Europe/Berlin", confirmed=True)
        readings = [Reading(START + 900 * i, 100 + i % 50, Kind.HISTORY, period_s=900) for i in range(960)]
        store.readings.add_many(row.person_id, row.source_id, Columns.of(readings), arrived=START + 864_000)
    monkeypatch.setattr(app, "composition", lambda **_: composition)
    yield composition
    composition.services.store.close()


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
        settings = Settings.from_env({"CGM_DASH_DATA_DIR": str(tmp_path), "CGM_DASH_SECRET_KEY": key})
        made = app.compose(settings)
        monkeypatch.setattr(app, "composition", lambda made=made, **_: made)
        status, told = checked(capsys)
        made.services.store.close()
        assert (status, len(told)) == (problems, problems)
        assert all("connect the account again" in one and "canary" not in one for one in told)


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
