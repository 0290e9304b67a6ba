"""The canvas of the screen: SVG whose colours are the stylesheet's variables, so that it follows look and print."""

from collections.abc import Iterator
from html import escape

import numpy as np

from layouts.drawings.canvas import Anchor, Floats


class SvgCanvas:
    """A picture of *width* by *height* units. stretched: fills its box, whatever the shape; lines keep their width.

    places: decimals of the points of lines and areas; none where a unit is finer than a pixel.
    """

    def __init__(self, width: float, height: float, *, stretched: bool = False, places: int = 1) -> None:
        self._width, self._height, self._stretched, self._places = width, height, stretched, places
        self._parts: list[str] = []

    def area(self, x: Floats, y: Floats, fill: str, opacity: float = 1.0) -> None:
        """Fill closed outlines."""
        path = "".join(f"{_moves(*run, self._places)}Z" for run in _runs(x, y))
        if path:
            self._parts.append(f'<path d="{path}" {_fill(fill, opacity)}/>')

    def line(self, x: Floats, y: Floats, colour: str, width: float, dash: tuple[float, ...] = ()) -> None:
        """Draw lines with round joins."""
        path = "".join(_moves(*run, self._places) for run in _runs(x, y))
        if not path:
            return
        dashes = f' stroke-dasharray="{" ".join(map(_number, dash))}"' if dash else ""
        kept = ' vector-effect="non-scaling-stroke"' if self._stretched else ""
        self._parts.append(
            f'<path d="{path}" fill="none" stroke="var(--{colour})" stroke-width="{_number(width)}"'
            f' stroke-linejoin="round" stroke-linecap="round"{dashes}{kept}/>'
        )

    def rect(self, x: float, y: float, width: float, height: float, fill: str, opacity: float = 1.0) -> None:
        """Fill a rectangle."""
        place = " ".join(f'{n}="{_number(v)}"' for n, v in (("x", x), ("y", y), ("width", width), ("height", height)))
        self._parts.append(f"<rect {place} {_fill(fill, opacity)}/>")

    def dot(self, x: float, y: float, radius: float, fill: str) -> None:
        """Fill a circle."""
        self._parts.append(f'<circle cx="{_number(x)}" cy="{_number(y)}" r="{_number(radius)}" {_fill(fill, 1)}/>')

    def text(
        self, x: float, y: float, words: str, size: float, colour: str, *, bold: bool = False, anchor: Anchor = "start"
    ) -> None:
        """Write words whose baseline lies at y."""
        weight = ' font-weight="620"' if bold else ""
        side = "" if anchor == "start" else f' text-anchor="{anchor}"'
        self._parts.append(
            f'<text x="{_number(x)}" y="{_number(y)}" font-size="{_number(size)}"{weight}{side}'
            f' fill="var(--{colour})">{escape(words)}</text>'
        )

    def markup(self) -> str:
        """Return the picture. What it says stands beside it in words: it is hidden from screen readers."""
        shape = ' preserveAspectRatio="none"' if self._stretched else ""
        box = f"0 0 {_number(self._width)} {_number(self._height)}"
        inside = "".join(self._parts)
        return f'<svg viewBox="{box}"{shape} aria-hidden="true" focusable="false">{inside}</svg>'


def _runs(x: Floats, y: Floats) -> Iterator[tuple[Floats, Floats]]:
    """Yield the stretches of points without a NaN, where there are at least two."""
    there = np.flatnonzero(~(np.isnan(x) | np.isnan(y)))
    for part in np.split(there, np.flatnonzero(np.diff(there) > 1) + 1):
        if len(part) > 1:
            yield x[part], y[part]


def _moves(x: Floats, y: Floats, places: int) -> str:
    """Return the path through the points, one that rounds to the same as the one before left out."""
    points = np.round(np.column_stack((x, y)), places)
    moved = (np.diff(points, axis=0) != 0).any(axis=1)
    moved[:1] = True  # a line has two points, though they be the same
    points = points[np.append(True, moved)]
    # Each point by its distance from the one before: short numbers, which repeat, travel in two thirds of the bytes.
    start, *steps = np.diff(points, axis=0, prepend=0).round(places).tolist()
    numbers = " ".join(_short(value, places) for step in steps for value in step)
    return f"M{_short(start[0], places)} {_short(start[1], places)}l{numbers.replace(' -', '-')}"


def _short(value: float, places: int) -> str:
    # Whole numbers are written three times as fast as others.
    return str(int(value)) if places == 0 else f"{value:g}"


def _number(value: float) -> str:
    return f"{round(value, 2):g}"


def _fill(name: str, opacity: float) -> str:
    solid = "" if opacity == 1 else f' fill-opacity="{_number(opacity)}"'
    return f'fill="var(--{name})"{solid}'
