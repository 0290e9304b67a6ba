"""The scripts of Dash's components: compressed once, recognised by their tags, kept as long as their address allows."""

import gzip
import re
import subprocess
import sys
import time
from pathlib import Path

import brotli
import pytest
from dash import Dash, html
from flask import Flask
from werkzeug.test import Client

from callbacks.server import suites
from tests.support import ready
from tests.support.served import ROOT

SUITES = "/_dash-component-suites/"
UNVERSIONED = f"{SUITES}dash/dcc/async-graph.js"


@pytest.fixture
def browser(tmp_path: Path) -> Client:
    """A bare Dash app whose scripts are compressed at once, into a folder of the test's own."""
    return browser_of(tmp_path / "twins")


def browser_of(folder: Path) -> Client:
    server = Flask(__name__)
    server.config["COMPRESS_ALGORITHM"] = ["br", "gzip"]
    app = Dash(__name__, server=server, compress=True)  # type: ignore[arg-type]  # Dash says bool
    app.layout = html.Div()
    suites.register(app.server, folder, pause_s=0)
    client: Client = app.server.test_client()
    return client


def script_of(browser: Client, name: str) -> str:
    """Return the address by which the page asks for the script called *name*."""
    index = browser.get("/").get_data(as_text=True)
    (found,) = re.findall(rf'src="({SUITES}[^"]*/{name}\.[^"]*)"', index)
    return str(found)


@pytest.mark.parametrize(("coding", "undo"), [("br", brotli.decompress), ("gzip", gzip.decompress)])
def test_a_script_is_the_same_in_every_coding(browser: Client, tmp_path: Path, coding: str, undo: type) -> None:
    path = script_of(browser, "dash_html_components")
    plain = browser.get(path)
    assert "Content-Encoding" not in plain.headers
    first = browser.get(path, headers={"Accept-Encoding": coding})
    wait_for_twins(tmp_path / "twins")
    packed = browser.get(path, headers={"Accept-Encoding": coding})
    for answer in (first, packed):
        assert answer.headers["Content-Encoding"] == coding
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.mimetype == "text/javascript"
        assert undo(answer.data) == plain.data
    assert len(packed.data) <= len(first.data)
    assert len({plain.headers["ETag"], first.headers["ETag"], packed.headers["ETag"]}) == 3


def test_a_script_with_a_version_in_its_address_is_kept_for_ever(browser: Client) -> None:
    answer = browser.get(script_of(browser, "dash_renderer"))
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_a_script_without_one_is_asked_for_again_and_answered_without_a_body(browser: Client, tmp_path: Path) -> None:
    browser.get("/")  # only now does Dash know what it may serve
    for _ in ("while it is compressed for each", "once it is compressed"):
        answer = browser.get(UNVERSIONED, headers={"Accept-Encoding": "br"})
        assert answer.headers["Cache-Control"] == "no-cache"
        known = {"Accept-Encoding": "br", "If-None-Match": answer.headers["ETag"]}
        again = browser.get(UNVERSIONED, headers=known)
        assert (again.status_code, again.data) == (304, b"")
        wait_for_twins(tmp_path / "twins")


def test_what_dash_refuses_stays_refused(browser: Client) -> None:
    browser.get("/")
    for path in ("dash/dcc/../../../../../../etc/passwd", "dash/dash.py", "os/path.py"):
        answer = browser.get(SUITES + path)
        assert answer.status_code >= 400
        assert b"root:" not in answer.data


def test_a_folder_that_cannot_be_written_costs_only_bytes(tmp_path: Path) -> None:
    (tmp_path / "twins").write_text("a file where the folder should be")
    browser = browser_of(tmp_path / "twins")
    path = script_of(browser, "dash_html_components")
    for _ in range(2):
        assert browser.get(path, headers={"Accept-Encoding": "br"}).status_code == 200
        time.sleep(0.05)


def test_the_page_has_no_scripts_of_the_data_table(dash_app: Dash) -> None:
    index = dash_app.server.test_client().get("/").get_data(as_text=True)
    assert "dash_renderer" in index
    assert "dash_table/" not in index


def test_a_server_does_without_what_only_commands_need(tmp_path: Path) -> None:
    """Each of these costs every worker 10 to 60 MB for nothing; PostgreSQL's dialect a tenth of its start."""
    program = """
import sys, app
made = app.compose(app.Settings.from_env())
made.services.ready()
browser = app.create_app(made.services).server.test_client()
for path in ("/", "/_dash-layout", "/_dash-dependencies", "/readyz"):
    browser.get(path)
unused = {"pandas", "pyarrow", "scipy", "alembic", "IPython", "matplotlib", "sqlalchemy.dialects.postgresql"}
print(*sorted(unused & set(sys.modules)))
"""
    (tmp_path / "demo").mkdir()
    ready.sqlite(tmp_path / "demo" / "cgm_dash.sqlite3")  # a server that makes its database needs alembic once
    env = {"CGM_DASH_DATA_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=env, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "\n"


def test_a_question_for_the_methods_of_any_script_is_no_defect(browser: Client) -> None:
    for name in (f"{SUITES}dash/no-such.js", UNVERSIONED):
        answer = browser.open(name, method="OPTIONS")
        assert (answer.status_code, answer.data) == (200, b"")


def wait_for_twins(folder: Path, timeout_s: float = 20) -> None:
    """Wait until what was wanted is there in both codings."""
    deadline = time.monotonic() + timeout_s
    while not (list(folder.glob("*.br")) and list(folder.glob("*.gz"))):
        assert time.monotonic() < deadline
        time.sleep(0.02)
