"""What the server's part of a page costs: the callback that renews it, and the size of the chart it sends."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from dash import Dash
from werkzeug.test import TestResponse

from app import compose, create_app
from cgm_dash.settings import Settings
from layouts import ids
from tests.bench import year
from tests.bench.measure import Goal, Measurement, median_ms, seconds_of

RUNS = 60
COLD_RUNS = 3
WARM_MS = 15
CHART_KB = 100
NAMED = ("3h", "6h", "12h", "24h", "3d", "7d", "14d", "30d", "90d")
TIMED = ("12h", "90d")
ACCEPTED = "gzip, deflate, br, zstd"
"""What Chromium asks for: the time holds the compression too."""


def measure(folder: Path, newest: int) -> Iterator[Measurement]:
    """Measure over the year stored in the data directory *folder*."""
    now = float(newest + 20)
    ranges = (*NAMED, _a_year(now))
    with _page(folder, now) as page:
        page.renew(_a_year(now))
        yield Measurement("range callback, 14 days, warm", page.median("14d"), "ms", Goal(WARM_MS))
        for name in TIMED:
            yield Measurement(f"range callback, {_name(name)}, warm", page.median(name), "ms")
        yield Measurement("range callback, one year by dates, warm", page.median(ranges[-1]), "ms")
        yield Measurement("tick without news, 14 days", page.idle("14d"), "ms")
        sizes = {name: page.chart_kb(name) for name in ranges}
    for name, kilobytes in sizes.items():
        yield Measurement(f"chart's JSON, {_name(name)}", kilobytes, "kB", Goal(CHART_KB))
    for name in ("14d", "90d"):
        yield Measurement(f"range callback, {_name(name)}, first of a process", _cold(folder, now, name), "ms")


class Page:
    """The page's callbacks, asked as the browser asks, without a socket."""

    def __init__(self, app: Dash) -> None:
        self._client = app.server.test_client()
        (self._spec,) = [
            c
            for c in self._client.get("/_dash-dependencies").json or ()
            if f"{ids.GLUCOSE_GRAPH}.figure" in c["output"]
        ]

    def renew(self, range_name: str, painted: str | None = None) -> TestResponse:
        """Ask for everything the page shows of a range; *painted*: what it shows already."""
        given: dict[str, Any] = {
            f"{ids.URL}.search": f"?range={range_name}",
            f"{ids.UNIT_SELECT}.value": "mg/dL",
            f"{ids.VIEWER}.data": {"theme": "light", "phone": False},
            f"{ids.PAINTED}.data": painted,
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
        answer: TestResponse = self._client.post(
            "/_dash-update-component",
            data=json.dumps(body),
            content_type="application/json",
            headers={"Accept-Encoding": ACCEPTED} if painted is None else {},
        )
        if answer.status_code != 200:
            raise AssertionError(answer.get_data(as_text=True)[:500])
        return answer

    def median(self, range_name: str) -> float:
        """Return the median milliseconds of a full answer."""
        return median_ms(lambda: self.renew(range_name), RUNS)

    def idle(self, range_name: str) -> float:
        """Return the median milliseconds of a tick that finds nothing new."""
        painted = self._plain(range_name)[ids.PAINTED]["data"]
        if ids.GLUCOSE_GRAPH in (self.renew(range_name, painted).json or {})["response"]:
            raise AssertionError("a tick without news drew the chart again")
        return median_ms(lambda: self.renew(range_name, painted), RUNS)

    def chart_kb(self, range_name: str) -> float:
        """Return the size of the chart as it is sent, before compression, kB."""
        return len(orjson.dumps(self._plain(range_name)[ids.GLUCOSE_GRAPH]["figure"])) / 1000

    def _plain(self, range_name: str) -> dict[str, Any]:
        answer: dict[str, Any] = (self.renew(range_name, "").json or {})["response"]
        return answer


def _cold(folder: Path, now: float, range_name: str) -> float:
    """Return the median milliseconds of the first callback of a process: nothing is in memory yet."""
    times = []
    for _ in range(COLD_RUNS):
        with _page(folder, now) as page:
            times.append(1000 * seconds_of(lambda: page.renew(range_name)))
    return sorted(times)[COLD_RUNS // 2]


@contextmanager
def _page(folder: Path, now: float) -> Iterator[Page]:
    """Give a page over the year in *folder*; its clock stands still, so that nothing depends on the hour."""
    with tempfile.TemporaryDirectory(prefix="cgm-keys-") as keys:
        settings = {
            "CGM_DASH_DATA_DIR": keys,
            "CGM_DASH_DATABASE_URL": f"sqlite:///{folder / 'cgm_dash.sqlite3'}",
            "CGM_DASH_LLU_EMAIL": "f@example.org",
            "CGM_DASH_LLU_PASSWORD": "invented",
            "CGM_DASH_LLU_URL": "http://127.0.0.1:9",
        }
        composition = compose(Settings.from_env(settings), lambda: now)
        composition.services.ready()
        try:
            yield Page(create_app(composition.services))
        finally:
            composition.services.store.close()


def _a_year(now: float) -> str:
    """Return the range of the last year by dates."""
    today = datetime.fromtimestamp(now, tz=UTC).astimezone(year.world().patient(0).zone).date()
    return f"{today - timedelta(days=364)}..{today}"


def _name(range_name: str) -> str:
    return "one year by dates" if ".." in range_name else range_name.replace("h", " h").replace("d", " days")
