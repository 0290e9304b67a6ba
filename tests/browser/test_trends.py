"""Trends as a person uses it: from the rail to a typical day, other ranges and weekdays, and a day of the year."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.conftest import Browser, Home, instants

pytestmark = pytest.mark.browser

BERLIN = ZoneInfo("Europe/Berlin")
DRAWN = "return document.querySelectorAll('.plotbox .main-svg').length >= 11"
MEDIAN = """
    const graph = document.querySelector('#trends-profile .js-plotly-plot');
    const line = graph && graph._fullData.find(t => t.name === 'median' || t.name === 'median-few');
    return line ? Array.from(line.y).map(v => Math.round(v)).join(' ') : '';
"""
POINT = """
    const box = document.querySelector('.plotbox.tall');
    const graph = box.querySelector('.js-plotly-plot');
    const place = graph.getBoundingClientRect();
    const x = place.left + graph._fullLayout._size.l + graph._fullLayout.xaxis.d2p(arguments[0]);
    graph.dispatchEvent(new PointerEvent('pointermove',
        { clientX: x, clientY: place.top + 100, pointerType: 'mouse', bubbles: true }));
"""
FOCUS = "const a = document.activeElement; return a.getAttribute('aria-label') || a.id || a.tagName"


@pytest.fixture
def mira(home: Home) -> int:
    """Sixty days of a reading each quarter of an hour, a little lower each day; weekends run 60 mg/dL higher."""
    ts = instants(60 * 96, 900)
    weekend = np.array([datetime.fromtimestamp(t, BERLIN).weekday() >= 5 for t in ts.tolist()])
    return home.history(900, 110 + (ts // 900 % 30) + 60 * weekend + (ts[-1] - ts) // 86_400)


def opened(browser: Browser, home: Home, query: str = "") -> Browser:
    """Open the page and wait until every chart is drawn."""
    browser.driver.get(f"{home.served.url}/trends{query}")
    browser.wait(lambda: browser.js(DRAWN))
    return browser


def press(browser: Browser, *keys: str) -> None:
    """Press keys where the focus is."""
    browser.driver.switch_to.active_element.send_keys(*keys)


def test_from_the_rail_to_other_ranges_and_weekdays(home: Home, browser: Browser, mira: int) -> None:
    browser.open(home.served.url)
    browser.find(".rail a[data-page=trends]").click()
    browser.wait(lambda: browser.js(DRAWN))
    assert browser.driver.current_url.split("?")[0].endswith("/trends")
    assert "14 days laid over one another" in browser.text("#trends-profile-sub")
    first = browser.js(MEDIAN)
    browser.choose("range-select", "30d")
    browser.wait(lambda: "30 days laid over one another" in browser.text("#trends-profile-sub"))
    browser.wait(lambda: browser.js(MEDIAN) != first)
    assert "30 days" in browser.text("#trends-span")
    every = browser.js(MEDIAN)
    browser.choose("trends-weekdays", "end")
    browser.wait(lambda: browser.js(MEDIAN) != every)
    assert min(int(v) for v in browser.js(MEDIAN).split()) >= 160
    browser.choose("trends-weekdays", "pick")
    browser.wait(lambda: browser.js("return document.querySelector('#trends-picked').offsetHeight > 0"))
    for day in range(6):
        browser.js("document.querySelector(`#trends-picked input[value='${arguments[0]}']`).click()", day)
    browser.wait(
        lambda: "laid over" in browser.text("#trends-profile-sub") and "days" in browser.text("#trends-profile-sub")
    )
    browser.wait(lambda: int(browser.text("#trends-profile-sub").split()[0]) in (4, 5))
    browser.choose("range-select", "dates")
    browser.wait(lambda: browser.find("#date-from").is_displayed() and browser.find("#dates-apply").is_displayed())
    assert browser.complaints() == []


def test_cards_at_pointer_and_by_keys_and_tables_on_demand(home: Home, browser: Browser, mira: int) -> None:
    opened(browser, home)
    browser.js(POINT, 307.5)
    card = browser.wait(lambda: browser.text(".plotbox.tall .reading-card"))
    assert card.startswith("05:00–05:15 · 1")  # thirteen days before five in the morning, then fourteen
    assert "mg/dL median" in card
    assert "9 of 10 days" in card
    browser.js("document.querySelector('.plotbox.tall').focus()")
    press(browser, Keys.HOME)
    browser.wait(lambda: browser.text("#trends-live").startswith("00:00–00:15"))
    press(browser, Keys.ARROW_RIGHT)
    browser.wait(lambda: browser.text("#trends-live").startswith("00:15–00:30"))
    press(browser, Keys.ESCAPE)
    assert browser.js("return document.querySelector('.plotbox.tall .reading-card').hidden")
    summary = browser.find("#trends-profile-open")
    summary.click()
    browser.wait(lambda: browser.js("return document.querySelectorAll('#trends-profile-table tbody tr').length") == 96)
    browser.choose("unit-select", "mmol/L")
    browser.wait(lambda: "mmol/L" in browser.text("#trends-profile-table caption"))
    browser.wait(lambda: "mmol/L" in browser.text("#trends-tiles"))
    summary.click()
    browser.wait(lambda: not browser.js("return document.querySelector('#trends-profile-table table')"))
    assert browser.complaints() == []


def test_the_year_is_walked_by_keys_and_leads_to_its_days(home: Home, browser: Browser, mira: int) -> None:
    opened(browser, home, "?range=30d")
    browser.wait(lambda: "person=" in browser.driver.current_url)
    days = browser.js("return Array.from(document.querySelectorAll('.year-grid a')).map(a => a.tabIndex)")
    assert days.count(0) == 1
    assert days[-1] == 0
    browser.js("document.querySelector('.year-grid a[tabindex=\"0\"]').focus()")
    assert "today so far" in browser.js(FOCUS)
    press(browser, Keys.ARROW_LEFT)
    press(browser, Keys.ARROW_UP)
    today = datetime.now(BERLIN).date()
    there = today - timedelta(days=8)
    assert f" {there.day} {there:%b}" in browser.js(FOCUS)
    assert browser.js("return document.querySelectorAll('.year-grid a[tabindex=\"0\"]').length") == 1
    browser.choose("trends-year-metric", "mean")
    browser.wait(lambda: browser.js("return !!document.querySelector('.year-grid.by-mean')"))
    browser.js("document.querySelector(`.year-grid a[href*='${arguments[0]}']`).focus()", there.isoformat())
    press(browser, Keys.ENTER)
    browser.wait(lambda: "/days?" in browser.driver.current_url)
    query = browser.driver.current_url.split("?")[1].split("&")
    assert set(query) >= {f"day={there.isoformat()}", "range=30d", f"person={mira}"}
    assert browser.complaints() == []


def test_a_phone_has_no_sideways_overflow_and_begins_with_the_newest_days(
    home: Home, browser: Browser, mira: int
) -> None:
    browser.size(390, 844)
    opened(browser, home, "?range=90d")
    assert browser.js("return document.documentElement.scrollWidth") <= 390
    newest = browser.js("return document.querySelector('.year-grid .today').getBoundingClientRect().right")
    assert 300 < newest <= 390
    assert browser.js("return document.querySelector('.year-scroll').scrollWidth") > 600
    browser.choose("trends-step", "month")
    browser.wait(lambda: browser.text("#trends-series-title") == "Month by month")
    assert browser.js("return document.documentElement.scrollWidth") <= 390
    assert browser.complaints() == []


TASKS = """
    window.cgmTasks = [];
    let number = 0;
    const channel = new MessageChannel();
    channel.port1.onmessage = () => { number += 1; channel.port2.postMessage(0); };
    channel.port2.postMessage(0);
    new MutationObserver(() => {
        const drawn = document.querySelectorAll('.plotbox .main-svg').length;
        if (window.cgmDrawn !== drawn) window.cgmTasks.push(number);
        window.cgmDrawn = drawn;
    }).observe(document, { childList: true, subtree: true });
"""
"""Count the tasks in which charts came to be, to be said before the page's own scripts."""


def test_no_two_charts_are_drawn_in_one_task(home: Home, browser: Browser, mira: int) -> None:
    told = browser.cdp("Page.addScriptToEvaluateOnNewDocument", source=TASKS)
    opened(browser, home)
    browser.cdp("Page.removeScriptToEvaluateOnNewDocument", identifier=told["identifier"])
    tasks = browser.js("return window.cgmTasks")
    assert len(tasks) == len(set(tasks)) >= 9
    assert browser.complaints() == []
