"""Quantiles of whole-number data from their histogram: exact, whatever the number of observations."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Int64 = npt.NDArray[np.int64]
Float = npt.NDArray[np.float64]


def quantiles(histogram: Int64, percents: Sequence[int]) -> Float:
    """Return the quantiles of values 0, 1, 2 ... that occur as often as *histogram* says, one for each of *percents*.

    Linear between order statistics, position h = (N - 1) p (Hyndman and Fan 1996, The American Statistician 50:361-365,
    type 7; numpy's default). In time each second is one observation, in counting each reading. Several histograms
    (rows) give rows of quantiles. Nothing counted: nan.

    >>> h = np.zeros(601, np.int64)
    >>> h[[100, 200]] = 300
    >>> quantiles(h, [25]).tolist()
    [100.0]
    >>> h[300] = 600
    >>> quantiles(h, [50]).tolist()
    [250.0]
    """
    rows = np.atleast_2d(histogram)
    width = rows.shape[1]
    running = np.cumsum(rows)  # one running total over all rows: the search below is one call
    total = rows.sum(axis=1)
    base = running[width - 1 :: width] - total
    # Whole percents keep the position exact: (N - 1) p = k + rest / 100.
    k, rest = np.divmod((total[:, None] - 1) * np.asarray(percents, np.int64), 100)
    row = width * np.arange(len(rows))[:, None]
    low = np.searchsorted(running, base[:, None] + k, side="right") - row
    high = np.searchsorted(running, base[:, None] + k + (rest > 0), side="right") - row
    values = low + (high - low) * rest / 100
    values[total == 0] = np.nan
    return np.asarray(values if histogram.ndim == 2 else values[0], np.float64)
