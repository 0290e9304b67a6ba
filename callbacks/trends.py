"""The wiring of the page Trends."""

from dash import Dash

from callbacks.services import Services
from callbacks.visit import Ranges, Visit
from layouts import trends as layout
from layouts.views import Content

PATH = "/trends"
RANGES = Ranges(("7d", "14d", "30d", "90d", "1y", "10y"), "14d")


def content(services: Services, visit: Visit) -> Content:
    """Return the whole page as *visit* asks for it. Raises StoreError."""
    return layout.page(visit.chosen(RANGES).view, RANGES.default, visit.key(900))


def register(app: Dash, services: Services) -> None:
    """Register the page's callbacks on *app*."""
