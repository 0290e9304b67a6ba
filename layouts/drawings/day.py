"""One local day as a small picture: midnight to midnight at its true length, the same scale for every day.

Taken by the tiles of the screen and by the report's page of days, each on its own canvas.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cgm_dash.day_facts import DayFacts
from cgm_dash.reading import Flag
from cgm_dash.series import GAP_MIN_S, GAP_PERIODS, Series
from cgm_dash.units import ADULT, Band, Targets
from layouts import tokens
from layouts.drawings.canvas import Canvas, Floats, diagonals
from layouts.figures.decimate import broken, excursions, kept

Ints = npt.NDArray[np.int64]

LOW, HIGH = 40, 340
"""The scale, mg/dL. What lies beyond is cut off at the edge."""

COLUMNS = 30
"""Each keeps its first, smallest, largest and last reading: about as much as a tile can show, in 700 bytes."""

ZONE = 0.13
OPACITY = {Band.HIGH: 0.66, Band.VERY_HIGH: 0.9, Band.LOW: 0.7, Band.VERY_LOW: 0.9}
LINE = 1.4
HATCH_LEAST = 2.0
"""A stretch without data narrower than this, in units of the canvas, breaks the line but is not hatched."""
MARK = 3.0
MARK_APART = 9.0


@dataclass(frozen=True, slots=True)
class DayPanel:
    """A day ready to draw. start, end: its midnights; until: how far it has come; UTC epoch seconds.

    ts, mg_dl: the trace, NaN where it breaks. areas: outlines beyond each limit, in the order they are drawn. gaps:
    stretches without data. marks: instants and values of LO and of HI.
    """

    start: int
    end: int
    until: int
    targets: Targets
    ts: Ints
    mg_dl: Floats
    areas: tuple[tuple[Band, Floats, Floats], ...]
    gaps: tuple[tuple[float, float], ...]
    marks: tuple[tuple[Flag, Ints, Floats], ...]


def panels_of(
    series: Series, days: Sequence[DayFacts], targets: Targets = ADULT, columns: int = COLUMNS
) -> tuple[DayPanel, ...]:
    """Return the panels of consecutive *days*, all in one pass. columns: how fine the traces are."""
    if not days:
        return ()
    starts = np.array([day.start for day in days], np.int64)
    series = series.between(days[0].start, days[-1].until)
    ts, mg_dl = _trace(series, starts, days[-1].end, columns)
    areas = _areas(ts, mg_dl, targets)
    cuts = np.append(np.searchsorted(ts, starts), len(ts)).tolist()
    parts = [(band, x, y, np.append(np.searchsorted(x, starts), len(x)).tolist()) for band, x, y in areas]
    return tuple(
        DayPanel(
            day.start,
            day.end,
            day.until,
            targets,
            ts[cuts[i] : cuts[i + 1]],
            mg_dl[cuts[i] : cuts[i + 1]],
            tuple((band, x[k[i] : k[i + 1]], y[k[i] : k[i + 1]]) for band, x, y, k in parts if k[i] < k[i + 1]),
            _gaps(part := series.between(day.start, day.until), day),
            _flagged(part),
        )
        for i, day in enumerate(days)
    )


def _trace(series: Series, starts: Ints, end: int, columns: int) -> tuple[Ints, Floats]:
    """Return the lines of all days; LO and HI are marks, not glucose, and nothing crosses midnight."""
    values = np.where(series.flag == 0, series.mg_dl, np.nan).astype(np.float64)
    if not len(series):
        return series.ts, values
    widths = np.diff(np.append(starts, end))[:, None] * (np.arange(columns) / columns)
    positions = kept(series.ts, values, np.append((starts[:, None] + widths).ravel(), end))
    over_midnight = np.diff(np.searchsorted(starts, series.ts, side="right")) > 0
    return broken(series.ts, values, series.gap_after() | over_midnight, positions)


def _areas(ts: Ints, mg_dl: Floats, targets: Targets) -> list[tuple[Band, Floats, Floats]]:
    """Return what lies beyond the limits, the deeper behind the milder, up to where the trace crosses them."""
    if not len(ts):
        return []
    cut = np.clip(mg_dl, LOW, HIGH)
    limits = (
        (Band.HIGH, targets.high, True),
        (Band.VERY_HIGH, targets.very_high, True),
        (Band.LOW, targets.low, False),
        (Band.VERY_LOW, targets.very_low, False),
    )
    return [(band, *excursions(ts, cut, limit, above)) for band, limit, above in limits]


def _gaps(part: Series, day: DayFacts) -> tuple[tuple[float, float], ...]:
    """Return the stretches without data, from midnight until the day's end or now."""
    if not len(part):
        return ((day.start, day.until),)
    behind = np.flatnonzero(part.gap_after())
    gaps = list(zip(part.ts[behind].tolist(), part.ts[behind + 1].tolist(), strict=True))
    for first, last, period in (
        (day.start, int(part.ts[0]), part.period_s[0]),
        (int(part.ts[-1]), day.until, part.period_s[-1]),
    ):
        if last - first > max(GAP_PERIODS * int(period), GAP_MIN_S):
            gaps.append((first, last))
    return tuple(gaps)


