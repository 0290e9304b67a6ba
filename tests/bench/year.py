"""A year of an invented wearer: a value a minute, and the five-minute history an upstream offers beside it."""

import functools
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from cgm_dash.batch import Columns, Wearer
from cgm_dash.reading import Flag, Kind
from ingestion.simulator import World
from ingestion.simulator.curve import HIGHEST, LOWEST, history_second, live_second
from sql.store import Store

SEED = 7
YEAR_MIN = 365 * 1440
LOST_A_DAY = 12
"""Minutes a day that never arrived, besides the hour every new sensor takes."""
SENSOR_MIN = 14 * 1440
WARMUP_MIN = 60


@functools.cache
def world() -> World:
    """Return the simulated world whose only wearer the bench follows; its polls go on where the stored year ends."""
    return World.build(seed=SEED, zones=["Europe/Berlin"])


@functools.cache
def minutes(newest: int, count: int = YEAR_MIN) -> Columns:
    """Return *count* live readings, one a minute without a gap; the last in the minute of *newest* (epoch seconds)."""
    last = newest // 60
    return _columns(np.arange(last - count + 1, last + 1, dtype=np.int64), Kind.LIVE)


@functools.cache
def worn(newest: int) -> tuple[Columns, Columns]:
    """Return the year as a wearer has it: minutes with warm-ups and lost ones, and the five-minute history."""
    whole = minutes(newest)
    number = whole.ts // 60
    lost = np.random.default_rng(SEED).random(len(whole)) < LOST_A_DAY / 1440
    lost[-1440:] = False
    live = whole.take((number % SENSOR_MIN >= WARMUP_MIN) & ~lost)
    every_fifth = number[(number % 5 == 0) & (number % SENSOR_MIN >= WARMUP_MIN)][:-4]
    return live, _columns(every_fifth, Kind.HISTORY)


def store_year(store: Store, newest: int) -> tuple[int, int]:
    """Store the year of `worn` for the world's wearer and return the person's and the source's ids."""
    patient = world().patient(0)
    wearer = Wearer(patient.patient_id, "Mira", patient.country, "mg/dL")
    source = store.sources.resolve(None, "librelinkup", wearer)
    store.people.set_zone(source.person_id, patient.zone_name, confirmed=True)
    for columns in worn(newest):
        store.readings.add_many(source.person_id, source.source_id, columns, arrived=newest + 60)
    return source.person_id, source.source_id


def _columns(number: npt.NDArray[np.int64], kind: Kind) -> Columns:
    """Return the readings of these UTC minutes (since 1970)."""
    patient = world().patient(0)
    second = live_second if kind is Kind.LIVE else history_second
    plain = patient.curve.unclamped(number)
    flag = np.where(plain < LOWEST, int(Flag.LO), np.where(plain > HIGHEST, int(Flag.HI), int(Flag.NONE)))
    n = len(number)
    trend = np.full(n, 3 if kind is Kind.LIVE else 0, np.int8)
    return Columns(
        kind=np.full(n, int(kind), np.int8),
        ts=60 * number + second(SEED, 0, number),
        mg_dl=np.clip(plain, LOWEST, HIGHEST).astype(np.int32),
        flag=flag.astype(np.int8),
        trend=trend,
        period_s=np.full(n, 60 if kind is Kind.LIVE else 300, np.int32),
        offset_min=_offsets(number, patient.zone),
    )


def _offsets(number: npt.NDArray[np.int64], zone: ZoneInfo) -> npt.NDArray[np.int16]:
    """Return the wearer's offset from UTC at each minute, minutes; it is looked up once an hour."""
    hours, place = np.unique(number // 60, return_inverse=True)
    found = [datetime.fromtimestamp(3600 * int(h), UTC).astimezone(zone).utcoffset() for h in hours]
    return np.array([0 if o is None else o.total_seconds() // 60 for o in found], np.int16)[place]
