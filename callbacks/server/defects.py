"""What is answered where something is refused or fails: a few plain words, never what happened inside."""

import logging

from dash.exceptions import DependencyException, InvalidResourceError
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

log = logging.getLogger(__name__)


def register(server: Flask) -> None:
    """Answer refusals and failures in words of our own. Goes after Dash, which would repeat a stranger's words."""

    @server.errorhandler(HTTPException)
    def refuse(refusal: HTTPException) -> Response:
        given = refusal.get_response()
        if refusal.response is not None:  # made on purpose, with words for whoever asked
            return given  # type: ignore[return-value]  # Flask's own class: everything here is made by it
        return _plain(refusal.name, refusal.code or 500, given.headers.get("Allow"))

    @server.errorhandler(DependencyException)
    @server.errorhandler(InvalidResourceError)
    def no_such_file(_error: Exception) -> Response:
        return _plain("Not Found", 404)

    @server.errorhandler(Exception)
    def fail(error: Exception) -> Response:
        log.error("request outcome=defect method=%s", request.method, exc_info=error)
        return _plain("This failed; the server's log says why.", 500)


def _plain(words: str, status: int, allow: str | None = None) -> Response:
    response = Response(f"{words}\n", status, mimetype="text/plain")
    if allow:
        response.headers["Allow"] = allow
    return response
