"""The page Report: one page for the doctor."""

from dash import dcc

from layouts import ids
from layouts.views import Content, RangeView


def page(view: RangeView, standard: str, key: str) -> Content:
    """Return the page at first paint. key: of what it shows."""
    body = [dcc.Store(id=ids.REPORT_PAINTED, data=key)]
    return Content(page="report", body=[*body], range=view, standard=standard)
