"""What the frame holds to when answers are late, lost or cannot be given."""

import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from cgm_dash.batch import SensorSeen
from tests.browser.conftest import Browser, Home
from tests.browser.test_people import SWITCH

pytestmark = pytest.mark.browser

LIVE = "return document.documentElement.dataset.live"
SEEN = (
    "const e = document.querySelector(arguments[0]); return Boolean(e) && getComputedStyle(e).visibility === 'visible'"
)


def latency(browser: Browser, milliseconds: int) -> None:
    browser.cdp("Network.enable")
    given = {"offline": False, "downloadThroughput": -1, "uploadThroughput": -1}
    browser.cdp("Network.emulateNetworkConditions", latency=milliseconds, **given)


def link(browser: Browser, path: str) -> None:
    browser.js("document.querySelector(`#nav a[href='${arguments[0]}']`).click()", path)


@contextmanager
def database_away(home: Home) -> Iterator[None]:
    """Take away a table that every page asks for."""
    with closing(sqlite3.connect(home.served.folder / "cgm_dash.sqlite3", timeout=10)) as connection:
        connection.execute("ALTER TABLE people RENAME TO people_away")
        try:
            yield
        finally:
            connection.execute("ALTER TABLE people_away RENAME TO people")


def test_no_value_stands_below_another_person_s_name_while_the_server_is_slow(home: Home, browser: Browser) -> None:
    home.person("Mira", mg_dl=120)
    jonas = home.person("Jonas", mg_dl=200)
    browser.open(home.served.url)
    browser.wait(lambda: "person=" in browser.driver.current_url)
    latency(browser, 700)
    for back in (False, True):
        if back:
            browser.driver.back()
        else:
            browser.js(SWITCH, str(jonas))
        assert not browser.js(SEEN, "#current-value")
        assert not browser.js(SEEN, ".rail .livebox")
        browser.wait(lambda: browser.js(SEEN, "#current-value"))
        name = browser.js("return document.getElementById('person-select').selectedOptions[0].text")
        value = browser.text("#current-value")
        assert (browser.text("#topbar-name"), name, value) in (("Jonas", "Jonas", "200"), ("Mira", "Mira", "120"))
    assert browser.text("#current-value") == "120"


def test_a_server_slower_than_the_timer_is_heard_all_the_same(home: Home, browser: Browser) -> None:
    home.person("Mira")
    browser.open(home.served.url)
    latency(browser, 4500)
    first = browser.text("#heartbeat")
    browser.wait(lambda: browser.text("#heartbeat") not in ("", first), 29)
    assert browser.js(LIVE) == "fresh"


def test_an_answer_that_slept_is_no_sign_of_life(home: Home, browser: Browser) -> None:
    home.person("Mira")
    browser.open(home.served.url)
    browser.wait(lambda: browser.js(LIVE) == "fresh")
    os.killpg(home.served.process.pid, signal.SIGSTOP)
    # An hour passes at once, as in a computer that sleeps; then comes an answer from before.
    browser.js(
        "const real = Date.now; Date.now = () => real() + 3600000;"
        "const beat = document.getElementById('heartbeat');"
        "beat.textContent = (parseFloat(beat.textContent) + 3).toFixed(3);"
    )
    browser.wait(lambda: browser.js(LIVE) != "fresh", 3)
    assert "60 min" in browser.text("#current-age") or "1 h" in browser.text("#current-age")


def test_a_page_whose_request_was_lost_comes_once_the_server_answers(home: Home, browser: Browser) -> None:
    home.person("Mira")
    browser.open(home.served.url)
    browser.wait(lambda: "person=" in browser.driver.current_url)
    browser.js("window.stillHere = true")
    browser.cdp("Network.enable")
    browser.cdp("Network.setBlockedURLs", urls=["*_dash-update-component*"])
    link(browser, "/trends")
    browser.wait(lambda: browser.js("return document.documentElement.dataset.slow !== undefined"))
    time.sleep(1)
    browser.cdp("Network.setBlockedURLs", urls=[])
    browser.wait(lambda: browser.text("h1") == "Trends" and not browser.js("return window.stillHere"), 25)
    assert browser.js("return document.documentElement.dataset.going === undefined")


def test_a_page_that_found_no_database_comes_once_it_is_back(home: Home, browser: Browser) -> None:
    home.person("Mira")
    browser.open(home.served.url)
    browser.wait(lambda: "person=" in browser.driver.current_url)
    with database_away(home):
        link(browser, "/trends")
        browser.wait(lambda: browser.text("#page .failed"))
        browser.wait(lambda: browser.text("#problem"))
        assert browser.text("h1") == "Trends"
    browser.wait(lambda: browser.text("#trends-tiles"), 25)
    assert browser.text("#problem") == ""


def test_a_sensor_that_warms_up_is_told_as_that_on_every_page(home: Home, browser: Browser) -> None:
    person = home.person("Mira", newest_age_s=25 * 60)
    (source,) = home.store.sources.of_person(person)
    sensor = SensorSeen("x", "Libre 3", int(time.time()) - 600, 60, 14)
    home.store.sensors.record(person, source.source_id, [sensor], time.time())
    browser.open(home.served.url)
    for path in ("/", "/status"):
        if path != "/":
            link(browser, path)
            browser.wait(lambda: browser.text("h1") == "Status")
        browser.wait(lambda: browser.text(".rail [data-live-word]") == "Warming up")
        browser.wait(lambda: browser.js("return document.title").startswith("No data alarm · Warming up"))
        assert browser.js("return document.getElementById('stale-banner')") is None


def test_a_zoom_left_behind_does_no_harm(home: Home, browser: Browser) -> None:
    home.person("Mira")
    browser.open(home.served.url)
    browser.log("browser")
    browser.js(
        "const graph = document.querySelector('#glucose-graph .js-plotly-plot');"
        "Plotly.relayout(graph, { 'xaxis.range': [arguments[0], arguments[1]] });"
        "document.querySelector(`#nav a[href='/settings']`).click();",
        time.time() - 7200,
        time.time() - 3600,
    )
    browser.wait(lambda: browser.text("h1") == "Settings")
    time.sleep(0.5)
    assert browser.complaints() == []
