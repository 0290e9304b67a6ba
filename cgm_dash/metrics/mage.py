"""MAGE, the mean amplitude of glycaemic excursions: the mean height of swings that exceed one standard deviation."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cgm_dash.grid import STEP_S, Grid

Float = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

SHORT, LONG = 5, 32
"""Slots of the two trailing means whose crossings part the curve into rises and falls."""

LONGEST_HOLE = 180 * 60 // STEP_S
"""Slots missing in a row that do not yet part the record."""

MIN_SD = 1.0


@dataclass(frozen=True, slots=True)
class Mage:
    """All mg/dL, None where no swing counts. up, down: MAGE+ and MAGE-.

    average: of both, for windows of several days. service: in the direction of the first countable swing, as first
    defined, for a single day.
    """

    up: float | None
    down: float | None
    average: float | None
    service: float | None


def mage(grid: Grid) -> Mage:
    """Return MAGE of a five-minute grid, by the crossings of a short and a long moving average.

    The record is parted where more than 3 h are missing; a part needs 32 slots and an SD of 1 mg/dL. Several parts:
    means weighted by their length.
    Sources: Service et al. 1970, Diabetes 19(9):644, doi:10.2337/diab.19.9.644 (definition); Fernandes et al. 2022,
    J Diabetes Sci Technol, doi:10.1177/19322968211061165 (algorithm).

    >>> from datetime import UTC
    >>> from cgm_dash.days import LocalDays
    >>> from cgm_dash.series import Series
    >>> wave = Series.every(300, np.round(140 + 60 * np.sin(2 * np.pi * 5 * np.arange(288) / 240)).tolist(), 28_800)
    >>> end = 28_800 + 86_400
    >>> mage(Grid.of(wave, LocalDays.between(UTC, 28_800, end), 28_800, end))
    Mage(up=110.0, down=120.0, average=115.0, service=110.0)
    """
    parts = [(len(part), *_swings(part)) for part in _parts(grid.v)]
    up = [(n, mean) for n, mean, _, _ in parts if mean is not None]
    down = [(n, mean) for n, _, mean, _ in parts if mean is not None]
    service = [(n, mean) for n, _, _, mean in parts if mean is not None]
    return Mage(_weighted(up), _weighted(down), _weighted(up + down), _weighted(service))


def _weighted(pairs: list[tuple[int, float]]) -> float | None:
    return sum(n * mean for n, mean in pairs) / sum(n for n, _ in pairs) if pairs else None


def _parts(v: Float) -> list[Float]:
    """Return the stretches between long holes, each from its first to its last value."""
    present = np.flatnonzero(~np.isnan(v))
    if not len(present):
        return []
    holes = np.flatnonzero(np.diff(present) - 1 > LONGEST_HOLE)
    first = present[np.append(0, holes + 1)]
    last = present[np.append(holes, len(present) - 1)]
    return [v[a : b + 1] for a, b in zip(first, last, strict=True)]


def _swings(v: Float) -> tuple[float | None, float | None, float | None]:
    """Return MAGE+, MAGE- and the one of the first direction, of one stretch without a long hole."""
    if len(v) < LONG:
        return None, None, None
    missing = np.isnan(v)
    sd = float(np.std(v[~missing] if missing.any() else v, ddof=1))
    if sd < MIN_SD:
        return None, None, None
    e = _extrema(v, missing, *_openings(v, missing))
    up, down = _rises(e, sd), _rises([-x for x in e], sd)
    mean_up = sum(r[0] for r in up) / len(up) if up else None
    mean_down = sum(r[0] for r in down) / len(down) if down else None
    if not up or not down:
        return mean_up, mean_down, mean_up if up else mean_down
    up_first = up[0][2] <= down[0][1]
    return mean_up, mean_down, mean_up if up_first else mean_down


def _trailing(x: Float, width: int) -> Float:
    """Return the sums of the *width* last entries; the first ones take that of entry number *width*.

    Doubling the width adds neighbours only: sums of whole numbers stay exact, which a running total's would not.
    """
    sums, have = x.copy(), 1
    while have * 2 <= width:
        sums[have:] = sums[have:] + sums[:-have]
        have *= 2
    if have < width:
        sums[have:] = sums[have:] + _trailing(x, width - have)[:-have]
    sums[: width - 1] = sums[width - 1]
    return sums


def _sides(v: Float, missing: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.bool_]]:
    """Return where the short mean is above (1), below (-1) or at (0) the long one, and where both and a value exist."""
    if missing.any():
        x, one = np.where(missing, 0.0, v), (~missing).astype(np.float64)
        n_short, n_long = _trailing(one, SHORT), _trailing(one, LONG)
        cross = _trailing(x, SHORT) * n_long - _trailing(x, LONG) * n_short
        exists = ~missing & (n_short > 0)
    else:
        cross = _trailing(v, SHORT) * LONG - _trailing(v, LONG) * SHORT
        exists = np.ones(len(v), np.bool_)
    # Interpolated values are fractions: what is closer than rounding is equal.
    side = np.where(np.abs(cross) < 1e-6, 0, np.sign(cross))
    return side.astype(np.int8), exists


def _openings(v: Float, missing: npt.NDArray[np.bool_]) -> tuple[list[int], list[bool]]:
    """Return the slots at which a new rise or fall opens, with the last slot behind them, and whether each rises."""
    side, exists = _sides(v, missing)
    judged = np.flatnonzero(exists[1:] & exists[:-1] & (side[1:] != 0)) + 1
    now = side[judged]
    changed = now * side[judged - 1] < 0
    if side[0] == 0:  # at nothing to differ from, only a change between neighbours opens
        begin = int(np.argmax(changed)) if changed.any() else len(judged)
        judged, now, changed = judged[begin:], now[begin:], changed[begin:]
    # After each judged slot the last opening is on its side: it either was, or opened there.
    opens = changed | (now * np.append(side[0], now[:-1]) < 0)
    return [0, *judged[opens].tolist(), len(v) - 1], [bool(side[0] > 0), *(now[opens] > 0).tolist()]


def _extrema(v: Float, missing: npt.NDArray[np.bool_], opens: list[int], rises: list[bool]) -> list[float]:
    """Return the highest value of each rise and the lowest of each fall, from the previous one to the next opening."""
    holes = missing.any()
    high, low = (np.where(missing, -np.inf, v), np.where(missing, np.inf, v)) if holes else (v, v)
    at = 0
    found: list[float] = []
    for rising, until in zip(rises, opens[1:], strict=True):
        at += int(high[at : until + 1].argmax() if rising else low[at : until + 1].argmin())
        found.append(float(v[at]))
    return found


def _rises(e: list[float], sd: float) -> list[tuple[float, int, int]]:
    """Return (height, from, to) of each rise over the extrema *e* that counts; from and to are positions in *e*.

    Once a fall of more than *sd* ends a rise, the search goes on from where it was noticed: the lowest since the peak,
    so that it makes no difference to the published way with falls, which go on from the recorded nadir.
    """
    found: list[tuple[float, int, int]] = []
    n, j, i = len(e), 0, 0
    while j < n:
        if e[j] < e[i]:
            i = j
        if e[j] - e[i] < sd:
            j += 1
            continue
        for k in range(j, n):
            if e[k] > e[j]:
                j = k
            if e[k] - e[j] < -sd or k == n - 1:
                found.append((e[j] - e[i], i, j))
                i = j = k
                break
    return found
