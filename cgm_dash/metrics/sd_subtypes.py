"""Where variation comes from: standard deviations within days, between days, between times of day."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cgm_dash.grid import Grid
from cgm_dash.metrics.variability import sample_sd

Float = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]

WINDOW = 12
"""Slots of an hour, for the SD within series."""


@dataclass(frozen=True, slots=True)
class SdSubtypes:
    """All mg/dL but the two of the CV, percent; None where too little data.

    total: of all slots (SDT). time_of_day: of the slot means (SDhh:mm). within_hour: mean over all hours (SDws). The
    others take usable days only. within_day: mean of the days' SD (SDw). daily_means: of the day means (SDdm).
    between_days: mean over slots of the SD between days (SDb), between_days_same_mean: after taking off each day's
    mean (SDb//dm). interaction: of what day and time of day leave unexplained (SDI). cv_mean, cv_sd: of the daily CVs.
    """

    total: float | None
    time_of_day: float | None
    within_hour: float | None
    within_day: float | None
    daily_means: float | None
    between_days: float | None
    between_days_same_mean: float | None
    interaction: float | None
    cv_mean: float | None
    cv_sd: float | None


def sd_subtypes(grid: Grid, matrix: Float, usable: Bool) -> SdSubtypes:
    """Return the SD subtypes of a five-minute *grid* and its *matrix*; *usable*: of each day (LocalDays.usable).

    All with n - 1 in the denominator. Source: Rodbard 2009, Diabetes Technol Ther 11(9):551, doi:10.1089/dia.2009.0015.

    >>> from datetime import UTC
    >>> from cgm_dash.days import LocalDays
    >>> from cgm_dash.series import Series
    >>> s = Series.every(21_600, [100, 150, 200, 120, 110, 130, 220, 100, 90, 160, 180, 140])
    >>> grid = Grid.of(s, LocalDays.between(UTC, 0, 259_200), 0, 259_200, 21_600)
    >>> r = sd_subtypes(grid, grid.matrix(), np.ones(3, bool))
    >>> [round(x, 5) for x in (r.total, r.within_day, r.time_of_day, r.daily_means, r.between_days)]
    [41.74236, 45.62922, 43.33333, 1.44338, 16.31881]
    """
    columns, _ = _means(matrix, 0)
    rows = matrix[usable]
    day_means, _ = _means(rows, 1)
    within = _deviations(rows, 1)
    apart = rows - day_means[:, None]
    with np.errstate(invalid="ignore"):
        cvs = _present(100 * within / day_means)
    return SdSubtypes(
        sample_sd(_present(grid.v)),
        sample_sd(_present(columns)),
        _within_hour(grid.v),
        _mean(within),
        sample_sd(_present(day_means)),
        _mean(_deviations(rows, 0)),
        _mean(_deviations(apart, 0)),
        _interaction(rows, apart),
        _mean(cvs),
        sample_sd(cvs),
    )


def _present(x: Float) -> Float:
    return np.asarray(x[~np.isnan(x)], np.float64)


def _mean(x: Float) -> float | None:
    x = _present(x)
    return float(x.mean()) if len(x) else None


def _means(x: Float, axis: int) -> tuple[Float, npt.NDArray[np.int64]]:
    """Return the means along *axis* and how many values each is of; nan of none."""
    present = ~np.isnan(x)
    count = np.count_nonzero(present, axis=axis)
    total = np.where(present, x, 0.0).sum(axis=axis)
    return np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0), np.asarray(count, np.int64)


def _deviations(x: Float, axis: int) -> Float:
    """Return the sample SD along *axis*; nan of fewer than two."""
    mean, count = _means(x, axis)
    off = x - np.expand_dims(mean, axis)
    squares = np.where(np.isnan(off), 0.0, off * off).sum(axis=axis)
    variance = np.divide(squares, count - 1, out=np.full(count.shape, np.nan), where=count > 1)
    return np.asarray(np.sqrt(variance), np.float64)


def _interaction(rows: Float, apart: Float) -> float | None:
    """Return the SD of G - day mean - slot mean + overall mean."""
    columns, _ = _means(rows, 0)
    return sample_sd(_present(apart - columns))  # a constant added to all changes no SD


def _within_hour(v: Float) -> float | None:
    """Return the mean SD of all hours that begin at a slot, from the first value to the last."""
    present = ~np.isnan(v)
    at = np.flatnonzero(present)
    if len(at) < 2:
        return None
    stretch = slice(at[0], at[-1] + 1)
    there = present[stretch]
    x = np.where(there, v[stretch] - v[at].mean(), 0.0)
    if len(x) < WINDOW:
        return None
    count, first, second = (_rolling(y) for y in (there.astype(np.float64), x, x * x))
    enough = count > 1
    count, first, second = count[enough], first[enough], second[enough]
    variance = np.maximum(second - first * first / count, 0.0) / (count - 1)
    return float(np.sqrt(variance).mean()) if len(variance) else None


def _rolling(x: Float) -> Float:
    """Return the sums of all WINDOW neighbours: twice three are six, twice six are twelve."""
    three = x[:-2] + x[1:-1] + x[2:]
    six = three[:-3] + three[3:]
    return six[:-6] + six[6:]
