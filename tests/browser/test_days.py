"""Days as a person uses it: to other days by button, key, swipe and tile; days over one another; on a phone too."""

import time
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from tests.browser.conftest import Browser, Home, instants

pytestmark = pytest.mark.browser

BERLIN = ZoneInfo("Europe/Berlin")
DRAWN = """
    return ['days-graph', 'days-overlay-graph'].every((id) => document.querySelector(`#${id} .main-svg`))
        && !document.documentElement.dataset.going;
"""
RAISED = """
    const graph = document.querySelector('#days-overlay-graph .js-plotly-plot');
    return graph._fullData[graph._fullData.length - 1].x.length;
"""
LINES = """
    const graph = document.querySelector('#days-overlay-graph .js-plotly-plot');
    return graph._fullData.filter((trace) => /^\\d{4}-/.test(trace.name)).length;
"""
OVER_A_LINE = """
    const graph = document.querySelector('#days-overlay-graph .js-plotly-plot');
    const place = graph.getBoundingClientRect(), layout = graph._fullLayout, [line, ...others] = graph._fullData;
    const apart = i => Math.min(...others.map(other => {
        const near = [...other.y].filter((y, k) => Math.abs(other.x[k] - line.x[i]) <= 15 && y === y);
        return Math.min(...near.map(y => Math.abs(y - line.y[i])));
    }));
    let best = -1, room = -1;
    for (let i = 20; i < line.y.length; i += 5) {
        if (line.y[i] === line.y[i] && apart(i) > room) { best = i; room = apart(i); }
    }
    return [place.left + layout._size.l + layout.xaxis.d2p(line.x[best]),
            place.top + layout._size.t + layout.yaxis.d2p(line.y[best]), line.name];
"""
"""A point of the first line, as far from the others as can be, for lines cross."""

WIDER = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"


def day(ago: int) -> date:
    return datetime.now(BERLIN).date() - timedelta(days=ago)


@pytest.fixture
def mira(home: Home) -> int:
    """Thirty days of a reading each five minutes."""
    n = 30 * 288
    return home.history(300, 130 + 70 * np.sin(instants(n, 300) / 5000))


def opened(browser: Browser, home: Home, query: str = "") -> Browser:
    browser.driver.get(f"{home.served.url}/days{query}")
    browser.wait(lambda: browser.js(DRAWN))
    return browser


def shows(browser: Browser, ago: int) -> bool:
    """Return whether everything on the page is of that day: title, field, chart, marked tile, address."""
    wanted = day(ago).isoformat()
    return bool(
        browser.js(
            """
            const graph = document.querySelector('#days-graph .js-plotly-plot');
            const tile = document.querySelector('.tiles [aria-current=date]');
            return document.getElementById('days-date').value === arguments[0]
                && graph.layout.meta.key.endsWith(arguments[0])
                && tile && tile.href.endsWith(arguments[0])
                && document.getElementById('days-name').textContent.includes(arguments[1]);
            """,
            wanted,
            str(day(ago).day),
        )
    )


def seen(browser: Browser, css: str) -> WebElement:
    """Return an element that is brought into view."""
    browser.js("document.querySelector(arguments[0]).scrollIntoView({ block: 'center', behavior: 'instant' })", css)
    return browser.find(css)


