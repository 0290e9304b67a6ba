"""The wiring of the page Report."""

from dash import Dash

from callbacks.services import Services
from callbacks.visit import Ranges, Visit
from layouts import report as layout
from layouts.views import Content

PATH = "/report"
RANGES = Ranges(("14d", "30d", "90d"), "14d")


def content(services: Services, visit: Visit) -> Content:
    """Return the whole page as *visit* asks for it. Raises StoreError."""
    return layout.page(visit.chosen(RANGES).view, RANGES.default, visit.key(900))


def register(app: Dash, services: Services) -> None:
    """Register the page's callbacks on *app*."""
