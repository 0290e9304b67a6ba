"""The socket: compression, dates, keep-alive, the log, stopping; and when and where faults strike."""

import contextlib
import gzip
import http.client
import json
import threading
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from ingestion.simulator import DEMO_PASSWORD, SimulatorServer, World, serve_forever
from ingestion.simulator.exchange import route


def raw_get(server: SimulatorServer, headers: dict[str, str]) -> tuple[str | None, bytes]:
    """Return the encoding and the bytes of the connections, as they went over the wire."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)) as connection:
        connection.request("GET", "/llu/connections", headers=headers)
        answer = connection.getresponse()
        return answer.getheader("Content-Encoding"), answer.read()


def test_answers_are_compressed_only_when_asked(follower: Any) -> None:
    encoding, plain = raw_get(follower.server, follower.headers | {"Accept-Encoding": "identity"})
    assert (encoding, len(json.loads(plain)["data"])) == (None, 2)
    encoding, packed = raw_get(follower.server, follower.headers | {"Accept-Encoding": "gzip"})
    assert (encoding, len(json.loads(gzip.decompress(packed))["data"])) == ("gzip", 2)


def test_date_is_the_virtual_one(probe: Any, clock: Any) -> None:
    clock.now = 1_600_000_000
    assert parsedate_to_datetime(probe.get("user").headers["Date"]).timestamp() == 1_600_000_000


def test_one_connection_serves_many_requests(follower: Any) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", follower.server.port, timeout=5)
    connection.connect()
    port = connection.sock.getsockname()[1]
    for _ in range(3):
        connection.request("GET", "/llu/connections", headers=follower.headers)
        connection.getresponse().read()
        assert connection.sock.getsockname()[1] == port
    connection.close()


@pytest.mark.parametrize(
    ("method", "target", "found"),
    [
        ("POST", "/llu/auth/login", ("login", "", "")),
        ("POST", "//llu/auth/login", ("login", "", "")),
        ("POST", "/global/llu/auth/login", ("login", "", "")),
        ("POST", "/eu2/auth/continue/tou", ("continue", "eu2", "tou")),
        ("GET", "/eu/llu/connections/p-1/logbook", ("logbook", "eu", "p-1")),
        ("GET", "/llu/config/country?country=DE", ("config", "", "")),
        ("GET", "/eu/account", ("account", "eu", "")),
        ("GET", "/llu/auth/login", ("unknown", "", "")),
        ("GET", "/", ("unknown", "", "")),
    ],
)
def test_paths_are_recognised(method: str, target: str, found: tuple[str, str, str]) -> None:
    assert route(method, target) == found


def test_unknown_path_is_404(probe: Any) -> None:
    assert probe.get("nothing/here").status_code == 404


def test_log_counts_and_holds_no_secret(follower: Any, clock: Any) -> None:
    follower.region = "eu"
    follower.get("llu/connections?token=secret")
    server = follower.server
    assert (server.count(), server.count("login"), server.count("graph")) == (2, 1, 0)
    last = server.requests[-1]
    assert (last.time, last.method, last.path, last.endpoint, last.region, last.status, last.faults) == (
        clock(), "GET", "/eu/llu/connections", "connections", "eu", 200, ()
    )  # fmt: skip
    assert DEMO_PASSWORD not in repr(server.requests)
    assert "secret" not in repr(server.requests)
    server.forget()
    assert server.count() == 0


def test_a_stopped_server_refuses_and_can_start_again_on_its_port(simulate: Callable[..., Any]) -> None:
    probe = simulate()
    port = probe.server.port
    probe.login()
    probe.server.stop()
    with pytest.raises(requests.ConnectionError):
        probe.get("user")
    probe.server.start()
    assert probe.server.port == port
    assert probe.get("user").status_code == 200


@pytest.mark.parametrize("fault", ["net-timeout", "net-slow:30"])
@pytest.mark.parametrize("end", ["stop", "clear"])
def test_stop_and_clear_end_a_hanging_answer_at_once(probe: Any, fault: str, end: str) -> None:
    probe.server.inject(fault)
    before = set(threading.enumerate())
    failed = threading.Event()

    def ask() -> None:
        try:
            probe.login()
        except requests.RequestException:
            failed.set()

    asking = threading.Thread(target=ask)
    asking.start()
    while probe.server.count() == 0:
        time.sleep(0.005)
    began = time.monotonic()
    getattr(probe.server, end)()
    asking.join(2)
    assert failed.is_set()
    while set(threading.enumerate()) - before and time.monotonic() - began < 1:
        time.sleep(0.005)
    assert time.monotonic() - began < 0.5


def test_a_defect_of_the_simulator_is_kept_and_answered_with_500(clock: Any, monkeypatch: Any) -> None:
    with SimulatorServer(World.build(clock=clock)) as server:
        monkeypatch.setattr(server.world, "answer", lambda request: 1 / 0)
        assert requests.get(f"{server.url}/user", timeout=5).status_code == 500
        assert [type(defect) for defect in server.defects] == [ZeroDivisionError]


def test_starting_twice_is_refused(probe: Any) -> None:
    with pytest.raises(RuntimeError):
        probe.server.start()


# ------------------------------------------------------------------ when and where faults strike


def statuses(probe: Any, paths: list[str]) -> list[int]:
    return [probe.get(path).status_code for path in paths]


def test_fault_strikes_so_many_requests(follower: Any) -> None:
    follower.server.inject("http-500", times=2)
    assert statuses(follower, ["user"] * 4) == [500, 500, 200, 200]
    assert [logged.faults for logged in follower.server.requests[-4:]] == [("http-500",), ("http-500",), (), ()]


def test_fault_strikes_for_a_span_of_virtual_time(follower: Any, clock: Any) -> None:
    follower.server.inject("http-500", seconds=60)
    assert statuses(follower, ["user"]) == [500]
    clock.advance(59)
    assert statuses(follower, ["user"]) == [500]
    clock.advance(1)
    assert statuses(follower, ["user"]) == [200]


def test_fault_strikes_one_endpoint(follower: Any) -> None:
    follower.server.inject("http-500", endpoint="connections")
    assert statuses(follower, ["llu/connections", "user"]) == [500, 200]


def test_fault_strikes_with_a_seeded_probability(simulate: Callable[..., Any]) -> None:
    runs = []
    for seed in (1, 1, 2):
        follower = simulate(seed=seed)
        follower.login()
        follower.server.inject("http-503-retry-after", probability=0.3)
        runs.append(statuses(follower, ["user"] * 60))
    assert runs[0] == runs[1] != runs[2]
    assert 8 <= runs[0].count(503) <= 30


def test_several_faults_add_up(follower: Any) -> None:
    follower.server.inject("unit-mmol")
    follower.server.inject("graph-duplicates")
    points = follower.graph()["graphData"]
    assert len(points) in (280, 282)
    assert {point["GlucoseUnits"] for point in points} == {0}


def test_faults_that_do_not_fit_each_other_leave_one(follower: Any) -> None:
    follower.server.inject("time-padded")
    follower.server.inject("time-24h")
    assert follower.get("llu/connections").status_code == 200


def test_clear_lifts_everything(follower: Any) -> None:
    follower.server.inject("http-500")
    follower.server.inject("net-refuse")
    follower.server.clear()
    assert statuses(follower, ["user"]) == [200]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("http-50", "did you mean .*http-500"),
        ("step-to", "step-tou"),
        ("v-403-920", "v-403-920:login, v-403-920:data, v-403-920:rising"),
        ("zzz", "no such id 'zzz'"),
        ("http-500:7", "takes no argument"),
        ("http-429-seconds:soon", "takes a number"),
        ("v-403-920:data:new", "takes a version"),
    ],
)
def test_unknown_fault_names_near_ones(probe: Any, name: str, hint: str) -> None:
    with pytest.raises(ValueError, match=hint):
        probe.server.inject(name)


def test_unknown_endpoint_is_refused(probe: Any) -> None:
    with pytest.raises(ValueError, match="expected one of any, sign-in, data"):
        probe.server.inject("http-500", endpoint="everywhere")


def test_serving_forever_says_where_and_stops(monkeypatch: Any) -> None:
    said: list[str] = []
    stop = threading.Event()
    stop.set()
    serve_forever(0, seed=3, days=5, faults=["http-429-seconds:120"], say=said.append, stop=stop)
    assert "http://127.0.0.1:" in said[0]
    assert DEMO_PASSWORD in said[1]


def test_serving_forever_has_data_for_so_many_days_and_the_faults_asked_for() -> None:
    said: list[str] = []
    stop, ready = threading.Event(), threading.Event()

    def say(line: str) -> None:
        said.append(line)
        if len(said) == 2:
            ready.set()

    ends = {"say": say, "stop": stop}
    running = threading.Thread(target=serve_forever, args=(0, 1, 0.25, ["cf-403-html"]), kwargs=ends)
    running.start()
    try:
        assert ready.wait(5)
        url = said[0].split()[4]
        assert "Cloudflare" in requests.get(f"{url}/user", timeout=5).text
    finally:
        stop.set()
        running.join(5)
