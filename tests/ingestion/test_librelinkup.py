"""The client over time, against the simulated service over HTTP: rhythm, gaps, latches, restarts, partial results."""

from collections.abc import Iterator
from typing import Any

import pytest

from cgm_dash.batch import Batch
from cgm_dash.errors import SourceAuthError, SourceError, SourceUnavailable
from cgm_dash.reading import Kind
from ingestion.librelinkup import GRAPH_NET_S, LibreLinkUp
from ingestion.phase import Phase
from ingestion.simulator import SimulatorServer, World
from tests.support.upstream import Clock, KeptState, Rows, client_of, rows_of

MINUTE, HOUR = 60.0, 3_600.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(clock: Clock) -> Iterator[SimulatorServer]:
    with SimulatorServer(World.build(1, 2, ("mg/dL", "mmol/L"), clock=clock, warmups=False)) as running:
        yield running
    assert running.defects == []


@pytest.fixture
def state() -> KeptState:
    return KeptState()


@pytest.fixture
def client(server: SimulatorServer, clock: Clock, state: KeptState) -> LibreLinkUp:
    return client_of(server, clock, state)


def trouble_of(client: LibreLinkUp, now: float) -> SourceError:
    with pytest.raises(SourceError) as caught:
        client.fetch(now)
    return caught.value


def kinds(batch: Batch) -> set[int]:
    return {kind for portion in batch.portions for kind in portion.columns.kind.tolist()}


def asked(server: SimulatorServer) -> list[str]:
    return [logged.endpoint for logged in server.requests]


# ---------------------------------------------------------------------- rhythm


def test_constructing_asks_nothing(client: LibreLinkUp, server: SimulatorServer, state: KeptState) -> None:
    assert client.kind == "librelinkup"
    assert server.count() == 0
    assert state.saves == 0


def test_first_fetch_brings_everybody_with_their_graphs(client: LibreLinkUp, server: SimulatorServer) -> None:
    clock = server.world.clock
    batch = client.fetch(clock())
    assert {p.wearer.external_id for p in batch.portions} == {p.patient_id for p in server.world.patients}
    assert {p.wearer.unit for p in batch.portions} == {"mg/dL", "mmol/L"}
    assert kinds(batch) >= {Kind.LIVE, Kind.HISTORY, Kind.SCAN}
    assert all(len(portion.sensors) == 1 for portion in batch.portions)
    assert (batch.kind, batch.notices, batch.rejected) == ("librelinkup", (), ())
    assert client.newest == {p.patient_id: server.world.latest(p).ts for p in server.world.patients}  # type: ignore[union-attr]


def test_requests_of_an_ordinary_day(
    client: LibreLinkUp, server: SimulatorServer, clock: Clock, state: KeptState
) -> None:
    hours = 6
    for _ in range(60 * hours):
        client.fetch(clock())
        clock.advance(MINUTE)
    counts = {name: asked(server).count(name) for name in ("login", "connections", "graph", "logbook")}
    assert counts["login"] == 1
    assert counts["connections"] == 60 * hours
    assert counts["graph"] <= 2 * 4 * hours
    assert counts["graph"] >= 2 * 2 * hours
    assert counts["logbook"] == 2 * hours
    assert state.saves < 60


def test_all_minutes_and_all_history_arrive(client: LibreLinkUp, server: SimulatorServer, clock: Clock) -> None:
    start = clock()
    rows: Rows = {}
    phase = Phase(seed=7)
    while clock() < start + 3 * HOUR:
        rows |= rows_of(client.fetch(clock()), clock())
        clock.now = phase.next_poll(clock() + 0.2, clock(), client.newest)
    assert server.count("connections") <= 184
    for patient in server.world.patients:
        live, history = server.world.truth(patient, start, clock() - 2 * MINUTE)
        want = {(patient.patient_id, int(r.kind), r.ts) for r in live}
        want |= {(patient.patient_id, int(r.kind), r.ts) for r in history if r.ts < clock() - 50 * MINUTE}
        assert want <= rows.keys()


