"""The addresses that make the page installable and tell, without a network, that nothing is current."""

import functools
from mimetypes import guess_type

import orjson
from flask import Flask, Response, abort, request

from layouts import offline

MANIFEST = "/manifest.webmanifest"
DAY_S = 86_400
WORKER = "/service-worker.js"
PAGE = "/offline/"


def register(server: Flask) -> None:
    """Register the manifest, the service worker, the offline page and its files. None of them tells of anybody."""

    def manifest() -> Response:
        # Every page names it: asked for at each visit it would be one request more. It only names the icons.
        return _checked(orjson.dumps(offline.manifest()), "application/manifest+json", f"public, max-age={DAY_S}")

    def worker() -> Response:
        return _checked(_worker(), "text/javascript")

    def page() -> Response:
        return _checked(offline.document().encode(), "text/html")

    def file(name: str) -> Response:
        if name not in offline.FILES:
            abort(404)
        return _checked(offline.file(name), guess_type(name)[0] or "application/octet-stream")

    server.add_url_rule(MANIFEST, "manifest", manifest)
    server.add_url_rule(WORKER, "service_worker", worker)
    server.add_url_rule(PAGE, "offline", page)
    server.add_url_rule(f"{PAGE}<name>", "offline_file", file)


@functools.cache
def _worker() -> bytes:
    """Return the worker; every browser asks for it again and again, and it changes only with the program."""
    return offline.worker().encode()


def _checked(content: bytes, mimetype: str, kept: str = "no-cache") -> Response:
    """Return an answer that a browser may keep and asks for again, as *kept* says how often; 304 where it has it."""
    response = Response(content, mimetype=mimetype)
    response.headers["Cache-Control"] = kept
    response.add_etag()
    response.make_conditional(request)
    return response
