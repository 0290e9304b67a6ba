"""The wearer's time is shown, never the viewer's: a page is the same text wherever the browser stands."""

import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cgm_dash.batch import Columns, SensorSeen
from cgm_dash.reading import Kind, Reading, Trend
from ingestion.simulator import Curve
from layouts.shell import PAGES
from tests.browser.conftest import Browser, Home, at_home

pytestmark = pytest.mark.browser

ZONES = ("Europe/Berlin", "America/Los_Angeles", "Asia/Kathmandu", "Pacific/Kiritimati")
"""The wearer's own, one behind it, one with a quarter of an hour, and the one that is ahead of all."""

BERLIN = ZoneInfo(ZONES[0])
DAYS = 30

SECONDS = re.compile(r"(?<=\d\d:\d\d):\d\d\b|(?<=[?&])at=\d+")
"""Where a page tells the second at which the server made it."""

READY = """
    if (!document.querySelector('main h1') || !document.documentElement.dataset.live) return false;
    if (!document.querySelector('[data-live-age]').textContent || !location.search.includes('person=')) return false;
    if (!document.getElementById('theme-switch').title) return false;
    return Array.from(document.querySelectorAll('.dash-graph')).every((e) => e.querySelector('.main-svg'));
"""
TOLD = """
    const all = (css) => Array.from(document.querySelectorAll(css));
    const names = ['aria-label', 'title', 'datetime', 'alt', 'value', 'href'];
    const named = (e) => names.filter((name) => e.hasAttribute(name)).map((name) => name + ' ' + e.getAttribute(name));
    return [
        document.title,
        ...document.body.innerText.split('\\n').map((line) => line.trim()).filter(Boolean),
        ...all('svg text').map((e) => e.textContent),
        ...all('main *').flatMap(named),
        ...all('input, select').map((e) => e.id + ' ' + (e.type === 'radio' ? e.checked : e.value)),
    ];
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A month of a wearer in Berlin; every reading lies on a full minute: ages change when the clock's do."""
    with at_home(tmp_path_factory.mktemp("zones") / "data") as made:
        person = made.person("Mira", minutes=0)
        (source,) = made.store.sources.of_person(person)
        newest = int(time.time()) // 60 - 2
        minutes = range(newest - DAYS * 1440, newest + 1)
        values = Curve(4, 0, "aid", "Europe/Berlin").mg_dl(minutes).tolist()
        rows = [
            Reading(60 * m, v, Kind.LIVE, trend=Trend.STEADY, offset_min=offset(60 * m))
            for m, v in zip(minutes, values, strict=True)
            if not 300 <= newest - m < 370
        ]
        made.store.readings.add(person, source.source_id, Columns.of(rows), arrived=time.time())
        sensor = SensorSeen("0TST12345670", "Libre 3", 60 * (newest - 10 * 1440), 60, 14)
        made.store.sensors.record(person, source.source_id, [sensor], time.time())
        yield made


def offset(ts: int) -> int:
    """Return the wearer's minutes from UTC at *ts*."""
    return int((datetime.fromtimestamp(ts, BERLIN).utcoffset() or timedelta()).total_seconds()) // 60


@pytest.fixture(scope="module")
def browser(kept_browser: Browser) -> Browser:
    return kept_browser


def addresses() -> list[str]:
    """Return every page as it opens, and those with a range by dates, and one day among them."""
    today = datetime.now(BERLIN).date()
    dates = f"range={today - timedelta(days=9)}..{today - timedelta(days=3)}"
    day = f"day={today - timedelta(days=5)}"
    return [
        *(path for _name, path in PAGES),
        f"/?{dates}",
        f"/trends?{dates}",
        f"/days?{dates}&{day}",
        f"/report?{dates}",
    ]


def told(browser: Browser, url: str) -> dict[str, list[str]]:
    """Return what the page says in each zone.

    Begun anew where the minute changes meanwhile, or where zones differ: shares of today count on by themselves. What a
    zone alters it alters every time.
    """
    found: dict[str, list[str]] = {}
    for _ in range(4):
        minute = int(time.time()) // 60
        for zone in ZONES:
            browser.cdp("Emulation.setTimezoneOverride", timezoneId=zone)
            browser.driver.get(url)
            browser.wait(lambda: browser.js(READY))
            found[zone] = [SECONDS.sub("", line) for line in browser.js(TOLD)]
        if int(time.time()) // 60 == minute and len(set(map(tuple, found.values()))) == 1:
            break
    return found


@pytest.mark.parametrize("number", range(len(addresses())))
def test_a_page_says_the_same_in_every_time_zone(home: Home, browser: Browser, number: int) -> None:
    found = told(browser, home.served.url + addresses()[number])
    expected = found.pop(ZONES[0])
    assert len(" ".join(expected)) > 500
    for zone, lines in found.items():
        assert lines == expected, zone
    # and the browser did stand elsewhere
    assert browser.js("return Intl.DateTimeFormat().resolvedOptions().timeZone") == ZONES[-1]
