"""What every answer says to a browser: the policy, and what goes with it."""

import re
import sys

import pytest
from dash import Dash

from tests.callbacks.conftest import Add

PATHS = (
    "/",
    "/trends",
    "/nope",
    "/offline/",
    "/healthz",
    "/api/now",
    "/_dash-layout",
    "/_dash-dependencies",
    "/report.pdf?person=x",
    "/assets/cgm.css",
    "/assets/none.css",
    "/vendor/bootstrap.min.css",
    "/manifest.webmanifest",
    "/service-worker.js",
)


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_has_the_headers_that_keep_strangers_out(dash_app: Dash, path: str) -> None:
    with dash_app.server.test_client().get(path) as answer:
        headers = answer.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    policy = headers["Content-Security-Policy"]
    for rule in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert rule in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    assert "Strict-Transport-Security" not in headers
    assert "Access-Control-Allow-Origin" not in headers
    assert not re.search(r"[0-9]\.[0-9]", headers.get("Server", ""))


@pytest.mark.parametrize(
    "request_", [{"path": "/", "headers": {"Host": "evil.example"}}, {"path": "/", "method": "TRACE"}]
)
def test_refusals_have_them_too(dash_app: Dash, request_: dict[str, object]) -> None:
    answer = dash_app.server.test_client().open(**request_)
    assert answer.status_code >= 400
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_document_names_each_inline_script_it_may_run_and_has_no_other(dash_app: Dash, add_person: Add) -> None:
    add_person()
    answer = dash_app.server.test_client().get("/")
    policy = answer.headers["Content-Security-Policy"]
    scripts = re.search(r"script-src ([^;]*)", policy)
    assert scripts is not None
    assert set(re.findall(r"'[^']*'", scripts[1])) == {"'self'", *dash_app.csp_hashes()}
    document = answer.get_data(as_text=True)
    assert not re.search(r"<[^>]* style=", document)
    assert not re.search(r"<[^>]* on[a-z]+=", document)
    assert "<style" not in document
    assert "camera=()" in answer.headers["Permissions-Policy"]


def test_https_is_kept_to_once_it_was_used(dash_app: Dash) -> None:
    answer = dash_app.server.test_client().get("/healthz", base_url="https://localhost")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_what_tells_of_somebody_is_kept_by_no_cache(dash_app: Dash, add_person: Add) -> None:
    add_person()
    browser = dash_app.server.test_client()
    for path in ("/_dash-layout", "/api/now", "/report.pdf", "/nope"):
        assert browser.get(path).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("coding", ["br", "identity"])
def test_a_document_is_kept_by_the_browser_with_its_policy_and_asked_for_again(
    dash_app: Dash, add_person: Add, coding: str
) -> None:
    add_person(mg_dl=321)
    browser = dash_app.server.test_client()
    first = browser.get("/trends", headers={"Accept-Encoding": coding})
    assert (first.headers["Cache-Control"], first.headers["ETag"][:3]) == ("private, no-cache", 'W/"')
    assert "321" not in browser.get("/trends").text
    assert sys.version.split()[0] not in browser.get("/trends").text
    kept = {"If-None-Match": first.headers["ETag"], "Accept-Encoding": coding}
    again = browser.get("/trends", headers=kept)
    assert (again.status_code, again.data) == (304, b"")
    assert "Content-Security-Policy" not in again.headers  # another one would take the kept one's place
    assert browser.get("/trends", headers={**kept, "Accept-Language": "de"}).status_code == 200
    assert browser.get("/nope", headers=kept).headers["Cache-Control"] == "no-store"