def _flagged(part: Series) -> tuple[tuple[Flag, Ints, Floats], ...]:
    if not part.flag.any():
        return ()
    chosen = ((flag, part.flag == flag) for flag in (Flag.LO, Flag.HI))
    return tuple((flag, part.ts[which], part.mg_dl[which].astype(np.float64)) for flag, which in chosen if which.any())


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the day lies on the canvas."""

    panel: DayPanel
    x: float
    y: float
    width: float
    height: float

    def across(self, ts: Ints | Floats) -> Floats:
        seconds = max(1, self.panel.end - self.panel.start)  # Samoa left 30 December 2011 out
        return np.asarray(self.x + (ts - self.panel.start) * (self.width / seconds), np.float64)

    def down(self, mg_dl: Floats) -> Floats:
        return np.asarray(self.y + (HIGH - np.clip(mg_dl, LOW, HIGH)) * (self.height / (HIGH - LOW)), np.float64)


def day_panel(
    canvas: Canvas,
    panel: DayPanel,
    x: float,
    y: float,
    width: float,
    height: float,
    *,
    line: float = LINE,
    scale: float = 1.0,
) -> None:
    """Draw *panel* into a rectangle: target zone, missing time hatched, areas beyond the limits, trace, LO and HI.

    What is still to come stays blank. line: width of the trace. scale: how many units of the canvas make one of the
    hatch and of the marks, for a canvas finer than pixels or points.
    """
    place = _Place(panel, x, y, width, height)
    top, bottom = place.down(np.array([panel.targets.high, panel.targets.low], np.float64)).tolist()
    canvas.rect(x, top, width, bottom - top, "b-target", ZONE)
    for gap in panel.gaps:
        _hatch(canvas, place, *gap, scale)
    for band, across, down in panel.areas:
        canvas.area(place.across(across), place.down(down), f"b-{tokens.BAND_NAMES[band]}", OPACITY[band])
    canvas.line(place.across(panel.ts), place.down(panel.mg_dl), "ink", line)
    _lone(canvas, place, line)
    for flag, ts, mg_dl in panel.marks:
        _marks(canvas, place, flag, ts, mg_dl, scale)


def _hatch(canvas: Canvas, place: _Place, start: float, end: float, scale: float) -> None:
    left, right = place.across(np.array([start, end])).tolist()
    if right - left < HATCH_LEAST * scale:
        return
    canvas.rect(left, place.y, right - left, place.height, "surface-2")
    across, down = diagonals(0, 0, (right - left) / scale, place.height / scale, rising=True)
    canvas.line(left + scale * across, place.y + scale * down, "line", 1.0)


def _lone(canvas: Canvas, place: _Place, line: float) -> None:
    """Draw as a dot each reading with a break on both sides: a line needs two."""
    ts, mg_dl = place.panel.ts, place.panel.mg_dl
    there = np.zeros(len(mg_dl) + 2, np.bool_)
    there[1:-1] = ~np.isnan(mg_dl)
    alone = np.flatnonzero(there[1:-1] & ~there[:-2] & ~there[2:])
    for x, y in zip(place.across(ts[alone]).tolist(), place.down(mg_dl[alone]).tolist(), strict=True):
        canvas.dot(x, y, 0.8 * line, "ink")


def _marks(canvas: Canvas, place: _Place, flag: Flag, ts: Ints, mg_dl: Floats, scale: float) -> None:
    """Draw open triangles at the sensor's bound, down for LO and up for HI, at some distance from each other."""
    size, way = MARK * scale, 1.0 if flag is Flag.LO else -1.0
    colour = "b-vlow-edge" if flag is Flag.LO else "b-vhigh-edge"
    # Inside the picture: the bound of LO is its lower edge.
    inside = np.clip(place.down(mg_dl), place.y + size, place.y + place.height - size)
    last = -np.inf
    for x, y in zip(place.across(ts).tolist(), inside.tolist(), strict=True):
        if x - last >= MARK_APART * scale:
            last = x
            corners = np.array([-size, size, 0, -size]), np.array([-size, -size, size, -size]) * way
            canvas.line(x + corners[0], y + corners[1], colour, 1.2)