@pytest.mark.parametrize("away_minutes", [10, 45, 300])
def test_a_gap_is_filled_from_the_graph(
    client: LibreLinkUp, server: SimulatorServer, clock: Clock, away_minutes: int
) -> None:
    client.fetch(clock())
    began = clock()
    clock.advance(away_minutes * MINUTE)
    server.forget()
    rows = rows_of(client.fetch(clock()), clock())
    assert server.count("graph") == 2
    for _ in range(26):
        clock.advance(MINUTE)
        rows |= rows_of(client.fetch(clock()), clock())
    for patient in server.world.patients:
        history = server.world.truth(patient, began, began + away_minutes * MINUTE).history
        assert history
        assert {(patient.patient_id, int(Kind.HISTORY), r.ts) for r in history} <= rows.keys()


def test_backfill_always_asks_for_every_graph_and_leaves_the_rhythm(
    client: LibreLinkUp, server: SimulatorServer, clock: Clock
) -> None:
    client.fetch(clock())
    server.forget()
    for _ in range(3):
        batch = client.backfill(clock())
        assert kinds(batch) == {Kind.LIVE, Kind.HISTORY}
    assert asked(server).count("graph") == 6
    assert asked(server).count("logbook") == 0
    clock.advance(MINUTE)
    client.fetch(clock())
    assert asked(server).count("graph") == 6


def test_history_can_be_stepped_backwards(client: LibreLinkUp, server: SimulatorServer, clock: Clock) -> None:
    newest = clock()
    rows: Rows = {}
    for step in range(20):
        clock.now = newest - step * 11 * HOUR
        rows |= rows_of(client.backfill(clock()), clock())
    assert server.count("login") == 1
    patient = server.world.patients[0]
    history = server.world.truth(patient, newest - 200 * HOUR, newest - HOUR).history
    assert {(patient.patient_id, int(Kind.HISTORY), r.ts) for r in history} <= rows.keys()


def test_probe_asks_for_the_newest_values_alone(client: LibreLinkUp, server: SimulatorServer) -> None:
    batch = client.probe()
    assert kinds(batch) == {Kind.LIVE}
    assert asked(server) == ["login", "connections"]


def test_account_id_and_version_are_on_every_request(
    client: LibreLinkUp, server: SimulatorServer, clock: Clock
) -> None:
    # the simulated service answers 400 without the one and 403 without the other
    client.fetch(clock())
    assert {logged.status for logged in server.requests} == {200}


# ---------------------------------------------------------------------- partial results


@pytest.mark.parametrize(
    ("fault", "code"),
    [("http-500", "server-error"), ("net-reset", "network"), ("body-empty", "bad-answer"), ("http-429", "rate-limited"),
     ("cf-403-html", "blocked"), ("gone-410", "closed-by-maker"), ("hdr-400", "headers-refused"),
     ("http-401-always", "session-refused"), ("data-null", "no-data")],
)  # fmt: skip
def test_newest_values_survive_a_failing_graph(
    client: LibreLinkUp, server: SimulatorServer, clock: Clock, fault: str, code: str
) -> None:
    server.inject(fault, endpoint="graph")
    batch = client.fetch(clock())
    assert len([p for p in batch.portions if Kind.LIVE in p.columns.kind]) == 2
    assert {notice.code for notice in batch.notices} == {code}
    server.clear()
    clock.advance(HOUR)
    assert client.fetch(clock()).notices == ()


def test_a_limit_on_a_graph_silences_the_whole_account(
    client: LibreLinkUp, server: SimulatorServer, clock: Clock
) -> None:
    server.inject("http-429-seconds:200", endpoint="graph", times=1)
    client.fetch(clock())
    # the second wearer's graph is not asked for any more, nor the logbook
    assert asked(server) == ["login", "connections", "graph"]
    error = trouble_of(client, clock() + MINUTE)
    assert (error.code, error.retry_at) == ("rate-limited", clock() + 200)
    assert server.count() == 3
    clock.advance(200)
    assert kinds(client.fetch(clock())) >= {Kind.LIVE, Kind.HISTORY}


def test_a_failing_graph_is_not_asked_every_minute(client: LibreLinkUp, server: SimulatorServer, clock: Clock) -> None:
    server.inject("gone-410", endpoint="graph")
    for _ in range(14):
        assert {n.code for n in client.fetch(clock()).notices} == {"closed-by-maker"}
        clock.advance(MINUTE)
    assert server.count("graph") == 2
    assert server.count("connections") == 14


