"""The glucose profile as a drawing: percentile curves of the day over many days, for the report's screen and PDF."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cgm_dash.metrics.histogram import BINS
from cgm_dash.metrics.profile import Profile, smoothed
from cgm_dash.units import Targets, Unit
from layouts import text
from layouts.drawings.canvas import Canvas, Floats, diagonals
from layouts.figures.typical import apart

Bools = npt.NDArray[np.bool_]

HIGHEST, STEP = 350, 50
"""mg/dL: the axis goes from 0 to here, further only where a curve does."""

OUTER, INNER, ZONE = 0.13, 0.24, 0.085
MEDIAN = 2
LEFT, RIGHT, TOP, BOTTOM = 38.0, 52.0, 8.0, 22.0
LABEL_APART = 13.0
WIDE_GAP = 60.0
"""A stretch without data is named from this width on."""


@dataclass(frozen=True, slots=True)
class ProfileWords:
    """What is written into the picture: the names of the five curves, lowest first, and of a gap."""

    curves: tuple[str, str, str, str, str]
    no_data: str


@dataclass(frozen=True, slots=True)
class _Plot:
    """Where the curves lie on the canvas, and the size of letters."""

    left: float
    right: float
    top: float
    bottom: float
    highest: float
    size: float

    def across(self, bins: Floats) -> Floats:
        return np.asarray(self.left + bins * ((self.right - self.left) / BINS), np.float64)

    def down(self, mg_dl: Floats) -> Floats:
        return np.asarray(self.bottom - mg_dl * ((self.bottom - self.top) / self.highest), np.float64)

    def at(self, mg_dl: float) -> float:
        return float(self.bottom - mg_dl * (self.bottom - self.top) / self.highest)


def profile_chart(
    canvas: Canvas,
    profile: Profile,
    words: ProfileWords,
    width: float,
    height: float,
    *,
    targets: Targets,
    unit: Unit,
    hours: int = 3,
    size: float = 11.0,
) -> None:
    """Draw *profile* into a picture of *width* by *height*. hours: between two labels of the time. size: of letters."""
    x, curves, firm = _points(profile)
    plot = _Plot(LEFT, width - RIGHT, TOP, height - BOTTOM, _highest(curves), size)
    _limits(canvas, plot, targets)
    for low, high, opacity in ((0, 4, OUTER), (1, 3, INNER)):
        _band(canvas, plot, x, curves[low], curves[high], firm, opacity)
    _gaps(canvas, plot, profile, words.no_data)
    _median(canvas, plot, x, curves[MEDIAN], firm)
    _glucose_labels(canvas, plot, targets, unit)
    _times(canvas, plot, hours)
    _curve_labels(canvas, plot, curves[:, -1], bool(firm[-1]), words)


def _points(profile: Profile) -> tuple[Floats, Floats, Bools]:
    """Return bins, the smoothed curves there and where they may have bands: middles of bins, and both midnights.

    Midnight is the mean of its two neighbours, missing where one of them is.
    """
    curves = np.stack([smoothed(curve) for curve in profile.curves])
    midnight = (curves[:, :1] + curves[:, -1:]) / 2
    enough = profile.has_bands
    at_midnight = enough[:1] & enough[-1:]
    x = np.concatenate(([0.0], np.arange(BINS) + 0.5, [float(BINS)]))
    firm = np.concatenate((at_midnight, enough, at_midnight))
    return x, np.concatenate((midnight, curves, midnight), axis=1), firm


def _highest(curves: Floats) -> float:
    top = float(np.nanmax(curves)) if not np.isnan(curves).all() else 0.0
    return float(max(HIGHEST, -(-top // STEP) * STEP))


def _limits(canvas: Canvas, plot: _Plot, targets: Targets) -> None:
    ends = np.array([plot.left, plot.right])
    top, bottom = plot.at(targets.high), plot.at(targets.low)
    canvas.rect(plot.left, top, plot.right - plot.left, bottom - top, "b-target", ZONE)
    for limit, colour, dash in (
        (targets.low, "b-target-edge", ()),
        (targets.high, "b-target-edge", ()),
        (targets.very_low, "line-strong", (2.0, 4.0)),
        (targets.very_high, "line-strong", (2.0, 4.0)),
        (0, "line", ()),
    ):
        canvas.line(ends, np.full(2, plot.at(limit)), colour, 1.0, dash)


def _runs(which: Bools) -> Iterator[tuple[int, int]]:
    """Yield where each run begins and ends, the end excluded."""
    edges = np.flatnonzero(np.diff(which.astype(np.int8), prepend=0, append=0))
    yield from ((int(i), int(j)) for i, j in edges.reshape(-1, 2))


def _band(canvas: Canvas, plot: _Plot, x: Floats, low: Floats, high: Floats, firm: Bools, opacity: float) -> None:
    for i, j in _runs(firm & ~np.isnan(low) & ~np.isnan(high)):
        around = np.concatenate((x[i:j], x[i:j][::-1])), np.concatenate((low[i:j], high[i:j][::-1]))
        canvas.area(plot.across(around[0]), plot.down(around[1]), "profile", opacity)


def _median(canvas: Canvas, plot: _Plot, x: Floats, median: Floats, firm: Bools) -> None:
    """Draw the median, dashed where it rests on few days; the dashes reach to the line beside them."""
    few = ~firm
    reach = few.copy()
    reach[1:] |= few[:-1]
    reach[:-1] |= few[1:]
    across, down = plot.across(x), plot.down(median)
    canvas.line(across, np.where(firm, down, np.nan), "profile", 2.5)
    canvas.line(across, np.where(reach, down, np.nan), "profile", 2.0, (5.0, 4.0))


def _gaps(canvas: Canvas, plot: _Plot, profile: Profile, words: str) -> None:
    """Hatch the quarter hours of which no day has a reading."""
    for i, j in _runs(np.isnan(profile.curves[MEDIAN])):
        left, right = plot.across(np.array([i, j], np.float64)).tolist()
        tall = plot.bottom - plot.top
        canvas.rect(left, plot.top, right - left, tall, "surface-2")
        canvas.line(*diagonals(left, plot.top, right - left, tall, rising=True), "line", 1.0)
        if right - left >= WIDE_GAP:
            canvas.text((left + right) / 2, plot.top + 16, words, plot.size, "ink-3", anchor="middle")


# --- labels


def _glucose_labels(canvas: Canvas, plot: _Plot, targets: Targets, unit: Unit) -> None:
    """Write the target's limits, then what has room beside them."""
    taken: list[float] = []
    for limit in (targets.low, targets.high, targets.very_high, targets.very_low, plot.highest, 0):
        y = plot.at(limit)
        if all(abs(y - other) >= LABEL_APART - 1 for other in taken):
            taken.append(y)
            bold = limit in (targets.low, targets.high)
            words = text.glucose(limit, unit) if limit else "0"
            colour = "ink" if bold else "ink-3"
            canvas.text(plot.left - 7, y + 0.35 * plot.size, words, plot.size, colour, bold=bold, anchor="end")


def _times(canvas: Canvas, plot: _Plot, hours: int) -> None:
    for hour in range(0, 25, hours):
        x = float(plot.across(np.array([hour * BINS / 24]))[0])
        canvas.line(np.array([x, x]), np.array([plot.bottom, plot.bottom + 4]), "line-strong", 1.0)
        canvas.text(x, plot.bottom + 17, f"{hour:02d}:00", plot.size, "ink-3", anchor="middle")


def _curve_labels(canvas: Canvas, plot: _Plot, last: Floats, firm: bool, words: ProfileWords) -> None:
    """Name the curves where they end; those that are missing there have no name."""
    which = [i for i in (range(5) if firm else (MEDIAN,)) if not np.isnan(last[i])]
    ends = [-plot.at(float(last[i])) for i in which]
    for i, y in zip(which, apart(ends, LABEL_APART), strict=True):
        middle = i == MEDIAN
        colour = "profile" if middle else "ink-3"
        canvas.text(plot.right + 7, -y + 0.35 * plot.size, words.curves[i], plot.size, colour, bold=middle)
