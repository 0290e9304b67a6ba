"""The Flask side: addresses outside Dash, files for the browser, what is checked before any request."""

from dash import Dash

from callbacks.frame import PAGES
from callbacks.server import (
    api,
    damaged,
    defects,
    envelope,
    files,
    guard,
    headers,
    language,
    offline,
    pages,
    report,
    serving,
    suites,
)
from callbacks.services import Services


def register_routes(app: Dash, services: Services) -> None:
    """Register every route and hook on the app's Flask server."""
    language.register(app.server)
    defects.register(app.server)
    serving.register(app.server, services)
    guard.register(app.server, services)
    headers.register(app)
    damaged.register(app.server, services)
    pages.register(app.server, PAGES)
    envelope.register(app)
    files.register(app.server)
    offline.register(app.server)
    suites.register(app.server)
    api.register(app.server, services)
    report.register(app.server, services)
