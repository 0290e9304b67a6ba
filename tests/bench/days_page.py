"""What the page Days costs over a stored year of minutes: the answer for ninety days, and when they are drawn."""

import statistics
from collections.abc import Iterator
from pathlib import Path

from layouts import ids
from tests.bench.asking import asked
from tests.bench.browser import _wait, signed_in_browser
from tests.bench.measure import Goal, Measurement, median_ms
from tests.support.served import serving

LIMITS_MS = {"14d": None, "90d": 80, "1y": 120, "10y": 200}
NAMES = {"14d": "14 days", "90d": "90 days", "1y": "one year", "10y": "ten years"}
DRAWN_MS = 1500
NODES = 4000
"""Another well-known tool draws its ninety days with 105,839."""
TILE_KB = 2
RUNS, CLICKS = 30, 7

TILES_OUTPUT = f"{ids.DAYS_TILES}.children"

CLICK = """
    const done = arguments[arguments.length - 1];
    const began = performance.now();
    const drawn = () => document.querySelectorAll('.tiles .day svg').length === 2 * arguments[1];
    const look = () => requestAnimationFrame(() => drawn()
        ? requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - began))) : look());
    document.querySelector(`#range-select input[value='${arguments[0]}']`).click();
    look();
"""
TILES = "return Array.from(document.querySelectorAll('.tiles .ch')).map((e) => e.innerHTML.length)"


def measure(folder: Path, newest: int) -> Iterator[Measurement]:
    """Measure over the year stored in the data directory *folder*, up to *newest*, UTC epoch seconds."""
    yield from _callbacks(folder, float(newest + 20))
    yield from _drawn(folder)


def _callbacks(folder: Path, now: float) -> Iterator[Measurement]:
    with asked(folder, now, "/days") as page:
        for name, limit in LIMITS_MS.items():
            took = median_ms(lambda n=name: page.ask(TILES_OUTPUT, n, {f"{ids.DAYS_OVERLAY}.value": "7d"}), RUNS)  # type: ignore[misc]
            yield Measurement(f"Days, main callback, {NAMES[name]}, warm", took, "ms", Goal(limit) if limit else None)


def _drawn(folder: Path) -> Iterator[Measurement]:
    with serving(folder, 1, DEMO="0") as served, signed_in_browser(served.ready("/healthz")) as browser:
        browser.get(f"{served.url}/days?range=7d")
        _wait(browser, "return !!document.querySelector('#days-overlay-graph .main-svg')", timeout_s=60)
        browser.set_script_timeout(20)
        times = []
        for _ in range(CLICKS):
            browser.execute_async_script(CLICK, "14d", 14)
            times.append(float(browser.execute_async_script(CLICK, "90d", 90)))
        yield Measurement("90 days of tiles, click to drawn", statistics.median(times), "ms", Goal(DRAWN_MS))
        nodes = float(browser.execute_script("return document.querySelectorAll('*').length"))
        yield Measurement("90 days of tiles, DOM nodes of the page", nodes, "", Goal(NODES))
        sizes = [float(n) for n in browser.execute_script(TILES)]
        yield Measurement("a tile's picture, median", statistics.median(sizes) / 1000, "kB", Goal(TILE_KB))
