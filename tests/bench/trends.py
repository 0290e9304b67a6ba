"""What Trends costs over ten stored years of minutes: the answer to a change of range, and the moment it is drawn."""

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from selenium.webdriver import Chrome

from layouts import ids
from tests.bench.asking import asked
from tests.bench.browser import _wait, signed_in_browser
from tests.bench.measure import Goal, Measurement, median_ms, seconds_of
from tests.bench.pages import ten_years_stored
from tests.support.served import serving

LIMITS_MS = {"90d": 80, "1y": 120, "10y": 200}
NAMES = {"90d": "90 days", "1y": "one year", "10y": "ten years"}
DRAWN_MS = 500
RUNS, CLICKS = 30, 7

PARTS = {
    "main": f"{ids.TRENDS_PROFILE}.figure",
    "year of days": f"{ids.TRENDS_YEAR}.children",
    "weeks": f"{ids.TRENDS_SERIES}-title.children",
}

CLICK = """
    const done = arguments[arguments.length - 1];
    const graph = document.querySelector('#trends-profile .js-plotly-plot');
    const began = performance.now();
    graph.once('plotly_afterplot', () => requestAnimationFrame(() => requestAnimationFrame(
        () => done(performance.now() - began))));
    document.querySelector(`#range-select input[value='${arguments[0]}']`).click();
"""


def measure(newest: int) -> Iterator[Measurement]:
    """Measure over ten years of minutes in a database of their own, up to *newest*, UTC epoch seconds."""
    with tempfile.TemporaryDirectory(prefix="cgm-bench-") as name:
        folder = Path(name)
        ten_years_stored(folder, newest).close()
        yield from _callbacks(folder, float(newest + 20))
        with serving(folder, 1, DEMO="0") as served, signed_in_browser(served.ready("/healthz")) as browser:
            browser.get(f"{served.url}/trends?range=14d")
            drawn = statistics.median(_clicks(browser))
            yield Measurement("profile of 90 days, click to drawn", drawn, "ms", Goal(DRAWN_MS))


def _callbacks(folder: Path, now: float) -> Iterator[Measurement]:
    every, workdays = ({f"{ids.TRENDS_WEEKDAYS}.value": choice} for choice in ("all", "work"))
    with asked(folder, now, "/trends") as page:
        for name, limit in LIMITS_MS.items():
            for part, output in PARTS.items():
                took = median_ms(lambda n=name, o=output: page.ask(o, n, every), RUNS)  # type: ignore[misc]
                yield Measurement(f"Trends, {part} callback, {NAMES[name]}, warm", took, "ms", Goal(limit))
        first = 1000 * seconds_of(lambda: page.ask(PARTS["main"], "10y", workdays))
        yield Measurement("Trends, Mon to Fri of ten years, first of a process", first, "ms")
        took = median_ms(lambda: page.ask(PARTS["main"], "10y", workdays), RUNS)
        yield Measurement("Trends, Mon to Fri of ten years, warm", took, "ms", Goal(LIMITS_MS["10y"]))


def _clicks(browser: Chrome) -> list[float]:
    """Return how long after a click on 90 days its profile was drawn, milliseconds; each time from 14 days."""
    _wait(browser, "return document.querySelectorAll('.plotbox .main-svg').length >= 11", timeout_s=60)
    browser.set_script_timeout(20)
    times = []
    for _ in range(CLICKS):
        for name, days in (("14d", "14 days"), ("90d", "90 days")):
            took = float(browser.execute_async_script(CLICK, name))
            _wait(browser, f"return document.getElementById('trends-span').textContent.includes('{days}')")
            time.sleep(0.6)  # the other charts of the page are drawn too
        times.append(took)
    return times
