"""`make screenshots`: pictures of the pages in their states, wide and phone, light and dark, into screenshots/."""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from cgm_dash.access import Action, Role, Scope  # noqa: E402  the path has to be set first
from cgm_dash.batch import Columns, SensorSeen, Wearer  # noqa: E402
from cgm_dash.reading import Flag, Kind, Reading, Trend  # noqa: E402
from ingestion.simulator import Curve  # noqa: E402
from layouts import shell  # noqa: E402
from sql.engine import make_engine  # noqa: E402
from sql.migrate import migrate  # noqa: E402
from sql.runs import Run  # noqa: E402
from sql.store import Store, assemble  # noqa: E402
from sql.vault import Vault  # noqa: E402
from tests.browser.conftest import Browser, chromium, signed_in  # noqa: E402
from tests.support.served import Served, serving  # noqa: E402
from tests.support.signed_in import OWNER, PASSWORD, session_at, user_of  # noqa: E402

TARGET = ROOT / "screenshots"
SIZES = {"desk": (1440, 900), "phone": (390, 844)}
LOOKS = ("light", "dark")
PAGES = {**dict(shell.PAGES), "nowhere": "/nope"}
"""Each page by its name, and an address without one."""

DRAWN = """
    const main = document.querySelector('main');
    if (!main || document.querySelector('._dash-loading') || document.fonts.status !== 'loaded') return false;
    return Array.from(document.querySelectorAll('.dash-graph')).every((e) => e.querySelector('.main-svg'));
"""
SETTLE_S = 0.4
"""From drawn until nothing moves any more; from a new size until the charts have followed."""
PIN = "4711"
NOBODY = "postgresql://nobody@127.0.0.1:9/none"
"""A database that no server is behind."""


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


def people(store: Store) -> None:
    """Store whom an owner has let in: people, a program, a doctor; and what happened."""
    fill(store, 40, days=1)
    now, mira = time.time(), store.people.list()[0].id
    user_of(store)
    store.users.add("School nurse Bergmann", PASSWORD, Role.VIEWER, now, people=[mira])
    store.users.add("Grandpa Jonas", PASSWORD, Role.CARER, now, people=None)
    store.tokens.create("Kitchen display", frozenset(Scope), now, days=30, person_id=None, created_by=OWNER)
    pages = frozenset({"report", "days"})
    store.shares.create("Dr Roth", mira, pages, now, hours=72, pin=PIN, created_by=OWNER)
    for action in (Action.SIGN_IN, Action.TOKEN_CREATED, Action.SHARE_CREATED, Action.ALARM_ACKNOWLEDGED):
        store.audit.note(now, f"user:{OWNER}", action, address="192.0.2.7")


STATES: dict[str, Callable[[Store], None]] = {
    "fresh": lambda store: fill(store, 40),
    "late": lambda store: fill(store, 500),
    "stale": lambda store: fill(store, 1620),
    "low": lambda store: fill(store, 30, mg_dl=58),
    "lo": lambda store: fill(store, 30, mg_dl=40, flag=Flag.LO),
    "action-needed": trouble,
    "empty": lambda store: None,
    "people": people,
}


PLAIN = {
    "account": "/account",
    "second-factor": "/account/second-factor",
    "access": "/access",
    "person": "/access/people/2",
    "new-person": "/access/people/new",
    "new-program": "/access/programs/new",
    "new-link": "/access/links/new",
    "audit": "/audit",
}
"""Pages without scripts, by their names: who is let in, and what they did."""
STRANGERS = {"login": "/login", "setup": "/setup", "link": "/share/", "no-link": "/share/nothing"}
"""Those of whoever is not let in yet; a link's secret is put behind its path."""
PAGES |= PLAIN | STRANGERS

LOOKED_AT: dict[str, tuple[str, ...]] = {
    "demo": (*dict(shell.PAGES), "nowhere"),
    "empty": tuple(dict(shell.PAGES)),
    "stale": tuple(dict(shell.PAGES)),
    "low": ("now", "days"),
    "error": ("now", "trends"),
    "offline": ("now",),
    "people": (*PLAIN, "login", "link", "no-link"),
    "first": ("setup",),
    **dict.fromkeys(("fresh", "late", "lo", "action-needed"), ("now",)),
}
"""Which pages are taken in which state: those that look otherwise in it."""


@contextmanager
def state(name: str, folder: Path) -> Iterator[Served]:
    """Serve the pages in one of STATES, as for somebody with an account nobody polls."""
    folder.mkdir()
    engine = make_engine(f"sqlite:///{folder / 'cgm_dash.sqlite3'}")
    migrate(engine)
    store = assemble(engine, Vault.open(folder))
    STATES[name](store)
    store.close()
    with serving(folder, DEMO="0") as served, signed_in(served.url, session_at(served.ready("/healthz"))):
        yield served


