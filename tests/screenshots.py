"""`make screenshots`: pictures of the live page in its states, wide and phone, light and dark, into screenshots/."""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium import webdriver

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from cgm_dash.batch import Columns, SensorSeen, Wearer  # noqa: E402  the path has to be set first
from cgm_dash.reading import Flag, Kind, Reading, Trend  # noqa: E402
from ingestion.simulator import Curve  # noqa: E402
from sql.engine import make_engine  # noqa: E402
from sql.migrate import migrate  # noqa: E402
from sql.runs import Run  # noqa: E402
from sql.store import Store, assemble  # noqa: E402
from sql.vault import Vault  # noqa: E402
from tests.browser.conftest import Browser  # noqa: E402
from tests.conftest import pytest_setup_options  # noqa: E402
from tests.support.served import Served, serving  # noqa: E402

TARGET = ROOT / "screenshots"
SIZES = {"desk": (1440, 900), "phone": (390, 844)}
LOOKS = ("light", "dark")


def fill(store: Store, age_s: int, days: int = 14, mg_dl: int | None = None, flag: Flag = Flag.NONE) -> None:
    """Store *days* of invented minutes with a gap of 70 minutes; the newest is *age_s* old and may be set."""
    row = store.sources.resolve(None, "librelinkup", Wearer("shown", "Mira Rau", "DE", "mg/dL"))
    store.people.set_zone(row.person_id, "Europe/Berlin", confirmed=True)
    newest = int(time.time()) - age_s
    minutes = range(newest // 60 - days * 1440, newest // 60 + 1)
    values = Curve(4, 0, "aid", "Europe/Berlin").mg_dl(minutes).tolist()
    kept = [(m, v) for m, v in zip(minutes, values, strict=True) if not 300 <= newest // 60 - m < 370]
    rows = [Reading(60 * m + newest % 60, v, Kind.LIVE, offset_min=60, trend=Trend.RISING) for m, v in kept]
    if mg_dl is not None:
        last = rows[-1].ts
        rows[-9:] = [
            Reading(last - 60 * i, mg_dl + 4 * i, Kind.LIVE, flag if i == 0 else Flag.NONE, Trend.FALLING)
            for i in range(8, -1, -1)
        ]
    store.readings.add(row.person_id, row.source_id, Columns.of(rows), arrived=time.time())
    sensor = SensorSeen("0TST12345670", "Libre 3", newest - 10 * 86_400, 60, 14)
    store.sensors.record(row.person_id, row.source_id, [sensor], time.time())


def trouble(store: Store) -> None:
    """Store old readings and a last run that was refused."""
    fill(store, 1600)
    upstream = store.upstreams.set_account("librelinkup", "f@example.org", "invented").upstream_id
    store.runs.record(Run(upstream_id=upstream, started=time.time(), outcome="terms", retry_at=time.time() + 1500))


STATES: dict[str, Callable[[Store], None]] = {
    "fresh": lambda store: fill(store, 40),
    "late": lambda store: fill(store, 500),
    "stale": lambda store: fill(store, 1620),
    "low": lambda store: fill(store, 30, mg_dl=58),
    "lo": lambda store: fill(store, 30, mg_dl=40, flag=Flag.LO),
    "action-needed": trouble,
    "empty": lambda store: None,
}


@contextmanager
def state(name: str, folder: Path) -> Iterator[Served]:
    """Serve the page in one of STATES, as for somebody with an account nobody polls."""
    folder.mkdir()
    engine = make_engine(f"sqlite:///{folder / 'cgm_dash.sqlite3'}")
    migrate(engine)
    store = assemble(engine, Vault.open(folder))
    STATES[name](store)
    store.close()
    with serving(folder, DEMO="0") as served:
        yield served.ready("/healthz")


@contextmanager
def demo(folder: Path) -> Iterator[Served]:
    """Serve the demo with its whole past."""
    with serving(folder) as served:
        served.ready()
        deadline = time.monotonic() + 180
        while "past=done" not in served.log() and time.monotonic() < deadline:
            time.sleep(0.5)
        yield served


def take(browser: Browser, url: str, name: str) -> None:
    """Take the pictures of one address."""
    for look in LOOKS:
        browser.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": look}])
        for size, (width, height) in SIZES.items():
            browser.size(width, height)
            browser.driver.get(url)
            browser.wait(lambda: browser.js("return !!document.querySelector('main')"))
            time.sleep(2.5)
            whole = browser.js("return document.documentElement.scrollHeight")
            browser.size(width, max(whole, height))
            time.sleep(0.5)
            path = TARGET / f"{name}-{size}-{look}.png"
            browser.driver.save_screenshot(str(path))
            print(path.relative_to(ROOT))


def main() -> int:
    """Take all pictures, or those of the states named on the command line."""
    wanted = sys.argv[1:] or ["demo", *STATES]
    unknown = [name for name in wanted if name not in ("demo", *STATES)]
    if unknown:
        print(f"no such state: {', '.join(unknown)}; there are: demo, {', '.join(STATES)}", file=sys.stderr)
        return 2
    TARGET.mkdir(exist_ok=True)
    options = pytest_setup_options()
    for argument in ("--headless=new", "--no-sandbox", "--hide-scrollbars"):
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options)
    folder = Path(tempfile.mkdtemp(prefix="cgm-screenshots-"))
    try:
        for name in wanted:
            with demo(folder / name) if name == "demo" else state(name, folder / name) as served:
                take(Browser(driver), served.url, name)
    finally:
        driver.quit()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
