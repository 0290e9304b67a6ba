"""A long range in columns of days: from the lowest to the highest, the middle half of the time, and the median.

Columns are steps, never joined across: each shows its own days and nothing else. The part of a column that lies below
the target zone has the colour of lows and an edge of a pixel, so that one low minute in ten years is seen.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from cgm_dash.day_summary import QUARTILES, Envelope, RangeSums
from cgm_dash.i18n import _, plural
from cgm_dash.quantiles import quantiles
from cgm_dash.reading import Flag
from cgm_dash.units import Targets
from layouts import text, tokens
from layouts.figures.traces import Colours, Figure, f4, u4
from layouts.views import ChartView

Values = npt.NDArray[Any]

DAY_S = 86_400
ZONE = ".085"
"""The target zone's opacity where bands lie over it."""
MEDIAN_PX = 1.2
LOW_EDGE_PX = 1.0


@dataclass(frozen=True, slots=True)
class Columns:
    """What is drawn as columns, by rising time: [start, end) in UTC epoch seconds; the rest as in Envelope."""

    start: Values
    end: Values
    lowest: Values
    q1: Values
    median: Values
    q3: Values
    highest: Values
    lo: Values
    hi: Values

    def __len__(self) -> int:
        return len(self.start)

    def where(self, which: npt.NDArray[np.bool_]) -> "Columns":
        """Return the columns that *which* tells."""
        return Columns(*(getattr(self, field.name)[which] for field in fields(self)))

    def between(self, start: float, end: float) -> "Columns":
        """Return the columns that [start, end) touches."""
        return self.where((self.end > start) & (self.start < end))


NONE = Columns(*(np.zeros(0) for _field in fields(Columns)))


def columns_of(envelope: Envelope | None, loaded: tuple[float, float] | None) -> Columns:
    """Return the columns of *envelope* but for those that the readings of *loaded* stand for."""
    if envelope is None:
        return NONE
    start, end = envelope.edges[:-1], envelope.edges[1:]
    q1, median, q3 = envelope.quartiles
    columns = Columns(start, end, envelope.lowest, q1, median, q3, envelope.highest, envelope.lo, envelope.hi)
    return columns if loaded is None else columns.where((start < loaded[0]) | (end > loaded[1]))


def flagged(columns: Columns, flag: Flag) -> tuple[Values, Values]:
    """Return the middle and the bound of the columns in which a reading is flagged *flag*."""
    found = columns.where((columns.lo if flag is Flag.LO else columns.hi) > 0)
    return (found.start + found.end) // 2, found.lowest if flag is Flag.LO else found.highest


def gaps(columns: Columns, least_s: float) -> list[tuple[float, float]]:
    """Return the stretches of columns without readings that are *least_s* or longer."""
    ends = [(float(columns.start[i]), float(columns.end[j - 1])) for i, j in _runs(columns, np.isnan(columns.lowest))]
    return [(a, b) for a, b in ends if b - a >= least_s]


# --- traces


def bands(columns: Columns, colours: Colours) -> list[Figure]:
    """Return the outer band, lowest to highest, and the inner one, the middle half of the time."""
    there = ~np.isnan(columns.lowest)
    fills = [tokens.alpha(colours["profile"], colours[f"profile-{name}"]) for name in ("outer", "inner")]
    return [
        *_area("outer", columns, there, (columns.lowest, columns.highest), fills[0]),
        *_area("inner", columns, there, (columns.q1, columns.q3), fills[1]),
    ]


def lows(columns: Columns, targets: Targets, colours: Colours) -> list[Figure]:
    """Return the parts of columns below the target zone, and over them those below the limit of very low."""
    traces = []
    for name, limit, opacity in (("low", targets.low, ".7"), ("vlow", targets.very_low, ".9")):
        fill = tokens.alpha(colours[f"b-{name}"], opacity)
        part = (columns.lowest, np.minimum(columns.highest, limit))
        traces += _area(f"columns-{name}", columns, columns.lowest < limit, part, fill, LOW_EDGE_PX)
    return traces


def median(columns: Columns, colours: Colours) -> list[Figure]:
    """Return the line of the columns' medians."""
    x: list[Values] = []
    y: list[Any] = []
    for i, j in _runs(columns, ~np.isnan(columns.median)):
        x += [columns.start[i:j], columns.end[j - 1 : j], columns.end[j - 1 : j]]
        y += [columns.median[i:j], columns.median[j - 1 : j], [np.nan]]
    return _steps("median", x, y, {"color": colours["profile"], "width": MEDIAN_PX})


