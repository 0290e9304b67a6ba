"""How this process is served, whatever WSGI server carries it: whether something polls."""

import logging
import os
import threading

from flask import Flask

from callbacks.services import Services

log = logging.getLogger(__name__)

WATCHDOG = "ingestion-watchdog"
"""The thread that every started ingestion/scheduler.py has. Unlike a flag, it tells the truth after a fork too."""


def register(server: Flask, services: Services) -> None:
    """Register a look at the first request whether anything here polls."""
    first = threading.Lock()

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
