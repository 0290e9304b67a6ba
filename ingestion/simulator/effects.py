"""What a fault does to a whole answer: transport, server, limits, session, version, sign-in, shape, switch-off.

An effect stands between a request and the healthy world: it may answer itself, or let the world answer and spoil that.
"""

import copy
import functools
import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import Any

from ingestion.simulator import wire
from ingestion.simulator.exchange import GLOBAL, Answer, Request
from ingestion.simulator.world import World, error_4, locked_answer, refuse_version, version_of, version_parts


@dataclass(slots=True)
class Call:
    """One request under a fault. proceed: asks the world (or the next fault) and returns its answer.

    arg: what followed the fault's name. struck: requests this fault met before. since: when it was injected (epoch
    seconds). memory: whatever the fault wants to remember until it is cleared.
    """

    request: Request
    world: World
    proceed: Callable[[Request], Answer]
    arg: str
    struck: int
    since: float
    memory: dict[str, Any]

    def answer(self) -> Answer:
        """Return what would have been answered without this fault."""
        return self.proceed(self.request)

    def number(self, default: float) -> float:
        """Return the argument as a number. Raises ValueError."""
        return float(self.arg) if self.arg else default


Effect = Callable[[Call], Answer]

HANG_S = 600.0
DRIP_S = 0.2
RETRY_S = 90.0
BOMB_BYTES = 200_000_000


def page(title: str, text: str) -> bytes:
    """Return an HTML page such as gateways put before a service."""
    return f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{text}</h1></body></html>".encode()


# ---------------------------------------------------------------------- transport


def reset(call: Call) -> Answer:
    """Read the request, then reset the connection."""
    return Answer(manner="reset")


def hang(call: Call) -> Answer:
    """Read the request and say nothing; argument: seconds until the connection is reset."""
    return Answer(manner="hang", pace=call.number(HANG_S))


def drip(call: Call) -> Answer:
    """Send the body one byte at a time; argument: seconds between two."""
    answer = call.answer()
    answer.manner, answer.pace = "drip", call.number(DRIP_S)
    return answer


def cut(call: Call) -> Answer:
    """Announce the whole body and send half of it."""
    answer = call.answer()
    answer.manner = "cut"
    return answer


# ---------------------------------------------------------------------- server, edge and limits


def status(code: int, message: str) -> Effect:
    """Answer with an HTTP status and a JSON message."""
    return lambda call: Answer(code, {"message": message})


def html(code: int, title: str, text: str) -> Effect:
    """Answer with an HTTP status and a page."""
    return lambda call: Answer(code, raw=page(title, text), content_type="text/html; charset=UTF-8")


def empty(code: int) -> Effect:
    """Answer with an HTTP status and nothing else."""
    return lambda call: Answer(code, raw=b"")


def retry_after(code: int, message: str, default_s: float, *, as_date: bool = False) -> Effect:
    """Answer with a status and Retry-After, in seconds or as a date of the virtual clock; argument: the seconds."""

    def effect(call: Call) -> Answer:
        seconds = call.number(default_s)
        value = formatdate(call.world.now() + seconds, usegmt=True) if as_date else f"{seconds:.0f}"
        return Answer(code, {"message": message}, headers={"Retry-After": value})

    return effect


def redirect_307(call: Call) -> Answer:
    """Redirect on the level of HTTP: whoever follows takes the password along."""
    return Answer(307, raw=b"", headers={"Location": f"{call.request.base}/elsewhere{call.request.path}"})


# ---------------------------------------------------------------------- session and version


def unauthorized_once(call: Call) -> Answer:
    """Refuse the first request's token, accept the next."""
    return unauthorized(call) if call.struck == 0 else call.answer()


def unauthorized(call: Call) -> Answer:
    """Refuse every token."""
    return Answer(401, {"message": "invalid or expired jwt"})


def expire_tokens(call: Call) -> Answer:
    """Let every token issued before the first strike die."""
    if call.struck == 0:
        call.world.tickets.revoke_all()
    return call.answer()


def demand_version(minimum: str) -> Effect:
    """Refuse versions below *minimum*; argument: another minimum."""

    def effect(call: Call) -> Answer:
        demanded = call.arg or minimum
        return refuse_version(demanded) if version_of(call.request) < version_parts(demanded) else call.answer()

    return effect


