"""`cgm-dash metrics` as a person types it: over a file, over the store, and what it refuses."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import app
from app import Composition
from cgm_dash.batch import Columns, Wearer
from cgm_dash.cli import main
from cgm_dash.metrics import summary
from cgm_dash.reading import Kind, Reading
from cgm_dash.settings import Settings
from cgm_dash.window import named

ROOT = Path(__file__).parents[3]
NOW = 1_795_345_200
"""2026-11-22 12:00 in Berlin."""

TEN = [53, 54, 69, 70, 110, 140, 180, 181, 250, 251]


@pytest.fixture
def ten(tmp_path: Path) -> Path:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    rows = [f"{(start + timedelta(minutes=5 * i)).isoformat()},{g}" for i, g in enumerate(TEN)]
    path = tmp_path / "ten.csv"
    path.write_text("\n".join(("timestamp,glucose_mg_dl", *rows)))
    return path


@pytest.fixture
def two(tmp_path: Path) -> Path:
    path = tmp_path / "two.csv"
    rows = [f"2026-03-01T00:{5 * i:02}:00Z,{g},{who}" for who, g in (("Ada", 100), ("Bo", 200)) for i in range(12)]
    path.write_text("\n".join(("timestamp,glucose_mg_dl,subject", *rows)))
    return path


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Composition]:
    """A store with a minute series of 20 days of one person in Berlin: 100, and 200 in the last 24 hours."""
    environment = {"DATA_DIR": str(tmp_path), "LLU_EMAIL": "f@example.org", "LLU_PASSWORD": "invented"}
    settings = Settings.from_env({f"CGM_DASH_{name}": value for name, value in environment.items()})
    made = app.compose(settings, lambda: float(NOW))
    made.services.ready()
    add_person(made, "Mira", [(NOW - 60 * i, 200 if i < 1440 else 100) for i in range(1, 20 * 1440)])
    monkeypatch.setattr(app, "composition", lambda: made)
    yield made
    made.services.store.close()


def add_person(made: Composition, name: str, rows: list[tuple[int, int]]) -> None:
    store = made.services.store
    source = store.sources.resolve(None, "librelinkup", Wearer(name.lower(), name, "DE", "mg/dL"))
    store.people.set_zone(source.person_id, "Europe/Berlin", confirmed=True)
    readings = [Reading(ts, g, Kind.LIVE, period_s=60, offset_min=60) for ts, g in rows]
    store.readings.add_many(source.person_id, source.source_id, Columns.of(readings), arrived=NOW)


def test_a_file_in_a_process_of_its_own_needs_no_setting(ten: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "CGM_DASH_POLL_SECONDS": "nonsense", "CGM_DASH_DATA_DIR": str(tmp_path / "none")}
    done = subprocess.run(
        [sys.executable, "-m", "cgm_dash", "metrics", str(ten), "--json", "--weighting", "count"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert (found["mean_mg_dl"], found["median_mg_dl"], found["iqr_mg_dl"]) == (135.8, 125, 111.5)
    assert (found["person"], found["zone"], found["period_seconds"], found["period_sure"]) == (None, "UTC", 300, True)
    assert (found["active_percent"], found["days"], found["sufficient"]) == (100, 1, False)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("options", [("--json",), ()])
def test_a_reader_who_has_gone_is_no_defect(two: Path, options: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "cgm_dash", "metrics", str(two), *options]
    with os.fdopen(writing, "wb") as out:
        done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, cwd=ROOT, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (1, b"")


def test_a_table_tells_units_and_what_is_research(ten: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["metrics", str(ten)]) == 0
    shown = capsys.readouterr().out
    lines = {" ".join(line.split()) for line in shown.splitlines()}
    assert {"mean 135.80 mg/dL 7.54 mmol/L", "tir 40.00 %", "mage avg - mg/dL", "gri zone E"} <= lines
    assert "research" in shown.lower()
    assert "not enough to judge by" in shown


def test_a_table_tells_what_was_left_out_and_what_is_unsure(
    ten: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ["00:00Z,100", "00:00Z,90", "00:07Z,100", "00:14Z,100", "00:21Z,700", "00:28Z,5", "00:35Z,"]
    path = tmp_path / "gaps.csv"
    path.write_text("\n".join(("timestamp,glucose_mg_dl", *(f"2026-03-01T{row}" for row in rows))))
    assert main(["metrics", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "\nleft out: 1 blank; 2 out-of-range; 1 conflict (the first value stands)\n" in shown
    assert "\nunsure: one reading each 420 s, as assumed here, fits no known sensor" in shown
    assert main(["metrics", str(ten)]) == 0
    shown = capsys.readouterr().out
    assert ("left out" in shown, "unsure" in shown) == (False, False)


def test_a_name_cannot_command_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "named.csv"
    path.write_text("timestamp,glucose_mg_dl,subject\n2026-03-01T00:00Z,100,\x1b[2JAda É\n", encoding="utf-8")
    assert main(["metrics", str(path)]) == 0
    assert capsys.readouterr().out.startswith("?[2JAda É, 2026-03-01")


def test_one_is_not_many(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "one.csv"
    path.write_text("timestamp,glucose_mg_dl\n2026-03-01T00:00Z,100\n")
    assert main(["metrics", str(path)]) == 0
    assert "\n1 reading on 1 day, active" in capsys.readouterr().out


def test_several_people_give_a_list_and_one_an_object(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["metrics", str(two), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(p["person"], p["mean_mg_dl"]) for p in found] == [("Ada", 100), ("Bo", 200)]
    assert main(["metrics", str(two), "--json", "--person", "Bo"]) == 0
    assert json.loads(capsys.readouterr().out)["mean_mg_dl"] == 200
    assert main(["metrics", str(two)]) == 0
    assert capsys.readouterr().out.count("Time in ranges") == 2


def test_a_name_may_be_given_to_a_file_of_one(ten: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["metrics", str(ten), "--json", "--person", "Mira", "--all"]) == 0
    assert [p["person"] for p in json.loads(capsys.readouterr().out)] == ["Mira"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--from", "yesterday"], "--from: expected a date like 2026-03-01, got 'yesterday'"),
        (["--to", "9999-12-31"], "--to: expected a year from 1970 to 2999, got 9999-12-31"),
        (["--from", "0001-01-01"], "--from: expected a year from 1970 to 2999, got 0001-01-01"),
        (["--to", "2026-02-30"], "--to: expected a date like 2026-03-01, got '2026-02-30'"),
        (["--from", "2026-03-02", "--to", "2026-03-01"], "--from 2026-03-02 comes after --to 2026-03-01"),
        (["--from", "2027-01-01"], "the readings go from 2026-03-01 to 2026-03-01"),
        (["--zone", "Berlin"], "--zone: expected an IANA name such as Europe/Berlin, got 'Berlin'"),
        (["--zone", "../etc"], "--zone: expected an IANA name"),
        (["--weighting", "equal"], "--weighting: expected time or count, got 'equal'"),
        (["--min-day-coverage", "101"], "--min-day-coverage: expected 0 to 100, got '101'"),
        (["--min-day-coverage", "nan"], "--min-day-coverage: expected 0 to 100, got 'nan'"),
        (["--min-day-coverage", "most"], "--min-day-coverage: expected 0 to 100, got 'most'"),
    ],
)
def test_bad_options_are_one_line_and_exit_2(
    ten: Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["metrics", str(ten), *options]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert said in shown.err
    assert shown.err.count("\n") == 1


def test_bad_files_are_one_line_and_exit_2(two: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("timestamp,glucose_mg_dl\n2026-03-01 00:00,100\n")
    commas = tmp_path / "commas.csv"
    commas.write_text("timestamp,glucose_mmol_l\n2026-01-01T00:00:00Z,5,6\n")
    for arguments, said in (
        ([str(commas)], "line 2: more cells than the heading; decimal commas need ; between columns"),
        ([str(bad)], "no offset; name its zone, like --zone Europe/Berlin"),
        ([str(tmp_path / "none.csv")], "cannot be read (No such file or directory)"),
        ([str(tmp_path)], "cannot be read"),
        ([str(two), "--person", "Cy"], "--person: two.csv has no subject 'Cy'"),
    ):
        assert main(["metrics", *arguments]) == 2
        shown = capsys.readouterr()
        assert (shown.out, said in shown.err, shown.err.count("\n")) == ("", True, 1)


def test_the_store_answers_for_fourteen_local_days_up_to_now(
    store: Composition, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["metrics", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["person"], found["zone"], found["from"]) == ("Mira", "Europe/Berlin", "2026-11-09T00:00:00+01:00")
    assert found["n"] == 13 * 1440 + 720
    assert found["mean_mg_dl"] == pytest.approx(100 + 100 * 1439 / found["n"])
    assert (found["days"], found["sufficient"]) == (14, True)
    assert "note" not in found


def test_dates_and_zone_choose_the_days_of_the_store(store: Composition, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["metrics", "--json", "--from", "2026-11-10", "--to", "2026-11-11"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["n"], found["to"]) == (2880, "2026-11-12T00:00:00+01:00")
    assert main(["metrics", "--json", "--to", "2026-11-15", "--zone", "UTC", "--weighting", "count"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["from"], found["zone"]) == ("2026-11-02T00:00:00+00:00", "UTC")
    assert main(["metrics", "--json", "--from", "2027-01-01", "--all"]) == 2
    assert capsys.readouterr().out == ""


def test_of_several_people_one_must_be_named(store: Composition, capsys: pytest.CaptureFixture[str]) -> None:
    add_person(store, "Noa", [(NOW - 300, 70)])
    assert main(["metrics"]) == 2
    assert "2 people are meant; name one with --person, or give --all" in capsys.readouterr().err
    assert main(["metrics", "--all", "--json"]) == 0
    assert [p["person"] for p in json.loads(capsys.readouterr().out)] == ["Mira", "Noa"]
    assert main(["metrics", "--person", "Noa", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n"] == 1
    assert main(["metrics", "--person", "Nobody"]) == 2
    assert "there is nobody called 'Nobody'" in capsys.readouterr().err


def test_the_demo_says_that_its_data_are_invented(
    store: Composition, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    demo = replace(store, services=replace(store.services, demo=True))
    monkeypatch.setattr(app, "composition", lambda: demo)
    assert main(["metrics", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["note"] == "Demo: invented data"
    assert main(["metrics"]) == 0
    assert capsys.readouterr().out.startswith("Demo: invented data\n")


class Terminal(io.StringIO):
    """A terminal that remembers."""

    def isatty(self) -> bool:
        return True


def test_thirty_people_are_one_list_written_as_they_come(store: Composition, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(29):
        add_person(store, f"Person {i}", [(NOW - 60 * j, 80 + i + j % 60) for j in range(1, 600)])
    bar, out, written = Terminal(), io.StringIO(), list[int]()
    exact = summary.all_metrics

    def watched(*args: Any, **named: Any) -> dict[str, Any]:
        written.append(out.getvalue().count('"definition"'))
        return exact(*args, **named)

    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", bar)
    monkeypatch.setattr(summary, "all_metrics", watched)
    assert main(["metrics", "--all", "--json"]) == 0
    tables = json.loads(out.getvalue())
    assert [t["person"] for t in tables] == ["Mira", *(f"Person {i}" for i in range(29))]
    assert written == list(range(30))  # those before it were out when the next was begun
    assert "29 of 30" in bar.getvalue()
    zone = ZoneInfo("Europe/Berlin")
    window = named("14d", NOW, zone)
    for person, told in zip(store.services.people(), tables, strict=True):
        series = store.services.series.between(person.id, window.start, window.end)
        assert told == json.loads(json.dumps(exact(series, window, zone, person=person.name)))
