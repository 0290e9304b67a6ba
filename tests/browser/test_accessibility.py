"""Whoever cannot see well, hold a mouse or take a wide screen uses every page too; and no page asks anybody else.

axe-core (https://github.com/dequelabs/axe-core) judges the drawn page by all its rules, good practice too; none
is off. It sees neither the order of the keyboard nor the ring around what has the focus: those are held here.
"""

import json
import time
from collections.abc import Iterator
from importlib.metadata import distribution
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from cgm_dash.batch import Columns, SensorSeen
from cgm_dash.reading import Kind, Reading, Trend
from ingestion.simulator import Curve
from layouts.shell import PAGES
from tests.browser.conftest import Browser, Home, at_home

pytestmark = pytest.mark.browser

AXE = Path(str(distribution("axe-playwright-python").locate_file("axe_playwright_python/axe.min.js")))
PATHS = [path for _name, path in PAGES]
NOWHERE = "/nope"
DESK, PHONE, SMALL = (1440, 900), (390, 844), (320, 700)

READY = """
    if (!document.querySelector('main h1')) return false;
    if (document.querySelector('._dash-loading, ._dash-loading-callback')) return false;
    return Array.from(document.querySelectorAll('.dash-graph')).every((e) => e.querySelector('.main-svg'));
"""
JUDGED = """
    const done = arguments[arguments.length - 1];
    const why = (node) => [...node.any, ...node.all, ...node.none].map((check) => check.message).join('; ');
    const broken = (rule) => rule.nodes.map((node) => `${rule.id} ${node.target.join(' ')}: ${why(node)}`);
    axe.run({ resultTypes: ['violations'], preload: false })
        .then((found) => done(found.violations.flatMap(broken)), (error) => done([String(error)]));
"""
UNFOLD = "document.querySelectorAll('details').forEach((e) => { if (e.offsetParent) e.open = arguments[0]; })"
WIDER = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"

CONTROLS = """
    const css = 'a[href], button, input, select, textarea, summary, [tabindex="0"]';
    const able = (e) => !e.disabled && e.tabIndex >= 0 && e.checkVisibility({ visibilityProperty: true });
    const first = (e) => e.type !== 'radio' || e.checked || !document.querySelector(`input[name="${e.name}"]:checked`);
    window.controls = Array.from(document.querySelectorAll(css)).filter((e) => able(e) && first(e));
    return window.controls.length;
"""
FOCUSED = """
    const e = document.activeElement;
    if (!e || e === document.body) return null;
    const part = e.classList.contains('btn-check') ? e.nextElementSibling : e;
    const style = getComputedStyle(part);
    const ring = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== 'none';
    const words = (e.getAttribute('aria-label') || e.textContent).trim().slice(0, 40);
    const name = `${e.tagName.toLowerCase()}${e.id ? '#' + e.id : ''} ${words}`;
    const box = part.getBoundingClientRect();
    const place = [box.left, box.top + scrollY, box.right, box.bottom + scrollY];
    return { at: window.controls.indexOf(e), name: name, ring: ring, place: place, main: Boolean(e.closest('main')) };
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Thirty days as a wearer has them: highs, lows and a gap."""
    with at_home(tmp_path_factory.mktemp("access") / "data") as made:
        person = made.person("Mira", minutes=1)
        (source,) = made.store.sources.of_person(person)
        newest = int(time.time()) // 60 - 1
        minutes = range(newest - 30 * 1440, newest)
        values = Curve(4, 0, "aid", "Europe/Berlin").mg_dl(minutes).tolist()
        rows = [
            Reading(60 * m, v, Kind.LIVE, offset_min=60, trend=Trend.RISING)
            for m, v in zip(minutes, values, strict=True)
            if not 300 <= newest - m < 370
        ]
        made.store.readings.add(person, source.source_id, Columns.of(rows), arrived=time.time())
        sensor = SensorSeen("0TST12345670", "Libre 3", 60 * newest - 10 * 86_400, 60, 14)
        made.store.sensors.record(person, source.source_id, [sensor], time.time())
        yield made


@pytest.fixture(scope="module")
def browser(kept_browser: Browser) -> Browser:
    """The one browser of this module."""
    return kept_browser


@pytest.fixture(scope="module", params=[*PATHS, NOWHERE])
def page(request: pytest.FixtureRequest, home: Home, browser: Browser) -> Browser:
    """A page, opened once for its tests: wide, light, without motion (a colour on its way would be judged)."""
    browser.log("browser")
    browser.log("performance")
    opened(browser, home.served.url + request.param)
    return browser


