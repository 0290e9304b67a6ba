"""The wiring of the page Status."""

from dash import Dash

from callbacks.services import Services
from callbacks.visit import Visit
from layouts import status as layout
from layouts.views import Content

PATH = "/status"


def content(services: Services, visit: Visit) -> Content:
    """Return the whole page as *visit* asks for it. Raises StoreError."""
    return layout.page(visit.key(60))


def register(app: Dash, services: Services) -> None:
    """Register the page's callbacks on *app*."""
