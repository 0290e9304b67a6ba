"""Whatever is sent to a callback or asked of an address, the answer is no defect and tells nothing of the inside."""

import itertools
import json
import logging
from typing import Any

import pytest
from dash import Dash
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.callbacks.conftest import Add

PATH = "/_dash-update-component"

PLAUSIBLE: list[Any] = [
    *(None, True, False, 0, 1, -1, 2.5, "", "1", "2", "3.9", "70", 70, 180, [], {}, ["days"], [0, 600], [[1, 2], [3]]),
    *("/", "/trends", "/days", "/report", "/data", "/settings", "/status"),
    *("?person=1", "?person=1&range=90d", "?range=2026-11-01..2026-11-14", "?day=2026-11-07&range=30d", "?person=99"),
    *("mg/dL", "mmol/L", "14d", "90d", "dates", "2026-11-01", "0000-00-00", "9999-12-31", "de", "dark", "time", "a4"),
    *("Europe/Berlin", "Mars/Base", "f@example.org", "x" * 99, '["1", 40, 400, "a", "b", "c"]'),
    *({"theme": "dark", "phone": True}, {"x": [1e9, 2e9], "key": "1|12h|None"}, {"xaxis.range[0]": "x"}),
    {"points": [{"x": 1, "y": 2, "customdata": 3}]},
]
"""Values as the browser sends them, whatever they belong to."""

NUMBERS = st.sampled_from([2**31, -(2**63), 10**300, 1e308, -1e308, float("nan"), float("inf"), 5e-324, 10**4000])
TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["\x00", "\ud800", "'; DROP TABLE people;--", "<img src=x onerror=y>", "{{7*7}}", "../etc/passwd"]),
    st.sampled_from(["9" * 5000, "?" + "&".join(["person=1"] * 900), "?range=" + "1" * 9000, "٣", "1²", "?person=٣"]),
)
LEAVES = st.one_of(st.sampled_from(PLAUSIBLE), NUMBERS, TEXTS, st.integers(), st.floats())
VALUES = st.recursive(LEAVES, lambda inside: st.lists(inside, max_size=4) | st.dictionaries(TEXTS, inside, max_size=4))

WHOLE = VALUES.filter(lambda value: "\\ud800" not in json.dumps(value))
"""Without half characters, which are refused before a callback is asked."""

QUERIES = [value for value in PLAUSIBLE if isinstance(value, str) and value.startswith("?")]
PATHS = [value for value in PLAUSIBLE if isinstance(value, str) and value.startswith("/")]
PARTS = ("output", "outputs", "inputs", "state", "changedPropIds", "parsedChangedPropsIds", "background", "cancelJob")

Spec = dict[str, Any]


