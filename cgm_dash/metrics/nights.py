"""What the night brings: dawn phenomenon, fasting glucose, nightly lows, a day at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import numpy.typing as npt

from cgm_dash.days import DAY_S
from cgm_dash.grid import Grid
from cgm_dash.metrics.episodes import Events

Float = npt.NDArray[np.float64]

DAWN_RISE = 20
"""mg/dL; 10 is in use for type 1. There is no consensus for sensors: doi:10.1038/s41598-024-52461-1."""

HOUR_S = 3600
NIGHT_END_S = 6 * HOUR_S
BREAKFAST_S = (4 * HOUR_S, 10 * HOUR_S)
FASTING_S = (4 * HOUR_S, 6 * HOUR_S)


@dataclass(frozen=True, slots=True)
class Dawn:
    """rises: mg/dL of each day, nan where it could not be judged. assumed: where no breakfast was logged."""

    rises: Float
    assumed: npt.NDArray[np.bool_]
    threshold: float

    @property
    def median_rise(self) -> float | None:
        """Median rise of the days judged."""
        rises = self.rises[~np.isnan(self.rises)]
        return float(np.median(rises)) if len(rises) else None

    @property
    def percent_of_days(self) -> float | None:
        """Percent of the days judged whose rise is above the threshold."""
        rises = self.rises[~np.isnan(self.rises)]
        return 100 * float((rises > self.threshold).mean()) if len(rises) else None


def dawn(grid: Grid, matrix: Float, lows: Events, meals: Sequence[float] = (), threshold: float = DAWN_RISE) -> Dawn:
    """Return the rise from the nadir of 00:00-06:00 to breakfast, of each local day.

    Breakfast: the last slot before the first of *meals* (UTC epoch seconds) from 04:00 to 10:00; without one the slot
    of 06:00, assumed. Days with a low (*lows*: Episodes.low_1) between 00:00 and 06:00 are left out.
    Source: Monnier et al. 2013, Diabetes Care 36(12):4057, doi:10.2337/dc12-2127.
    """
    night = matrix[:, : NIGHT_END_S // grid.step_s]
    nadir = np.where(np.isnan(night), np.inf, night).min(axis=1, initial=np.inf)
    slots, assumed = _breakfast(grid, meals)
    before = matrix[np.arange(len(matrix)), slots]
    rises = np.where(np.isfinite(nadir), before - nadir, np.nan)
    rises[_nights_with(grid, lows)] = np.nan
    return Dawn(rises, assumed, threshold)


def _breakfast(grid: Grid, meals: Sequence[float]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return the column of the slot before breakfast on each day, and whether it is assumed."""
    slots = np.full(len(grid.days), NIGHT_END_S // grid.step_s)
    assumed = np.ones(len(grid.days), np.bool_)
    for ts in sorted(meals, reverse=True):  # the first meal of a day is written last
        at = np.array([int(ts)], np.int64)
        day = int(grid.days.day_of(at)[0])
        of_day = int(grid.days.local(at)[0]) % DAY_S
        if 0 <= day < len(grid.days) and BREAKFAST_S[0] <= of_day < BREAKFAST_S[1]:
            slots[day] = (of_day - 1) // grid.step_s
            assumed[day] = False
    return slots.astype(np.int64), assumed


def _nights_with(grid: Grid, lows: Events) -> npt.NDArray[np.bool_]:
    """Return which days have part of one of *lows* between 00:00 and 06:00."""
    hit = np.zeros(len(grid.days), np.bool_)
    at = lows.instants
    hit[grid.days.day_of(at[grid.days.local(at) % DAY_S < NIGHT_END_S])] = True
    return hit


def fasting(grid: Grid, matrix: Float) -> Float:
    """Return the mean glucose of 04:00-06:00 on each local day, mg/dL; nan where there is none."""
    part = matrix[:, FASTING_S[0] // grid.step_s : FASTING_S[1] // grid.step_s]
    count = np.count_nonzero(~np.isnan(part), axis=1)
    mean = np.divide(np.nansum(part, axis=1), count, out=np.full(len(part), np.nan), where=count > 0)
    return np.asarray(mean, np.float64)


def nightly_lows(grid: Grid, matrix: Float, lows: Events) -> list[int | None]:
    """Return how many of *lows* start from 00:00 to 06:00 on each local day; None for a night without values."""
    night = matrix[:, : NIGHT_END_S // grid.step_s]
    seen = np.count_nonzero(~np.isnan(night), axis=1)
    day = grid.days.day_of(lows.ts[lows.night])
    count = np.bincount(day, minlength=len(grid.days))
    return [int(n) if there else None for n, there in zip(count, seen, strict=True)]


def median_of(values: Sequence[float | None]) -> float | None:
    """Return the median of the values there are; None of none.

    >>> median_of([3, None, 1, float("nan")])
    2.0
    """
    there = [v for v in values if v is not None and v == v]
    return float(median(there)) if there else None
