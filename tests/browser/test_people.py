"""Whose number is it: the Back button, several tabs, links to nobody; and a page that has lost its server."""

import time

import pytest

from tests.browser.conftest import Browser, Home

pytestmark = pytest.mark.browser

SWITCH = """
    const select = document.getElementById('person-select');
    Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, 'value').set.call(select, arguments[0]);
    select.dispatchEvent(new Event('change', { bubbles: true }));
"""


def named(browser: Browser) -> tuple[str, str, str]:
    """Return the value shown, the person chosen, and whose time the page says it shows."""
    chosen = browser.js("const s = document.getElementById('person-select'); return s.options[s.selectedIndex].text")
    return (
        browser.text("#current-value"),
        str(chosen),
        browser.text("#zone-note").split("'")[0].removeprefix("Times are "),
    )


def test_the_back_button_takes_name_and_number_back_together(home: Home, browser: Browser) -> None:
    home.person("Mira", mg_dl=120)
    jonas = home.person("Jonas", mg_dl=200)
    browser.open(home.served.url)
    assert named(browser) == ("120", "Mira", "Mira")
    browser.wait(lambda: "person=" in browser.driver.current_url)
    browser.js(SWITCH, str(jonas))
    browser.wait(lambda: named(browser) == ("200", "Jonas", "Jonas"))
    browser.driver.back()
    browser.wait(lambda: named(browser) == ("120", "Mira", "Mira"))
    browser.choose("range-select", "24h")
    time.sleep(1)
    assert named(browser) == ("120", "Mira", "Mira")
    browser.driver.back()
    browser.driver.forward()
    browser.wait(lambda: named(browser) == ("120", "Mira", "Mira"))


def test_tabs_opened_at_once_each_show_their_own_person(home: Home, browser: Browser) -> None:
    people = {
        home.person("Mira", mg_dl=120): ("120", "Mira", "Mira"),
        home.person("Jonas", mg_dl=200): ("200", "Jonas", "Jonas"),
    }
    order = [*people, *people]
    browser.driver.get(home.served.url + "/healthz")
    for person in order:
        browser.js("window.open(arguments[0])", f"{home.served.url}/?person={person}")
    tabs = browser.driver.window_handles[1:]
    assert len(tabs) == len(order)
    seen = []
    for tab in tabs:
        browser.driver.switch_to.window(tab)
        browser.wait(lambda: browser.js("return !!document.querySelector('#glucose-graph .main-svg')"))
        seen.append(browser.driver.current_url.partition("person=")[2].partition("&")[0])
        assert named(browser) == people[int(seen[-1])]
    assert sorted(seen) == sorted(map(str, order))


def test_the_first_paint_is_the_asked_persons(home: Home, browser: Browser) -> None:
    home.person("Mira", mg_dl=120)
    jonas = home.person("Jonas", mg_dl=200)
    # Every value the page ever shows is noted, from before the first paint on.
    browser.cdp(
        "Page.addScriptToEvaluateOnNewDocument",
        source="window.shown = []; new MutationObserver(() => { const e = document.getElementById('current-value');"
        " if (e) window.shown.push(e.textContent); }).observe(document, { childList: true, subtree: true });",
    )
    browser.open(f"{home.served.url}/?person={jonas}&range=3h")
    assert set(browser.js("return window.shown")) == {"200"}


def test_looking_at_a_page_that_lost_its_server_does_not_bring_its_number_back(home: Home, browser: Browser) -> None:
    home.person("Mira")
    browser.open(home.served.url)
    home.served.stop()
    browser.hurry()
    state = "return document.getElementById('current-age').dataset.state"
    browser.wait(lambda: browser.js(state) == "offline", 45)
    for event in ("focus", "pageshow", "online"):
        browser.js("window.dispatchEvent(new Event(arguments[0]))", event)
        browser.js("document.dispatchEvent(new Event('visibilitychange'))")
        assert browser.js(state) == "offline"
        assert "120" not in browser.js("return document.title")
