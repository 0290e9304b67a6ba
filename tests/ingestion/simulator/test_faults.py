"""Every fault does on the wire what its name says, and the table says what to make of it."""

import errno
import itertools
import re
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests
from urllib3.exceptions import ProtocolError

from cgm_dash.trouble import TROUBLES, Level
from ingestion.simulator import FAULTS, Expect, Fault, fault_named, wire

HOUR = 3600

FIELD_FAULTS = """
net-refuse net-reset net-timeout net-slow net-cut
http-500 http-502-html http-503-retry-after http-520
http-429 http-429-seconds http-429-date http-430 cf-403-html cf-1015
http-401-once http-401-always token-expires-early
v-403-920:login v-403-920:data v-403-920:rising v-403-920:demands-5
hdr-400
login-2 login-locked login-911
login-redirect:known login-redirect:unknown-code login-redirect:loop login-redirect:itself login-redirect:hostile-host
step-tou step-pp step-tou-then-pp step-verifyEmail step-2fa step-unknown step-in-data-call
body-empty body-html-200 body-list-instead-of-object data-null status-missing status-string
missing-cached-user could-not-load follower-not-connected
conn-empty conn-appears-later conn-vanishes conn-reordered conn-twelve
sensor-null sensor-warmup sensor-expired sensor-changed sensor-without-s-lj
gm-null gm-stale gm-future gm-repeats gm-HI gm-LO gm-type2 trend-0 trend-6 trend-missing
graph-null graph-empty graph-bad-point graph-unsorted graph-duplicates graph-hole graph-late-fill
logbook-404 logbook-empty logbook-type2
time-24h time-dst-fall-back time-dst-spring-forward time-offset-30-and-45 time-travel time-padded
unit-mmol unit-flip
fields-extra fields-missing numbers-as-strings
envelope-v5 gone-410
"""
"""What the service has done to its clients in the field, or may do."""

MORE_FAULTS = """
http-307-elsewhere login-911:http body-bad-utf8 body-nested body-nan body-10mb body-gzip-bomb gm-null:item-left
graph-odd-values
"""
"""What a hostile or broken server may do to any client."""

Check = Callable[[Any], None]
CHECKS: dict[str, Check] = {}


def wire_check(*ids: str) -> Callable[[Check], Check]:
    """Note a function as the check of these faults; it gets a client, signed in, with the fault in force."""

    def note(check: Check) -> Check:
        CHECKS.update(dict.fromkeys(ids, check))
        return check

    return note


# ------------------------------------------------------------------ the table


def test_every_fault_of_the_field_is_in_the_table_once() -> None:
    assert sorted(fault.id for fault in FAULTS) == sorted((FIELD_FAULTS + MORE_FAULTS).split())


def test_every_fault_is_checked_on_the_wire() -> None:
    assert sorted(CHECKS) == sorted(fault.id for fault in FAULTS)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_expectations_are_possible(fault: Fault) -> None:
    expect = fault.expect
    assert expect.code == "ok" or expect.code in TROUBLES
    assert expect.notice == "" or expect.notice in TROUBLES
    assert expect.stored in ("all", "none", "partial") or (isinstance(expect.stored, int) and expect.stored < 0)
    assert (expect.code == "ok") == (expect.stored != "none")
    assert 0 <= expect.logins <= 3
    assert fault_named(fault.id) == (fault, "")


def test_levels_come_from_the_table_of_troubles() -> None:
    assert (Expect().level, Expect("locked").level, Expect("terms").level) == (Level.NONE, Level.TIME, Level.USER)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_fault_does_what_its_name_says(simulate: Callable[..., Any], fault: Fault) -> None:
    probe = simulate(people=2, unit=("mg/dL", "mmol/L"))
    probe.login()
    probe.server.inject(fault.id)
    CHECKS[fault.id](probe)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_world_is_healthy_again_when_cleared(simulate: Callable[..., Any], fault: Fault) -> None:
    probe = simulate()
    probe.server.inject(fault.id)
    if fault.id not in ("net-timeout", "net-slow", "body-gzip-bomb"):  # these only take time
        try:
            probe.login()
            probe.get("llu/connections")
        except requests.RequestException:
            pass
    probe.server.clear()
    assert probe.login().json()["status"] == 0
    world = probe.server.world
    mira, now = world.patients[0], world.now()
    assert probe.graph() == wire.graph(mira, mira.sensor_at(now), world.latest(mira), world.graph(mira))
    assert len(probe.logbook()) > 40


