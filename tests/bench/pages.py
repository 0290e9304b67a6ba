"""What the server's part of a page costs: the callback that renews it, and the size of the chart it sends."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from werkzeug.test import TestResponse

from cgm_dash.batch import Wearer
from layouts import ids
from layouts.views import chart_key
from sql.engine import make_engine
from sql.readiness import Readiness
from sql.store import Store, assemble
from sql.vault import Vault
from tests.bench import year
from tests.bench.asking import ACCEPTED, Asker, asked
from tests.bench.measure import Goal, Measurement, median_ms, seconds_of

RUNS = 60
COLD_RUNS = 3
LONG_RUNS = 20
WARM_MS = 15
LONG_MS = 100
CHART_KB = 100
LONG_KB = 150
TEN_YEARS_MIN = 10 * year.YEAR_MIN
NAMED = ("3h", "6h", "12h", "24h", "3d", "7d", "14d", "30d", "90d")
TIMED = ("12h", "90d")


def measure(folder: Path, newest: int) -> Iterator[Measurement]:
    """Measure over the year stored in the data directory *folder*."""
    now = float(newest + 20)
    ranges = (*NAMED, _a_year(now))
    with _page(folder, now) as page:
        page.renew(_a_year(now))
        yield Measurement("range callback, 14 days, warm", page.median("14d"), "ms", Goal(WARM_MS))
        for name in TIMED:
            yield Measurement(f"range callback, {_name(name)}, warm", page.median(name), "ms")
        yield Measurement("new reading, everything drawn, 14 days", page.whole("14d"), "ms")
        yield Measurement("range callback, one year by dates, warm", page.median(ranges[-1]), "ms")
        yield Measurement("tick without news, 14 days", page.idle("14d"), "ms")
        sizes = {name: page.chart_kb(name) for name in ranges}
    for name, kilobytes in sizes.items():
        yield Measurement(f"chart's JSON, {_name(name)}", kilobytes, "kB", Goal(CHART_KB))
    for name in ("14d", "90d"):
        yield Measurement(f"range callback, {_name(name)}, first of a process", _cold(folder, now, name), "ms")
    yield from _ten_years(newest)


def _ten_years(newest: int) -> Iterator[Measurement]:
    """Measure over ten years of minutes, in a database of their own."""
    with tempfile.TemporaryDirectory(prefix="cgm-bench-") as name:
        folder, now = Path(name), float(newest + 20)
        filled = ten_years_stored(folder, newest)
        filled.close()
        whole, zoom = _dates(now, 3650), (now - 6 * 365 * 86_400, now - (6 * 365 - 90) * 86_400)
        with _page(folder, now) as page:
            first = 1000 * seconds_of(lambda: page.renew(whole))
            yield Measurement("range callback, ten years, first of a process", first, "ms")
            yield Measurement("range callback, ten years, warm", page.median(whole, LONG_RUNS), "ms", Goal(LONG_MS))
            yield Measurement("chart's JSON, ten years", page.chart_kb(whole), "kB", Goal(LONG_KB))
            page.zoom = zoom
            took = page.median(whole, LONG_RUNS)
            yield Measurement("range callback, 90 days of ten years zoomed in on, warm", took, "ms", Goal(LONG_MS))
            kilobytes = page.chart_kb(whole)
            yield Measurement("chart's JSON, 90 days of ten years zoomed in on", kilobytes, "kB", Goal(LONG_KB))


def ten_years_stored(folder: Path, newest: int) -> Store:
    """Return a store that holds ten years of minutes, its days derived."""
    engine = make_engine(f"sqlite:///{folder / 'cgm_dash.sqlite3'}")
    Readiness(engine).ensure()
    store, patient = assemble(engine, Vault.open(folder)), year.world().patient(0)
    source = store.sources.resolve(None, "bench", Wearer(patient.patient_id, "Mira", patient.country, "mg/dL"))
    store.people.set_zone(source.person_id, patient.zone_name, confirmed=True)
    minutes = year.minutes(newest, TEN_YEARS_MIN)
    store.readings.add_many(source.person_id, source.source_id, minutes, arrived=newest + 60)
    store.days.catch_up(source.person_id)
    return store


class Page:
    """The live page's callbacks. zoom: the part of the chart looked at."""

    def __init__(self, asker: Asker) -> None:
        self.zoom: tuple[float, float] | None = None
        self._asker = asker

    def renew(self, range_name: str, accepted: str = ACCEPTED, painted: str = "") -> TestResponse:
        """Ask for what the page shows of a range. painted: what it shows already, "" for nothing."""
        given: dict[str, Any] = {f"{ids.PAINTED}.data": painted}
        if self.zoom:
            dates = [date.fromisoformat(part) for part in range_name.split("..")]
            key = chart_key("1", "dates", (dates[0], dates[1]))
            given[f"{ids.VISIBLE}.data"] = {"key": key, "range": list(self.zoom)}
        return self._asker.ask(f"{ids.GLUCOSE_GRAPH}.figure", range_name, given, accepted)

    def tick(self, range_name: str, painted: str = "") -> TestResponse:
        """Ask for a sign of life, as the page does every three seconds; *painted*: what its frame shows already."""
        return self._asker.ask(f"{ids.HEARTBEAT}.children", range_name, {f"{ids.FRAME_PAINTED}.data": painted}, "")

    def median(self, range_name: str, runs: int = RUNS) -> float:
        """Return the median milliseconds of the answer to a change of range, in a page that shows another one."""
        zoom, self.zoom = self.zoom, None
        painted = self._plain("6h")[ids.PAINTED]["data"]
        self.zoom = zoom
        return median_ms(lambda: self.renew(range_name, painted=painted), runs)

    def whole(self, range_name: str) -> float:
        """Return the median milliseconds of an answer that draws everything, as after a new reading."""
        return median_ms(lambda: self.renew(range_name), RUNS)

    def idle(self, range_name: str) -> float:
        """Return the median milliseconds of a tick that finds nothing new."""
        painted = (self.tick(range_name).json or {})["response"][ids.FRAME_PAINTED]["data"]
        if list((self.tick(range_name, painted).json or {})["response"]) != [ids.HEARTBEAT]:
            raise AssertionError("a tick without news brought more than a sign of life")
        return median_ms(lambda: self.tick(range_name, painted), RUNS)

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
    with asked(folder, now, "/") as asker:
        yield Page(asker)


def _a_year(now: float) -> str:
    return _dates(now, 365)


def _dates(now: float, days: int) -> str:
    """Return the range of the last *days* by dates."""
    today = datetime.fromtimestamp(now, tz=UTC).astimezone(year.world().patient(0).zone).date()
    return f"{today - timedelta(days=days - 1)}..{today}"


def _name(range_name: str) -> str:
    return "one year by dates" if ".." in range_name else range_name.replace("h", " h").replace("d", " days")
