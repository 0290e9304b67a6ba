"""The commands, as typed."""

import errno
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from cgm_dash import cli
from cgm_dash.errors import UsageError
from ingestion.simulator import DEFAULT_PORT
from tests.support.served import ROOT


def started(*arguments: str, **settings: str) -> subprocess.Popen[str]:
    """Start a command with these settings only."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("CGM_DASH_")}
    env |= {f"CGM_DASH_{name}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "cgm_dash", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run(*arguments: str, **settings: str) -> tuple[int, str, str]:
    """Run a command and return its status, what it printed and what it complained about."""
    with started(*arguments, **settings) as process:
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err


def test_the_demo_can_be_polled_by_hand(tmp_path: Path) -> None:
    status, out, err = run("poll", "--json", DATA_DIR=str(tmp_path))
    assert status == 0, err
    assert json.loads(out)["outcome"] == "ok"
    assert (tmp_path / "demo" / "cgm_dash.sqlite3").exists()
    assert not (tmp_path / "cgm_dash.sqlite3").exists()


def test_poll_without_an_account_says_which_setting_is_missing(tmp_path: Path) -> None:
    status, out, err = run("poll", DATA_DIR=str(tmp_path), DEMO="0")
    assert (status, out) == (2, "")
    assert err.startswith("cgm-dash: CGM_DASH_LLU_EMAIL: missing")


@pytest.mark.parametrize("command", [("check",), ("user", "list"), ("poll",), ("serve",), ("restore", "copy")])
def test_a_data_directory_that_cannot_be_made_or_used_is_one_line(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = tmp_path / "link"
    nowhere.symlink_to(tmp_path / "gone" / "away")
    monkeypatch.setenv("CGM_DASH_DATA_DIR", str(nowhere))
    assert cli.main(command) == 2
    assert capsys.readouterr().err == (
        f"cgm-dash: CGM_DASH_DATA_DIR: '{nowhere}' cannot be made (File exists); name another\n"
    )
    monkeypatch.setenv("CGM_DASH_DATA_DIR", str(tmp_path))
    monkeypatch.setattr("cgm_dash.folder.os.access", lambda *_: False)  # root may read and write everything
    assert cli.main(command) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"cgm-dash: CGM_DASH_DATA_DIR: '{tmp_path}' cannot be read and written by this user")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address"), "CGM_DASH_HOST: '127.0.0.1' is no address"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "CGM_DASH_HOST: '127.0.0.1' is no address"),
        (
            OSError(errno.EACCES, "Permission denied"),
            "CGM_DASH_PORT: 127.0.0.1:8050 cannot be used (Permission denied)",
        ),
        (OSError(errno.EADDRINUSE, "Address already in use"), "stop what uses it, or set another port"),
    ],
)
def test_what_cannot_be_listened_on_is_blamed_on_address_or_port(
    error: OSError, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_host: str, _port: int) -> None:
        raise error

    monkeypatch.setenv("CGM_DASH_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(cli, "_try_port", refuse)
    assert cli.main(["serve"]) == 2
    assert said in capsys.readouterr().err


def test_migrate_brings_an_empty_database_to_head(tmp_path: Path) -> None:
    for _ in range(2):
        assert run("migrate", DATA_DIR=str(tmp_path), DEMO="0")[0] == 0
    assert (tmp_path / "cgm_dash.sqlite3").stat().st_mode & 0o777 == 0o600


def test_an_unreachable_database_is_one_line_and_a_failure(tmp_path: Path) -> None:
    address = "postgresql://nobody@127.0.0.1:1/none"
    status, _, err = run("migrate", DATA_DIR=str(tmp_path), DEMO="0", DATABASE_URL=address)
    assert status == 1
    assert err.startswith("cgm-dash: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err


@pytest.mark.parametrize("arguments", [(), ("fly",)])
def test_wrong_use_ends_with_status_2(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    status, _, err = run(*arguments, DATA_DIR=str(tmp_path))
    assert status == 2
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--port", "70000", "expected 0 to 65535, got 70000"),
        ("--seed", "-1", "expected 0 or more, got -1"),
        ("--days", "0", "expected at least 1, got 0"),
        ("--fault", "http-999", "no such id 'http-999'; did you mean "),
        ("--fault", "nope", "--fault: no such id 'nope'; ingestion/simulator/faults.py lists them\n"),
        ("--fault", "http-429-seconds:soon", "'soon'"),
    ],
)
def test_a_bad_option_of_the_simulator_is_one_line(
    option: str, value: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["simulate", "--port", "0", option, value]) == cli.WRONG_USE
    shown = capsys.readouterr().err
    assert shown.startswith(f"cgm-dash: {option}: ")
    assert (said in shown, shown.count("\n")) == (True, 1)


def test_a_used_port_of_the_simulator_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert cli.main(["simulate", "--port", str(port)]) == cli.WRONG_USE
    shown = capsys.readouterr().err
    assert shown.startswith(f"cgm-dash: --port: 127.0.0.1:{port} cannot be used (")
    assert shown.count("\n") == 1


def test_the_simulator_has_one_default_port() -> None:
    assert cli._parser().parse_args(["simulate"]).port == DEFAULT_PORT == 8060


def test_no_sentence_sends_anybody_to_a_command_that_is_not_there() -> None:
    (commands,) = [a.choices for a in cli._parser()._actions if isinstance(a.choices, dict)]
    packages = ("cgm_dash", "sql", "ingestion", "layouts", "callbacks")
    files = [path for package in packages for path in (ROOT / package).rglob("*.py")]
    named = {word for path in files for word in re.findall(r"cgm-dash ([a-z]+)", path.read_text(encoding="utf-8"))}
    assert named <= set(commands)


def test_a_defect_of_ours_is_not_called_wrong_use(monkeypatch: pytest.MonkeyPatch) -> None:
    def defect(_args: object) -> int:
        raise ValueError("invalid literal")

    monkeypatch.setattr(cli, "_migrate", defect)
    with pytest.raises(ValueError, match="invalid literal"):
        cli.main(["migrate"])


def test_what_was_typed_and_cannot_be_used_is_wrong_use(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_args: object) -> int:
        raise UsageError("--to: expected a date, got 'x'")

    monkeypatch.setattr(cli, "_migrate", refuse)
    assert cli.main(["migrate"]) == cli.WRONG_USE
    assert capsys.readouterr().err == "cgm-dash: --to: expected a date, got 'x'\n"


def test_the_simulator_serves_alone_until_it_is_told_to_stop() -> None:
    with started("simulate", "--port", "0", "--seed", "5", "--fault", "http-429-seconds:77") as process:
        assert process.stdout is not None
        address = None
        deadline = time.monotonic() + 15
        while address is None and time.monotonic() < deadline:
            address = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert address is not None
        answer = requests.get(address.group() + "/llu/connections", timeout=5)
        assert (answer.status_code, answer.headers.get("Retry-After")) == (429, "77")
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        finally:
            process.kill()
