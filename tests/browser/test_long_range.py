"""Ten years on the screen: bands, the card at the pointer, and finer data on zooming in."""

import time
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from tests.browser.conftest import Browser, Home, instants
from tests.browser.test_live_page import POINTS, PRESS, ZOOM

pytestmark = pytest.mark.browser

DAY_S = 86_400
NAMES = """
    return document.querySelector('#glucose-graph .js-plotly-plot')._fullData.map(t => t.name).join(' ');
"""
POINT = """
    const graph = document.querySelector('#glucose-graph .js-plotly-plot');
    const axis = graph._fullLayout.xaxis;
    const place = graph.getBoundingClientRect();
    const x = place.left + graph._fullLayout._size.l + axis.d2p(arguments[0]);
    const where = { clientX: x, clientY: place.top + 100, pointerType: 'mouse', bubbles: true };
    graph.dispatchEvent(new PointerEvent('pointermove', where));
"""


def ten_years(home: Home) -> tuple[str, int]:
    """Store ten years of hourly history with one low five minutes, five years ago; return the address and when."""
    n = 3640 * 24
    mg_dl = 120 + np.arange(n) % 24
    low = n // 2
    mg_dl[low] = 52
    home.history(3600, mg_dl, "UTC")
    today = datetime.now(UTC).date()
    return f"{home.served.url}/?range={today - timedelta(days=3639)}..{today}", int(instants(n, 3600)[low])


def test_ten_years_are_bands_with_one_low_to_be_seen_and_read(home: Home, browser: Browser) -> None:
    url, low = ten_years(home)
    browser.open(url)
    names = browser.js(NAMES).split()
    assert {"outer", "inner", "median", "columns-low", "columns-vlow"} <= set(names)
    drawn = browser.js(
        "return Array.from(document.querySelectorAll('#glucose-graph .fills path'))"
        ".map(e => e.getBoundingClientRect()).filter(r => r.height > 0).map(r => [r.width, r.height])"
    )
    assert len(drawn) >= 4
    browser.js(POINT, low)
    card = browser.wait(lambda: browser.text(".reading-card"))
    assert "mg/dL" in card
    assert "Lowest 52, highest 143" in card
    assert "Half of the time" in card
    assert "lowest to highest" in browser.text("#chart-key")
    assert "2022" in browser.text("#glucose-graph .xaxislayer-above")
    browser.js("document.getElementById('chart').focus()")
    browser.js(PRESS, "End", False)
    last = browser.text("#chart-live")
    browser.js(PRESS, "ArrowLeft", True)
    assert last != browser.text("#chart-live")
    assert "Median" in browser.text("#chart-live")
    assert browser.complaints() == []


def zoom(browser: Browser, start: float, end: float) -> None:
    """Zoom until the chart has the range: an answer that was on its way may bring the old one back."""

    def is_there() -> bool:
        graph = "document.querySelector('#glucose-graph .js-plotly-plot')"
        return bool(browser.js(f"return Math.abs(arguments[0] - {graph}._fullLayout.xaxis.range[0]) < 60", start))

    for _attempt in range(10):
        browser.js(ZOOM, start, end)
        time.sleep(1.0)  # longer than the page waits before it tells the server, and an answer takes
        if is_there():
            return
    raise AssertionError("the chart does not keep the range")


def test_zooming_in_brings_columns_of_a_day_and_then_the_readings(home: Home, browser: Browser) -> None:
    url, low = ten_years(home)
    browser.open(url)
    zoom(browser, low - 180 * DAY_S, low + 180 * DAY_S)
    browser.js(POINT, low)
    day = datetime.fromtimestamp(low, UTC)
    # Pointed at again and again: the new columns may arrive between pointing and reading.
    named = f"{day:%a} {day.day} {day:%b %Y}"
    browser.wait(lambda: browser.js(POINT, low) or browser.text(".reading-card").startswith(named))
    assert "–" not in browser.text(".reading-card").split("mg/dL")[0]
    zoom(browser, low - 10 * DAY_S, low + 10 * DAY_S)
    browser.wait(lambda: browser.js(POINTS) > 0)
    assert 38 * 24 <= browser.js(POINTS) <= 42 * 24
    browser.js(POINT, low)
    browser.wait(lambda: browser.js(POINT, low) or "52" in browser.text(".reading-card b"))
    assert browser.text("#chart-key").startswith("glucose")
    browser.find("#zoom-reset").click()
    browser.wait(lambda: "lowest to highest" in browser.text("#chart-key"))
    assert browser.js(POINTS) == 0
    assert browser.complaints() == []
