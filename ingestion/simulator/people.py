"""Who lives in the simulated world: followers, wearers and their sensors, all invented, all decided by the seed."""

import functools
import uuid
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import numpy as np

from cgm_dash.reading import Flag, Kind, Reading, Trend
from ingestion.simulator.curve import HIGHEST, LOWEST, Curve, IntArray, history_second, live_second, offset_minutes

SENSOR_LIFE_S = 14 * 86_400
WARMUP_MIN = 60
HISTORY_STEP_MIN = 5

FIRST_NAMES = ("Mira", "Jonas", "Lena", "Theo", "Ida", "Emil", "Nora", "Paul", "Klara", "Anton", "Ella", "Hugo")
ZONES = (
    ("Europe/Berlin", "DE"),
    ("Europe/Vienna", "AT"),
    ("Europe/Zurich", "CH"),
    ("Europe/London", "GB"),
    ("America/New_York", "US"),
    ("Asia/Kolkata", "IN"),
)


@dataclass(frozen=True, slots=True)
class Follower:
    """Who signs in. steps: what the account must accept before it gets a session (`tou`, `pp`, ...)."""

    id: str
    email: str
    password: str = field(repr=False)
    first_name: str = "Dana"
    last_name: str = "Follower"
    country: str = "DE"
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sensor:
    """One sensor. activated: UTC epoch seconds; values begin warmup_min minutes later and end with its life."""

    serial: str
    activated: int
    warmup_min: int = WARMUP_MIN

    @property
    def ends(self) -> int:
        """The moment its life is over, UTC epoch seconds."""
        return self.activated + SENSOR_LIFE_S


@dataclass(frozen=True)
class Patient:
    """Who wears the sensor. mmol: whether the account shows mmol/L. first: no data exist before it (epoch seconds)."""

    index: int
    seed: int
    zone_name: str
    country: str
    mmol: bool = False
    target_low: int = 70
    target_high: int = 180
    first: float = 0.0
    warmups: bool = True
    profile: str = "aid"

    @functools.cached_property
    def curve(self) -> Curve:
        """This wearer's glucose."""
        return Curve(self.seed, self.index, self.profile, self.zone_name)

    @functools.cached_property
    def zone(self) -> ZoneInfo:
        """The zone of the wearer's phone."""
        return ZoneInfo(self.zone_name)

    @functools.cached_property
    def patient_id(self) -> str:
        """The key of graph and logbook."""
        return invented_uuid(self.seed, "patient", self.index)

    @functools.cached_property
    def connection_id(self) -> str:
        """The key of notification settings."""
        return invented_uuid(self.seed, "connection", self.index)

    @functools.cached_property
    def device_id(self) -> str:
        """The wearer's phone."""
        return invented_uuid(self.seed, "device", self.index)

    @property
    def first_name(self) -> str:
        """An invented name; beyond the list it gets a number."""
        turn, place = divmod(self.index, len(FIRST_NAMES))
        return FIRST_NAMES[place] + (f" {turn + 1}" if turn else "")

    last_name: str = "Demo"

    @functools.cached_property
    def _sensor_phase(self) -> int:
        return int(_number(self.seed, "sensor-phase", self.index) % SENSOR_LIFE_S)

    def sensor_at(self, ts: float) -> Sensor:
        """Return the sensor worn at *ts*; each is followed at once by the next, every 14 days at the same second."""
        number = int((ts - self._sensor_phase) // SENSOR_LIFE_S)
        digits = _number(self.seed, f"serial-{number}", self.index) % 10**8
        return Sensor(f"0M{'ACEHKMPRTX'[number % 10]}{digits:08d}0", self._sensor_phase + number * SENSOR_LIFE_S)

    def warming_up(self, ts: float) -> bool:
        """Whether the sensor worn at *ts* has just been put on and shows nothing yet."""
        sensor = self.sensor_at(ts)
        return self.warmups and ts < sensor.activated + 60 * sensor.warmup_min

    def measures(self, ts: IntArray) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        """Return whether a value exists at each moment: data have begun and no sensor is warming up."""
        age = (ts - self._sensor_phase) % SENSOR_LIFE_S
        exists: np.ndarray[tuple[int], np.dtype[np.bool_]] = ts >= self.first
        return exists & (age >= 60 * WARMUP_MIN) if self.warmups else exists

    def offset_min(self, ts: float) -> int:
        """Return the phone's offset from UTC at *ts*, minutes."""
        return offset_minutes(self.zone, ts)

    def live(self, start: float, end: float) -> list[Reading]:
        """Return the live readings with start <= ts < end, oldest first: one a minute."""
        return self._readings(self._minutes(start, end), start, end, Kind.LIVE)

    def history(self, start: float, end: float) -> list[Reading]:
        """Return the points of the five-minute history with start <= ts < end, oldest first."""
        minutes = self._minutes(start, end)
        return self._readings(minutes[minutes % HISTORY_STEP_MIN == self.history_phase], start, end, Kind.HISTORY)

    @property
    def history_phase(self) -> int:
        """Which minute of every five the history takes."""
        return int(_number(self.seed, "history-phase", self.index) % HISTORY_STEP_MIN)

    def _minutes(self, start: float, end: float) -> IntArray:
        return np.arange(int(max(start, self.first) // 60), int(end // 60) + 1)

    def _readings(self, minutes: IntArray, start: float, end: float, kind: Kind) -> list[Reading]:
        second = live_second if kind is Kind.LIVE else history_second
        ts = 60 * minutes + second(self.seed, self.index, minutes)
        keep = (ts >= start) & (ts < end) & self.measures(ts)
        minutes, ts = minutes[keep], ts[keep]
        if not len(ts):
            return []
        value = self.curve.unclamped(minutes)
        rate = (value - self.curve.unclamped(minutes - 10)) / 10
        offsets = {int(slot): self.offset_min(int(slot) * 900) for slot in np.unique(ts // 900)}
        return [
            Reading(
                ts=int(t),
                mg_dl=int(min(max(v, LOWEST), HIGHEST)),
                kind=kind,
                flag=Flag.HI if v > HIGHEST else Flag.LO if v < LOWEST else Flag.NONE,
                trend=trend_of(float(r)) if kind is Kind.LIVE else None,
                period_s=60 if kind is Kind.LIVE else 60 * HISTORY_STEP_MIN,
                offset_min=offsets[int(t) // 900],
            )
            for t, v, r in zip(ts, value, rate, strict=True)
        ]


def trend_of(rate: float) -> Trend:
    """Return the arrow for *rate* in mg/dL per minute, by the maker's usual limits of 1 and 2.

    >>> [trend_of(r).name for r in (-2.1, -1.5, 1.0, 1.1, 2.1)]
    ['FALLING_FAST', 'FALLING', 'STEADY', 'RISING', 'RISING_FAST']
    """
    if abs(rate) <= 1:
        return Trend.STEADY
    if rate > 0:
        return Trend.RISING_FAST if rate > 2 else Trend.RISING
    return Trend.FALLING_FAST if rate < -2 else Trend.FALLING


def invented_uuid(seed: int, what: str, index: int) -> str:
    """Return the uuid of one thing in the world of *seed*."""
    return str(uuid.UUID(int=_number(seed, what, index), version=4))


def _number(seed: int, what: str, index: int) -> int:
    """Return 128 bits decided by the seed, a word and an index."""
    words = np.random.SeedSequence((seed, index, *what.encode())).generate_state(4)
    return sum(int(word) << 32 * place for place, word in enumerate(words))
