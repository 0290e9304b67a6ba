"""Icons and the trend arrow. Their strokes are masks in the stylesheet, so that they take the colour of the text."""

from dash import html
from dash.development.base_component import Component

from cgm_dash.reading import Trend
from layouts.attributes import hyphened


def icon(name: str, small: bool = False) -> Component:
    """Return the icon *name* (a class `i-name` of the stylesheet); words beside it carry the meaning."""
    return html.Span(className=f"i i-{name}" + (" s" if small else ""), **hyphened(aria_hidden="true"))


def mark() -> Component:
    """Return the product's mark."""
    return html.Span(className="mark", **hyphened(aria_hidden="true"))


def arrow(trend: Trend) -> Component:
    """Return the one arrow, turned in five steps."""
    return html.Span(className="i i-arrow", **hyphened(data_turn=str(int(trend)), aria_hidden="true"))
