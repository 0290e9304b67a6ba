"""LibreLinkUp's data read point by point into columns, pure: the readable is kept, the rest told with its reason.

Almost every field can be null, missing or of another type; one odd point must never cost the others.
Field meanings: FokkeZB/libreview-unofficial, gui-dos/DiaBLE (LibreLink.swift).
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from types import MappingProxyType
from typing import Any

import numpy as np

from cgm_dash.batch import NO_OFFSET, NO_TREND, Columns, Rejected, SensorSeen, Wearer
from cgm_dash.reading import Flag, Kind
from cgm_dash.units import Unit
from ingestion import stamps
from ingestion.verdicts import whole

LIVE_PERIOD_S = 60
GRAPH_PERIOD_S = 300
GRAPH_PERIOD_OLD_S = 900
"""Libre 1 and 2 keep a value every 15 minutes, Libre 3 every 5."""

EVENT_PERIOD_S = 300
LOWEST, HIGHEST = 40, 500
"""The sensor's bounds, mg/dL, for a LO or HI whose number is missing. Source: clamps in public LibreView exports."""

WARMUP_MIN = 60
INT32 = 2**31
LONGEST_NAME = 120
LONGEST_RECORD = 20_000


@dataclass(frozen=True, slots=True)
class Points:
    """What one list of measurements held."""

    columns: Columns
    rejected: tuple[Rejected, ...] = ()

    @property
    def newest(self) -> int | None:
        """Time of the newest readable point, UTC epoch seconds."""
        return int(self.columns.ts.max()) if len(self.columns) else None


@dataclass(frozen=True, slots=True)
class Graph:
    """One wearer's graph answer."""

    points: Points
    sensors: tuple[SensorSeen, ...]


@dataclass(frozen=True, slots=True)
class Connection:
    """One wearer as the list of connections shows them."""

    wearer: Wearer
    live: Points
    sensors: tuple[SensorSeen, ...]


class UnreadableError(ValueError):
    """One record is no reading; the text is the reason's stable word."""


@dataclass(frozen=True, slots=True)
class _Point:
    """One measurement, read."""

    ts: int
    mg_dl: int
    flag: Flag
    trend: int
    offset_min: int
    raw: str


def connections(data: object) -> tuple[list[Connection], list[Rejected]]:
    """Return every readable connection of `/llu/connections`, in no order, and the records that are none.

    data: a list, or UnreadableError. A patient listed twice is read once.
    """
    if not isinstance(data, list):
        raise UnreadableError("no-list")
    found: dict[str, Connection] = {}
    rejected: list[Rejected] = []
    for record in data:
        try:
            one = connection(record)
            found.setdefault(one.wearer.external_id, one)
        except UnreadableError as exc:
            rejected.append(Rejected(str(exc), as_received(record)))
    return list(found.values()), rejected


def connection(record: object) -> Connection:
    """Return one connection. Raises UnreadableError (`no-patient`) without a usable patientId."""
    if not isinstance(record, dict):
        raise UnreadableError("no-patient")
    return Connection(_wearer(record), latest(record), sensors(record.get("sensor"), None))


