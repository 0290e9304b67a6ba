"""The glucose of an invented wearer, and the seconds at which the sensor looks, as pure functions of the minute.

Nothing is remembered between calls: any process can continue any curve at any minute, forwards or backwards. Random
waves are made in overlapping blocks counted from 1970 and cross-faded, meals and lows in local days, slow drift between
knots. The amplitudes imitate pooled statistics of public data of people with type 1 diabetes on automated insulin
delivery, with level and spread raised until lows and highs are as frequent as clinics see them; what happens inside
five minutes is an assumption, no open one-minute data being known.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

LOWEST = 40
HIGHEST = 500
"""What the sensor can measure, mg/dL (Libre 3); values beyond are shown as LO and HI."""

STRIDE = 2_880
"""Minutes from one block's start to the next; a block is two strides long and so overlaps its neighbours."""

FFT_SIZE = 8_192
KERNEL_MIN = 900
DRIFT_KNOT_MIN = 5_760
DAY_MIN = 1_440
CACHED_BLOCKS = 256
"""Blocks kept per curve: 512 days of finished minutes, about 6 MB."""

_PERSON, _WAVE, _DAY, _DRIFT = range(4)


@dataclass(frozen=True, slots=True)
class Profile:
    """What a kind of wearer looks like; amplitudes in natural-log units of glucose, times in minutes.

    daily: 24 hourly values of the daily curve, mean zero. swing: unexplained swings of an hour or two.
    """

    median_mg_dl: float
    person_sd: float
    daily: tuple[float, ...]
    own_daily_sd: float
    meal: float
    meal_rise_min: float
    meal_fall_min: float
    undershoot: float
    low: float
    lows_per_day: float
    swing_sd: float
    swing_min: tuple[float, float]
    day_sd: float
    day_min: float
    drift_sd: float
    noise_sd: float
    noise_min: float
    meal_hours: tuple[float, float, float] = (7.9, 12.9, 18.9)
    snacks_per_day: float = 1.3


PROFILES: dict[str, Profile] = {
    "aid": Profile(
        median_mg_dl=146.0, person_sd=0.06, own_daily_sd=0.08,
        daily=(-0.005, -0.043, -0.042, -0.075, -0.106, -0.122, -0.154, -0.151, -0.049, 0.076, 0.137, 0.111,
               -0.001, -0.049, 0.036, 0.098, 0.088, 0.009, 0.035, 0.048, 0.047, 0.032, 0.026, 0.051),
        meal=0.160, meal_rise_min=58.4, meal_fall_min=75.5, undershoot=0.52, low=0.34, lows_per_day=0.7,
        swing_sd=0.30, swing_min=(35, 50), day_sd=0.048, day_min=300, drift_sd=0.047, noise_sd=0.0194, noise_min=6,
    ),
    "healthy": Profile(
        median_mg_dl=94.2, person_sd=0.06, own_daily_sd=0.021,
        daily=(0.148, 0.135, 0.115, 0.075, 0.073, 0.067, 0.073, 0.018, -0.062, -0.105, -0.051, -0.025,
               -0.037, -0.068, -0.055, -0.074, -0.045, 0.0, -0.033, -0.126, -0.130, -0.048, 0.041, 0.114),
        meal=0.287, meal_rise_min=25.2, meal_fall_min=98.4, undershoot=0.29, low=0.090, lows_per_day=0.6,
        swing_sd=0.062, swing_min=(9, 9), day_sd=0.077, day_min=440, drift_sd=0.035, noise_sd=0.0137, noise_min=6,
    ),
}  # fmt: skip


