"""What is answered while the database file is damaged: a document that says so, before anybody could sign in."""

from flask import Flask, Response, request

from callbacks.services import Services
from layouts import plain

ITS_OWN = ("/healthz", "/readyz", "/assets/", "/vendor/", "/offline/", "/service-worker.js", "/manifest.webmanifest")
"""What needs no database; the page's own look is among it."""


def register(server: Flask, services: Services) -> None:
    """Answer 503 to everything else, a document to whoever wants one."""

    @server.before_request
    def explain() -> Response | None:
        why = services.damage()
        # An open page asks with Dash's callbacks: they show it in their own way.
        if why is None or request.path.startswith((*ITS_OWN, "/_")):
            return None
        if not request.accept_mimetypes.accept_html or request.path.startswith("/api/"):
            return Response("damaged\n", 503, mimetype="text/plain")
        page = plain.render("damaged.html", why=why, waiting=services.waiting(), spooling=services.spooling())
        return Response(page, 503, mimetype="text/html")
