"""The rules that make the simulated service like the real one, each checked over HTTP."""

import hashlib
import itertools
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cgm_dash.reading import Flag, Kind, Reading
from ingestion.simulator import DEMO_PASSWORD, Patient, wire

STAMP = re.compile(r"[1-9]\d?/[1-9]\d?/20\d\d [1-9]\d?:[0-5]\d:[0-5]\d [AP]M")
MINUTE, HOUR, DAY = 60, 3600, 86_400


def utc(entry: dict[str, Any], name: str = "FactoryTimestamp") -> datetime:
    """Return the moment of an entry, read independently of the simulator."""
    return datetime.strptime(entry[name], "%m/%d/%Y %I:%M:%S %p").replace(tzinfo=UTC)


def everything(follower: Any, who: int) -> list[dict[str, Any]]:
    """Return every reading any answer shows of one wearer."""
    graph = follower.graph(who)
    return [graph["connection"]["glucoseMeasurement"], *graph["graphData"], *follower.logbook(who)]


# ------------------------------------------------------------------ rule 1


@pytest.mark.parametrize("minute", range(5))
def test_graph_has_140_points_five_minutes_apart_ending_17_to_21_minutes_ago(
    follower: Any, clock: Any, minute: int
) -> None:
    clock.advance(minute * MINUTE)
    graph = follower.graph()
    times = [utc(point) for point in graph["graphData"]]
    lag = utc(graph["connection"]["glucoseMeasurement"]) - times[-1]
    assert len(times) in (140, 141)
    assert all(298 <= (b - a).seconds <= 302 for a, b in itertools.pairwise(times))
    assert 17 <= lag.seconds // 60 <= 21
    assert all("TrendArrow" not in p and "TrendMessage" not in p and p["type"] == 0 for p in graph["graphData"])


# ------------------------------------------------------------------ rule 2


def test_item_equals_measurement_and_both_advance_once_a_minute(follower: Any, clock: Any) -> None:
    seen = []
    for _ in range(30):
        newest = follower.connections()[0]
        assert newest["glucoseItem"] == newest["glucoseMeasurement"]
        assert newest["glucoseMeasurement"]["type"] == 1
        seen.append(utc(newest["glucoseMeasurement"]))
        clock.advance(10)
    assert len(set(seen)) in (5, 6)
    assert seen == sorted(seen)
    assert timedelta(0) < datetime.fromtimestamp(clock(), UTC) - seen[-1] < timedelta(seconds=70 + 10)


# ------------------------------------------------------------------ rule 3


@pytest.mark.parametrize(
    ("zone", "moment"),
    [
        ("Europe/Berlin", "2026-10-25T03:00:00+00:00"),  # the graph spans the end of summer time
        ("Europe/Berlin", "2026-03-29T09:00:00+00:00"),
        ("America/New_York", "2026-11-01T12:00:00+00:00"),
        ("Asia/Kathmandu", "2026-07-01T00:30:00+00:00"),
    ],
)
def test_local_stamp_is_the_zones_wall_clock_unpadded_and_in_english(
    simulate: Callable[..., Any], clock: Any, zone: str, moment: str
) -> None:
    clock.now = datetime.fromisoformat(moment).timestamp()
    follower = simulate(zones=[zone], warmups=False)
    follower.login()
    for entry in everything(follower, 0):
        assert STAMP.fullmatch(entry["FactoryTimestamp"])
        assert STAMP.fullmatch(entry["Timestamp"])
        local = utc(entry).astimezone(ZoneInfo(zone)).replace(tzinfo=UTC)
        assert utc(entry, "Timestamp") == local


def test_midnight_and_noon_are_twelve() -> None:
    assert wire.stamp(1_795_305_600) == "11/22/2026 12:00:00 AM"
    assert wire.stamp(1_795_348_800) == "11/22/2026 12:00:00 PM"


# ------------------------------------------------------------------ rule 4


