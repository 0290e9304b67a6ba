"""The glucose chart of the live page as a plain plotly figure.

x is true elapsed time: UTC epoch seconds on a linear axis, so that no clock change folds or stretches the line; its
labels are made here, in the wearer's zone, for the part that is visible. y is mg/dL whatever the unit: only labels
change. Arrays travel as base64 (u4 and f4, NaN for gaps), a third of their text. The card at the pointer is HTML
(assets/chart.js), which finds what it needs in layout.meta.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from cgm_dash.i18n import _
from cgm_dash.reading import Flag
from cgm_dash.series import GAP_MIN_S, GAP_PERIODS, Series
from cgm_dash.units import Band, Targets, Unit
from cgm_dash.usual import Placed
from cgm_dash.window import Window
from cgm_dash.zones import offsets_between
from layouts import text, tokens
from layouts.figures import long, usual
from layouts.figures.decimate import broken, column_edges, excursions, kept
from layouts.figures.ticks import time_ticks
from layouts.figures.traces import Colours, Figure, f4, hatched, u4
from layouts.views import ChartView, band_of

COLUMNS = 720
OUTSIDE_COLUMNS = 60
RAW_POINTS = 4 * COLUMNS
"""Up to here every reading is drawn; beyond it the first, smallest, largest and last of each column."""
POINTS = 8200
"""What a figure may hold in all: 8 bytes a point, a third more as base64, leaves room under 100 kB. Fills go first."""
GAP_COLUMNS = 2
"""A gap narrower than this many columns breaks the line but is too thin to be hatched."""
COLUMN_GAP_PX = 3
"""Columns without readings are hatched from this width on; thinner ones stay open."""

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
TOPS = ((285, 300), (335, 350), (400, 400), (500, 520))
"""The y axis reaches to the second number while nothing lies above the first; sensors end at 400, 500 or 600 mg/dL."""
TOP_MOST = 620
OVER_BOUND = 20
"""So far above the sensor's bound the axis reaches where HI is marked there."""
WIDTHS = ((60 * 3600, 2.0), (10 * 86_400, 1.3))
THINNEST = 1.0
"""Width of the line by the seconds that are visible, so that many days do not become one black area."""
LABELLED_RUNS = 12


@dataclass(frozen=True, slots=True)
class _Frame:
    """What every part of the chart needs to know."""

    series: Series
    columns: long.Columns
    start: float
    end: float
    shown: tuple[float, float]
    read: tuple[float, float]
    live: bool
    now: float
    zone: ZoneInfo
    unit: Unit
    targets: Targets
    colours: Colours
    phone: bool
    stale: bool
    usual: Placed | None
    at_least: tuple[float, float] | None

    @property
    def px_per_s(self) -> float:
        return (PLOT_PHONE_PX if self.phone else PLOT_PX) / (self.shown[1] - self.shown[0])


def figure_of(view: ChartView) -> Figure:
    """Return the figure of *view*."""
    frame = _frame(view, view.visible)
    x, y = _line(frame)
    gaps = _gaps(frame)
    low, high = _y_range(frame)
    marks = _flag_traces(frame)
    used = len(x) + sum(len(trace["customdata"]) for trace in marks) + 6 * len(gaps) + _usual_points(frame)
    data = [
        *usual.bands(frame.usual, frame.colours),
        *long.bands(frame.columns, frame.colours),
        *hatched(gaps, low, high, frame.colours),
        *long.lows(frame.columns, frame.targets, frame.colours),
        *long.median(frame.columns, frame.colours),
        *_fills(frame, x, y, high, POINTS - used),
        _line_trace(frame, x, y),
        *({k: v for k, v in trace.items() if k != "customdata"} for trace in marks),
        *_last_traces(frame),
    ]
    return {"data": data, "layout": _layout(frame, view.key, low, high, gaps, view.visible is not None)}


def _usual_points(frame: _Frame) -> int:
    """Return how many points the band takes: two outlines, and what the card at the pointer reads."""
    return 6 * len(frame.usual.ts) if frame.usual else 0


def alt_text(view: ChartView) -> str:
    """Return the sentence with the figures a person would read off the chart."""
    if view.sums is not None:
        return long.alt_text(view)
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
    missing = [b - a for a, b in _gaps(_frame(view, None))]
    silence = "" if not missing else _("No data for {span} in all.").format(span=text.duration(sum(missing)))
    behind = _("Behind it lies what is usual at these times, from the 14 days before today.") if view.usual else ""
    return text.listing((sentence, silence, behind))


def y_range(view: ChartView) -> tuple[float, float]:
    """Return from where to where the y axis of *view* reaches, mg/dL."""
    return _y_range(_frame(view, view.visible))


def has_gaps(view: ChartView) -> bool:
    """Return whether anything of what is visible is hatched."""
    frame = _frame(view, view.visible)
    return any(a < frame.shown[1] and b > frame.shown[0] for a, b in _gaps(frame))


