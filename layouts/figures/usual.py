"""The band of what is usual, behind the line of the live chart.

Outlines, one for each stretch that has a band: plotly's fill between two lines goes astray where the lines have holes.
"""

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from cgm_dash.i18n import _
from cgm_dash.usual import Placed
from layouts import tokens
from layouts.figures.traces import Colours, Figure, f4, u4

NEAR_S = 450
"""Half a quarter hour: the card at the pointer takes the band of the quarter hour it stands in."""


def bands(placed: Placed | None, colours: Colours) -> list[Figure]:
    """Return the outer band, 5 to 95 %, and over it the inner one, 25 to 75 %."""
    if not placed:
        return []
    return [
        _area("usual-outer", placed.ts, placed.outer, tokens.alpha(colours["profile"], colours["profile-outer"])),
        _area("usual-inner", placed.ts, placed.inner, tokens.alpha(colours["profile"], colours["profile-inner"])),
    ]


def _area(name: str, ts: npt.NDArray[np.int64], sides: npt.NDArray[np.float64], fill: str) -> Figure:
    low, high = sides
    there = np.concatenate(([False], ~np.isnan(low), [False]))
    x: list[npt.NDArray[np.int64]] = []
    y: list[npt.NDArray[np.float64]] = []
    for i, j in list(pairwise(np.flatnonzero(np.diff(there)).tolist()))[::2]:
        x += [ts[i:j], ts[i:j][::-1], ts[i : i + 1]]
        y += [high[i:j], low[i:j][::-1], np.array([np.nan])]
    return {
        "type": "scatter",
        "mode": "none",
        "name": name,
        "x": u4(np.concatenate(x)),
        "y": f4(np.concatenate(y)),
        "fill": "toself",
        "fillcolor": fill,
        "hoverinfo": "skip",
    }


def meta(placed: Placed | None) -> Figure:
    """Return how the card at the pointer tells of the inner band, which it reads off its outline; {} without one."""
    if not placed:
        return {}
    return {"usual": {"near": NEAR_S, "words": _("usual {low}–{high} {unit}")}}
