"""What a fault changes inside a healthy answer: connections, sensors, readings, stamps, units, fields."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import cast

from ingestion.simulator import wire
from ingestion.simulator.curve import HIGHEST, LOWEST
from ingestion.simulator.effects import Call, Effect, last_patient_id
from ingestion.simulator.exchange import Answer
from ingestion.simulator.people import SENSOR_LIFE_S, Sensor
from ingestion.simulator.wire import Json
from ingestion.simulator.world import error_4, invented_patient

HOUR = 3_600
Entry = dict[str, Json]


def edited(edit: Callable[[Json, Call], None]) -> Effect:
    """Let *edit* change the document of every successful answer in place."""

    def effect(call: Call) -> Answer:
        answer = call.answer()
        if succeeded(answer):
            edit(answer.doc, call)
        return answer

    return effect


def succeeded(answer: Answer) -> bool:
    """Whether an answer holds data; refusals are left as they are."""
    doc = answer.doc
    return isinstance(doc, dict) and doc.get("status") == 0 and isinstance(doc.get("data"), (dict, list))


def each_connection(edit: Callable[[Entry, Call], None]) -> Effect:
    """Let *edit* change every connection of an answer, in the list and in the graph."""

    def walk(doc: Json, call: Call) -> None:
        for connection in connections_of(doc):
            edit(connection, call)

    return edited(walk)


def each_latest(edit: Callable[[Entry, Call], None]) -> Effect:
    """Let *edit* change the newest reading of every connection, and its twin."""

    def walk(connection: Entry, call: Call) -> None:
        for name in ("glucoseMeasurement", "glucoseItem"):
            if connection.get(name) is not None:
                edit(connection[name], call)

    return each_connection(walk)


def each_reading(edit: Callable[[Entry, Call], None]) -> Effect:
    """Let *edit* change every reading wherever it stands."""

    def walk(doc: Json, call: Call) -> None:
        for entry in dictionaries(doc):
            if "FactoryTimestamp" in entry:
                edit(entry, call)

    return edited(walk)


def graph_points(edit: Callable[[list[Json], Call], list[Json] | None]) -> Effect:
    """Let *edit* turn the points of a graph into others."""

    def change(doc: Json, call: Call) -> None:
        if isinstance(doc["data"], dict) and "graphData" in doc["data"]:
            doc["data"]["graphData"] = edit(doc["data"]["graphData"], call)

    return edited(change)


def connections_of(doc: Json) -> list[Entry]:
    """Return the connections of an answer: all of a list, the one of a graph, none of anything else."""
    data = doc["data"]
    if isinstance(data, list):
        return [entry for entry in data if "patientId" in entry]
    return [data["connection"]] if "connection" in data else []


def dictionaries(value: Json) -> Iterator[Entry]:
    """Yield every object inside *value*, outer ones first."""
    if isinstance(value, dict):
        yield cast(Entry, value)
    for inner in list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from dictionaries(inner)


def instant(text: str) -> int:
    """Return the UTC epoch second of a stamp; by hand, as strptime's AM and PM depend on the locale.

    >>> instant("11/22/2026 9:14:07 AM"), instant("11/22/2026 12:00:00 AM")
    (1795338847, 1795305600)
    """
    day, clock, half = text.split()
    month, mday, year = (int(part) for part in day.split("/"))
    hour, minute, second = (int(part) for part in clock.split(":"))
    return int(datetime(year, month, mday, hour % 12 + 12 * (half == "PM"), minute, second, tzinfo=UTC).timestamp())


# ---------------------------------------------------------------------- connections


def no_connections(doc: Json, call: Call) -> None:
    """Share nothing."""
    doc["data"] = []


def connections_later(doc: Json, call: Call) -> None:
    """Share nothing in the first answers; argument: how many."""
    if call.struck < call.number(2):
        doc["data"] = []


def one_vanishes(call: Call) -> Answer:
    """List everyone once, then no longer the last wearer."""
    gone = call.memory.get("listed", 0) > 0
    if call.request.endpoint == "connections":
        call.memory["listed"] = 1
        return edited(_without_last)(call) if gone else call.answer()
    is_last = call.request.subject == last_patient_id(call.world)
    return error_4("followerNotConnectToPatient") if gone and is_last else call.answer()


def _without_last(doc: Json, call: Call) -> None:
    doc["data"] = [entry for entry in doc["data"] if entry["patientId"] != last_patient_id(call.world)]


def reordered(doc: Json, call: Call) -> None:
    """Turn the list round from one answer to the next."""
    doc["data"].sort(key=lambda entry: entry["patientId"], reverse=call.struck % 2 == 1)


def twelve(call: Call) -> Answer:
    """Share twelve wearers; they are in the injection's memory under `patients`."""
    world = call.world
    more = call.memory.setdefault(
        "patients",
        [*world.patients, *(invented_patient(world.seed, i) for i in range(len(world.patients), 12))],
    )
    few, world.patients = world.patients, more
    try:
        return call.answer()
    finally:
        world.patients = few


