"""The glucose profile as a drawing: percentile curves of the day over many days, for the report's screen and PDF."""

from dataclasses import dataclass

import numpy as np

from cgm_dash.metrics.histogram import BINS
from cgm_dash.metrics.profile import Profile
from cgm_dash.units import Targets, Unit
from layouts import text
from layouts.drawings.canvas import Canvas, Floats, diagonals
from layouts.figures.curves import MEDIAN, Curves, missing, runs
from layouts.figures.typical import apart

OUTER, INNER, ZONE = 0.13, 0.24, 0.085
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
    curves = Curves.of(profile)
    plot = _Plot(LEFT, width - RIGHT, TOP, height - BOTTOM, curves.highest, size)
    _limits(canvas, plot, targets)
    for low, high, opacity in ((0, 4, OUTER), (1, 3, INNER)):
        _band(canvas, plot, curves, low, high, opacity)
    _gaps(canvas, plot, profile, words.no_data)
    _median(canvas, plot, curves)
    _glucose_labels(canvas, plot, targets, unit)
    _times(canvas, plot, hours)
    _curve_labels(canvas, plot, curves.shown[:, -1], words)


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


def _band(canvas: Canvas, plot: _Plot, curves: Curves, low: int, high: int, opacity: float) -> None:
    x, lower, upper = curves.bins, curves.shown[low], curves.shown[high]
    for i, j in runs(~np.isnan(lower)):
        around = np.concatenate((x[i:j], x[i:j][::-1])), np.concatenate((lower[i:j], upper[i:j][::-1]))
        canvas.area(plot.across(around[0]), plot.down(around[1]), "profile", opacity)


def _median(canvas: Canvas, plot: _Plot, curves: Curves) -> None:
    """Draw the median, dashed where it rests on few days."""
    across, down = plot.across(curves.bins), plot.down(curves.mg_dl[MEDIAN])
    canvas.line(across, np.where(curves.firm, down, np.nan), "profile", 2.5)
    canvas.line(across, np.where(curves.dashed, down, np.nan), "profile", 2.0, (5.0, 4.0))


def _gaps(canvas: Canvas, plot: _Plot, profile: Profile, words: str) -> None:
    """Hatch the quarter hours of which no day has a reading."""
    for i, j in missing(profile):
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


def _curve_labels(canvas: Canvas, plot: _Plot, last: Floats, words: ProfileWords) -> None:
    """Name the curves where they end; those that are missing there have no name."""
    which = np.flatnonzero(~np.isnan(last)).tolist()
    ends = [-plot.at(float(last[i])) for i in which]
    for i, y in zip(which, apart(ends, LABEL_APART, -plot.bottom, -plot.top), strict=True):
        middle = i == MEDIAN
        colour = "profile" if middle else "ink-3"
        canvas.text(plot.right + 7, -y + 0.35 * plot.size, words.curves[i], plot.size, colour, bold=middle)
