"""Where an SVG path leads: `M` to a place, `l` steps from it, `Z` back to its beginning."""

import re

Point = tuple[float, float]


def strokes(path: str) -> list[list[Point]]:
    """Return the points of each stroke of a path's `d`, the outline's closing left out."""
    found: list[list[Point]] = []
    for start, steps in re.findall(r"M([^lMZ]+)l([^lMZ]+)", path):
        x, y = map(float, start.split())
        points = [(x, y)]
        numbers = [float(n) for n in re.findall(r"-?[\d.]+", steps)]
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = round(x + dx, 4), round(y + dy, 4)
            points.append((x, y))
        found.append(points)
    return found
