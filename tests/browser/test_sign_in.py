"""Signing in and out in a browser, and what a running page does when its session is over."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import Browser, Home, at_home, chromium
from tests.support.plain_client import PASSWORD
from tests.support.signed_in import OWNER

pytestmark = pytest.mark.browser

LAN = "cgm.test"
"""A name that is not this machine's own: over plain http browsers tell its server less."""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """Mira's readings, and an owner with a password."""
    with at_home(tmp_path / "data", ALLOWED_HOSTS=LAN) as made:
        made.person("Mira")
        olga = made.store.users.by_name(OWNER)
        assert olga is not None
        made.store.users.set_password(olga.id, PASSWORD)
        yield made


KEPT = "return window.localStorage.getItem('cgm-last')"
"""What the offline page would tell of."""


def signs_in(browser: Browser) -> None:
    browser.wait(lambda: browser.js("return !!document.querySelector('form[action=\"/login\"]')"))
    browser.find("[name=name]").send_keys(OWNER)
    browser.follow(lambda: browser.find("[name=password]").send_keys(PASSWORD + "\n"))


def test_a_page_whose_session_ends_leads_to_the_sign_in_and_back(home: Home, browser: Browser) -> None:
    browser.get_as_stranger(f"{home.served.url}/trends?range=30d")
    signs_in(browser)
    browser.wait(lambda: "range=30d" in browser.driver.current_url and browser.text("#person-name") == "Mira")
    assert browser.driver.current_url.startswith(f"{home.served.url}/trends?")
    assert browser.complaints() == []
    olga = home.store.users.by_name(OWNER)
    assert olga is not None
    began = time.monotonic()
    home.store.sessions.end_all_of(olga.id)
    browser.wait(lambda: "/login?next=" in browser.driver.current_url)
    assert time.monotonic() - began < 10
    assert "Mira" not in browser.js("return document.documentElement.outerHTML")
    signs_in(browser)
    browser.wait(lambda: browser.text("#person-name") == "Mira")
    assert "/trends?" in browser.driver.current_url
    assert "range=30d" in browser.driver.current_url


def opens(home: Home, browser: Browser, page: str) -> int:
    """Open a new shared link of Mira's page *page* and return its id."""
    (mira,) = home.store.people.list()
    share, secret = home.store.shares.create("Dr", mira.id, {page}, time.time(), hours=1, pin=None, created_by=OWNER)
    browser.get_as_stranger(f"{home.served.url}/share/{secret}")
    browser.follow(browser.find("form .primary").click)
    browser.wait(lambda: browser.text("#person-name") == "Mira")
    return share.id


def test_a_shared_report_tells_of_no_newest_reading_and_does_not_call_it_missing(home: Home, browser: Browser) -> None:
    opens(home, browser, "report")
    browser.wait(lambda: browser.js("return document.documentElement.dataset.live") == "none")
    assert browser.driver.title == "Report · Mira"
    assert "/favicon.svg" in browser.js("return document.getElementById('favicon').getAttribute('href')")
    assert not browser.js("return document.querySelectorAll('.livebox, .banner').length")


def test_a_shared_link_that_ends_says_so_and_leaves_nothing_behind(home: Home, browser: Browser) -> None:
    share = opens(home, browser, "now")
    browser.wait(lambda: "Mira" in (browser.js(KEPT) or ""))
    home.store.shares.revoke(share)
    browser.wait(lambda: "no longer open" in browser.text("h1"))
    assert not browser.js("return document.querySelectorAll('form').length")
    assert "Mira" not in browser.js("return document.documentElement.outerHTML")
    assert browser.js(KEPT) is None


@pytest.mark.parametrize("width", [1440, 390])
def test_the_head_says_who_has_signed_in_and_lets_them_out(home: Home, browser: Browser, width: int) -> None:
    browser.size(width, 844)
    browser.get_as_stranger(home.served.url + "/")
    signs_in(browser)
    browser.wait(lambda: browser.js("return !!document.querySelector('details.account')"))
    browser.wait(lambda: browser.js("return !!document.querySelector('#glucose-graph .main-svg')"))
    browser.js("document.querySelector('details.account').scrollIntoView({block: 'center', behavior: 'instant'})")
    browser.js("document.querySelector('details.account summary').click()")
    assert f"Signed in as {OWNER}" in browser.text(".account-sheet")
    box = browser.js(
        "const b = document.querySelector('.account-sheet').getBoundingClientRect(); return [b.left, b.right]"
    )
    assert box[0] >= 0
    assert box[1] <= width
    links = browser.js(
        "return Array.from(document.querySelectorAll('.account-sheet a')).map(a => a.getAttribute('href'))"
    )
    assert links == ["/account", "/access", "/audit"]
    browser.js("document.querySelector('.account-sheet button').click()")
    browser.wait(lambda: browser.driver.current_url.endswith("/login"))
    assert home.store.sessions.of_user(1, time.time()) == () or browser.driver.get_cookie("cgm_session") is None
    browser.driver.back()
    browser.wait(lambda: "/login" in browser.driver.current_url)
    assert "Mira" not in browser.js("return document.documentElement.outerHTML")


def test_plain_http_away_from_this_machine_lets_people_in_and_out(home: Home) -> None:
    with chromium(f"--host-resolver-rules=MAP {LAN} 127.0.0.1") as browser:
        browser.driver.get(f"http://{LAN}:{home.served.port}/")
        assert not browser.js("return window.isSecureContext")
        signs_in(browser)
        browser.wait(lambda: browser.text("#person-name") == "Mira")
        browser.wait(lambda: browser.js("return !!document.querySelector('details.account')"))
        browser.wait(lambda: browser.js("return window.cgm.ahead !== undefined"))
        assert browser.js(KEPT) is None  # there is no offline page here, and no sign-out would clear it
        browser.find("details.account summary").click()
        browser.find(".account-sheet button").click()
        browser.wait(lambda: browser.driver.current_url.endswith("/login"))