def test_a_missing_logbook_is_asked_once_a_day(client: LibreLinkUp, server: SimulatorServer, clock: Clock) -> None:
    server.inject("logbook-404")
    for _ in range(50):
        assert client.fetch(clock()).notices == ()
        clock.advance(HOUR / 2)
    assert server.count("logbook") == 4


def test_somebody_who_is_no_longer_listed_is_named_for_two_weeks(
    client: LibreLinkUp, server: SimulatorServer, clock: Clock, state: KeptState
) -> None:
    client.fetch(clock())
    gone = server.world.patients.pop()
    clock.advance(MINUTE)
    notices = client.fetch(clock()).notices
    assert [(n.code, n.external_id) for n in notices] == [("sharing-stopped", gone.patient_id)]
    restarted = client_of(server, clock, state)
    assert [n.external_id for n in restarted.fetch(clock()).notices] == [gone.patient_id]
    clock.advance(15 * 86_400)
    assert restarted.fetch(clock()).notices == ()


@pytest.mark.parametrize(("ahead_s", "told"), [(0, False), (60, False), (-100, False), (200, True), (-3_600, True)])
def test_a_clock_that_differs_from_the_upstreams_is_told(
    client: LibreLinkUp, clock: Clock, ahead_s: float, told: bool
) -> None:
    notices = client.fetch(clock() + ahead_s).notices
    assert [(n.code, n.detail) for n in notices] == ([("clock-wrong", f"{ahead_s:+d} s")] if told else [])


# ---------------------------------------------------------------------- waits and latches


def test_failures_in_a_row_slow_down_and_recover(client: LibreLinkUp, server: SimulatorServer, clock: Clock) -> None:
    server.inject("http-500", endpoint="connections")
    waits = []
    for _ in range(6):
        error = trouble_of(client, clock())
        assert error.retry_at is not None
        waits.append(error.retry_at - clock())
        clock.now = error.retry_at
    assert waits == [60, 60, 60, 60, 120, 120]
    server.clear()
    client.fetch(clock())
    server.inject("http-500", endpoint="connections")
    clock.advance(MINUTE)
    assert trouble_of(client, clock()).retry_at == clock() + 60


def test_troubles_of_one_group_count_together(client: LibreLinkUp, server: SimulatorServer, clock: Clock) -> None:
    waits = []
    for name in ("http-500", "net-reset", "body-empty", "data-null", "http-500"):
        server.clear()
        server.inject(name, endpoint="connections")
        error = trouble_of(client, clock())
        assert error.retry_at is not None
        waits.append(error.retry_at - clock())
        clock.now = error.retry_at
    assert waits == [60, 60, 60, 60, 120]


def test_a_limit_survives_a_restart(
    client: LibreLinkUp, server: SimulatorServer, clock: Clock, state: KeptState
) -> None:
    server.inject("http-429", endpoint="connections")
    until = [trouble_of(client, clock()).retry_at]
    server.forget()
    restarted = client_of(server, clock, state)
    again = trouble_of(restarted, clock() + MINUTE)
    assert (again.code, again.retry_at) == ("rate-limited", until[0])
    assert server.count() == 0
    clock.advance(300)
    error = trouble_of(client_of(server, clock, state), clock())
    assert error.retry_at == clock() + 600


def test_a_network_fault_does_not_survive_a_restart(
    client: LibreLinkUp, server: SimulatorServer, clock: Clock, state: KeptState
) -> None:
    server.inject("net-reset")
    trouble_of(client, clock())
    server.clear()
    assert client_of(server, clock, state).fetch(clock()).portions


def test_a_wrong_password_is_tried_once_and_never_again(
    server: SimulatorServer, clock: Clock, state: KeptState
) -> None:
    wrong = client_of(server, clock, state, password="wrong")
    error = trouble_of(wrong, clock())
    assert isinstance(error, SourceAuthError)
    assert (error.code, error.retry_at) == ("wrong-password", None)
    for _ in range(100):
        clock.advance(MINUTE)
        assert trouble_of(wrong, clock()).code == "wrong-password"
    for jump in (400, -800):
        clock.advance(jump * 86_400)
        assert trouble_of(wrong, clock()).code == "wrong-password"
    assert trouble_of(client_of(server, clock, state, password="wrong"), clock()).code == "wrong-password"
    assert server.count("login") == 1


