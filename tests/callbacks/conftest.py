"""What callback tests share: an app over a small store with known readings, and a call without a browser."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dash import Dash

import app as composition_root
from app import Composition, compose, create_app
from callbacks.services import Services
from cgm_dash.batch import Columns, Wearer
from cgm_dash.reading import Flag, Kind, Reading, Trend
from cgm_dash.settings import Settings
from sql.people import Person
from tests.support import ready
from tests.support.signed_in import let_in

NOW = 1_795_345_200
"""2026-11-22 12:00 in Berlin."""


class Clock:
    """A clock that only the test moves."""

    now = float(NOW)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def made(tmp_path: Path, clock: Clock) -> Iterator[Composition]:
    """A composition over an empty SQLite store with an account in the settings; nothing polls."""
    settings = Settings.from_env(
        {
            "CGM_DASH_DATA_DIR": str(tmp_path),
            "CGM_DASH_LLU_EMAIL": "f@example.org",
            "CGM_DASH_LLU_PASSWORD": "invented",
            "CGM_DASH_LLU_URL": "http://127.0.0.1:9",
        }
    )
    ready.sqlite(tmp_path / "cgm_dash.sqlite3")
    composition = compose(settings, clock, clock)
    composition.services.ready()
    yield composition
    composition.services.store.close()


@pytest.fixture
def services(made: Composition) -> Services:
    return made.services


@pytest.fixture
def dash_app(services: Services) -> Dash:
    """The app as an owner sees it who has signed in."""
    return let_in(create_app(services), services)


Add = Callable[..., Person]


@pytest.fixture
def add_person(services: Services) -> Add:
    """Return a function that stores a wearer with *minutes* of readings that end at *until*."""

    def add(name: str = "Mira", minutes: int = 720, until: int = NOW - 30, mg_dl: int = 120, **last: Any) -> Person:
        store = services.store
        row = store.sources.resolve(None, "librelinkup", Wearer(f"id-{name}", name, "DE", "mg/dL"))
        store.people.set_zone(row.person_id, "Europe/Berlin", confirmed=True)
        rows = [
            Reading(until - 60 * i, mg_dl + i % 7, Kind.LIVE, offset_min=60, trend=Trend.STEADY) for i in range(minutes)
        ]
        if rows and last:
            rows[0] = replace(rows[0], **last)
        store.readings.add(row.person_id, row.source_id, Columns.of(rows), arrived=NOW)
        person = store.people.get(row.person_id)
        assert person is not None
        return person

    return add


LOW = {"mg_dl": 62}
LO = {"mg_dl": 40, "flag": Flag.LO}


def call(app: Dash, output: str, **values: Any) -> Any:
    """Post to the callback whose outputs contain *output*, `id__property=value` each; return the answer's body."""
    (spec,) = [c for c in app.server.test_client().get("/_dash-dependencies").json if output in c["output"]]
    given = {name.replace("__", ".").replace("_", "-"): value for name, value in values.items()}

    def part(entry: dict[str, str]) -> dict[str, Any]:
        name = f"{entry['id']}.{entry['property']}"
        return {**entry, "value": given.get(name.replace("_", "-"))}

    ids = [o.rsplit(".", 1) for o in spec["output"].strip(".").split("...")]
    outputs = [{"id": i, "property": p} for i, p in ids]
    body = {
        "output": spec["output"],
        "outputs": outputs if spec["output"].startswith("..") else outputs[0],
        "inputs": [part(e) for e in spec["inputs"]],
        "state": [part(e) for e in spec["state"]],
        "changedPropIds": [],
    }
    answer = app.server.test_client().post(
        "/_dash-update-component", data=json.dumps(body), content_type="application/json"
    )
    if answer.status_code == 204:
        return {}
    assert answer.status_code == 200, answer.get_data(as_text=True)[:500]
    return opened({**answer.json["response"], **answer.json.get("sideUpdate", {})})


def opened(sent: Any) -> Any:
    """Return what came over the wire with the tree of each still part in its place, as the browser draws it."""
    if isinstance(sent, list):
        return [opened(each) for each in sent]
    if isinstance(sent, dict):
        return opened(sent["props"]["tree"]) if sent.get("type") == "Still" else {k: opened(v) for k, v in sent.items()}
    return sent


def texts(component: Any) -> str:
    """Return all text inside a component as it comes over the wire, blanks between pieces."""
    if isinstance(component, str | int | float):
        return str(component)
    if isinstance(component, list):
        return " ".join(filter(None, map(texts, component)))
    if isinstance(component, dict):
        return texts(_inside(component.get("props", {})))
    return ""


def find(component: Any, id_: str) -> dict[str, Any] | None:
    """Return the props of the element with *id_* inside a component as it comes over the wire."""
    if isinstance(component, list):
        return next((found for c in component if (found := find(c, id_)) is not None), None)
    if not isinstance(component, dict):
        return None
    props: dict[str, Any] = component.get("props", {})
    return props if props.get("id") == id_ else find(_inside(props), id_)


def ids_of(component: Any) -> set[str]:
    """Return the ids of all elements inside a component as it comes over the wire."""
    if isinstance(component, list):
        return set().union(*map(ids_of, component))
    if not isinstance(component, dict):
        return set()
    props: dict[str, Any] = component.get("props", {})
    return ({props["id"]} if "id" in props else set()) | ids_of(_inside(props))


def _inside(props: dict[str, Any]) -> Any:
    """Return what is in an element: its children, or a still part's tree."""
    return props.get("children", props.get("tree", ""))


def shown(component: Any, id_: str) -> dict[str, Any]:
    """Return the props of the element with *id_*, which must be there."""
    props = find(component, id_)
    assert props is not None, f"there is no {id_}"
    return props


__all__ = ["LO", "LOW", "NOW", "Add", "Clock", "call", "composition_root", "find", "opened", "shown", "texts"]