# ------------------------------------------------------------------ transport


@wire_check("net-refuse")
def _(probe: Any) -> None:
    with socket.socket() as s:
        assert s.connect_ex(("127.0.0.1", probe.server.port)) == errno.ECONNREFUSED
    with pytest.raises(requests.ConnectionError):
        probe.get("user")
    probe.server.clear()
    assert probe.get("user").status_code == 200


@wire_check("net-reset")
def _(probe: Any) -> None:
    with socket.create_connection(("127.0.0.1", probe.server.port), timeout=5) as s:
        s.sendall(b"GET /user HTTP/1.1\r\nHost: x\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            s.recv(1)


@wire_check("net-timeout")
def _(probe: Any) -> None:
    with pytest.raises(requests.ReadTimeout):
        probe.get("user", timeout=0.05)


@wire_check("net-slow")
def _(probe: Any) -> None:
    probe.server.clear()
    probe.server.inject("net-slow:0.02")
    with requests.get(probe.url("nothing"), stream=True, timeout=5) as answer:
        pieces = []
        began = time.monotonic()
        while piece := answer.raw.read1(65536):
            pieces.append(piece)
            if len(pieces) == 5:
                break
        assert time.monotonic() - began > 0.05
        assert [len(piece) for piece in pieces] == [1] * 5


@wire_check("net-cut")
def _(probe: Any) -> None:
    answer = requests.get(probe.url("nothing"), stream=True, timeout=5)
    announced = int(answer.headers["Content-Length"])
    with pytest.raises(ProtocolError, match=f"{announced // 2} bytes read"):
        answer.raw.read()


def test_counted_refusals_reset_the_connection(follower: Any) -> None:
    follower.server.inject("net-refuse", times=1)
    with pytest.raises(requests.ConnectionError):
        follower.get("user")
    assert follower.get("user").status_code == 200


def test_refusal_ends_by_itself_when_its_time_is_over(follower: Any, clock: Any) -> None:
    follower.server.inject("net-refuse", seconds=60)
    with pytest.raises(requests.ConnectionError):
        follower.get("user")
    clock.advance(60)
    follower.server._settle()
    assert follower.get("user").status_code == 200


# ------------------------------------------------------------------ server, edge and limits


def plain(code: int, text: str, content_type: str = "application/json") -> Check:
    """Check a status, a word of the body and its type, at sign-in and at data."""

    def check(probe: Any) -> None:
        for answer in (probe.get("llu/connections"), probe.login()):
            assert answer.status_code == code
            assert text in answer.text
            assert answer.headers["Content-Type"].startswith(content_type)
            assert "Retry-After" not in answer.headers

    return check


CHECKS["http-500"] = plain(500, "Internal Server Error")
CHECKS["http-502-html"] = plain(502, "<html>", "text/html")
CHECKS["http-520"] = plain(520, "<html>", "text/html")
CHECKS["http-429"] = plain(429, "Too Many Requests")
CHECKS["cf-403-html"] = plain(403, "<title>Attention Required! | Cloudflare</title>", "text/html")
CHECKS["cf-1015"] = plain(429, "Error 1015", "text/html")


@wire_check("http-503-retry-after")
def _(probe: Any) -> None:
    answer = probe.login()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "120")


@wire_check("http-429-seconds")
def _(probe: Any) -> None:
    answer = probe.login()
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "90")
    probe.server.clear()
    probe.server.inject("http-429-seconds:120")
    assert probe.login().headers["Retry-After"] == "120"


