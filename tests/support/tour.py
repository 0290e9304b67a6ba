"""A walk through every page that makes each of its parts draw: what a strict policy would stop shows itself on it."""

from collections.abc import Iterator
from typing import Any

from selenium.webdriver.common.action_chains import ActionChains

from layouts.shell import PAGES
from tests.browser.conftest import Browser

DESK, PHONE = (1440, 900), (390, 844)

PATIENCE_S = 60.0

READY = """
    if (!document.querySelector('main h1')) return false;
    const charts = Array.from(document.querySelectorAll('.dash-graph'));
    return charts.every((e) => !e.offsetParent || e.querySelector('.main-svg'));
"""

WATCH = """
    window.refused = [];
    window.styles = new Set();
    document.addEventListener('securitypolicyviolation', (e) => {
        window.refused.push(`${e.effectiveDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber} ${e.sample}`);
    });
    const note = () => document.querySelectorAll('style').forEach((e) => window.styles.add(e.textContent));
    new MutationObserver(note).observe(document, { childList: true, subtree: true, characterData: true });
"""
"""Runs before anything else of a document: keeps what the policy refused, and the text of every style element."""

UNFOLD = "document.querySelectorAll('details').forEach((e) => { if (e.offsetParent) e.open = true; })"
CHOOSE = """
    const named = new Set(['range-select', 'settings-language']);
    document.querySelectorAll('main input[type=radio]:not(:checked)').forEach((e) => {
        if (named.has(e.name) || !e.labels.length) return;
        named.add(e.name);
        e.click();
    });
"""
"""Chooses another of each group. Another language would be another document."""

DATES = """
    const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;
    const fields = document.querySelectorAll('.dates input[type=date]');
    fields.forEach((e) => {
        set.call(e, e.max || arguments[0]);
        e.dispatchEvent(new Event('input', { bubbles: true }));
    });
    return fields.length;
"""


def watch(browser: Browser) -> None:
    """Have every document from now on keep what its policy refuses."""
    browser.cdp("Page.addScriptToEvaluateOnNewDocument", source=WATCH)


def refused(browser: Browser) -> list[str]:
    """Return what the policy of the document at hand has refused so far."""
    found: list[str] = browser.js("return window.refused")
    return found


def walk(browser: Browser, url: str, looks: tuple[str, ...] = ("light", "dark")) -> Iterator[str]:
    """Go through every page in each look, wide and narrow; yield what was seen, once all has been done there."""
    for look in looks:
        for _name, path in PAGES:
            features = [{"name": "prefers-color-scheme", "value": look}]
            browser.cdp("Emulation.setEmulatedMedia", features=features)
            browser.size(*(DESK if look == "light" else PHONE))
            browser.driver.get(url + path)
            browser.wait(lambda: browser.js(READY), PATIENCE_S)
            use(browser, everything=look == looks[0])
            yield f"{look} {path}"


def use(browser: Browser, everything: bool) -> None:
    """Point at a page's charts and zoom; with *everything* also unfold, choose, set dates and print."""
    if everything:
        browser.js(UNFOLD)
        browser.js(CHOOSE)
        browser.wait(lambda: browser.js(READY), PATIENCE_S)
    for chart in browser.driver.find_elements("css selector", ".js-plotly-plot .nsewdrag"):
        point(browser, chart)
    if not everything:
        return
    if browser.js("return !!document.querySelector('#range-select input[value=dates]')"):
        browser.choose("range-select", "dates")
        browser.js(DATES, "2026-01-01")
        browser.js("const e = document.getElementById('dates-apply'); if (e) e.click()")
        browser.wait(lambda: browser.js(READY), PATIENCE_S)
    browser.js("window.dispatchEvent(new Event('beforeprint'))")
    browser.cdp("Page.printToPDF", printBackground=True)
    browser.js("window.dispatchEvent(new Event('afterprint'))")


def point(browser: Browser, chart: Any) -> None:
    """Point at a chart, zoom into it, and back."""
    if not chart.is_displayed():
        return
    browser.js("arguments[0].scrollIntoView({block: 'center'})", chart)
    mouse = ActionChains(browser.driver)
    mouse.move_to_element(chart).move_by_offset(11, 3).click_and_hold().move_by_offset(60, 2).release()
    mouse.move_by_offset(-20, 5).double_click().perform()
