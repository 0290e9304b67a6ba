"""What a drawing may use: one set of strokes for the screen and for a PDF, so that both show the same picture.

Coordinates grow to the right and downwards from the top left corner. Colours are names of layouts.tokens, never values:
each canvas knows what a name looks like on its medium.
"""

from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Anchor = Literal["start", "middle", "end"]
Pattern = Literal["cross", "diagonal", "dots", "rows"]

STEP = 6.0
"""Between two lines of a pattern, in a drawing's own units."""


class Canvas(Protocol):
    """A surface to draw on. A NaN in x or y ends a line or an outline; the next number begins another."""

    def area(self, x: Floats, y: Floats, fill: str, opacity: float = 1.0) -> None:
        """Fill closed outlines."""

    def line(self, x: Floats, y: Floats, colour: str, width: float, dash: tuple[float, ...] = ()) -> None:
        """Draw lines with round joins. dash: lengths on and off."""

    def rect(self, x: float, y: float, width: float, height: float, fill: str, opacity: float = 1.0) -> None:
        """Fill a rectangle."""

    def dot(self, x: float, y: float, radius: float, fill: str) -> None:
        """Fill a circle."""

    def text(
        self, x: float, y: float, words: str, size: float, colour: str, *, bold: bool = False, anchor: Anchor = "start"
    ) -> None:
        """Write words whose baseline lies at y."""


def pattern(
    canvas: Canvas, kind: Pattern, x: float, y: float, width: float, height: float, colour: str, stroke: float = 1.0
) -> None:
    """Draw a pattern over a rectangle, made of lines and dots that end at its edges."""
    if kind == "dots":
        for row, cy in enumerate(np.arange(y + STEP / 2, y + height, STEP)):
            for cx in np.arange(x + STEP / 2 * (1 + row % 2), x + width, STEP):
                canvas.dot(float(cx), float(cy), stroke, colour)
        return
    if kind == "rows":
        for cy in np.arange(y + STEP / 2, y + height, STEP):
            canvas.line(np.array([x, x + width]), np.array([cy, cy]), colour, stroke)
        return
    for rising in (True, False) if kind == "cross" else (True,):
        canvas.line(*diagonals(x, y, width, height, rising), colour, stroke)


def diagonals(x: float, y: float, width: float, height: float, rising: bool) -> tuple[Floats, Floats]:
    """Return the parts inside a rectangle of lines at 45 degrees, STEP apart across, a NaN behind each.

    >>> diagonals(0, 0, 6, 6, True)[0][:2].tolist(), diagonals(0, 0, 6, 6, True)[1][:2].tolist()
    ([0.0, 6.0], [6.0, 0.0])
    """
    starts = np.arange(STEP, width + height, STEP)
    from_x, to_x = np.maximum(0, starts - height), np.minimum(width, starts)
    from_y, to_y = np.minimum(height, starts), np.maximum(0, starts - width)
    if not rising:
        from_x, to_x = width - from_x, width - to_x
    nothing = np.full(len(starts), np.nan)
    return x + np.stack([from_x, to_x, nothing], 1).ravel(), y + np.stack([from_y, to_y, nothing], 1).ravel()