@wire_check("http-429-date")
def _(probe: Any) -> None:
    answer = probe.login()
    later = parsedate_to_datetime(answer.headers["Retry-After"]) - parsedate_to_datetime(answer.headers["Date"])
    assert (answer.status_code, later.seconds) == (429, 90)


@wire_check("http-430")
def _(probe: Any) -> None:
    answer = probe.login()
    assert (answer.status_code, answer.content, answer.reason) == (430, b"", "")
    assert probe.get("user").status_code == 200


@wire_check("http-307-elsewhere")
def _(probe: Any) -> None:
    answer = requests.post(probe.url("llu/auth/login"), allow_redirects=False, timeout=5)
    assert answer.status_code == 307
    assert answer.headers["Location"] == f"{probe.server.url}/elsewhere/llu/auth/login"


# ------------------------------------------------------------------ session and version


@wire_check("http-401-once")
def _(probe: Any) -> None:
    refused = probe.get("llu/connections")
    assert (refused.status_code, refused.json()) == (401, {"message": "invalid or expired jwt"})
    assert probe.get("llu/connections").status_code == 200


@wire_check("http-401-always")
def _(probe: Any) -> None:
    for _ in range(2):
        probe.login()
        assert [probe.get(path).status_code for path in ("llu/connections", "user")] == [401, 401]


@wire_check("token-expires-early")
def _(probe: Any) -> None:
    assert probe.get("user").status_code == 401
    assert probe.get("user").status_code == 401
    probe.login()
    assert probe.get("user").status_code == 200


def demanded(answer: requests.Response) -> str:
    """Return the version an answer demands, "" for none."""
    if answer.status_code != 403:
        return ""
    assert answer.json()["status"] == 920
    return str(answer.json()["data"]["minimumVersion"])


@wire_check("v-403-920:login")
def _(probe: Any) -> None:
    assert demanded(probe.login()) == "4.17.0"
    assert demanded(probe.get("user")) == ""
    probe.headers["version"] = "4.17.0"
    assert probe.login().json()["status"] == 0


@wire_check("v-403-920:data")
def _(probe: Any) -> None:
    assert demanded(probe.login()) == ""
    assert demanded(probe.get("llu/connections")) == "4.17.0"
    probe.headers["version"] = "4.17.0"
    assert demanded(probe.get("llu/connections")) == ""


@wire_check("v-403-920:rising")
def _(probe: Any) -> None:
    assert demanded(probe.login()) == "4.17.0"
    assert demanded(probe.login()) == "4.17.0"
    probe.headers["version"] = "4.17.0"
    assert demanded(probe.login()) == "4.18.0"
    probe.headers["version"] = "4.18.0"
    assert demanded(probe.get("user")) == "4.19.0"


@wire_check("v-403-920:demands-5")
def _(probe: Any) -> None:
    assert [demanded(probe.login()), demanded(probe.get("user"))] == ["5.0.0", "5.0.0"]


@wire_check("hdr-400")
def _(probe: Any) -> None:
    answer = probe.get("llu/connections")
    assert (answer.status_code, answer.json()) == (400, {"message": "RequiredHeaderMissing"})


# ------------------------------------------------------------------ sign-in


def redirected_to(answer: requests.Response) -> str:
    data = answer.json()["data"]
    assert answer.json()["status"] == 0
    return str(data["region"]) if data.get("redirect") else ""


def follow(probe: Any, most: int) -> list[str]:
    """Follow redirects at sign-in as long as they come; return where they led."""
    path: list[str] = []
    while len(path) < most and (region := redirected_to(probe.login())):
        path.append(region)
        probe.region = region
    return path


@wire_check("login-2")
def _(probe: Any) -> None:
    answer = probe.login()
    assert (answer.status_code, answer.json()) == (200, {"status": 2, "error": {"message": "notAuthenticated"}})


@wire_check("login-locked")
def _(probe: Any) -> None:
    answer = probe.login()
    assert (answer.status_code, answer.json()["status"], answer.json()["data"]["data"]["lockout"]) == (200, 429, 300)


