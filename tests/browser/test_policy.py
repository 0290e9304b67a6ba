"""The content security policy in Chromium: pages do all they do, and nothing of them is refused."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import Browser
from tests.support.served import Served, serving
from tests.support.tour import refused, walk, watch

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def demo() -> Iterator[Served]:
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as served:
        yield served.ready()


@pytest.fixture
def watched(browser: Browser) -> Browser:
    """A browser that keeps what a policy refuses."""
    watch(browser)
    return browser


def test_nothing_of_a_page_is_refused_whatever_is_done_with_it(demo: Served, watched: Browser) -> None:
    for where in walk(watched, demo.url):
        assert (where, refused(watched)) == (where, [])
        assert (where, watched.complaints()) == (where, [])


def test_what_is_no_part_of_a_page_is_refused(demo: Served, watched: Browser) -> None:
    watched.driver.get(demo.url + "/status")
    watched.js("""
        const put = (tag, make) => { const e = document.createElement(tag); make(e); document.body.append(e); };
        put('style', (e) => { e.textContent = 'body { opacity: 0.5 }'; });
        put('script', (e) => { e.textContent = 'window.ran = true'; });
        put('img', (e) => { e.src = 'https://example.invalid/pixel.png'; });
        put('div', (e) => { e.setAttribute('onclick', 'window.ran = true'); e.click(); });
        put('p', (e) => { e.setAttribute('style', 'color: red'); });
    """)
    watched.wait(lambda: len(refused(watched)) >= 5)
    told = {line.split()[0] for line in refused(watched)}
    assert told == {"style-src-elem", "script-src-elem", "img-src", "script-src-attr", "style-src-attr"}
    assert watched.js("return [getComputedStyle(document.body).opacity, window.ran]") == ["1", None]


@pytest.mark.parametrize("path", ["/offline/", "/nope"])
def test_the_plain_pages_and_those_that_are_none_are_whole_too(demo: Served, watched: Browser, path: str) -> None:
    watched.driver.get(demo.url + path)
    watched.wait(lambda: watched.text("h1"))
    assert refused(watched) == []
    assert [line for line in watched.complaints() if "404" not in line] == []
