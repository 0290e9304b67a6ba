"""What a person waits for: the page's weight, the moment the chart is drawn, and when a new reading shows."""

import json
import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import brotli
import numpy as np
from selenium.webdriver import Chrome
from selenium.webdriver.chrome.options import Options

from layouts import ids, vendor
from sql.engine import make_engine
from sql.store import assemble
from sql.vault import Vault
from tests.bench import going, year
from tests.bench.measure import Goal, Measurement
from tests.bench.relay import relayed
from tests.conftest import pytest_setup_options
from tests.support.served import Served, serving
from tests.support.signed_in import COOKIE, session_at

VISITS = 5
NEWS = 5
COLD_KB = {"basic": 750, "full": 1500}
REPEAT_KB = 20
DRAWN_S = 1.0
AGAIN_S = 0.8
SEEN_S = 2
SETTLE_S = 1.5
"""A browser just started is busy with itself, and so is a page just drawn."""

# Runs before the page's own scripts. Its times count from the start of the navigation, by the page's own clock.
WATCH = f"""
window.bench = {{drawn: null, values: []}};
new MutationObserver(function () {{
  if (window.bench.drawn === null && document.querySelector("#{ids.GLUCOSE_GRAPH} .scatterlayer .trace path")) {{
    window.bench.drawn = performance.now();
  }}
  const value = document.getElementById("{ids.CURRENT_VALUE}");
  const shown = value && value.textContent;
  const values = window.bench.values;
  if (shown && (!values.length || values[values.length - 1][0] !== shown)) values.push([shown, Date.now() / 1000]);
}}).observe(document, {{childList: true, subtree: true, characterData: true}});
"""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a browser has: a line (megabits a second each way, milliseconds there and back), and a slower processor."""

    name: str
    drawn_s: float
    line_mbit: float | None = None
    latency_ms: float = 0
    slower: float = 1

    def apply(self, browser: Chrome) -> None:
        """Put *browser* under these conditions, the page and not the programs around it."""
        if self.line_mbit is not None:
            rate = 1_000_000 / 8 * self.line_mbit
            line = {"latency": self.latency_ms, "downloadThroughput": rate, "uploadThroughput": rate, "offline": False}
            browser.execute_cdp_cmd("Network.enable", {})
            browser.execute_cdp_cmd("Network.emulateNetworkConditions", line)
        browser.execute_cdp_cmd("Emulation.setCPUThrottlingRate", {"rate": self.slower})


PLAIN = Conditions("", DRAWN_S)
HARDER = (
    Conditions("9 Mbit/s and 60 ms", 1.3, line_mbit=9, latency_ms=60),
    Conditions("processor four times slower", 2.5, slower=4),
)


@dataclass(frozen=True, slots=True)
class Visit:
    """What came over the wire, bytes by path; when value and chart were there, seconds after the start."""

    wire: dict[str, int]
    value_s: float
    drawn_s: float

    @property
    def kilobytes(self) -> float:
        """All of it, kB."""
        return sum(self.wire.values()) / 1000


def measure(folder: Path, settings: dict[str, str], *, verbose: bool = False) -> Iterator[Measurement]:
    """Measure over the data directory *folder*; settings: the account to poll."""
    with serving(folder, 1, **settings, POLL_SECONDS="3600") as served:
        served.ready()
        vendor.compress()
        time.sleep(SETTLE_S)
        cold, repeated = _visits(served)
        if verbose:
            _print_wire(cold[-1], repeated[-1])
        yield from _weights(cold, repeated, _relayed_kilobytes(served))
        for conditions in HARDER:
            drawn = statistics.median(v.drawn_s for v in _visits(served, conditions, again=False)[0])
            yield Measurement(f"cold page, chart drawn, {conditions.name}", drawn, "s", Goal(conditions.drawn_s))
        with signed_in_browser(served) as browser:
            _visit(browser, served.url)
            yield from going.measure(browser)
        yield Measurement("reading stored until seen", max(_seen(served)), "s", Goal(SEEN_S))


def _weights(cold: list[Visit], repeated: list[Visit], again_kb: float) -> Iterator[Measurement]:
    bundle = vendor.plotly_bundle()
    weight = statistics.median(v.kilobytes for v in cold)
    yield Measurement(f"cold page, {bundle.kind} bundle", weight, "kB", Goal(COLD_KB[bundle.kind]))
    if bundle.kind == "basic":
        heavier = weight + (_full_twin().stat().st_size - bundle.twin("br").stat().st_size) / 1000
        yield Measurement("cold page, were it the full bundle", heavier, "kB", Goal(COLD_KB["full"]))
    yield Measurement("cold page, requests", len(cold[-1].wire), "")
    yield Measurement("cold page, current value there", statistics.median(v.value_s for v in cold), "s")
    yield Measurement("cold page, chart drawn", statistics.median(v.drawn_s for v in cold), "s", Goal(DRAWN_S))
    yield Measurement("repeat visit", again_kb, "kB", Goal(REPEAT_KB))
    drawn = statistics.median(v.drawn_s for v in repeated)
    yield Measurement("repeat visit, chart drawn", drawn, "s", Goal(AGAIN_S))


def _full_twin() -> Path:
    """Return the compressed full bundle, made now where it is missing."""
    bundle = vendor.plotly_bundle()
    path = Path(str(metadata.distribution("plotly").locate_file("plotly/package_data/plotly.min.js")))
    full = replace(bundle, path=path, kind="full")
    if not full.twin("br").exists():
        full.twin("br").write_bytes(brotli.compress(path.read_bytes(), quality=11))
    return full.twin("br")


def _visits(served: Served, under: Conditions = PLAIN, again: bool = True) -> tuple[list[Visit], list[Visit]]:
    """Return first visits, each in a browser that has never been here, and the second visit of each, in another tab."""
    cold, repeated = [], []
    for _ in range(VISITS):
        with signed_in_browser(served) as browser:
            under.apply(browser)
            cold.append(_visit(browser, served.url))
            if not again:
                continue
            _leave(browser)
            repeated.append(_visit(browser, served.url))
    return cold, repeated


def _leave(browser: Chrome) -> None:
    """Close the page, once the worker is there that serves the next, and have a new tab: people come back to one.

    In the same tab a page without a policy for its openers would find its scripts still in memory.
    """
    browser.execute_async_script("const done = arguments[0]; navigator.serviceWorker.ready.then(() => done())")
    (old,) = browser.window_handles
    browser.switch_to.new_window("tab")
    new = browser.current_window_handle
    browser.switch_to.window(old)
    browser.close()
    browser.switch_to.window(new)
    browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
    time.sleep(0.5)


def _relayed_kilobytes(served: Served) -> float:
    """Return what a second visit takes, kB as the server sends them, with what the page's worker asks for."""
    found = []
    for _ in range(VISITS):
        with signed_in_browser(served) as browser, relayed(served.port) as relay:
            _visit(browser, relay.url)
            _leave(browser)
            before = relay.sent
            _visit(browser, relay.url)
            found.append((relay.sent - before) / 1000)
    return statistics.median(found)