@wire_check("login-911")
def _(probe: Any) -> None:
    answer = probe.login()
    assert (answer.status_code, answer.json()["status"]) == (200, 911)


@wire_check("login-911:http")
def _(probe: Any) -> None:
    assert probe.login().status_code == 911


@wire_check("login-redirect:known")
def _(probe: Any) -> None:
    assert follow(probe, 5) == ["eu"]
    assert len(probe.connections()) == 2


@wire_check("login-redirect:unknown-code")
def _(probe: Any) -> None:
    assert follow(probe, 5) == ["xy1"]
    assert len(probe.connections()) == 2
    assert len(probe.graph()["graphData"]) > 100


@wire_check("login-redirect:loop")
def _(probe: Any) -> None:
    assert follow(probe, 5) == ["eu", "us", "eu", "us", "eu"]


@wire_check("login-redirect:itself")
def _(probe: Any) -> None:
    assert follow(probe, 3) == ["eu", "eu", "eu"]


@wire_check("login-redirect:hostile-host")
def _(probe: Any) -> None:
    assert "attacker.example" in redirected_to(probe.login())


def step_check(kind: str | None, component: str) -> Check:
    """Check the step a sign-in ends in."""

    def check(probe: Any) -> None:
        answer = probe.login().json()
        assert answer["status"] == 4
        assert answer["data"]["step"].get("type") == kind
        assert answer["data"]["step"]["componentName"] == component
        assert "id" not in answer["data"]["user"]
        assert answer["data"]["authTicket"]["duration"] == 3_600_000

    return check


CHECKS["step-verifyEmail"] = step_check("verifyEmail", "VerifyEmail")
CHECKS["step-2fa"] = step_check(None, "TwoFactorVerify")
CHECKS["step-unknown"] = step_check("quiz", "AnswerRiddle")


@wire_check("step-tou", "step-pp")
def _(probe: Any) -> None:
    kind = probe.login().json()["data"]["step"]["type"]
    step_check(kind, "AcceptDocument")(probe)
    step_token = probe.login().json()["data"]["authTicket"]["token"]
    probe.headers["authorization"] = f"Bearer {step_token}"
    assert probe.get("user").status_code == 401
    assert probe.accept(kind).json()["status"] == 0
    assert probe.get("user").status_code == 200
    assert probe.login().json()["status"] == 0


@wire_check("step-tou-then-pp")
def _(probe: Any) -> None:
    for expected in ("tou", "pp"):
        answer = probe.login().json()
        assert answer["data"]["step"]["type"] == expected
        probe.headers["authorization"] = "Bearer " + answer["data"]["authTicket"]["token"]
        after = probe.accept(expected).json()
        assert after["status"] == (4 if expected == "tou" else 0)
    assert probe.get("user").status_code == 200


def test_step_under_a_fault_still_needs_the_password(probe: Any) -> None:
    probe.server.inject("step-tou")
    assert probe.login("wrong").json()["status"] == 2


@wire_check("step-in-data-call")
def _(probe: Any) -> None:
    answer = probe.get("llu/connections").json()
    assert (answer["status"], answer["data"]["step"]["type"]) == (4, "tou")


# ------------------------------------------------------------------ shape


def raw_data(probe: Any) -> tuple[str, bytes]:
    answer = probe.get("llu/connections")
    assert answer.status_code == 200
    return answer.headers["Content-Type"], answer.content


@wire_check("body-empty")
def _(probe: Any) -> None:
    assert raw_data(probe)[1] == b""


@wire_check("body-html-200")
def _(probe: Any) -> None:
    content_type, content = raw_data(probe)
    assert content_type.startswith("text/html")
    assert b"<html>" in content


@wire_check("body-list-instead-of-object")
def _(probe: Any) -> None:
    assert raw_data(probe)[1] == b"[]"


@wire_check("data-null")
def _(probe: Any) -> None:
    assert probe.get("llu/connections").json() == {"status": 0, "data": None}


