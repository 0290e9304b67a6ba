"""The page Status: how the program itself does."""

from dash import dcc

from layouts import ids
from layouts.views import Content


def page(key: str) -> Content:
    """Return the page at first paint. key: of what it shows."""
    return Content(page="status", body=[dcc.Store(id=ids.STATUS_PAINTED, data=key)])
