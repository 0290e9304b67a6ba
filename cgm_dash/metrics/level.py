"""Level and spread: mean, standard deviation, coefficient of variation, glucose management indicator."""

import math
from dataclasses import dataclass

import numpy as np

from cgm_dash.series import Series


@dataclass(frozen=True, slots=True)
class Level:
    """n: readings. mean, sd: mg/dL. cv, gmi: percent. None where undefined (no reading; sd of fewer than two)."""

    n: int
    mean: float | None
    sd: float | None
    cv: float | None
    gmi: float | None


def level(series: Series) -> Level:
    """Return the time-weighted level of *series*.

    mean = sum(w g) / W.  sd = sqrt(sum(w (g - mean)^2) / W * n / (n - 1)).  CV = 100 sd / mean.
    GMI % = 3.31 + 0.02392 mean (Bergenstal et al. 2018, Diabetes Care 41(11), doi:10.2337/dc18-1581); it is not HbA1c.
    w: seconds by rule W; W: their sum; n: readings.

    >>> s10 = Series.every(300, [53, 54, 69, 70, 110, 140, 180, 181, 250, 251])
    >>> r = level(s10)
    >>> r.mean, round(r.sd, 8), round(r.cv, 8), round(r.gmi, 6)
    (135.8, 76.97878496, 56.68540866, 6.558336)
    """
    n = len(series)
    if n == 0:
        return Level(0, None, None, None, None)
    # Whole seconds times whole mg/dL: integer sums are exact, and ten years of minutes stay far below 2**63.
    w, g = series.seconds.astype(np.int64), series.mg_dl.astype(np.int64)
    total, first, second = int(w.sum()), int(w @ g), int(w @ (g * g))
    mean = first / total
    if n < 2:
        return Level(n, mean, None, None, gmi_percent(mean))
    # W * sum(w g^2) - (sum(w g))^2 in whole numbers: no cancellation, never below zero.
    variance = (total * second - first * first) / (total * total) * n / (n - 1)
    sd = math.sqrt(variance)
    return Level(n, mean, sd, 100 * sd / mean, gmi_percent(mean))


def gmi_percent(mean_mg_dl: float) -> float:
    """Return the glucose management indicator of a mean in mg/dL.

    >>> round(gmi_percent(150), 3)
    6.898
    """
    return 3.31 + 0.02392 * mean_mg_dl