@wire_check("status-missing")
def _(probe: Any) -> None:
    answer = probe.get("llu/connections").json()
    assert ("status" in answer, len(answer["data"])) == (False, 2)


@wire_check("status-string")
def _(probe: Any) -> None:
    assert probe.get("llu/connections").json()["status"] == "0"


@wire_check("body-bad-utf8")
def _(probe: Any) -> None:
    with pytest.raises(UnicodeDecodeError):
        raw_data(probe)[1].decode()


@wire_check("body-nested")
def _(probe: Any) -> None:
    assert raw_data(probe)[1].startswith(b"[" * 100_000)


@wire_check("body-nan")
def _(probe: Any) -> None:
    assert b'"ValueInMgPerDl":NaN' in raw_data(probe)[1]


@wire_check("body-10mb")
def _(probe: Any) -> None:
    assert len(raw_data(probe)[1]) > 10_000_000


@wire_check("body-gzip-bomb")
def _(probe: Any) -> None:
    with probe.http.get(probe.url("user"), headers=probe.headers, stream=True, timeout=5) as answer:
        assert int(answer.headers["Content-Length"]) < 1_000_000
        size = sum(len(answer.raw.read(1 << 20, decode_content=True)) for _ in range(20))
        assert size > 10_000_000


# ------------------------------------------------------------------ relation and connections


@wire_check("missing-cached-user")
def _(probe: Any) -> None:
    probe.login()
    assert probe.get("llu/connections").json() == {"message": "MissingCachedUser"}


@wire_check("could-not-load")
def _(probe: Any) -> None:
    assert len(probe.connections()) == 2
    answer = probe.graph_response().json()
    assert (answer["status"], answer["error"]["message"]) == (4, "couldNotLoadPatient")


@wire_check("follower-not-connected")
def _(probe: Any) -> None:
    answer = probe.graph_response(1).json()
    assert (answer["status"], answer["error"]["message"]) == (4, "followerNotConnectToPatient")
    assert len(probe.graph(0)["graphData"]) > 100
    assert len(probe.connections()) == 2


@wire_check("conn-empty")
def _(probe: Any) -> None:
    answer = probe.get("llu/connections").json()
    assert (answer["status"], answer["data"]) == (0, [])


@wire_check("conn-appears-later")
def _(probe: Any) -> None:
    assert [len(probe.connections()) for _ in range(4)] == [0, 0, 2, 2]


@wire_check("conn-vanishes")
def _(probe: Any) -> None:
    assert [len(probe.connections()) for _ in range(3)] == [2, 1, 1]
    assert probe.connections()[0]["patientId"] == probe.server.world.patients[0].patient_id
    assert probe.graph_response(1).json()["error"]["message"] == "followerNotConnectToPatient"
    assert len(probe.graph(0)["graphData"]) > 100


@wire_check("conn-reordered")
def _(probe: Any) -> None:
    orders = [[c["id"] for c in probe.get("llu/connections").json()["data"]] for _ in range(4)]
    assert orders[0] == orders[1][::-1] == orders[2] == orders[3][::-1]


@wire_check("conn-twelve")
def _(probe: Any) -> None:
    connections = probe.connections()
    assert len({c["patientId"] for c in connections}) == 12
    for connection in connections:
        assert probe.get(f"llu/connections/{connection['patientId']}/graph").json()["status"] == 0


def test_the_twelve_can_be_asked_for_their_truth(follower: Any, clock: Any) -> None:
    injection = follower.server.inject("conn-twelve")
    follower.connections()
    patients = injection.memory["patients"]
    assert len(patients) == 12
    assert follower.server.world.truth(patients[11], clock() - HOUR, clock()).live


# ------------------------------------------------------------------ sensor


@wire_check("sensor-null")
def _(probe: Any) -> None:
    graph = probe.graph()
    assert (probe.connections()[0]["sensor"], graph["connection"]["sensor"], graph["activeSensors"]) == (None, None, [])
    assert graph["connection"]["glucoseMeasurement"]


