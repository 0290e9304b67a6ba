"""The page Data: what is stored, and where it comes from."""

from dash import dcc

from layouts import ids
from layouts.views import Content


def page(key: str) -> Content:
    """Return the page at first paint. key: of what it shows."""
    return Content(page="data", body=[dcc.Store(id=ids.DATA_PAINTED, data=key)])
