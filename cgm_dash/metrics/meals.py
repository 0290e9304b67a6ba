"""What a meal does to glucose: rise, time to the peak, recovery, incremental area."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cgm_dash.grid import LONGEST_BRIDGE_S, STEP_S
from cgm_dash.metrics.exposure import area_beyond
from cgm_dash.series import Series

Int64 = npt.NDArray[np.int64]
Float = npt.NDArray[np.float64]

HOUR_S = 3600
BEFORE_S = HOUR_S
AFTER_S = 3 * HOUR_S


@dataclass(frozen=True, slots=True)
class MealResponse:
    """ts: the meal, moved to the nearest five minutes. Glucose in mg/dL, None where it is missing.

    baseline: mean of the hour before. peak: highest of the three hours after; delta: peak - baseline; minutes: to the
    peak. recovery: percent of the rise undone an hour after the peak. at_1h, at_2h: glucose then. iauc_120, iauc_180:
    area above the value at the meal, mg/dL min, positive part only.
    """

    ts: int
    baseline: float
    peak: float
    delta: float
    minutes: float
    recovery: float | None
    at_1h: float | None
    at_2h: float | None
    iauc_120: float | None
    iauc_180: float | None


def meal_response(series: Series, eaten: float, min_coverage: float = 70) -> MealResponse | None:
    """Return what followed a meal at *eaten* (UTC epoch seconds).

    Windows are taken on the readings themselves. None where the hour before or the three hours after are covered to
    less than *min_coverage* percent, or hold no reading. Source: Service 2013, Diabetes 62(5):1398,
    doi:10.2337/db12-1396.

    >>> values = [98, 102, 100, 118, 150, 178, 190, 184, 170, 150, 132, 118, 108, 99, 96]
    >>> r = meal_response(Series.every(900, values), 1800, min_coverage=0)
    >>> r.baseline, r.peak, r.minutes, r.delta, round(r.recovery, 5), r.iauc_120, round(r.iauc_180, 5), r.at_1h, r.at_2h
    (100.0, 190.0, 60.0, 90.0, 64.44444, 6840.0, 7463.33333, 190.0, 132.0)
    """
    at = int((eaten + STEP_S / 2) // STEP_S) * STEP_S
    before, after = series.between(at - BEFORE_S, at), series.between(at + 1, at + AFTER_S + 1)
    covered = (_covered(series, at - BEFORE_S, at), _covered(series, at, at + AFTER_S))
    if not len(before) or not len(after) or min(covered) < min_coverage:
        return None
    baseline = float(np.average(before.mg_dl, weights=before.seconds))
    top = int(after.mg_dl.argmax())
    peak, peak_ts = float(after.mg_dl[top]), int(after.ts[top])
    at_meal, hour_on, at_1h, at_2h = glucose_at(series, [at, peak_ts + HOUR_S, at + HOUR_S, at + 2 * HOUR_S])
    delta = peak - baseline
    return MealResponse(
        at,
        baseline,
        peak,
        delta,
        (peak_ts - at) / 60,
        100 * (peak - hour_on) / delta if hour_on is not None and delta != 0 else None,
        at_1h,
        at_2h,
        _incremental_area(series, at, at_meal, 2 * HOUR_S),
        _incremental_area(series, at, at_meal, 3 * HOUR_S),
    )


def glucose_at(series: Series, instants: list[int]) -> list[float | None]:
    """Return glucose at each instant, linear between readings at most 45 minutes apart; None elsewhere.

    >>> glucose_at(Series.every(600, [100, 110]), [0, 300, 601])
    [100.0, 105.0, None]
    """
    return [_glucose_at(series, ts) for ts in instants]


def _glucose_at(series: Series, ts: int) -> float | None:
    i = int(np.searchsorted(series.ts, ts, side="right"))
    if i and series.ts[i - 1] == ts:
        return float(series.mg_dl[i - 1])
    if i in (0, len(series)) or series.ts[i] - series.ts[i - 1] > LONGEST_BRIDGE_S:
        return None
    return float(np.interp(ts, series.ts[i - 1 : i + 1], series.mg_dl[i - 1 : i + 1]))


def _covered(series: Series, start: int, end: int) -> float:
    """Return the percent of [start, end) that readings stand for, those begun before it too."""
    ends = series.ts + series.seconds
    return 100 * int(np.clip(np.minimum(ends, end) - np.maximum(series.ts, start), 0, None).sum()) / (end - start)


def _incremental_area(series: Series, at: int, level: float | None, seconds: int) -> float | None:
    """Return the area above *level* from the meal on; None where an end is missing. A long hole adds nothing."""
    last = _glucose_at(series, at + seconds)
    if level is None or last is None:
        return None
    inside = series.between(at + 1, at + seconds)
    ts = np.concatenate(([at], inside.ts, [at + seconds]))
    v = np.concatenate(([level], inside.mg_dl, [last]))
    apart = np.diff(ts)
    minutes = np.where(apart > LONGEST_BRIDGE_S, 0, apart) / 60
    return area_beyond(v.astype(np.float64), minutes, level, above=True)