def test_value_is_mg_dl_or_an_eighteenth_of_it_half_up(follower: Any) -> None:
    for who, mmol in ((0, False), (1, True)):
        for entry in everything(follower, who):
            if entry["type"] == 2:
                continue
            mg_dl = entry["ValueInMgPerDl"]
            if mmol:
                exact = (Decimal(mg_dl) / 18).quantize(Decimal("0.1"), ROUND_HALF_UP)
                assert Decimal(str(entry["Value"])) == exact
                assert isinstance(entry["Value"], int) == (exact == int(exact))
            else:
                assert entry["Value"] == mg_dl
            assert entry["GlucoseUnits"] == (0 if mmol else 1)


def test_halves_are_rounded_up() -> None:
    assert [wire.shown_value(v, True) for v in (45, 63, 81, 99)] == [2.5, 3.5, 4.5, 5.5]
    assert [wire.shown_value(v, True) for v in (171, 54, 500, 40)] == [9.5, 3, 27.8, 2.2]


def test_uom_is_text_at_login_and_a_number_in_a_connection(probe: Any) -> None:
    assert probe.login().json()["data"]["user"]["uom"] == "1"
    assert [c["uom"] for c in probe.connections()] == [1, 0]


# ------------------------------------------------------------------ rule 5


@pytest.mark.parametrize(
    ("mg_dl", "colour"), [(40, 4), (69, 4), (70, 1), (180, 1), (181, 2), (240, 2), (252, 3), (500, 3)]
)
def test_colour_follows_the_targets(mg_dl: int, colour: int) -> None:
    reading = Reading(0, mg_dl, offset_min=0)
    assert wire.measurement(Patient(0, 1, "UTC", "DE"), reading)["MeasurementColor"] == colour


def test_colour_of_a_narrower_target() -> None:
    patient = Patient(0, 1, "UTC", "DE", target_high=160)
    assert [wire.measurement(patient, Reading(0, v))["MeasurementColor"] for v in (160, 161)] == [1, 2]


@pytest.mark.parametrize("mg_dl", [40, 53, 69, 310, 500])
def test_high_and_low_do_not_mean_outside_the_target(mg_dl: int) -> None:
    entry = wire.measurement(Patient(0, 1, "UTC", "DE"), Reading(0, mg_dl))
    assert (entry["isHigh"], entry["isLow"]) == (False, False)


def test_high_and_low_are_said_only_at_the_sensors_bounds(follower: Any, clock: Any) -> None:
    low_seen = 0
    for patient in follower.server.world.patients:
        for reading in follower.server.world.truth(patient, clock() - 200 * DAY, clock()).history:
            assert (reading.flag is Flag.NONE) or reading.mg_dl in (40, 500)
            if reading.flag is Flag.LO:
                low_seen += 1
                assert wire.measurement(patient, reading)["isLow"] is True
    assert low_seen
    assert not any(e["isHigh"] or e["isLow"] for e in follower.graph()["graphData"] if 40 < e["ValueInMgPerDl"] < 500)


# ------------------------------------------------------------------ rule 6


@pytest.mark.parametrize("path", ["llu/connections", "user", "account"])
def test_account_id_is_demanded_and_checked(follower: Any, path: str) -> None:
    del follower.headers["account-id"]
    missing = follower.get(path)
    assert (missing.status_code, missing.json()) == (400, {"message": "RequiredHeaderMissing"})
    wrong = follower.get(path, **{"account-id": hashlib.sha256(b"somebody else").hexdigest()})
    assert (wrong.status_code, wrong.json()) == (200, {"message": "MissingCachedUser"})


# ------------------------------------------------------------------ rule 7


@pytest.mark.parametrize("version", ["4.15.9", "4.9.0", "3.99.0", "nonsense"])
def test_old_version_is_refused_and_told_the_minimum(follower: Any, version: str) -> None:
    for answer in (follower.get("llu/connections", version=version), _login_as(follower, version)):
        assert answer.status_code == 403
        assert answer.json() == {"data": {"minimumVersion": "4.16.0"}, "status": 920}


