"""Composite and historical indices: research only, without agreed goals."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cgm_dash.metrics.histogram import VALUES, Int64
from cgm_dash.reading import MIN_MG_DL

_G = np.arange(VALUES, dtype=np.float64)
_SAFE = np.maximum(_G, MIN_MG_DL)
"""No logarithm of what no reading can be."""


def j_index(mean: float, sd: float) -> float:
    """Return the J-index, 0.001 (mean + SD)^2 in mg/dL.

    Source: Wojcicki 1995, Horm Metab Res 27(1):41, doi:10.1055/s-2007-979906.

    >>> round(j_index(135.8, 76.97878496), 6)
    45.274811
    """
    return 0.001 * (mean + sd) ** 2


def m_value(histogram: Int64, reference: float = 120) -> float | None:
    """Return the M-value, the mean of |10 log10(g / reference)|^3; None without readings.

    Source: Schlichtkrull et al. 1965, Acta Med Scand 177:95, doi:10.1111/j.0954-6820.1965.tb01810.x (reference 120; the
    correction for fewer than 25 samples is left out).

    >>> round(m_value(_ten()), 8), round(m_value(_ten(), 100), 8), round(m_value(_ten(), 90), 8)
    (18.99254826, 21.18225974, 26.45888931)
    """
    return _mean(histogram, np.abs(10 * np.log10(_SAFE / reference)) ** 3)


GRADE_VALUES = np.minimum(50.0, 425 * (np.log10(np.log10(_SAFE / 18)) + 0.16) ** 2)
"""GRADE at each whole mg/dL."""


@dataclass(frozen=True, slots=True)
class Grade:
    """score: mean GRADE. hypo, eu, hyper: percent of its sum from below 70, 70 to 140, above 140 mg/dL; None at 0."""

    score: float
    hypo: float | None
    eu: float | None
    hyper: float | None


def grade(histogram: Int64) -> Grade | None:
    """Return GRADE, the mean of min(50, 425 (log10(log10(g / 18)) + 0.16)^2), with shares; None without readings.

    Source: Hill et al. 2007, Diabet Med 24(7):753, doi:10.1111/j.1464-5491.2007.02119.x.

    >>> r = grade(_ten())
    >>> round(r.score, 8), round(r.hypo, 8), round(r.eu, 8), round(r.hyper, 8)
    (9.63646126, 26.4636541, 8.79238877, 64.74395713)
    """
    score = _mean(histogram, GRADE_VALUES)
    if score is None:
        return None
    parts = histogram * GRADE_VALUES
    total = float(parts.sum())
    if total == 0:
        return Grade(score, None, None, None)
    hypo, eu, hyper = (float(part.sum()) for part in np.split(parts, (70, 141)))
    return Grade(score, 100 * hypo / total, 100 * eu / total, 100 * hyper / total)


@dataclass(frozen=True, slots=True)
class ControlIndex:
    """hypo, hyper: the indices of both sides."""

    hypo: float
    hyper: float

    @property
    def both(self) -> float:
        """IGC, the index of glycaemic control."""
        return self.hypo + self.hyper


def control_index(histogram: Int64, low: int = 80, high: int = 140) -> ControlIndex | None:
    """Return hypo and hyper index: the means of (low - g)^2 / 30 below *low* and (g - high)^1.1 / 30 above *high*.

    None without readings. Source: Rodbard 2009, Diabetes Technol Ther 11(S1):S55, doi:10.1089/dia.2008.0132.

    >>> r = control_index(_ten())
    >>> round(r.hypo, 8), round(r.hyper, 8), round(r.both, 8)
    (5.42, 1.57019755, 6.99019755)
    """
    hypo = _mean(histogram, np.maximum(low - _G, 0) ** 2 / 30)
    hyper = _mean(histogram, np.maximum(_G - high, 0) ** 1.1 / 30)
    return None if hypo is None or hyper is None else ControlIndex(hypo, hyper)


def cogi(tir: float, tbr: float, sd: float) -> float:
    """Return the continuous glucose monitoring index: time in range, time below 70 (percent) and SD (mg/dL) in one.

    0.5 TIR + 35 (1 - min(TBR, 15) / 15) + 15 (1 - clip(SD - 18, 0, 90) / 90).
    Source: Leelarathna et al. 2020, J Diabetes Sci Technol 14(2):277, doi:10.1177/1932296819838525.

    >>> round(cogi(tir=71, tbr=4, sd=50), 8)
    70.83333333
    """
    return 0.5 * tir + 35 * (1 - min(tbr, 15) / 15) + 15 * (1 - min(max(sd - 18, 0), 90) / 90)


@dataclass(frozen=True, slots=True)
class Pgs:
    """The parts of the personal glycaemic state: variability, mean, time in range, lows of level 2, lows of level 1."""

    variability: float
    mean: float
    in_range: float
    level_2: float
    level_1: float

    @property
    def total(self) -> float:
        """The personal glycaemic state."""
        return self.variability + self.mean + self.in_range + self.level_2 + self.level_1


def pgs(gvp: float, mean: float, tir: float, level_2_per_week: float, level_1_per_week: float) -> Pgs:
    """Return the personal glycaemic state; mean in mg/dL, gvp and tir in percent.

    Lows count from 20 minutes on and end after 30 minutes of recovery; level 1: those that touch no level 2.
    Source: Hirsch et al. 2017, Diabetes Technol Ther 19(S3):S38, doi:10.1089/dia.2017.0080; its constant of level 2
    is taken as 2 ln 1.5, which makes one such low a week exactly 3.

    >>> round(pgs(30, 150, 70, 1, 3).total, 8)
    14.69097969
    """
    return Pgs(
        1 + 9 / (1 + math.exp(-0.049 * (gvp - 65.47))),
        1 + 9 * (1 / (1 + math.exp(0.1139 * (mean - 72.08))) + 1 / (1 + math.exp(-0.09195 * (mean - 157.57)))),
        1 + 9 / (1 + math.exp(0.0833 * (tir - 55.04))),
        0.5 + 4.5 * (1 - math.exp(-0.81093 * level_2_per_week)),
        0.5714 * level_1_per_week + 0.625 if level_1_per_week <= 7.65 else 5.0,
    )


def _mean(histogram: Int64, of_value: npt.NDArray[np.float64]) -> float | None:
    total = int(histogram.sum())
    return float(histogram @ of_value) / total if total else None


def _ten() -> Int64:
    """Return the histogram of the examples' ten values."""
    values = [53, 54, 69, 70, 110, 140, 180, 181, 250, 251]
    return np.bincount(values, minlength=VALUES).astype(np.int64)
