"""Histograms of whole mg/dL: additive over days and bins, and all that most figures need."""

from typing import Literal

import numpy as np
import numpy.typing as npt

from cgm_dash.days import DAY_S
from cgm_dash.reading import MAX_MG_DL
from cgm_dash.series import Series

Int64 = npt.NDArray[np.int64]

Weighting = Literal["time", "count"]
"""time: a reading counts the seconds it stands for (rule W); count: each reading counts once, as published tools do."""

VALUES = MAX_MG_DL + 1
BIN_S = 900
BINS = DAY_S // BIN_S
"""Bins of the day, quarter hours."""

_CHUNK = 1 << 18
"""Readings at a time: bincount copies what it counts to 8 bytes a value."""


def by_value(series: Series, weighting: Weighting = "time") -> Int64:
    """Return how many seconds (readings) stand at each whole mg/dL, index 0 to 600.

    >>> by_value(Series.every(300, [100, 100, 101]))[99:103].tolist()
    [0, 600, 300, 0]
    """
    return _counted(series.mg_dl, series.seconds, weighting, VALUES)


def by_bin(series: Series, wall_clock: Int64, weighting: Weighting = "time") -> Int64:
    """Return the same for each quarter hour of the day: 96 rows of 601. wall_clock: LocalDays.wall_clock."""
    sums = np.zeros(BINS * VALUES, np.int64)
    for at in range(0, len(series), _CHUNK):
        part = slice(at, at + _CHUNK)
        cell = quarter(wall_clock[part]) % BINS * VALUES + series.mg_dl[part]
        sums += _counted(cell, series.seconds[part], weighting, len(sums))
    return sums.reshape(BINS, VALUES)


def quarter(wall_clock: Int64) -> Int64:
    """Return the number of each instant's quarter hour, counted from 1970 by the wall clock."""
    return np.asarray(wall_clock // BIN_S, np.int64)


def _counted(
    cell: npt.NDArray[np.signedinteger], seconds: npt.NDArray[np.int32], weighting: Weighting, size: int
) -> Int64:
    sums = np.zeros(size, np.int64)
    for at in range(0, len(cell), _CHUNK):
        part = slice(at, at + _CHUNK)
        # Sums of whole seconds stay far below 2**53: float weights are exact.
        weights = seconds[part] if weighting == "time" else None
        sums += np.bincount(cell[part], weights=weights, minlength=size).astype(np.int64)
    return sums
