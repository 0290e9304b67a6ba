"""The model behind the simulated service: who exists, what time it is, who may see what, and the true readings."""

import contextlib
import hashlib
import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from cgm_dash.reading import Reading
from ingestion.simulator import logbook, wire
from ingestion.simulator.curve import live_second
from ingestion.simulator.exchange import GLOBAL, Answer, Request
from ingestion.simulator.people import ZONES, Follower, Patient, invented_uuid
from ingestion.simulator.tickets import Session, TicketOffice
from ingestion.simulator.wire import Json

DEMO_EMAIL = "demo@example.org"
DEMO_PASSWORD = "demo-password"  # noqa: S105  it protects invented people
HOME_REGION = "eu"
REGIONS = ("us", "eu", "eu2", "de", "fr", "jp", "ap", "au", "ae", "ca", "la")
MINIMUM_VERSION = "4.16.0"

UPLOAD_S = 5
"""Seconds from a reading to its appearance in an answer."""

GRAPH_LAG_MIN = 18
GRAPH_REACH_MIN = 718
"""The graph holds the five-minute points that are 18 to 718 minutes older than the newest minute: with their seconds
17 to 21 whole minutes behind the live reading, 140 or 141 of them."""

FAILURES, FAILURE_SPAN_S, LOCK_S = 3, 60, 300


class Truth(NamedTuple):
    """What a perfect follower could have seen of one wearer in a span, oldest first."""

    live: list[Reading]
    history: list[Reading]


@dataclass(slots=True)
class LockState:
    """Failed sign-ins of one account: when they happened, and until when it is locked (epoch seconds)."""

    failures: list[float] = field(default_factory=list)
    until: float = 0.0


