"""`cgm-dash report`, as typed."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import app
from cgm_dash import cli
from cgm_dash.batch import Columns, Wearer
from cgm_dash.errors import CgmDashError
from cgm_dash.reading import Reading
from sql.engine import make_engine
from sql.store import assemble
from sql.vault import Vault
from tests.cgm_dash.test_cli import run
from tests.layouts.sheet.made import pages_of
from tests.support import ready

NEWEST = int(datetime(2026, 3, 14, 23, 55, tzinfo=UTC).timestamp())


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with two weeks of Mira's readings, a value each five minutes, and nothing of Bob's."""
    folder = tmp_path_factory.mktemp("data")
    store = assemble(make_engine(ready.sqlite(folder / "cgm_dash.sqlite3")), Vault.open(folder))
    for name, n in (("Mira", 14 * 288), ("Bob", 0)):
        row = store.sources.resolve(None, "librelinkup", Wearer(f"id-{name}", name, "DE", "mg/dL"))
        store.people.set_zone(row.person_id, "UTC", confirmed=True)
        rows = [Reading(NEWEST - 300 * i, 100 + i % 90, period_s=300) for i in range(n)]
        store.readings.add_many(row.person_id, row.source_id, Columns.of(rows), arrived=NEWEST)
    store.close()
    return folder


Report = Callable[..., tuple[int, str, str]]


@pytest.fixture
def report(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Report]:
    """Run the command over a data directory in this process, and return its status, output and complaint."""

    def report(folder: Path, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setenv("CGM_DASH_DATA_DIR", str(folder))
        monkeypatch.setenv("CGM_DASH_DEMO", "0")
        app.composition.cache_clear()
        status = cli.main(["report", *arguments])
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    yield report
    app.composition(quiet=True).services.store.close()
    app.composition.cache_clear()


def test_it_writes_the_file_of_the_days_asked_for(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.pdf"
    asked = ("--person", "Mira", "--end", "2026-03-14", "--out", str(out))
    status, said, err = run("report", *asked, DATA_DIR=str(home), DEMO="0")
    assert (status, err) == (0, "")
    assert said == f"cgm-dash: {out} holds the report of 2026-03-01 to 2026-03-14\n"
    (text,) = pages_of(out.read_bytes())
    assert "1 to 14 March 2026" in text
    assert "Mira" in text
    assert out.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["r.pdf"]


def test_paper_unit_pages_language_and_length_can_be_chosen(report: Report, home: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.pdf"
    out.write_text("before")
    choices = ("--paper", "letter", "--unit", "mmol/L", "--pages", "days,metrics", "--lang", "de", "--days", "7")
    status, _said, err = report(home, "--person", "Mira", "--end", "2026-03-14", *choices, "--out", str(out))
    assert (status, err) == (0, "")
    pages = pages_of(out.read_bytes())
    assert len(pages) > 3
    assert "8. bis 14. März 2026" in pages[0]
    assert "mmol/L" in pages[0]


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("--person", "Zoe"), 2, "--person: there is nobody called 'Zoe'"),
        ((), 2, "2 people are meant; name one with --person"),
        (("--person", "Bob"), 1, "there are no readings from "),
        (("--person", "Mira", "--end", "2025-01-31"), 1, "there are no readings from 2025-01-18 to 2025-01-31"),
        (("--person", "Mira", "--end", "2999-01-31"), 2, "--end: "),
    ],
)
def test_what_cannot_be_done_is_one_line(
    report: Report, home: Path, tmp_path: Path, arguments: tuple[str, ...], status: int, words: str
) -> None:
    out = tmp_path / "r.pdf"
    got, said, err = report(home, *arguments, "--out", str(out))
    assert (got, said, err.count("\n")) == (status, "", 1)
    assert err.startswith(f"cgm-dash: {words}")
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--end", "31.1.2026"), "--end: expected a date like 2026-03-01"),
        (("--days", "0"), "--days: expected a whole number from 1 to 3700, got '0'"),
        (("--days", "9" * 30), "--days: expected a whole number"),
        (("--paper", "a5"), "--paper: expected a4 or letter, got 'a5'"),
        (("--unit", "g"), "--unit: expected mg/dL or mmol/L, got 'g'"),
        (("--pages", "all"), "--pages: expected days or metrics, got 'all'"),
        (("--lang", "xx"), "--lang: expected en or de, got 'xx'"),
    ],
)
def test_what_was_typed_wrongly_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    assert cli.main(["report", *arguments, "--out", str(tmp_path / "r.pdf")]) == 2
    said, err = capsys.readouterr()
    assert (said, err.count("\n")) == ("", 1)
    assert err.startswith(f"cgm-dash: {words}")


def test_without_a_file_or_a_folder_for_it_it_is_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(["report"])
    assert cli.main(["report", "--out", str(tmp_path / "none" / "r.pdf")]) == 2
    assert "there is no folder" in capsys.readouterr().err
    assert cli.main(["report", "--out", str(tmp_path)]) == 2
    assert "expected the name of a file" in capsys.readouterr().err


def test_an_empty_store_says_what_to_do(report: Report, tmp_path: Path) -> None:
    status, _said, err = report(tmp_path, "--out", str(tmp_path / "r.pdf"))
    assert (status, err) == (2, "cgm-dash: the store holds no readings yet; connect a sensor\n")


def test_a_file_that_cannot_be_replaced_stays_and_nothing_is_left_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "r.pdf"
    out.write_bytes(b"before")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(CgmDashError, match=r"cannot be written \(No space left on device\)"):
        cli._write(out, b"after")
    assert out.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["r.pdf"]
