"""Which addresses are pages. Dash gives its document to every path; a mistyped one must say that nothing is there."""

from collections.abc import Collection

from flask import Flask, Response, redirect, request
from werkzeug.wrappers import Response as Answer

ANY_PATH = "/<path:path>"
"""Dash's own rule for every path without one of its own."""


def register(server: Flask, paths: Collection[str]) -> None:
    """Answer 404 for a path that is none of *paths*, with the document, which says so; one with a slash too many leads
    to the page."""

    @server.before_request
    def without_slash() -> Answer | None:
        path = request.path.rstrip("/")
        if request.endpoint == ANY_PATH and path in paths and path != request.path:
            query = request.query_string.decode("ascii", "replace")
            return redirect(f"{path}?{query}" if query else path, 308)
        return None

    @server.after_request
    def mark(response: Response) -> Response:
        if request.endpoint == ANY_PATH and response.status_code == 200 and request.path not in paths:
            response.status_code = 404
        return response
