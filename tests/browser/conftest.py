"""A real Chromium in front of the real server over a database whose readings the test decides."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from cgm_dash.batch import NO_OFFSET, Columns, Wearer
from cgm_dash.reading import Kind, Reading, Trend
from sql.engine import make_engine
from sql.store import Store, assemble
from sql.vault import Vault
from tests.conftest import pytest_setup_options
from tests.support import ready
from tests.support.served import Served, serving
from tests.support.signed_in import COOKIE, session_of


def instants(n: int, period_s: int) -> npt.NDArray[np.int64]:
    """Return *n* instants, *period_s* apart, up to a whole minute a minute ago, UTC epoch seconds."""
    return int(time.time()) // 60 * 60 - 60 - period_s * np.arange(n, dtype=np.int64)[::-1]


@dataclass
class Home:
    """A running server and the store behind it. Nothing polls: readings come from the test."""

    served: Served
    store: Store

    def person(self, name: str, minutes: int = 720, mg_dl: int = 120, newest_age_s: int = 20) -> int:
        """Store a wearer in Berlin with a reading a minute, the newest *newest_age_s* old, and return their id."""
        row = self.store.sources.resolve(None, "librelinkup", Wearer(f"id-{name}", name, "DE", "mg/dL"))
        self.store.people.set_zone(row.person_id, "Europe/Berlin", confirmed=True)
        newest = int(time.time()) - newest_age_s
        rows = [Reading(newest - 60 * i, mg_dl + i % 9, offset_min=60, trend=Trend.STEADY) for i in range(minutes)]
        self.store.readings.add(row.person_id, row.source_id, Columns.of(rows), arrived=time.time())
        return row.person_id

    def history(self, period_s: int, mg_dl: npt.NDArray[Any], zone: str = "Europe/Berlin") -> int:
        """Store Mira with a sensor's own series, *mg_dl* up to a minute ago, and return her id. zone: confirmed."""
        row = self.store.sources.resolve(None, "librelinkup", Wearer("id-Mira", "Mira", "DE", "mg/dL"))
        self.store.people.set_zone(row.person_id, zone, confirmed=True)
        n = len(mg_dl)
        columns = Columns(
            kind=np.full(n, int(Kind.HISTORY), np.int8),
            ts=instants(n, period_s),
            mg_dl=mg_dl.astype(np.int32),
            flag=np.zeros(n, np.int8),
            trend=np.zeros(n, np.int8),
            period_s=np.full(n, period_s, np.int32),
            offset_min=np.full(n, NO_OFFSET, np.int16),
        )
        self.store.readings.add_many(row.person_id, row.source_id, columns, arrived=time.time())
        return row.person_id

    def reading(self, person: int, mg_dl: int, age_s: int = 0) -> None:
        """Store one live reading of a person."""
        (source,) = self.store.sources.of_person(person)
        new = Columns.of([Reading(int(time.time()) - age_s, mg_dl, Kind.LIVE, trend=Trend.RISING, offset_min=60)])
        self.store.readings.add(person, source.source_id, new, arrived=time.time())


SESSIONS: dict[str, str] = {}
"""By a server's address: the session that a browser has there, wherever it goes first."""


@contextmanager
def signed_in(url: str, session: str) -> Iterator[None]:
    """Have every browser come to the server at *url* with this session."""
    SESSIONS[url] = session
    try:
        yield
    finally:
        del SESSIONS[url]


class Chrome(webdriver.Chrome):
    """Chromium that has signed in at the servers of SESSIONS. visited: the origins that it was led to."""

    def __init__(self, options: Options) -> None:
        self.visited: set[str] = set()
        super().__init__(options=options, service=Service())

    def get(self, url: str) -> None:
        """Go to an address."""
        self.visited.add("/".join(url.split("/", 3)[:3]))
        for server, session in SESSIONS.items():
            if url.startswith(server):
                wanted = {"name": COOKIE, "value": session, "url": server, "httpOnly": True, "sameSite": "Lax"}
                self.execute_cdp_cmd("Network.setCookie", wanted)
        super().get(url)


@contextmanager
def at_home(folder: Path, **settings: str) -> Iterator[Home]:
    """Run a server without a source over an empty store in the new *folder*. settings: names without CGM_DASH_."""
    folder.mkdir()
    store = assemble(make_engine(ready.sqlite(folder / "cgm_dash.sqlite3")), Vault.open(folder))
    with serving(folder, DEMO="0", **settings) as served, signed_in(served.url, session_of(store, time.time())):
        yield Home(served.ready("/healthz"), store)
    store.close()