def _frame(view: ChartView, visible: tuple[float, float] | None) -> _Frame:
    window, now = view.window, view.now
    live = window.start <= now <= window.end
    part = view.series.between(window.start, now + 1 if live else window.end)
    shown = ends(window, now)
    end = shown[1]
    if visible is not None:
        a, b = max(visible[0], shown[0]), min(visible[1], shown[1])
        shown = (a, b) if b - a >= 60 else shown
    return _Frame(
        series=part,
        columns=long.columns_of(view.envelope, view.loaded),
        start=float(window.start),
        end=end,
        shown=shown,
        read=_read(view, live, end),
        live=live,
        now=now,
        zone=view.zone,
        unit=view.unit,
        targets=view.targets,
        colours=tokens.theme(view.theme),
        phone=view.phone,
        stale=len(part) > 0 and now - float(part.ts[-1]) >= 60 * view.stale_minutes,
        usual=view.usual,
        at_least=view.at_least,
    )


def ends(window: Window, now: float) -> tuple[float, float]:
    """Return from when to when the chart of *window* reaches: where it shows now, some way beyond it."""
    end = window.end + FREE_SHARE * window.seconds if window.start <= now <= window.end else float(window.end)
    return float(window.start), max(end, window.start + 60)


def _read(view: ChartView, live: bool, end: float) -> tuple[float, float]:
    """Return from when to when the series was read: nowhere where columns stand for all of it."""
    if view.envelope is None:
        return float(view.window.start), view.now if live else end
    if view.loaded is None:
        return float(view.window.start), float(view.window.start)
    return view.loaded[0], min(view.loaded[1], view.now) if live else view.loaded[1]


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
        start, end = (frame.start, frame.end) if len(frame.columns) == 0 else frame.read
        positions = kept(series.ts, values, column_edges(start, end, zoom, COLUMNS, OUTSIDE_COLUMNS))
    gap_after = series.gap_after() if len(series) else np.zeros(0, np.bool_)
    return broken(series.ts, values, gap_after, positions)


def _line_trace(frame: _Frame, x: npt.NDArray[np.int64], y: npt.NDArray[np.float64]) -> Figure:
    width = next((w for up_to, w in WIDTHS if frame.shown[1] - frame.shown[0] <= up_to), THINNEST)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "glucose",
        "x": u4(x),
        "y": f4(y),
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
            "x": u4(px),
            "y": f4(py),
            "fill": "toself",
            "fillcolor": tokens.alpha(frame.colours[f"b-{tokens.BAND_NAMES[band]}"], opacity),
            "hoverinfo": "skip",
        }
        for band, opacity, px, py in outlines
        if len(px)
    ]


def _gaps(frame: _Frame) -> list[tuple[float, float]]:
    """Return the stretches without data that are wide enough to be seen: between readings, before and behind them."""
    return sorted((*long.gaps(frame.columns, COLUMN_GAP_PX / frame.px_per_s), *_gaps_of_series(frame)))


def _gaps_of_series(frame: _Frame) -> list[tuple[float, float]]:
    series, (start, until) = frame.series, frame.read
    if len(series) == 0:
        return [(start, until)] if until > start else []
    behind = np.flatnonzero(series.gap_after())
    pairs = [(float(series.ts[i]), float(series.ts[i + 1])) for i in behind[_wide(frame, behind)]]
    longest = max(GAP_PERIODS * int(series.period_s[0]), GAP_MIN_S)
    if series.ts[0] - start > longest:
        pairs.insert(0, (start, float(series.ts[0])))
    if until - series.ts[-1] > max(GAP_PERIODS * int(series.period_s[-1]), GAP_MIN_S):
        pairs.append((float(series.ts[-1]), until))
    return pairs


def _wide(frame: _Frame, behind: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    lengths = frame.series.ts[behind + 1] - frame.series.ts[behind]
    whole = frame.end - frame.start if len(frame.columns) == 0 else frame.read[1] - frame.read[0]
    return np.asarray(lengths >= GAP_COLUMNS * whole / COLUMNS, np.bool_)


# --- marks


def _flag_traces(frame: _Frame) -> list[Figure]:
    """Return the marks of LO and HI at the sensor's bound, at most one a column. customdata: one entry a mark."""
    traces = []
    for flag, symbol, band in ((Flag.LO, "triangle-down-open", "vlow"), (Flag.HI, "triangle-up-open", "vhigh")):
        ts, mg_dl = _flagged(frame, flag, MARK_PX)
        if len(ts) == 0:
            continue
        colour = frame.colours[f"b-{band}-edge"]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": flag.name.lower(),
                "x": u4(ts),
                "y": f4(mg_dl),
                "customdata": ts,
                "cliponaxis": False,
                "hoverinfo": "none",
                "marker": {"symbol": symbol, "size": 11, "color": colour, "line": {"width": 2, "color": colour}},
            }
        )
    return traces


