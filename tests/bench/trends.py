"""What Trends costs over ten stored years of minutes: the answer to a change of range, and the moment it is drawn."""

import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dash import Dash
from selenium.webdriver import Chrome

from app import compose, create_app
from cgm_dash.settings import Settings
from layouts import ids
from tests.bench.browser import _browser, _wait
from tests.bench.measure import Goal, Measurement, median_ms, seconds_of
from tests.bench.pages import ACCEPTED, _ten_years_stored
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
        _ten_years_stored(folder, newest).close()
        yield from _callbacks(folder, float(newest + 20))
        with serving(folder, 1, DEMO="0") as served, _browser() as browser:
            served.ready("/healthz")
            browser.get(f"{served.url}/trends?range=14d")
            drawn = statistics.median(_clicks(browser))
            yield Measurement("profile of 90 days, click to drawn", drawn, "ms", Goal(DRAWN_MS))


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
                for part, output in PARTS.items():
                    took = median_ms(lambda n=name, o=output: page.ask(o, n), RUNS)  # type: ignore[misc]
                    label = f"Trends, {part} callback, {NAMES[name]}, warm"
                    yield Measurement(label, took, "ms", Goal(limit))
            workdays = {f"{ids.TRENDS_WEEKDAYS}.value": "work"}
            first = 1000 * seconds_of(lambda: page.ask(PARTS["main"], "10y", workdays))
            yield Measurement("Trends, Mon to Fri of ten years, first of a process", first, "ms")
            took = median_ms(lambda: page.ask(PARTS["main"], "10y", workdays), RUNS)
            yield Measurement("Trends, Mon to Fri of ten years, warm", took, "ms", Goal(LIMITS_MS["10y"]))
        finally:
            services.store.close()


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


class _Page:
    """The page's callbacks, asked as the browser asks, without a socket."""

    def __init__(self, app: Dash) -> None:
        self._client = app.server.test_client()
        self._specs: list[dict[str, Any]] = list(self._client.get("/_dash-dependencies").json or ())

    def ask(self, output: str, range_name: str, more: dict[str, Any] | None = None) -> None:
        """Ask for what *output* belongs to; *more*: values of the page's own controls."""
        (spec,) = [s for s in self._specs if output in s["output"]]
        given: dict[str, Any] = {
            f"{ids.URL}.search": f"?range={range_name}",
            f"{ids.URL}.pathname": "/trends",
            f"{ids.VIEWER}.data": {"theme": "light", "phone": False},
            f"{ids.TRENDS_WEEKDAYS}.value": "all",
            **(more or {}),
        }

        def part(entry: dict[str, str]) -> dict[str, Any]:
            return {**entry, "value": given.get(f"{entry['id']}.{entry['property']}")}

        outputs = [o.rsplit(".", 1) for o in spec["output"].strip(".").split("...")]
        body = {
            "output": spec["output"],
            "outputs": [{"id": i, "property": p} for i, p in outputs],
            "inputs": [part(e) for e in spec["inputs"]],
            "state": [part(e) for e in spec["state"]],
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
