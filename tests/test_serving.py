"""The real server: two workers and one leader, stops and outages, wrong settings."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import requests

from cgm_dash.reading import Kind
from ingestion.simulator import DEMO_EMAIL, DEMO_PASSWORD, SimulatorServer, World
from sql.engine import make_engine
from sql.store import Store, assemble
from sql.vault import Vault
from tests.support import postgres
from tests.support.served import ROOT, Served, free_port, serving
from tests.support.signed_in import visitor


@pytest.fixture
def simulator() -> Iterator[SimulatorServer]:
    with SimulatorServer(World.build(seed=3, warmups=False)) as server:
        yield server


def account(simulator: SimulatorServer, seconds: int = 1) -> dict[str, str]:
    """Return the settings of an account at *simulator*, polled every *seconds*."""
    return {
        "LLU_EMAIL": DEMO_EMAIL,
        "LLU_PASSWORD": DEMO_PASSWORD,
        "LLU_URL": simulator.url,
        "POLL_SECONDS": str(seconds),
    }


def wait_for(condition: Callable[[], object], timeout_s: float = 15.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def polls(simulator: SimulatorServer) -> list[float]:
    """Return when the upstream was polled."""
    return [r.time for r in simulator.requests if r.endpoint == "connections"]


def state(served: Served, database_url: str = "") -> object:
    """Return in which state the newest reading is, as a program of the owner's is told."""
    answer = visitor(served, database_url).get(served.url + "/api/now", timeout=5)
    return answer.json()["state"] if answer.ok else answer.status_code


def leader_of(served: Served) -> int:
    """Return the process id of the worker that took the lead last."""
    return int(re.findall(r"leader pid=(\d+) role=leading", served.log())[-1])


def assert_steady(times: list[float], seconds: float) -> None:
    """Hold that these polls, seen over so many *seconds*, came one a second, none left out, no three within one.

    Two may be seen closer to each other than they began, by as much as the first one took to get here; so who polls
    twice at once is told by the count and by who polled (Served.pollers).
    """
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert abs(len(times) - seconds) <= 1, times
    assert min(third - first for first, third in zip(times, times[2:], strict=False)) >= 1, gaps
    assert max(gaps) <= 2.5, gaps


@pytest.mark.alone
def test_two_workers_poll_once_and_a_killed_leader_is_replaced(
    tmp_path: Path, database_url: str, simulator: SimulatorServer
) -> None:
    with serving(tmp_path / "data", workers=2, DATABASE_URL=database_url, **account(simulator)) as served:
        served.ready()
        wait_for(lambda: len(served.workers()) == 2)
        start = time.time()
        time.sleep(10)
        killed = leader_of(served)
        os.kill(killed, signal.SIGKILL)
        at = time.time()
        seen = [t for t in polls(simulator) if t >= start]
        assert_steady(seen, at - start)
        assert set(served.pollers()) == {killed}
        told = len(served.pollers())
        wait_for(lambda: any(t > at for t in polls(simulator)))
        first = min(t for t in polls(simulator) if t > at)
        assert first - seen[-1] <= 2.5
        time.sleep(5)
        end = time.time()
        assert_steady([t for t in polls(simulator) if first <= t <= end], end - first)
        assert leader_of(served) != killed
        assert set(served.pollers()[told:]) == {leader_of(served)}
        assert simulator.count("login") == 1


@pytest.mark.alone
def test_stopping_takes_seconds_even_with_a_hung_upstream(tmp_path: Path, simulator: SimulatorServer) -> None:
    simulator.inject("net-timeout", seconds=3600)
    with serving(tmp_path, **account(simulator)) as served:
        served.ready("/healthz")
        wait_for(lambda: simulator.requests)
        assert served.stop() < 10
    with serving(tmp_path, **account(simulator)) as served:
        simulator.clear()
        served.ready()


def test_what_is_stored_survives_kill_9(tmp_path: Path, simulator: SimulatorServer) -> None:
    with serving(tmp_path, **account(simulator)) as served:
        served.ready()
        wait_for(lambda: state(served) == "fresh")
        os.killpg(served.process.pid, signal.SIGKILL)
    with open_store(f"sqlite:///{tmp_path / 'cgm_dash.sqlite3'}", tmp_path) as store:
        kinds = store.readings.load(1).columns.kind.tolist()
        assert kinds.count(Kind.LIVE) >= 1
        assert kinds.count(Kind.HISTORY) >= 139


class open_store:  # noqa: N801  reads as a function at its calls
    """The store of *url*, closed again at the end."""

    def __init__(self, url: str, keys: Path) -> None:
        self._store = assemble(make_engine(url), Vault.open(keys))

    def __enter__(self) -> Store:
        return self._store

    def __exit__(self, *_: object) -> None:
        self._store.close()


