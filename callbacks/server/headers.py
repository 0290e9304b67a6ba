"""What is said with every answer, so that a browser lets no stranger's script, frame or address into a page."""

from collections.abc import Callable, Sequence

from dash import Dash
from flask import Flask, Request, Response, request

from callbacks.server.offline import WORKER
from callbacks.server.style_hashes import STYLE_HASHES

YEAR_S = 31_536_000

RULES = (
    ("default-src", "'self'"),
    ("script-src", "'self'"),
    ("style-src", "'self'"),
    ("img-src", "'self' data: blob:"),
    ("object-src", "'none'"),
    ("base-uri", "'none'"),
    ("form-action", "'self'"),
    ("frame-ancestors", "'none'"),
)
"""The policy of documents, without the hashes. Images: plotly draws some as data, the print as blobs."""

ELSEWHERE = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The policy of all that is no document. It is short: a page asks every few seconds, and each answer carries it."""

UNUSED = (
    "accelerometer",
    "camera",
    "display-capture",
    "encrypted-media",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "publickey-credentials-create",
    "publickey-credentials-get",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
"""Abilities of a browser that no page here has any use for."""

PERMISSIONS = ", ".join(f"{name}=()" for name in UNUSED)


def register(app: Dash, is_https: Callable[[Request], bool] = lambda asked: asked.is_secure) -> None:
    """Have every answer carry its headers. Goes after all callbacks: their inline scripts are part of the policy.

    is_https: whether the browser asked by https, maybe through a proxy.
    """
    policy = policy_of(app.csp_hashes())
    server: Flask = app.server

    @server.after_request
    def add_headers(response: Response) -> Response:
        headers = response.headers
        headers["X-Content-Type-Options"] = "nosniff"
        # With none at all, browsers would say "null" for where a form stands (Fetch, "append a request Origin header"),
        # which over plain http is all there is to know a page of ours by. Other sites are told nothing either way.
        headers["Referrer-Policy"] = "same-origin"
        headers["X-Frame-Options"] = "DENY"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        is_document = response.mimetype == "text/html" or request.path == WORKER
        if response.status_code != 304:  # what the browser has kept has its policy
            headers["Content-Security-Policy"] = policy if is_document else ELSEWHERE
            if is_document:
                headers["Permissions-Policy"] = PERMISSIONS
        if is_https(request):
            headers["Strict-Transport-Security"] = f"max-age={YEAR_S}"
        if "Cache-Control" not in headers:
            headers["Cache-Control"] = "no-store"
        return response


def policy_of(scripts: Sequence[str]) -> str:
    """Return the policy of documents. scripts: hashes of the inline scripts that run, in quotes."""
    more = {"script-src": tuple(scripts), "style-src": STYLE_HASHES}
    return "; ".join(" ".join((name, sources, *more.get(name, ()))) for name, sources in RULES)
