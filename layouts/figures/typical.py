"""What the charts of the page Trends share: the axis of a day's hours, margins, and the card at the pointer.

x of a day is its minutes by the wall clock, y of glucose mg/dL whatever the unit: only labels change. The card's words
are made here, in the viewer's language and unit; assets/trends.js only shows them.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cgm_dash.units import ADULT, Targets, Unit
from layouts import text, tokens
from layouts.figures.traces import Colours, Figure

Card = dict[str, Any]
"""What the card at one point of a chart says."""

DAY_MIN = 1440
TICK_H, TICK_PHONE_H = 3, 6

LEFT, RIGHT = 44, 58
LEFT_PHONE, RIGHT_PHONE = 42, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How charts are drawn for one viewer. targets: the limits that bands are parted by."""

    unit: Unit = Unit.MG_DL
    targets: Targets = ADULT
    theme: str = "light"
    phone: bool = False

    @property
    def colours(self) -> Colours:
        """The theme's colours."""
        return tokens.theme(self.theme)


def card(x: float, y: float | None, title: str, value: str, beside: str, *lines: str) -> Card:
    """Return one card for assets/trends.js. x, y: where the hairline and its dot stand; no dot without y.

    value: the bold line; beside: small behind it, its unit or what it is.
    """
    return {"x": x, "y": y, "title": title, "value": value, "beside": beside, "lines": lines}


def meta(cards: Sequence[Card]) -> dict[str, str]:
    """Return what a layout carries for assets/trends.js: *cards*, by rising x, as one text.

    Dash would look into each of thousands of values before it writes them, which takes longer than all the rest.
    """
    return {"cards": json.dumps(cards, ensure_ascii=False, separators=(",", ":"))}


def clock(minutes: int) -> str:
    """Return a time of day, 24:00 at the end of it.

    >>> clock(75), clock(1440)
    ('01:15', '24:00')
    """
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def span(start: int, end: int) -> str:
    """Return a stretch of the day.

    >>> span(300, 315)
    '05:00–05:15'
    """
    return f"{clock(start)}{text.RANGE}{clock(end)}"


def layout(look: Look, top: int, bottom: int, **parts: Any) -> Figure:
    """Return the layout of a chart of the day; *parts*: what it has besides."""
    sides = {"l": LEFT_PHONE, "r": RIGHT_PHONE} if look.phone else {"l": LEFT, "r": RIGHT}
    return {**frame(look), "margin": {**sides, "t": top, "b": bottom, "pad": 0}, **parts}


def frame(look: Look) -> Figure:
    """Return what the layouts of all charts on the page have in common."""
    return {
        "font": {"family": tokens.FONT, "size": 12, "color": look.colours["ink-3"]},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "autosize": True,
        "showlegend": False,
        "hovermode": False,
        "dragmode": False,
    }


def x_axis(look: Look, labels: bool) -> Figure:
    """Return the axis of the day's hours."""
    step = 60 * (TICK_PHONE_H if look.phone else TICK_H)
    ticks = list(range(0, DAY_MIN + 1, step))
    axis = {**plain_axis(), "range": [0, DAY_MIN], "tickvals": ticks, "ticktext": [clock(t) for t in ticks]}
    if not labels:
        return axis | {"showticklabels": False}
    line = look.colours["line"]
    shown = {"showline": True, "linecolor": line, "linewidth": 1, "ticks": "outside", "ticklen": 4, "tickcolor": line}
    return axis | shown | {"tickangle": 0}


def plain_axis() -> Figure:
    """Return an axis without grid and lines that nobody can move."""
    return {
        "type": "linear",
        "fixedrange": True,
        "tickmode": "array",
        "showgrid": False,
        "zeroline": False,
        "showline": False,
        "automargin": False,
        "ticks": "",
    }


def limit_lines(targets: Targets, colours: Colours, zone: float | str) -> list[Figure]:
    """Return the target zone with its two limits, and the limits of very low and very high, across the plot."""
    across = {"xref": "paper", "x0": 0, "x1": 1, "yref": "y", "layer": "below"}
    fill = tokens.alpha(colours["b-target"], zone)
    box = {"type": "rect", **across, "y0": targets.low, "y1": targets.high, "fillcolor": fill, "line": {"width": 0}}
    lines = (
        (targets.low, "b-target-edge", "solid"),
        (targets.high, "b-target-edge", "solid"),
        (targets.very_low, "line-strong", "2px,4px"),
        (targets.very_high, "line-strong", "2px,4px"),
    )
    drawn = (
        {"type": "line", **across, "y0": y, "y1": y, "line": {"color": colours[name], "width": 1, "dash": dash}}
        for y, name, dash in lines
    )
    return [box, *drawn]


def apart(values: Sequence[float], least: float, lowest: float = -math.inf, highest: float = math.inf) -> list[float]:
    """Return *values*, which rise, moved as little as it takes to lie *least* apart, and from *lowest* to *highest*.

    Where there is no room for all of them the last ones keep to *highest*.

    >>> apart([10, 11, 40], 10), apart([10, 11, 40], 10, 8, 35)
    ([5.5, 15.5, 40.0], [8, 18, 35])
    """
    groups: list[tuple[float, int]] = []
    for value in values:
        centre, count = float(value), 1
        while groups and centre - groups[-1][0] < least * (count + groups[-1][1]) / 2:
            before, n = groups.pop()
            centre, count = (before * n + centre * count) / (n + count), n + count
        groups.append((centre, count))
    places = [centre + least * (i - (count - 1) / 2) for centre, count in groups for i in range(count)]
    places = [max(place, lowest + least * i) for i, place in enumerate(places)]
    return [min(place, highest - least * (len(places) - 1 - i)) for i, place in enumerate(places)]
