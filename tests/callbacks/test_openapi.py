"""Programs are answered as /api/openapi.json says, whatever they ask: schemathesis makes up the questions."""

from typing import Any

import pytest
import schemathesis
from dash import Dash
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app import Composition, create_app
from callbacks.server.openapi import document
from callbacks.services import Services
from cgm_dash.access import Scope
from tests.callbacks.conftest import NOW, Add
from tests.support.signed_in import user_of

AS_TOLD: list[CheckFunction] = [content_type_conformance, response_schema_conformance, status_code_conformance]


@pytest.mark.parametrize("path", document()["paths"])
@pytest.mark.parametrize("signed_in", [True, False])
def test_every_answer_is_one_that_the_document_tells(
    services: Services, made: Composition, add_person: Add, path: str, signed_in: bool
) -> None:
    add_person()
    made.lock.try_take()
    user_of(services.store)
    scopes = {Scope.METRICS if path == "/metrics" else Scope.READ}
    _token, secret = services.store.tokens.create("x", scopes, NOW, days=1, person_id=None, created_by="Olga")
    headers = {"Authorization": f"Bearer {secret if signed_in else 'cgm_none'}"}
    schema = schemathesis.openapi.from_dict(document())
    schema.app = create_app(services).server
    operation = schema[path]["GET"]

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(case=operation.as_strategy())
    def ask(case: "schemathesis.Case[Any]") -> None:
        answer = case.call(headers=headers)
        case.validate_response(answer, checks=[not_a_server_error, *AS_TOLD] if answer.status_code < 500 else AS_TOLD)
        assert answer.status_code in ((200, 400, 404) if signed_in or path in ("/healthz", "/readyz") else (401,))

    ask()


def test_the_document_is_told_to_who_may_ask(dash_app: Dash, services: Services) -> None:
    answer = dash_app.server.test_client().get("/api/openapi.json")
    assert answer.json["paths"].keys() == document()["paths"].keys()
    assert create_app(services).server.test_client(use_cookies=False).get("/api/openapi.json").status_code == 401
