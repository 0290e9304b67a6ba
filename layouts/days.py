"""The page Days: single days, one large and many small."""

from dash import dcc

from layouts import ids
from layouts.views import Content, RangeView


def page(view: RangeView, standard: str, key: str) -> Content:
    """Return the page at first paint. key: of what it shows."""
    body = [dcc.Store(id=ids.DAYS_PAINTED, data=key)]
    return Content(page="days", body=[*body], range=view, standard=standard)
