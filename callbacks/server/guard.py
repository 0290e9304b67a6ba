"""What is checked before every answer."""

import logging
from collections.abc import Sequence

from flask import Flask, Response, abort, request

from callbacks.services import Services
from cgm_dash.settings import Settings, is_loopback

log = logging.getLogger(__name__)

MAX_BODY = 2_000_000
"""Bytes a request may bring; callbacks send a few hundred."""


def register(server: Flask, services: Services) -> None:
    """Register the checks: the host named, the size of a body."""
    server.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    allowed = allowed_hosts(services.settings)

    @server.before_request
    def check_host() -> None:
        # A name of a stranger's that resolves to this machine (DNS rebinding) must not open the page.
        name = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
        if name.strip("[]").lower() not in allowed and not is_loopback(name):
            log.warning("request host=refused")
            abort(Response("This host name is not served here; add it to CGM_DASH_ALLOWED_HOSTS.\n", 421))


def allowed_hosts(settings: Settings) -> Sequence[str]:
    """Return the host names this server answers to, besides those of the machine itself, in lower case."""
    named = () if is_loopback(settings.host) or settings.host in ("0.0.0.0", "::") else (settings.host.lower(),)  # noqa: S104
    return (*named, *settings.allowed_hosts)
