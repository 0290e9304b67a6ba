"""The Flask side: addresses outside Dash, files for the browser, what is checked before any request."""

from collections.abc import Mapping

from dash import Dash

from callbacks.frame import PAGES
from callbacks.server import (
    access,
    account,
    api,
    audit,
    client,
    damaged,
    defects,
    door,
    envelope,
    files,
    guard,
    headers,
    language,
    metrics,
    offline,
    openapi,
    pages,
    report,
    serving,
    share,
    sign_in,
    suites,
)
from callbacks.services import Services


def register_routes(app: Dash, services: Services, owners: Mapping[str, str]) -> None:
    """Register every route and hook on the app's Flask server. owners: as callbacks.register_all returns them."""
    metrics.register(app.server, services)  # first: it takes the time of all that follows
    language.register(app.server)
    defects.register(app.server)
    guard.register(app.server, services)
    headers.register(app, client.is_https)
    damaged.register(app.server, services)
    door.register(app.server, services)
    serving.register(app.server, services)
    sign_in.register(app.server, services)
    for plain in (account, access, audit, share):
        plain.register(app.server, services)
    pages.register(app.server, PAGES)
    envelope.register(app, services, owners)
    files.register(app.server)
    offline.register(app.server)
    suites.register(app.server)
    api.register(app.server, services)
    openapi.register(app.server)
    report.register(app.server, services)