def _visit(browser: Chrome, url: str) -> Visit:
    _network(browser)
    browser.get(url + "/")
    drawn = _wait(browser, "return window.bench.drawn")
    time.sleep(SETTLE_S)
    value = browser.execute_script("return window.bench.values[0][1] - performance.timeOrigin / 1000")
    return Visit(_by_path(_network(browser)), float(value), float(drawn) / 1000)


def _wait(browser: Chrome, script: str, timeout_s: float = 20) -> Any:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        found = browser.execute_script(script)
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"nothing came of: {script}\n{browser.get_log('browser')}")  # type: ignore[no-untyped-call]


@contextmanager
def signed_in_browser(served: Served) -> Iterator[Chrome]:
    """Give a browser with an empty profile that has signed in; its pages are watched from their first moment."""
    options: Options = pytest_setup_options()
    options.add_argument("--headless")
    options.add_argument("--window-size=1280,900")
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    browser = Chrome(options=options)
    try:
        browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
        cookie = {"name": COOKIE, "value": session_at(served), "url": served.url, "httpOnly": True, "sameSite": "Lax"}
        browser.execute_cdp_cmd("Network.setCookie", cookie)
        time.sleep(SETTLE_S)
        yield browser
    finally:
        browser.quit()


def _network(browser: Chrome) -> list[dict[str, Any]]:
    """Return the network's events since the last call."""
    log = browser.get_log("performance")  # type: ignore[no-untyped-call]
    messages = (json.loads(entry["message"])["message"] for entry in log)
    return [m for m in messages if m["method"].startswith("Network.")]


def _by_path(events: list[dict[str, Any]]) -> dict[str, int]:
    """Return the bytes that each answer brought, head and body; one from the cache brought none.

    A stream's events give its length at the end; an answer of 304 has only its head, counted when it was received.
    """
    paths: dict[str, str] = {}
    sizes: dict[str, int] = {}
    for event in events:
        said = event["params"]
        if event["method"] == "Network.requestWillBeSent":
            paths[said["requestId"]] = said["request"]["url"].split("://", 1)[-1].partition("/")[2]
        elif event["method"] == "Network.responseReceived" and not said["response"].get("fromDiskCache"):
            sizes[said["requestId"]] = int(said["response"]["encodedDataLength"])
        elif event["method"] == "Network.loadingFinished" and said["requestId"] in sizes:
            sizes[said["requestId"]] = max(sizes[said["requestId"]], int(said["encodedDataLength"]))
    wire: dict[str, int] = {}
    for request, size in sizes.items():
        if size and not paths.get(request, "").startswith(("data:", "blob:")):
            wire[f"/{paths.get(request, '?')}"] = wire.get(f"/{paths.get(request, '?')}", 0) + size
    return wire


def _print_wire(cold: Visit, repeated: Visit) -> None:
    for title, visit in (("first visit", cold), ("second visit", repeated)):
        print(f"\n{title}: {visit.kilobytes:.1f} kB, chart after {visit.drawn_s:.2f} s")
        for path, size in sorted(visit.wire.items(), key=lambda item: -item[1]):
            print(f"{size / 1000:9.1f} kB  {path}")


def _seen(served: Served) -> list[float]:
    """Return how many seconds after it was stored each of a few readings stood in an open page."""
    engine = make_engine(f"sqlite:///{served.folder / 'cgm_dash.sqlite3'}")
    store = assemble(engine, Vault.open(served.folder))
    (source,) = [s for person in store.people.list() for s in store.sources.of_person(person.id)]
    waited = []
    try:
        with signed_in_browser(served) as browser:
            browser.get(served.url + "/")
            _wait(browser, "return window.bench.drawn")
            for i in range(NEWS):
                time.sleep(1.3)  # so that the tries meet the page's timer at different moments
                reading = replace(
                    year.minutes(0, 1),
                    ts=np.array([int(time.time())], np.int64),
                    mg_dl=np.array([101 + 2 * i], np.int32),
                    flag=np.zeros(1, np.int8),
                )
                store.readings.add(source.person_id, source.source_id, reading, arrived=time.time())
                stored = time.time()
                found = f"return (window.bench.values.find(v => v[0] === '{101 + 2 * i}') || [0, 0])[1]"
                waited.append(float(_wait(browser, found)) - stored)
    finally:
        store.close()
    return waited
