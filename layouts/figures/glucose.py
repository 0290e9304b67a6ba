"""The glucose chart of the live page as a plain plotly figure.

x is true elapsed time: UTC epoch seconds on a linear axis, so that no clock change folds or stretches the line; its
labels are made here, in the wearer's zone, for the part that is visible. y is mg/dL whatever the unit: only labels
change. Arrays travel as base64 (u4 and f4, NaN for gaps), a third of their text. The card at the pointer is HTML
(assets/chart.js), which finds what it needs in layout.meta.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from cgm_dash.i18n import _
from cgm_dash.reading import Flag
from cgm_dash.series import GAP_MIN_S, GAP_PERIODS, Series
from cgm_dash.units import ADULT, Band, Targets, Unit
from cgm_dash.window import Window
from cgm_dash.zones import offsets_between
from layouts import text, tokens
from layouts.figures.decimate import broken, column_edges, excursions, kept
from layouts.figures.ticks import time_ticks
from layouts.views import ChartView, band_of

Figure = dict[str, Any]
Colours = Mapping[str, str]

COLUMNS = 720
OUTSIDE_COLUMNS = 60
RAW_POINTS = 4 * COLUMNS
"""Up to here every reading is drawn; beyond it the first, smallest, largest and last of each column."""
POINTS = 8200
"""What a figure may hold in all: 8 bytes a point, a third more as base64, leaves room under 100 kB. Fills go first."""
GAP_COLUMNS = 2
"""A gap narrower than this many columns breaks the line but is too thin to be hatched."""

FREE_SHARE = 0.05
"""Of the width, kept free to the right of now."""
PLOT_PX = 760
PLOT_PHONE_PX = 316
LABEL_GAP_PX = 60
MARK_PX = 14
TICK_PX = 13
HEIGHT_PX = 298
BOTTOM = 40
BOTTOM_DEEP = 20
TOPS = ((285, 300), (335, 350), (385, 400), (505, 520))
TOP_MOST = 620
WIDTHS = ((60 * 3600, 2.0), (10 * 86_400, 1.3))
THINNEST = 1.0
"""Width of the line by the seconds that are visible, so that many days do not become one black area."""
LABELLED_RUNS = 12


@dataclass(frozen=True, slots=True)
class _Frame:
    """What every part of the chart needs to know."""

    series: Series
    start: float
    end: float
    shown: tuple[float, float]
    live: bool
    now: float
    zone: ZoneInfo
    unit: Unit
    targets: Targets
    colours: Colours
    phone: bool
    stale: bool

    @property
    def px_per_s(self) -> float:
        return (PLOT_PHONE_PX if self.phone else PLOT_PX) / (self.shown[1] - self.shown[0])

    @property
    def column_s(self) -> float:
        return (self.shown[1] - self.shown[0]) / COLUMNS


def figure_of(view: ChartView) -> Figure:
    """Return the figure of *view*."""
    return figure(
        view.series,
        view.window,
        zone=view.zone,
        unit=view.unit,
        theme=view.theme,
        targets=view.targets,
        visible=view.visible,
        now=view.now,
        phone=view.phone,
        key=view.key,
        stale_s=60 * view.stale_minutes,
    )


def figure(
    series: Series,
    window: Window,
    *,
    zone: ZoneInfo,
    unit: Unit,
    theme: str,
    targets: Targets = ADULT,
    visible: tuple[float, float] | None = None,
    now: float,
    phone: bool = False,
    key: str = "",
    stale_s: float = 900,
) -> Figure:
    """Return the figure of the readings of *series* in *window*.

    visible: the part zoomed in on, UTC epoch seconds; None for all. now: the server's clock. key: constant as long as
    the viewer looks at the same thing (views.chart_key). stale_s: from which age on the last dot is hollow.
    """
    frame = _frame(series, window, zone, unit, tokens.theme(theme), targets, visible, now, phone, stale_s)
    x, y = _line(frame)
    gaps = _gaps(frame)
    low, high = _y_range(frame)
    marks = _flag_traces(frame)
    used = len(x) + sum(len(trace["customdata"]) for trace in marks) + 6 * len(gaps)
    data = [
        *_gap_trace(frame, gaps, low, high),
        *_fills(frame, x, y, high, POINTS - used),
        _line_trace(frame, x, y),
        *({k: v for k, v in trace.items() if k != "customdata"} for trace in marks),
        *_last_traces(frame),
    ]
    return {"data": data, "layout": _layout(frame, key, low, high, gaps, visible is not None)}


def alt_text(view: ChartView) -> str:
    """Return the sentence with the figures a person would read off the chart."""
    part = view.series.between(view.window.start, view.window.end)
    title = text.range_long(view.window, view.zone, view.now)
    if len(part) == 0:
        return _("{range}: no readings.").format(range=title)
    unit = view.unit
    lowest, highest, newest = int(part.mg_dl.argmin()), int(part.mg_dl.argmax()), len(part) - 1
    words = [text.reading_in(int(part.mg_dl[i]), Flag(int(part.flag[i])), unit) for i in (lowest, highest, newest)]
    when = text.moment(int(part.ts[-1]), view.zone, view.now, int(part.offset_min[-1]))
    sentence = _("{range}: lowest {low}, highest {high}, newest {new} at {time}.").format(
        range=title, low=words[0], high=words[1], new=words[2], time=when
    )
    missing = [b - a for a, b in _gaps(_frame_of(view))]
    silence = "" if not missing else _("No data for {span} in all.").format(span=text.duration(sum(missing)))
    return text.listing((sentence, silence))


def _frame_of(view: ChartView) -> _Frame:
    stale_s = 60 * view.stale_minutes
    colours = tokens.theme(view.theme)
    return _frame(
        view.series, view.window, view.zone, view.unit, colours, view.targets, None, view.now, view.phone, stale_s
    )


def _frame(
    series: Series,
    window: Window,
    zone: ZoneInfo,
    unit: Unit,
    colours: Colours,
    targets: Targets,
    visible: tuple[float, float] | None,
    now: float,
    phone: bool,
    stale_s: float,
) -> _Frame:
    live = window.start <= now <= window.end
    part = series.between(window.start, now + 1 if live else window.end)
    end = window.end + FREE_SHARE * window.seconds if live else float(window.end)
    end = max(end, window.start + 60)
    shown = (float(window.start), end)
    if visible is not None:
        a, b = max(visible[0], shown[0]), min(visible[1], shown[1])
        shown = (a, b) if b - a >= 60 else shown
    stale = len(part) > 0 and now - float(part.ts[-1]) >= stale_s
    return _Frame(part, float(window.start), end, shown, live, now, zone, unit, targets, colours, phone, stale)


# --- the line, its fills, its gaps


def _values(series: Series) -> npt.NDArray[np.float64]:
    """Return the values of the line: NaN for LO and HI, which are marks, not glucose."""
    return np.where(series.flag == 0, series.mg_dl, np.nan).astype(np.float64)


def _line(frame: _Frame) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    series = frame.series
    values = _values(series)
    if len(series) <= RAW_POINTS:
        positions = np.arange(len(series))
    else:
        zoom = None if frame.shown == (frame.start, frame.end) else frame.shown
        positions = kept(series.ts, values, column_edges(frame.start, frame.end, zoom, COLUMNS, OUTSIDE_COLUMNS))
    gap_after = series.gap_after() if len(series) else np.zeros(0, np.bool_)
    return broken(series.ts, values, gap_after, positions)


def _line_trace(frame: _Frame, x: npt.NDArray[np.int64], y: npt.NDArray[np.float64]) -> Figure:
    width = next((w for up_to, w in WIDTHS if frame.shown[1] - frame.shown[0] <= up_to), THINNEST)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "glucose",
        "x": _u4(x),
        "y": _f4(y),
        "connectgaps": False,
        "hoverinfo": "none",
        "line": {"color": frame.colours["ink"], "width": width, "simplify": False},
    }


def _fills(frame: _Frame, x: npt.NDArray[np.int64], y: npt.NDArray[np.float64], top: float, room: int) -> list[Figure]:
    """Return the areas beyond the limits, the deeper over the milder; none at all where they would not fit."""
    targets = frame.targets
    wanted = (
        (Band.HIGH, targets.high, True, frame.colours["excursion"]),
        (Band.VERY_HIGH, targets.very_high, True, ".9"),
        (Band.LOW, targets.low, False, ".7"),
        (Band.VERY_LOW, targets.very_low, False, ".9"),
    )
    clipped = np.minimum(y, top)
    outlines = [(band, opacity, *excursions(x, clipped, limit, above)) for band, limit, above, opacity in wanted]
    if sum(len(px) for _band, _opacity, px, _py in outlines) > room:
        return []
    return [
        {
            "type": "scatter",
            "mode": "none",
            "name": f"fill-{tokens.BAND_NAMES[band]}",
            "x": _u4(px),
            "y": _f4(py),
            "fill": "toself",
            "fillcolor": tokens.alpha(frame.colours[f"b-{tokens.BAND_NAMES[band]}"], opacity),
            "hoverinfo": "skip",
        }
        for band, opacity, px, py in outlines
        if len(px)
    ]


def _gaps(frame: _Frame) -> list[tuple[float, float]]:
    """Return the stretches without data that are wide enough to be seen: between readings, before and behind them."""
    series = frame.series
    until = frame.now if frame.live else frame.end
    if len(series) == 0:
        return [(frame.start, until)] if until > frame.start else []
    behind = np.flatnonzero(series.gap_after())
    pairs = [(float(series.ts[i]), float(series.ts[i + 1])) for i in behind[_wide(frame, behind)]]
    longest = max(GAP_PERIODS * int(series.period_s[0]), GAP_MIN_S)
    if series.ts[0] - frame.start > longest:
        pairs.insert(0, (frame.start, float(series.ts[0])))
    if until - series.ts[-1] > max(GAP_PERIODS * int(series.period_s[-1]), GAP_MIN_S):
        pairs.append((float(series.ts[-1]), until))
    return pairs


def _wide(frame: _Frame, behind: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    lengths = frame.series.ts[behind + 1] - frame.series.ts[behind]
    return np.asarray(lengths >= GAP_COLUMNS * (frame.end - frame.start) / COLUMNS, np.bool_)


def _gap_trace(frame: _Frame, gaps: list[tuple[float, float]], low: float, high: float) -> list[Figure]:
    if not gaps:
        return []
    x = np.array([(a, a, b, b, b) for a, b in gaps]).ravel()
    y = np.tile((low, high, high, low, np.nan), len(gaps))
    return [
        {
            "type": "scatter",
            "mode": "none",
            "name": "gaps",
            "x": _u4(x),
            "y": _f4(y),
            "fill": "toself",
            "fillcolor": frame.colours["surface-2"],
            "fillpattern": {
                "shape": "/",
                "bgcolor": frame.colours["surface-2"],
                "fgcolor": frame.colours["line"],
                "fillmode": "replace",
                "fgopacity": 1,
                "size": 7,
                "solidity": 0.28,
            },
            "hoverinfo": "skip",
        }
    ]


# --- marks


def _flag_traces(frame: _Frame) -> list[Figure]:
    """Return the marks of LO and HI at the sensor's bound, at most one a column. customdata: one entry a mark."""
    traces = []
    for flag, symbol, band in ((Flag.LO, "triangle-down-open", "vlow"), (Flag.HI, "triangle-up-open", "vhigh")):
        positions = _flagged(frame, flag)
        if len(positions) == 0:
            continue
        colour = frame.colours[f"b-{band}-edge"]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": flag.name.lower(),
                "x": _u4(frame.series.ts[positions]),
                "y": _f4(frame.series.mg_dl[positions]),
                "customdata": positions,
                "cliponaxis": False,
                "hoverinfo": "none",
                "marker": {"symbol": symbol, "size": 11, "color": colour, "line": {"width": 2, "color": colour}},
            }
        )
    return traces


