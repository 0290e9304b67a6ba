"""Level and spread: mean, standard deviation, coefficient of variation."""

import math
from dataclasses import dataclass

import numpy as np

from cgm_dash.metrics.a1c import gmi_percent
from cgm_dash.metrics.histogram import VALUES, Int64, Weighting, by_value
from cgm_dash.series import Series

_GLUCOSE = np.arange(VALUES, dtype=np.int64)
_SQUARES = _GLUCOSE * _GLUCOSE


@dataclass(frozen=True, slots=True)
class Level:
    """n: readings. mean, sd: mg/dL. cv, gmi: percent. None where undefined (no reading; sd of fewer than two)."""

    n: int
    mean: float | None
    sd: float | None
    cv: float | None
    gmi: float | None


def level(series: Series, weighting: Weighting = "time") -> Level:
    """Return the level of *series*.

    mean = sum(w g) / W.  sd = sqrt(sum(w (g - mean)^2) / W * n / (n - 1)).  CV = 100 sd / mean.
    w: seconds by rule W (1 in counting); W: their sum; n: readings. Counting, sd is the usual sample deviation.
    CV up to 36 % counts as stable: Danne et al. 2017, Diabetes Care 40(12):1631, doi:10.2337/dc17-1600.

    >>> s10 = Series.every(300, [53, 54, 69, 70, 110, 140, 180, 181, 250, 251])
    >>> r = level(s10)
    >>> r.mean, round(r.sd, 8), round(r.cv, 8), round(r.gmi, 6)
    (135.8, 76.97878496, 56.68540866, 6.558336)
    """
    return level_of(by_value(series, weighting), len(series))


def level_of(histogram: Int64, n: int) -> Level:
    """Return the level of what *histogram* holds, made of *n* readings."""
    # Whole seconds times whole mg/dL: integer sums are exact, and ten years of minutes stay far below 2**63.
    total, first, second = int(histogram.sum()), int(histogram @ _GLUCOSE), int(histogram @ _SQUARES)
    if total == 0:
        return Level(n, None, None, None, None)
    mean = first / total
    if n < 2:
        return Level(n, mean, None, None, gmi_percent(mean))
    # W * sum(w g^2) - (sum(w g))^2 in whole numbers: no cancellation, never below zero.
    variance = (total * second - first * first) / (total * total) * n / (n - 1)
    sd = math.sqrt(variance)
    return Level(n, mean, sd, 100 * sd / mean, gmi_percent(mean))
