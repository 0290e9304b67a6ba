"""Every fault of the simulated service against the client over HTTP: outcome, what is kept, sign-ins, recovery."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from cgm_dash.batch import Batch
from cgm_dash.errors import PayloadError, SourceAuthError, SourceError, SourceUnavailable
from cgm_dash.reading import Kind
from cgm_dash.trouble import Level
from ingestion.librelinkup import GRAPH_NET_S, LibreLinkUp
from ingestion.simulator import DEMO_EMAIL, DEMO_PASSWORD, SimulatorServer, World
from ingestion.simulator.faults import FAULTS, NEVER, Fault
from ingestion.simulator.injection import Injection
from ingestion.simulator.people import Patient
from tests.support.upstream import Clock, KeptState, Rows, client_of, rows_of

MINUTE = 60.0
SHOW_ANOTHER_VALUE = {"gm-HI", "gm-LO"}
SLOW = {"net-timeout", "net-slow"}


@dataclass
class Run:
    """A client, the service it asks, and what came of it."""

    server: SimulatorServer
    clock: Clock
    client: LibreLinkUp
    rows: Rows = field(default_factory=dict)
    offered: set[tuple[str, int, int]] = field(default_factory=set)
    error: SourceError | None = None
    batch: Batch | None = None
    text: list[str] = field(default_factory=list)

    @property
    def world(self) -> World:
        return self.server.world

    @property
    def code(self) -> str:
        return self.error.code if self.error else "ok"

    def poll(self) -> None:
        """Fetch once; note what passed the gate, what went wrong and what was said."""
        try:
            self.batch, self.error = self.client.fetch(self.clock()), None
            for key, value in rows_of(self.batch, self.clock()).items():
                self.rows.setdefault(key, value)
            self.text += [f"{notice.code} {notice.detail}" for notice in self.batch.notices]
        except SourceError as exc:
            self.batch, self.error = None, exc
            self.text += [repr(link) for link in _links(exc)]

    def offer(self, patients: list[Patient], *, graph: bool = True) -> None:
        """Note what healthy answers offer of *patients* now."""
        for patient in patients:
            latest = self.world.latest(patient)
            points = self.world.graph(patient) if graph else []
            self.offered |= {(patient.patient_id, int(p.kind), p.ts) for p in [latest, *points] if p is not None}

    def wait(self) -> None:
        """Let time pass to the next poll: a minute, or what the client was told to wait."""
        until = self.error.retry_at if self.error else None
        self.clock.now = max(self.clock.now + MINUTE, until or 0.0)

    def of_series(self) -> set[tuple[str, int, int]]:
        return {key for key in self.rows if key[1] in (Kind.LIVE, Kind.HISTORY)}


def _links(exc: BaseException | None) -> Iterator[BaseException]:
    while exc is not None:
        yield exc
        exc = exc.__cause__ or exc.__context__


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=FAULTS, ids=lambda fault: fault.id)
def fault(request: pytest.FixtureRequest) -> Fault:
    chosen: Fault = request.param
    return chosen


@pytest.fixture
def run(fault: Fault, clock: Clock) -> Iterator[Run]:
    """A client before its first poll, with a session from before where the fault wants one."""
    with SimulatorServer(World.build(1, fault.people, clock=clock)) as server:
        state = KeptState()
        # What takes its time is waited for a moment, all else for as long as a busy machine needs to send it.
        options = {"deadline_s": 0.6 if fault.id in SLOW else 20.0}
        if fault.starts_with_token:
            client_of(server, clock, state).probe(clock())
            server.forget()
            clock.advance(MINUTE)
        yield Run(server, clock, client_of(server, clock, state, **options))
    assert server.defects == []


def test_every_fault_has_its_outcome(fault: Fault, run: Run, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "ingestion")
    injection = run.server.inject(fault.id)
    for number in range(fault.polls):
        if number:
            run.wait()
        run.poll()
        run.offer(_wearers(run, injection), graph=number == 0)

    expect = fault.expect
    assert run.code == expect.code
    assert run.server.count("login") == expect.logins
    assert (run.error.level if run.error else Level.NONE) is expect.level
    assert _notices(run) == ({expect.notice} if expect.notice else set())
    _check_stored(fault, run)
    _check_wait(fault, run)
    _check_alive(fault, run, _wearers(run, injection))
    _check_discreet(run, caplog.text)


def _wearers(run: Run, injection: Injection) -> list[Patient]:
    """Return who is followed while the fault lasts."""
    return list(injection.memory.get("patients", run.world.patients))


def _notices(run: Run) -> set[str]:
    return {notice.code for notice in run.batch.notices} if run.batch else set()


def _check_stored(fault: Fault, run: Run) -> None:
    """What passed the gate is the number promised, and nothing untrue."""
    stored, offered, expected = run.of_series(), run.offered, fault.expect.stored
    if expected == "partial":
        assert len(stored) > 0
        assert stored != offered
    else:
        missing = {"all": 0, "none": len(offered)}.get(str(expected))
        missing = -int(expected) if missing is None else missing
        assert stored <= offered
        assert len(offered) - len(stored) == missing
    _check_true(fault, run)


def _check_true(fault: Fault, run: Run) -> None:
    """Every stored value is the world's own."""
    wearers = {key[0] for key in run.rows}
    now = run.clock()
    truth: dict[tuple[str, int, int], int] = {}
    for patient in run.world.patients:
        live, history = run.world.truth(patient, now - 86_400, now + 1)
        truth |= {(patient.patient_id, int(p.kind), p.ts): p.mg_dl for p in [*live, *history]}
    if wearers <= {p.patient_id for p in run.world.patients} and fault.id not in SHOW_ANOTHER_VALUE:
        assert {key: run.rows[key][0] for key in run.of_series()}.items() <= truth.items()