@pytest.mark.alone
def test_a_database_away_for_ten_polls_costs_no_minute(
    tmp_path: Path, postgres_cluster: postgres.PrivateServer, simulator: SimulatorServer
) -> None:
    """Every poll is a minute here: the simulator's clock goes sixty times as fast as the polls."""
    with postgres_cluster.database() as url:
        start = time.time()
        # Minutes pass with the polls: the newest reading changes at every one of them, and none lies in the future.
        world = World.build(seed=3, warmups=False, clock=lambda: start - 3600 + 60 * (time.time() - start))
        with (
            SimulatorServer(world) as fast,
            serving(tmp_path, DATABASE_URL=url, **account(fast)) as served,
            open_store(url, tmp_path) as store,
        ):
            served.ready()
            wait_for(lambda: store.people.list() and store.readings.count(1) > 100)
            seen = visitor(served, url)
            assert seen.get(served.url + "/_dash-layout", timeout=10).status_code == 200
            postgres_cluster.stop()
            away_from = len(polls(fast))
            wait_for(lambda: len(polls(fast)) >= away_from + 10, 40)
            answer = seen.get(served.url + "/_dash-layout", timeout=10)
            assert "The database does not answer" in answer.text
            assert "Trends" not in requests.get(served.url + "/", timeout=10).text
            logins = fast.count("login")
            postgres_cluster.start()
            wait_for(lambda: requests.get(served.url + "/readyz", timeout=5).status_code == 200, 40)
            wait_for(lambda: not (tmp_path / "spool.jsonl").exists() and "spool replayed" in served.log(), 40)
            offered = {r.time for r in fast.requests if r.endpoint == "connections" and r.status == 200}
            live = {int(ts) for ts, kind in zip(*_ts_and_kind(store), strict=True) if kind == Kind.LIVE}
            newest = {world.latest(0, at) for at in sorted(offered)[:-1]}
            assert {r.ts for r in newest if r is not None} <= live
            assert fast.count("login") == logins == 1


def _ts_and_kind(store: Store) -> tuple[list[int], list[int]]:
    columns = store.readings.load(1).columns
    return columns.ts.tolist(), columns.kind.tolist()


def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run one command with these settings and return what it said."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("CGM_DASH_")}
    env |= {f"CGM_DASH_{name}": value for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", "cgm_dash", *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def gunicorn(*arguments: str, processes: str = "1", **settings: str) -> subprocess.CompletedProcess[str]:
    """Run gunicorn itself in the checkout with these settings, in a moment in which it must end, and what it said."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("CGM_DASH_")}
    env |= {"WEB_CONCURRENCY": processes} | {f"CGM_DASH_{name}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "gunicorn", "app:server", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=30, check=False)


ACCOUNT = {"LLU_EMAIL": "f@example.org", "LLU_PASSWORD": "x", "LLU_URL": "http://127.0.0.1:9"}


@pytest.mark.parametrize(
    ("options", "settings", "status", "said"),
    [
        (["--bind", "0.0.0.0:0"], {}, 2, "'0.0.0.0' is open to the network; set CGM_DASH_DEMO=1"),
        (["--bind", "127.0.0.1:0", "--bind", "[::]:0"], {}, 2, "'::' is open to the network"),
        (["--bind", "0.0.0.0:0", "--reuse-port"], {}, 4, "'0.0.0.0' is open to the network"),
    ],
)
def test_gunicorns_own_options_do_not_open_a_demo_that_is_not_forced(
    tmp_path: Path, options: list[str], settings: dict[str, str], status: int, said: str
) -> None:
    answer = gunicorn(*options, DATA_DIR=str(tmp_path), **settings)
    assert answer.returncode == status, answer.stderr
    assert f"cgm-dash: --bind: {said}" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    ("settings", "status", "said"),
    [
        ({"POLL_SECONDS": "fast"}, 2, "CGM_DASH_POLL_SECONDS: expected a whole number"),
        ({"DATA_DIR": "/dev/null/none"}, 2, "CGM_DASH_DATA_DIR: '/dev/null/none' cannot be reached"),
        ({"DATABASE_URL": "postgresql://u@h:port/d", **ACCOUNT}, 2, "CGM_DASH_DATABASE_URL: expected a port"),
        ({"DATABASE_URL": "sqlite:////dev/null/x", **ACCOUNT}, 1, "/dev/null/x: cannot be created"),
        ({"processes": "0"}, 2, "WEB_CONCURRENCY: expected a whole number from 1 to 64, got '0'"),
    ],
)
def test_gunicorn_says_wrong_settings_in_one_line(
    tmp_path: Path, settings: dict[str, str], status: int, said: str
) -> None:
    answer = gunicorn("--bind", "127.0.0.1:0", **{"DATA_DIR": str(tmp_path), **settings})
    assert answer.returncode == status, answer.stderr
    assert answer.stderr.startswith(f"cgm-dash: {said}")
    assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize("value", ["two", "0", ""])
def test_a_wrong_number_of_processes_is_one_line(tmp_path: Path, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", value)
    answer = run("serve", DATA_DIR=str(tmp_path), PORT=str(free_port()))
    assert answer.returncode == 2
    assert answer.stderr.startswith(f"cgm-dash: WEB_CONCURRENCY: expected a whole number from 1 to 64, got '{value}'")
    assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize("with_file", [True, False])
def test_a_server_without_gunicorns_file_says_that_nothing_polls(
    tmp_path: Path, simulator: SimulatorServer, with_file: bool
) -> None:
    """From another folder gunicorn does not find our file by itself; a Unix socket is as good as a loopback address."""
    address = tmp_path / "socket"
    env = {**os.environ, "CGM_DASH_DATA_DIR": str(tmp_path / "data"), "PYTHONPATH": str(ROOT)}
    env |= {f"CGM_DASH_{name}": value for name, value in account(simulator).items()}
    options = ["-c", str(ROOT / "gunicorn.conf.py")] if with_file else ["--no-control-socket"]
    command = [sys.executable, "-m", "gunicorn", *options, "--bind", f"unix:{address}", "app:server"]
    log = tmp_path / "log"
    with log.open("wb") as out, subprocess.Popen(command, cwd=tmp_path, env=env, stdout=out, stderr=out) as process:
        try:
            wait_for(address.exists)
            for _ in range(2):
                assert asked_over(address, "/healthz").startswith(b"HTTP/1.1 200 OK")
            if with_file:
                wait_for(lambda: polls(simulator))
            else:
                assert asked_over(address, "/readyz").endswith(b"ingestion")
        finally:
            process.terminate()
    assert log.read_text().count("ingestion=never-started") == (0 if with_file else 1)
    assert bool(polls(simulator)) is with_file


def asked_over(path: Path, target: str) -> bytes:
    """Return the whole answer to a GET over a Unix socket."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(path))
        client.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: client.recv(65536), b""))


