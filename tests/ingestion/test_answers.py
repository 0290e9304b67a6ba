"""Reading the upstream's data point by point."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm_dash import gate
from cgm_dash.batch import NO_OFFSET, SensorSeen
from cgm_dash.reading import Flag, Kind
from ingestion import answers
from ingestion.answers import UnreadableError

NOW = 1_795_338_860.0
TS = 1_795_338_847


def measured(**changes: Any) -> dict[str, Any]:
    record = {
        "FactoryTimestamp": "11/22/2026 9:14:07 AM",
        "Timestamp": "11/22/2026 10:14:07 AM",
        "type": 1,
        "ValueInMgPerDl": 126,
        "TrendArrow": 3,
        "GlucoseUnits": 1,
        "Value": 126,
        "isHigh": False,
        "isLow": False,
    }
    return {name: value for name, value in (record | changes).items() if value is not ...}


def connected(**changes: Any) -> dict[str, Any]:
    record = {
        "patientId": "c2a7d9f4-1234",
        "country": "AT",
        "firstName": "Paula",
        "lastName": "Patient",
        "targetLow": 70,
        "targetHigh": 180,
        "uom": 1,
        "sensor": {"deviceId": "", "sn": "0TST12345670", "a": 1_794_724_800, "w": 60, "pt": 4},
        "glucoseMeasurement": measured(),
        "glucoseItem": measured(),
    }
    return {name: value for name, value in (record | changes).items() if value is not ...}


def graph_of(step_s: int, n: int) -> dict[str, Any]:
    base = TS - 1_800 - n * step_s
    stamps = [np.datetime64(base + i * step_s, "s").item() for i in range(n)]
    text = [f"{t.month}/{t.day}/{t.year} {t.hour % 12 or 12}:{t:%M:%S} {'PM' if t.hour > 11 else 'AM'}" for t in stamps]
    return {"graphData": [measured(FactoryTimestamp=s, Timestamp=s, type=0, TrendArrow=...) for s in text]}


def test_a_measurement_is_read() -> None:
    read = answers.points([measured()], Kind.LIVE, 60)
    assert read.rejected == ()
    assert read.newest == TS
    columns = read.columns
    fields = (
        columns.kind,
        columns.ts,
        columns.mg_dl,
        columns.flag,
        columns.trend,
        columns.period_s,
        columns.offset_min,
    )
    assert [int(field[0]) for field in fields] == [Kind.LIVE, TS, 126, Flag.NONE, 3, 60, 60]
    assert columns.raw is not None
    assert json.loads(columns.raw[0]) == measured()


@pytest.mark.parametrize(
    ("changes", "mg_dl", "flag", "trend", "offset"),
    [
        ({"ValueInMgPerDl": "126"}, 126, 0, 3, 60),
        ({"ValueInMgPerDl": 126.0}, 126, 0, 3, 60),
        ({"Value": 7, "GlucoseUnits": 0}, 126, 0, 3, 60),
        ({"Value": "junk", "GlucoseUnits": 2}, 126, 0, 3, 60),
        ({"TrendArrow": 0}, 126, 0, 0, 60),
        ({"TrendArrow": 6}, 126, 0, 0, 60),
        ({"TrendArrow": None}, 126, 0, 0, 60),
        ({"TrendArrow": "5"}, 126, 0, 5, 60),
        ({"TrendArrow": ...}, 126, 0, 0, 60),
        ({"isHigh": True, "ValueInMgPerDl": 500}, 500, 1, 3, 60),
        ({"isLow": True, "ValueInMgPerDl": 40}, 40, -1, 3, 60),
        ({"isLow": "true", "ValueInMgPerDl": None}, 40, -1, 3, 60),
        ({"isHigh": 1, "ValueInMgPerDl": 0}, 500, 1, 3, 60),
        ({"isHigh": ..., "isLow": ...}, 126, 0, 3, 60),
        ({"Timestamp": ...}, 126, 0, 3, NO_OFFSET),
        ({"Timestamp": "yesterday"}, 126, 0, 3, NO_OFFSET),
        ({"Timestamp": "11/22/2027 10:14:07 AM"}, 126, 0, 3, NO_OFFSET),
        ({"Timestamp": "11/22/2026 2:59:07 PM"}, 126, 0, 3, 345),
        ({"Timestamp": "11/22/2026 5:44:07 AM"}, 126, 0, 3, -210),
        ({"type": 3, "alarmType": 1}, 126, 0, 3, 60),
        ({"type": ..., "unknown": {"deep": [1]}}, 126, 0, 3, 60),
    ],
)
def test_odd_fields_do_not_cost_the_value(
    changes: dict[str, Any], mg_dl: int, flag: int, trend: int, offset: int
) -> None:
    read = answers.points([measured(**changes)], Kind.LIVE, 60)
    assert read.rejected == ()
    columns = read.columns
    found = tuple(int(c[0]) for c in (columns.mg_dl, columns.flag, columns.trend, columns.offset_min))
    assert found == (mg_dl, flag, trend, offset)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (None, "no-object"),
        ([], "no-object"),
        ("126", "no-object"),
        (measured(FactoryTimestamp=...), "no-time"),
        (measured(FactoryTimestamp=None), "no-time"),
        (measured(FactoryTimestamp=""), "no-time"),
        (measured(FactoryTimestamp="22/11/2026 9:14:07 AM"), "bad-time"),
        (measured(FactoryTimestamp="11/22/2026 9:14:07"), "bad-time"),
        (measured(FactoryTimestamp=1_795_338_847), "bad-time"),
        (measured(ValueInMgPerDl=...), "no-value"),
        (measured(ValueInMgPerDl=None), "no-value"),
        (measured(ValueInMgPerDl="many"), "bad-value"),
        (measured(ValueInMgPerDl=True), "bad-value"),
        (measured(ValueInMgPerDl=[126]), "bad-value"),
        (measured(ValueInMgPerDl=126.5), "bad-value"),
        (measured(ValueInMgPerDl=1e308), "out-of-range"),
        (measured(ValueInMgPerDl=10**12), "out-of-range"),
        (measured(isHigh=True, isLow=True), "bad-flag"),
    ],
)
def test_what_is_no_reading_is_told_with_its_reason_and_costs_no_other(record: object, reason: str) -> None:
    read = answers.points([measured(), record, measured()], Kind.HISTORY, 300)
    assert len(read.columns) == 2
    assert [(r.reason, r.raw) for r in read.rejected] == [(reason, json.dumps(record, separators=(",", ":")))]


@pytest.mark.parametrize(("mg_dl", "passes"), [(-5, 0), (0, 0), (19, 0), (20, 1), (600, 1), (601, 0), (9_999, 0)])
def test_values_that_are_no_glucose_are_left_to_the_gate(mg_dl: int, passes: int) -> None:
    read = answers.points([measured(ValueInMgPerDl=mg_dl)], Kind.LIVE, 60)
    assert len(gate.sift(read.columns, NOW).accepted) == passes


def test_alarm_without_glucose_is_known_and_not_kept() -> None:
    alarm = {"FactoryTimestamp": "11/22/2026 9:14:07 AM", "Timestamp": "11/22/2026 9:14:07 AM", "type": 2}
    read = answers.points([alarm], Kind.LIVE, 60)
    assert (len(read.columns), read.rejected, read.newest) == (0, (), None)


# ---------------------------------------------------------------------- connections


def test_connection_is_read() -> None:
    found, rejected = answers.connections([connected()])
    assert rejected == []
    wearer = found[0].wearer
    assert (wearer.external_id, wearer.name, wearer.country) == ("c2a7d9f4-1234", "Paula Patient", "AT")
    assert (wearer.unit, wearer.target_low, wearer.target_high) == ("mg/dL", 70, 180)
    assert found[0].live.newest == TS
    assert found[0].sensors == (SensorSeen("0TST12345670", "Libre 3", 1_794_724_800, 60, 14),)


@pytest.mark.parametrize(
    ("changes", "unit", "low"),
    [
        ({"uom": 0}, "mmol/L", 70),
        ({"uom": "0"}, "mmol/L", 70),
        ({"uom": 7}, "", 70),
        ({"uom": ...}, "", 70),
        ({"targetLow": "72"}, "mg/dL", 72),
        ({"targetLow": 4}, "mg/dL", None),
        ({"targetLow": None}, "mg/dL", None),
        ({"alarmRules": 5, "patientDevice": [], "glucoseAlarm": {"x": 1}}, "mg/dL", 70),
    ],
)
def test_odd_connection_fields_cost_nothing_else(changes: dict[str, Any], unit: str, low: int | None) -> None:
    found, _ = answers.connections([connected(**changes)])
    assert (found[0].wearer.unit, found[0].wearer.target_low, found[0].live.newest) == (unit, low, TS)


@pytest.mark.parametrize("patient_id", [..., None, "", 5, "../x", "a/b", "-a", "a" * 65, "ü"])
def test_connection_without_a_usable_id_is_told_and_costs_no_other(patient_id: object) -> None:
    found, rejected = answers.connections([connected(patientId=patient_id), connected(), None])
    assert len(found) == 1
    assert [r.reason for r in rejected] == ["no-patient", "no-patient"]


def test_a_patient_listed_twice_is_read_once() -> None:
    assert len(answers.connections([connected(), connected()])[0]) == 1


@pytest.mark.parametrize("data", [None, {}, "x", 5])
def test_connections_that_are_no_list_are_refused(data: object) -> None:
    with pytest.raises(UnreadableError):
        answers.connections(data)


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [
        ("Paula", "", "Paula"),
        (None, 5, ""),
        ("Pau\x00la\n", "\ud800Pat\x1b[31m", "Paula Pat[31m"),
        ("  a  b ", "ç 日本", "a b ç 日本"),
        ("x" * 5_000, "", "x" * 120),
    ],
)
def test_names_are_cleaned(first: object, last: object, name: str) -> None:
    assert answers.connection(connected(firstName=first, lastName=last)).wearer.name == name


def test_the_twin_stands_in_for_a_missing_newest_reading() -> None:
    assert answers.connection(connected(glucoseMeasurement=None)).live.newest == TS
    assert answers.connection(connected(glucoseMeasurement=None, glucoseItem=None)).live.newest is None
    assert answers.connection(connected(glucoseMeasurement=..., glucoseItem=...)).live.newest is None


# ---------------------------------------------------------------------- graph and logbook


@pytest.mark.parametrize(("step_s", "n", "period"), [(300, 140, 300), (900, 48, 900), (900, 2, 300), (300, 0, 300)])
def test_graph_period_is_its_own_median_step(step_s: int, n: int, period: int) -> None:
    read = answers.graph(graph_of(step_s, n)).points.columns
    assert len(read) == n
    assert set(read.period_s.tolist()) <= {period}
    assert set(read.kind.tolist()) <= {Kind.HISTORY}


def test_graph_hole_and_duplicates_do_not_change_the_period() -> None:
    data = graph_of(300, 60)
    data["graphData"] = data["graphData"][:20] * 2 + data["graphData"][40:]
    assert set(answers.graph(data).points.columns.period_s.tolist()) == {300}


@pytest.mark.parametrize("data", [{}, {"graphData": None}, {"graphData": {}}, {"graphData": [], "activeSensors": 5}])
def test_graph_without_points_is_empty(data: object) -> None:
    assert len(answers.graph(data).points.columns) == 0


def test_logbook_parts_scans_and_alarms() -> None:
    entries = [measured(type=1), measured(type=3, alarmType=1), {"type": 2, "alarmType": 1}, measured(type="1")]
    read = answers.logbook([*entries, measured(type=9), measured(type=...), None])
    assert sorted(read.columns.kind.tolist()) == [Kind.SCAN, Kind.SCAN, Kind.ALARM]
    assert [r.reason for r in read.rejected] == ["unknown-type"] * 3


# ---------------------------------------------------------------------- sensors


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (
            {"sn": "MH00ABC", "a": "1794724800", "w": "60", "pt": 4},
            SensorSeen("MH00ABC", "Libre 2", 1_794_724_800, 60, 14),
        ),
        ({"sn": "01ABC", "pt": 3}, SensorSeen("01ABC", "Libre 2 Plus", None, 60, 15)),
        ({"sn": "XYZ", "pt": 0, "w": 99_999}, SensorSeen("XYZ", "Libre 1", None, 60, 14)),
        ({"sn": "XYZ", "a": -5, "pt": "?"}, SensorSeen("XYZ", "", None, 60, None)),
        ({"sn": "XYZ", "a": 1_794_724_800_000, "w": 120}, SensorSeen("XYZ", "", None, 120, None)),
    ],
)
def test_sensor_is_read(record: object, expected: SensorSeen) -> None:
    assert answers.sensors(record, None) == (expected,)


@pytest.mark.parametrize("record", [None, {}, [], {"sn": ""}, {"sn": 5}, "x"])
def test_no_sensor_is_none(record: object) -> None:
    assert answers.sensors(record, [record, {"sensor": record}]) == ()


def test_old_and_new_sensor_are_both_told() -> None:
    seen = answers.sensors({"sn": "NEW"}, [{"sensor": {"sn": "OLD"}}, {"sensor": {"sn": "NEW", "a": 1_794_724_800}}])
    assert [s.serial for s in seen] == ["NEW", "OLD"]


# ---------------------------------------------------------------------- whatever comes

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
NAMES = st.sampled_from([*connected(), *measured(), "graphData", "connection", "activeSensors", "sn", "a", "w", "pt"])
JSON = st.recursive(
    SCALARS | st.sampled_from(["11/22/2026 9:14:07 AM", "126", "c2a7d9f4", 126]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=8),
    max_leaves=25,
)


@given(JSON)
def test_no_data_raises_anything_foreign(data: Any) -> None:
    for read in (answers.connections, answers.graph, answers.logbook):
        try:
            read(data)
        except UnreadableError:
            pass


@given(st.dictionaries(NAMES, JSON, max_size=8))
def test_no_change_of_a_record_raises(changes: dict[str, Any]) -> None:
    found, rejected = answers.connections([connected() | changes])
    assert len(found) + len(rejected) == 1
    columns = answers.joined([one.live.columns for one in found])
    assert len(gate.sift(columns, NOW).accepted) <= 1


def test_a_record_nested_too_deep_is_still_told() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert answers.points([[deep]], Kind.LIVE, 60).rejected[0].reason == "no-object"