def test_try_again_lifts_the_latch_for_one_sign_in(server: SimulatorServer, clock: Clock, state: KeptState) -> None:
    wrong = client_of(server, clock, state, password="wrong")
    trouble_of(wrong, clock())
    # the page's worker is another process than the one that polls
    client_of(server, clock, state, password="wrong").try_again()
    clock.advance(5 * MINUTE)
    for _ in range(5):
        trouble_of(wrong, clock())
    assert server.count("login") == 2


def test_other_settings_lift_the_latch(server: SimulatorServer, clock: Clock, state: KeptState) -> None:
    trouble_of(client_of(server, clock, state, password="wrong"), clock())
    assert client_of(server, clock, state).fetch(clock()).portions


def test_a_lock_is_waited_out_and_then_tried_once_an_hour(
    server: SimulatorServer, clock: Clock, state: KeptState
) -> None:
    client = client_of(server, clock, state)
    server.inject("login-locked")
    waits = []
    for _ in range(3):
        error = trouble_of(client, clock())
        assert error.retry_at is not None
        waits.append(error.retry_at - clock())
        trouble_of(client, error.retry_at - 1)
        clock.now = error.retry_at
    assert waits == [330, 3_600, 3_600]
    assert server.count("login") == 3


def test_terms_accepted_in_the_app_let_readings_go_on(
    client: LibreLinkUp, server: SimulatorServer, clock: Clock
) -> None:
    server.inject("step-tou")
    error = trouble_of(client, clock())
    assert (error.code, error.retry_at) == ("terms", clock() + 1_800)
    server.clear()
    clock.advance(1_799)
    trouble_of(client, clock())
    clock.advance(1)
    assert client.fetch(clock()).portions
    assert server.count("login") == 2


@pytest.mark.parametrize("fault", ["step-tou", "step-pp", "step-tou-then-pp"])
def test_terms_are_accepted_where_the_owner_said_so(server: SimulatorServer, clock: Clock, fault: str) -> None:
    server.inject(fault)
    assert client_of(server, clock, KeptState(), accept_terms=True).fetch(clock()).portions
    assert server.count("login") == 1
    assert server.count("continue") == (2 if fault.endswith("then-pp") else 1)


def test_terms_in_a_data_call_are_asked_for_once(server: SimulatorServer, clock: Clock) -> None:
    client = client_of(server, clock, KeptState(), accept_terms=True)
    client.fetch(clock())
    server.inject("step-in-data-call", times=1)
    clock.advance(MINUTE)
    assert client.fetch(clock()).portions
    server.inject("step-in-data-call")
    clock.advance(MINUTE)
    assert trouble_of(client, clock()).code == "terms"
    assert server.count("continue") == 2
    assert server.count("login") == 1


def test_tokens_that_die_all_the_time_cost_two_sign_ins_an_hour(
    client: LibreLinkUp, server: SimulatorServer, clock: Clock
) -> None:
    client.fetch(clock())
    for _ in range(60):
        clock.advance(MINUTE)
        server.world.tickets.revoke_all()
        try:
            client.fetch(clock())
        except SourceUnavailable as exc:
            assert exc.code == "session-refused"  # noqa: PT017  either outcome is right, but no other code
    assert server.count("login") <= 1 + 2


def test_lasting_404_means_switched_off(client: LibreLinkUp, server: SimulatorServer, clock: Clock) -> None:
    client.fetch(clock())
    server.inject("logbook-404", endpoint="connections")
    codes = []
    for _ in range(40):
        clock.advance(2 * MINUTE)
        codes.append(trouble_of(client, clock()).code)
    assert codes[:10] == ["server-error"] * 10
    assert codes[-1] == "closed-by-maker"
    server.clear()
    clock.advance(15 * MINUTE)
    assert client.fetch(clock()).portions


def test_a_clock_that_was_far_ahead_does_not_silence_us(
    client: LibreLinkUp, server: SimulatorServer, clock: Clock
) -> None:
    server.inject("http-429", times=1)
    trouble_of(client, clock() + 86_400)
    assert client.fetch(clock()).portions


# ---------------------------------------------------------------------- state and settings


def test_a_restart_signs_in_no_more(
    client: LibreLinkUp, server: SimulatorServer, clock: Clock, state: KeptState
) -> None:
    client.fetch(clock())
    server.forget()
    assert client_of(server, clock, state).fetch(clock()).portions
    assert server.count("login") == 0


