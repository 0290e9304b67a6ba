"""The Flask side: health, the small API, files for the browser, headers and host names."""

import pytest
from dash import Dash

from app import Composition
from callbacks.services import Services
from cgm_dash.errors import StoreUnavailable
from tests.callbacks.conftest import LO, NOW, Add, Clock


def test_healthz_says_ok_and_nothing_else(dash_app: Dash) -> None:
    answer = dash_app.server.test_client().get("/healthz")
    assert (answer.status_code, answer.data) == (200, b"ok")


def test_text_of_every_sort_says_that_it_is_utf_8(dash_app: Dash) -> None:
    browser = dash_app.server.test_client()
    for path in (
        "/",
        "/healthz",
        "/report.pdf?paper=a3",
        "/account",
        "/offline/",
        "/service-worker.js",
        "/assets/cgm.css",
    ):
        with browser.get(path) as answer:
            assert answer.headers["Content-Type"].endswith("; charset=utf-8"), path
    for path in ("/api/now", "/_dash-layout", "/api/openapi.json"):
        assert browser.get(path).mimetype == "application/json", path  # RFC 8259: that is UTF-8


def test_readyz_names_what_is_missing_in_one_word(
    dash_app: Dash, made: Composition, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = dash_app.server.test_client()
    answer = browser.get("/readyz")
    assert (answer.status_code, answer.data) == (503, b"ingestion")
    made.lock.try_take()
    assert browser.get("/readyz").status_code == 200

    def away(_self: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(type(made.services.store), "ping", away)
    answer = browser.get("/readyz")
    assert (answer.status_code, answer.data) == (503, b"database")


def test_api_now_tells_a_fresh_value(dash_app: Dash, add_person: Add) -> None:
    add_person()
    document = dash_app.server.test_client().get("/api/now").json
    assert document == {
        "state": "fresh",
        "mg_dl": 120,
        "flag": None,
        "unit": "mg/dL",
        "trend": "steady",
        "measured_at": "2026-11-22T11:59:30+01:00",
        "age_s": 30,
        "person": "Mira",
    }


def test_api_now_never_tells_a_stale_value(dash_app: Dash, add_person: Add, clock: Clock) -> None:
    add_person(**LO)
    browser = dash_app.server.test_client()
    assert (browser.get("/api/now").json["mg_dl"], browser.get("/api/now").json["flag"]) == (40, "LO")
    clock.now = NOW + 15 * 60
    document = browser.get("/api/now").json
    assert (document["state"], document["mg_dl"], document["trend"], document["flag"]) == ("stale", None, None, None)
    clock.now = NOW + 3 * 86_400  # the session is over by then
    assert dash_app.server.test_client().get("/api/now").json["state"] == "stale"


def test_api_now_has_a_person_or_says_so(dash_app: Dash, add_person: Add) -> None:
    browser = dash_app.server.test_client()
    assert browser.get("/api/now").json["state"] == "none"
    jonas = add_person("Jonas")
    assert browser.get(f"/api/now?person={jonas.id}").json["person"] == "Jonas"
    assert browser.get("/api/now?person=77").status_code == 404


def test_plotly_and_bootstrap_come_from_here_compressed_and_cacheable(dash_app: Dash) -> None:
    browser = dash_app.server.test_client()
    index = browser.get("/").get_data(as_text=True)
    assert "https://" not in index
    assert "http://" not in index
    for path, kind, kept in (
        ("/_dash-component-suites/plotly/package_data/plotly.min.js", "text/javascript", "no-cache"),
        ("/vendor/bootstrap.min.css", "text/css", "public, max-age=31536000, immutable"),
    ):
        assert path in index
        answer = browser.get(path, headers={"Accept-Encoding": "br, gzip"})
        assert answer.status_code == 200
        assert answer.mimetype == kind
        assert answer.headers["Cache-Control"] == kept
        again = browser.get(path, headers={"Accept-Encoding": "br, gzip", "If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8050", 200),
        ("localhost", 200),
        ("[::1]:8050", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example:8050", 421),
    ],
)
def test_only_known_host_names_are_answered(dash_app: Dash, host: str, status: int) -> None:
    assert dash_app.server.test_client().get("/healthz", headers={"Host": host}).status_code == status


def test_private_answers_are_not_kept_by_caches(dash_app: Dash, add_person: Add) -> None:
    add_person()
    browser = dash_app.server.test_client()
    for path in ("/_dash-layout", "/api/now", "/healthz"):
        assert browser.get(path).headers["Cache-Control"] == "no-store"
        assert browser.get(path).headers["X-Content-Type-Options"] == "nosniff"


def test_a_huge_body_is_refused(dash_app: Dash, services: Services) -> None:
    answer = dash_app.server.test_client().post(
        "/_dash-update-component", data=b"x" * 2_000_001, content_type="application/json"
    )
    assert answer.status_code == 413


def test_the_list_of_callbacks_is_sent_once_and_recognised_afterwards(dash_app: Dash) -> None:
    browser = dash_app.server.test_client()
    for accepted in ("br, gzip", ""):
        asked = {"Accept-Encoding": accepted}
        answer = browser.get("/_dash-dependencies", headers=asked)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")
        again = browser.get("/_dash-dependencies", headers={**asked, "If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
