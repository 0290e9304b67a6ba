"""Drawings: what the screen's canvas writes, and patterns that stay inside their rectangle."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layouts.drawings.canvas import Pattern, diagonals, pattern
from layouts.drawings.drawing import drawn
from layouts.drawings.svg import SvgCanvas
from tests.support.paths import strokes


def test_a_nan_parts_lines_and_a_single_point_is_no_line() -> None:
    canvas = SvgCanvas(100, 50)
    canvas.line(np.array([0, 10, np.nan, 20, np.nan, 30, 40.25]), np.array([1, 2, 3, 4, 5, 6, 7.0]), "ink", 1.5)
    assert 'd="M0 1l10 1M30 6l10.2 1"' in canvas.markup()
    assert 'stroke="var(--ink)"' in canvas.markup()


@given(st.lists(st.tuples(st.floats(-500, 500), st.floats(-500, 500)), min_size=2, max_size=40), st.integers(0, 1))
def test_steps_lead_to_where_the_points_are(points: list[tuple[float, float]], places: int) -> None:
    canvas = SvgCanvas(100, 100, places=places)
    x, y = np.array(points).T
    canvas.line(x, y, "ink", 1)
    (path,) = re.findall(r'd="([^"]*)"', canvas.markup())
    (stroke,) = strokes(path)
    wanted = np.round(np.array(points), places)
    assert stroke[0] == tuple(wanted[0])
    assert np.allclose(stroke[-1], wanted[-1])
    assert set(stroke) == set(map(tuple, (wanted + 0.0).round(4).tolist()))


def test_areas_are_closed() -> None:
    canvas = SvgCanvas(10, 10)
    canvas.area(np.array([0, 5, 5.0]), np.array([0, 0, 5.0]), "b-low", 0.7)
    assert '<path d="M0 0l5 0 0 5Z" fill="var(--b-low)" fill-opacity="0.7"/>' in canvas.markup()


def test_words_are_escaped() -> None:
    canvas = SvgCanvas(10, 10)
    canvas.text(1, 2, "<script>&", 12, "ink", bold=True, anchor="middle")
    assert "&lt;script&gt;&amp;" in canvas.markup()
    assert "<script>" not in canvas.markup()


def test_only_a_stretched_picture_gives_up_its_shape_and_keeps_the_width_of_its_lines() -> None:
    for stretched in (True, False):
        canvas = SvgCanvas(10, 10, stretched=stretched)
        canvas.line(np.array([0, 1.0]), np.array([0, 1.0]), "ink", 1)
        assert ("preserveAspectRatio" in canvas.markup()) is stretched
        assert ("non-scaling-stroke" in canvas.markup()) is stretched


def test_the_component_carries_the_markup_and_its_class() -> None:
    canvas = SvgCanvas(10, 10)
    canvas.rect(0, 0, 5, 5, "b-target")
    told = drawn(canvas, "tile").to_plotly_json()  # type: ignore[no-untyped-call]  # Dash leaves it untyped
    assert (told["namespace"], told["type"]) == ("cgm_parts", "Drawing")
    assert told["props"] == {"svg": canvas.markup(), "className": "drawing tile"}


@given(st.floats(1, 300), st.floats(1, 300), st.booleans())
def test_diagonals_start_and_end_on_the_edges(width: float, height: float, rising: bool) -> None:
    x, y = diagonals(10, 20, width, height, rising)
    there = ~np.isnan(x)
    dx, dy = x[there] - 10, y[there] - 20
    assert (dx > -1e-6).all()
    assert (dx < width + 1e-6).all()
    on_edge = np.isclose(dx, 0) | np.isclose(dx, width) | np.isclose(dy, 0) | np.isclose(dy, height)
    assert on_edge.all()


@pytest.mark.parametrize("kind", ["cross", "diagonal", "dots", "rows"])
def test_every_pattern_is_drawn_inside_its_rectangle(kind: Pattern) -> None:
    canvas = SvgCanvas(100, 100)
    pattern(canvas, kind, 10, 10, 30, 20, "ink")
    inside = re.findall(r'd="([^"]*)"', canvas.markup())
    xs = [x for path in inside for stroke in strokes(path) for x, _y in stroke]
    centres = [float(n) for n in re.findall(r'cx="([\d.]+)"', canvas.markup())]
    assert xs or centres
    assert all(10 <= value <= 40 for value in (*xs, *centres))