class World:
    """Invented people and their account. All but sign-ins and locks follows from the arguments and the clock."""

    def __init__(
        self,
        seed: int,
        follower: Follower,
        patients: Sequence[Patient],
        *,
        clock: Callable[[], float] = time.time,
        region: str | None = None,
        minimum_version: str = MINIMUM_VERSION,
    ) -> None:
        """clock: epoch seconds UTC, may jump. region: where the global host redirects sign-ins; None: nowhere."""
        self.seed, self.clock, self.region = seed, clock, region
        self.follower = follower
        self.patients = list(patients)
        self.minimum_version = minimum_version
        self.tickets = TicketOffice(seed)
        self._locks: dict[str, LockState] = {}
        self._answers = 0
        self._frozen = threading.local()

    @classmethod
    def build(
        cls,
        seed: int = 1,
        people: int = 1,
        unit: str | Sequence[str] = "mg/dL",
        clock: Callable[[], float] = time.time,
        region: str | None = None,
        *,
        zones: Sequence[str] | None = None,
        first: float = 0.0,
        warmups: bool = True,
        steps: tuple[str, ...] = (),
    ) -> "World":
        """Return the world of *seed* with *people* wearers, followed by DEMO_EMAIL with DEMO_PASSWORD.

        unit: `mg/dL` or `mmol/L`, for all or one each. zones: IANA names, the first wearers'. first: no data exist
        before it (epoch seconds). warmups: whether a new sensor shows nothing for an hour. steps: what the account
        must accept before it gets a session.
        """
        units = [unit] * people if isinstance(unit, str) else list(unit)
        patients = [
            invented_patient(seed, i, unit=units[i % len(units)], zones=zones, first=first, warmups=warmups)
            for i in range(people)
        ]
        follower = Follower(invented_uuid(seed, "follower", 0), DEMO_EMAIL, DEMO_PASSWORD, steps=steps)
        return cls(seed, follower, patients, clock=clock, region=region)

    # ------------------------------------------------------------------ what is true

    def now(self) -> float:
        """Return the virtual time, epoch seconds UTC."""
        frozen: float | None = getattr(self._frozen, "at", None)
        return self.clock() if frozen is None else frozen

    @contextlib.contextmanager
    def frozen(self, at: float) -> Iterator[None]:
        """Let it be *at* inside the block and for this thread: the wearer's phone stopped uploading then."""
        before, self._frozen.at = getattr(self._frozen, "at", None), at
        try:
            yield
        finally:
            self._frozen.at = before

    def patient(self, who: int | str | Patient) -> Patient:
        """Return a wearer by position, patientId or as given. Raises LookupError."""
        if isinstance(who, Patient):
            return who
        if isinstance(who, int):
            return self.patients[who]
        for patient in self.patients:
            if who in (patient.patient_id, patient.connection_id):
                return patient
        raise LookupError(f"no patient {who!r} in this world")

    def truth(self, who: int | str | Patient, start: float, end: float) -> Truth:
        """Return every live and history point with start <= ts < end, exactly as answers give them."""
        patient = self.patient(who)
        return Truth(patient.live(start, end), patient.history(start, end))

    def latest(self, who: int | str | Patient, now: float | None = None) -> Reading | None:
        """Return the reading an answer at *now* shows as newest; None during a warm-up or before all data."""
        patient, at = self.patient(who), self.now() if now is None else now
        if patient.warming_up(at):
            return None
        start = 60 * newest_minute(patient, at)
        return next(iter(patient.live(start, start + 60)), None)

    def graph(self, who: int | str | Patient, now: float | None = None) -> list[Reading]:
        """Return the points of a graph answer at *now*, oldest first."""
        patient, at = self.patient(who), self.now() if now is None else now
        newest = newest_minute(patient, at)
        return patient.history(60 * (newest - GRAPH_REACH_MIN), 60 * (newest - GRAPH_LAG_MIN + 1))

    # ------------------------------------------------------------------ what is answered

    @property
    def home(self) -> str:
        """The region whose host keeps the account."""
        return self.region or HOME_REGION

    def answer(self, request: Request) -> Answer:
        """Return what the healthy service says to *request*."""
        if request.endpoint == "unknown":
            return Answer(404, {"message": "Not Found"})
        if request.endpoint == "config":
            hosts = {code: f"{request.base}/{code}" for code in REGIONS}
            return Answer(doc={"status": 0, "data": wire.country_config(self.minimum_version, hosts)})
        if version_of(request) < version_parts(self.minimum_version):
            return refuse_version(self.minimum_version)
        if request.endpoint == "login":
            return self._login(request)
        if request.endpoint == "continue":
            return self._continue(request)
        return self._refusal(request) or self._data(request)

    def session_answer(self, steps: tuple[str, ...], region: str) -> Answer:
        """Return what follows right credentials: the first of *steps*, or a session."""
        now, mmol = self.now(), self.patients[0].mmol if self.patients else False
        ticket = self.tickets.issue(self.follower, region, now, steps)
        if steps:
            user = {"accountType": "pat", "country": self.follower.country, "uiLanguage": "en-US"}
            return Answer(doc={"status": 4, "data": {"step": wire.STEPS[steps[0]], "user": user, "authTicket": ticket}})
        data = {
            "user": wire.user(self.follower, mmol, now),
            "messages": {"unread": 0},
            "notifications": {"unresolved": 0},
            "authTicket": ticket,
            "invitations": None,
            "trustedDeviceToken": "",
        }
        return Answer(doc={"status": 0, "data": data})

    def check_credentials(self, request: Request) -> Answer | None:
        """Return the refusal of a locked account or wrong credentials, None for right ones."""
        try:
            given = json.loads(request.body)
            email, password = str(given["email"]), given["password"]
        except (ValueError, KeyError, TypeError):
            return Answer(400, {"message": "Bad Request"})
        now, lock = self.now(), self._locks.setdefault(email.lower(), LockState())
        if now < lock.until:
            return locked_answer()
        if (email.lower(), password) == (self.follower.email.lower(), self.follower.password):
            lock.failures.clear()
            return None
        lock.failures = [*(t for t in lock.failures if now - t < FAILURE_SPAN_S), now]
        if len(lock.failures) >= FAILURES:
            lock.until, lock.failures = now + LOCK_S, []
        return Answer(doc={"status": 2, "error": {"message": "notAuthenticated"}})

    def session_of(self, request: Request) -> Session | None:
        """Return the session a request's bearer token stands for."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        return self.tickets.read(token, self.now())

    def _login(self, request: Request) -> Answer:
        if request.region == GLOBAL and self.region:
            return Answer(doc={"status": 0, "data": {"redirect": True, "region": self.region}})
        if request.region not in (GLOBAL, self.home):
            return Answer(doc={"status": 911})
        return self.check_credentials(request) or self.session_answer(self.follower.steps, request.region)

    def _continue(self, request: Request) -> Answer:
        session = self.session_of(request)
        if session is None:
            return Answer(401, {"message": "invalid or expired jwt"})
        if session.steps[:1] != (request.subject,) or request.subject not in ("tou", "pp"):
            return Answer(doc={"status": 1, "error": {"message": "unexpectedStep"}})
        if session.steps == self.follower.steps:
            self.follower = replace(self.follower, steps=())
        return self.session_answer(session.steps[1:], request.region)

    def _refusal(self, request: Request) -> Answer | None:
        """Return why a data request is not served, or None. The order of the checks is an assumption."""
        session = self.session_of(request)
        if session is None or session.steps:
            return Answer(401, {"message": "invalid or expired jwt"})
        account = request.headers.get("account-id")
        if not account:
            return Answer(400, {"message": "RequiredHeaderMissing"})
        if account != hashlib.sha256(session.user_id.encode()).hexdigest():
            return Answer(doc={"message": "MissingCachedUser"})
        if request.region != self.home and (self.region or request.region != GLOBAL):
            return error_4("couldNotLoadPatient")
        return None

    def _data(self, request: Request) -> Answer:
        """Return a data answer with a fresh ticket."""
        try:
            data = self._payload(request)
        except LookupError:
            return error_4("couldNotLoadPatient")
        ticket = self.tickets.issue(self.follower, request.region, self.now())
        return Answer(doc={"status": 0, "data": data, "ticket": ticket})

    def _payload(self, request: Request) -> Json:
        now = self.now()
        if request.endpoint == "connections":
            return [wire.connection(p, p.sensor_at(now), self.latest(p, now)) for p in self._shuffled()]
        if request.endpoint in ("user", "account"):
            mmol = self.patients[0].mmol if self.patients else False
            whole = request.endpoint == "user"
            return {"user": wire.user(self.follower, mmol, now) if whole else wire.profile(self.follower, mmol)}
        patient = self.patient(request.subject)
        if request.endpoint == "graph":
            return wire.graph(patient, patient.sensor_at(now), self.latest(patient, now), self.graph(patient, now))
        if request.endpoint == "logbook":
            return logbook.entries(patient, now)
        return wire.notification_settings(patient)

    def _shuffled(self) -> list[Patient]:
        """Return the wearers in another order each time: the real list's order is not stable."""
        self._answers += 1
        order = list(self.patients)
        random.Random(f"{self.seed}-{self._answers}").shuffle(order)
        return order


