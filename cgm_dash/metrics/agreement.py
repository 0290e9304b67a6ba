"""How a sensor agrees with fingersticks: pairs in time, mean absolute relative difference, Clarke's error grid."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cgm_dash.series import Series

Float = npt.NDArray[np.float64]

PAIR_S = 300


def pairs(series: Series, strips: Series) -> tuple[Float, Float]:
    """Return reference and sensor glucose, mg/dL, of each strip that has a sensor reading within five minutes.

    The nearest reading counts; of two equally near ones the earlier.
    """
    if not len(series) or not len(strips):
        return np.zeros(0), np.zeros(0)
    after = np.clip(np.searchsorted(series.ts, strips.ts), 0, len(series) - 1)
    before = np.maximum(after - 1, 0)
    nearer = np.abs(series.ts[before] - strips.ts) <= np.abs(series.ts[after] - strips.ts)
    nearest = np.where(nearer, before, after)
    near = np.abs(series.ts[nearest] - strips.ts) <= PAIR_S
    return strips.mg_dl[near].astype(np.float64), series.mg_dl[nearest][near].astype(np.float64)


def mard(reference: npt.ArrayLike, sensor: npt.ArrayLike) -> float | None:
    """Return the mean absolute relative difference, percent: 100 mean(|sensor - reference| / reference).

    >>> mard([100, 200], [110, 180])
    10.0
    """
    ref, cgm = np.asarray(reference, np.float64), np.asarray(sensor, np.float64)
    return float(100 * (np.abs(cgm - ref) / ref).mean()) if len(ref) else None


def clarke_zones(reference: Sequence[float] | Float, sensor: Sequence[float] | Float) -> list[str]:
    """Return Clarke's zone of each pair, mg/dL, from A (right) to E (the opposite treatment); the first match stands.

    Source: Clarke et al. 1987, Diabetes Care 10(5):622, doi:10.2337/diacare.10.5.622.

    >>> r = [100, 100, 60, 60, 65, 200, 150, 150, 250, 300]
    >>> p = [120, 121, 71, 73, 181, 70, 28, 270, 170, 235]
    >>> "".join(clarke_zones(r, p))
    'ABADEECCDB'
    """
    r, p = np.asarray(reference, np.float64), np.asarray(sensor, np.float64)
    # In fifths and thirds, so that limits such as 0.8 r and 175 / 3 are met exactly.
    a = ((r <= 70) & (p <= 70)) | ((4 * r <= 5 * p) & (5 * p <= 6 * r))
    e = ((r >= 180) & (p <= 70)) | ((r <= 70) & (p >= 180))
    c = ((r >= 70) & (r <= 290) & (p >= r + 110)) | ((r >= 130) & (r <= 180) & (5 * p <= 7 * r - 910))
    middle = (p >= 70) & (p <= 180)
    d = ((r >= 240) & middle) | ((3 * r <= 175) & middle) | ((3 * r >= 175) & (r <= 70) & (5 * p >= 6 * r))
    zones = np.select((a, e, c, d), ("A", "E", "C", "D"), "B")
    return [str(zone) for zone in zones]
