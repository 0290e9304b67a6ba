"""A server over a damaged database: it starts, says so, touches nothing, and what it fetches is stored afterwards."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import app
from cgm_dash.settings import Settings
from ingestion.leader import Role
from ingestion.simulator import DEMO_EMAIL, DEMO_PASSWORD, SimulatorServer, World

NOON = 1_795_345_200.0


@dataclass
class Home:
    """A data directory with a stored account, and the simulator its readings come from."""

    settings: Settings
    file: Path

    def composed(self) -> app.Composition:
        return app.compose(self.settings, lambda: NOON)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    world = World.build(seed=7, people=1, clock=lambda: NOON, warmups=False)
    with SimulatorServer(world) as upstream:
        env = {
            "DATA_DIR": str(tmp_path),
            "LLU_URL": upstream.url,
            "LLU_EMAIL": DEMO_EMAIL,
            "LLU_PASSWORD": DEMO_PASSWORD,
        }
        settings = Settings.from_env({f"CGM_DASH_{name}": value for name, value in env.items()})
        home = Home(settings, tmp_path / "cgm_dash.sqlite3")
        made = home.composed()
        app.poll_once(made)
        made.services.store.close()
        yield home


def damage(file: Path, start: int, stop: int | None = None) -> str:
    data = bytearray(file.read_bytes())
    end = len(data) if stop is None else stop
    data[start:end] = b"\xa5" * (end - start)
    file.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.mark.parametrize("start", [0, 4096])
def test_every_page_says_what_is_and_how_to_restore(home: Home, start: int) -> None:
    before = damage(home.file, start)
    (home.file.parent / "backups").mkdir()
    newest = home.file.parent / "backups" / "cgm_dash-2026-11-22.sqlite3"
    newest.touch()
    made = home.composed()
    client = app.create_app(made.services).server.test_client()
    ready = client.get("/readyz")
    assert (ready.status_code, ready.text) == (503, "damaged")
    assert client.get("/healthz").status_code == 200
    for path in ("/", "/trends", "/login", "/nothing"):
        page = client.get(path, headers={"Accept": "text/html"})
        assert page.status_code == 503
        assert "The database file is damaged." in page.text
        assert f"cgm-dash restore --keep-damaged &#39;{newest}&#39;" in page.text
    assert client.get("/api/now").status_code == 503
    with client.get("/assets/cgm.css") as look:
        assert look.status_code == 200
    made.services.store.close()
    assert digest(home.file) == before


def test_what_is_fetched_meanwhile_is_spooled_and_stored_once_the_file_is_whole(home: Home) -> None:
    whole = home.file.read_bytes()
    before = damage(home.file, 0)
    made = home.composed()
    poller = app.poller_of(made)
    poller.poll(Role.LEADING)
    poller.poll(Role.LEADING)
    assert made.spool.waiting() == 2
    status = made.services.polling()
    assert status is not None
    assert (status.code, status.spooled) == ("database-damaged", True)
    assert digest(home.file) == before
    made.services.store.close()
    home.file.write_bytes(whole)
    made = home.composed()
    stored = app.poll_once(made)
    assert stored.code == "ok"
    assert made.spool.waiting() == 0
    assert made.services.store.runs.recent(5)[1].upstream_id == stored_account(made)
    assert not (home.file.parent / "spool.refused").exists()
    made.services.store.close()


def stored_account(made: app.Composition) -> int:
    account = made.services.store.upstreams.account()
    assert account is not None
    return account.upstream_id


def test_a_stored_account_is_still_polled_where_its_page_can_be_read(home: Home) -> None:
    stored = Settings.from_env(
        {"CGM_DASH_DATA_DIR": str(home.file.parent), "CGM_DASH_LLU_URL": home.settings.llu_url or ""}
    )
    size = home.file.stat().st_size
    before = damage(home.file, size - 4096)
    made = app.compose(stored, lambda: NOON)
    app.poller_of(made).poll(Role.LEADING)
    assert made.spool.waiting() == 1
    assert digest(home.file) == before
    made.services.store.close()
