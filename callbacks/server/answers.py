"""Short answers to those who get nothing else: a page for a person, a sentence for a program."""

import logging

from flask import Response, request

from callbacks import cross_site
from cgm_dash.errors import StoreError, StoreUnavailable
from cgm_dash.i18n import _
from layouts.plain import NOBODY, render

log = logging.getLogger(__name__)

MACHINES = ("/_", "/api/", "/assets/", "/metrics", "/vendor/")
"""Beginnings of addresses that no person opens: they are told 401 and not led to the sign-in."""

RETRY_S = 20
FORM = "application/x-www-form-urlencoded"
THEME_COOKIE = "cgm_theme"
"""Set by the browser (layouts/assets): "light" or "dark"."""


def wants_page() -> bool:
    """Return whether a person opens this address in a browser."""
    if request.method not in ("GET", "HEAD") or request.path.startswith(MACHINES):
        return False
    purpose = request.headers.get("Sec-Fetch-Dest")
    return purpose == "document" if purpose else "text/html" in request.headers.get("Accept", "")


def page(template: str, status: int = 200, *, title: str = "", **values: object) -> Response:
    """Return a plain page. values: what the template names, but for the token of its forms."""
    visitor = NOBODY
    theme = request.cookies.get(THEME_COOKIE, "")
    text = render(template, theme=theme, visitor=visitor, token=cross_site.form_token(), title=title, **values)
    return Response(text, status, mimetype="text/html")


def refused(words: str, status: int) -> Response:
    """Return why something is not answered: a page for a person, a sentence for anybody else."""
    if wants_page():
        return page("told.html", status, title=_("This cannot be opened"), words=words)
    return Response(f"{words}\n", status, mimetype="text/plain")


def away(error: StoreError) -> Response:
    """Return that it cannot be known who asks while the database cannot be worked with."""
    log.error("request answered=none reason=%s", error)
    if isinstance(error, StoreUnavailable):
        words = _("The database does not answer, so nobody can be let in. It will come back: try again in a minute.")
    else:
        words = _("The database cannot be worked with, so nobody can be let in. The server's log says why.")
    title = _("The database is away")
    person = wants_page() or request.mimetype == FORM
    answer = (
        page("told.html", 503, title=title, words=words)
        if person
        else Response(f"{words}\n", 503, mimetype="text/plain")
    )
    answer.headers["Retry-After"] = str(RETRY_S)
    return answer
