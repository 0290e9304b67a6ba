"""Installed, and without its server: what the browser keeps, and what it says when a page cannot be had."""

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.conftest import Browser, Home, at_home, chromium
from tests.support.served import serving

pytestmark = pytest.mark.browser

ACTIVE = """
    const done = arguments[arguments.length - 1];
    navigator.serviceWorker.ready.then((r) => r.active.state === 'activated' ? done(r.active.scriptURL) : done(null));
"""
KEPT = """
    const done = arguments[arguments.length - 1];
    const paths = (requests) => requests.map((request) => new URL(request.url).pathname);
    const held = (name) => caches.open(name).then((cache) => cache.keys()).then((kept) => [name, paths(kept)]);
    caches.keys().then((names) => Promise.all(names.map(held))).then(done);
"""
AGED = """
    const kept = JSON.parse(localStorage.getItem('cgm-last'));
    kept.measured -= arguments[0];
    localStorage.setItem('cgm-last', JSON.stringify(kept));
"""


def ask(browser: Browser, script: str) -> Any:
    """Run a script that calls back."""
    return browser.driver.execute_async_script(script)


def settled(browser: Browser, home: Home) -> None:
    """Open the live page and wait until its worker is installed and the reading's time is kept."""
    browser.open(home.served.url)
    browser.wait(lambda: ask(browser, ACTIVE))
    browser.wait(lambda: browser.js("return localStorage.getItem('cgm-last')"))


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, Browser]]:
    """A server and a browser that has been there and has installed what it may. The server stays."""
    with at_home(tmp_path_factory.mktemp("offline") / "data") as home, chromium() as browser:
        home.person("Mira", mg_dl=187)
        settled(browser, home)
        yield home, browser


def test_nothing_of_anybody_is_kept_but_the_time_of_the_last_reading(visited: tuple[Home, Browser]) -> None:
    _home, browser = visited
    ((name, kept),) = ask(browser, KEPT)
    assert re.fullmatch(r"offline-[0-9a-f]{16}", name)
    assert sorted(kept) == [f"/offline/{file}" for file in ("", "cgm.css", "page.css", "page.js", "theme.js")]
    last = json.loads(browser.js("return localStorage.getItem('cgm-last')"))
    assert set(last) == {"measured", "clock", "person", "demo", "ahead"}
    assert "187" not in json.dumps(browser.js("return Object.assign({}, localStorage)"))
    assert browser.complaints() == []


def test_a_browser_can_install_it(visited: tuple[Home, Browser]) -> None:
    _home, browser = visited
    assert browser.cdp("Page.getInstallabilityErrors")["installabilityErrors"] == []
    found = browser.cdp("Page.getAppManifest")
    assert found["errors"] == []
    assert json.loads(found["data"])["display"] == "standalone"


def test_only_documents_pass_through_the_worker_and_each_comes_from_the_server(visited: tuple[Home, Browser]) -> None:
    home, browser = visited
    browser.log("performance")
    browser.open(home.served.url)
    time.sleep(1)
    answers = [json.loads(entry["message"])["message"] for entry in browser.log("performance")]
    received = [a["params"]["response"] for a in answers if a["method"] == "Network.responseReceived"]
    assert {r["url"].removeprefix(home.served.url) for r in received if r.get("fromServiceWorker")} <= {"/"}
    assert [r["status"] for r in received if r["url"] == f"{home.served.url}/"] == [200]


def test_the_offline_page_speaks_the_viewers_language(visited: tuple[Home, Browser]) -> None:
    home, browser = visited
    browser.js("document.cookie = 'cgm_lang=de; Path=/'; localStorage.removeItem('cgm-last')")
    browser.driver.get(f"{home.served.url}/offline/")
    assert browser.js("return document.documentElement.lang") == "de"
    assert browser.text("#last") == "Auf diesem Gerät wurde noch kein Messwert gesehen."
    assert browser.text("#again") == "Erneut versuchen"


def test_without_its_server_a_page_says_how_old_the_last_reading_is_and_leads_back(
    home: Home, browser: Browser
) -> None:
    home.person("Mira", mg_dl=187)
    settled(browser, home)
    clock = browser.js("return JSON.parse(localStorage.getItem('cgm-last')).clock")
    home.served.stop()
    browser.js(AGED, 27 * 60 - 10)
    address = f"{home.served.url}/trends?range=14d"
    browser.driver.get(address)
    browser.wait(lambda: browser.text("#last"))
    told = re.fullmatch(
        rf"The last reading of Mira on this device was at {re.escape(clock)}, (\d+) minutes ago\.",
        browser.text("#last"),
    )
    assert told is not None
    assert 27 <= int(told[1]) <= 28
    assert browser.text("#nothing") == "Nothing here is current."
    assert browser.js("return document.title") == "Offline · CGM Data Insights"
    assert "187" not in browser.js("return document.documentElement.outerHTML")
    # its own style and script came with it, though nobody serves them
    assert browser.js("return getComputedStyle(document.querySelector('.offline-card')).borderTopLeftRadius") == "16px"
    # the age counts on, and a clock that was set back makes it unknown
    browser.js(AGED, 60)
    browser.wait(lambda: f"{int(told[1]) + 1} minutes ago" in browser.text("#last"))
    browser.js(AGED, -7200)
    browser.wait(lambda: "age is unknown" in browser.text("#last"))
    with serving(home.served.folder, DEMO="0", PORT=str(home.served.port)) as again:
        again.port = home.served.port
        again.ready("/healthz")
        browser.find("#again").click()
        browser.wait(lambda: browser.text("#topbar-name") == "Mira")
        assert browser.driver.current_url.startswith(address)