def _flagged(frame: _Frame, flag: Flag, apart_px: float) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return instants and values of what is flagged *flag*, readings and columns, so many pixels apart at least."""
    found = np.flatnonzero(frame.series.flag == flag)
    columns = long.flagged(frame.columns, flag)
    ts = np.concatenate((frame.series.ts[found], columns[0])).astype(np.int64)
    mg_dl = np.concatenate((frame.series.mg_dl[found], columns[1]))
    order = np.argsort(ts, kind="stable")
    ts, mg_dl = ts[order], mg_dl[order]
    chosen = _apart(ts, apart_px / frame.px_per_s)
    return ts[chosen], mg_dl[chosen]


def _apart(ts: npt.NDArray[np.int64], least_s: float) -> list[int]:
    """Return the first position and each next one that lies *least_s* or more behind the one before."""
    chosen, at = [], 0
    while at < len(ts):
        chosen.append(at)
        at = max(at + 1, int(np.searchsorted(ts, ts[at] + least_s)))
    return chosen


def _last_traces(frame: _Frame) -> list[Figure]:
    """Return the dot of the newest reading with its halo; hollow and grey once it is stale."""
    series = frame.series
    reaches_now = frame.live and frame.read[1] >= frame.now
    if not reaches_now or len(series) == 0 or series.flag[-1] != 0:
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
    """Return the range of the y axis in mg/dL: it grows by steps only, and never falls short of what was shown before.

    The usual band does not widen it: what lies above is cut off at the edge.
    """
    low, top = _needed(frame)
    least = frame.at_least or (low, top)
    return min(low, least[0]), max(top, least[1])


def _needed(frame: _Frame) -> tuple[float, float]:
    part, columns = frame.series.between(*frame.shown), frame.columns.between(*frame.shown)
    values = np.concatenate((part.mg_dl, columns.lowest, columns.highest))
    if np.isnan(values).all():
        return BOTTOM, TOPS[0][1]
    over = np.concatenate((part.mg_dl[part.flag == Flag.HI], columns.highest[columns.hi > 0]))
    plain = np.concatenate((part.mg_dl[part.flag == Flag.NONE], columns.highest[columns.hi == 0], [0]))
    top = next((top for limit, top in TOPS if np.nanmax(plain) <= limit), TOP_MOST)
    if len(over):
        top = max(top, int(over.max()) + OVER_BOUND)
    return (BOTTOM_DEEP if np.nanmin(values) < BOTTOM else BOTTOM), top


def _layout(
    frame: _Frame, key: str, low: float, high: float, gaps: Sequence[tuple[float, float]], zoomed: bool
) -> Figure:
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
    banded = len(frame.columns) > 0 or bool(frame.usual)
    across = {"xref": "paper", "x0": 0, "x1": 1, "yref": "y"}
    shapes: list[Figure] = [
        {
            "type": "rect",
            "layer": "below",
            **across,
            "y0": targets.low,
            "y1": targets.high,
            "fillcolor": tokens.alpha(colours["b-target"], long.ZONE if banded else colours["zone"]),
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


def _gap_labels(frame: _Frame, gaps: Sequence[tuple[float, float]]) -> list[Figure]:
    place = {"yref": "paper", "y": 1, "yanchor": "top", "yshift": -6, "showarrow": False, "xref": "x"}
    labels = []
    anything = len(frame.series) > 0 or not np.isnan(frame.columns.lowest).all()
    for a, b in gaps:
        left, right = max(a, frame.shown[0]), min(b, frame.shown[1])
        if (right - left) * frame.px_per_s >= LABEL_GAP_PX:
            span = text.duration(60 * round((b - a) / 60))
            words = f"{_('no data')}<br>{span}" if anything else _("no data")
            labels.append({**place, "x": (left + right) / 2, "text": words, "font": {"size": 12}})
    return labels


def _flag_labels(frame: _Frame) -> list[Figure]:
    """Return the word beside the first mark of each run of LO or HI, of the newest runs; for columns the key has it."""
    labels = []
    for flag, band, shift in ((Flag.LO, "vlow", 16), (Flag.HI, "vhigh", -16)):
        found = np.flatnonzero(frame.series.flag == flag)
        ts, mg_dl = frame.series.ts[found], frame.series.mg_dl[found]
        first = np.flatnonzero(np.diff(ts, prepend=-np.inf) > 30 / frame.px_per_s)
        font = {"size": 12, "weight": 600, "color": frame.colours[f"b-{band}-text"]}
        for i in first[-LABELLED_RUNS:]:
            place = {"x": int(ts[i]), "y": int(mg_dl[i]), "yshift": shift, "xanchor": "left", "xshift": -6}
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
        **long.meta(frame.columns),
        **usual.meta(frame.usual),
        "key": key,
        "unit": str(frame.unit),
        "targets": [targets.very_low, targets.low, targets.high, targets.very_high],
        "offsets": [list(pair) for pair in offsets_between(frame.zone, int(frame.start), int(frame.end))],
        "full": [frame.start, frame.end],
        "now": frame.now,
        "zoomed": zoomed,
        "hollow": {"fill": colours["surface"], "line": colours["ink-3"]},
    }
