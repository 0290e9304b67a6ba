"""The upright bar of time in ranges: patterns that survive a copier, leader lines, and each band's words beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from cgm_dash.units import Band
from layouts import tokens
from layouts.drawings.canvas import Canvas, Pattern, pattern
from layouts.figures.typical import apart

BAR, LEADER = 62.0, 36.0
"""Widths of the bar and of what leads from it to the labels."""

NARROW, NARROW_BAR, NARROW_LEADER = 340.0, 42.0, 28.0
"""The same in a picture up to so wide."""

GAP = 2.0
LEAST = 2.5
"""A band that has any time at all is at least so high: what is there must be seen."""

ROW = 37.0
"""Between two labels of two lines each."""
ABOVE, BELOW = 14.0, 18.0
"""What a label's lines take above and below its middle."""
NAME_SIZE, DETAIL_SIZE, SHARE_SIZE, TARGET_SIZE = 12.5, 11.0, 14.0, 19.0

PATTERNS: Mapping[Band, Pattern] = MappingProxyType(
    {Band.VERY_HIGH: "rows", Band.HIGH: "dots", Band.LOW: "diagonal", Band.VERY_LOW: "cross"}
)
"""Target is plain."""


@dataclass(frozen=True, slots=True)
class BarRow:
    """One band. share: percent of observed time, 0 to 100. words: of the share; detail: the line below the name."""

    band: Band
    share: float
    name: str
    limits: str
    words: str
    detail: str


def range_bar(canvas: Canvas, rows: Sequence[BarRow], width: float, height: float) -> None:
    """Draw *rows*, top to bottom, into a picture of *width* by *height*. All shares 0: an empty outline."""
    bar, leader = (NARROW_BAR, NARROW_LEADER) if width <= NARROW else (BAR, LEADER)
    spans = _spans([row.share for row in rows], height)
    if not any(row.share for row in rows):
        _outline(canvas, 0, 0, bar, height, "line-strong")
    for row, (top, tall) in zip(rows, spans, strict=True):
        if tall:
            _segment(canvas, row.band, bar, top, tall)
    middles = [top + tall / 2 for top, tall in spans]
    for row, (top, tall), y in zip(rows, spans, _places(middles, height), strict=True):
        _leader(canvas, bar, leader, top + tall / 2, y)
        _label(canvas, row, bar + leader, y, width)


def _spans(shares: Sequence[float], height: float) -> list[tuple[float, float]]:
    """Return top and height of each part. What the smallest get beyond their share is taken off the largest."""
    there = sum(share > 0 for share in shares)
    room = height - GAP * max(0, there - 1)
    total = sum(shares) or 1
    tall = [max(LEAST, room * share / total) if share > 0 else 0.0 for share in shares]
    if there:
        tall[tall.index(max(tall))] -= sum(tall) - room
    spans, top = [], 0.0
    for each in tall:
        spans.append((top, each))
        top += each + (GAP if each else 0)
    return spans


def _places(middles: Sequence[float], height: float) -> list[float]:
    """Return where each label stands: as near to its part as the others and the edges let it."""
    return apart(middles, ROW, ABOVE, height - BELOW)


def _segment(canvas: Canvas, band: Band, bar: float, top: float, tall: float) -> None:
    name = f"b-{tokens.BAND_NAMES[band]}"
    canvas.rect(0, top, bar, tall, name)
    if band in PATTERNS:
        pattern(canvas, PATTERNS[band], 0, top, bar, tall, f"{name}-ink", 0.7)
    if tall > 2 * LEAST:
        _outline(canvas, 0.5, top + 0.5, bar - 1, tall - 1, f"{name}-edge")


def _outline(canvas: Canvas, x: float, y: float, width: float, height: float, colour: str) -> None:
    across = np.array([x, x + width, x + width, x, x], np.float64)
    canvas.line(across, np.array([y, y, y + height, y + height, y], np.float64), colour, 1.0)


def _leader(canvas: Canvas, bar: float, leader: float, start: float, end: float) -> None:
    across = np.array([bar + 4, bar + leader / 3, bar + leader * 2 / 3, bar + leader - 5])
    canvas.line(across, np.array([start, start, end, end]), "line-strong", 1.0)


def _label(canvas: Canvas, row: BarRow, x: float, y: float, width: float) -> None:
    size = TARGET_SIZE if row.band is Band.TARGET else SHARE_SIZE
    canvas.text(x, y - 2, f"{row.name} {row.limits}", NAME_SIZE, "ink", bold=True)
    canvas.text(width, y - 1, row.words, size, "ink", bold=True, anchor="end")
    canvas.text(x, y + 13, row.detail, DETAIL_SIZE, "ink-3")