# ---------------------------------------------------------------------- sensor


def no_sensor(doc: Json, call: Call) -> None:
    """Name no sensor anywhere."""
    for entry in dictionaries(doc):
        entry.update({name: empty for name, empty in (("sensor", None), ("activeSensors", [])) if name in entry})


def sensor_warms_up(doc: Json, call: Call) -> None:
    """Put on a new sensor ten minutes before the fault began: no value yet, old points still there."""
    for connection in connections_of(doc):
        connection["glucoseMeasurement"] = connection["glucoseItem"] = None
        connection["sensor"] = wire.sensor(_replacement(int(call.since) - 600))
    if "activeSensors" in doc["data"]:
        doc["data"]["activeSensors"] = []


def sensor_expired(call: Call) -> Answer:
    """Let the sensor's life have ended two hours before the fault began."""
    end = int(call.since) - 2 * HOUR
    with call.world.frozen(end):
        answer = call.answer()
    if succeeded(answer):
        for entry in dictionaries(answer.doc):
            if "sn" in entry:
                entry["a"] = end - SENSOR_LIFE_S
        if isinstance(answer.doc["data"], dict) and "activeSensors" in answer.doc["data"]:
            answer.doc["data"]["activeSensors"] = []
    return answer


def sensor_changed(doc: Json, call: Call) -> None:
    """Show another sensor from the second look at the connections on."""
    if call.request.endpoint == "connections":
        call.memory["looks"] = call.memory.get("looks", 0) + 1
    if call.memory.get("looks", 0) > 1:
        fresh = _replacement(int(call.since) - HOUR - 600)
        for entry in dictionaries(doc):
            if "sn" in entry:
                entry.update(sn=fresh.serial, a=fresh.activated)


def _replacement(activated: int) -> Sensor:
    return Sensor("0MX000000420", activated)


def sensor_without_flags(doc: Json, call: Call) -> None:
    """Leave `s` and `lj` out, as older captures do."""
    for entry in dictionaries(doc):
        if "sn" in entry:
            del entry["s"], entry["lj"]


# ---------------------------------------------------------------------- newest reading


def no_latest(connection: Entry, call: Call) -> None:
    """Show no newest reading."""
    connection["glucoseMeasurement"] = connection["glucoseItem"] = None


def latest_in_item_only(connection: Entry, call: Call) -> None:
    """Show the newest reading only where it usually stands a second time."""
    connection["glucoseMeasurement"] = None


def stale(call: Call) -> Answer:
    """Show what was known some hours before the fault began: the phone does not upload; argument: hours."""
    with call.world.frozen(call.since - call.number(3) * HOUR):
        return call.answer()


def repeats(call: Call) -> Answer:
    """Show what was known when the fault began, again and again."""
    with call.world.frozen(call.since):
        return call.answer()


def in_future(entry: Entry, call: Call) -> None:
    """Move both stamps ahead: the wearer's phone has a wrong clock; argument: hours."""
    for name in ("FactoryTimestamp", "Timestamp"):
        entry[name] = wire.stamp(instant(entry[name]) + call.number(2) * HOUR)


def out_of_reach(mg_dl: int) -> Callable[[Entry, Call], None]:
    """Show a value the sensor can no longer measure."""

    def edit(entry: Entry, call: Call) -> None:
        mmol = entry["GlucoseUnits"] == 0
        entry.update(ValueInMgPerDl=mg_dl, Value=wire.shown_value(mg_dl, mmol), MeasurementColor=4 if mg_dl < 70 else 3)
        entry.update(isHigh=mg_dl >= HIGHEST, isLow=mg_dl <= LOWEST)

    return edit


def without_glucose(entry: Entry, call: Call) -> None:
    """Turn a reading into an alarm that carries no value."""
    for name in [name for name in entry if name not in ("FactoryTimestamp", "Timestamp")]:
        del entry[name]
    entry.update(type=2, alarmType=1)


def arrow(number: int | None) -> Callable[[Entry, Call], None]:
    """Show this trend number, or none."""

    def edit(entry: Entry, call: Call) -> None:
        entry["TrendArrow"] = number
        if number is None:
            del entry["TrendArrow"]

    return edit


# ---------------------------------------------------------------------- graph


def bad_points(points: list[Json], call: Call) -> list[Json]:
    """Spoil three points: one is null, one has no readable time, one has no value."""
    points[10] = None
    points[20]["FactoryTimestamp"] = points[20]["Timestamp"] = "yesterday"
    points[30]["ValueInMgPerDl"] = points[30]["Value"] = None
    return points


ODD_VALUES: tuple[Json, ...] = (-5, 0, 9_999, True, "many", 1e308, [126])


