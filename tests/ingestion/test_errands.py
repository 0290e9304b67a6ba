"""The runner over real HTTP: one sign-in, an answer in time whatever the other side does, polls not held up."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from cgm_dash.account import Credentials
from cgm_dash.errand import DEADLINE_S, Errand, ErrandKind, ErrandResult, ErrandState
from cgm_dash.errors import StoreUnavailable
from ingestion import errands as runner
from ingestion.demo import InMemoryState
from ingestion.errands import Errands, check_account
from ingestion.leader import Role
from ingestion.poll_status import PollStatus
from ingestion.poller import Asked, Poller, Way
from ingestion.simulator import DEMO_EMAIL, DEMO_PASSWORD, SimulatorServer, World
from sql.store import Store
from tests.ingestion.conftest import NOON, Upstream
from tests.support.upstream import Clock

SECONDS = 3.0


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON)


@pytest.fixture
def server(clock: Clock) -> Iterator[SimulatorServer]:
    with SimulatorServer(World.build(seed=7, people=2, unit="mmol/L", clock=clock, warmups=False)) as running:
        yield running


def check(
    server: SimulatorServer, clock: Clock, password: str = DEMO_PASSWORD, *, url: str = "", **options: Any
) -> ErrandResult:
    given = Credentials(DEMO_EMAIL, password)
    seconds, state = options.pop("seconds", SECONDS), options.pop("state", InMemoryState())
    return check_account(given, seconds, state, clock, url=url or server.url, **options)


def test_a_check_lists_who_shares_readings(server: SimulatorServer, clock: Clock) -> None:
    result = check(server, clock)
    assert result.code == "ok"
    told = [(one.name, one.country, one.unit) for one in result.wearers]
    assert sorted(told) == sorted((f"{p.first_name} {p.last_name}", p.country, "mmol/L") for p in server.world.patients)
    assert all(one.age_s is not None and 0 <= one.age_s < 120 for one in result.wearers)
    assert [request.endpoint for request in server.requests] == ["login", "connections"]


def test_a_wearer_without_a_reading_has_no_age(server: SimulatorServer, clock: Clock) -> None:
    server.inject("gm-null", endpoint="connections")
    assert [one.age_s for one in check(server, clock).wearers] == [None, None]


@pytest.mark.parametrize(("fault", "code", "level", "logins"), [
    ("conn-empty", "no-connection", "user", 1),
    ("step-tou", "terms", "user", 1),
    ("step-pp", "privacy", "user", 1),
    ("step-2fa", "two-factor", "user", 1),
    ("step-verifyEmail", "verify-email", "user", 1),
    ("login-locked", "locked", "time", 1),
    ("http-429", "rate-limited", "time", 1),
    ("cf-403-html", "blocked", "time", 1),
    ("http-500", "server-error", "time", 1),
    ("login-911", "maintenance", "time", 1),
    ("body-html-200", "bad-answer", "time", 1),
    ("net-refuse", "network", "time", 0),
    ("http-401-always", "session-refused", "time", 1),
    ("missing-cached-user", "account-refused", "operator", 1),
    ("login-redirect:hostile-host", "host-refused", "operator", 1),
    # not a second try with the same: another region, a demanded version
    ("login-redirect:known", "ok", "none", 2),
    ("v-403-920:login", "ok", "none", 2),
    ("v-403-920:data", "ok", "none", 1),
])  # fmt: skip
def test_what_keeps_an_account_from_working_has_its_code(
    server: SimulatorServer, clock: Clock, fault: str, code: str, level: str, logins: int
) -> None:
    server.inject(fault)
    result = check(server, clock, url=server.url_with_regions)
    assert (result.code, result.level.value) == (code, level)
    assert server.count("login") == logins
    assert (result.wearers != ()) is (code == "ok")


def test_a_wrong_password_is_one_sign_in(server: SimulatorServer, clock: Clock) -> None:
    result = check(server, clock, "canary-wrong")
    assert (result.code, result.next_try_at) == ("wrong-password", None)
    assert server.count() == 1
    assert "canary" not in repr(result)


def test_limits_tell_when_they_end(server: SimulatorServer, clock: Clock) -> None:
    server.inject("login-locked")
    assert check(server, clock).next_try_at == NOON + 330


@pytest.mark.parametrize("fault", ["net-timeout", "net-slow"])
def test_an_upstream_that_hangs_is_left_in_time(server: SimulatorServer, clock: Clock, fault: str) -> None:
    server.inject(fault)
    began = time.monotonic()
    assert check(server, clock, seconds=1.0).code == "timeout"
    assert time.monotonic() - began < 2.5


def test_one_that_is_slow_at_every_step_is_left_in_time_too(server: SimulatorServer, clock: Clock) -> None:
    server.inject("net-timeout", endpoint="connections")
    began = time.monotonic()
    assert check(server, clock, seconds=1.0).code == "timeout"
    assert time.monotonic() - began < 2.5
    assert server.count("login") == 1


def test_the_polled_accounts_own_session_serves_its_check(server: SimulatorServer, clock: Clock) -> None:
    state = InMemoryState()
    check(server, clock, state=state)
    server.forget()
    assert check(server, clock, state=state).code == "ok"
    assert [request.endpoint for request in server.requests] == ["connections"]
    server.inject("http-401-once")
    server.forget()
    assert check(server, clock, state=state).code == "ok"
    assert server.count("login") == 1


# ---------------------------------------------------------------------- the runner


class Bench:
    """A runner over a real store, stepped by hand or on its thread; checks and polls are the test's."""

    def __init__(self, store: Store) -> None:
        self.store, self.leads, self.now = store, True, time.time
        self.check: Callable[[Mapping[str, Any], float], ErrandResult] = lambda payload, seconds: ErrandResult("ok")
        self.asked: list[Asked] = []
        self.runner = Errands(
            store=store.errands, check=lambda p, s: self.check(p, s), poll=self.poll, leads=lambda: self.leads
        )

    def poll(self) -> Asked:
        self.asked.append(Asked())
        return self.asked[-1]

    def ask(self, kind: ErrandKind = ErrandKind.CHECK_ACCOUNT) -> str:
        secret = {"email": "a@example.org", "password": "canary-password", "region": None}
        return self.store.errands.ask(kind, self.now(), secret if kind is ErrandKind.CHECK_ACCOUNT else None)

    def errand(self, id_: str) -> Errand:
        found = self.store.errands.result(id_, self.now())
        assert found is not None
        return found

    def until(self, condition: Callable[[], object], timeout_s: float = 5.0) -> None:
        """Step until *condition* holds."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, "it did not happen in time"
            self.runner.step()
            time.sleep(0.01)


@pytest.fixture
def bench(store: Store) -> Bench:
    return Bench(store)


def test_only_who_leads_takes_errands(bench: Bench) -> None:
    bench.leads = False
    id_ = bench.ask()
    bench.runner.step()
    assert bench.errand(id_).state is ErrandState.WAITING
    bench.leads = True
    bench.until(lambda: bench.errand(id_).is_over)
    assert bench.errand(id_).result == ErrandResult("ok")


def test_a_check_gets_what_was_asked_and_the_time_that_is_left(bench: Bench) -> None:
    seen: list[tuple[Mapping[str, Any], float]] = []

    def check(payload: Mapping[str, Any], seconds: float) -> ErrandResult:
        seen.append((payload, seconds))
        return ErrandResult("terms")

    bench.check = check
    id_ = bench.ask()
    bench.until(lambda: bench.errand(id_).is_over)
    ((payload, seconds),) = seen
    assert payload == {"email": "a@example.org", "password": "canary-password", "region": None}
    assert DEADLINE_S - 4 < seconds < DEADLINE_S


def test_a_defect_of_a_check_is_told_and_logged_without_what_was_asked(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    def check(payload: Mapping[str, Any], seconds: float) -> ErrandResult:
        raise RuntimeError("defect")

    bench.check = check
    id_ = bench.ask()
    bench.until(lambda: bench.errand(id_).is_over)
    assert bench.errand(id_).result == ErrandResult("bad-answer", detail="defect")
    assert "RuntimeError: defect" in caplog.text
    assert "canary" not in caplog.text


def test_a_check_that_never_ends_is_answered_in_time_and_no_other_begins_beside_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, begun = threading.Event(), list[float]()

    def check(payload: Mapping[str, Any], seconds: float) -> ErrandResult:
        begun.append(seconds)
        go_on.wait(20)
        return ErrandResult("ok")

    bench.check = check
    monkeypatch.setattr(runner, "MARGIN_S", DEADLINE_S - 2.0)  # some two seconds are left
    try:
        first = bench.ask()
        bench.until(lambda: bench.errand(first).is_over)
        assert bench.errand(first).result == ErrandResult("timeout", detail="no answer in time")
        poll = bench.ask(ErrandKind.POLL_NOW)
        bench.until(lambda: bench.asked)  # a poll can be asked for meanwhile
        bench.asked[0].status = PollStatus(NOON, "ok")
        bench.until(lambda: bench.errand(poll).is_over)
        later = time.time() + 30
        bench.now = bench.runner._now = lambda: later
        second = bench.ask()
        for _ in range(3):
            bench.runner.step()
        assert bench.errand(second).state is ErrandState.WAITING
        assert len(begun) == 1
    finally:
        go_on.set()
    bench.until(lambda: bench.errand(second).is_over)
    assert len(begun) == 2


def test_a_poll_is_answered_once_it_is_done(bench: Bench) -> None:
    id_ = bench.ask(ErrandKind.POLL_NOW)
    bench.until(lambda: bench.asked)
    bench.runner.step()
    assert bench.errand(id_).state is ErrandState.TAKEN
    bench.asked[0].status = PollStatus(NOON, "rate-limited", NOON + 300)
    bench.runner.step()
    assert bench.errand(id_).result == ErrandResult("rate-limited", next_try_at=NOON + 300)


def test_a_database_that_is_away_ends_nothing_and_is_said_once(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    away = [True]

    def ready() -> None:
        if away[0]:
            raise StoreUnavailable("away")

    bench.runner._ready = ready
    id_ = bench.ask()
    for _ in range(3):
        bench.runner.step()
    assert caplog.text.count("database=away") == 1
    away[0] = False
    bench.until(lambda: bench.errand(id_).is_over)
    assert bench.errand(id_).state is ErrandState.DONE


def test_an_answer_waits_for_a_database_that_is_away(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    id_ = bench.ask()
    finish, refused = bench.store.errands.finish, list[str]()

    def away_once(self: object, id_: str, result: ErrandResult, now: float) -> None:
        if not refused:
            refused.append(id_)
            raise StoreUnavailable("away")
        finish(id_, result, now)

    monkeypatch.setattr(type(bench.store.errands), "finish", away_once)
    bench.until(lambda: bench.errand(id_).is_over)
    assert bench.errand(id_).result == ErrandResult("ok")
    assert refused == [id_]


def test_stopping_waits_for_a_check_but_not_for_one_that_hangs(bench: Bench) -> None:
    go_on, begun = threading.Event(), threading.Event()

    def check(payload: Mapping[str, Any], seconds: float) -> ErrandResult:
        begun.set()
        go_on.wait(20)
        return ErrandResult("ok")

    bench.check = check
    id_ = bench.ask()
    bench.runner.start()
    assert begun.wait(5)
    before = time.monotonic()
    assert not bench.runner.stop(0.3)
    assert time.monotonic() - before < 2
    go_on.set()
    assert bench.runner.stop(5)
    assert bench.errand(id_).state is ErrandState.DONE


def test_a_runner_that_never_began_stops_at_once(bench: Bench) -> None:
    assert bench.runner.stop(5)


# ---------------------------------------------------------------------- polls that are asked for


def polling(upstream: Upstream) -> Poller:
    way = Way(upstream.pipeline, upstream.source, lambda: None)
    return Poller(lambda: way, 60, lambda: upstream.now)


def test_a_poll_that_is_asked_for_lifts_the_latch(upstream: Upstream) -> None:
    poller = polling(upstream)
    upstream.server.inject("login-2", times=1)
    poller.poll(Role.LEADING)
    poller.poll(Role.LEADING)
    assert upstream.server.count("login") == 1
    asked = poller.ask()
    assert (poller.is_asked, asked.done.is_set()) == (True, False)
    poller.poll(Role.LEADING)
    assert asked.done.is_set()
    assert asked.status is not None
    assert (poller.is_asked, asked.status.code) == (False, "ok")
    assert upstream.server.count("login") == 2


@pytest.mark.parametrize(("fault", "code"), [
    ("http-429", "rate-limited"), ("login-locked", "locked"), ("cf-403-html", "blocked"),
])  # fmt: skip
def test_it_keeps_the_waits_that_the_upstream_asked_for(upstream: Upstream, fault: str, code: str) -> None:
    poller = polling(upstream)
    upstream.server.inject(fault, times=1)
    poller.poll(Role.LEADING)
    before = upstream.server.count()
    asked = poller.ask()
    poller.poll(Role.LEADING)
    assert asked.status is not None
    assert (asked.status.code, upstream.server.count()) == (code, before)
    assert asked.status.next_try_at is not None
    upstream.now = asked.status.next_try_at
    poller.ask()
    poller.poll(Role.LEADING)
    assert upstream.server.count() > before


def test_a_way_to_another_account_is_opened_once_the_old_one_does_not_stand(upstream: Upstream) -> None:
    stands, opened, closed = [True], list[str](), list[str]()

    def open_way() -> Way:
        opened.append("opened")
        return Way(upstream.pipeline, upstream.source, lambda: closed.append("closed"), lambda: stands[0])

    poller = Poller(open_way, 60, lambda: upstream.now)
    poller.poll(Role.LEADING)
    poller.poll(Role.LEADING)
    assert (len(opened), len(closed)) == (1, 0)
    stands[0] = False
    poller.poll(Role.LEADING)
    assert (len(opened), len(closed)) == (2, 1)


def test_a_hung_sign_in_of_one_account_holds_up_no_other(clock: Clock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, SimulatorServer(World.build(seed=7, clock=clock)) as server:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        hung = threading.Thread(
            target=check_account,
            args=(Credentials(DEMO_EMAIL, "x"), 3.0, InMemoryState(), clock),
            kwargs={"url": url},
        )
        hung.start()
        connection, _ = silent.accept()
        with connection:
            began = time.monotonic()
            assert check(server, clock).code == "ok"
            assert time.monotonic() - began < 2
            hung.join()