def rising_version(call: Call) -> Answer:
    """Demand 4.17.0, and one more each time somebody complies."""
    minor = call.memory.get("minor", 17)
    if version_of(call.request) >= (4, minor, 0):
        minor += 1
    call.memory["minor"] = minor
    return refuse_version(f"4.{minor}.0")


# ---------------------------------------------------------------------- sign-in


def document(doc: wire.Json, code: int = 200) -> Effect:
    """Answer with a fixed document."""
    return lambda call: Answer(code, copy.deepcopy(doc))


def locked(call: Call) -> Answer:
    """Answer as a locked account does."""
    return locked_answer()


def redirect(route: Mapping[str, str]) -> Effect:
    """Redirect sign-ins. route: the region one arrived at -> where it is sent; the others are served as usual.

    Argument: another target.
    """

    def effect(call: Call) -> Answer:
        target = route.get(call.request.region)
        if call.request.endpoint == "login" and target:
            return Answer(doc={"status": 0, "data": {"redirect": True, "region": call.arg or target}})
        return call.answer()

    return effect


def new_region(call: Call) -> Answer:
    """Redirect to a region that no table knows, and serve the account there; argument: its code."""
    code = call.arg or "xy1"
    if call.request.endpoint == "login" and call.request.region == GLOBAL:
        return Answer(doc={"status": 0, "data": {"redirect": True, "region": code}})
    return call.proceed(replace(call.request, region=call.world.home)) if call.request.region == code else call.answer()


def require_steps(*steps: str) -> Effect:
    """Let a sign-in with right credentials end in the first of *steps* not yet accepted."""

    def effect(call: Call) -> Answer:
        accepted: set[str] = call.memory.setdefault("accepted", set())
        if call.request.endpoint == "continue":
            answer = call.answer()
            if answer.doc.get("status") in (0, 4):
                accepted.add(call.request.subject)
            return answer
        waiting = tuple(step for step in steps if step not in accepted)
        refusal = call.world.check_credentials(call.request)
        return refusal or call.world.session_answer(waiting, call.request.region)

    return effect


def step_in_data(call: Call) -> Answer:
    """Answer a data request with new terms of use."""
    return call.world.session_answer(("tou",), call.request.region)


# ---------------------------------------------------------------------- shape


def body(raw: bytes, content_type: str = "application/json; charset=utf-8") -> Effect:
    """Answer 200 with these bytes."""
    return lambda call: Answer(raw=raw, content_type=content_type)


def without_status(call: Call) -> Answer:
    """Leave `status` out."""
    answer = call.answer()
    answer.doc = {key: value for key, value in answer.doc.items() if key != "status"}
    return answer


def status_as_text(call: Call) -> Answer:
    """Write `status` as text."""
    answer = call.answer()
    answer.doc = answer.doc | {"status": str(answer.doc.get("status", 0))}
    return answer


def padded_body(call: Call) -> Answer:
    """Pad the answer to 10 MB of valid JSON."""
    answer = call.answer()
    answer.doc = answer.doc | {"padding": "x" * 10_000_000}
    return answer


def gzip_bomb(call: Call) -> Answer:
    """Answer with a small body that unpacks to 200 MB of blanks."""
    return Answer(raw=_bomb(), encoded=True)


@functools.cache
def _bomb() -> bytes:
    return gzip.compress(b" " * BOMB_BYTES, compresslevel=1, mtime=0)


# ---------------------------------------------------------------------- relation


def refuse_patient(call: Call) -> Answer:
    """Say that the patient cannot be loaded."""
    return error_4("couldNotLoadPatient")


def refuse_last_patient(call: Call) -> Answer:
    """Say that the last wearer no longer shares, and serve everyone else."""
    gone = call.request.endpoint in ("graph", "logbook") and call.request.subject == last_patient_id(call.world)
    return error_4("followerNotConnectToPatient") if gone else call.answer()


def last_patient_id(world: World) -> str:
    """Return the patientId of the wearer who is the victim of faults that strike one of several."""
    return world.patients[-1].patient_id
