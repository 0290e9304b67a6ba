"""Who goes through the page with the keyboard always sees where they are, and what is pressed stays in its place."""

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.browser.conftest import Browser, Home

pytestmark = pytest.mark.browser

FOCUSED = """
    const e = document.activeElement;
    if (!e || e === document.body) return null;
    const name = e.tagName.toLowerCase() + (e.id ? '#' + e.id : '') + (e.className ? '.' + e.className : '');
    const ring = (part) => {
        const style = getComputedStyle(part);
        const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
        return outlined || style.boxShadow !== 'none';
    };
    const label = e.classList.contains('btn-check') ? e.nextElementSibling : null;
    return [name, ring(label || e)];
"""


def tabbed(browser: Browser, most: int = 60) -> dict[str, bool]:
    """Press Tab from the page's start to its end: what had the focus, and whether that could be seen."""
    seen: dict[str, bool] = {}
    browser.js("document.activeElement.blur(); window.getSelection().removeAllRanges()")
    for _ in range(most):
        ActionChains(browser.driver).send_keys(Keys.TAB).perform()
        found = browser.js(FOCUSED)
        if found is None:
            break
        name, visible = found
        seen[name] = seen.get(name, True) and visible
    return seen


def test_the_focus_is_seen_on_everything_of_the_live_page(home: Home, browser: Browser) -> None:
    home.person("Mira")
    browser.open(home.served.url)
    browser.choose("range-select", "dates")
    browser.wait(lambda: browser.find("#dates-apply").is_displayed())
    seen = tabbed(browser)
    assert any("dates-apply" in name for name in seen), seen
    assert [name for name, visible in seen.items() if not visible] == []


def test_the_focus_is_seen_on_how_to_connect(home: Home, browser: Browser) -> None:
    browser.driver.get(home.served.url)
    browser.wait(lambda: browser.js("return !!document.querySelector('.how summary')"))
    seen = tabbed(browser)
    assert any(name.startswith("summary.btn") for name in seen), seen
    assert [name for name, visible in seen.items() if not visible] == []


def test_how_to_connect_opens_and_closes_in_the_same_place(home: Home, browser: Browser) -> None:
    place = "const r = document.querySelector('.how summary').getBoundingClientRect(); return [r.x, r.y, r.width]"
    browser.driver.get(home.served.url)
    browser.wait(lambda: browser.js("return !!document.querySelector('.how summary')"))
    for width in (1440, 900, 390):
        browser.size(width, 900)
        seen = set()
        for unfolded in (True, False):
            browser.js("document.querySelector('.how').open = arguments[0]", unfolded)
            seen.add(tuple(browser.js(place)))
        assert len(seen) == 1, (width, seen)


def test_the_controls_above_the_page_stand_in_one_line_on_a_small_desktop(home: Home, browser: Browser) -> None:
    home.person("Maximiliane Rosenthal-Winterberg")
    browser.open(home.served.url)
    middles = """
        const shown = Array.from(document.querySelectorAll('.head > *')).filter((e) => e.offsetHeight);
        const middle = (r) => Math.round(r.y + r.height / 2);
        return shown.map((e) => middle(e.getBoundingClientRect()));
    """
    for width in (900, 1000):
        browser.size(width, 800)
        assert len(set(browser.js(middles))) == 1
        assert browser.js("return document.documentElement.scrollWidth <= window.innerWidth")
