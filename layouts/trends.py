"""The page Trends: from how glucose ran over many days by time of day, week and month."""

from dash import dcc

from layouts import ids
from layouts.views import Content, RangeView


def page(view: RangeView, standard: str, key: str) -> Content:
    """Return the page at first paint. key: of what it shows."""
    body = [dcc.Store(id=ids.TRENDS_PAINTED, data=key)]
    return Content(page="trends", body=[*body], range=view, standard=standard)
