"""The addresses that make the page installable and tell, without a network, that nothing is current."""

import functools
from mimetypes import guess_type

import orjson
from flask import Flask, Response, abort, request

from layouts import offline

MANIFEST = "/manifest.webmanifest"
WORKER = "/service-worker.js"
PAGE = "/offline/"


def register(server: Flask) -> None:
    """Register the manifest, the service worker, the offline page and its files. None of them tells of anybody."""

    def manifest() -> Response:
        return _checked(orjson.dumps(offline.manifest()), "application/manifest+json")

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


def _checked(content: bytes, mimetype: str) -> Response:
    """Return an answer that a browser may keep but asks for every time, 304 where it has it."""
    response = Response(content, mimetype=mimetype)
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response