@wire_check("sensor-warmup")
def _(probe: Any) -> None:
    graph = probe.graph()
    for connection in (probe.connections()[0], graph["connection"]):
        assert connection["glucoseMeasurement"] is connection["glucoseItem"] is None
        assert 0 < probe.server.world.now() - connection["sensor"]["a"] < 60 * connection["sensor"]["w"]
    assert graph["activeSensors"] == []
    assert len(graph["graphData"]) > 100


@wire_check("sensor-expired")
def _(probe: Any) -> None:
    graph = probe.graph()
    end = graph["connection"]["sensor"]["a"] + 14 * 24 * HOUR
    assert probe.server.world.now() - end == pytest.approx(2 * HOUR, abs=1)
    assert graph["activeSensors"] == []
    newest = graph["connection"]["glucoseMeasurement"]
    assert 0 < end - ts_of(newest) < 120
    assert ts_of(graph["graphData"][-1]) < end


@wire_check("sensor-changed")
def _(probe: Any) -> None:
    before, after = (probe.connections()[0]["sensor"] for _ in range(2))
    graph = probe.graph()
    assert before["sn"] != after["sn"] == graph["connection"]["sensor"]["sn"]
    assert before["a"] < after["a"] == graph["activeSensors"][0]["sensor"]["a"]


@wire_check("sensor-without-s-lj")
def _(probe: Any) -> None:
    for sensor in (probe.connections()[0]["sensor"], probe.graph()["activeSensors"][0]["sensor"]):
        assert sensor["sn"]
        assert not {"s", "lj"} & set(sensor)


# ------------------------------------------------------------------ newest reading


def ts_of(entry: dict[str, Any], name: str = "FactoryTimestamp") -> int:
    """Return the epoch second of a stamp, read independently of the simulator."""
    return int(datetime.strptime(entry[name], "%m/%d/%Y %I:%M:%S %p").replace(tzinfo=UTC).timestamp())


def newest(probe: Any) -> dict[str, Any]:
    """Return the newest reading, having looked that list, graph and twin agree."""
    first, second = probe.connections()[0], probe.graph()["connection"]
    assert first["glucoseMeasurement"] == second["glucoseMeasurement"] == first["glucoseItem"]
    reading: dict[str, Any] = first["glucoseMeasurement"]
    return reading


@wire_check("gm-null")
def _(probe: Any) -> None:
    assert newest(probe) is None
    assert len(probe.graph()["graphData"]) > 100


@wire_check("gm-null:item-left")
def _(probe: Any) -> None:
    connection = probe.connections()[0]
    assert connection["glucoseMeasurement"] is None
    assert connection["glucoseItem"]["ValueInMgPerDl"]


@wire_check("gm-stale")
def _(probe: Any) -> None:
    world, clock = probe.server.world, probe.server.world.clock
    for _ in range(2):
        assert 3 * HOUR <= world.now() - ts_of(newest(probe)) < 3 * HOUR + 120 + 600
        assert world.now() - ts_of(probe.graph()["graphData"][-1]) > 3 * HOUR + 17 * 60
        clock.advance(600)


@wire_check("gm-future")
def _(probe: Any) -> None:
    reading = newest(probe)
    assert 1.9 * HOUR < ts_of(reading) - probe.server.world.now() < 2 * HOUR
    assert ts_of(reading, "Timestamp") - ts_of(reading) == HOUR


@wire_check("gm-repeats")
def _(probe: Any) -> None:
    first = newest(probe)
    probe.server.world.clock.advance(HOUR)
    assert newest(probe) == first


@wire_check("gm-HI")
def _(probe: Any) -> None:
    reading = newest(probe)
    assert (reading["ValueInMgPerDl"], reading["Value"], reading["isHigh"], reading["isLow"]) == (500, 500, True, False)


@wire_check("gm-LO")
def _(probe: Any) -> None:
    reading = newest(probe)
    assert (reading["ValueInMgPerDl"], reading["Value"], reading["isHigh"], reading["isLow"]) == (40, 40, False, True)
    assert probe.connections()[1]["glucoseMeasurement"]["Value"] == 2.2


