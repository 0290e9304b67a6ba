"""From the demo to one's own sensor, in a browser, with the simulator in LibreLinkUp's place."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ingestion.simulator import DEMO_EMAIL, DEMO_PASSWORD, SimulatorServer, World
from tests.browser.conftest import Browser
from tests.support.plain_client import PASSWORD
from tests.support.served import Served, serving

pytestmark = pytest.mark.browser

WRONG = "canary-wrong"


@pytest.fixture
def upstream() -> Iterator[SimulatorServer]:
    """The service behind the form. Its wearer has a name that nobody in the demo has."""
    world = World.build(seed=3, warmups=False)
    world.patients = [replace(patient, last_name="Realwearer") for patient in world.patients]
    with SimulatorServer(world) as server:
        yield server


@pytest.fixture
def demo(tmp_path: Path, upstream: SimulatorServer) -> Iterator[Served]:
    with serving(tmp_path, LLU_URL=upstream.url, POLL_SECONDS="1") as served:
        yield served.ready()


def fill(browser: Browser, email: str, password: str) -> None:
    browser.find("#connect-email").clear()
    browser.find("#connect-email").send_keys(email)
    browser.find("#connect-password").send_keys(password)


def test_wrong_password_is_told_above_the_form_and_is_nowhere_afterwards(demo: Served, browser: Browser) -> None:
    browser.driver.get(demo.url + "/data")
    browser.wait(lambda: browser.js("return !!document.querySelector('#connect-form')"))
    browser.size(390, 844)
    browser.wait(
        lambda: browser.js("return document.querySelector('#connect-password').getAttribute('aria-describedby')")
    )
    fill(browser, DEMO_EMAIL, WRONG)
    browser.find("#connect-show").click()
    assert browser.find("#connect-password").get_attribute("type") == "text"
    browser.find("#connect-show").click()
    assert browser.find("#connect-password").get_attribute("type") == "password"
    browser.find("#connect-password").send_keys("\n")
    browser.wait(lambda: "refused this e-mail and password" in browser.text("#connect-message"), 25)
    browser.wait(lambda: browser.js("return document.activeElement.id") == "connect-message")
    assert browser.find("#connect-password").get_attribute("aria-invalid") == "true"
    assert browser.find("#connect-email").get_attribute("aria-invalid") == "false"
    assert browser.find("#connect-password").get_attribute("value") == ""
    assert browser.find("#connect-email").get_attribute("value") == DEMO_EMAIL
    assert not browser.find("#connect-progress").is_displayed()
    assert browser.find("#connect-submit").is_enabled()
    assert browser.js("return document.documentElement.scrollWidth") <= 390
    held = "return document.documentElement.outerHTML + JSON.stringify(localStorage) + location.href + document.cookie"
    assert WRONG not in browser.js(held)
    assert WRONG not in demo.log()
    assert browser.complaints() == []


def test_right_account_ends_the_demo_by_itself(demo: Served, browser: Browser) -> None:
    browser.open(demo.url + "/")
    browser.find("#connect summary.btn").click()
    fill(browser, DEMO_EMAIL, DEMO_PASSWORD)
    browser.find("#connect-submit").click()
    browser.wait(lambda: "Realwearer" in browser.text("#connect-message"), 25)
    assert DEMO_PASSWORD not in browser.js("return document.documentElement.outerHTML")
    # The data are real now, and nobody has a sign-in yet: the server has printed what makes the owner's account.
    browser.wait(lambda: browser.driver.current_url.endswith("/setup"), 30)
    secret = re.findall(r"\b(?:[A-Z0-9]{5}-){3}[A-Z0-9]{5}\b", demo.log())[-1]
    for name, value in {"secret": secret, "name": "Olga", "password": PASSWORD, "again": PASSWORD}.items():
        browser.find(f"[name={name}]").send_keys(value)
    browser.find(".form button").click()
    browser.wait(lambda: "Realwearer" in browser.text("#person-name"), 30)
    assert not browser.js("return !!document.querySelector('.demo-badge, #connect-form')")
    browser.driver.get(demo.url + "/data")
    browser.wait(lambda: "Connected account" in browser.text("#page"))
    assert DEMO_EMAIL not in browser.text("#page")
    assert "…@" in browser.text("#page")
    assert [said for said in browser.complaints() if " 401 " not in said] == []  # nobody had signed in yet
