"""The one table of faults: what the simulated service can do wrong, and what a good client makes of each."""

import difflib
import math
from collections.abc import Callable
from dataclasses import dataclass

from cgm_dash.trouble import Level, trouble
from ingestion.simulator import edits, effects
from ingestion.simulator.curve import HIGHEST, LOWEST
from ingestion.simulator.effects import Effect
from ingestion.simulator.exchange import GLOBAL
from ingestion.simulator.world import version_parts

NEVER = math.inf

ARGUMENTS: dict[str, Callable[[str], object]] = {"": str, "number": float, "text": str, "version": version_parts}
"""How the argument of a fault is read; each raises ValueError for what it cannot read."""


@dataclass(frozen=True, slots=True)
class Expect:
    """What a good client makes of a fault that stays in force from before its first poll.

    code: outcome of the last of the fault's polls, `ok` or a key of cgm_dash.trouble.TROUBLES. logins: requests to
    /llu/auth/login that reach the server in all its polls. stored: of the live and graph points that healthy answers
    would have offered (World.latest and World.graph at the time of each poll), `all`, `none`, minus a number: all but
    so many, or `partial`: what the spoiled answers still hold. notice: code of a Notice for one wearer beside the
    outcome. wait_s: seconds until the next try, NEVER where only a person can lift it, None where the ordinary
    minute's poll or no rule applies.
    """

    code: str = "ok"
    logins: int = 1
    stored: str | int = "none"
    notice: str = ""
    wait_s: float | None = None

    @property
    def level(self) -> Level:
        """Who can help."""
        return Level.NONE if self.code == "ok" else trouble(self.code).level


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, by a name for each variant.

    endpoint: where it strikes unless told otherwise: `any`, `sign-in` (login and continue), `data`, `readings`
    (connections and graph) or one endpoint. starts_with_token: the client holds a session from before, else none.
    people: wearers the world needs for it to show. polls: after how many polls, a minute apart, expect holds.
    arg: what `ID:ARG` means, a key of ARGUMENTS; empty: it takes none.
    """

    id: str
    endpoint: str
    effect: Effect
    expect: Expect
    starts_with_token: bool = False
    people: int = 1
    polls: int = 1
    arg: str = ""


def _failing(code: str, logins: int = 1, wait_s: float | None = None) -> Expect:
    return Expect(code, logins, "none", wait_s=wait_s)


def _fine(stored: str | int = "all", logins: int = 1, notice: str = "") -> Expect:
    return Expect("ok", logins, stored, notice)


_NETWORK = (
    # nothing reaches the server, so no login is counted
    Fault("net-refuse", "any", effects.reset, _failing("network", logins=0)),
    Fault("net-reset", "any", effects.reset, _failing("network")),
    Fault("net-timeout", "any", effects.hang, _failing("timeout"), arg="number"),
    Fault("net-slow", "any", effects.drip, _failing("timeout"), arg="number"),
    Fault("net-cut", "any", effects.cut, _failing("network")),
)

_SERVER = (
    Fault("http-500", "any", effects.status(500, "Internal Server Error"), _failing("server-error")),
    Fault("http-502-html", "any", effects.html(502, "502 Bad Gateway", "Bad gateway"), _failing("server-error")),
    Fault(
        "http-503-retry-after", "any", effects.retry_after(503, "Service Unavailable", 120),
        _failing("server-error", wait_s=120), arg="number",
    ),
    Fault("http-520", "any", effects.html(520, "Web server error", "Unknown error"), _failing("server-error")),
    Fault("http-307-elsewhere", "any", effects.redirect_307, _failing("bad-answer")),
)  # fmt: skip

_LIMITS = (
    Fault("http-429", "any", effects.status(429, "Too Many Requests"), _failing("rate-limited", wait_s=300)),
    Fault(
        "http-429-seconds", "any", effects.retry_after(429, "Too Many Requests", effects.RETRY_S),
        _failing("rate-limited", wait_s=effects.RETRY_S), arg="number",
    ),
    Fault(
        "http-429-date", "any", effects.retry_after(429, "Too Many Requests", effects.RETRY_S, as_date=True),
        _failing("rate-limited", wait_s=effects.RETRY_S), arg="number",
    ),
    # seen at sign-in only, with no reason given
    Fault("http-430", "login", effects.empty(430), _failing("rate-limited", wait_s=300)),
    Fault(
        "cf-403-html", "any", effects.html(403, "Attention Required! | Cloudflare", "Sorry, you have been blocked"),
        _failing("blocked", wait_s=900),
    ),
    Fault(
        "cf-1015", "any", effects.html(429, "Access denied | Cloudflare", "Error 1015: You are being rate limited"),
        _failing("rate-limited", wait_s=300),
    ),
)  # fmt: skip

_SESSION = (
    Fault("http-401-once", "data", effects.unauthorized_once, _fine(), starts_with_token=True),
    Fault("http-401-always", "data", effects.unauthorized, _failing("session-refused"), starts_with_token=True),
    Fault("token-expires-early", "data", effects.expire_tokens, _fine(), starts_with_token=True),
)

_VERSION = (
    Fault("v-403-920:login", "login", effects.demand_version("4.17.0"), _fine(logins=2), arg="version"),
    Fault("v-403-920:data", "data", effects.demand_version("4.17.0"), _fine(), arg="version"),
    # one demand is followed, the second in the same poll is not
    Fault("v-403-920:rising", "any", effects.rising_version, _failing("version-refused", logins=2)),
    Fault("v-403-920:demands-5", "any", effects.demand_version("5.0.0"), _failing("closed-by-maker")),
    Fault("hdr-400", "data", effects.document({"message": "RequiredHeaderMissing"}, 400), _failing("headers-refused")),
)

_LOGIN = (
    Fault(
        "login-2", "login", effects.document({"status": 2, "error": {"message": "notAuthenticated"}}),
        _failing("wrong-password", wait_s=NEVER),
    ),
    Fault("login-locked", "login", effects.locked, _failing("locked", wait_s=330)),
    Fault("login-911", "login", effects.document({"status": 911}), _failing("maintenance", wait_s=300)),
    Fault("login-911:http", "login", effects.document({"status": 911}, 911), _failing("maintenance", wait_s=300)),
    Fault("login-redirect:known", "any", effects.redirect({GLOBAL: "eu"}), _fine(logins=2), arg="text"),
    Fault("login-redirect:unknown-code", "any", effects.new_region, _fine(logins=2), arg="text"),
    # global, eu, us, and then eu again would be the same host twice
    Fault(
        "login-redirect:loop", "login", effects.redirect({GLOBAL: "eu", "eu": "us", "us": "eu"}),
        _failing("redirect-loop", logins=3),
    ),
    Fault(
        "login-redirect:itself", "login", effects.redirect({GLOBAL: "eu", "eu": "eu"}),
        _failing("redirect-loop", logins=2),
    ),
    Fault(
        "login-redirect:hostile-host", "login", effects.redirect({GLOBAL: "eu.attacker.example/"}),
        _failing("host-refused"), arg="text",
    ),
)  # fmt: skip

_STEPS = (
    Fault("step-tou", "sign-in", effects.require_steps("tou"), _failing("terms", wait_s=1800)),
    Fault("step-pp", "sign-in", effects.require_steps("pp"), _failing("privacy", wait_s=1800)),
    Fault("step-tou-then-pp", "sign-in", effects.require_steps("tou", "pp"), _failing("terms", wait_s=1800)),
    Fault("step-verifyEmail", "sign-in", effects.require_steps("verifyEmail"), _failing("verify-email", wait_s=1800)),
    Fault("step-2fa", "sign-in", effects.require_steps("2fa"), _failing("two-factor", wait_s=1800)),
    Fault("step-unknown", "sign-in", effects.require_steps("unknown"), _failing("step-unknown", wait_s=1800)),
    Fault("step-in-data-call", "data", effects.step_in_data, _failing("terms", wait_s=1800)),
)

_SHAPE = (
    Fault("body-empty", "data", effects.empty(200), _failing("bad-answer")),
    Fault("body-html-200", "data", effects.html(200, "Welcome", "Welcome"), _failing("bad-answer")),
    Fault("body-list-instead-of-object", "data", effects.document([]), _failing("bad-answer")),
    Fault("data-null", "data", effects.document({"status": 0, "data": None}), _failing("no-data")),
    Fault("status-missing", "data", effects.without_status, _failing("bad-answer")),
    Fault("status-string", "data", effects.status_as_text, _fine()),
    Fault("body-bad-utf8", "data", effects.body(b'{"status":0,"data":"\xff\xfe\xc3"}'), _failing("bad-answer")),
    Fault("body-nested", "data", effects.body(b"[" * 100_000 + b"]" * 100_000), _failing("bad-answer")),
    Fault("body-nan", "data", edits.each_reading(edits.not_a_number), _failing("bad-answer")),
    Fault("body-10mb", "data", effects.padded_body, _failing("bad-answer")),
    Fault("body-gzip-bomb", "data", effects.gzip_bomb, _failing("bad-answer")),
)

_RELATION = (
    Fault(
        "missing-cached-user", "data", effects.document({"message": "MissingCachedUser"}),
        _failing("account-refused"), starts_with_token=True,
    ),
    # the connections still list the patient: one fresh sign-in, then the wearer's live value alone
    Fault(
        "could-not-load", "graph", effects.refuse_patient, _fine("partial", notice="no-data"), starts_with_token=True
    ),
    Fault(
        "follower-not-connected", "data", effects.refuse_last_patient,
        _fine("partial", notice="sharing-stopped"), people=2,
    ),
)  # fmt: skip

_CONNECTIONS = (
    Fault("conn-empty", "connections", edits.edited(edits.no_connections), _failing("no-connection")),
    Fault(
        "conn-appears-later", "connections", edits.edited(edits.connections_later), _fine("partial"),
        polls=3, arg="number",
    ),
    Fault("conn-vanishes", "data", edits.one_vanishes, _fine("partial", notice="sharing-stopped"), people=2, polls=2),
    Fault("conn-reordered", "connections", edits.edited(edits.reordered), _fine(), people=2, polls=2),
    Fault("conn-twelve", "data", edits.twelve, _fine()),
)  # fmt: skip

_SENSOR = (
    Fault("sensor-null", "readings", edits.edited(edits.no_sensor), _fine()),
    Fault("sensor-warmup", "readings", edits.edited(edits.sensor_warms_up), _fine(-1)),
    Fault("sensor-expired", "readings", edits.sensor_expired, _fine("partial")),
    Fault("sensor-changed", "readings", edits.edited(edits.sensor_changed), _fine(), polls=2),
    Fault("sensor-without-s-lj", "readings", edits.edited(edits.sensor_without_flags), _fine()),
)

_LATEST = (
    Fault("gm-null", "readings", edits.each_connection(edits.no_latest), _fine(-1)),
    Fault("gm-null:item-left", "readings", edits.each_connection(edits.latest_in_item_only), _fine()),
    Fault("gm-stale", "readings", edits.stale, _fine("partial"), arg="number"),
    Fault("gm-future", "readings", edits.each_latest(edits.in_future), _fine(-1), arg="number"),
    Fault("gm-repeats", "readings", edits.repeats, _fine("partial"), polls=2),
    # the point's time is kept, its value is the sensor's bound
    Fault("gm-HI", "readings", edits.each_latest(edits.out_of_reach(HIGHEST)), _fine()),
    Fault("gm-LO", "readings", edits.each_latest(edits.out_of_reach(LOWEST)), _fine()),
    Fault("gm-type2", "readings", edits.each_latest(edits.without_glucose), _fine(-1)),
    Fault("trend-0", "readings", edits.each_latest(edits.arrow(0)), _fine()),
    Fault("trend-6", "readings", edits.each_latest(edits.arrow(6)), _fine()),
    Fault("trend-missing", "readings", edits.each_latest(edits.arrow(None)), _fine()),
)

_GRAPH = (
    Fault("graph-null", "graph", edits.graph_points(lambda points, call: None), _fine("partial")),
    Fault("graph-empty", "graph", edits.graph_points(lambda points, call: []), _fine("partial")),
    Fault("graph-bad-point", "graph", edits.graph_points(edits.bad_points), _fine(-3)),
    Fault("graph-odd-values", "graph", edits.graph_points(edits.odd_values), _fine(-9)),
    Fault("graph-unsorted", "graph", edits.graph_points(edits.unsorted), _fine()),
    Fault("graph-duplicates", "graph", edits.graph_points(edits.duplicated), _fine()),
    Fault("graph-hole", "graph", edits.graph_points(edits.hole), _fine(-12)),
    Fault("graph-late-fill", "graph", edits.graph_points(edits.late_fill), _fine(-12)),
)

_LOGBOOK = (
    Fault("logbook-404", "logbook", effects.status(404, "Not Found"), _fine()),
    Fault("logbook-empty", "logbook", edits.edited(edits.no_entries), _fine()),
    Fault("logbook-type2", "logbook", edits.edited(edits.only_alarms), _fine()),
)

_TIME = (
    # without AM and PM an hour from 1 to 12 has two meanings: such points are dropped
    Fault("time-24h", "data", edits.each_reading(edits.in_24_hours), _fine("partial")),
    Fault("time-dst-fall-back", "data", edits.each_reading(edits.offset_jumps(120, 60)), _fine()),
    Fault("time-dst-spring-forward", "data", edits.each_reading(edits.offset_jumps(60, 120)), _fine()),
    Fault("time-offset-30-and-45", "data", edits.each_reading(edits.offset_jumps(330, 345)), _fine()),
    Fault("time-travel", "data", edits.each_reading(edits.offset_jumps(60, -300)), _fine()),
    Fault("time-padded", "data", edits.each_reading(edits.padded), _fine()),
)

_UNIT = (
    Fault("unit-mmol", "data", edits.edited(edits.in_mmol), _fine()),
    Fault("unit-flip", "readings", edits.edited(edits.unit_flips), _fine(), polls=2),
)

_DRIFT = (
    Fault("fields-extra", "any", edits.edited(edits.more_fields), _fine()),
    Fault("fields-missing", "any", edits.edited(edits.fewer_fields), _fine()),
    Fault("numbers-as-strings", "any", edits.edited(edits.numbers_as_text), _fine()),
)

_SWITCH_OFF = (
    Fault(
        "envelope-v5", "data",
        effects.document({"data": "bm9uY2U=.Y2lwaGVy.dGFn", "signature": "c2lnbmF0dXJl"}), _failing("closed-by-maker"),
    ),
    Fault("gone-410", "data", effects.status(410, "Gone"), _failing("closed-by-maker")),
)  # fmt: skip

FAULTS: tuple[Fault, ...] = (
    *_NETWORK, *_SERVER, *_LIMITS, *_SESSION, *_VERSION, *_LOGIN, *_STEPS, *_SHAPE, *_RELATION, *_CONNECTIONS,
    *_SENSOR, *_LATEST, *_GRAPH, *_LOGBOOK, *_TIME, *_UNIT, *_DRIFT, *_SWITCH_OFF,
)  # fmt: skip

_BY_ID = {fault.id: fault for fault in FAULTS}


def fault_named(name: str) -> tuple[Fault, str]:
    """Return the fault that *name* (`ID` or `ID:ARG`) means, and its ARG. Raises ValueError naming near matches.

    >>> fault_named("http-429-seconds:120")[1], fault_named("v-403-920:data:4.18.0")[1]
    ('120', '4.18.0')
    """
    head, arg = name, ""
    while head not in _BY_ID and ":" in head:
        head, _, tail = head.rpartition(":")
        arg = f"{tail}:{arg}" if arg else tail
    if head not in _BY_ID:
        variants = [known for known in _BY_ID if known.startswith(f"{head}:")]
        near = variants or difflib.get_close_matches(name, list(_BY_ID), n=4, cutoff=0.6)
        meant = f"did you mean {', '.join(near)}? " if near else ""
        raise ValueError(f"no such id {name!r}; {meant}ingestion/simulator/faults.py lists them")
    _check_argument(_BY_ID[head], arg)
    return _BY_ID[head], arg


def _check_argument(fault: Fault, arg: str) -> None:
    if arg and not fault.arg:
        raise ValueError(f"{fault.id} takes no argument, got {arg!r}")
    try:
        ARGUMENTS[fault.arg](arg or "0")
    except ValueError:
        raise ValueError(f"{fault.id} takes a {fault.arg}, got {arg!r}") from None