@wire_check("gm-type2")
def _(probe: Any) -> None:
    assert set(newest(probe)) == {"FactoryTimestamp", "Timestamp", "type", "alarmType"}


@wire_check("trend-0")
def _(probe: Any) -> None:
    assert newest(probe)["TrendArrow"] == 0


@wire_check("trend-6")
def _(probe: Any) -> None:
    assert newest(probe)["TrendArrow"] == 6


@wire_check("trend-missing")
def _(probe: Any) -> None:
    assert "TrendArrow" not in newest(probe)


# ------------------------------------------------------------------ graph and logbook


def true_points(probe: Any) -> list[dict[str, Any]]:
    """Return the points a healthy graph would show."""
    world = probe.server.world
    return [wire.measurement(world.patients[0], reading) for reading in world.graph(0)]


@wire_check("graph-null")
def _(probe: Any) -> None:
    assert probe.graph()["graphData"] is None


@wire_check("graph-empty")
def _(probe: Any) -> None:
    assert probe.graph()["graphData"] == []


@wire_check("graph-bad-point")
def _(probe: Any) -> None:
    points, truth = probe.graph()["graphData"], true_points(probe)
    assert [i for i, (p, t) in enumerate(zip(points, truth, strict=True)) if p != t] == [10, 20, 30]
    assert points[10] is None
    assert points[20]["FactoryTimestamp"] == "yesterday"
    assert points[30]["ValueInMgPerDl"] is None


@wire_check("graph-odd-values")
def _(probe: Any) -> None:
    points, truth = probe.graph()["graphData"], true_points(probe)
    assert sum(p != t for p, t in zip(points, truth, strict=True)) == 9
    assert [p["ValueInMgPerDl"] for p in points[:7]] == [-5, 0, 9999, True, "many", 1e308, [126]]
    assert [p["FactoryTimestamp"].split()[0] for p in points[-2:]] == ["6/1/2099", "6/1/1970"]


@wire_check("graph-unsorted")
def _(probe: Any) -> None:
    points, truth = probe.graph()["graphData"], true_points(probe)
    assert points != truth
    assert sorted(points, key=ts_of) == truth


@wire_check("graph-duplicates")
def _(probe: Any) -> None:
    points, truth = probe.graph()["graphData"], true_points(probe)
    assert points == [point for point in truth for _ in range(2)]


@wire_check("graph-hole")
def _(probe: Any) -> None:
    for _ in range(2):
        times = [ts_of(point) for point in probe.graph()["graphData"]]
        assert len(true_points(probe)) - len(times) == 12
        assert [b - a > HOUR for a, b in itertools.pairwise(times)].count(True) == 1


@wire_check("graph-late-fill")
def _(probe: Any) -> None:
    first, second = (probe.graph()["graphData"] for _ in range(2))
    assert len(second) - len(first) == 12
    assert second == true_points(probe)
    assert len(probe.graph(1)["graphData"]) < 130


@wire_check("logbook-404")
def _(probe: Any) -> None:
    patient = probe.server.world.patients[0].patient_id
    assert probe.get(f"llu/connections/{patient}/logbook").status_code == 404
    assert probe.graph()["graphData"]


@wire_check("logbook-empty")
def _(probe: Any) -> None:
    assert probe.logbook() == []


@wire_check("logbook-type2")
def _(probe: Any) -> None:
    entries = probe.logbook()
    assert len(entries) > 40
    assert {entry["type"] for entry in entries} == {2}
    assert not any("ValueInMgPerDl" in entry for entry in entries)


# ------------------------------------------------------------------ time


@wire_check("time-24h")
def _(probe: Any) -> None:
    points, truth = probe.graph()["graphData"], true_points(probe)
    assert all(re.fullmatch(r"\d+/\d+/\d{4} \d{1,2}:\d\d:\d\d", p["Timestamp"]) for p in points)
    times = [datetime.strptime(p["FactoryTimestamp"], "%m/%d/%Y %H:%M:%S").replace(tzinfo=UTC) for p in points]
    assert [int(t.timestamp()) for t in times] == [ts_of(point) for point in truth]
    assert {t.hour > 12 for t in times} == {True, False}


