"""The share of time in each band by hour of day, as stacked bars under the profile, on the same hours."""

import numpy as np
import numpy.typing as npt

from cgm_dash.day_summary import RangeSums
from cgm_dash.i18n import _
from cgm_dash.metrics.histogram import BINS, VALUES
from cgm_dash.metrics.ranges import ranges_of
from cgm_dash.units import Band, Targets
from layouts import text, tokens
from layouts.figures import typical
from layouts.figures.traces import Figure, f4, hatched
from layouts.figures.typical import Card, Look

Int64 = npt.NDArray[np.int64]
Float = npt.NDArray[np.float64]

HOURS = 24
TOP, BOTTOM = 10, 8
GAP = 0.12
PATTERNS = {Band.VERY_LOW: "x", Band.LOW: "/", Band.HIGH: ".", Band.VERY_HIGH: "-"}
"""Beside the colours, so that bands differ in grey too."""


def by_hour(sums: RangeSums, targets: Targets) -> Int64:
    """Return the seconds in each band of each hour, 5 x 24, very low first."""
    hours = sums.judged_by_bin(targets).reshape(HOURS, BINS // HOURS, VALUES).sum(axis=1)
    return np.array([ranges_of(hour, targets).seconds for hour in hours], np.int64).T


def shares(seconds: Int64) -> Float:
    """Return the percent of each hour's observed time in each band; nan without readings."""
    total = seconds.sum(axis=0)
    return np.asarray(np.divide(100.0 * seconds, total, out=np.full(seconds.shape, np.nan), where=total > 0))


def figure_of(seconds: Int64, look: Look) -> Figure:
    """Return the figure of the seconds in each band of each hour, 5 x 24."""
    colours, percent = look.colours, shares(seconds)
    x = 60 * (np.arange(HOURS) + 0.5)
    empty = [(60.0 * h, 60.0 * (h + 1)) for h in np.flatnonzero(np.isnan(percent[0])).tolist()]
    data = [
        {
            "type": "bar",
            "name": tokens.BAND_NAMES[band],
            "x": f4(x),
            "y": f4(percent[band]),
            "width": 60 * (1 - GAP),
            "marker": _marker(band, look),
            "hoverinfo": "none",
        }
        for band in Band
        if np.nansum(percent[band]) > 0
    ]
    ticks = [0, 50, 100]
    y_axis = {**typical.plain_axis(), "range": [0, 100], "tickvals": ticks, "ticklabelstandoff": 8}
    return {
        "data": [*data, *hatched(empty, 0, 100, colours)],
        "layout": typical.layout(
            look,
            TOP,
            BOTTOM,
            barmode="stack",
            xaxis=typical.x_axis(look, labels=False),
            yaxis=y_axis | {"ticktext": [text.percent(t) for t in ticks]},
            meta=typical.meta(_cards(percent)),
        ),
    }


def _marker(band: Band, look: Look) -> Figure:
    name = tokens.BAND_NAMES[band]
    fill = look.colours[f"b-{name}"]
    marker: Figure = {"color": fill, "line": {"color": look.colours["surface"], "width": 1}}
    if band in PATTERNS:
        fgcolor = tokens.alpha(look.colours[f"b-{name}-ink"], 0.45)
        marker["pattern"] = {
            "shape": PATTERNS[band],
            "bgcolor": fill,
            "fgcolor": fgcolor,
            "size": 6,
            "solidity": 0.18,
            "fillmode": "overlay",
        }
    return marker


def _cards(percent: Float) -> list[Card]:
    cards = []
    for hour in np.flatnonzero(~np.isnan(percent[0])).tolist():
        lines = [
            _("{band}: {share}").format(band=text.band(band), share=text.percent(float(percent[band, hour])))
            for band in reversed(Band)
            if band is not Band.TARGET and percent[band, hour] > 0
        ]
        title, share = typical.span(60 * hour, 60 * (hour + 1)), text.percent(float(percent[Band.TARGET, hour]))
        cards.append(typical.card(60 * (hour + 0.5), None, title, share, _("in target"), *lines))
    return cards


def alt_text(seconds: Int64) -> str:
    """Return the sentence with the hours that stand out."""
    percent = shares(seconds)
    target = percent[Band.TARGET]
    if np.isnan(target).all():
        return _("Time in each band by hour: no readings.")
    best, worst = int(np.nanargmax(target)), int(np.nanargmin(target))
    sentence = _("By hour: most time in target from {best} with {most}, least from {worst} with {least}.").format(
        best=typical.span(60 * best, 60 * (best + 1)),
        most=text.percent(float(target[best])),
        worst=typical.span(60 * worst, 60 * (worst + 1)),
        least=text.percent(float(target[worst])),
    )
    below = percent[Band.VERY_LOW] + percent[Band.LOW]
    lowest = int(np.nanargmax(below))
    if below[lowest] <= 0:
        return text.listing((sentence, _("No hour has time below target.")))
    hour, share = typical.span(60 * lowest, 60 * (lowest + 1)), text.percent_fine(float(below[lowest]))
    return text.listing(
        (sentence, _("Most time below target from {hour} with {share}.").format(hour=hour, share=share))
    )