def _area(
    name: str, columns: Columns, which: Values, sides: tuple[Values, Values], fill: str, edge_px: float = 0
) -> list[Figure]:
    """Return an area of steps between two *sides*, low and high, over the columns that *which* tells."""
    low, high = sides
    x: list[Values] = []
    y: list[Any] = []
    for i, j in _runs(columns, which):
        last, first = slice(j - 1, j), slice(i, i + 1)
        x += [columns.start[i:j], columns.end[last], columns.end[last], columns.start[i + 1 : j][::-1]]
        y += [high[i:j], high[last], low[last], low[i : j - 1][::-1]]
        x += [columns.start[first]] * 2
        y += [low[first], [np.nan]]
    return _steps(name, x, y, {"color": fill, "width": edge_px}, fill="toself", fillcolor=fill)


def _steps(name: str, x: list[Values], y: list[Any], line: Figure, **more: str) -> list[Figure]:
    if not x:
        return []
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": u4(np.concatenate(x)),
            "y": f4(np.concatenate(y)),
            "connectgaps": False,
            "hoverinfo": "skip",
            "line": {**line, "shape": "hv", "simplify": False},
            **more,
        }
    ]


def _runs(columns: Columns, which: Values) -> list[tuple[int, int]]:
    """Return the stretches of neighbouring columns that *which* tells, as positions, the end excluded."""
    found = np.flatnonzero(which)
    if len(found) == 0:
        return []
    apart = np.flatnonzero(columns.start[found[1:]] != columns.end[found[:-1]])
    starts, ends = found[np.append(0, apart + 1)], found[np.append(apart, len(found) - 1)] + 1
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


# --- words


def meta(columns: Columns) -> Figure:
    """Return what the card at the pointer needs of the columns; nothing without any."""
    if len(columns) == 0:
        return {}
    numbers = {name: f4(getattr(columns, name)) for name in ("lowest", "q1", "median", "q3", "highest")}
    flags = {name: u4(getattr(columns, name) > 0) for name in ("lo", "hi")}
    words = {
        "median": _("Median"),
        "half": _("Half of the time {low}–{high}"),
        "whole": _("Lowest {low}, highest {high}"),
    }
    return {"columns": {"start": u4(columns.start), "end": u4(columns.end), **numbers, **flags, "words": words}}


def alt_text(view: ChartView) -> str:
    """Return the sentences with the figures a person would read off a long range, and what its bands are."""
    title = text.range_long(view.window, view.zone, view.now)
    if view.sums is None or view.sums.n == 0:
        return _("{range}: no readings.").format(range=title)
    low, high = _extremes(view.sums, view)
    q1, half, q3 = (text.glucose_in(q, view.unit) for q in quantiles(view.sums.by_value, QUARTILES).tolist())
    sentence = _("{range}: lowest {low}, highest {high}; half of the time between {q1} and {q3}, median {median}.")
    covered = text.percent(min(100.0, 100 * view.sums.seconds / max(view.window.seconds, 1)))
    return text.listing(
        (
            sentence.format(range=title, low=low, high=high, q1=q1, q3=q3, median=half),
            _("Readings cover {share} of this time.").format(share=covered),
            _drawn(view),
        )
    )


def _extremes(sums: RangeSums, view: ChartView) -> tuple[str, str]:
    values = np.flatnonzero(sums.by_value)
    low, high = int(values[0]), int(values[-1])
    flags = (Flag.LO if sums.flagged[0][low] else Flag.NONE, Flag.HI if sums.flagged[1][high] else Flag.NONE)
    return text.reading_in(low, flags[0], view.unit), text.reading_in(high, flags[1], view.unit)


def _drawn(view: ChartView) -> str:
    """Return in words what the columns show; nothing while readings are drawn."""
    if view.envelope is None or not view.bands:
        return ""
    days = max(1, round(float(np.median(np.diff(view.envelope.edges))) / DAY_S))
    pattern = plural(
        "Drawn by columns of {n} day: the outer band from the lowest to the highest reading, the inner band the middle"
        " half of the time, the line its median.",
        "Drawn by columns of about {n} days: the outer band from the lowest to the highest reading, the inner band the"
        " middle half of the time, the line its median.",
        days,
    )
    return pattern.format(n=days)
