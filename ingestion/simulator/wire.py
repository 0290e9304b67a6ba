"""How the world is written as JSON: field names, stamps, units and colours of LibreLinkUp, generation 4.

Shapes as seen in public clients and captures: FokkeZB/libreview-unofficial, DiaBLE, nightscout-librelink-up.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from cgm_dash.reading import Flag, Kind, Reading
from ingestion.simulator.people import Follower, Patient, Sensor

Json = Any
"""What json.dumps takes; the real service's answers vary too much for a closer type to say anything true."""

CREATED = 1_741_521_605
"""When the invented accounts and connections were made, UTC epoch seconds."""

ORANGE_ABOVE = 250
"""Above it a value is orange, not yellow. The true border lies between 240 and 252: captures leave it open."""


def stamp(ts: float) -> str:
    """Return *ts* as the service writes it: month first, no zero padding, twelve hours, English markers.

    >>> stamp(1795338847), stamp(1795305600)
    ('11/22/2026 9:14:07 AM', '11/22/2026 12:00:00 AM')
    """
    t = datetime.fromtimestamp(ts, UTC)
    half = "PM" if t.hour > 11 else "AM"
    return f"{t.month}/{t.day}/{t.year} {t.hour % 12 or 12}:{t.minute:02d}:{t.second:02d} {half}"


def shown_value(mg_dl: int, mmol: bool) -> int | float:
    """Return `Value`: mg/dL, or mg/dL / 18 with one decimal, half up; whole numbers carry no decimal point.

    >>> shown_value(126, True), shown_value(64, True), shown_value(261, True)
    (7, 3.6, 14.5)
    """
    if not mmol:
        return mg_dl
    tenths = (20 * mg_dl + 18) // 36
    return tenths // 10 if tenths % 10 == 0 else tenths / 10


def colour(mg_dl: int, low: int, high: int) -> int:
    """Return `MeasurementColor`: 1 green in the target range, 2 yellow above it, 3 orange far above, 4 red below."""
    if mg_dl < low:
        return 4
    if mg_dl <= high:
        return 1
    return 3 if mg_dl > ORANGE_ABOVE else 2


def measurement(patient: Patient, reading: Reading, type_number: int | None = None) -> dict[str, Json]:
    """Return one reading as the service writes it. type_number: 0 graph, 1 current or scan, 3 raised an alarm."""
    history = reading.kind is Kind.HISTORY
    head = {
        "FactoryTimestamp": stamp(reading.ts),
        "Timestamp": stamp(reading.ts + 60 * (reading.offset_min or 0)),
        "type": (0 if history else 1) if type_number is None else type_number,
        "ValueInMgPerDl": reading.mg_dl,
    }
    arrow = {} if reading.trend is None else {"TrendArrow": int(reading.trend), "TrendMessage": None}
    tail = {
        "MeasurementColor": colour(reading.mg_dl, patient.target_low, patient.target_high),
        "GlucoseUnits": 0 if patient.mmol else 1,
        "Value": shown_value(reading.mg_dl, patient.mmol),
        "isHigh": reading.flag is Flag.HI,
        "isLow": reading.flag is Flag.LO,
    }
    return head | arrow | tail


def alarm_without_glucose(reading: Reading, alarm_type: int) -> dict[str, Json]:
    """Return a logbook entry of type 2: an alarm that carries no value at all."""
    local = reading.ts + 60 * (reading.offset_min or 0)
    return {
        "FactoryTimestamp": stamp(reading.ts),
        "Timestamp": stamp(local),
        "type": 2,
        "alarmType": alarm_type,
    }


def sensor(worn: Sensor, device_id: str = "") -> dict[str, Json]:
    """Return a sensor; `s` differs between the connection and `activeSensors` of one answer, as it really does."""
    return {
        "deviceId": device_id, "sn": worn.serial, "a": worn.activated, "w": worn.warmup_min,
        "pt": 4, "s": not device_id, "lj": False,
    }  # fmt: skip


def patient_device(patient: Patient) -> dict[str, Json]:
    """Return the wearer's phone and the alarm limits set on it."""
    return {
        "did": patient.device_id, "dtid": 40068, "v": "3.6.5",
        "l": True, "ll": patient.target_low, "h": True, "hl": 250,
        "u": CREATED, "fixedLowAlarmValues": {"mgdl": 60, "mmoll": 3.3}, "alarms": True, "fixedLowThreshold": 0,
    }  # fmt: skip


def alarm_rules() -> dict[str, Json]:
    """Return the follower's own alarm settings."""
    tolerance = {"d": 1440, "tl": 10, "tlmm": 0.6}
    return {
        "c": True,
        "h": {"on": True, "th": 250, "thmm": 13.9, "d": 1440, "f": 0.1},
        "f": {"th": 55, "thmm": 3, "d": 30, "tl": 10, "tlmm": 0.6},
        "l": {"on": True, "th": 70, "thmm": 3.9, **tolerance},
        "nd": {"on": True, "i": 20, "r": 5, "l": 6},
        "p": 5,
        "r": 5,
        "std": {},
    }