def odd_values(points: list[Json], call: Call) -> list[Json]:
    """Give seven points values that are no glucose, and two more times in 1970 and 2099."""
    for i, value in enumerate(ODD_VALUES):
        points[i]["ValueInMgPerDl"] = points[i]["Value"] = value
    for point, year in ((points[-1], 1970), (points[-2], 2099)):
        point["FactoryTimestamp"] = point["Timestamp"] = f"6/1/{year} 8:00:00 AM"
    return points


def unsorted(points: list[Json], call: Call) -> list[Json]:
    """Shuffle the points."""
    random.Random(call.struck).shuffle(points)
    return points


def duplicated(points: list[Json], call: Call) -> list[Json]:
    """Give every point twice."""
    return [point for point in points for _ in range(2)]


def hole(points: list[Json], call: Call) -> list[Json]:
    """Leave out the hour that began six hours before the fault."""
    return [p for p in points if not -6 * HOUR <= instant(p["FactoryTimestamp"]) - call.since < -5 * HOUR]


def late_fill(points: list[Json], call: Call) -> list[Json]:
    """Leave that hour out of each wearer's first graph and fill it in later ones: the phone was offline."""
    seen: set[str] = call.memory.setdefault("seen", set())
    first = call.request.subject not in seen
    seen.add(call.request.subject)
    return hole(points, call) if first else points


# ---------------------------------------------------------------------- logbook


def no_entries(doc: Json, call: Call) -> None:
    """Return an empty logbook."""
    doc["data"] = []


def only_alarms(doc: Json, call: Call) -> None:
    """Return a logbook of alarms without glucose."""
    for entry in doc["data"]:
        without_glucose(entry, call)


# ---------------------------------------------------------------------- time


def in_24_hours(entry: Entry, call: Call) -> None:
    """Write stamps with 24 hours and no AM or PM."""
    _rewrite(entry, "{0.month}/{0.day}/{0.year} {0.hour}:{0:%M:%S}")


def padded(entry: Entry, call: Call) -> None:
    """Write stamps with two digits everywhere."""
    half = entry["FactoryTimestamp"][-2:], entry["Timestamp"][-2:]
    _rewrite(entry, "{0:%m/%d/%Y %I:%M:%S}")
    entry["FactoryTimestamp"] += f" {half[0]}"
    entry["Timestamp"] += f" {half[1]}"


def _rewrite(entry: Entry, form: str) -> None:
    for name in ("FactoryTimestamp", "Timestamp"):
        entry[name] = form.format(datetime.fromtimestamp(instant(entry[name]), UTC))


def offset_jumps(before_min: int, after_min: int) -> Callable[[Entry, Call], None]:
    """Let the wearer's offset from UTC change three hours before the fault began."""

    def edit(entry: Entry, call: Call) -> None:
        ts = instant(entry["FactoryTimestamp"])
        offset = before_min if ts < call.since - 3 * HOUR else after_min
        entry["Timestamp"] = wire.stamp(ts + 60 * offset)

    return edit


# ---------------------------------------------------------------------- unit and drift


def in_mmol(doc: Json, call: Call) -> None:
    """Show everything in mmol/L."""
    for entry in dictionaries(doc):
        if isinstance(entry.get("uom"), int):
            entry["uom"] = 0
        if "GlucoseUnits" in entry:
            entry.update(GlucoseUnits=0, Value=wire.shown_value(entry["ValueInMgPerDl"], mmol=True))


def unit_flips(doc: Json, call: Call) -> None:
    """Change the unit at every look at the connections."""
    if call.request.endpoint == "connections":
        call.memory["looks"] = call.memory.get("looks", 0) + 1
    if call.memory.get("looks", 0) % 2 == 0:
        in_mmol(doc, call)


def more_fields(doc: Json, call: Call) -> None:
    """Add a field nobody knows to every object."""
    for entry in list(dictionaries(doc)):
        entry["somethingNew"] = {"since": "tomorrow", "values": [1, None, "x"]}


NEEDED = frozenset(
    (
        *("status", "data", "redirect", "region", "user", "id", "authTicket", "ticket", "token", "expires"),
        *("patientId", "connection", "glucoseMeasurement", "graphData", "FactoryTimestamp", "ValueInMgPerDl", "type"),
    )
)
"""What no client can do without; the fault `fields-missing` leaves only these."""


def fewer_fields(doc: Json, call: Call) -> None:
    """Leave out every field that is not needed."""
    for entry in list(dictionaries(doc)):
        for name in [name for name in entry if name not in NEEDED]:
            del entry[name]


def numbers_as_text(doc: Json, call: Call) -> None:
    """Write every number inside `data` as text."""
    doc["data"] = _texts(doc["data"])


def _texts(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _texts(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_texts(inner) for inner in value]
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def not_a_number(entry: Entry, call: Call) -> None:
    """Write NaN, which is no JSON."""
    entry["ValueInMgPerDl"] = float("nan")
