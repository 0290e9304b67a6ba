"""Which addresses are pages. Dash gives its document to every path; a mistyped one must say that nothing is there."""

import re
from collections.abc import Collection

from flask import Flask, Response, redirect, request
from werkzeug.wrappers import Response as Answer

ANY_PATH = "/<path:path>"
"""Dash's own rule for every path without one of its own."""

_MARKS = re.compile(r'"(end_id|python_version)":"[^"]*"')


def register(server: Flask, paths: Collection[str]) -> None:
    """Answer 404 for a path that is none of *paths*, with the document, which says so; one with a slash too many leads
    to the page. A browser may keep the document, in which nobody's readings stand, and asks whether it is the same."""

    @server.before_request
    def without_slash() -> Answer | None:
        path = request.path.rstrip("/")
        if request.endpoint == ANY_PATH and path in paths and path != request.path:
            query = request.query_string.decode("ascii", "replace")
            return redirect(f"{path}?{query}" if query else path, 308)
        return None

    @server.after_request  # after mark: the last one registered is the first one asked
    def keep(response: Response) -> Response:
        if request.endpoint in ("/", ANY_PATH) and response.status_code == 200 and response.mimetype == "text/html":
            response.headers["Cache-Control"] = "private, no-cache"
            response.add_etag(weak=True)  # one for every compression
            response.make_conditional(request)
        return response

    @server.after_request
    def mark(response: Response) -> Response:
        if request.endpoint == ANY_PATH and response.status_code == 200 and request.path not in paths:
            response.status_code = 404
        return response


def stable(config: str) -> str:
    """Return the settings that Dash puts into the document, the same at every visit and without Python's version.

    end_id tells one load from another for callbacks in the background, of which no page has any.
    """
    return _MARKS.sub(r'"\1":""', config)
