"""Time in ranges: the share of observed time in each of the five consensus bands, and in any other range."""

import itertools
from dataclasses import dataclass, replace

import numpy as np

from cgm_dash.metrics.histogram import Int64, Weighting, by_value
from cgm_dash.reading import MAX_MG_DL, Flag
from cgm_dash.series import Series
from cgm_dash.units import ADULT, Band, Targets

PREGNANCY = Targets(54, 63, 140, 250)
"""In pregnancy: below 54, below 63, 63 to 140, above 140 mg/dL. Battelino et al. 2019, doi:10.2337/dci19-0028."""

TIGHT_HIGH = 140
"""Upper limit of time in tight range, 70 to 140 mg/dL: Battelino et al. 2023, doi:10.1016/S2213-8587(22)00319-9."""


@dataclass(frozen=True, slots=True)
class TimeInRanges:
    """seconds: observed seconds (counting: readings) in each band, very low first. Shares are percent of their sum."""

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


def time_in_ranges(series: Series, targets: Targets = ADULT, weighting: Weighting = "time") -> TimeInRanges:
    """Return the observed seconds in each band of *targets*.

    Bands by default: below 54, 54 to 69, 70 to 180, 181 to 250, above 250 mg/dL, judged on the stored integer.
    Time the readings do not cover counts nowhere. A reading flagged LO or HI is outside every limit.
    Source: Battelino et al. 2019, Diabetes Care 42(8), doi:10.2337/dci19-0028.

    >>> s10 = Series.every(300, [53, 54, 69, 70, 110, 140, 180, 181, 250, 251])
    >>> r = time_in_ranges(s10)
    >>> [r.percent(b) for b in Band], r.tbr, r.tir, r.tar
    ([10.0, 20.0, 40.0, 20.0, 10.0], 30.0, 40.0, 30.0)
    """
    return ranges_of(judged(series, weighting), targets)


def judged(series: Series, weighting: Weighting = "time") -> Int64:
    """Return the histogram that ranges are judged by: a LO reading below every limit, a HI reading above.

    The value of such a reading is the sensor's bound, which a limit of one's own may reach or pass.
    """
    if not series.flag.any():
        return by_value(series, weighting)
    beyond = np.where(series.flag == Flag.LO, 0, np.where(series.flag == Flag.HI, MAX_MG_DL, series.mg_dl))
    return by_value(replace(series, mg_dl=beyond.astype(np.int16)), weighting)


def ranges_of(histogram: Int64, targets: Targets = ADULT) -> TimeInRanges:
    """Return what *histogram* holds in each band of *targets*."""
    edges = (0, targets.very_low, targets.low, targets.high + 1, targets.very_high + 1, MAX_MG_DL + 1)
    v = [int(histogram[low:high].sum()) for low, high in itertools.pairwise(edges)]
    return TimeInRanges((v[0], v[1], v[2], v[3], v[4]))


def percent_between(histogram: Int64, low: int, high: int) -> float | None:
    """Return the percent of what *histogram* holds from *low* to *high* mg/dL, both included; None without any.

    >>> s10 = Series.every(300, [53, 54, 69, 70, 110, 140, 180, 181, 250, 251])
    >>> percent_between(by_value(s10), 70, TIGHT_HIGH)
    30.0
    """
    total = int(histogram.sum())
    return 100 * int(histogram[low : high + 1].sum()) / total if total else None
