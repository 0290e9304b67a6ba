"""The page Settings: the viewer's and the wearer's choices."""

from dash import dcc

from layouts import ids
from layouts.views import Content


def page(key: str) -> Content:
    """Return the page at first paint. key: of what it shows."""
    return Content(page="settings", body=[dcc.Store(id=ids.SETTINGS_PAINTED, data=key)])