def test_importing_app_does_nothing(tmp_path: Path) -> None:
    program = "import threading, app; print(threading.active_count(), app.composition.cache_info().currsize)"
    env = {**os.environ, "CGM_DASH_DATA_DIR": str(tmp_path / "none")}
    answer = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    assert answer.stdout == "1 0\n"
    assert list(tmp_path.iterdir()) == []


def test_a_used_port_is_named_with_the_remedy(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        answer = run("serve", DATA_DIR=str(tmp_path), PORT=port)
    assert answer.returncode == 2
    assert answer.stderr.startswith(f"cgm-dash: CGM_DASH_PORT: 127.0.0.1:{port} cannot be used")
    assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"POLL_SECONDS": "fast"}, "CGM_DASH_POLL_SECONDS"),
        ({"HOST": "0.0.0.0"}, "CGM_DASH_DEMO=1"),
    ],
)
def test_wrong_settings_end_in_one_line(tmp_path: Path, settings: dict[str, str], said: str) -> None:
    answer = run("serve", DATA_DIR=str(tmp_path), **settings)
    assert answer.returncode == 2
    assert said in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_a_damaged_file_is_kept_and_explained_and_the_server_keeps_running(tmp_path: Path) -> None:
    damaged = tmp_path / "demo" / "cgm_dash.sqlite3"
    damaged.parent.mkdir()
    damaged.write_bytes(b"this is no database at all" * 400)
    before = damaged.read_bytes()
    with serving(tmp_path) as served:
        served.ready("/healthz")
        answer = requests.get(served.url + "/readyz", timeout=5)
        assert (answer.status_code, answer.text) == (503, "damaged")
        page = requests.get(served.url + "/_dash-layout", timeout=5).text
        assert "cgm_dash.sqlite3" in page
    assert damaged.read_bytes() == before


def test_poll_prints_one_document(tmp_path: Path, simulator: SimulatorServer) -> None:
    answer = run("poll", "--json", DATA_DIR=str(tmp_path), **account(simulator))
    assert answer.returncode == 0, answer.stderr
    import json

    document = json.loads(answer.stdout)
    assert document["outcome"] == "ok"
    assert document["stored"] == document["fetched"] > 100


