"""What the report costs: its PDF in a server and by the command, the page it stands on, and how large the file is."""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from app import compose
from callbacks.report_view import Order, gather
from callbacks.services import Services
from cgm_dash.settings import Settings
from cgm_dash.units import Unit
from cgm_dash.window import named
from layouts.report import sheets
from layouts.sheet.pdf import render
from layouts.sheet.view import Extra, Paper, ReportView
from tests.bench.measure import Goal, Measurement, median_ms, seconds_of
from tests.support.served import ROOT

SECONDS = {"14d": 1.5, "90d": 3.0}
FILE_KB = 500
RUNS, COMMANDS = 9, 3


def measure(folder: Path, newest: int) -> Iterator[Measurement]:
    """Measure over the year of minutes stored in the data directory *folder*."""
    now = float(newest + 20)
    services = compose(
        Settings.from_env({"CGM_DASH_DATA_DIR": str(folder), "CGM_DASH_DEMO": "0"}), lambda: now
    ).services
    services.ready()
    for name, goal in SECONDS.items():
        days = name.removesuffix("d")
        _first, *taken = [_command_s(folder, days) for _ in range(1 + COMMANDS)]  # Python may have to compile
        yield Measurement(
            f"report PDF, {days} days, every page, the whole command", statistics.median(taken), "s", Goal(goal)
        )
        view = _view(services, name, now)
        made = median_ms(partial(_made, services, name, now), RUNS)
        yield Measurement(f"report PDF, {days} days, every page, in a server", made, "ms", Goal(1000 * goal))
        size = len(render(view)) / 1000
        yield Measurement(f"report PDF, {days} days, every page, its size", size, "kB", Goal(FILE_KB))
        yield Measurement(f"report's sheets, {days} days, every page", median_ms(partial(sheets, view), RUNS), "ms")
    services.store.close()


def _view(services: Services, name: str, now: float) -> ReportView:
    (person, *_) = services.people()
    window = named(name, now, services.zone(person))
    return gather(services, person, Order(window, Unit.MG_DL, Paper.A4, frozenset(Extra)), now)


def _made(services: Services, name: str, now: float) -> bytes:
    return render(_view(services, name, now))


def _command_s(folder: Path, days: str) -> float:
    """Return how long `cgm-dash report` takes from its start to its end."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CGM_DASH_")}
    settings = kept | {"CGM_DASH_DATA_DIR": str(folder), "CGM_DASH_DEMO": "0"}
    with tempfile.TemporaryDirectory(prefix="cgm-bench-") as place:
        out = str(Path(place) / "report.pdf")
        command = [sys.executable, "-m", "cgm_dash", "report", "--days", days, "--pages", "days,metrics", "--out", out]
        return seconds_of(
            partial(subprocess.run, command, cwd=ROOT, env=settings, check=True, stdout=subprocess.DEVNULL)
        )
