"""How the time is spread over glucose values: bars of about 10 mg/dL, coloured by band."""

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cgm_dash.i18n import _
from cgm_dash.quantiles import quantiles
from cgm_dash.reading import MAX_MG_DL
from cgm_dash.units import Band, Targets, Unit
from layouts import text, tokens
from layouts.figures import typical
from layouts.figures.traces import Figure, f4
from layouts.figures.typical import Card, Look

Int64 = npt.NDArray[np.int64]

STEP = 10
NEAREST = 4
"""An edge nearer than this to a band's limit makes way for it, so that no bar is a splinter."""
LOW, HIGH = 40, 300
"""The axis spans at least this."""
TOP, BOTTOM = 4, 22


@dataclass(frozen=True, slots=True)
class Bar:
    """Values from *low* to before *high*, mg/dL, all in one band. share: percent of observed time."""

    low: int
    high: int
    band: Band
    share: float


def bars_of(by_value: Int64, targets: Targets) -> list[Bar]:
    """Return the bars of the seconds at each whole mg/dL; none without readings."""
    total = int(by_value.sum())
    if not total:
        return []
    there = np.flatnonzero(by_value)
    first, last = min(LOW, int(there[0]) // STEP * STEP), max(HIGH, int(there[-1]) // STEP * STEP + STEP)
    limits = [targets.very_low, targets.low, targets.high + 1, targets.very_high + 1]
    tens = [t for t in range(first, last + 1, STEP) if all(abs(t - limit) >= NEAREST for limit in limits)]
    edges = sorted({first, *tens, *(limit for limit in limits if first < limit < last), last})
    return [
        Bar(low, high, targets.band(low), 100 * int(by_value[low:high].sum()) / total)
        for low, high in itertools.pairwise(edges)
    ]


def figure_of(by_value: Int64, look: Look) -> Figure:
    """Return the figure of the seconds at each whole mg/dL. A bar's area is its share, whatever its width."""
    bars, colours = bars_of(by_value, look.targets), look.colours
    x = np.array([(bar.low + bar.high) / 2 for bar in bars])
    widths = np.array([bar.high - bar.low for bar in bars])
    heights = np.array([STEP * bar.share / (bar.high - bar.low) for bar in bars])
    fills = [colours[f"b-{tokens.BAND_NAMES[bar.band]}"] for bar in bars]
    edges = [colours[f"b-{tokens.BAND_NAMES[bar.band]}-edge" if bar.band is Band.HIGH else "surface"] for bar in bars]
    trace = {
        "type": "bar",
        "name": "share",
        "x": f4(x),
        "y": f4(heights),
        "width": f4(widths * 0.92),
        "marker": {"color": fills, "line": {"color": edges, "width": 0.5}},
        "hoverinfo": "none",
    }
    ends = [bars[0].low, bars[-1].high] if bars else [LOW, HIGH]
    return {
        "data": [trace] if bars else [],
        "layout": {
            **typical.frame(look),
            "margin": {"l": 0, "r": 0, "t": TOP, "b": BOTTOM, "pad": 0},
            "xaxis": _x_axis(look, ends),
            "yaxis": {
                **typical.plain_axis(),
                "range": [0, float(heights.max()) * 1.04 if bars else 1],
                "visible": False,
            },
            "annotations": _limit_labels(look, ends),
            "meta": typical.meta([_card(bar, look) for bar in bars]),
        },
    }


def _x_axis(look: Look, ends: list[int]) -> Figure:
    line = {"showline": True, "linecolor": look.colours["line"], "linewidth": 1}
    values = [v for v in (look.targets.very_high, 350) if ends[0] < v < ends[1] - 8]
    labels = [text.glucose(v, look.unit) for v in values]
    return {**typical.plain_axis(), **line, "range": ends, "tickvals": values, "ticktext": labels, "tickangle": 0}


def _limit_labels(look: Look, ends: list[int]) -> list[Figure]:
    place = {"yref": "paper", "y": 0, "yanchor": "top", "yshift": -3, "showarrow": False}
    font = {"size": 12, "color": look.colours["ink"], "weight": 600}
    limits = (look.targets.low, look.targets.high)
    return [
        {**place, "x": v, "text": text.glucose(v, look.unit), "font": font} for v in limits if ends[0] < v < ends[1]
    ]


def _card(bar: Bar, look: Look) -> Card:
    beside = _("of the time")
    title = f"{values_of(bar, look.unit)} {look.unit}"
    return typical.card(
        (bar.low + bar.high) / 2, None, title, text.percent_fine(bar.share), beside, text.band(bar.band)
    )


def values_of(bar: Bar, unit: Unit) -> str:
    """Return a bar's values, both ends included, without the unit.

    >>> values_of(Bar(54, 60, Band.LOW, 1.0), Unit.MG_DL)
    '54–59'
    """
    return f"{text.glucose(bar.low, unit)}{text.RANGE}{text.glucose(bar.high - 1, unit)}"


def alt_text(by_value: Int64, unit: Unit) -> str:
    """Return the sentence with the figures a person would read off the bars."""
    if not by_value.any():
        return _("Distribution of readings: no readings.")
    low, middle, high = quantiles(by_value[: MAX_MG_DL + 1], (5, 50, 95)).tolist()
    sentence = _("Half of the time lies below {median}; nine tenths of it between {low} and {high} {unit}.")
    return sentence.format(
        median=text.glucose_in(middle, unit), low=text.glucose(low, unit), high=text.glucose(high, unit), unit=unit
    )
