"""The report in a real browser: the sheet, what the printer gets, the file; on the desk and on a phone."""

import base64
import io
from typing import Any

import pytest
from pypdf import PdfReader

from tests.browser.conftest import Browser, Home
from tests.layouts.sheet.made import squeezed
from tests.support.signed_in import visitor

pytestmark = pytest.mark.browser

A4, LETTER = (595, 842), (612, 792)
MINUTES = 16 * 1440


def opened(home: Home, browser: Browser) -> Browser:
    home.person("Mira", minutes=MINUTES)
    browser.driver.get(f"{home.served.url}/report")
    browser.wait(lambda: sheets(browser) == 1)
    return browser


def sheets(browser: Browser) -> int:
    return int(browser.js("return document.querySelectorAll('.paper').length"))


def printed(browser: Browser) -> Any:
    """Return what the browser would send to a printer."""
    given = browser.cdp("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
    return PdfReader(io.BytesIO(base64.b64decode(given["data"])))


def sizes(pdf: Any) -> list[tuple[int, int]]:
    return [(round(float(page.mediabox[2])), round(float(page.mediabox[3]))) for page in pdf.pages]


def chosen(browser: Browser, paper: str) -> None:
    browser.choose("report-paper", paper)
    browser.wait(lambda: browser.js("return !!document.querySelector(`.paper.${arguments[0]}`)", paper))


def figures(browser: Browser) -> list[str]:
    """Return the four large figures with their units."""
    numbers = "Array.from(document.querySelectorAll('.sheet-tile .n'))"
    return [squeezed(text) for text in browser.js(f"return {numbers}.map(n => n.textContent)")]


def test_one_sheet_is_one_printed_page_of_either_paper_and_further_pages_print_whole(
    home: Home, browser: Browser
) -> None:
    opened(home, browser)
    for paper, size in (("a4", A4), ("letter", LETTER)):
        chosen(browser, paper)
        assert sizes(printed(browser)) == [size]
    for box in browser.js("return Array.from(document.querySelectorAll('#report-extras input'))"):
        browser.js("arguments[0].click()", box)
    browser.wait(lambda: sheets(browser) > 4)
    count = sheets(browser)
    for paper, size in (("letter", LETTER), ("a4", A4)):
        chosen(browser, paper)
        pdf = printed(browser)
        assert sizes(pdf) == [size] * count
        assert all(f"page {n} of {count}" in page.extract_text() for n, page in enumerate(pdf.pages, start=1))
        hidden = "Array.from(document.querySelectorAll('.paper')).map(s => s.scrollHeight - s.clientHeight)"
        assert browser.js(f"return {hidden}") == [0] * count
    assert browser.complaints() == []


def test_screen_print_and_file_agree_and_the_print_is_the_sheet_alone(home: Home, browser: Browser) -> None:
    opened(home, browser)
    shown = figures(browser)
    assert len(shown) == 4
    on_paper = squeezed(printed(browser).pages[0].extract_text())
    address = browser.find("#report-pdf").get_attribute("href")
    assert address is not None
    answer = visitor(home.served).get(address, timeout=20)
    in_file = squeezed(PdfReader(io.BytesIO(answer.content)).pages[0].extract_text())
    for figure in shown:
        assert figure in on_paper
        assert figure in in_file
    made = squeezed(browser.text(".sheet-foot"))
    assert made in on_paper
    assert "DownloadPDF" not in on_paper
    assert "Trends" not in on_paper
    # In the dark look too the sheet is white, on the screen and on paper.
    browser.js("document.documentElement.dataset.bsTheme = 'dark'")
    assert (
        browser.js("return getComputedStyle(document.querySelector('.paper')).backgroundColor") == "rgb(255, 255, 255)"
    )
    assert sizes(printed(browser)) == [A4]
    assert browser.complaints() == []


def test_print_button_asks_the_browser_to_print(home: Home, browser: Browser) -> None:
    opened(home, browser)
    browser.js("window.asked = 0; window.print = () => { window.asked += 1; }")
    browser.find("#report-print").click()
    assert browser.js("return window.asked") == 1


def test_a_phone_reads_the_same_in_one_column_and_still_prints_a_page(home: Home, browser: Browser) -> None:
    opened(home, browser)
    shown = figures(browser)
    browser.size(390, 844)
    assert browser.js("return document.documentElement.scrollWidth") <= 390
    assert figures(browser) == shown
    heights = "Array.from(document.querySelectorAll('.paper text')).map(t => t.getBoundingClientRect().height)"
    smallest = f"return Math.min(...{heights}.filter(h => h > 0))"
    assert browser.js(smallest) > 11
    assert sizes(printed(browser)) == [A4]
