"""From the demo to a real account while the server runs: checked once, stored encrypted, served by new workers."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from dash import Dash

import app as composition_root
from app import compose, create_app, decide
from callbacks.services import Services
from cgm_dash.errand import Errand, ErrandState
from cgm_dash.errors import ConfigError, SourceAuthError, StoreUnavailable, TooSoon, UsageError
from cgm_dash.settings import Settings
from cgm_dash.trouble import Level
from ingestion.simulator import DEMO_EMAIL, DEMO_PASSWORD, SimulatorServer, World
from sql.engine import make_engine
from sql.real_account import RealAccount
from sql.store import assemble
from sql.vault import Vault
from tests.support.served import Served, serving
from tests.support.signed_in import FROM_A_PAGE, let_in, visitor

CONNECTING = "tests.support.connecting:server"
DEMO_NOTE = "Demo: invented data"


@pytest.fixture
def simulator() -> Iterator[SimulatorServer]:
    """The service that is the real one here. Its wearer has a name that nobody in the demo has."""
    world = World.build(seed=3, warmups=False)
    world.patients = [replace(patient, last_name="Canarywearer") for patient in world.patients]
    with SimulatorServer(world) as server:
        yield server


def wait_for(condition: Callable[[], object], timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def page(folder: Path, **settings: str) -> Services:
    """Return the services of one more process over the data directory: pages may be served by any."""
    named = {f"CGM_DASH_{name}": value for name, value in settings.items()}
    return compose(Settings.from_env({"CGM_DASH_DATA_DIR": str(folder), **named})).services


def came_to(services: Services, id_: str) -> Errand:
    """Return the errand once it is over."""
    found: list[Errand] = []

    def over() -> bool:
        errand = services.errand(id_)
        assert errand is not None
        found[:] = [errand]
        return errand.is_over

    wait_for(over, 30)
    return found[0]


def now(served: Served) -> dict[str, object]:
    """Return what /api/now says."""
    real = (served.folder / "cgm_dash.sqlite3").exists()
    asking = visitor(served) if real else requests.Session()
    answer = asking.get(served.url + "/api/now", timeout=10)
    document: dict[str, object] = answer.json() if answer.ok else {"state": answer.status_code}
    return document


def post(served: Served, path: str, **fields: str) -> str:
    """Send a form as a page of ours would and return what is answered."""
    real = (served.folder / "cgm_dash.sqlite3").exists()
    asking = visitor(served) if real else requests.Session()
    page = asking.get(served.url + "/test/token", timeout=10)
    answer = asking.post(served.url + path, data={**fields, "token": page.text}, headers=FROM_A_PAGE, timeout=20)
    return answer.text


def names(folder: Path) -> list[str]:
    """Return who is in the real database."""
    store = assemble(make_engine(f"sqlite:///{folder / 'cgm_dash.sqlite3'}"), Vault.open(folder))
    try:
        return [person.name for person in store.people.list()]
    finally:
        store.close()


@pytest.mark.alone
def test_a_demo_becomes_the_real_thing_without_a_lost_request(tmp_path: Path, simulator: SimulatorServer) -> None:
    settings = {"LLU_URL": simulator.url, "POLL_SECONDS": "1"}
    with serving(tmp_path, workers=2, wsgi_app=CONNECTING, **settings) as served:
        served.ready()
        wait_for(lambda: now(served)["state"] == "fresh")
        assert now(served)["note"] == DEMO_NOTE
        assert not (tmp_path / "cgm_dash.sqlite3").exists()
        before = set(served.workers())
        statuses, slow, stop = list[int](), list[str](), threading.Event()
        beside = [
            threading.Thread(target=_ask_on, args=(served, statuses, stop)),
            threading.Thread(target=lambda: slow.append(requests.get(served.url + "/test/slowly", timeout=20).text)),
        ]
        for thread in beside:
            thread.start()
        given = {"email": DEMO_EMAIL, "password": DEMO_PASSWORD}
        assert post(served, "/test/connect", **given) == "True"
        at = time.monotonic()
        wait_for(lambda: not before & set(served.workers()) and len(served.workers()) == 2)
        served.ready(timeout_s=10)
        wait_for(lambda: now(served)["state"] == "fresh")
        took = time.monotonic() - at
        stop.set()
        for thread in beside:
            thread.join()
        assert slow == ["answered"]
        assert set(statuses) == {200}, statuses
        assert took < 12, took
        document = now(served)
        assert "note" not in document
        assert "Canarywearer" in str(document["person"])
        assert len(names(tmp_path)) == 1
        assert "Canarywearer" in names(tmp_path)[0]  # and nobody of the demo
        assert simulator.count("login") == 1
        _assert_one_poller(simulator, served)
        served.stop()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert DEMO_PASSWORD.encode() not in content, path
            assert path.name.startswith("server.log") is False or b"Canarywearer" not in content


def _ask_on(served: Served, statuses: list[int], stop: threading.Event) -> None:
    while not stop.is_set():
        statuses.append(requests.get(served.url + "/healthz", timeout=20).status_code)
        time.sleep(0.02)


def _assert_one_poller(simulator: SimulatorServer, served: Served) -> None:
    """Hold that one a second was asked, and by one process."""
    simulator.forget()
    told = len(served.pollers())
    time.sleep(5)
    assert simulator.count("connections") <= 6
    (poller,) = set(served.pollers()[told:])
    assert poller in served.workers()


@pytest.mark.alone
def test_an_account_can_be_changed_and_forgotten_and_readings_stay(tmp_path: Path, simulator: SimulatorServer) -> None:
    settings = {"LLU_URL": simulator.url, "POLL_SECONDS": "1", "DEMO": "0"}
    given = {"email": DEMO_EMAIL, "password": DEMO_PASSWORD}
    with serving(tmp_path, wsgi_app=CONNECTING, **settings) as served:
        served.ready()  # without an account too: who leads can check one
        assert simulator.count() == 0
        assert post(served, "/test/connect", **given) == "True"
        wait_for(lambda: now(served)["state"] == "fresh")
        served.ready(timeout_s=10)
        old = set(served.workers())
        assert post(served, "/test/disconnect") == "True"
        assert not RealAccount("librelinkup", _url(tmp_path), tmp_path).is_stored()
        wait_for(lambda: served.workers() and not old & set(served.workers()))
        served.ready(timeout_s=10)
        simulator.forget()
        time.sleep(2.5)
        assert simulator.count() == 0
        assert len(names(tmp_path)) == 1
        assert now(served)["person"] is not None


def _url(folder: Path) -> str:
    return f"sqlite:///{folder / 'cgm_dash.sqlite3'}"


@pytest.mark.alone
def test_a_check_is_one_sign_in_by_the_leader_and_the_demo_goes_on(tmp_path: Path, simulator: SimulatorServer) -> None:
    settings = {"LLU_URL": simulator.url, "POLL_SECONDS": "1"}
    with serving(tmp_path, workers=2, LOG_LEVEL="DEBUG", **settings) as served:
        served.ready()
        services = page(tmp_path, **settings)
        assert services.demo
        assert services.account_shown() is None
        id_ = services.ask_check("canary@example.org", "canary-wrong")
        wrong = came_to(services, id_)
        assert wrong.result is not None
        assert (wrong.state, wrong.result.code, wrong.result.level) == (
            ErrandState.DONE,
            "wrong-password",
            Level.USER,
        )
        assert simulator.count("login") == 1
        with pytest.raises(TooSoon) as caught:
            services.ask_check(DEMO_EMAIL, DEMO_PASSWORD)
        assert caught.value.why == "pace"
        wait_for(lambda: time.time() >= caught.value.next_at)
        right = came_to(services, services.ask_check(DEMO_EMAIL, DEMO_PASSWORD))
        assert right.result is not None
        (found,) = right.result.wearers
        assert found.name == "Mira Canarywearer"
        assert (found.country, found.unit) == ("DE", "mg/dL")
        assert found.age_s is not None
        assert 0 <= found.age_s < 120
        assert (simulator.count("login"), simulator.count("connections")) == (2, 1)
        assert now(served)["note"] == DEMO_NOTE
        assert not (tmp_path / "cgm_dash.sqlite3").exists()
        services.store.close()
        served.stop()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            secrets = ("canary-wrong", "canary@example.org", DEMO_PASSWORD, "Canarywearer")
            assert not [secret for secret in secrets if secret.encode() in content], path


@pytest.mark.alone
def test_stopping_takes_seconds_with_a_check_that_hangs(tmp_path: Path, simulator: SimulatorServer) -> None:
    simulator.inject("net-timeout", seconds=3600)
    settings = {"LLU_URL": simulator.url}
    with serving(tmp_path, **settings) as served:
        served.ready()
        services = page(tmp_path, **settings)
        id_ = services.ask_check(DEMO_EMAIL, DEMO_PASSWORD)
        wait_for(lambda: (found := services.errand(id_)) is not None and found.state is ErrandState.TAKEN)
        wait_for(lambda: now(served)["state"] == "fresh")  # the demo's polls are not held up
        assert served.stop() < 10
        services.store.close()


@pytest.mark.alone
def test_who_asks_now_does_not_wait_for_the_next_poll(tmp_path: Path, simulator: SimulatorServer) -> None:
    settings = {"LLU_URL": simulator.url, "LLU_EMAIL": DEMO_EMAIL, "LLU_PASSWORD": DEMO_PASSWORD}
    with serving(tmp_path, **settings) as served:
        served.ready()
        wait_for(lambda: now(served)["state"] == "fresh")
        services = page(tmp_path, **settings)
        before = simulator.count("connections")
        at = time.monotonic()
        done = came_to(services, services.ask_poll())
        assert done.result is not None
        assert done.result.code == "ok"
        assert time.monotonic() - at < 5
        assert simulator.count("connections") == before + 1
        with pytest.raises(TooSoon):
            services.ask_poll()
        services.store.close()


def test_whoever_polls_notices_that_the_account_was_changed_or_forgotten_elsewhere(
    tmp_path: Path, simulator: SimulatorServer
) -> None:
    settings = Settings.from_env({"CGM_DASH_DATA_DIR": str(tmp_path), "CGM_DASH_LLU_URL": simulator.url})
    restarted = list[int]()

    def restart() -> bool:
        restarted.append(1)
        return True

    elsewhere = compose(settings).services
    elsewhere.connect(DEMO_EMAIL, "another")
    made = compose(settings, restart=restart)
    way = composition_root._real_way(made)
    assert way.stands()
    elsewhere.connect(DEMO_EMAIL, DEMO_PASSWORD)
    assert not way.stands()
    way.close()
    way = composition_root._real_way(made)
    assert way.pipeline.run().code == "ok"
    assert restarted == []
    elsewhere.disconnect()
    assert not way.stands()
    way.close()
    with pytest.raises(SourceAuthError, match="not-configured"):
        composition_root._real_way(made)
    assert restarted == [1]
    for services in (elsewhere, made.services):
        services.store.close()


def test_the_polled_account_is_checked_with_its_own_session_and_another_password_with_a_sign_in(
    tmp_path: Path, simulator: SimulatorServer
) -> None:
    settings = Settings.from_env({"CGM_DASH_DATA_DIR": str(tmp_path), "CGM_DASH_LLU_URL": simulator.url})
    compose(settings).services.connect(DEMO_EMAIL, DEMO_PASSWORD)
    made = compose(settings)
    way = composition_root._real_way(made)
    assert way.pipeline.run().code == "ok"
    same = {"email": DEMO_EMAIL, "password": DEMO_PASSWORD, "region": None}
    assert composition_root._check(made, same, 5).code == "ok"
    assert simulator.count("login") == 1
    assert composition_root._check(made, {**same, "password": "other"}, 5).code == "wrong-password"
    assert simulator.count("login") == 2
    assert way.pipeline.run().code == "ok"
    assert simulator.count("login") == 2
    way.close()
    made.services.store.close()


def test_an_account_sealed_with_another_key_is_none_until_it_is_connected_again(
    tmp_path: Path, composed: Callable[..., Services]
) -> None:
    composed().connect(DEMO_EMAIL, DEMO_PASSWORD)
    made = compose(Settings.from_env({"CGM_DASH_DATA_DIR": str(tmp_path), "CGM_DASH_SECRET_KEY": "k" * 32}))
    assert (made.services.demo, made.services.account_shown()) == (False, None)
    with pytest.raises(SourceAuthError, match="not-configured"):
        composition_root._real_way(made)
    made.services.connect(DEMO_EMAIL, DEMO_PASSWORD)
    composition_root._real_way(made).close()
    made.services.store.close()


@pytest.fixture
def composed(tmp_path: Path) -> Callable[..., Services]:
    return lambda **settings: page(tmp_path, **settings)


ACCOUNT = {"LLU_EMAIL": "f@example.org", "LLU_PASSWORD": "x"}
YES, NO, AWAY = True, False, None


@pytest.mark.parametrize(("settings", "stored", "demo", "counts"), [
    ({}, NO, True, False),
    ({}, YES, False, True),
    ({}, AWAY, False, True),
    ({"DEMO": "0"}, NO, False, False),
    ({"DEMO": "0"}, YES, False, True),
    ({"DEMO": "0"}, AWAY, False, True),
    ({"DEMO": "1"}, NO, True, False),
    ({"DEMO": "1"}, AWAY, True, False),
    ({"DEMO": "1"}, YES, ConfigError, None),
    ({"POLL_SECONDS": "10"}, NO, True, False),
    ({"POLL_SECONDS": "10"}, YES, ConfigError, None),
    ({"POLL_SECONDS": "10", "LLU_URL": "http://127.0.0.1:9"}, YES, False, True),
    (ACCOUNT, "never asked", False, False),
])  # fmt: skip
def test_which_installation_it_is(
    tmp_path: Path,
    settings: dict[str, str],
    stored: bool | str | None,
    demo: bool | type[Exception],
    counts: bool | None,
) -> None:
    def is_stored() -> bool:
        if stored is None:
            raise StoreUnavailable("away")
        assert isinstance(stored, bool)
        return stored

    named = {f"CGM_DASH_{name}": value for name, value in settings.items()}
    read = Settings.from_env({"CGM_DASH_DATA_DIR": str(tmp_path), **named})
    if isinstance(demo, bool):
        assert decide(read, is_stored) == (demo, counts)
    else:
        with pytest.raises(demo, match="an account is stored"):
            decide(read, is_stored)


def test_what_is_stored_decides_the_next_start(tmp_path: Path, composed: Callable[..., Services]) -> None:
    first = composed()
    assert (first.demo, first.has_account) == (True, False)
    assert first.connect(" mira@example.org ", "secret") is False  # nobody runs this process for us
    second = composed()
    assert (second.demo, second.has_account, second.stored_account) == (False, True, True)
    assert second.store.engine.url.database == str(tmp_path / "cgm_dash.sqlite3")
    assert second.account_shown() == "m…@example.org"
    with pytest.raises(ConfigError, match="CGM_DASH_DEMO"):
        composed(DEMO="1")
    third = composed(LLU_EMAIL="f@example.org", LLU_PASSWORD="x")
    assert (third.has_account, third.stored_account, third.account_shown()) == (True, False, "…@example.org")
    assert second.disconnect() is False
    fourth = composed()
    assert (fourth.demo, fourth.has_account) == (True, False)
    for services in (first, second, third, fourth):
        services.store.close()


def test_a_real_database_that_is_away_is_no_reason_for_a_demo(composed: Callable[..., Services]) -> None:
    services = composed(DATABASE_URL="postgresql://u@127.0.0.1:1/none")
    assert (services.demo, services.has_account) == (False, True)
    assert services.account_shown() is None


@pytest.mark.parametrize(("settings", "said"), [
    ({"DEMO": "1"}, "CGM_DASH_DEMO"),
    (ACCOUNT, "CGM_DASH_LLU_EMAIL"),
    ({"POLL_SECONDS": "10"}, "CGM_DASH_POLL_SECONDS"),
])  # fmt: skip
def test_where_settings_forbid_it_nothing_is_checked_stored_or_forgotten(
    tmp_path: Path, composed: Callable[..., Services], settings: dict[str, str], said: str
) -> None:
    services = composed(**settings)
    assert (services.why_not_connect() or "").startswith(said)
    acts: tuple[Callable[[], object], ...] = (
        lambda: services.connect("a@example.org", "x"),
        lambda: services.ask_check("a@example.org", "x"),
        services.disconnect,
    )
    for act in acts:
        with pytest.raises(ConfigError, match=said):
            act()
    assert not RealAccount("librelinkup", _url(tmp_path), tmp_path).is_stored()
    services.store.close()


@pytest.mark.parametrize(("given", "said"), [
    (("canary", "x", None), "e-mail"),
    (("", "x", None), "e-mail"),
    (("canary@example.org" + "x" * 400, "x", None), "e-mail"),
    (("canary@example.org", "", None), "password"),
    (("canary@example.org", "canary" * 100, None), "password"),
    (("canary@example.org", "can\0ary", None), "password"),
    (("canary@example.org", "x", "canary"), "region"),
    (("canary@example.org", "x", "eu.attacker.example/"), "region"),
])  # fmt: skip
def test_what_cannot_be_credentials_is_refused_and_not_repeated(
    composed: Callable[..., Services], given: tuple[str, str, str | None], said: str
) -> None:
    services = composed()
    for act in (services.connect, services.ask_check):
        with pytest.raises(UsageError, match=said) as caught:
            act(*given)
        assert "canary" not in str(caught.value)
    services.store.close()


def test_a_stored_account_is_shown_to_whoever_has_signed_in_and_nobody_else(composed: Callable[..., Services]) -> None:
    composed().connect("mira@example.org", "secret")
    services = composed()
    services.ready()
    app: Dash = create_app(services)
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    assert app.server.test_client().get("/_dash-layout", environ_base=elsewhere).status_code == 401
    let_in(app, services)
    assert app.server.test_client().get("/_dash-layout", environ_base=elsewhere).status_code == 200
    services.store.close()