def value_of(entry: Spec, page: str, odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return values for one input of a callback of *page*: mostly such as it has, some *odd* ones."""
    usual = st.sampled_from(PLAUSIBLE)
    if entry["property"] == "pathname" or entry["id"] == "shown":
        usual = st.just(page)
    elif entry["property"] == "search":
        usual = st.sampled_from(QUERIES)
    elif entry["property"] == "n_clicks":
        usual = st.integers(1, 3)
    return st.one_of(usual, usual, usual, st.sampled_from(PLAUSIBLE), odd)


@st.composite
def requests(draw: st.DrawFn, callbacks: list[Spec], odd: st.SearchStrategy[Any] = WHOLE) -> Spec:
    """Draw a request to one of the callbacks, right in its form, with any values."""
    spec = draw(st.sampled_from(callbacks))
    ids = [o.rsplit(".", 1) for o in spec["output"].strip(".").split("...")]
    outputs = [{"id": i, "property": p} for i, p in ids]
    page = next((path for path in PATHS if path != "/" and path[1:] in spec["output"]), "/")
    inputs, state = ([{**e, "value": draw(value_of(e, page, odd))} for e in spec[part]] for part in ("inputs", "state"))
    names = [f"{e['id']}.{e['property']}" for e in inputs]
    return {
        "output": spec["output"],
        "outputs": outputs if spec["output"].startswith("..") else outputs[0],
        "inputs": inputs,
        "state": state,
        "changedPropIds": draw(st.lists(st.sampled_from(names), max_size=2)),
    }


@st.composite
def malformed(draw: st.DrawFn, callbacks: list[Spec]) -> Spec:
    """Draw a request with a part that is another, or missing."""
    asked = draw(requests(callbacks, VALUES))
    part = draw(st.sampled_from(PARTS))
    if draw(st.booleans()):
        return {**asked, part: draw(VALUES)}
    return {name: value for name, value in asked.items() if name != part}


def defects(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged as a failure of the program's own."""
    told = [r for r in caplog.records if r.exc_info or r.levelno >= logging.ERROR]
    return [
        str((r.exc_info and r.exc_info[1]) or r.getMessage()) for r in told if "never-started" not in r.getMessage()
    ]


def callbacks_of(app: Dash) -> list[Spec]:
    listed: list[Spec] = app.server.test_client().get("/_dash-dependencies").json
    return [spec for spec in listed if not spec.get("clientside_function")]


@pytest.mark.parametrize(("drawn", "n"), [(requests, 150), (malformed, 60)], ids=["values", "form"])
def test_junk_in_place_of_a_callback_request_is_no_defect(
    dash_app: Dash, add_person: Add, caplog: pytest.LogCaptureFixture, drawn: Any, n: int
) -> None:
    add_person()
    add_person("Jonas", minutes=3)
    client = dash_app.server.test_client()

    @settings(max_examples=n, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(drawn(callbacks_of(dash_app)))
    def send(asked: Spec) -> None:
        caplog.clear()
        answer = client.post(PATH, data=json.dumps(asked), content_type="application/json")
        said = answer.get_data(as_text=True)
        assert answer.status_code < 500, said[:300]
        assert "Traceback" not in said
        assert defects(caplog) == []

    send()


@pytest.mark.parametrize("n", [400, 2_000, 100_000])
def test_endless_nesting_is_refused(dash_app: Dash, n: int) -> None:
    body = b'{"output": ' + b"[" * n + b"]" * n + b"}"
    answer = dash_app.server.test_client().post(PATH, data=body, content_type="application/json")
    assert answer.status_code == 400


INSIDE = ("Traceback", "site-packages", "werkzeug", 'File "', "root:", "[project]", "SECRET", "evil")
WHERE = (
    *("/assets/../app.py", "/assets/%2e%2e/app.py", "/assets/..%2fapp.py", "/assets/..%5c..%5capp.py", "/assets/%00"),
    *("/assets/....//app.py", "/assets//etc/passwd", "/assets/%252e%252e/app.py", "/offline/../app.py", "/offline/%00"),
    *("/offline/..%2f..%2fapp.py", "/vendor/../app.py", "/vendor/%00", "/_dash-component-suites/", "/%00", "/%ff%fe"),
    *("/_dash-component-suites/evil<b>/x.js", "/_dash-component-suites/dash/..%2f..%2fflask/app.py", "/\\evil.example"),
    *("/_dash-component-suites/dash/%00.js", "/_dash-component-suites/os/x.js", "/_dash-component-suites/dash/dcc/"),
    *("//evil.example/", "/%2f%2fevil.example", "/%5cevil.example", "/;/x", "/?", "/?%00", "/?a[]=1", "/trends/%2e%2e"),
    *("/_reload-hash", "/_favicon.ico", "/_dash-layout/", "/_alive_x", "/_dash-ws", "/api/now/", "/api/now?person=%00"),
    *("/api/now?person=%ff", "/api/now?person=" + "9" * 900, "/api/now?person=1&person=2", "/api/now?person=%D9%A3"),
    *("/report.pdf?range=9999-12-31..9999-12-31", "/report.pdf?at=99999999999", "/report.pdf?pages=" + "days," * 400),
    *(
        "/report.pdf?person=%D9%A3",
        "/report.pdf?range=0001-01-01..9999-12-31",
        "/report.pdf?unit=%00",
        "/" + "a/" * 900,
    ),
    *(
        "/trends/",
        "/Trends",
        "/trends;x",
        "/healthz/",
        "/favicon.ico",
        "/robots.txt",
        "/.git/config",
        "/.env",
        "/app.py",
    ),
)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND")


def test_an_odd_path_tells_nothing_and_breaks_nothing(
    dash_app: Dash, add_person: Add, caplog: pytest.LogCaptureFixture
) -> None:
    add_person()
    client = dash_app.server.test_client()
    for where in WHERE:
        with client.get(where) as answer:
            said = answer.get_data().decode("utf-8", "replace")
        assert answer.status_code < 500, where
        is_ours = "react-entry-point" in said or where == "/_dash-layout"
        assert [word for word in INSIDE if word in said and not is_ours] == [], where
        assert "//evil" not in answer.headers.get("Location", "").removeprefix("http://localhost/"), where
    assert defects(caplog) == []


def test_another_method_is_refused_and_breaks_nothing(dash_app: Dash, caplog: pytest.LogCaptureFixture) -> None:
    client = dash_app.server.test_client()
    paths = ["/", "/trends", "/api/now", "/healthz", "/report.pdf", "/_dash-layout", "/_dash-dependencies", PATH]
    others = ("/assets/cgm.css", "/_reload-hash", "/service-worker.js", "/manifest.webmanifest")
    for path, method in itertools.product((*paths, *others), METHODS):
        with client.open(path, method=method) as answer:
            assert answer.status_code < 500, (method, path)
            if method not in ("GET", "HEAD", "OPTIONS"):
                assert answer.status_code in (400, 401, 403, 404, 405, 415), (method, path)
    assert defects(caplog) == []


HOSTS = (
    *("evil.example", "localhost.evil.example", "localhost@evil.example", "[::1", "[]", ":80", "localhost:x", ".."),
    *("127.0.0.1\\.evil.example", "0x7f000001", "localhost:99999999", "a" * 300, "\xff"),
)


def test_an_odd_host_is_refused_and_breaks_nothing(dash_app: Dash, caplog: pytest.LogCaptureFixture) -> None:
    client = dash_app.server.test_client()
    for host in HOSTS:
        assert client.get("/healthz", headers={"Host": host}).status_code in (400, 421), host
    assert defects(caplog) == []


def test_a_body_too_large_is_refused_at_every_address(dash_app: Dash) -> None:
    client = dash_app.server.test_client()
    for rule in dash_app.server.url_map.iter_rules():
        if "POST" in (rule.methods or ()) and not rule.arguments:
            answer = client.post(rule.rule, data=b"x" * 2_000_001, content_type="application/json")
            assert answer.status_code in (401, 403, 413, 415), rule.rule
    assert client.post(PATH, data=b"x" * 2_000_001, content_type="application/json").status_code == 413
    assert client.post("/login", data={"name": "x" * 2_000_001}).status_code == 413


def test_a_failure_says_that_it_failed_and_no_more(
    dash_app: Dash, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("inner matters")

    monkeypatch.setattr("callbacks.server.api._now", broken)
    answer = dash_app.server.test_client().get("/api/now")
    assert answer.status_code == 500
    assert "inner" not in answer.get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "no-store"
    assert any("inner matters" in line for line in defects(caplog))
