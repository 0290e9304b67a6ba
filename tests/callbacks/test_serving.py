"""How a process is served: who may ask it, and a word when nothing in it polls."""

from dataclasses import replace

import pytest
from dash import Dash

from app import Composition, create_app, start_ingestion
from callbacks.services import Services

ELSEWHERE = "192.0.2.7"


@pytest.mark.parametrize("path", ["/", "/_dash-layout", "/api/now", "/healthz", "/assets/cgm.css"])
def test_an_account_is_shown_to_this_machine_alone(dash_app: Dash, path: str) -> None:
    browser = dash_app.server.test_client()
    for address in (ELSEWHERE, "10.0.0.1", "fe80::1", "::ffff:192.0.2.7"):
        answer = browser.get(path, environ_base={"REMOTE_ADDR": address})
        assert (answer.status_code, answer.mimetype) == (403, "text/plain")
        assert "without a sign-in; use 127.0.0.1 and a tunnel" in answer.text
    for address in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", ""):  # a Unix socket's client has none
        with browser.get(path, environ_base={"REMOTE_ADDR": address}) as answer:
            assert answer.status_code != 403


def test_a_header_makes_nobody_local(dash_app: Dash) -> None:
    headers = {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1", "Forwarded": "for=127.0.0.1"}
    answer = dash_app.server.test_client().get("/", environ_base={"REMOTE_ADDR": ELSEWHERE}, headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize(("demo", "status"), [(True, 200), (None, 403), (False, 403)])
def test_a_demo_is_shown_to_the_network_only_on_demand(services: Services, demo: bool | None, status: int) -> None:
    settings = replace(services.settings, llu_email=None, llu_password=None, demo=demo)
    browser = create_app(replace(services, settings=settings, demo=demo is not False)).server.test_client()
    answer = browser.get("/healthz", environ_base={"REMOTE_ADDR": ELSEWHERE})
    assert answer.status_code == status
    assert status == 200 or "set CGM_DASH_DEMO=1" in answer.text


def test_a_process_that_never_polls_says_so_once(dash_app: Dash, caplog: pytest.LogCaptureFixture) -> None:
    browser = dash_app.server.test_client()
    browser.get("/healthz")
    browser.get("/healthz")
    (said,) = [record for record in caplog.records if "ingestion=never-started" in record.message]
    assert said.levelname == "ERROR"
    assert "gunicorn -c gunicorn.conf.py app:server" in said.message


def test_a_process_that_polls_says_nothing(made: Composition, dash_app: Dash, caplog: pytest.LogCaptureFixture) -> None:
    started = start_ingestion(made)
    assert started is not None
    dash_app.server.test_client().get("/healthz")
    started.stop()
    assert "never-started" not in caplog.text


def test_where_there_is_nothing_to_poll_nothing_is_missed(services: Services, caplog: pytest.LogCaptureFixture) -> None:
    settings = replace(services.settings, llu_email=None, llu_password=None, demo=False)
    create_app(replace(services, settings=settings)).server.test_client().get("/healthz")
    assert "never-started" not in caplog.text