class Homes:
    """Homes that nobody has lived in. While a test has one the next is made: a server takes seconds to start."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0
        self._builder = ThreadPoolExecutor(1)
        self._next = self._builder.submit(self._build)

    def _build(self) -> tuple[Home, ExitStack]:
        self._number += 1
        stack = ExitStack()
        return stack.enter_context(at_home(self._folder / str(self._number))), stack

    @contextmanager
    def one(self) -> Iterator[Home]:
        """Give one; it is gone afterwards."""
        made, stack = self._next.result()
        self._next = self._builder.submit(self._build)
        with stack:
            yield made

    def close(self) -> None:
        """Give up the one that nobody asked for any more."""
        with self._next.result()[1]:
            self._builder.shutdown()


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homes]:
    """Homes for every test of this process."""
    made = Homes(tmp_path_factory.mktemp("homes"))
    yield made
    made.close()


@pytest.fixture
def home(homes: Homes) -> Iterator[Home]:
    """A server without a source, and its store."""
    with homes.one() as made:
        yield made


class Browser:
    """A few words for what a person does and sees."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def open(self, url: str) -> "Browser":
        """Open a page and wait until its chart is drawn."""
        self.driver.get(url)
        self.wait(lambda: self.js("return !!document.querySelector('#glucose-graph .main-svg')"))
        # Drawn is not yet at hand: chart.js takes hold of a chart some moments later.
        self.wait(lambda: self.js("return !!(document.querySelector('#chart .js-plotly-plot') || {}).__cgmAttached"))
        return self

    def get_as_stranger(self, url: str) -> None:
        """Go to an address without a session, whatever the server."""
        self.cdp("Network.clearBrowserCookies")
        webdriver.Chrome.get(self.driver, url)

    def js(self, script: str, *arguments: Any) -> Any:
        """Run a script in the page."""
        return self.driver.execute_script(script, *arguments)

    def cdp(self, command: str, **arguments: Any) -> Any:
        """Speak to the browser itself."""
        return self.driver.execute_cdp_cmd(command, arguments)

    def find(self, css: str) -> WebElement:
        """Return the first element that fits."""
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def text(self, css: str) -> str:
        """Return what an element says."""
        return str(self.js("const e = document.querySelector(arguments[0]); return e ? e.textContent : ''", css))

    def wait(self, condition: Callable[[], Any], timeout_s: float = 15.0) -> Any:
        """Wait until *condition* holds and return what it gave."""
        deadline = time.monotonic() + timeout_s
        while True:
            got = condition()
            if got:
                return got
            assert time.monotonic() < deadline, f"not within {timeout_s} s; the page says:\n{self.text('main')[:600]}"
            time.sleep(0.05)

    def follow(self, deed: Callable[[], object]) -> None:
        """Do what leads to another document, a form sent or a link followed, and wait until that one is whole.

        The driver takes the old document for the new one where the answer is not there as soon as the click is.
        """
        whole = "return document.readyState === 'complete' && performance.timeOrigin"
        before = self.js(whole)
        deed()
        self.wait(lambda: self.js(whole) not in {False, before})

    def choose(self, name: str, value: str) -> None:
        """Choose a radio button by its group's name and its value."""
        self.js("document.querySelector(`#${arguments[0]} input[value='${arguments[1]}']`).click()", name, value)

    def size(self, width: int, height: int) -> None:
        """Set the size of the page, a phone's below 600."""
        self.cdp(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def afresh(self) -> "Browser":
        """Forget everything: a new tab has no emulation of the old one's, and what sites left goes with them."""
        old = self.driver.window_handles
        for handle in old[1:]:
            self.driver.switch_to.window(handle)
            self.driver.close()
        self.driver.switch_to.window(old[0])
        for origin in sorted(self.driver.visited):
            self.cdp("Storage.clearDataForOrigin", origin=origin, storageTypes="all")
        self.driver.visited.clear()
        self.cdp("Network.clearBrowserCookies")
        self.driver.switch_to.new_window("tab")
        fresh = self.driver.current_window_handle
        self.driver.switch_to.window(old[0])
        self.driver.close()
        self.driver.switch_to.window(fresh)
        self.cdp("Page.bringToFront")
        self.cdp("Emulation.setFocusEmulationEnabled", enabled=True)
        self.size(1440, 900)
        for kind in ("browser", "performance"):
            self.log(kind)
        return self

    def hurry(self) -> None:
        """Let the page's wall clock run four times as fast from now on: waiting for its own time-outs is no test."""
        self.js("const real = Date.now.bind(Date), begun = real(); Date.now = () => begun + 4 * (real() - begun)")

    def complaints(self) -> list[str]:
        """Return what the browser complained about on its console, but for how long a busy machine took."""
        said = [str(entry["message"]) for entry in self.log("browser")]
        return [message for message in said if "preload but not used within a few seconds" not in message]

    def log(self, kind: str) -> list[dict[str, Any]]:
        """Return the browser's log of that kind since the last look."""
        entries: list[dict[str, Any]] = self.driver.get_log(kind)  # type: ignore[no-untyped-call]
        return entries


@contextmanager
def chromium(*more: str) -> Iterator[Browser]:
    """Run a fresh browser, 1440 by 900. more: arguments for it."""
    options = pytest_setup_options()
    for argument in ("--headless=new", "--no-sandbox", "--window-size=1440,900", *more):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options)
    made = Browser(driver)
    made.size(1440, 900)
    try:
        yield made
    finally:
        driver.quit()


@pytest.fixture(scope="session")
def running() -> Iterator[Browser]:
    """One browser for all tests that leave nothing behind but what `afresh` clears."""
    with chromium() as made:
        yield made


@pytest.fixture
def browser(running: Browser) -> Browser:
    """A browser that has been nowhere, 1440 by 900."""
    return running.afresh()


@pytest.fixture(scope="module")
def kept_browser(running: Browser) -> Browser:
    """The same, for tests of one module that go on where the last one was."""
    return running.afresh()


@pytest.fixture(scope="session")
def beside() -> Iterator[Browser]:
    """A second browser, for all tests with somebody else."""
    with chromium() as made:
        yield made


@pytest.fixture
def other(beside: Browser) -> Browser:
    """Somebody else's browser, which has been nowhere either."""
    return beside.afresh()
