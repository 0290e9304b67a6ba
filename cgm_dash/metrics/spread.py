"""Order statistics of the whole series: percentiles, interquartile range, median absolute deviation, extremes."""

from dataclasses import dataclass

import numpy as np

from cgm_dash.metrics.histogram import VALUES, Int64, Weighting, by_value
from cgm_dash.quantiles import quantiles
from cgm_dash.series import Series

PERCENTS = (5, 10, 25, 50, 75, 90, 95)

MAD_TO_SD = 1.4826
"""Makes MAD an estimate of the SD of normally distributed values."""


@dataclass(frozen=True, slots=True)
class Spread:
    """All mg/dL; None without readings."""

    p5: float | None
    p10: float | None
    p25: float | None
    median: float | None
    p75: float | None
    p90: float | None
    p95: float | None
    iqr: float | None
    mad: float | None
    minimum: int | None
    maximum: int | None


NOTHING = Spread(None, None, None, None, None, None, None, None, None, None, None)


def spread(series: Series, weighting: Weighting = "time") -> Spread:
    """Return the order statistics of *series*, by quantiles.quantiles.

    IQR = p75 - p25. MAD = 1.4826 median(|g - median|). Minimum data: one reading.
    Source: Rousseeuw and Croux 1993, JASA 88(424):1273, doi:10.1080/01621459.1993.10476408 (MAD).

    >>> s = spread(Series.every(300, [53, 54, 69, 70, 110, 140, 180, 181, 250, 251]), "count")
    >>> s.median, s.iqr, round(s.mad, 4), s.maximum - s.minimum
    (125.0, 111.5, 83.0256, 198)
    """
    return spread_of(by_value(series, weighting))


def spread_of(histogram: Int64) -> Spread:
    """Return the order statistics of what *histogram* holds."""
    present = np.flatnonzero(histogram)
    if not len(present):
        return NOTHING
    p = [float(q) for q in quantiles(histogram, PERCENTS)]
    iqr, mad = p[4] - p[2], _mad(histogram, p[3])
    return Spread(p[0], p[1], p[2], p[3], p[4], p[5], p[6], iqr, mad, int(present[0]), int(present[-1]))


def _mad(histogram: Int64, median: float) -> float:
    # A median lies on a whole number or half way between two: twice each deviation is whole, and counts exactly.
    twice = np.abs(2 * np.arange(VALUES) - round(2 * median))
    deviations = np.bincount(twice, weights=histogram).astype(np.int64)
    return MAD_TO_SD * float(quantiles(deviations, (50,))[0]) / 2
