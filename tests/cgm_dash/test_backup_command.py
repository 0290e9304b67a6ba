"""`cgm-dash backup` and `restore`, as typed."""

import stat
from pathlib import Path

import pytest

from cgm_dash.cli import main
from ingestion.leader import FileLock
from sql import migrate
from sql.engine import make_engine
from sql.store import assemble
from sql.vault import Vault

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory whose database has one person."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("CGM_DASH_DATA_DIR", str(home))
    engine = make_engine(f"sqlite:///{home / 'cgm_dash.sqlite3'}")
    migrate(engine)
    assemble(engine, Vault.open(home)).people.create("Ann")
    engine.dispose()
    return home


def names(home: Path) -> list[str]:
    engine = make_engine(f"sqlite:///{home / 'cgm_dash.sqlite3'}")
    found = [person.name for person in assemble(engine, Vault.open(home)).people.list()]
    engine.dispose()
    return found


def test_a_backup_is_restored_where_the_database_was(
    home: Path, tmp_path: Path, capsys: Capture, caplog: pytest.LogCaptureFixture
) -> None:
    copy = tmp_path / "copy"
    assert main(["backup", str(copy)]) == 0
    assert f"{copy} holds" in capsys.readouterr().out
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert (home / "secret.key").read_bytes().strip() not in copy.read_bytes()
    assert main(["backup", str(copy)]) == 2
    assert main(["restore", str(copy)]) == 2
    assert "not empty" in capsys.readouterr().err
    (home / "cgm_dash.sqlite3").write_bytes(b"damaged" * 999)
    night = home / "backups" / "cgm_dash-2026-11-02.sqlite3"
    night.parent.mkdir()
    night.write_bytes(copy.read_bytes())
    assert main(["restore", str(copy)]) == 2
    assert f"restore --keep-damaged '{night}'" in caplog.text
    assert "--keep-damaged" in capsys.readouterr().err
    assert main(["restore", str(copy), "--keep-damaged"]) == 0
    assert names(home) == ["Ann"]
    (kept,) = home.glob("cgm_dash.sqlite3.damaged-*")
    assert kept.read_bytes() == b"damaged" * 999


def test_nothing_is_restored_under_a_running_server(home: Path, tmp_path: Path, capsys: Capture) -> None:
    copy = tmp_path / "copy"
    assert main(["backup", str(copy)]) == 0
    server = FileLock(home / "cgm_dash.leader")
    assert server.try_take()
    assert main(["restore", str(copy), "--keep-damaged"]) == 1
    assert "stop it" in capsys.readouterr().err
    server.release()


def test_no_database_is_made_to_be_backed_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CGM_DASH_DATA_DIR", str(tmp_path / "none"))
    assert main(["backup", str(tmp_path / "copy")]) == 1
    assert not (tmp_path / "none" / "cgm_dash.sqlite3").exists()