@contextmanager
def demo(folder: Path) -> Iterator[Served]:
    """Serve the demo with its whole past."""
    with serving(folder) as served:
        served.ready()
        deadline = time.monotonic() + 180
        while "past=done" not in served.log() and time.monotonic() < deadline:
            time.sleep(0.5)
        yield served


@contextmanager
def first(folder: Path) -> Iterator[Served]:
    """Serve a new installation: nobody has an account yet."""
    with serving(folder, DEMO="0") as served:
        yield served.ready()


@contextmanager
def error(folder: Path) -> Iterator[Served]:
    """Serve without a database."""
    with serving(folder, DEMO="0", DATABASE_URL=NOBODY) as served:
        yield served.ready("/healthz")


def served_in(name: str, folder: Path) -> AbstractContextManager[Served]:
    """Return the server for the pictures of state *name*."""
    if name == "demo":
        return demo(folder)
    if name == "first":
        return first(folder)
    return error(folder) if name == "error" else state("fresh" if name == "offline" else name, folder)


def look(browser: Browser, name: str) -> None:
    """Have the device light or dark."""
    browser.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])


def take(browser: Browser, url: str, name: str, go: Callable[[str], None] | None = None) -> None:
    """Take the pictures of one address. go: how to get there, signed in by default."""
    for theme in LOOKS:
        look(browser, theme)
        for size, measures in SIZES.items():
            browser.size(*measures)
            (go or browser.driver.get)(url)
            browser.wait(lambda: browser.js(DRAWN))
            picture(browser, f"{name}-{size}-{theme}", measures)


def picture(browser: Browser, name: str, measures: tuple[int, int]) -> None:
    """Take the whole page as it stands, at the width of *measures*."""
    width, height = measures
    time.sleep(SETTLE_S)
    whole = browser.js("return document.documentElement.scrollHeight")
    if whole > height:
        browser.size(width, whole)
        time.sleep(SETTLE_S)
    path = TARGET / f"{name}.png"
    browser.driver.save_screenshot(str(path))
    print(path.relative_to(ROOT), flush=True)


def without_server(browser: Browser, served: Served) -> None:
    """Take an open page that has lost its server, and the page that an installed one shows in its place.

    The open one is light only: nobody is there to draw its charts for another look.
    """
    browser.size(*SIZES["desk"])
    look(browser, "light")
    browser.driver.get(served.url)
    browser.wait(lambda: browser.js(DRAWN))
    ready = "const done = arguments[0]; navigator.serviceWorker.ready.then((r) => done(r.active.state === 'activated'))"
    browser.wait(lambda: browser.driver.execute_async_script(ready))
    served.stop()
    browser.wait(lambda: browser.js("return document.documentElement.dataset.live") == "offline", 60)
    for size, measures in SIZES.items():
        browser.size(*measures)
        picture(browser, f"offline-now-{size}-light", measures)
    take(browser, served.url, "offline-page")


def main() -> int:
    """Take all pictures, or those of the states and pages named on the command line."""
    named = sys.argv[1:]
    unknown = [name for name in named if name not in LOOKED_AT and name not in PAGES]
    if unknown:
        print(f"no such state or page: {', '.join(unknown)}", file=sys.stderr)
        print(f"states: {', '.join(LOOKED_AT)}; pages: {', '.join(PAGES)}", file=sys.stderr)
        return 2
    states = [name for name in LOOKED_AT if name in named] or list(LOOKED_AT)
    pages = [name for name in PAGES if name in named] or list(PAGES)
    TARGET.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="cgm-screenshots-"))
    try:
        with chromium() as browser:
            for name in states:
                take_state(browser, name, [page for page in LOOKED_AT[name] if page in pages], folder / name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def take_state(browser: Browser, name: str, pages: list[str], folder: Path) -> None:
    """Take the pictures of these pages in one state."""
    if not pages:
        return
    with served_in(name, folder) as served:
        if name == "offline":
            without_server(browser, served)
            return
        for page in pages:
            stranger = page in STRANGERS
            url = served.url + PAGES[page] + (secret_of(served) if page == "link" else "")
            take(browser, url, f"{name}-{page}", browser.get_as_stranger if stranger else None)


def secret_of(served: Served) -> str:
    """Return the secret of a new link with a PIN, to Mira's report."""
    store = assemble(make_engine(f"sqlite:///{served.folder / 'cgm_dash.sqlite3'}"), Vault.open(served.folder))
    try:
        mira, pages = store.people.list()[0].id, frozenset({"report"})
        return store.shares.create("Dr Beck", mira, pages, time.time(), hours=24, pin=PIN, created_by=OWNER)[1]
    finally:
        store.close()


if __name__ == "__main__":
    sys.exit(main())
