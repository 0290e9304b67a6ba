"""Several days laid over one another by the time of day.

x is the wall clock here, minutes since midnight, so that the same hour of every day stands above the same place. Where
the clocks change no line leads across the jump: an hour that autumn repeats is drawn twice, one piece of line over the
other, and one that spring skips stays empty.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from cgm_dash.days import DAY_S, LocalDays
from cgm_dash.reading import Flag
from cgm_dash.series import Series
from layouts import text, tokens
from layouts.figures import glucose, typical
from layouts.figures.decimate import broken, kept
from layouts.figures.traces import Figure, f4
from layouts.figures.typical import Look

Float = npt.NDArray[np.float64]

LOW, HIGH = 40.0, 350.0
COLUMNS = 120
"""Each, twelve minutes wide, keeps its first, smallest, largest and last reading."""
THIN, BOLD = 1.2, 2.2
FAINT = 0.42
TOP, BOTTOM = 16, 28
RIGHT = 18
EPOCH = date(1970, 1, 1).toordinal()
LABEL_PX = 13
MARK_MIN = 30
"""Marks of LO and HI stand so many minutes apart, or they would run into one another."""


@dataclass(frozen=True, slots=True)
class Line:
    """One day. minutes: by the wall clock, since midnight; mg_dl: nan where the line breaks. lo, hi: minutes, mg/dL."""

    day: date
    minutes: Float
    mg_dl: Float
    lo: tuple[Float, Float]
    hi: tuple[Float, Float]


def line_of(series: Series, days: LocalDays, i: int) -> Line:
    """Return the line of the day at position *i* of *days*."""
    start, end = int(days.starts[i]), int(days.starts[i + 1])
    part = series.between(start, end)
    minutes = _minutes(days, i, part.ts)
    values = np.where(part.flag == 0, part.mg_dl, np.nan).astype(np.float64)
    marks = [_marked(minutes, part, flag) for flag in (Flag.LO, Flag.HI)]
    if not len(part):
        return Line(days.dates[i], minutes, values, *marks)
    changed = np.diff(minutes * 60 - part.ts) != 0
    jumps = days.changes[(days.changes > start) & (days.changes < end)]
    edges = np.union1d(np.linspace(start, end, COLUMNS + 1), jumps)
    ts, mg_dl = broken(part.ts, values, part.gap_after() | changed, kept(part.ts, values, edges))
    return Line(days.dates[i], _minutes(days, i, ts), mg_dl, *marks)


def _marked(minutes: Float, part: Series, flag: Flag) -> tuple[Float, Float]:
    """Return minutes and mg/dL of what is flagged *flag*, of each half hour the first."""
    found = np.flatnonzero(part.flag == flag)
    first = found[np.unique(minutes[found] // MARK_MIN, return_index=True)[1]]
    return minutes[first], part.mg_dl[first].astype(np.float64)


def _minutes(days: LocalDays, i: int, ts: npt.NDArray[np.int64]) -> Float:
    return np.asarray((days.local(ts) - (days.dates[i].toordinal() - EPOCH) * DAY_S) / 60, np.float64)


def figure_of(lines: Sequence[Line], chosen: date, look: Look) -> Figure:
    """Return the figure of *lines*, that of the day *chosen* dark and over the others.

    The last trace is empty: assets/days.js draws in it the line that is pointed at.
    """
    colours, high = look.colours, _top(lines)
    faint = {"color": tokens.alpha(colours["profile"], FAINT), "width": THIN, "simplify": False}
    others = [_trace(line, faint) for line in lines if line.day != chosen]
    dark = [
        _trace(line, {"color": colours["ink"], "width": BOLD, "simplify": False})
        for line in lines
        if line.day == chosen
    ]
    raised = {"color": colours["profile"], "width": BOLD, "simplify": False}
    layout = typical.layout(
        look,
        TOP,
        BOTTOM,
        xaxis=typical.x_axis(look, labels=True),
        yaxis=_y_axis(look, high),
        shapes=typical.limit_lines(look.targets, colours, colours["zone"]),
        annotations=_limit_labels(look),
    )
    layout["margin"] = layout["margin"] | {"r": RIGHT}
    return {
        "data": [*others, *dark, *_marks(lines, look), {**_empty(), "name": "raised", "line": raised}],
        "layout": layout,
    }


def _trace(line: Line, style: Figure) -> Figure:
    trace = {"type": "scatter", "mode": "lines", "name": line.day.isoformat(), "connectgaps": False}
    return {**trace, "hoverinfo": "none", "x": f4(line.minutes), "y": f4(line.mg_dl), "line": style}


def _empty() -> Figure:
    return {"type": "scatter", "mode": "lines", "x": [], "y": [], "hoverinfo": "none", "connectgaps": False}


def _marks(lines: Sequence[Line], look: Look) -> list[Figure]:
    """Return the marks of LO and HI of all days, at the sensor's bound."""
    traces = []
    for name, symbol, band in (("lo", "triangle-down-open", "vlow"), ("hi", "triangle-up-open", "vhigh")):
        points = [getattr(line, name) for line in lines]
        x, y = (np.concatenate([p[i] for p in points]) if points else np.zeros(0) for i in (0, 1))
        if len(x):
            colour = look.colours[f"b-{band}-edge"]
            marker = {"symbol": symbol, "size": 9, "color": colour, "line": {"width": 1.5, "color": colour}}
            trace = {"type": "scatter", "mode": "markers", "name": name, "hoverinfo": "none", "cliponaxis": False}
            traces.append({**trace, "x": f4(x), "y": f4(y), "marker": marker})
    return traces


def _top(lines: Sequence[Line]) -> float:
    """Return how far the y axis reaches: 350 mg/dL, further only where readings do."""
    values = [line.mg_dl for line in lines if not np.isnan(line.mg_dl).all()]
    highest = max((float(np.nanmax(v)) for v in values), default=0.0)
    top = HIGH if highest <= HIGH else next((t for _limit, t in glucose.TOPS if highest <= t), glucose.TOP_MOST)
    return max(top, *(float(line.hi[1].max()) + glucose.OVER_BOUND for line in lines if len(line.hi[1])), 0.0)


def _y_axis(look: Look, high: float) -> Figure:
    targets = look.targets
    values = [v for v in (targets.very_low, targets.very_high, high) if v <= high]
    if look.phone or targets.low - targets.very_low < LABEL_PX:
        values = values[1:]
    ticks = {"tickvals": values, "ticktext": [text.glucose(v, look.unit) for v in values], "ticklabelstandoff": 8}
    return {**typical.plain_axis(), "range": [LOW, high], "side": "left", **ticks}


def _limit_labels(look: Look) -> list[Figure]:
    """Return the labels of the target's limits, stronger than the axis's own."""
    place = {"xref": "paper", "x": 0, "xanchor": "right", "xshift": -8, "yanchor": "middle", "showarrow": False}
    font = {"size": 12, "color": look.colours["ink"], "weight": 600}
    limits = (look.targets.low, look.targets.high)
    return [{**place, "y": y, "text": text.glucose(y, look.unit), "font": font} for y in limits]
