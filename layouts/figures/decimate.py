"""Fewer points, the same picture: what a line keeps of more readings than the screen has columns."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def column_edges(start: float, end: float, visible: tuple[float, float] | None, columns: int, outside: int) -> Floats:
    """Return the edges of pixel columns over [start, end]: *columns* of them in the visible part, coarser outside.

    visible: None for all of it. outside: how many columns each side of the visible part gets.
    """
    a, b = (start, end) if visible is None else (max(start, visible[0]), min(end, visible[1]))
    if not start <= a < b <= end:
        a, b = start, end
    parts = [np.linspace(a, b, columns + 1)]
    if a > start:
        parts.insert(0, np.linspace(start, a, outside + 1)[:-1])
    if b < end:
        parts.append(np.linspace(b, end, outside + 1)[1:])
    return np.concatenate(parts)


def kept(ts: Ints, values: Floats, edges: Floats) -> Ints:
    """Return the positions of the first, smallest, largest and last reading of each column, rising, none twice.

    ts: rising UTC epoch seconds. values: NaN for what is not drawn as a line; such readings are never extremes beside
    others. Readings before the first edge belong to the first column, those at or behind the last edge to the last.
    """
    n = len(ts)
    if n == 0:
        return np.zeros(0, np.int64)
    inner = np.searchsorted(ts, edges[1:-1], side="left")
    first = np.unique(np.append(0, inner[inner < n]))
    last = np.append(first[1:], n) - 1
    low = np.where(np.isnan(values), np.inf, values)
    high = np.where(np.isnan(values), -np.inf, values)
    smallest = _where_equal(low, np.minimum.reduceat(low, first), first, n)
    largest = _where_equal(high, np.maximum.reduceat(high, first), first, n)
    return np.unique(np.concatenate((first, smallest, largest, last)))


def _where_equal(values: Floats, wanted: Floats, first: Ints, n: int) -> Ints:
    """Return for each column, beginning at *first*, the position of the first value that equals *wanted*."""
    lengths = np.diff(np.append(first, n))
    hits = np.flatnonzero(values == np.repeat(wanted, lengths))
    return np.asarray(hits[np.searchsorted(hits, first)], np.int64)


def broken(ts: Ints, values: Floats, gap_after: npt.NDArray[np.bool_], positions: Ints) -> tuple[Ints, Floats]:
    """Return the line through *positions*, with a NaN wherever a gap lies between two neighbours.

    gap_after: for each reading but the last whether the line breaks behind it.
    """
    x, y = ts[positions], values[positions]
    gaps = np.append(0, np.cumsum(gap_after))
    behind = np.flatnonzero(np.diff(gaps[positions]) > 0)
    return np.insert(x, behind + 1, x[behind]), np.insert(y, behind + 1, np.nan)


def excursions(x: Ints, y: Floats, limit: float, above: bool) -> tuple[Floats, Floats]:
    """Return the areas between a line and *limit* as closed outlines with a NaN behind each.

    Where the line crosses the limit the crossing is interpolated. above: the areas over the limit, else those under it.
    """
    side = (y - limit) if above else (limit - y)
    across = np.flatnonzero(side[:-1] * side[1:] < 0)
    share = side[across] / (side[across] - side[across + 1])
    xs = np.insert(x.astype(np.float64), across + 1, x[across] + share * (x[across + 1] - x[across]))
    ys = np.insert(y, across + 1, limit)
    depth = np.insert(side, across + 1, 0.0)
    inside = np.flatnonzero(depth >= 0)
    if len(inside) == 0:
        return np.zeros(0), np.zeros(0)
    starts = np.append(0, np.flatnonzero(np.diff(inside) > 1) + 1)
    ends = np.append(starts[1:], len(inside))
    real = np.maximum.reduceat(depth[inside], starts) > 0
    wanted = np.repeat(real, ends - starts)
    inside, lengths = inside[wanted], (ends - starts)[real]
    return _closed(xs[inside], ys[inside], lengths, limit)


def _closed(x: Floats, y: Floats, lengths: Ints, limit: float) -> tuple[Floats, Floats]:
    """Return runs of *lengths* points as outlines that start and end on *limit*, a NaN behind each."""
    ends = np.cumsum(lengths)
    starts = ends - lengths
    where = np.concatenate((starts, ends, ends))
    order = np.argsort(where * 3 + np.repeat((2, 0, 1), len(lengths)), kind="stable")
    extra_x = np.concatenate((x[starts], x[ends - 1], x[ends - 1]))
    extra_y = np.concatenate((np.full(2 * len(lengths), float(limit)), np.full(len(lengths), np.nan)))
    return np.insert(x, where[order], extra_x[order]), np.insert(y, where[order], extra_y[order])
