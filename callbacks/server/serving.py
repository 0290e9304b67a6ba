"""How this process is served, whatever WSGI server carries it: from where it is asked, and that something polls."""

import logging
import os
import threading

from flask import Flask, Response, abort, request

from callbacks.services import Services

log = logging.getLogger(__name__)

WATCHDOG = "ingestion-watchdog"
"""The thread that every started ingestion/scheduler.py has. Unlike a flag, it tells the truth after a fork too."""


def register(server: Flask, services: Services) -> None:
    """Register the check of each client's address, and a look at the first request whether anything here polls."""
    settings = services.settings
    first = threading.Lock()

    @server.before_request
    def check_client() -> None:
        address = request.remote_addr  # the socket's own; none for a Unix socket, which no network reaches
        reason = settings.why_not_open_to(address, services.stored_account) if address else None
        if reason:
            log.warning("request client=refused")
            abort(Response(f"This address {reason}.\n", 403, mimetype="text/plain"))

    @server.before_request
    def look_for_ingestion() -> None:
        if not first.acquire(blocking=False):
            return
        if (services.demo or services.has_account) and not _ingestion_started():
            log.error(
                "serve pid=%d ingestion=never-started: no reading is fetched by this process; start the server with"
                " `cgm-dash serve` or `gunicorn -c gunicorn.conf.py app:server`",
                os.getpid(),
            )


def _ingestion_started() -> bool:
    return any(thread.name == WATCHDOG for thread in threading.enumerate())
