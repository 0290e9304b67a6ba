"""The glucose profile: percentiles of each quarter hour of the day over many days."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from cgm_dash.days import DAY_S, LocalDays
from cgm_dash.metrics.histogram import BIN_S, BINS, Int64, Weighting, by_bin, quarter
from cgm_dash.quantiles import quantiles
from cgm_dash.series import Series

Float = npt.NDArray[np.float64]

FEWEST_DAYS = 5
"""A bin of fewer days shows its median alone, and a profile of fewer days is not one."""

KERNEL = (1, 2, 3, 2, 1)


@dataclass(frozen=True, slots=True)
class Profile:
    """curves: 5 x 96, mg/dL, the percentiles PERCENTS of each quarter hour from 00:00; nan where there is no reading.

    days: of how many local dates each quarter hour has readings. dates: of how many the whole profile has.
    """

    PERCENTS: ClassVar[tuple[int, ...]] = (5, 25, 50, 75, 95)

    curves: Float
    days: Int64
    dates: int

    @property
    def has_bands(self) -> npt.NDArray[np.bool_]:
        """Whether a quarter hour rests on enough days for more than its median."""
        return np.asarray(self.days >= FEWEST_DAYS, np.bool_)

    @property
    def is_whole(self) -> bool:
        """Whether it rests on enough days to be called a profile; fourteen give it full credit."""
        return self.dates >= FEWEST_DAYS

    def within(self, days: int) -> "Profile":
        """Return it as of a window of so many local days: a clock that kept another zone's time names one date more.

        >>> Profile(np.zeros((5, 96)), np.full(96, 15), 15).within(14).dates
        14
        """
        return replace(self, days=np.minimum(self.days, days), dates=min(self.dates, days))


def profile(series: Series, days: LocalDays, weighting: Weighting = "time") -> Profile:
    """Return the percentiles of the readings in each quarter hour of the wearer's wall clock, over all days.

    Both passes of an hour that autumn repeats fall into the same bins. Quantiles by quantiles.quantiles.
    Source: Bergenstal et al. 2013, Diabetes Technol Ther 15(3):198, doi:10.1089/dia.2013.0051; Johnson et al. 2019,
    doi:10.1089/dia.2019.0034.

    >>> from datetime import UTC
    >>> p = profile(Series.every(900, [100] * 96 + [120] * 96), LocalDays.between(UTC, 0, 2 * 86_400), "count")
    >>> p.curves[:, 0].tolist(), int(p.days[0]), bool(p.has_bands[0])
    ([101.0, 105.0, 110.0, 115.0, 119.0], 2, False)
    """
    wall_clock = days.wall_clock(series)
    return profile_of(by_bin(series, wall_clock, weighting), wall_clock)


def profile_of(histogram: Int64, wall_clock: Int64) -> Profile:
    """Return the profile of a histogram by quarter hour. wall_clock: of each reading in it."""
    curves = quantiles(histogram, Profile.PERCENTS).T
    if not len(wall_clock):
        return Profile(curves, np.zeros(BINS, np.int64), 0)
    first = int(wall_clock.min()) // DAY_S
    seen = np.zeros((int(wall_clock.max()) // DAY_S - first + 1) * BINS, np.bool_)
    seen[quarter(wall_clock) - first * BINS] = True
    of_day = seen.reshape(-1, BINS)
    return Profile(curves, of_day.sum(axis=0), int(of_day.any(axis=1).sum()))


def smoothed(curve: Float) -> Float:
    """Return a curve of the day for display: each bin a mean of itself and two on either side, weights 1 2 3 2 1.

    The ends meet at midnight. A positive kernel keeps the order of the percentiles. Missing bins stay missing and
    count for nothing in their neighbours. Tables and exports use the plain values.

    >>> one = np.zeros(96)
    >>> one[0] = 9
    >>> smoothed(one)[[94, 95, 0, 1, 2, 3]].tolist()
    [1.0, 2.0, 3.0, 2.0, 1.0, 0.0]
    """
    present = ~np.isnan(curve)
    filled, total, weight = np.where(present, curve, 0.0), np.zeros_like(curve), np.zeros_like(curve)
    for shift, k in zip(range(-2, 3), KERNEL, strict=True):
        total += k * np.roll(filled, shift, axis=-1)
        weight += k * np.roll(present, shift, axis=-1)
    return np.divide(total, weight, out=np.full_like(curve, np.nan), where=present)


MINUTES = BIN_S // 60
"""Width of a bin."""
