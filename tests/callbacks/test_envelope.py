"""Junk in place of a callback request is refused without a traceback."""

import json
from typing import Any

import pytest
from dash import Dash

from tests.callbacks.conftest import Add, call

PATH = "/_dash-update-component"


def real(app: Dash) -> dict[str, Any]:
    """Return a request as the page sends it."""
    (spec,) = [c for c in app.server.test_client().get("/_dash-dependencies").json if "hero" in c["output"]]
    return {
        "output": spec["output"],
        "outputs": [
            dict(zip(("id", "property"), o.rsplit(".", 1), strict=True)) for o in spec["output"][2:-2].split("...")
        ],
        "inputs": [{**e, "value": None} for e in spec["inputs"]],
        "state": [{**e, "value": None} for e in spec["state"]],
        "changedPropIds": [],
    }


def post(app: Dash, body: bytes, content_type: str = "application/json") -> int:
    return int(app.server.test_client().post(PATH, data=body, content_type=content_type).status_code)


def test_the_pages_own_request_passes(dash_app: Dash, add_person: Add) -> None:
    add_person()
    assert post(dash_app, json.dumps(real(dash_app)).encode()) == 200
    assert call(dash_app, "heartbeat.children")["heartbeat"]


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"null",
        b"{}",
        b"5",
        b'"x"',
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"output": "nobody.children"}',
        b'{"output": []}',
    ],
)
def test_what_is_no_request_is_refused(dash_app: Dash, body: bytes) -> None:
    assert post(dash_app, body) == 400


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("inputs", 5),
        ("inputs", []),
        ("inputs", [1]),
        ("inputs", None),
        ("state", {}),
        ("state", [{"id": "other", "property": "data"}]),
        ("outputs", []),
        ("outputs", None),
        ("outputs", "x"),
        ("changedPropIds", 7),
        ("changedPropIds", [{}]),
    ],
)
def test_a_request_of_another_form_is_refused(dash_app: Dash, add_person: Add, part: str, value: object) -> None:
    add_person()
    assert post(dash_app, json.dumps({**real(dash_app), part: value}).encode()) == 400


@pytest.mark.parametrize("value", ["\ud800", ["\ud800"], {"\ud800": 1}])
def test_half_a_character_is_refused_wherever_it_stands(dash_app: Dash, add_person: Add, value: object) -> None:
    add_person()
    request = real(dash_app)
    whole = {**request, "inputs": [{**one, "value": "\U0001f600"} for one in request["inputs"]]}
    assert post(dash_app, json.dumps(whole).encode()) == 200
    for part in ("inputs", "state"):
        for i, one in enumerate(request[part]):
            junk = [*request[part][:i], {**one, "value": value}, *request[part][i + 1 :]]
            assert post(dash_app, json.dumps({**request, part: junk}).encode()) == 400


def test_only_json_is_taken(dash_app: Dash) -> None:
    assert post(dash_app, b"a=1", "application/x-www-form-urlencoded") == 415
