"""How fast every metric is computed from readings in memory, and what ten years of minutes cost in memory."""

import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import numpy as np

from cgm_dash.batch import NO_OFFSET
from cgm_dash.metrics.summary import all_metrics
from cgm_dash.reading import Kind
from cgm_dash.series import Series
from cgm_dash.window import Window
from tests.bench.measure import Goal, Measurement, median_ms
from tests.support.served import ROOT

BERLIN = ZoneInfo("Europe/Berlin")
END = 1_795_302_000
"""2026-11-22 00:00 in Berlin."""

DAY_S = 86_400
TEN_YEARS = 3652
MB = 1024
"""ru_maxrss counts kilobytes."""


def measure() -> Iterator[Measurement]:
    """Measure 90 days of five minutes and a year of minutes here, ten years of minutes in a process of its own."""
    for name, period_s, days, runs, goal in (
        ("90 days of 5 min", 300, 90, 15, 10),
        ("a year of minutes", 60, 365, 7, 80),
    ):
        series, window = worn(period_s, days)
        taken = median_ms(lambda s=series, w=window: all_metrics(s, w, BERLIN), runs)  # type: ignore[misc]
        yield Measurement(f"every metric, {name}", taken, "ms", Goal(goal))
    child = [sys.executable, "-m", "tests.bench.metrics"]
    told = json.loads(subprocess.run(child, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
    yield Measurement("every metric, ten years of minutes", told["ms"], "ms", Goal(1000))
    yield Measurement("the same, peak memory of the process", told["mb"], "MB", Goal(400))


def worn(period_s: int, days: int) -> tuple[Series, Window]:
    """Return *days* of an invented curve with a swing of meals and days, and the window that holds them."""
    n, start = days * DAY_S // period_s, END - days * DAY_S
    mg_dl = np.empty(n, np.int16)
    rng = np.random.default_rng(1)
    for at in range(0, n, 1 << 18):  # in parts, so that making it does not set the peak
        hour = np.arange(at, min(n, at + (1 << 18))) * (period_s / 3600)
        knots = np.arange(int(hour[0]), int(hour[-1]) + 3, 0.5)
        noise = np.interp(hour, knots, 25 * rng.standard_normal(len(knots)))
        course = 140 + 40 * np.sin(2 * np.pi * hour / 4.7) + 25 * np.sin(2 * np.pi * hour / 24) + noise
        mg_dl[at : at + len(hour)] = np.clip(course, 40, 400)
    series = Series(
        start + period_s * np.arange(n, dtype=np.int64) + 17,
        mg_dl,
        np.zeros(n, np.int8),
        np.full(n, Kind.LIVE, np.int8),
        np.zeros(n, np.int8),
        np.full(n, period_s, np.int32),
        np.full(n, NO_OFFSET, np.int16),
        np.full(n, period_s, np.int32),
    )
    return series, Window("", start, END, days)


def main() -> None:
    """Print what ten years of minutes take, as JSON."""
    series, window = worn(60, TEN_YEARS)
    taken = median_ms(lambda: all_metrics(series, window, BERLIN), runs=3, warm=1)
    print(json.dumps({"ms": taken, "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MB}))


if __name__ == "__main__":
    main()
