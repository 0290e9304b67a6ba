"""The curves of a glucose profile as every drawing of it takes them: smoothed, with both midnights, in stretches."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cgm_dash.metrics.histogram import BINS
from cgm_dash.metrics.profile import Profile, smoothed

Float = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

MEDIAN = 2
"""Position of the median among the curves."""
HIGHEST, STEP = 350, 50
"""mg/dL: axes go up to here, further in such steps only where a curve does."""


@dataclass(frozen=True, slots=True)
class Curves:
    """bins: where the points lie, the middles of quarter hours and both midnights, 0 to 96. mg_dl: five curves there.

    Midnight is the mean of its two neighbours, missing (nan) where one of them is. firm: where days are enough for
    more than the median. dashed: where the median rests on fewer, a point beyond on either side, to meet the line.
    """

    bins: Float
    mg_dl: Float
    firm: Bools
    dashed: Bools

    @classmethod
    def of(cls, profile: Profile) -> "Curves":
        """Return the curves of *profile*, smoothed for display."""
        curves = np.stack([smoothed(curve) for curve in profile.curves])
        midnight = (curves[:, :1] + curves[:, -1:]) / 2
        enough = profile.has_bands
        at_midnight = enough[:1] & enough[-1:]
        firm = np.concatenate((at_midnight, enough, at_midnight))
        mg_dl = np.concatenate((midnight, curves, midnight), axis=1)
        few = ~firm & ~np.isnan(mg_dl[MEDIAN])
        dashed = few.copy()
        dashed[1:] |= few[:-1]
        dashed[:-1] |= few[1:]
        bins = np.concatenate(([0.0], np.arange(BINS) + 0.5, [float(BINS)]))
        return cls(bins, mg_dl, firm, dashed)

    @property
    def highest(self) -> float:
        """Where the axis ends, mg/dL."""
        top = float(np.nanmax(self.shown)) if not np.isnan(self.shown).all() else 0.0
        return float(max(HIGHEST, -(-top // STEP) * STEP))

    @property
    def shown(self) -> Float:
        """The curves without what is not drawn of them: outside of *firm* the median alone."""
        return np.where(self.firm | (np.arange(len(self.mg_dl)) == MEDIAN)[:, None], self.mg_dl, np.nan)


def runs(which: Bools) -> list[tuple[int, int]]:
    """Return where each run begins and ends, the end excluded.

    >>> runs(np.array([True, True, False, True]))
    [(0, 2), (3, 4)]
    """
    edges = np.flatnonzero(np.diff(which.astype(np.int8), prepend=0, append=0))
    return [(int(i), int(j)) for i, j in edges.reshape(-1, 2)]


def missing(profile: Profile) -> list[tuple[int, int]]:
    """Return the stretches of quarter hours of which no date has a reading."""
    return runs(np.isnan(profile.curves[MEDIAN]))
