"""`make bench`: measure what the project promises about speed, print a table, write build/bench.json.

Arguments: names of parts (metrics, days, store, pages, report, days-page, trends, process, start, browser,
lighthouse), all without one; -v also lists what came over the wire. Lines in the file that this run did not measure
stay. Ends with 1 where a goal is missed.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from cgm_dash.settings import Settings
from ingestion.simulator import DEMO_EMAIL, DEMO_PASSWORD, SimulatorServer
from sql.engine import make_engine
from sql.readiness import Readiness
from sql.store import assemble
from sql.vault import Vault
from tests.bench import (
    browser,
    days,
    days_page,
    lighthouse,
    metrics,
    pages,
    peers,
    process,
    report,
    start,
    store,
    trends,
    year,
)
from tests.bench.measure import Measurement, table
from tests.support.served import ROOT

PARTS = (
    "metrics",
    "days",
    "store",
    "pages",
    "report",
    "days-page",
    "trends",
    "process",
    "start",
    "browser",
    "lighthouse",
)


def measure(parts: list[str], verbose: bool) -> Iterator[Measurement]:
    """Measure the *parts*, the core and the database alone first: the others share a year stored once."""
    if "metrics" in parts:
        yield from metrics.measure()
    if "days" in parts:
        yield from days.measure()
    newest = int(time.time()) // 60 * 60 - 60
    if "store" in parts:
        yield from store.measure(newest)
    if "trends" in parts:
        yield from trends.measure(newest)
    if "start" in parts:
        yield from start.measure(newest)
    if not {"pages", "report", "days-page", "process", "browser", "lighthouse"} & set(parts):
        return
    with tempfile.TemporaryDirectory(prefix="cgm-bench-") as name, SimulatorServer(year.world()) as upstream:
        folder = Path(name) / "data"
        settings = {"LLU_EMAIL": DEMO_EMAIL, "LLU_PASSWORD": DEMO_PASSWORD, "LLU_URL": upstream.url}
        _prepare(folder, newest)
        if "pages" in parts:
            yield from pages.measure(folder, newest)
        if "report" in parts:
            yield from report.measure(folder, newest)
        if "days-page" in parts:
            yield from days_page.measure(folder, newest)
        if "process" in parts:
            yield from process.measure(folder, settings)
        if "browser" in parts:
            yield from browser.measure(folder, settings, verbose=verbose)
        if "lighthouse" in parts:
            yield from lighthouse.measure(folder, settings, verbose=verbose)


def _let_python_compile() -> None:
    """Let the servers keep compiled modules as an installation has them, whatever the environment here says.

    Without any, a start takes twice as long. They go below build/, so that no installation is changed.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(ROOT / "build" / "bench-pycache")


def _prepare(folder: Path, newest: int) -> None:
    """Make a data directory that holds the year."""
    settings = Settings.from_env({"CGM_DASH_DATA_DIR": str(folder)})
    folder.mkdir(mode=0o700, parents=True)
    engine = make_engine(settings.database_url)
    Readiness(engine).ensure()
    filled = assemble(engine, Vault.open(folder))
    year.store_year(filled, newest)
    filled.close()


def main() -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parser.add_argument("-v", "--verbose", action="store_true", help="list every answer of a page and its size")
    given = parser.parse_args()
    unknown = set(given.parts) - set(PARTS)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(PARTS)}")
    _let_python_compile()
    lines = []
    for line in measure(given.parts or list(PARTS), given.verbose):
        lines.append(line)
        print(f"  {line.name}", file=sys.stderr, flush=True)
    print(table(lines))
    print(f"load average over one, five and fifteen minutes: {' '.join(f'{x:.1f}' for x in os.getloadavg())}")
    peers.write(lines)
    return int(any(line.ok is False for line in lines))


if __name__ == "__main__":
    sys.exit(main())