def test_a_wrong_password_signs_in_once_and_never_again(tmp_path: Path, simulator: SimulatorServer) -> None:
    wrong = {**account(simulator), "LLU_PASSWORD": "not this"}
    for _ in range(3):
        answer = run("poll", DATA_DIR=str(tmp_path), **wrong)
        assert answer.returncode == 1
        assert answer.stdout.startswith("wrong-password")
    assert simulator.count("login") == 1
    assert run("poll", DATA_DIR=str(tmp_path), **account(simulator)).returncode == 0


@pytest.fixture
def issued(simulator: SimulatorServer, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tokens that *simulator* has handed out, whose people have names nobody else has."""
    world = simulator.world
    world.follower = replace(world.follower, first_name="Canaryfirst", last_name="Canaryfollower")
    world.patients = [replace(patient, last_name="Canarywearer") for patient in world.patients]
    tokens: list[str] = []
    issue = world.tickets.issue

    def issue_and_keep(*arguments: Any) -> dict[str, Any]:
        ticket = issue(*arguments)
        tokens.append(str(ticket["token"]))
        return ticket

    monkeypatch.setattr(world.tickets, "issue", issue_and_keep)
    return tokens


NAMES = ("Canary", "Mira")


def assert_unsaid(folder: Path, secrets: Iterable[str], in_log: Iterable[str] = ()) -> None:
    """Hold that no file below *folder* has one of the *secrets*, nor the log one of *in_log*; all but it are 0600."""
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        content = path.read_bytes()
        is_log = path.name == "server.log"
        assert not [s for s in (*secrets, *(in_log if is_log else ())) if s.encode() in content], path
        assert is_log or path.stat().st_mode & 0o077 == 0, path


def test_no_secret_is_in_logs_or_files(tmp_path: Path, simulator: SimulatorServer, issued: list[str]) -> None:
    with serving(tmp_path, LOG_LEVEL="DEBUG", **account(simulator)) as served:
        served.ready()
        wait_for(lambda: state(served) == "fresh")
        assert "Mira" in visitor(served).get(served.url + "/api/now", timeout=5).json()["person"]
        served.stop()
    assert issued
    # the claims and the signature of each; what stands before is the same for everybody
    parts = [part for token in issued for part in token.split(".")[1:]]
    assert_unsaid(tmp_path, [DEMO_EMAIL, DEMO_PASSWORD, *parts], NAMES)


def test_a_refused_sign_in_tells_the_log_no_secret(
    tmp_path: Path, simulator: SimulatorServer, issued: list[str]
) -> None:
    wrong = {**account(simulator), "LLU_PASSWORD": "canary-wrong-password"}
    with serving(tmp_path, LOG_LEVEL="DEBUG", **wrong) as served:
        served.ready()
        wait_for(lambda: "wrong-password" in served.log())
        served.stop()
    assert (simulator.count("login"), issued) == (1, [])
    assert_unsaid(tmp_path, [DEMO_EMAIL, "canary-wrong-password"], NAMES)


def test_a_databases_password_is_in_no_log(tmp_path: Path, simulator: SimulatorServer) -> None:
    address = "postgresql://canary-user:canary-password@127.0.0.1:1/none"
    with serving(tmp_path, LOG_LEVEL="DEBUG", DATABASE_URL=address, **account(simulator)) as served:
        served.ready("/healthz")
        assert requests.get(served.url + "/readyz", timeout=10).text == "database"
        page = requests.get(served.url + "/_dash-layout", timeout=10)
        assert page.status_code == 401
        assert "canary-password" not in page.text
        wait_for(lambda: "127.0.0.1" in served.log())
        served.stop()
    assert_unsaid(tmp_path, [DEMO_EMAIL, DEMO_PASSWORD, "canary-password"])


def test_a_database_that_is_not_there_at_start_is_said_and_waited_for(
    tmp_path: Path, postgres_cluster: postgres.PrivateServer, simulator: SimulatorServer
) -> None:
    with postgres_cluster.database() as url:
        postgres_cluster.stop()
        with serving(tmp_path, DATABASE_URL=url, **account(simulator)) as served:
            served.ready("/healthz")
            assert requests.get(served.url + "/readyz", timeout=10).text == "database"
            for path in ("/", "/login"):
                answer = requests.get(served.url + path, timeout=10, headers={"Accept": "text/html"})
                assert answer.status_code == 503
                assert "The database does not answer" in answer.text
            assert simulator.count() == 0
            postgres_cluster.start()
            served.ready(timeout_s=30)
            wait_for(lambda: state(served, url) == "fresh")


def test_the_data_directory_is_the_owners_alone_whoever_makes_it(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    assert run("poll", DATA_DIR=str(folder)).returncode == 0
    assert folder.stat().st_mode & 0o777 == 0o700