def look(browser: Browser, name: str) -> None:
    features = {"prefers-color-scheme": name, "prefers-reduced-motion": "reduce"}
    browser.cdp("Emulation.setEmulatedMedia", features=[{"name": n, "value": v} for n, v in features.items()])
    browser.wait(lambda: browser.js("return document.documentElement.dataset.bsTheme") in (name, None))


def opened(browser: Browser, url: str) -> None:
    browser.size(*DESK)
    look(browser, "light")
    browser.driver.get(url)
    browser.wait(lambda: browser.js(READY))


def judged(browser: Browser) -> list[str]:
    """Return what axe finds wrong with the page as it stands."""
    if not browser.js("return 'axe' in window"):
        browser.cdp("Runtime.evaluate", expression=AXE.read_text(encoding="utf-8"))
    found: list[str] = browser.driver.execute_async_script(JUDGED)
    return found


def hosts(browser: Browser) -> set[str]:
    """Return whom the browser has asked since the last look."""
    events: list[dict[str, Any]] = [json.loads(entry["message"])["message"] for entry in browser.log("performance")]
    asked = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
    return {urlsplit(url).netloc for url in asked if url.startswith(("http", "ws"))}


def test_a_page_has_one_title_its_language_and_headings_without_a_step_left_out(page: Browser) -> None:
    levels = page.js("return Array.from(document.querySelectorAll('h1, h2, h3, h4')).map((e) => Number(e.tagName[1]))")
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels)), levels
    assert page.js("return document.documentElement.lang") == "en"


def test_tab_reaches_every_control_in_the_order_it_is_seen(page: Browser) -> None:
    expected = page.js(CONTROLS)
    page.js("document.activeElement.blur(); window.getSelection().removeAllRanges(); window.scrollTo(0, 0)")
    seen: list[dict[str, Any]] = []
    for _ in range(expected + 5):
        ActionChains(page.driver).send_keys(Keys.TAB).perform()
        found = page.js(FOCUSED)
        if found is None or (seen and found["at"] == seen[0]["at"]):
            break
        seen.append(found)
    reached = sorted({one["at"] for one in seen})
    missed = "return window.controls.filter((e, i) => !arguments[0].includes(i)).map((e) => e.outerHTML.slice(0, 120))"
    assert page.js(missed, reached) == []
    assert [one["name"] for one in seen if not one["ring"]] == []
    assert backwards(seen) == []


def backwards(seen: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return pairs of which the second, inside the page's content, stands above the first and not beside it."""
    inside = [one for one in seen if one["main"]]
    wrong = []
    for before, after in pairwise(inside):
        (_, top, right, _), (left, _, _, bottom) = before["place"], after["place"]
        if bottom <= top and left < right:
            wrong.append((before["name"], after["name"]))
    return wrong


def test_axe_finds_nothing(page: Browser) -> None:
    wrong: dict[str, list[str]] = {}
    for size in (DESK, PHONE):
        page.size(*size)
        for name in ("light", "dark"):
            look(page, name)
            page.wait(lambda: page.js(READY))
            # Closed and open, each in both sizes and both looks once: what is open covers what lies behind it.
            unfolded = (size == DESK) == (name == "dark")
            page.js(UNFOLD, unfolded)
            wrong[f"{size[0]} {name} {'unfolded' if unfolded else 'folded'}"] = judged(page)
    page.js(UNFOLD, False)
    assert {where: found for where, found in wrong.items() if found} == {}


def test_no_page_needs_sideways_scrolling(page: Browser) -> None:
    for size in (PHONE, SMALL):
        page.size(*size)
        page.wait(lambda: page.js(WIDER) <= 0)  # the charts follow a moment later


def test_after_all_that_there_is_no_complaint_and_nobody_else_was_asked(page: Browser, home: Home) -> None:
    nowhere = page.driver.current_url.endswith(NOWHERE)
    assert [line for line in page.complaints() if not (nowhere and "404" in line)] == []
    assert hosts(page) == {urlsplit(home.served.url).netloc}


@pytest.mark.parametrize("path", ["/", "/trends"])
def test_the_same_holds_in_german(home: Home, browser: Browser, path: str) -> None:
    browser.driver.get(f"{home.served.url}/healthz")
    browser.js("document.cookie = 'cgm_lang=de; Path=/'")
    opened(browser, home.served.url + path)
    assert browser.js("return document.documentElement.lang") == "de"
    wrong = judged(browser)
    browser.size(*SMALL)
    browser.wait(lambda: browser.js(WIDER) <= 0)
    browser.driver.delete_all_cookies()
    assert wrong == []
