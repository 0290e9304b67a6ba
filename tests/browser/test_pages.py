"""The frame in a browser: from page to page without a new document, and what goes along."""

import functools
import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from layouts.shell import FOREMOST, PAGES, page_name
from tests.browser.conftest import Browser, Home, at_home

pytestmark = pytest.mark.browser

PATHS = [path for _name, path in PAGES]
NAMES = {path: page_name(name) for name, path in PAGES}
FOCUSED = "const e = document.activeElement; return e.id || e.textContent.trim()"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Mira and Jonas, each with some days of readings up to now."""
    with at_home(tmp_path_factory.mktemp("pages") / "data") as made:
        made.person("Mira", minutes=4 * 1440)
        made.person("Jonas", minutes=4 * 1440, mg_dl=160)
        yield made


@pytest.fixture
def browser(kept_browser: Browser) -> Browser:
    kept_browser.size(1440, 900)
    kept_browser.log("browser")
    return kept_browser


def arrived(browser: Browser, path: str) -> None:
    """Wait until the page at *path* is the one shown, and not one that is on its way."""
    here = """
        const link = document.querySelector('#nav [aria-current]');
        const going = document.documentElement.dataset.going !== undefined;
        const shown = link ? new URL(link.href).pathname : null;
        return !going && shown === arguments[0] && location.pathname === arguments[0];
    """
    browser.wait(lambda: browser.js(here, path))


def opened(browser: Browser, url: str) -> None:
    browser.driver.get(url)
    arrived(browser, urlsplit(url).path)
    browser.wait(lambda: "person=" in browser.driver.current_url)


def go(browser: Browser, path: str) -> None:
    browser.find(f"#nav a[href='{path}']").click()
    arrived(browser, path)


def titled(browser: Browser, path: str) -> bool:
    """Return whether the document's title names the page; on the live page its value is enough."""
    return (NAMES[path] in browser.js("return document.title")) == (path != "/")


def asked(browser: Browser) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(browser.driver.current_url).query).items()}


def test_every_link_of_the_rail_leads_to_its_page_in_the_same_document(home: Home, browser: Browser) -> None:
    opened(browser, home.served.url + "/status")
    browser.js("window.notReloaded = true")
    for path in PATHS:
        go(browser, path)
        assert browser.text("h1") == NAMES[path]
        assert browser.js(FOCUSED) == "main"
        assert browser.js("return window.scrollY") == 0
        browser.wait(functools.partial(titled, browser, path))
        assert "Mira" in browser.js("return document.title")
        assert browser.js("return document.documentElement.dataset.live") == "fresh"
        assert browser.text(".rail [data-live-word]") == "Live"
        assert browser.text(".rail [data-live-age]") != ""
    assert browser.js("return window.notReloaded")
    assert browser.complaints() == []


def test_back_and_forward_lead_through_the_pages(home: Home, browser: Browser) -> None:
    opened(browser, home.served.url + "/")
    for path in ("/trends", "/settings", "/days"):
        go(browser, path)
    for path in ("/settings", "/trends", "/"):
        browser.driver.back()
        arrived(browser, path)
        assert browser.text("h1") == NAMES[path]
    browser.driver.forward()
    arrived(browser, "/trends")
    assert browser.text("h1") == NAMES["/trends"]


def test_person_and_days_go_along_and_hours_come_back_on_the_live_page(home: Home, browser: Browser) -> None:
    jonas = str(next(p.id for p in home.store.people.list() if p.name == "Jonas"))
    opened(browser, f"{home.served.url}/?person={jonas}&range=3h")
    go(browser, "/trends")
    assert asked(browser) == {"person": jonas}
    browser.choose("range-select", "30d")
    browser.wait(lambda: asked(browser).get("range") == "30d")
    go(browser, "/report")
    assert asked(browser) == {"person": jonas, "range": "30d"}
    browser.wait(lambda: browser.text("#topbar-name") == "Jonas")
    assert browser.js("return document.getElementById('person-select').selectedOptions[0].text") == "Jonas"
    browser.choose("range-select", "90d")
    browser.wait(lambda: asked(browser).get("range") == "90d")
    go(browser, "/trends")
    assert asked(browser) == {"person": jonas, "range": "90d"}
    opened(browser, f"{home.served.url}/?person={jonas}&range=3h")
    for path in ("/settings", "/trends", "/"):
        go(browser, path)
    assert asked(browser) == {"person": jonas, "range": "3h"}


def test_more_opens_goes_and_closes_by_keyboard_on_a_phone(home: Home, browser: Browser) -> None:
    browser.size(390, 844)
    opened(browser, home.served.url + "/trends")
    assert not browser.find(".rail").is_displayed()
    tabs = "return Array.from(document.querySelectorAll('#tabs > a')).map((e) => new URL(e.href).pathname)"
    assert browser.js(tabs) == PATHS[:FOREMOST]
    opened_now = "return document.querySelector('.more').open"

    def press(*keys: str) -> None:
        ActionChains(browser.driver).send_keys(*keys).perform()

    browser.js("document.querySelector('.more summary').focus()")
    press(Keys.ENTER)
    assert browser.js(opened_now)
    press(Keys.TAB)
    assert browser.js(FOCUSED) == NAMES[PATHS[FOREMOST]]
    press(Keys.ESCAPE)
    assert not browser.js(opened_now)
    assert browser.js(FOCUSED) == "More"
    press(Keys.ENTER, Keys.TAB, Keys.TAB, Keys.ENTER)
    arrived(browser, PATHS[FOREMOST + 1])
    assert not browser.js(opened_now)
    assert browser.js("return document.querySelector('.more summary').getAttribute('aria-current')") == "page"
    assert browser.js(FOCUSED) == "main"


def test_readings_that_stop_are_told_on_every_page(home: Home, browser: Browser) -> None:
    person = home.person("Kim", minutes=1440, newest_age_s=15 * 60 - 10)
    began = time.monotonic()
    opened(browser, f"{home.served.url}/settings?person={person}")
    live = "return document.documentElement.dataset.live"
    if time.monotonic() - began < 8:
        assert browser.js(live) == "late"
        assert browser.js("return document.getElementById('stale-banner')") is None
    for path in ("/settings", *(path for path in PATHS if path != "/settings")):
        if path != "/settings":
            go(browser, path)
        browser.wait(lambda: browser.js(live) == "stale", 20)
        banner = browser.wait(lambda: browser.text("#stale-banner"))
        assert "No reading for 15 minutes" in banner or "No reading for 16 minutes" in banner
        assert "Not current" in browser.js("return document.title")