def test_newer_version_is_welcome(follower: Any) -> None:
    assert follower.get("llu/connections", version="4.17.0").json()["status"] == 0


def _login_as(probe: Any, version: str) -> Any:
    return probe.http.post(probe.url("llu/auth/login"), json={}, headers={"version": version}, timeout=5)


# ------------------------------------------------------------------ rule 8


def test_order_of_connections_changes_from_answer_to_answer(simulate: Callable[..., Any]) -> None:
    follower = simulate(people=5)
    follower.login()
    orders = {tuple(c["patientId"] for c in follower.get("llu/connections").json()["data"]) for _ in range(10)}
    assert len(orders) > 5
    assert len({frozenset(order) for order in orders}) == 1


# ------------------------------------------------------------------ rule 9


def test_three_bad_logins_in_a_minute_lock_for_five_even_with_the_right_password(probe: Any, clock: Any) -> None:
    for _ in range(3):
        refused = probe.login("wrong")
        assert (refused.status_code, refused.json()) == (200, {"status": 2, "error": {"message": "notAuthenticated"}})
        clock.advance(19)
    locked = probe.login()
    detail = {"failures": 3, "interval": 60, "lockout": 300}
    assert locked.json() == {"status": 429, "data": {"code": 60, "data": detail, "message": "locked"}}
    clock.advance(300 - 19 - 1)
    assert probe.login().json()["status"] == 429
    clock.advance(1)
    assert probe.login().json()["status"] == 0


def test_failures_far_apart_do_not_lock(probe: Any, clock: Any) -> None:
    for _ in range(6):
        probe.login("wrong")
        clock.advance(31)
    assert probe.login().json()["status"] == 0


# ------------------------------------------------------------------ rule 10


def test_every_data_answer_carries_a_new_ticket_and_old_ones_stay_valid(follower: Any, clock: Any) -> None:
    patient = follower.server.world.patients[0]
    paths = [
        "llu/connections",
        f"llu/connections/{patient.patient_id}/graph",
        f"llu/connections/{patient.patient_id}/logbook",
        f"llu/notifications/settings/{patient.connection_id}",
        "user",
        "account",
    ]
    first = follower.headers["authorization"]
    tickets = [follower.get(path).json()["ticket"] for path in paths]
    assert len({ticket["token"] for ticket in tickets}) == len(paths)
    assert all(t["expires"] == int(clock()) + 180 * DAY and t["duration"] == 15_552_000_000 for t in tickets)
    clock.advance(180 * DAY - 2)
    for token in (first, *("Bearer " + ticket["token"] for ticket in tickets)):
        assert follower.get("user", authorization=token).status_code == 200
    clock.advance(2)
    dead = follower.get("user", authorization=first)
    assert (dead.status_code, dead.json()) == (401, {"message": "invalid or expired jwt"})


# ------------------------------------------------------------------ rule 11


def test_global_host_redirects_and_a_foreign_host_answers_911(simulate: Callable[..., Any]) -> None:
    probe = simulate(region="eu2")
    assert probe.login().json() == {"status": 0, "data": {"redirect": True, "region": "eu2"}}
    probe.region = "us"
    assert probe.login().json() == {"status": 911}
    probe.region = "eu2"
    assert probe.login().json()["data"]["authTicket"]["token"]
    assert len(probe.connections()) == 1
    probe.region = "us"
    assert probe.get("llu/connections").json()["error"]["message"] == "couldNotLoadPatient"


def test_account_without_a_redirect_works_at_the_global_host(probe: Any) -> None:
    assert probe.login().json()["status"] == 0
    assert len(probe.connections()) == 2


# ------------------------------------------------------------------ rule 12


