"""What makes the page installable: addresses, their types, and a worker that changes with what it keeps."""

import json
import re
import struct

import pytest
from dash import Dash

from layouts import offline
from layouts.shell import ASSETS, ASSETS_IGNORE


def test_the_manifest_names_icons_that_are_there_in_their_size(dash_app: Dash) -> None:
    browser = dash_app.server.test_client()
    answer = browser.get("/manifest.webmanifest")
    assert answer.mimetype == "application/manifest+json"
    assert answer.headers["Cache-Control"] == "public, max-age=86400"
    manifest = json.loads(answer.data)
    assert (manifest["start_url"], manifest["display"]) == ("/", "standalone")
    assert len(manifest["icons"]) == 4
    for icon in manifest["icons"]:
        with browser.get(icon["src"]) as picture:
            assert (picture.status_code, picture.mimetype) == (200, icon["type"])
            content = picture.data
        if icon["type"] == "image/png":
            width, height = struct.unpack(">II", content[16:24])
            assert f"{width}x{height}" == icon["sizes"]


def test_the_worker_may_rule_the_whole_site_and_is_asked_for_anew_each_time(dash_app: Dash) -> None:
    browser = dash_app.server.test_client()
    answer = browser.get("/service-worker.js")
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cache-Control"] == "no-cache"
    again = browser.get("/service-worker.js", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_the_worker_keeps_what_is_served_and_changes_with_it(dash_app: Dash, monkeypatch: pytest.MonkeyPatch) -> None:
    before = offline.worker()
    assert offline.VERSION not in before
    (names,) = re.findall(r"const FILES = \[(.*?)\]", before)
    kept = re.findall(r'"(.*?)"', names)
    assert kept == ["", *offline.FILES]
    browser = dash_app.server.test_client()
    assert [browser.get(f"/offline/{name}").status_code for name in kept] == [200] * len(kept)
    assert browser.get("/offline/clock.js").status_code == 404
    monkeypatch.setitem(offline.FILES, "page.js", "clock.js")
    assert offline.worker() != before


def test_the_offline_page_has_no_inline_script_or_style_and_every_language() -> None:
    document = offline.document()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", document)
    assert "Nothing here is current." in document
    assert "Nichts hier ist aktuell." in document


def test_no_page_loads_what_belongs_to_the_offline_page() -> None:
    kept_out = [file.name for file in ASSETS.iterdir() if re.search(ASSETS_IGNORE, file.name)]
    assert sorted(kept_out) == ["offline-page.css", "offline-page.js", "plain.css", "service-worker.js", "theme.js"]