def swipe(browser: Browser, css: str, by: int) -> None:
    """Draw a finger across an element, fast."""
    box = browser.js("const r = document.querySelector(arguments[0]).getBoundingClientRect(); return [r.x, r.y]", css)
    x, y = box[0] + 150, box[1] + 12
    start = time.time()
    # The moments are told, not lived: a busy machine would be too slow a finger.
    for i in range(5):
        kind = "touchMove" if i else "touchStart"
        point = {"x": x + by * i / 4, "y": y}
        browser.cdp("Input.dispatchTouchEvent", type=kind, touchPoints=[point], timestamp=start + 0.02 * i)
    browser.cdp("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[], timestamp=start + 0.1)


def test_from_the_rail_to_other_days_by_button_key_field_and_tile(home: Home, browser: Browser, mira: int) -> None:
    browser.open(home.served.url)
    browser.find("#nav [data-page=days]").click()
    browser.wait(lambda: browser.js(DRAWN))
    browser.wait(lambda: shows(browser, 0))
    browser.find("#days-previous").click()
    browser.wait(lambda: shows(browser, 1))
    ActionChains(browser.driver).send_keys(Keys.ARROW_LEFT).perform()
    browser.wait(lambda: shows(browser, 2))
    ActionChains(browser.driver).send_keys(Keys.ARROW_RIGHT).perform()
    browser.wait(lambda: shows(browser, 1))
    browser.js(
        "const e = document.getElementById('days-date'); e.value = arguments[0];"
        " e.dispatchEvent(new Event('change', { bubbles: true }))",
        day(6).isoformat(),
    )
    browser.wait(lambda: shows(browser, 6))
    seen(browser, f".tiles a[href$='{day(3).isoformat()}']").click()
    browser.wait(lambda: shows(browser, 3))
    assert f"day={day(3).isoformat()}" in browser.driver.current_url
    assert browser.js("return document.activeElement.id") == "days-name"
    browser.driver.refresh()
    browser.wait(lambda: browser.js(DRAWN) and shows(browser, 3))
    browser.driver.back()
    browser.wait(lambda: shows(browser, 6))
    assert browser.complaints() == []


def test_keys_on_the_chart_read_values_and_stay_on_the_day(home: Home, browser: Browser, mira: int) -> None:
    opened(browser, home, f"?day={day(2).isoformat()}")
    browser.js("document.getElementById('chart').focus()")
    ActionChains(browser.driver).send_keys(Keys.HOME).perform()
    first = browser.wait(lambda: browser.text("#chart-live"))
    ActionChains(browser.driver).send_keys(Keys.ARROW_RIGHT).perform()
    browser.wait(lambda: browser.text("#chart-live") not in ("", first))
    assert "mg/dL" in browser.text("#chart-live")
    assert shows(browser, 2)


def test_a_zoom_is_told_to_the_server_and_survives_a_new_reading(home: Home, browser: Browser, mira: int) -> None:
    opened(browser, home)
    browser.js("document.getElementById('chart').focus()")
    ActionChains(browser.driver).send_keys("+").perform()
    span = "const r = document.querySelector('#days-graph .js-plotly-plot')._fullLayout.xaxis.range; return r[1] - r[0]"
    browser.wait(lambda: browser.js(span) < 80_000)
    browser.wait(lambda: browser.js("return document.querySelector('#days-graph .js-plotly-plot').layout.meta.zoomed"))
    before = browser.text("#days-facts")
    home.reading(mira, 333)
    browser.wait(lambda: "333" in browser.text("#days-facts"))
    assert before != browser.text("#days-facts")
    assert browser.js(span) < 80_000
    assert browser.js("return document.activeElement.id") == "chart"


def test_a_new_reading_takes_neither_focus_nor_folds(home: Home, browser: Browser, mira: int) -> None:
    opened(browser, home)
    browser.js("document.getElementById('days-more').open = true")
    operated = (".tiles li:nth-last-child(2) a", "#days-previous", "#days-overlay-names button")
    for mg_dl, css in zip((310, 320, 330), operated, strict=True):
        browser.js("document.querySelector(arguments[0]).focus()", css)
        home.reading(mira, mg_dl)
        browser.wait(lambda: f"{mg_dl} mg/dL" in browser.text("#days-facts"))  # noqa: B023  asked within the loop
        assert browser.js("return document.activeElement === document.querySelector(arguments[0])", css)
    assert browser.js("return document.getElementById('days-more').open")


def test_days_over_one_another_by_choice_and_one_brought_forward(home: Home, browser: Browser, mira: int) -> None:
    opened(browser, home)
    assert browser.js(LINES) == 7
    browser.choose("days-overlay", "14d")
    browser.wait(lambda: browser.js(LINES) == 14)
    browser.choose("days-overlay", "weekday")
    browser.wait(lambda: browser.js(LINES) == 5)
    assert browser.js(RAISED) == 0
    name = browser.find("#days-overlay-names li:nth-child(2) button")
    browser.js("arguments[0].focus()", name)
    browser.wait(lambda: browser.js(RAISED) > 0)
    browser.js("document.activeElement.blur()")
    browser.wait(lambda: browser.js(RAISED) == 0)
    seen(browser, "#days-over")
    x, y, line = browser.js(OVER_A_LINE)
    mouse = ActionBuilder(browser.driver)
    mouse.pointer_action.move_to_location(round(x), round(y))  # type: ignore[no-untyped-call]
    mouse.perform()
    browser.wait(lambda: browser.js(RAISED) > 0)
    assert browser.js("return document.querySelector('#days-overlay-names .on').dataset.line") == line
    assert browser.complaints() == []


def test_a_phone_swipes_from_day_to_day_and_nothing_is_wider_than_it(home: Home, browser: Browser, mira: int) -> None:
    browser.size(390, 844)
    browser.cdp("Emulation.setTouchEmulationEnabled", enabled=True)
    opened(browser, home)
    assert browser.js(WIDER) == 0
    assert browser.text(".tiles li:first-child b") == "Today"
    swipe(browser, "#days-name", 160)
    browser.wait(lambda: shows(browser, 1))
    swipe(browser, "#days-graph", 160)
    browser.wait(lambda: shows(browser, 2))
    swipe(browser, "#days-name", -140)
    browser.wait(lambda: shows(browser, 1))
    browser.js("document.getElementById('days-as-table').click()")
    browser.wait(lambda: "Mean, mg/dL" in browser.text("#days-table"))
    assert browser.js(WIDER) == 0
    assert browser.complaints() == []