def _wearer(record: Mapping[str, Any]) -> Wearer:
    patient_id = record.get("patientId")
    if not isinstance(patient_id, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", patient_id):
        raise UnreadableError("no-patient")
    names = (clean(record.get("firstName")), clean(record.get("lastName")))
    country, uom = record.get("country"), whole(record.get("uom"))
    return Wearer(
        external_id=patient_id,
        name=" ".join(name for name in names if name),
        country=country if isinstance(country, str) and re.fullmatch(r"[A-Z]{2}", country) else "",
        unit={0: Unit.MMOL_L.value, 1: Unit.MG_DL.value}.get(uom if uom is not None else -1, ""),
        target_low=_target(record.get("targetLow")),
        target_high=_target(record.get("targetHigh")),
    )


def _target(value: object) -> int | None:
    mg_dl = whole(value)
    return mg_dl if mg_dl is not None and LOWEST <= mg_dl <= HIGHEST else None


def clean(value: object) -> str:
    """Return upstream text without control characters, lone surrogates and excess length; empty for anything else."""
    if not isinstance(value, str):
        return ""
    kept = "".join(c for c in value[: 4 * LONGEST_NAME] if unicodedata.category(c) not in ("Cc", "Cs", "Co", "Cn"))
    return " ".join(kept.split())[:LONGEST_NAME]


def latest(record: Mapping[str, Any]) -> Points:
    """Return the newest reading of a connection: `glucoseMeasurement`, or its twin `glucoseItem` where it is null."""
    for name in ("glucoseMeasurement", "glucoseItem"):
        if record.get(name) is not None:
            return points([record[name]], Kind.LIVE, LIVE_PERIOD_S)
    return NO_POINTS


def graph(data: object) -> Graph:
    """Return the series and the sensors of a graph answer. Raises UnreadableError where it is no object."""
    if not isinstance(data, dict):
        raise UnreadableError("no-object")
    series = data.get("graphData")
    read = points(series if isinstance(series, list) else [], Kind.HISTORY, GRAPH_PERIOD_S)
    read = Points(_with_period(read.columns), read.rejected)
    inner = data.get("connection")
    return Graph(read, sensors(inner.get("sensor") if isinstance(inner, dict) else None, data.get("activeSensors")))


def _with_period(columns: Columns) -> Columns:
    """Return *columns* with the period their own median step shows: 15 minutes, else 5."""
    steps = np.diff(np.unique(columns.ts))
    period = GRAPH_PERIOD_S
    if len(steps) >= 2 and 780 <= median(steps.tolist()) <= 1020:
        period = GRAPH_PERIOD_OLD_S
    columns.period_s[:] = period
    return columns


def logbook(data: object) -> Points:
    """Return the scans and alarmed readings of a logbook. Raises UnreadableError where it is no list.

    Type 1 is a scan, 3 a reading that raised an alarm; 2 an alarm without glucose, which is known and not kept.
    """
    if not isinstance(data, list):
        raise UnreadableError("no-list")
    by_kind: dict[Kind, list[Any]] = {Kind.SCAN: [], Kind.ALARM: []}
    rejected: list[Rejected] = []
    for record in data:
        kind = _LOGBOOK_KINDS.get(whole(record.get("type")) or 0) if isinstance(record, dict) else None
        if kind is None:
            rejected.append(Rejected("unknown-type", as_received(record)))
        else:
            by_kind[kind].append(record)
    parts = [points(records, kind, EVENT_PERIOD_S) for kind, records in by_kind.items()]
    return Points(joined([p.columns for p in parts]), tuple(rejected) + sum((p.rejected for p in parts), ()))


_LOGBOOK_KINDS = {1: Kind.SCAN, 2: Kind.ALARM, 3: Kind.ALARM}


def points(records: Iterable[object], kind: Kind, period_s: int) -> Points:
    """Return the readable *records* as columns of one kind, each with its text as received, and the others' reasons."""
    read: list[_Point] = []
    rejected: list[Rejected] = []
    for record in records:
        try:
            if not _is_alarm_alone(record):
                read.append(_point(record))
        except UnreadableError as exc:
            rejected.append(Rejected(str(exc), as_received(record)))
    n = len(read)
    columns = Columns(
        np.full(n, kind, np.int8),
        np.array([p.ts for p in read], np.int64),
        np.array([p.mg_dl for p in read], np.int32),
        np.array([p.flag for p in read], np.int8),
        np.array([p.trend for p in read], np.int8),
        np.full(n, period_s, np.int32),
        np.array([p.offset_min for p in read], np.int16),
        tuple(p.raw for p in read),
    )
    return Points(columns, tuple(rejected))


def _is_alarm_alone(record: object) -> bool:
    """Return whether *record* is an alarm that never had a glucose value."""
    return isinstance(record, dict) and whole(record.get("type")) == 2 and record.get("ValueInMgPerDl") is None


def _point(record: object) -> _Point:
    """Return one measurement. Raises UnreadableError with the reason."""
    if not isinstance(record, dict):
        raise UnreadableError("no-object")
    ts = _instant(record)
    flag = _flag(record)
    mg_dl = _value(record, flag)
    trend = whole(record.get("TrendArrow"))
    return _Point(
        ts,
        mg_dl,
        flag,
        trend if trend is not None and 1 <= trend <= 5 else NO_TREND,
        _offset(record, ts),
        as_received(record),
    )


def _instant(record: Mapping[str, Any]) -> int:
    text = record.get("FactoryTimestamp")
    if text is None or text == "":
        raise UnreadableError("no-time")
    try:
        return stamps.parse(text)
    except ValueError:
        raise UnreadableError("bad-time") from None


def _offset(record: Mapping[str, Any], ts: int) -> int:
    """Return the wearer's offset from UTC in minutes, NO_OFFSET where the wall clock is missing or absurd."""
    try:
        offset = stamps.offset_min(stamps.parse(record.get("Timestamp")), ts)
    except ValueError:
        return NO_OFFSET
    return offset if abs(offset) <= 15 * 60 else NO_OFFSET


def _flag(record: Mapping[str, Any]) -> Flag:
    high, low = (record.get(name) in (True, 1, "true", "True") for name in ("isHigh", "isLow"))
    if high and low:
        raise UnreadableError("bad-flag")
    return Flag.HI if high else Flag.LO if low else Flag.NONE


def _value(record: Mapping[str, Any], flag: Flag) -> int:
    """Return mg/dL from ValueInMgPerDl and nothing else: `Value` follows the account's unit.

    A LO or HI without a number stands at the sensor's bound: that somebody is low must not be lost over a null.
    """
    value = record.get("ValueInMgPerDl")
    mg_dl = whole(value)
    if flag is not Flag.NONE and (value is None or mg_dl == 0):
        return LOWEST if flag is Flag.LO else HIGHEST
    if value is None:
        raise UnreadableError("no-value")
    if mg_dl is None:
        raise UnreadableError("bad-value")
    if not -INT32 <= mg_dl < INT32:
        raise UnreadableError("out-of-range")
    return mg_dl


def as_received(record: object) -> str:
    """Return *record* as one line of ASCII JSON, cut where it is absurdly long."""
    try:
        return json.dumps(record, separators=(",", ":"))[:LONGEST_RECORD]
    except RecursionError:
        return '"nested too deep"'


NO_POINTS = points([], Kind.LIVE, LIVE_PERIOD_S)


def joined(parts: Iterable[Columns]) -> Columns:
    """Return the readings of all *parts*, one behind the other."""
    several = [part for part in parts if len(part)]
    if not several:
        return NO_POINTS.columns
    return Columns(
        np.concatenate([part.kind for part in several]),
        np.concatenate([part.ts for part in several]),
        np.concatenate([part.mg_dl for part in several]),
        np.concatenate([part.flag for part in several]),
        np.concatenate([part.trend for part in several]),
        np.concatenate([part.period_s for part in several]),
        np.concatenate([part.offset_min for part in several]),
        tuple(part.received(i) for part in several for i in range(len(part))),
    )


def sensors(current: object, active: object) -> tuple[SensorSeen, ...]:
    """Return each sensor that an answer names, once by serial. active: the list of the graph answer."""
    listed = active if isinstance(active, list) else []
    records = [current, *(entry.get("sensor") for entry in listed if isinstance(entry, dict))]
    return merged(sensor for record in records if (sensor := _sensor(record)) is not None)


def merged(seen: Iterable[SensorSeen]) -> tuple[SensorSeen, ...]:
    """Return each sensor once by serial, as it was named first."""
    first: dict[str, SensorSeen] = {}
    for sensor in seen:
        first.setdefault(sensor.serial, sensor)
    return tuple(first.values())


def _sensor(record: object) -> SensorSeen | None:
    if not isinstance(record, dict):
        return None
    serial = clean(record.get("sn"))
    if not serial:
        return None
    kind, days = _kind(serial, whole(record.get("pt")))
    activated, warmup = whole(record.get("a")), whole(record.get("w"))
    return SensorSeen(
        serial,
        kind,
        activated if activated is not None and 946_684_800 <= activated < 2**33 else None,
        warmup if warmup is not None and 0 <= warmup <= 1440 else WARMUP_MIN,
        days,
    )


_PRODUCTS: Mapping[int, tuple[str, int | None]] = MappingProxyType(
    {0: ("Libre 1", 14), 3: ("Libre 2", 14), 4: ("Libre 3", 14)}
)


def _kind(serial: str, product: int | None) -> tuple[str, int | None]:
    """Return the sensor's kind and its days of life, by the shape of its serial; `pt` is only a hint.

    Sources: JohanDegraeve/xdripswift (serials), gui-dos/DiaBLE (pt).
    """
    if serial.startswith("MH"):
        return "Libre 2", 14
    if serial.startswith("01"):
        return "Libre 2 Plus", 15
    if re.match(r"0[D-Z]", serial):
        return "Libre 3", 14
    return _PRODUCTS.get(-1 if product is None else product, ("", None))