def _check_wait(fault: Fault, run: Run) -> None:
    """The time of the next try is the promised one, and nobody asks before."""
    error = run.error
    if error is None:
        return
    assert isinstance(error, SourceAuthError | SourceUnavailable | PayloadError)
    wait = NEVER if error.retry_at is None else error.retry_at - run.clock()
    if fault.expect.wait_s is not None:
        assert wait == fault.expect.wait_s
    asked = run.server.count()
    with pytest.raises(type(error)) as again:
        run.client.fetch(run.clock() + min(wait - 1, 10 * 86_400))
    assert (again.value.code, again.value.retry_at) == (error.code, error.retry_at)
    assert run.server.count() == asked


def _check_alive(fault: Fault, run: Run, wearers: list[Patient]) -> None:
    """When the fault is over the client recovers by the time it named, and everything still offered is had."""
    run.server.clear()
    run.server.forget()
    if run.error is not None and run.error.retry_at is None:
        run.client.try_again()
    run.wait()
    run.poll()
    assert run.code == "ok"
    assert run.server.count("login") <= 1
    run.clock.advance(GRAPH_NET_S)
    run.offered.clear()
    run.poll()
    run.offer(run.world.patients)
    assert run.code == "ok"
    assert run.offered <= run.of_series()
    vanished = {p.patient_id for p in wearers} - {p.patient_id for p in run.world.patients}
    assert run.batch is not None
    assert {notice.external_id for notice in run.batch.notices} == vanished


def _check_discreet(run: Run, logged: str) -> None:
    """No secret and nobody's name or id is in a log line or an exception."""
    said = logged + " ".join(run.text)
    people = run.world.patients
    secrets = [DEMO_PASSWORD, DEMO_EMAIL, run.world.follower.id, "Bearer", "eyJ", *(p.patient_id for p in people)]
    names = [name for p in people for name in (p.first_name, p.last_name)]
    assert [word for word in [*secrets, *names] if word in said] == []
