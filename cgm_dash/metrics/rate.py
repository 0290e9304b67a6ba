"""How fast glucose moves: mean absolute glucose change, glycaemic variability percentage, SD of the rate of change."""

import numpy as np
import numpy.typing as npt

from cgm_dash.grid import Grid
from cgm_dash.metrics.variability import sample_sd

Float = npt.NDArray[np.float64]

ROC_S = 15 * 60


def mag(grid: Grid) -> float | None:
    """Return MAG: the sum of |dv| over the hours between neighbouring slots, mg/dL per hour. None without a pair.

    Source: Hermanides et al. 2010, Crit Care Med 38(3):838, doi:10.1097/CCM.0b013e3181cc4be9.

    >>> mag(_ten())
    264.0
    """
    d = grid.differences(grid.step_s)
    return float(np.abs(d).sum() / (len(d) * grid.step_s / 3600)) if len(d) else None


def gvp(grid: Grid) -> float | None:
    """Return GVP: how much longer the curve is than a level line, percent. None without a pair of slots.

    100 (sum sqrt(dt^2 + dv^2) / sum dt - 1), minutes and mg/dL. GVP / 100 + 1 is GVI, the glycaemic variability index:
    below 1.2 low, to 1.5 moderate, above high. Source: Peyser et al. 2018, doi:10.1089/dia.2017.0187.

    >>> round(gvp(_ten()), 8)
    380.9439527
    """
    d, dt = grid.differences(grid.step_s), grid.step_s / 60
    return float(100 * (np.sqrt(dt * dt + d * d).sum() / (len(d) * dt) - 1)) if len(d) else None


def rate_of_change(grid: Grid) -> Float:
    """Return (v(t) - v(t - 15 min)) / 15 of each slot, mg/dL per minute; nan where one is missing.

    Source: Clarke and Kovatchev 2009, Diabetes Technol Ther 11(S1):S45, doi:10.1089/dia.2008.0138.

    >>> rate_of_change(_ten())[[3, -1]].round(5).tolist()
    [1.13333, 4.73333]
    """
    lag = ROC_S // grid.step_s
    rates = np.full(len(grid), np.nan)
    if lag:
        rates[lag:] = (grid.v[lag:] - grid.v[:-lag]) / (ROC_S / 60)
    return rates


def rate_sd(grid: Grid) -> float | None:
    """Return the sample SD of the rate of change, mg/dL per minute. None with fewer than two rates.

    >>> round(rate_sd(_ten()), 8)
    2.13808994
    """
    return sample_sd(grid.differences(ROC_S) / (ROC_S / 60))


def _ten() -> Grid:
    """Return the ten values of the examples, five minutes apart."""
    from datetime import UTC

    from cgm_dash.days import LocalDays
    from cgm_dash.series import Series

    values = [53, 54, 69, 70, 110, 140, 180, 181, 250, 251]
    return Grid.of(Series.every(300, values), LocalDays.between(UTC, 0, 3000), 0, 3000)
