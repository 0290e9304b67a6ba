"""/metrics: what a watching program is told, to whom, and what it is never told."""

import re

import pytest
from dash import Dash
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from app import Composition, create_app
from callbacks.server.metrics import group_of
from callbacks.services import Services
from cgm_dash.access import Scope
from cgm_dash.errors import StoreUnavailable
from sql.runs import Run
from tests.callbacks.conftest import NOW, Add, Clock
from tests.support.signed_in import user_of

Told = dict[tuple[str, str], float]


@pytest.fixture
def program(services: Services) -> FlaskClient:
    """A program with a token for /metrics alone."""
    user_of(services.store)
    _token, secret = services.store.tokens.create(
        "prometheus", {Scope.METRICS}, NOW, days=30, person_id=None, created_by="Olga"
    )
    app = create_app(services)
    made: FlaskClient = app.server.test_client()
    made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    return made


def told(program: FlaskClient) -> Told:
    """Return each figure by its name and the label that is not the worker's."""
    answer = program.get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    samples = [s for family in text_string_to_metric_families(answer.text) for s in family.samples]
    return {
        (s.name, " ".join(v for k, v in sorted(s.labels.items()) if k not in ("worker", "le"))): s.value
        for s in samples
    }


def test_age_rows_and_polls_are_told_of_everyone_by_number(
    program: FlaskClient, services: Services, add_person: Add
) -> None:
    mira, jonas = add_person("Mira", minutes=720), add_person("Jonas", minutes=10, until=NOW - 3600)
    for i, outcome in enumerate(("ok", "ok", "network")):
        services.store.runs.record(Run(upstream_id=None, started=NOW - 60 * i, outcome=outcome))
    found = told(program)
    assert found["cgm_newest_reading_age_seconds", str(mira.id)] == 30
    assert found["cgm_newest_reading_age_seconds", str(jonas.id)] == 3600
    assert found["cgm_readings_total", str(mira.id)] == 720
    assert (found["cgm_polls_last_hour", "ok"], found["cgm_polls_last_hour", "network"]) == (2, 1)
    assert found["cgm_last_poll_age_seconds", ""] == 0
    assert (found["cgm_database_up", ""], found["cgm_ingestion_led", ""]) == (1, 0)


def test_no_glucose_no_name_and_no_address_of_the_account_is_told(program: FlaskClient, add_person: Add) -> None:
    add_person("Mira", mg_dl=317)
    text = program.get("/metrics").text
    assert not re.search(r"\b3(17|18|19|2[0-3])\b", text)
    assert "Mira" not in text
    assert "example.org" not in text


def test_a_token_of_one_person_tells_of_that_person_alone(services: Services, add_person: Add) -> None:
    mira, jonas = add_person("Mira", minutes=30), add_person("Jonas", minutes=30)
    user_of(services.store)
    _token, secret = services.store.tokens.create(
        "prometheus", {Scope.METRICS}, NOW, days=30, person_id=jonas.id, created_by="Olga"
    )
    made: FlaskClient = create_app(services).server.test_client()
    made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    found = told(made)
    for name in ("cgm_newest_reading_age_seconds", "cgm_readings_total"):
        assert (name, str(jonas.id)) in found
        assert (name, str(mira.id)) not in found


def test_requests_are_counted_in_groups_whatever_strangers_ask_for(program: FlaskClient) -> None:
    for path in ("/trends", "/nope/1", "/nope/2", "/assets/cgm.css", "/api/now"):
        program.get(path).close()
    found = told(program)
    assert {label.split()[0] for name, label in found if name == "cgm_requests_total"} <= {
        "page",
        "file",
        "api",
        "metrics",
    }
    assert sum(v for (name, _l), v in found.items() if name == "cgm_requests_total") == 5


@pytest.mark.parametrize(
    ("path", "group"),
    [("/", "page"), ("/login", "page"), ("/_dash-layout", "layout"), ("/report.pdf", "report"), ("/../x", "page")],
)
def test_each_address_has_its_group(path: str, group: str) -> None:
    assert group_of(path) == group


def test_a_database_that_is_away_is_told_with_what_is_known_without_it(
    program: FlaskClient, made: Composition, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_self: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(type(made.services.store), "ping", away)
    found = told(program)
    assert (found["cgm_database_up", ""], found["cgm_spool_waiting", ""]) == (0, 0)
    assert ("cgm_ingestion_led", "") not in found


def test_it_is_for_the_tokens_made_for_it_and_for_owners(
    program: FlaskClient, dash_app: Dash, services: Services, clock: Clock
) -> None:
    assert dash_app.server.test_client().get("/metrics").status_code == 200  # the owner
    stranger = create_app(services).server.test_client(use_cookies=False)
    assert stranger.get("/metrics").status_code == 401
    _token, reads = services.store.tokens.create("app", {Scope.READ}, NOW, days=1, person_id=None, created_by="Olga")
    assert stranger.get("/metrics", headers={"Authorization": f"Bearer {reads}"}).status_code == 403
    clock.now = NOW + 31 * 86_400
    assert program.get("/metrics").status_code == 401
