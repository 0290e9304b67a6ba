"""The page Status in a browser: it renews itself, scrolls on a phone, and asks the source when it is told to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestion.simulator import SimulatorServer, World
from sql.engine import make_engine
from sql.runs import RunStore
from tests.browser.conftest import Browser, Home
from tests.support.served import Served, serving

pytestmark = pytest.mark.browser


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Served]:
    with SimulatorServer(World.build(seed=3)) as upstream, serving(tmp_path, LLU_URL=upstream.url) as served:
        yield served.ready()


def test_ask_now_tells_what_came_of_it(demo: Served, browser: Browser) -> None:
    browser.driver.get(demo.url + "/status")
    browser.wait(lambda: "Asked" in browser.text("#status-source"))
    runs = RunStore(make_engine(f"sqlite:///{demo.folder / 'demo' / 'cgm_dash.sqlite3'}"))
    before = len(runs.recent(1000))
    browser.find("#ask-now").click()
    browser.wait(lambda: browser.text("#ask-outcome").startswith("Answered"), 25)
    assert len(runs.recent(1000)) > before
    browser.find("#ask-now").click()
    browser.wait(lambda: "The next try is possible at" in browser.text("#ask-outcome"))
    assert browser.complaints() == []


def test_page_renews_itself_and_its_strip_begins_at_the_newest_on_a_phone(home: Home, browser: Browser) -> None:
    person = home.person("Mira", minutes=1440)
    browser.size(390, 844)
    browser.driver.get(home.served.url + "/status")
    browser.wait(lambda: "of 1\u202f440" in browser.text("#status-answers"))
    assert browser.js("return document.querySelectorAll('.strip .mk').length") == 144
    assert browser.js("return document.documentElement.scrollWidth") <= 390
    seen = """
        const box = document.querySelector('.strip-box').getBoundingClientRect();
        return Array.from(document.querySelectorAll('.strip .mk'))
            .map((mark) => mark.getBoundingClientRect())
            .map((mark) => mark.left >= box.left - 1 && mark.right <= box.right + 1);
    """
    marks = browser.js(seen)
    assert (marks[0], marks[-1]) == (False, True)
    home.reading(person, 250)
    browser.wait(lambda: "1\u202f441" in browser.text("#status-database"))
    assert browser.complaints() == []