def invented_patient(
    seed: int, index: int, *, unit: str = "mg/dL", zones: Sequence[str] | None = None, first: float = 0.0,
    warmups: bool = True,
) -> Patient:  # fmt: skip
    """Return wearer number *index* of the world of *seed*."""
    if unit not in ("mg/dL", "mmol/L"):
        raise ValueError(f"unit: expected mg/dL or mmol/L, got {unit!r}")
    zone, country = ZONES[index % len(ZONES)]
    if zones and index < len(zones):
        zone = zones[index]
    return Patient(index, seed, zone, country, mmol=unit == "mmol/L", first=first, warmups=warmups)


def newest_minute(patient: Patient, now: float) -> int:
    """Return the newest minute whose live reading has arrived at *now*."""
    seen = now - UPLOAD_S
    minute = int(seen // 60)
    late = 60 * minute + int(live_second(patient.seed, patient.index, minute)[0]) > seen
    return minute - 1 if late else minute


def version_parts(text: str) -> tuple[int, ...]:
    """Return a version as numbers, so that 4.9 is older than 4.16. Raises ValueError."""
    return tuple(int(part) for part in text.split("."))


def version_of(request: Request) -> tuple[int, ...]:
    """Return the version a request claims; a missing or odd one is older than all."""
    try:
        return version_parts(request.headers.get("version", "0"))
    except ValueError:
        return (0,)


def refuse_version(minimum: str) -> Answer:
    """Return the refusal of a client that claims too old a version."""
    return Answer(403, {"data": {"minimumVersion": minimum}, "status": 920})


def locked_answer() -> Answer:
    """Return the answer of a locked account: HTTP 200, as clients' code implies (no capture shows it)."""
    detail = {"failures": FAILURES, "interval": FAILURE_SPAN_S, "lockout": LOCK_S}
    return Answer(doc={"status": 429, "data": {"code": 60, "data": detail, "message": "locked"}})


def error_4(message: str) -> Answer:
    """Return a refusal of status 4 without a step."""
    return Answer(doc={"status": 4, "error": {"message": message}})
