"""Fewer points draw the same picture: extremes of every column, order and gaps stay."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from layouts.figures.decimate import broken, column_edges, excursions, kept

steps = st.lists(st.integers(1, 500), min_size=1, max_size=300)
glucose = st.one_of(st.integers(40, 400).map(float), st.just(float("nan")))


@st.composite
def lines(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    ts = np.cumsum(np.array(draw(steps), np.int64))
    values = np.array(draw(st.lists(glucose, min_size=len(ts), max_size=len(ts))))
    gaps = np.array(draw(st.lists(st.booleans(), min_size=len(ts) - 1, max_size=len(ts) - 1)), np.bool_)
    return ts, values, gaps


@given(lines(), st.integers(1, 40))
def test_smallest_and_largest_value_of_every_column_are_kept(line: tuple[np.ndarray, ...], columns: int) -> None:
    ts, values, _gaps = line
    edges = column_edges(float(ts[0]), float(ts[-1]) + 1, None, columns, 0)
    positions = kept(ts, values, edges)
    column = np.clip(np.searchsorted(edges, ts, side="right") - 1, 0, columns - 1)
    for c in np.unique(column):
        here = values[column == c]
        stayed = values[positions][column[positions] == c]
        assert len(stayed) <= 4
        assert stayed[0] == here[0] or np.isnan(here[0])
        assert stayed[-1] == here[-1] or np.isnan(here[-1])
        if not np.isnan(here).all():
            assert np.nanmin(stayed) == np.nanmin(here)
            assert np.nanmax(stayed) == np.nanmax(here)


@given(lines(), st.integers(1, 40))
def test_order_stays_and_nothing_is_drawn_twice(line: tuple[np.ndarray, ...], columns: int) -> None:
    ts, values, _gaps = line
    positions = kept(ts, values, column_edges(float(ts[0]), float(ts[-1]) + 1, None, columns, 0))
    assert (np.diff(positions) > 0).all()
    assert positions[0] == 0
    assert positions[-1] == len(ts) - 1


@given(lines(), st.integers(1, 40))
def test_no_line_is_drawn_across_a_gap(line: tuple[np.ndarray, ...], columns: int) -> None:
    ts, values, gaps = line
    positions = kept(ts, values, column_edges(float(ts[0]), float(ts[-1]) + 1, None, columns, 0))
    x, y = broken(ts, values, gaps, positions)
    assert (np.diff(x) >= 0).all()
    drawn = [(a, b) for a, b, p, q in zip(x, x[1:], y, y[1:], strict=False) if not (np.isnan(p) or np.isnan(q))]
    for after in ts[:-1][gaps]:
        assert not any(a <= after < b for a, b in drawn)


def test_a_zoom_spends_its_columns_on_what_is_visible() -> None:
    edges = column_edges(0, 1000, (400, 500), 100, 10)
    assert ((edges >= 400) & (edges <= 500)).sum() == 101
    assert edges[0] == 0
    assert edges[-1] == 1000
    assert (np.diff(edges) > 0).all()


def test_a_zoom_outside_the_window_is_ignored() -> None:
    assert column_edges(0, 1000, (2000, 3000), 10, 5).tolist() == column_edges(0, 1000, None, 10, 5).tolist()


def test_excursion_is_closed_on_the_limit_where_the_line_crosses_it() -> None:
    x, y = excursions(np.array([0, 10, 20, 30]), np.array([170.0, 190, 190, 170]), 180, above=True)
    assert x.tolist()[:-1] == [5, 5, 10, 20, 25, 25]
    assert y.tolist()[:-1] == [180, 180, 190, 190, 180, 180]
    assert np.isnan(y[-1])


def test_excursions_never_span_a_gap_and_touching_the_limit_is_none() -> None:
    x, y = excursions(np.array([0, 10, 20, 30, 40]), np.array([60.0, 60, np.nan, 70, 60]), 70, above=False)
    assert np.isnan(y).sum() == 2
    assert x[~np.isnan(y)].tolist() == [0, 0, 10, 10, 30, 30, 40, 40]
    assert len(excursions(np.array([0, 1, 2]), np.array([100.0, 180, 100]), 180, above=True)[0]) == 0
