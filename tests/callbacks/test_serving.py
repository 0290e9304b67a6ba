"""How a process is served: who may ask a demo, and a word when nothing in it polls."""

from dataclasses import replace

import pytest
from dash import Dash

from app import Composition, create_app, start_ingestion
from callbacks.services import Services

ELSEWHERE = "192.0.2.7"
LOCAL = ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "")
"""The last is a Unix socket's client, which has no address."""


def demo_of(services: Services, forced: bool | None = None, proxies: tuple[str, ...] = ()) -> Dash:
    settings = replace(services.settings, llu_email=None, llu_password=None, demo=forced, trusted_proxies=proxies)
    return create_app(replace(services, settings=settings, demo=True))


@pytest.mark.parametrize("path", ["/", "/_dash-layout", "/api/now", "/healthz", "/assets/cgm.css", "/login"])
def test_a_demo_that_is_not_forced_is_shown_to_this_machine_alone(services: Services, path: str) -> None:
    browser = demo_of(services).server.test_client()
    for address in (ELSEWHERE, "10.0.0.1", "fe80::1", "::ffff:192.0.2.7"):
        answer = browser.get(path, environ_base={"REMOTE_ADDR": address})
        assert (answer.status_code, answer.mimetype) == (403, "text/plain")
        assert "set CGM_DASH_DEMO=1" in answer.text
    for address in LOCAL:
        with browser.get(path, environ_base={"REMOTE_ADDR": address}) as answer:
            assert answer.status_code != 403


def test_a_forced_demo_is_shown_to_everybody(services: Services) -> None:
    browser = demo_of(services, forced=True).server.test_client()
    assert browser.get("/", environ_base={"REMOTE_ADDR": ELSEWHERE}).status_code == 200


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Host", "Via"])
@pytest.mark.parametrize("address", LOCAL)
def test_a_proxy_nobody_trusts_opens_no_demo_to_strangers(services: Services, header: str, address: str) -> None:
    browser = demo_of(services).server.test_client()
    answer = browser.get("/", headers={header: "127.0.0.1"}, environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == 403
    assert "CGM_DASH_TRUSTED_PROXIES" in answer.text


def test_a_trusted_proxy_tells_from_where_a_demo_is_asked(services: Services) -> None:
    browser = demo_of(services, proxies=("127.0.0.0/8",)).server.test_client()
    for told, status in ((ELSEWHERE, 403), (f"127.0.0.1, {ELSEWHERE}", 403), ("127.0.0.1", 200), ("junk", 200)):
        assert browser.get("/", headers={"X-Forwarded-For": told}).status_code == status, told


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
