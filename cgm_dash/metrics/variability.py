"""Variability from hour to hour and from day to day: CONGA and MODD."""

import numpy as np
import numpy.typing as npt

from cgm_dash.grid import Grid

Float = npt.NDArray[np.float64]


def conga(grid: Grid, hours: int) -> float | None:
    """Return CONGA(n): the sample SD of v(t) - v(t - n hours) over all slots where both exist, mg/dL.

    None with fewer than two such pairs. n is always told with the value: 1, 2, 4 and 24 are in use.
    Source: McDonnell et al. 2005, Diabetes Technol Ther 7(2):253, doi:10.1089/dia.2005.7.253.

    >>> from datetime import UTC
    >>> from cgm_dash.days import LocalDays
    >>> from cgm_dash.series import Series
    >>> s = Series.every(21_600, [100, 150, 200, 120, 110, 130, 220, 100, 90, 160, 180, 140])
    >>> grid = Grid.of(s, LocalDays.between(UTC, 0, 259_200), 0, 259_200, 21_600)
    >>> round(conga(grid, 6), 8), round(conga(grid, 24), 8)
    (64.22970143, 28.78491669)
    """
    return sample_sd(grid.differences(3600 * hours))


def modd(matrix: Float) -> float | None:
    """Return MODD: the mean of |G[d, k] - G[d - 1, k]| over all pairs on consecutive local dates, mg/dL.

    matrix: Grid.matrix, the same wall-clock time in a column. None without a pair.
    Source: Molnar et al. 1972, Diabetologia 8:342, doi:10.1007/BF01218495.

    >>> modd(np.array([[100, 150, 200, 120], [110, 130, 220, 100], [90, 160, 180, 140.0]]))
    25.0
    """
    d = np.abs(matrix[1:] - matrix[:-1])
    d = d[~np.isnan(d)]
    return float(d.mean()) if len(d) else None


def sample_sd(values: Float) -> float | None:
    """Return the standard deviation with n - 1 in the denominator; None for fewer than two values."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else None
