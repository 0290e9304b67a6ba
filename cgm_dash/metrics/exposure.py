"""Area under the curve: mean level by trapezoids, and the exposure beyond a limit."""

import numpy as np
import numpy.typing as npt

from cgm_dash.grid import Grid

Float = npt.NDArray[np.float64]


def auc_mean(grid: Grid) -> float | None:
    """Return the area under the curve over its time, mg/dL: trapezoids over neighbouring slots. None without a pair.

    >>> from datetime import UTC
    >>> from cgm_dash.days import LocalDays
    >>> from cgm_dash.series import Series
    >>> values = [53, 54, 69, 70, 110, 140, 180, 181, 250, 251]
    >>> auc_mean(Grid.of(Series.every(300, values), LocalDays.between(UTC, 0, 3000), 0, 3000))
    134.0
    """
    middle = (grid.v[1:] + grid.v[:-1]) / 2
    middle = middle[~np.isnan(middle)]
    return float(middle.mean()) if len(middle) else None


def area_beyond(v: Float, minutes: float | Float, limit: float, above: bool) -> float:
    """Return the area between curve and *limit* on one side, mg/dL min; a trapezoid that crosses it is split there.

    v: mg/dL, nan missing. minutes: between neighbours, one number or one for each pair.

    >>> v = np.array([160, 170, 200, 220, 190, 170, 60.0])
    >>> area_beyond(v, 15, 180, above=True), round(area_beyond(v, 15, 70, above=False), 8)
    (962.5, 6.81818182)
    """
    over = v - limit if above else limit - v
    a, b = over[:-1], over[1:]
    touches = np.flatnonzero((np.fmax(a, b) > 0) & ~np.isnan(a + b))
    a, b = a[touches], b[touches]
    # Both beyond: a trapezoid. One beyond: the triangle up to the crossing, p^2 / (p - q) / 2.
    p, q = np.maximum(a, b), np.minimum(a, b)
    mean = np.where(q >= 0, (p + q) / 2, p * p / (2 * (p - np.minimum(q, 0.0))))
    return float((mean * (minutes[touches] if isinstance(minutes, np.ndarray) else minutes)).sum())


def exposure(grid: Grid, limit: float, above: bool) -> float | None:
    """Return the area beyond *limit* for each day of observed time, mg/dL h a day. None where nothing is observed."""
    days = grid.observed_days
    return area_beyond(grid.v, grid.step_s / 60, limit, above) / 60 / days if days else None
