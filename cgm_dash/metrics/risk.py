"""Blood glucose risk: low and high blood glucose index, and the average daily risk range."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cgm_dash.days import DAY_S, LocalDays
from cgm_dash.metrics.histogram import VALUES, Int64, Weighting, by_value
from cgm_dash.reading import MAX_MG_DL, MIN_MG_DL
from cgm_dash.series import Series

Float = npt.NDArray[np.float64]


def risk(mg_dl: npt.ArrayLike) -> tuple[Float, Float]:
    """Return the risk of low and of high glucose at each value: 10 f^2 on its side of 112.5 mg/dL, 0 on the other.

    f = 1.509 ((ln g)^1.084 - 5.381), g held to 20..600 mg/dL. No unit.
    Source: Kovatchev et al. 1997, Diabetes Care 20(11):1655, doi:10.2337/diacare.20.11.1655.

    >>> low, high = risk([40, 112, 113, 400])
    >>> low.round(8).tolist(), high.round(8).tolist()
    ([36.41754677, 0.00073767, 0.0, 0.0], [0.0, 0.0, 0.00063627, 57.04609863])
    """
    g = np.clip(np.asarray(mg_dl, np.float64), MIN_MG_DL, MAX_MG_DL)
    f = 1.509 * (np.log(g) ** 1.084 - 5.381)
    return 10 * np.minimum(f, 0) ** 2, 10 * np.maximum(f, 0) ** 2


LOW_RISK, HIGH_RISK = risk(np.arange(VALUES))
"""Risk at each whole mg/dL."""


@dataclass(frozen=True, slots=True)
class RiskIndices:
    """low: LBGI. high: HBGI. No unit."""

    low: float
    high: float

    @property
    def both(self) -> float:
        """BGRI."""
        return self.low + self.high


def risk_indices(series: Series, weighting: Weighting = "time") -> RiskIndices | None:
    """Return LBGI and HBGI: the mean of each risk over all observed time, None without readings.

    LBGI up to 1.1 minimal, 2.5 low, 5 moderate, above high; HBGI below 4.5 low, to 9 moderate, above high. These limits
    come from fingersticks; sensors give a lower LBGI (Fabris et al. 2015, doi:10.1177/1932296815599177).
    Source: Kovatchev et al. 2006, Diabetes Care 29(11):2433, doi:10.2337/dc06-1085.

    >>> r = risk_indices(Series.every(300, [53, 54, 69, 70, 110, 140, 180, 181, 250, 251]))
    >>> round(r.low, 8), round(r.high, 8), round(r.both, 8)
    (5.38708972, 6.24064839, 11.62773811)
    """
    return risk_indices_of(by_value(series, weighting))


def risk_indices_of(histogram: Int64) -> RiskIndices | None:
    """Return both indices of what *histogram* holds."""
    total = int(histogram.sum())
    return RiskIndices(float(histogram @ LOW_RISK) / total, float(histogram @ HIGH_RISK) / total) if total else None


def average_daily_risk_range(series: Series, days: LocalDays, min_day_coverage: float = 70) -> float | None:
    """Return ADRR: the mean over days of (highest low risk + highest high risk). None without a usable day.

    Not part of any summary unless asked for: US patent 11 355 238 claims its display for self-monitoring data.
    Low below 20, moderate to 40, high above. Source: Kovatchev et al. 2006, doi:10.2337/dc06-1085.

    >>> from datetime import UTC
    >>> s = Series.every(43_200, [60, 150, 100, 300])
    >>> round(average_daily_risk_range(s, LocalDays.between(UTC, 0, 2 * 86_400)), 8)
    25.44514747
    """
    if not len(days):
        return None
    first = days.dates[0].toordinal() - 719_163
    day = np.clip(days.wall_clock(series) // DAY_S - first, 0, len(days) - 1)
    low, high = np.zeros(len(days)), np.zeros(len(days))
    np.maximum.at(low, day, LOW_RISK[series.mg_dl])
    np.maximum.at(high, day, HIGH_RISK[series.mg_dl])
    usable = days.usable(series, min_day_coverage)
    return float((low + high)[usable].mean()) if usable.any() else None