def connection(patient: Patient, worn: Sensor, latest: Reading | None) -> dict[str, Json]:
    """Return one connection. latest: None while the sensor warms up; the same object stands twice in every capture."""
    newest = None if latest is None else measurement(patient, latest)
    return {
        "id": patient.connection_id,
        "patientId": patient.patient_id,
        "country": patient.country,
        "status": 2,
        "firstName": patient.first_name,
        "lastName": patient.last_name,
        "targetLow": patient.target_low,
        "targetHigh": patient.target_high,
        "uom": 0 if patient.mmol else 1,
        "sensor": sensor(worn),
        "alarmRules": alarm_rules(),
        "glucoseMeasurement": newest,
        "glucoseItem": None if newest is None else dict(newest),
        "glucoseAlarm": None,
        "patientDevice": patient_device(patient),
        "created": CREATED,
    }


def graph(patient: Patient, worn: Sensor, latest: Reading | None, points: Sequence[Reading]) -> dict[str, Json]:
    """Return the data of a graph answer: points oldest first; no active sensor while it warms up."""
    active = [] if latest is None else [{"sensor": sensor(worn, patient.device_id), "device": patient_device(patient)}]
    return {
        "connection": connection(patient, worn, latest),
        "activeSensors": active,
        "graphData": [measurement(patient, point) for point in points],
    }


def notification_settings(patient: Patient) -> dict[str, Json]:
    """Return the alarm settings of one connection."""
    return {
        "connectionId": patient.connection_id,
        "alarmRules": alarm_rules(),
        "std": {},
        "patientDevice": patient_device(patient),
    }


def profile(follower: Follower, mmol: bool) -> dict[str, Json]:
    """Return the profile fields of the account; `uom` is text here, a number in a connection."""
    return {
        "id": follower.id,
        "firstName": follower.first_name,
        "lastName": follower.last_name,
        "email": follower.email,
        "country": follower.country,
        "uiLanguage": "en-US",
        "communicationLanguage": "en-US",
        "accountType": "pat",
        "uom": "0" if mmol else "1",
        "dateFormat": "2",
        "timeFormat": "2",
    }


def user(follower: Follower, mmol: bool, now: float) -> dict[str, Json]:
    """Return the whole user block of a login answer."""
    return profile(follower, mmol) | {
        "emailDay": [1],
        "system": {"messages": {"firstUsePhoenix": CREATED, "lluOnboarding": CREATED, "lvWebPostRelease": "3.9.47"}},
        "details": {},
        "twoFactor": {"primaryMethod": "", "primaryValue": "", "secondaryMethod": "", "secondaryValue": ""},
        "created": CREATED,
        "lastLogin": int(now),
        "programs": {},
        "dateOfBirth": 315_532_800,
        "practices": {},
        "devices": {},
        "consents": {
            "llu": {"policyAccept": CREATED, "touAccept": CREATED},
            "realWorldEvidence": {
                "policyAccept": CREATED, "touAccept": 0, "declined": False, "history": [{"policyAccept": CREATED}],
            },
        },
    }  # fmt: skip


STEPS: dict[str, dict[str, Json]] = {
    "tou": {
        "type": "tou", "componentName": "AcceptDocument",
        "props": {"reaccept": True, "titleKey": "Common.termsOfUse", "type": "tou"},
    },
    "pp": {
        "type": "pp", "componentName": "AcceptDocument",
        "props": {"reaccept": True, "titleKey": "Common.privacyPolicy", "type": "pp"},
    },
    "verifyEmail": {"type": "verifyEmail", "componentName": "VerifyEmail", "props": {}},
    "2fa": {"componentName": "TwoFactorVerify", "props": {}},
    "unknown": {"type": "quiz", "componentName": "AnswerRiddle", "props": {}},
}  # fmt: skip
"""What an account may have to do before it gets a session. Two-factor has no `type`: seen in public reports."""


def country_config(minimum_version: str, hosts: dict[str, str]) -> dict[str, Json]:
    """Return the useful part of the country configuration. hosts: region code to address."""
    regions = {code: {"lslApi": f"{host}/", "socketHub": f"{host}/hub/"} for code, host in hosts.items()}
    return {
        "MinVersion": minimum_version,
        "lslApi": regions["eu"]["lslApi"],
        "regionalMap": regions,
        "CountryList": {"countries": [{"DisplayMember": "Germany", "ValueMember": "DE"}]},
        "SupportedLanguages": ["en-US", "de-DE"],
        "heartbeatMilliseconds": 2_100_000,
        "passwordRules": {"minimumLength": 8, "maximumLength": 36},
    }
