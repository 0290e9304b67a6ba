"""A clock that stands until told to move, a running simulator, and a bare client that shows what is on the wire."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from ingestion.simulator import DEMO_EMAIL, DEMO_PASSWORD, SimulatorServer, World

NOON = 1_795_338_860.0
"""2026-11-22 09:14:20 UTC, a Sunday morning in Berlin; nobody's sensor is young then in the worlds of seed 1."""


class Clock:
    """Virtual time, epoch seconds."""

    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class Probe:
    """The least a client must do, with every header in reach; one keep-alive connection."""

    def __init__(self, server: SimulatorServer) -> None:
        self.server = server
        self.http = requests.Session()
        self.headers = {"product": "llu.android", "version": "4.16.0"}
        self.region = ""

    def url(self, path: str) -> str:
        return f"{self.server.url}/{self.region}/{path}" if self.region else f"{self.server.url}/{path}"

    def login(self, password: str = DEMO_PASSWORD, email: str = DEMO_EMAIL) -> requests.Response:
        """Sign in; a session is kept in the headers."""
        answer = self.http.post(
            self.url("llu/auth/login"), json={"email": email, "password": password}, headers=self.headers, timeout=5
        )
        self.adopt(answer)
        return answer

    def adopt(self, answer: requests.Response) -> None:
        """Keep the session of a login answer, if it holds one."""
        try:
            data = answer.json()["data"]
            self.headers["authorization"] = "Bearer " + data["authTicket"]["token"]
            self.headers["account-id"] = hashlib.sha256(data["user"]["id"].encode()).hexdigest()
        except (ValueError, KeyError, TypeError):
            pass

    def accept(self, step: str) -> requests.Response:
        """Accept a step."""
        answer = self.http.post(self.url(f"auth/continue/{step}"), headers=self.headers, timeout=5)
        self.adopt(answer)
        return answer

    def get(self, path: str, timeout: float = 5, **headers: str) -> requests.Response:
        """Ask for a path."""
        return self.http.get(self.url(path), headers=self.headers | headers, timeout=timeout)

    def connections(self) -> list[dict[str, Any]]:
        """Return the connections, in the order of the world's wearers where they are its own."""
        listed: list[dict[str, Any]] = self.get("llu/connections").json()["data"]
        order = [p.patient_id for p in self.server.world.patients]
        return sorted(listed, key=lambda c: order.index(c["patientId"]) if c["patientId"] in order else len(order))

    def graph_response(self, who: int = 0) -> requests.Response:
        return self.get(f"llu/connections/{self.server.world.patients[who].patient_id}/graph")

    def graph(self, who: int = 0) -> dict[str, Any]:
        """Return the data of a graph answer."""
        data: dict[str, Any] = self.graph_response(who).json()["data"]
        return data

    def logbook(self, who: int = 0) -> list[dict[str, Any]]:
        """Return the entries of a logbook."""
        patient = self.server.world.patients[who]
        entries: list[dict[str, Any]] = self.get(f"llu/connections/{patient.patient_id}/logbook").json()["data"]
        return entries


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def simulate(clock: Clock) -> Iterator[Callable[..., Probe]]:
    """Return a function that starts a simulator (arguments of World.build) and gives a client of it."""
    started: list[Probe] = []

    def start(**options: Any) -> Probe:
        probe = Probe(SimulatorServer(World.build(clock=clock, **options)).start())
        started.append(probe)
        return probe

    yield start
    for probe in started:
        probe.http.close()
        probe.server.stop()
        assert probe.server.defects == []


@pytest.fixture
def probe(simulate: Callable[..., Probe]) -> Probe:
    """A client of a world with two wearers, one of them in mmol/L, not signed in."""
    return simulate(people=2, unit=("mg/dL", "mmol/L"))


@pytest.fixture
def follower(probe: Probe) -> Probe:
    """The same, signed in."""
    probe.login()
    return probe
