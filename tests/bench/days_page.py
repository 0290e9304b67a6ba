"""What the page Days costs over a stored year of minutes: the answer for ninety days, and when they are drawn."""

import json
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dash import Dash

from app import compose, create_app
from cgm_dash.settings import Settings
from layouts import ids
from tests.bench.browser import _browser, _wait
from tests.bench.measure import Goal, Measurement, median_ms
from tests.bench.pages import ACCEPTED
from tests.support.served import serving

LIMITS_MS = {"14d": None, "90d": 80, "1y": 120, "10y": 200}
NAMES = {"14d": "14 days", "90d": "90 days", "1y": "one year", "10y": "ten years"}
DRAWN_MS = 1500
NODES = 4000
"""Another well-known tool draws its ninety days with 105,839."""
TILE_KB = 2
RUNS, CLICKS = 30, 7

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
    with tempfile.TemporaryDirectory(prefix="cgm-keys-") as keys:
        settings = {
            "CGM_DASH_DATA_DIR": keys,
            "CGM_DASH_DATABASE_URL": f"sqlite:///{folder / 'cgm_dash.sqlite3'}",
            "CGM_DASH_DEMO": "0",
        }
        services = compose(Settings.from_env(settings), lambda: now).services
        services.ready()
        page = _Page(create_app(services))
        try:
            for name, limit in LIMITS_MS.items():
                took = median_ms(lambda n=name: page.ask(n), RUNS)  # type: ignore[misc]
                yield Measurement(
                    f"Days, main callback, {NAMES[name]}, warm", took, "ms", Goal(limit) if limit else None
                )
        finally:
            services.store.close()


def _drawn(folder: Path) -> Iterator[Measurement]:
    with serving(folder, 1, DEMO="0") as served, _browser() as browser:
        served.ready("/healthz")
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


class _Page:
    """The page's callback, asked as the browser asks, without a socket."""

    def __init__(self, app: Dash) -> None:
        self._client = app.server.test_client()
        found = self._client.get("/_dash-dependencies").json or ()
        (self._spec,) = [spec for spec in found if f"{ids.DAYS_TILES}.children" in spec["output"]]

    def ask(self, range_name: str) -> None:
        """Ask for everything the page shows of a range."""
        given: dict[str, Any] = {
            f"{ids.URL}.search": f"?range={range_name}",
            f"{ids.URL}.pathname": "/days",
            f"{ids.VIEWER}.data": {"theme": "light", "phone": False},
            f"{ids.DAYS_OVERLAY}.value": "7d",
        }

        def part(entry: dict[str, str]) -> dict[str, Any]:
            return {**entry, "value": given.get(f"{entry['id']}.{entry['property']}")}

        outputs = [o.rsplit(".", 1) for o in self._spec["output"].strip(".").split("...")]
        body = {
            "output": self._spec["output"],
            "outputs": [{"id": i, "property": p} for i, p in outputs],
            "inputs": [part(e) for e in self._spec["inputs"]],
            "state": [part(e) for e in self._spec["state"]],
            "changedPropIds": [f"{ids.URL}.search"],
        }
        answer = self._client.post(
            "/_dash-update-component",
            data=json.dumps(body),
            content_type="application/json",
            headers={"Accept-Encoding": ACCEPTED},
        )
        if answer.status_code != 200:
            raise AssertionError(answer.get_data(as_text=True)[:500])