def _flagged(frame: _Frame, flag: Flag) -> npt.NDArray[np.intp]:
    """Return the positions of readings flagged *flag*, the first of each stretch of fourteen pixels."""
    found = np.flatnonzero(frame.series.flag == flag)
    column = (frame.series.ts[found] // max(MARK_PX / frame.px_per_s, 1)).astype(np.int64)
    return found[np.append(True, np.diff(column) > 0)] if len(found) else found


def _last_traces(frame: _Frame) -> list[Figure]:
    """Return the dot of the newest reading with its halo; hollow and grey once it is stale."""
    series = frame.series
    if not frame.live or len(series) == 0 or series.flag[-1] != 0:
        return []
    colours = frame.colours
    edge = colours[f"b-{tokens.BAND_NAMES[band_of(int(series.mg_dl[-1]), Flag.NONE, frame.targets)]}-edge"]
    point = {"x": [int(series.ts[-1])], "y": [int(series.mg_dl[-1])]}
    common = {"type": "scatter", "mode": "markers", "hoverinfo": "skip", "cliponaxis": False, **point}
    ring = {"width": 2, "color": colours["surface"]}
    if frame.stale:
        hollow = {"size": 11, "color": colours["surface"], "line": {"width": 2, "color": colours["ink-3"]}}
        return [{**common, "name": "last", "marker": hollow}]
    return [
        {**common, "name": "halo", "marker": {"size": 22, "color": tokens.alpha(edge, 0.18)}},
        {
            **common,
            "name": "last",
            "marker": {"size": 12, "color": edge, "line": ring},
        },
    ]


# --- axes


def _y_range(frame: _Frame) -> tuple[float, float]:
    """Return the range of the y axis in mg/dL: it grows by steps only, so that sizes stay comparable."""
    part = frame.series.between(*frame.shown)
    if len(part) == 0:
        return BOTTOM, TOPS[0][1]
    plain = part.mg_dl[part.flag == 0]
    highest = int(plain.max()) if len(plain) else 0
    top = next((top for limit, top in TOPS if highest <= limit), TOP_MOST)
    bounds = part.mg_dl[part.flag == Flag.HI]
    if len(bounds):
        top = max(top, int(bounds.max()) + 20)
    return (BOTTOM_DEEP if int(part.mg_dl.min()) < BOTTOM else BOTTOM), top


def _layout(frame: _Frame, key: str, low: float, high: float, gaps: list[tuple[float, float]], zoomed: bool) -> Figure:
    colours = frame.colours
    margin = {"l": 10, "r": 44, "t": 26, "b": 28, "pad": 0}
    return {
        "uirevision": f"{key}:{frame.unit}",
        "font": {"family": tokens.FONT, "size": 12, "color": colours["ink-3"]},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": margin,
        "autosize": True,
        "showlegend": False,
        "hovermode": False,
        "dragmode": False if frame.phone else "zoom",
        "xaxis": _x_axis(frame),
        "yaxis": _y_axis(frame, low, high),
        "shapes": _shapes(frame),
        "annotations": [*_limit_labels(frame), *_gap_labels(frame, gaps), *_flag_labels(frame), *_now_label(frame)],
        "meta": _meta(frame, key, zoomed),
    }


def _x_axis(frame: _Frame) -> Figure:
    a, b = frame.shown
    values, labels = time_ticks(frame.zone, a, b, frame.phone)
    # A label that would be cut off at the left edge is left out; its tick would stand for nothing.
    edge = a + (16 if b - a <= 36 * 3600 else 32) / frame.px_per_s
    kept_ticks = [(v, t) for v, t in zip(values, labels, strict=True) if v >= edge]
    return {
        "type": "linear",
        "range": [a, b],
        "tickmode": "array",
        "tickvals": [v for v, _t in kept_ticks],
        "ticktext": [t for _v, t in kept_ticks],
        "showgrid": False,
        "zeroline": False,
        "showline": True,
        "linecolor": frame.colours["line"],
        "linewidth": 1,
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": frame.colours["line"],
        "tickangle": 0,
        "automargin": False,
        "minallowed": frame.start,
        "maxallowed": frame.end,
    }


def _y_axis(frame: _Frame, low: float, high: float) -> Figure:
    targets = frame.targets
    values = [v for v in (targets.very_high, high) if v <= high]
    apart = (targets.low - targets.very_low) / (high - low) * HEIGHT_PX
    if not frame.phone and apart >= TICK_PX:
        values.insert(0, targets.very_low)
    return {
        "range": [low, high],
        "fixedrange": True,
        "side": "right",
        "tickmode": "array",
        "tickvals": values,
        "ticktext": [text.glucose(v, frame.unit) for v in values],
        "ticks": "",
        "ticklabelstandoff": 4,
        "showgrid": False,
        "zeroline": False,
        "showline": False,
        "automargin": False,
    }


def _shapes(frame: _Frame) -> list[Figure]:
    targets, colours = frame.targets, frame.colours
    across = {"xref": "paper", "x0": 0, "x1": 1, "yref": "y"}
    shapes: list[Figure] = [
        {
            "type": "rect",
            "layer": "below",
            **across,
            "y0": targets.low,
            "y1": targets.high,
            "fillcolor": tokens.alpha(colours["b-target"], colours["zone"]),
            "line": {"width": 0},
        }
    ]
    lines = (
        (targets.low, colours["b-target-edge"], "solid"),
        (targets.high, colours["b-target-edge"], "solid"),
        (targets.very_low, colours["line-strong"], "2px,4px"),
        (targets.very_high, colours["line-strong"], "2px,4px"),
    )
    for y, colour, dash in lines:
        line = {"color": colour, "width": 1, "dash": dash}
        shapes.append({"type": "line", "layer": "below", **across, "y0": y, "y1": y, "line": line})
    if frame.live:
        line = {"color": colours["ink-3"], "width": 1, "dash": "1px,3px"}
        ends = {"xref": "x", "x0": frame.now, "x1": frame.now, "yref": "paper", "y0": 0, "y1": 1}
        shapes.append({"type": "line", **ends, "line": line})
    return shapes


def _limit_labels(frame: _Frame) -> list[Figure]:
    """Return the labels of the target's limits, stronger than the axis's own."""
    place = {"xref": "paper", "x": 1, "xanchor": "left", "xshift": 4, "yanchor": "middle", "showarrow": False}
    font = {"size": 12, "color": frame.colours["ink"], "weight": 600}
    return [
        {**place, "y": y, "text": text.glucose(y, frame.unit), "font": font}
        for y in (frame.targets.low, frame.targets.high)
    ]


def _gap_labels(frame: _Frame, gaps: list[tuple[float, float]]) -> list[Figure]:
    place = {"yref": "paper", "y": 1, "yanchor": "top", "yshift": -6, "showarrow": False, "xref": "x"}
    labels = []
    for a, b in gaps:
        left, right = max(a, frame.shown[0]), min(b, frame.shown[1])
        if (right - left) * frame.px_per_s >= LABEL_GAP_PX:
            span = text.duration(60 * round((b - a) / 60))
            words = f"{_('no data')}<br>{span}" if len(frame.series) else _("no data")
            labels.append({**place, "x": (left + right) / 2, "text": words, "font": {"size": 12}})
    return labels


def _flag_labels(frame: _Frame) -> list[Figure]:
    """Return the word beside the first mark of each run of LO or HI, of the newest runs."""
    series = frame.series
    labels = []
    for flag, band, shift in ((Flag.LO, "vlow", 16), (Flag.HI, "vhigh", -16)):
        found = np.flatnonzero(series.flag == flag)
        if len(found) == 0:
            continue
        first = found[np.append(True, np.diff(series.ts[found]) > 30 / frame.px_per_s)]
        font = {"size": 12, "weight": 600, "color": frame.colours[f"b-{band}-text"]}
        for i in first[-LABELLED_RUNS:]:
            place = {
                "x": int(series.ts[i]),
                "y": int(series.mg_dl[i]),
                "yshift": shift,
                "xanchor": "left",
                "xshift": -6,
            }
            word = _("LO") if flag is Flag.LO else _("HI")
            labels.append({**place, "text": word, "font": font, "showarrow": False})
    return labels


def _now_label(frame: _Frame) -> list[Figure]:
    if not frame.live or not frame.shown[0] <= frame.now <= frame.shown[1]:
        return []
    place = {"xref": "x", "x": frame.now, "yref": "paper", "y": 1, "yanchor": "bottom", "yshift": 2, "showarrow": False}
    font = {"size": 12, "color": frame.colours["ink"], "weight": 600}
    return [{**place, "text": text.clock(frame.now, frame.zone), "font": font}]


def _meta(frame: _Frame, key: str, zoomed: bool) -> Figure:
    """Return what the browser's card needs: how to write times and values, and how to undo a zoom."""
    targets, colours = frame.targets, frame.colours
    return {
        "key": key,
        "unit": str(frame.unit),
        "targets": [targets.very_low, targets.low, targets.high, targets.very_high],
        "offsets": [list(pair) for pair in offsets_between(frame.zone, int(frame.start), int(frame.end))],
        "full": [frame.start, frame.end],
        "now": frame.now,
        "zoomed": zoomed,
        "hollow": {"fill": colours["surface"], "line": colours["ink-3"]},
    }


# --- arrays


def _u4(values: npt.NDArray[Any]) -> dict[str, str]:
    """Return whole non-negative numbers as plotly's typed array."""
    return _encoded(np.rint(values).astype("<u4"), "u4")


def _f4(values: npt.NDArray[Any]) -> dict[str, str]:
    """Return numbers, NaN for none, as plotly's typed array."""
    return _encoded(values.astype("<f4"), "f4")


def _encoded(values: npt.NDArray[Any], dtype: str) -> dict[str, str]:
    return {"dtype": dtype, "bdata": base64.b64encode(values.tobytes()).decode("ascii")}
