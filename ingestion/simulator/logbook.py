"""The logbook of one wearer: scans, readings that raised an alarm and alarms without a value, newest first."""

from collections.abc import Iterator

import numpy as np

from cgm_dash.reading import Kind, Reading
from ingestion.simulator import wire
from ingestion.simulator.people import Patient

DAYS = 14
SLOT_S = 6 * 3_600
LOW_ALARM, FIXED_LOW_ALARM, HIGH_ALARM = 1, 0, 2
_LIMITS = ((LOW_ALARM, 70), (FIXED_LOW_ALARM, 55), (HIGH_ALARM, -251))
"""(alarmType, limit in mg/dL): an alarm rises where the value falls below it; the negative one: where it reaches it."""


def entries(patient: Patient, now: float) -> list[dict[str, wire.Json]]:
    """Return about 14 days of entries, newest first; as many scans as alarms, a few of them without glucose."""
    found = [*_scans(patient, now), *_alarms(patient, now)]
    return [entry for _, entry in sorted(found, key=lambda pair: -pair[0])]


def _scans(patient: Patient, now: float) -> Iterator[tuple[int, dict[str, wire.Json]]]:
    """Yield one scan in every slot of six hours, and an alarm without glucose in every eighth."""
    for slot in range(int(now - DAYS * 86_400) // SLOT_S + 1, int(now) // SLOT_S + 1):
        minute = int(np.random.SeedSequence((patient.seed, patient.index, slot)).generate_state(1)[0] % (SLOT_S // 60))
        for reading in _at(patient, slot * SLOT_S + 60 * minute, now):
            if slot % 8 == 0:
                yield reading.ts, wire.alarm_without_glucose(reading, alarm_type=1)
            else:
                yield reading.ts, wire.measurement(patient, reading)


def _alarms(patient: Patient, now: float) -> Iterator[tuple[int, dict[str, wire.Json]]]:
    """Yield a reading for every crossing of an alarm limit, looked for every five minutes."""
    minutes = np.arange(int(now - DAYS * 86_400) // 300, int(now) // 300 + 1) * 5
    value = patient.curve.mg_dl(minutes)
    for alarm_type, limit in _LIMITS:
        beyond = value < limit if limit > 0 else -value <= limit
        for i in np.flatnonzero(beyond[1:] & ~beyond[:-1]) + 1:
            for reading in _at(patient, 60 * int(minutes[i]), now):
                yield reading.ts, wire.measurement(patient, reading, 3) | {"alarmType": alarm_type}


def _at(patient: Patient, start: int, now: float) -> list[Reading]:
    """Return the live reading of the minute beginning at *start*, if there is one and it is not in the future."""
    return [r for r in patient.live(start, start + 60) if r.ts <= now and r.kind is Kind.LIVE]
