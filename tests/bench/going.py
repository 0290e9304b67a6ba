"""From page to page: from the click on a link of the rail until the page behind it is drawn."""

import statistics
from collections.abc import Iterator

from selenium.webdriver import Chrome

from layouts import ids
from layouts.shell import PAGES
from tests.bench.measure import Goal, Measurement

ROUNDS = 5
DRAWN_MS = 300
WAIT_S = 15

# Two frames after the last change, so that the time holds the painting.
GO = f"""
const [path, done] = arguments;
const link = document.querySelector(`#{ids.NAV} a[href="${{path}}"]`);
const began = performance.now();
const charts = () => Array.from(document.querySelectorAll("#{ids.PAGE} .dash-graph"));
function drawn() {{
  const here = document.querySelector(`#{ids.NAV} [aria-current]`);
  if (document.documentElement.dataset.going !== undefined || !here || here.getAttribute("href") !== path) return false;
  return charts().every((chart) => chart.querySelector(".main-svg .trace, .main-svg .infolayer text"));
}}
function look() {{
  if (drawn()) requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - began)));
  else requestAnimationFrame(look);
}}
link.click();
requestAnimationFrame(look);
"""


def measure(browser: Chrome) -> Iterator[Measurement]:
    """Measure in *browser*, which shows the live page, drawn."""
    browser.set_script_timeout(WAIT_S)
    (_, home), *others = PAGES
    times: dict[str, list[float]] = {path: [] for _name, path in PAGES}
    for again in range(ROUNDS + 1):
        for _name, path in others:
            there, back = go(browser, path), go(browser, home)
            if again:  # the first round fills the server's memory
                times[path].append(there)
                times[home].append(back)
    for name, path in PAGES:
        yield Measurement(f"from page to page, {name} drawn", statistics.median(times[path]), "ms", Goal(DRAWN_MS))


def go(browser: Chrome, path: str) -> float:
    """Follow the rail's link to *path* and return after how many milliseconds the page was drawn."""
    return float(browser.execute_async_script(GO, path))