def test_warming_sensor_shows_no_measurement_and_is_not_active(follower: Any, clock: Any) -> None:
    patient = follower.server.world.patients[0]
    put_on = patient.sensor_at(clock()).activated
    for second in (0, 30, 59 * MINUTE + 59):
        clock.now = put_on + second
        for connection in (follower.connections()[0], follower.graph()["connection"]):
            assert connection["glucoseMeasurement"] is None
            assert connection["glucoseItem"] is None
            assert (connection["sensor"]["a"], connection["sensor"]["w"]) == (put_on, 60)
        assert follower.graph()["activeSensors"] == []
    clock.now = put_on + 62 * MINUTE
    assert follower.connections()[0]["glucoseMeasurement"] is not None
    assert follower.graph()["activeSensors"][0]["sensor"]["deviceId"]


def test_warm_up_leaves_a_gap_of_an_hour_in_the_graph(follower: Any, clock: Any) -> None:
    put_on = follower.server.world.patients[0].sensor_at(clock()).activated
    clock.now = put_on + 4 * HOUR
    ages = [utc(point).timestamp() - put_on for point in follower.graph()["graphData"]]
    assert min(ages) < 0 < max(ages)
    assert not [age for age in ages if 0 <= age < HOUR]


def test_sensor_is_replaced_every_fourteen_days(follower: Any, clock: Any) -> None:
    before = follower.connections()[0]["sensor"]
    clock.advance(14 * DAY)
    after = follower.connections()[0]["sensor"]
    assert after["a"] - before["a"] == 14 * DAY
    assert after["sn"] != before["sn"]


# ------------------------------------------------------------------ rule 13


def test_logbook_is_newest_first_and_mixes_types(follower: Any, clock: Any) -> None:
    for who in (0, 1):
        entries = follower.logbook(who)
        times = [utc(entry) for entry in entries]
        assert times == sorted(times, reverse=True)
        assert timedelta(days=13) < times[0] - times[-1] <= timedelta(days=14)
        assert {entry["type"] for entry in entries} == {1, 2, 3}
        assert 40 <= len(entries) <= 150
        for entry in entries:
            assert ("ValueInMgPerDl" in entry) == (entry["type"] != 2)
            if entry["type"] == 3:
                low, high = (0, 70) if entry["alarmType"] in (0, 1) else (250, 501)
                assert low < entry["ValueInMgPerDl"] <= high


def test_logbook_values_are_those_of_the_live_series(follower: Any) -> None:
    world = follower.server.world
    for entry in follower.logbook():
        if entry["type"] == 1:
            ts = int(utc(entry).timestamp())
            [reading] = world.truth(0, ts, ts + 1).live
            assert (reading.mg_dl, reading.kind) == (entry["ValueInMgPerDl"], Kind.LIVE)


# ------------------------------------------------------------------ shapes beyond the rules


def test_sensor_flag_differs_inside_one_answer(follower: Any) -> None:
    graph = follower.graph()
    assert graph["connection"]["sensor"]["s"] is not graph["activeSensors"][0]["sensor"]["s"]
    assert graph["connection"]["sensor"]["deviceId"] == ""


def test_steps_are_accepted_one_after_the_other(simulate: Callable[..., Any]) -> None:
    probe = simulate(steps=("tou", "pp"))
    first = probe.login().json()
    assert (first["status"], first["data"]["step"]["type"]) == (4, "tou")
    assert first["data"]["authTicket"]["duration"] == 3_600_000
    assert probe.get("llu/connections").status_code == 401
    assert probe.accept("tou").json()["data"]["step"]["type"] == "pp"
    assert probe.accept("tou").json()["status"] not in (0, 4)
    assert probe.accept("pp").json()["status"] == 0
    assert len(probe.connections()) == 1
    assert probe.login(DEMO_PASSWORD).json()["status"] == 0


def test_country_configuration_names_the_regional_hosts(probe: Any) -> None:
    data = probe.get("llu/config/country?country=DE").json()["data"]
    assert data["regionalMap"]["eu2"]["lslApi"] == f"{probe.server.url}/eu2/"
    assert data["MinVersion"] == "4.16.0"


def test_settings_are_found_by_the_connections_id(follower: Any) -> None:
    connection = follower.connections()[0]
    answer = follower.get(f"llu/notifications/settings/{connection['id']}").json()
    assert answer["data"]["connectionId"] == connection["id"]
