"""Third-party files for the browser, from the installed packages, compressed beforehand; assets that may be cached."""

from flask import Flask, Response, request

from layouts import vendor
from layouts.vendor import BundleFile

YEAR_S = 31_536_000

PLOTLY_PATH = "/_dash-component-suites/plotly/package_data/plotly.min.js"
"""Dash asks for plotly.js here; a fixed rule goes before Dash's own pattern."""

BOOTSTRAP_PATH = "/vendor/bootstrap.min.css"
CALLBACKS_PATH = "/_dash-dependencies"


def register(server: Flask) -> None:
    """Register the routes of plotly.js and of Bootstrap's stylesheet."""

    def plotly() -> Response:
        # Its address tells no version: kept for ever, an upgrade would never reach the browser.
        return send(vendor.plotly_bundle(), "no-cache")

    def bootstrap() -> Response:
        return send(vendor.bootstrap_css(), f"public, max-age={YEAR_S}, immutable")

    server.add_url_rule(PLOTLY_PATH, "vendor_plotly", plotly)
    server.add_url_rule(BOOTSTRAP_PATH, "vendor_bootstrap", bootstrap)

    @server.after_request
    def recognise(response: Response) -> Response:
        # Which callbacks there are is the same for everybody until the program changes, and nothing of a person's.
        if request.path == CALLBACKS_PATH and response.status_code == 200:
            response.headers["Cache-Control"] = "no-cache"
            response.add_etag()
            response.make_conditional(request)
        return response


def bootstrap_address() -> str:
    """Return the stylesheet's address, which changes with its version and so may be cached for ever."""
    return f"{BOOTSTRAP_PATH}?v={vendor.bootstrap_css().version}"


def plotly_address() -> str:
    """Return the address the page preloads; it must be the one Dash's own script tag uses."""
    return PLOTLY_PATH


def send(file: BundleFile, cache_control: str) -> Response:
    """Return the smallest representation the browser takes, or 304 where it has it."""
    accepted = {name for name in ("br", "gzip") if request.accept_encodings[name] > 0}
    variant = file.variant(accepted)
    response = Response(variant.path.read_bytes(), mimetype=file.mimetype)
    response.headers["ETag"] = variant.etag
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = cache_control
    if variant.encoding:
        response.headers["Content-Encoding"] = variant.encoding
    response.make_conditional(request)
    return response
