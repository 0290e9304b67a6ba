"""The scripts of Dash and its components: from their packages, compressed once, kept by the browser.

Dash serves them; left alone each is compressed anew for everybody who comes, at a lower level (30 ms and 40 kB more for
a first visit), and those without a version in their address lose the tag they could be recognised by.
"""

import functools
import sys
import threading
from pathlib import Path

from dash.fingerprint import check_fingerprint
from flask import Flask, Response, request

from callbacks.server.files import YEAR_S, send
from layouts import vendor
from layouts.vendor import BundleFile

DASH_RULE = "_dash-component-suites/<string:package_name>/<path:fingerprinted_path>"
UNUSED = ("/dash_table/", "/polyfill@7")
"""The data table: its tables would not be usable by keyboard, and it costs every first visit 9 kB. What makes up for
browsers older than 2020: 30 kB, and they lack the style sheet's means too."""
PAUSE_S = 5.0
"""From a visit until its scripts are compressed: first the page gets the processor."""


def register(server: Flask, folder: Path = vendor.FOLDER, pause_s: float = PAUSE_S) -> None:
    """Have what Dash answers for a script sent from its compressed twin below *folder*, once there is one."""
    packer = Packer(pause_s)

    @server.after_request
    def replace(response: Response) -> Response:
        # Flask answers OPTIONS by itself, also for a file there is none of.
        is_file = request.method in ("GET", "HEAD") and str(request.url_rule).endswith(DASH_RULE)
        if response.status_code != 200 or not is_file:
            return response
        given = request.view_args or {}
        name, has_version = check_fingerprint(given["fingerprinted_path"])  # type: ignore[no-untyped-call]
        path = Path(str(sys.modules[given["package_name"]].__file__)).parent / name
        file = _suite(path, path.stat().st_mtime_ns, response.mimetype, folder)
        if not file.twin("br").exists():
            packer.want(file)
        # An address without a version may mean another file tomorrow: it is asked for again, and answered with 304.
        return send(file, f"public, max-age={YEAR_S}, immutable" if has_version else "no-cache")


def without_unused(scripts: str) -> str:
    """Return Dash's script tags, one a line, but for those of components that no page of ours has."""
    return "\n".join(line for line in scripts.split("\n") if not any(part in line for part in UNUSED))


class Packer:
    """Compresses files one after the other beside the requests, each once, some seconds after it was wanted."""

    def __init__(self, pause_s: float) -> None:
        self._pause_s = pause_s
        self._lock = threading.Lock()
        self._waiting: list[BundleFile] = []
        self._seen: set[BundleFile] = set()

    def want(self, file: BundleFile) -> None:
        """Have *file* compressed soon."""
        with self._lock:
            if file in self._seen:
                return
            self._seen.add(file)
            self._waiting.append(file)
            if len(self._waiting) > 1:
                return
        timer = threading.Timer(self._pause_s, self._pack)
        timer.daemon = True
        timer.start()

    def _pack(self) -> None:
        with self._lock:
            files, self._waiting = self._waiting, []
        vendor.compress_files(files)


@functools.lru_cache(maxsize=256)
def _suite(path: Path, _changed: int, mimetype: str, folder: Path) -> BundleFile:
    """Return the file; it is read once for its digest, and again when it has changed."""
    return BundleFile(path, "suite", path.name.partition(".")[0], mimetype, folder)
