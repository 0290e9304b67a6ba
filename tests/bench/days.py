"""Any range of ten stored years of minutes: how soon statistics and profile are there, and what keeping days costs."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import psutil

from cgm_dash.batch import Columns, Wearer
from cgm_dash.metrics.gri import gri_of
from cgm_dash.metrics.level import level_of
from cgm_dash.metrics.ranges import ranges_of
from cgm_dash.metrics.risk import risk_indices_of
from cgm_dash.metrics.spread import spread_of
from cgm_dash.series import Series
from cgm_dash.units import ADULT
from sql.days import DayStore
from sql.store import Store
from tests.bench.measure import Goal, Measurement, median_ms, seconds_of
from tests.bench.metrics import DAY_S, END, TEN_YEARS, worn
from tests.bench.store import _make_durable, _store
from tests.support import postgres
from tests.support.served import ROOT

WARM_MS, POLL_MS, REBUILD_S, RSS_MB = 5, 5, 6, 250
COLD_MS = {"sqlite": 50, "postgresql": 80}
RANGES, RUNS, POLLS = 24, 9, 60
CHART_COLUMNS = 1000

Range = tuple[int, int]


def measure() -> Iterator[Measurement]:
    """Measure both databases, and on SQLite the memory of a process that serves the person."""
    with tempfile.TemporaryDirectory(prefix="cgm-bench-") as folder:
        url = f"sqlite:///{folder}/days.sqlite3"
        yield from _on_database("sqlite", url)
        yield _memory(url, folder)
    with postgres.private_server() as server:
        _make_durable(server)
        with server.database() as url:
            yield from _on_database("postgresql", url)


def _on_database(name: str, url: str) -> Iterator[Measurement]:
    with _store(url) as store:
        person, source = _filled(store)
        yield Measurement(
            f"all days of ten years made anew, {name}",
            seconds_of(lambda: store.days.rebuild(person)),
            "s",
            Goal(REBUILD_S),
        )
        spans = list(_ranges())
        cold = [_ask_ms(DayStore(store.engine), person, span) for span in spans]
        label = "statistics and profile of ten years of minutes"
        yield Measurement(f"{label}, nothing cached, {name}", cold[0], "ms", Goal(COLD_MS[name]))
        yield Measurement(f"the same of any range in them, {name}", statistics.median(cold), "ms", Goal(COLD_MS[name]))
        for span in spans:
            _ask_ms(store.days, person, span)
        warm = [median_ms(partial(_answer, store.days, person, span), RUNS) for span in spans]
        yield Measurement(f"{label}, warm, {name}", warm[0], "ms", Goal(WARM_MS))
        yield Measurement(f"the same of any range in them, {name}", statistics.median(warm), "ms", Goal(WARM_MS))
        yield Measurement(f"the slowest of {RANGES} ranges, {name}", max(warm), "ms")
        yield from _polls(store, name, person, source)


def _ranges() -> Iterator[Range]:
    """Give the whole ten years, then stretches of an hour to all of them that begin and end anywhere."""
    start = END - TEN_YEARS * DAY_S
    yield start, END
    rng = np.random.default_rng(3)
    for length in np.geomspace(3600, 0.95 * (END - start), RANGES - 1):
        at = start + int(rng.integers(0, END - start - int(length)))
        yield at, at + int(length)


def _filled(store: Store) -> tuple[int, int]:
    """Store ten years of minutes and return whose they are."""
    row = store.sources.resolve(None, "bench", Wearer("ten", "Ten"))
    store.people.set_zone(row.person_id, "Europe/Berlin", confirmed=True)
    series, _ = worn(60, TEN_YEARS)
    for at in range(0, len(series), 1 << 19):
        part = _columns(series, slice(at, at + (1 << 19)))
        store.readings.add_many(row.person_id, row.source_id, part, arrived=END)
    store.days.catch_up(row.person_id)
    return row.person_id, row.source_id


def _columns(series: Series, part: slice) -> Columns:
    names = ("kind", "ts", "mg_dl", "flag", "trend", "period_s", "offset_min")
    columns = {name: getattr(series, name)[part] for name in names}
    return Columns(**columns | {"mg_dl": columns["mg_dl"].astype(np.int32)})


def _ask_ms(days: DayStore, person: int, span: Range) -> float:
    return 1000 * seconds_of(lambda: _answer(days, person, span))


def _answer(days: DayStore, person: int, span: Range) -> None:
    """Compute what a report's first page shows: level, ranges, GRI, risk, percentiles, the profile's curves."""
    sums = days.sums(person, *span)
    level_of(sums.by_value, sums.n)
    gri_of(ranges_of(sums.judged, ADULT))
    risk_indices_of(sums.by_value)
    spread_of(sums.by_value)
    sums.profile()


def _polls(store: Store, name: str, person: int, source: int) -> Iterator[Measurement]:
    """Measure a poll of two readings behind ten years of days, against one of somebody who has none."""
    other = store.sources.resolve(None, "bench", Wearer("new"))
    series, _ = worn(60, 1)
    later = _columns(series, slice(0, POLLS + 1))
    later.ts[:] += DAY_S
    taken: dict[int, list[float]] = {person: [], other.person_id: []}
    after = []
    for i in range(POLLS):
        two = later.take(np.array([i, i + 1], np.intp))
        for who, where in ((person, source), (other.person_id, other.source_id)):
            taken[who].append(seconds_of(partial(store.readings.add, who, where, two, arrived=END + 60 * i)))
        after.append(_ask_ms(store.days, person, (END - 14 * DAY_S, END + DAY_S)))
    kept, plain = (1000 * statistics.median(taken[who]) for who in (person, other.person_id))
    yield Measurement(f"added by kept days to a poll, {name}", max(0, kept - plain), "ms", Goal(POLL_MS))
    yield Measurement(f"first statistics of 14 days after a poll, {name}", statistics.median(after), "ms")


def _memory(url: str, folder: str) -> Measurement:
    """Return what a process with the whole app holds, once it has served statistics and charts of ten years."""
    command = [sys.executable, "-m", "tests.bench.days", url, folder]
    told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    held = json.loads(told.splitlines()[-1])
    return Measurement("a worker that has served the ten-year person", held, "MB", Goal(RSS_MB))


def main() -> None:
    """Print the memory of this process, MB, after it has served the ten-year person."""
    import app
    from cgm_dash.settings import Settings

    url, folder = sys.argv[1:]
    wanted = {"CGM_DASH_DATA_DIR": str(Path(folder) / "data"), "CGM_DASH_DATABASE_URL": url, "CGM_DASH_DEMO": "0"}
    services = app.compose(Settings.from_env(wanted)).services
    app.create_app(services)
    services.ready()
    days, (someone, *_) = services.store.days, services.people()
    for span in _ranges():
        _answer(days, someone.id, span)
        days.envelope(someone.id, days.day_edges(someone.id, *span, CHART_COLUMNS))
    services.series.between(someone.id, END - 90 * DAY_S, END)
    print(json.dumps(psutil.Process(os.getpid()).memory_info().rss / 2**20))


if __name__ == "__main__":
    main()