def test_the_region_is_remembered(clock: Clock, state: KeptState) -> None:
    with SimulatorServer(World.build(1, 1, clock=clock, region="eu2")) as server:
        client_of(server, clock, state).fetch(clock())
        assert server.count("login") == 2
        state.values["expires"] = clock() - 1
        client_of(server, clock, state).fetch(clock())
        assert server.count("login") == 3
        assert {r.region for r in server.requests if r.endpoint != "login"} == {"eu2"}


def test_an_address_without_a_place_for_the_region_works(server: SimulatorServer, clock: Clock) -> None:
    assert client_of(server, clock, KeptState(), url=server.url).fetch(clock()).portions


def test_while_the_state_is_away_polling_goes_on_with_the_token_held(
    client: LibreLinkUp, server: SimulatorServer, clock: Clock, state: KeptState
) -> None:
    client.fetch(clock())
    state.away = True
    for _ in range(90):
        clock.advance(MINUTE)
        assert client.fetch(clock()).portions
    server.world.tickets.revoke_all()
    clock.advance(MINUTE)
    error = trouble_of(client, clock())
    assert (error.code, server.count("login")) == ("store-away", 1)
    state.away = False
    clock.advance(2 * MINUTE)
    assert client.fetch(clock()).portions
    assert server.count("login") == 2


def test_without_state_and_token_nobody_signs_in(server: SimulatorServer, clock: Clock, state: KeptState) -> None:
    state.away = True
    assert trouble_of(client_of(server, clock, state), clock()).code == "store-away"
    assert server.count() == 0


@pytest.mark.parametrize(
    "junk",
    [{"salt": 5}, {"token": ["x"]}, {"pause": "x"}, {"pause": {"until": "x"}},
     {"pause": {"since": 1.7e9, "until": 9e9}, "pause_code": "no-such-code"},
     {"pause_code": "rate-limited"}, {"expires": "soon", "token": "t"}, {"renewals": [1], "people": {"a": "b"}},
     {"logbooks": 5, "region": 7, "version": [], "user_id": None}],
)  # fmt: skip
def test_a_strange_state_is_survived(
    server: SimulatorServer, clock: Clock, state: KeptState, junk: dict[str, Any]
) -> None:
    client_of(server, clock, state).fetch(clock())
    state.values |= junk
    assert client_of(server, clock, state).fetch(clock()).portions


def test_one_fetch_ends_within_its_time(server: SimulatorServer, clock: Clock) -> None:
    # a monotonic clock that leaps: each look at it is four seconds after the last
    looks = iter(range(0, 100_000, 4))
    client = client_of(server, clock, KeptState(), deadline_s=20.0, monotonic=lambda: float(next(looks)))
    batch: Batch | None = None
    try:
        batch = client.fetch(clock())
    except SourceUnavailable as exc:
        assert exc.code == "timeout"  # noqa: PT017  either outcome is right, but no other code
    assert server.count() < 5
    assert batch is None or Kind.LIVE in kinds(batch)


# ---------------------------------------------------------------------- a day with everything in it


def test_twelve_hours_of_faults_lose_nothing_that_is_still_offered(server: SimulatorServer, clock: Clock) -> None:
    client = client_of(server, clock, KeptState())
    start = clock()
    for name in ("http-500", "net-reset", "body-html-200", "graph-bad-point", "http-429-seconds:120", "net-cut"):
        server.inject(name, probability=0.03)
    server.inject("http-401-once", times=1)
    rows: Rows = {}
    good: list[float] = []
    while clock() < start + 12 * HOUR:
        try:
            rows |= rows_of(client.fetch(clock()), clock())
            good.append(clock())
            clock.advance(MINUTE)
        except SourceError as exc:
            clock.now = exc.retry_at or clock() + 30 * 86_400
    server.clear()
    clock.advance(GRAPH_NET_S)
    rows |= rows_of(client.fetch(clock()), clock())
    assert len(good) > 400
    assert server.count("login") <= 2
    for patient in server.world.patients:
        seen = {server.world.latest(patient, at) for at in good} - {None}
        history = server.world.truth(patient, start, clock() - 22 * MINUTE).history
        for reading in [*seen, *history]:
            assert reading is not None
            assert rows[patient.patient_id, int(reading.kind), reading.ts] == (reading.mg_dl, int(reading.flag))