@wire_check("time-padded")
def _(probe: Any) -> None:
    points, truth = probe.graph()["graphData"], true_points(probe)
    assert all(re.fullmatch(r"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d [AP]M", p["FactoryTimestamp"]) for p in points)
    assert [ts_of(p) for p in points] == [ts_of(t) for t in truth]
    assert [ts_of(p, "Timestamp") for p in points] == [ts_of(t, "Timestamp") for t in truth]


def jump(before_min: int, after_min: int) -> Check:
    """Check that the offset changes once inside the graph, and that the instants do not."""

    def check(probe: Any) -> None:
        points = probe.graph()["graphData"]
        offsets = [(ts_of(p, "Timestamp") - ts_of(p)) // 60 for p in points]
        assert [offset for offset, _ in itertools.groupby(offsets)] == [before_min, after_min]
        assert [ts_of(p) for p in points] == [ts_of(t) for t in true_points(probe)]

    return check


CHECKS["time-dst-fall-back"] = jump(120, 60)
CHECKS["time-dst-spring-forward"] = jump(60, 120)
CHECKS["time-offset-30-and-45"] = jump(330, 345)
CHECKS["time-travel"] = jump(60, -300)


# ------------------------------------------------------------------ unit, drift, switch-off


@wire_check("unit-mmol")
def _(probe: Any) -> None:
    graph = probe.graph()
    assert graph["connection"]["uom"] == 0
    for entry in (graph["connection"]["glucoseMeasurement"], *graph["graphData"]):
        assert entry["GlucoseUnits"] == 0
        assert entry["Value"] == wire.shown_value(entry["ValueInMgPerDl"], True)


@wire_check("unit-flip")
def _(probe: Any) -> None:
    units = [(probe.connections()[0]["uom"], probe.graph()["graphData"][0]["GlucoseUnits"]) for _ in range(4)]
    assert units == [(1, 1), (0, 0), (1, 1), (0, 0)]


@wire_check("fields-extra")
def _(probe: Any) -> None:
    graph = probe.graph()
    for thing in (probe.login().json(), graph, graph["connection"]["sensor"], graph["graphData"][3]):
        assert "somethingNew" in thing


@wire_check("fields-missing")
def _(probe: Any) -> None:
    login = probe.login().json()
    assert (set(login["data"]), set(login["data"]["user"])) == ({"user", "authTicket"}, {"id"})
    graph = probe.graph()
    assert set(graph) == {"connection", "graphData"}
    assert set(graph["graphData"][0]) == {"FactoryTimestamp", "ValueInMgPerDl", "type"}
    assert "sensor" not in probe.connections()[0]


@wire_check("numbers-as-strings")
def _(probe: Any) -> None:
    assert probe.login().json()["data"]["authTicket"]["expires"].isdecimal()
    graph = probe.graph()
    assert graph["graphData"][0]["ValueInMgPerDl"].isdecimal()
    assert isinstance(graph["connection"]["glucoseMeasurement"]["isHigh"], bool)


@wire_check("envelope-v5")
def _(probe: Any) -> None:
    answer = probe.get("llu/connections").json()
    assert set(answer) == {"data", "signature"}
    assert answer["data"].count(".") == 2


@wire_check("gone-410")
def _(probe: Any) -> None:
    assert probe.get("llu/connections").status_code == 410
    assert probe.login().json()["status"] == 0


def test_no_fault_leaves_a_trace_in_the_world(follower: Any) -> None:
    healthy = follower.graph()
    for fault in FAULTS:
        if fault.endpoint in ("graph", "readings", "data") and fault.id != "body-gzip-bomb":
            follower.server.inject(fault.id)
            follower.graph_response()
            follower.server.clear()
            follower.login()
    assert follower.graph() == healthy