class Curve:
    """Glucose of person number *person* in the world of *seed*, mg/dL, one value for every UTC minute since 1970."""

    def __init__(self, seed: int, person: int, profile: str = "aid", zone: str = "UTC") -> None:
        """profile: a key of PROFILES. zone: IANA name; meals and the daily curve follow its wall clock."""
        self.seed, self.person, self.zone = seed, person, ZoneInfo(zone)
        self.profile = PROFILES[profile]
        rng = self._rng(_PERSON, 0)
        self._level = float(np.log(self.profile.median_mg_dl) + self.profile.person_sd * rng.standard_normal())
        self._daily = _daily_table(self.profile, rng)
        self._kernels = _kernels(self.profile)
        self._spectrum = _spectrum(self.profile)
        self._wave = functools.lru_cache(maxsize=8)(self._make_wave)
        self._block = functools.lru_cache(maxsize=CACHED_BLOCKS)(self._make_block)

    def mg_dl(self, minutes: npt.ArrayLike) -> IntArray:
        """Return the glucose at each of *minutes* (UTC minutes since 1970, any order), as the sensor shows it."""
        return np.clip(self.unclamped(minutes), LOWEST, HIGHEST)

    def unclamped(self, minutes: npt.ArrayLike) -> IntArray:
        """Return the glucose before the sensor's limits are applied: below LOWEST is LO, above HIGHEST is HI."""
        wanted = np.atleast_1d(np.asarray(minutes, dtype=np.int64))
        numbers = wanted // STRIDE
        out = np.empty(len(wanted), np.int64)
        for number in np.unique(numbers):
            inside = numbers == number
            out[inside] = self._block(int(number))[wanted[inside] - number * STRIDE]
        return out

    def _rng(self, stream: int, index: int) -> np.random.Generator:
        # two more than the index: neighbours reach below it, and a SeedSequence takes no negative numbers
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence((self.seed, self.person, stream, index + 2))))

    def _make_wave(self, number: int) -> FloatArray:
        """Return block *number* of the random wave: two strides long, independent of every other block."""
        white = self._rng(_WAVE, number).standard_normal((2, len(self._spectrum)))
        shaped = (white[0] + 1j * white[1]) * self._spectrum
        return np.fft.irfft(shaped, FFT_SIZE)[: 2 * STRIDE]

    def _make_block(self, number: int) -> npt.NDArray[np.int32]:
        """Return the finished minutes of block *number*."""
        start = number * STRIDE
        minutes = np.arange(start, start + STRIDE)
        # sine and cosine: the squares add to one, so the two blocks together vary as much as either alone
        angle = np.pi / 2 * np.arange(STRIDE) / STRIDE
        signal = np.cos(angle) * self._wave(number - 1)[STRIDE:] + np.sin(angle) * self._wave(number)[:STRIDE]
        signal += self._level + self._drift(minutes) + self._daily_part(minutes)
        for at, kernel, weight in self._events(start - KERNEL_MIN, start + STRIDE):
            i, j = max(at, start), min(at + len(kernel), start + STRIDE)
            if i < j:
                signal[i - start : j - start] += weight * kernel[i - at : j - at]
        return np.rint(np.exp(np.minimum(signal, np.log(600)))).astype(np.int32)

    def _drift(self, minutes: IntArray) -> FloatArray:
        """Return the drift over weeks: independent knots, blended like the blocks."""
        knot = minutes // DRIFT_KNOT_MIN
        angle = np.pi / 2 * (minutes - knot * DRIFT_KNOT_MIN) / DRIFT_KNOT_MIN
        first = int(knot[0])
        value = np.array([self._rng(_DRIFT, k).standard_normal() for k in range(first, int(knot[-1]) + 2)])
        blend: FloatArray = np.cos(angle) * value[knot - first] + np.sin(angle) * value[knot - first + 1]
        return self.profile.drift_sd * blend

    def _daily_part(self, minutes: IntArray) -> FloatArray:
        """Return the daily curve. The body takes a day to follow a clock change: no step appears in the glucose."""
        day = np.arange(minutes[0] // DAY_MIN, minutes[-1] // DAY_MIN + 2)
        offsets = [offset_minutes(self.zone, int(d) * DAY_MIN * 60) for d in day]
        local = (minutes + np.interp(minutes, day * DAY_MIN, offsets)) % DAY_MIN
        return np.interp(local, np.arange(DAY_MIN + 1), self._daily)

    def _events(self, start: int, end: int) -> Iterator[tuple[int, FloatArray, float]]:
        """Yield (UTC minute, kernel, weight) of the meals and lows of every local day touching the minutes given."""
        for day in range(start // DAY_MIN - 1, end // DAY_MIN + 2):
            midnight = datetime.combine(date(1970, 1, 1) + timedelta(days=day), datetime.min.time(), self.zone)
            for wall, kernel, weight in _day_plan(self.profile, self._rng(_DAY, day), midnight.weekday() >= 5):
                # adding to an aware datetime moves along the wall clock, as breakfast does
                at = int((midnight + timedelta(minutes=wall)).timestamp() // 60)
                yield at, self._kernels[kernel], weight


def offset_minutes(zone: ZoneInfo, ts: float) -> int:
    """Return the zone's offset from UTC at *ts* (epoch seconds), minutes."""
    offset = datetime.fromtimestamp(ts, UTC).astimezone(zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds() // 60)


def live_second(seed: int, person: int, minutes: npt.ArrayLike) -> IntArray:
    """Return the second (4..37) within each minute at which the live reading is taken.

    It wanders slowly and shakes by a second, so neighbours differ by at most 2 s; it never reaches the history's
    seconds, because the two series of the real service are different samplings and never coincide.
    """
    m = np.atleast_1d(np.asarray(minutes, dtype=np.int64))
    a, b = _phases(seed, person)
    wander = 12 * np.sin(2 * np.pi * m / 1553 + a) + 4 * np.sin(2 * np.pi * m / 167 + b)
    second: IntArray = np.rint(20 + wander).astype(np.int64) + _shake(seed, person, m)
    return second


def history_second(seed: int, person: int, minutes: npt.ArrayLike) -> IntArray:
    """Return the second (44..56) within each minute at which a point of the five-minute history is taken."""
    m = np.atleast_1d(np.asarray(minutes, dtype=np.int64))
    a, _ = _phases(seed, person)
    second: IntArray = np.rint(49 + 5 * np.sin(2 * np.pi * m / 2111 + a)).astype(np.int64) + _shake(seed, person, m)
    return second


def _phases(seed: int, person: int) -> tuple[float, float]:
    a, b = np.random.SeedSequence((seed, person)).generate_state(2)
    return 2 * np.pi * a / 2**32, 2 * np.pi * b / 2**32


def _shake(seed: int, person: int, minutes: IntArray) -> IntArray:
    """Return 0 or 1 for each minute, by an integer hash (the finaliser of SplitMix64)."""
    x = minutes.astype(np.uint64) + np.uint64((seed * 1_000_003 + person * 7_919) % 2**63)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        x = (x ^ (x >> np.uint64(shift))) * np.uint64(factor)
    return ((x ^ (x >> np.uint64(31))) % np.uint64(2)).astype(np.int64)


def _daily_table(profile: Profile, rng: np.random.Generator) -> FloatArray:
    """Return the daily curve at minutes 0..1440 of the local day: the common one and this person's departure."""
    of_day = np.arange(DAY_MIN + 1)
    table = np.interp(of_day / 60 - 0.5, np.arange(-1, 25), (profile.daily[-1], *profile.daily, profile.daily[0]))
    for harmonic in (1, 2, 3):
        a, b = profile.own_daily_sd / np.sqrt(3) * rng.standard_normal(2)
        phase = 2 * np.pi * harmonic * of_day / DAY_MIN
        table += a * np.cos(phase) + b * np.sin(phase)
    return table


def _spectrum(profile: Profile) -> FloatArray:
    """Return the amplitude of each Fourier coefficient: swings, slower wandering and sensor noise in one."""
    omega = 2 * np.pi * np.fft.rfftfreq(FFT_SIZE)
    power = np.zeros(len(omega))
    for sd, times in (
        (profile.swing_sd, profile.swing_min),
        (profile.day_sd, (profile.day_min,)),
        (profile.noise_sd, (profile.noise_min,)),
    ):
        part = np.ones(len(omega))
        for tau in times:
            part /= 1 + (omega * tau) ** 2
        power += sd**2 * part / part.sum()
    amplitude: FloatArray = np.sqrt(power) * FFT_SIZE / 2
    return amplitude


def _kernels(profile: Profile) -> dict[str, FloatArray]:
    """Return the response to one meal (fast and slow), one low and one night of lying on the sensor, peak 1."""
    t = np.arange(KERNEL_MIN, dtype=float)
    dip = (t / 170) ** 3 * np.exp(3 * (1 - t / 170))

    def rise(up_min: float, down_min: float, undershoot: float) -> FloatArray:
        up: FloatArray = (1 - np.exp(-t / up_min)) ** 2 * np.exp(-t / down_min)
        answer: FloatArray = up / up.max() - undershoot * dip
        return answer

    return {
        "meal": rise(profile.meal_rise_min, profile.meal_fall_min, profile.undershoot),
        "slow-meal": rise(1.8 * profile.meal_rise_min, 1.8 * profile.meal_fall_min, profile.undershoot),
        "low": rise(25, 30, 0.0),
        "pressure": np.clip(np.minimum(t[:60] / 10, (60 - t[:60]) / 20), 0, 1),
    }


def _day_plan(profile: Profile, rng: np.random.Generator, weekend: bool) -> Iterator[tuple[float, str, float]]:
    """Yield (wall-clock minute of the day, kernel, weight) of everything that happens on one day."""
    for hour, late, spread, skipped, carbs in zip(
        profile.meal_hours, (1.4, 0.5, 0.2), (0.6, 0.7, 0.9), (0.10, 0.06, 0.04), (38.0, 52.0, 62.0), strict=True
    ):
        at = 60 * (hour + late * weekend + spread * rng.standard_normal())
        size = carbs * np.exp(0.4 * rng.standard_normal())
        if rng.random() >= skipped:
            yield at, *_meal(profile, rng, size)
    for _ in range(int(rng.poisson(profile.snacks_per_day))):
        yield 60 * (10 + 13 * rng.random()), *_meal(profile, rng, 18 * np.exp(0.5 * rng.standard_normal()))
    for _ in range(int(rng.poisson(profile.lows_per_day))):
        yield DAY_MIN * rng.random(), "low", -profile.low * rng.gamma(3.0, 1 / 3.0)
    if rng.random() < 1 / 9:
        yield 360 * rng.random(), "pressure", -(0.25 + 0.35 * rng.random())


def _meal(profile: Profile, rng: np.random.Generator, carbs: float) -> tuple[str, float]:
    """Return the kernel and weight of a meal; the body's answer grows more slowly than the plate."""
    weight = np.sqrt(min(carbs, 160) / 45) * np.exp(0.4 * rng.standard_normal() - 0.08)
    return ("slow-meal" if rng.random() < 0.35 else "meal"), float(profile.meal * weight)
