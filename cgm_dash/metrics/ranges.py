"""Time in ranges: the share of observed time in each of the five consensus bands."""

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cgm_dash.reading import MAX_MG_DL
from cgm_dash.series import Series
from cgm_dash.units import ADULT, Band, Targets


@dataclass(frozen=True, slots=True)
class TimeInRanges:
    """seconds: observed seconds in each band, very low first. Shares are percent of their sum."""

    seconds: tuple[int, int, int, int, int]

    @property
    def observed(self) -> int:
        """Seconds the readings stand for."""
        return sum(self.seconds)

    def percent(self, *bands: Band) -> float | None:
        """Return the percent of observed time in *bands* together; None without readings."""
        if not self.observed:
            return None
        return 100 * sum(self.seconds[b] for b in bands) / self.observed

    @property
    def tbr(self) -> float | None:
        """Time below range, percent: low and very low."""
        return self.percent(Band.VERY_LOW, Band.LOW)

    @property
    def tir(self) -> float | None:
        """Time in range, percent."""
        return self.percent(Band.TARGET)

    @property
    def tar(self) -> float | None:
        """Time above range, percent: high and very high."""
        return self.percent(Band.HIGH, Band.VERY_HIGH)


def seconds_by_value(series: Series) -> npt.NDArray[np.int64]:
    """Return the observed seconds at each integer mg/dL, int64, index 0..600: what all range figures rest on."""
    # One bincount over float weights is exact here: sums of whole seconds stay far below 2**53.
    return np.bincount(series.mg_dl, weights=series.seconds, minlength=MAX_MG_DL + 1).astype(np.int64)


def time_in_ranges(series: Series, targets: Targets = ADULT) -> TimeInRanges:
    """Return the observed seconds in each band of *targets*.

    Bands by default: below 54, 54 to 69, 70 to 180, 181 to 250, above 250 mg/dL, judged on the stored integer.
    Time the readings do not cover counts nowhere.
    Source: Battelino et al. 2019, Diabetes Care 42(8), doi:10.2337/dci19-0028.

    >>> s10 = Series.every(300, [53, 54, 69, 70, 110, 140, 180, 181, 250, 251])
    >>> r = time_in_ranges(s10)
    >>> [r.percent(b) for b in Band], r.tbr, r.tir, r.tar
    ([10.0, 20.0, 40.0, 20.0, 10.0], 30.0, 40.0, 30.0)
    """
    seconds = seconds_by_value(series)
    edges = (0, targets.very_low, targets.low, targets.high + 1, targets.very_high + 1, MAX_MG_DL + 1)
    v = [int(seconds[low:high].sum()) for low, high in itertools.pairwise(edges)]
    return TimeInRanges((v[0], v[1], v[2], v[3], v[4]))
