"""On paper: white whatever the look, without what can only be operated, and saying from where and when it is."""

import base64
import io
import re
from collections.abc import Iterator

import pytest
from pypdf import PdfReader

from layouts.shell import PAGES
from tests.browser.conftest import Browser, Home, at_home

pytestmark = pytest.mark.browser

CHARTS = """
    const all = (css) => Array.from(document.querySelectorAll('.js-plotly-plot ' + css));
    const parts = (e) => getComputedStyle(e).fill.match(/[\\d.]+/g).slice(0, 3).map(Number);
    const dark = (e) => parts(e).reduce((a, b) => a + b) < 384;
    return {
        pale: all('text').filter((e) => !dark(e)).map((e) => e.textContent),
        black: all('pattern rect').filter(dark).length,
        unfit: all('.main-svg').filter((e) => !e.hasAttribute('viewBox')).length,
    };
"""
PAPER = """
    const all = (css) => Array.from(document.querySelectorAll(css));
    return {
        grounds: all('body, .card').map((e) => getComputedStyle(e).backgroundColor),
        shown: all('.rail, .topbar, .tabs, .btn, .seg, .viewer').filter((e) => e.offsetHeight).map((e) => e.className),
    };
"""
WHITE = "rgb(255, 255, 255)"


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory, kept_browser: Browser) -> Iterator[tuple[Home, Browser]]:
    """Somebody with the dark look and a fortnight of readings."""
    with at_home(tmp_path_factory.mktemp("print") / "data") as home:
        person = home.person("Mira", minutes=14 * 1440, newest_age_s=7200)
        home.reading(person, 120)
        yield home, kept_browser


@pytest.mark.parametrize("path", [path for _name, path in PAGES])
def test_paper_is_white_and_has_nothing_to_press(reader: tuple[Home, Browser], path: str) -> None:
    home, browser = reader
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.cdp("Emulation.setEmulatedMedia", media="", features=dark)
    browser.driver.get(home.served.url + path)
    browser.wait(lambda: browser.js("return document.documentElement.dataset.live === 'fresh'"))
    if path == "/":
        browser.wait(lambda: browser.js("return !!document.querySelector('#glucose-graph .main-svg')"))
    browser.wait(lambda: browser.js("return !document.querySelector('.dash-graph--pending')"))
    assert browser.js("return document.documentElement.dataset.bsTheme") == "dark"
    before = browser.js(CHARTS)
    browser.js("window.dispatchEvent(new Event('beforeprint'))")
    assert set(map(str, browser.js(CHARTS).values())) <= {"[]", "0"}
    imprint = rf"{re.escape(home.served.url + path)}.*, printed \d+ \w+ 20\d\d, \d\d:\d\d"
    assert re.fullmatch(imprint, browser.text(".printed"))
    browser.js("window.dispatchEvent(new Event('afterprint'))")
    assert browser.js(CHARTS) == before
    assert browser.js("return document.documentElement.dataset.bsTheme") == "dark"
    browser.cdp("Emulation.setEmulatedMedia", media="print", features=dark)
    found = browser.js(PAPER)
    assert set(found["grounds"]) == {WHITE}
    assert found["shown"] == []


def test_a_page_prints_on_a_few_sheets_with_its_address(reader: tuple[Home, Browser]) -> None:
    home, browser = reader
    browser.open(home.served.url)
    printed = browser.cdp("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, printBackground=True)
    sheets = PdfReader(io.BytesIO(base64.b64decode(printed["data"]))).pages
    text = " ".join(sheet.extract_text() for sheet in sheets)
    assert len(sheets) <= 3
    assert home.served.url in text
    assert "Time in range" in text
    assert browser.js("return document.documentElement.dataset.bsTheme") == "dark"
