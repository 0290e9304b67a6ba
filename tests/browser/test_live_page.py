"""The live page in a real Chromium."""

import json
import re
import time
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest

from cgm_dash.batch import Columns, SensorSeen
from cgm_dash.reading import Kind, Reading
from tests.browser.conftest import Browser, Home

pytestmark = pytest.mark.browser

AGE_STATE = "return document.querySelector('#current-age').dataset.state"

POINTS = """
    const line = document.querySelector('#glucose-graph .js-plotly-plot')._fullData.find(t => t.name === 'glucose');
    return Array.from(line.y).filter(y => y === y).length;
"""

TYPE = """
    const field = document.getElementById(arguments[0]);
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, arguments[1]);
    for (const name of ['input', 'change']) field.dispatchEvent(new Event(name, { bubbles: true }));
"""

ZOOM = """
    const graph = document.querySelector('#glucose-graph .js-plotly-plot');
    return Plotly.relayout(graph, { 'xaxis.range': [arguments[0], arguments[1]] });
"""

PRESS = """
    const key = { key: arguments[0], shiftKey: arguments[1], bubbles: true };
    document.getElementById('chart').dispatchEvent(new KeyboardEvent('keydown', key));
"""


def test_the_page_shows_the_newest_value_and_asks_nobody_else(home: Home, browser: Browser) -> None:
    home.person("Mira")
    browser.open(home.served.url)
    assert browser.text("#current-value") == "120"
    assert browser.text("#current-unit") == "mg/dL"
    assert browser.js(AGE_STATE) == "fresh"
    assert browser.js(POINTS) == 720
    assert browser.js("return document.title").startswith("120 mg/dL")
    requests = [json.loads(entry["message"])["message"] for entry in browser.log("performance")]
    hosts = {
        urlsplit(r["params"]["request"]["url"]).netloc for r in requests if r["method"] == "Network.requestWillBeSent"
    }
    assert {h for h in hosts if h} == {urlsplit(home.served.url).netloc}
    assert browser.complaints() == []


def test_a_stored_reading_appears_without_a_reload_and_adds_one_point(home: Home, browser: Browser) -> None:
    person = home.person("Mira", newest_age_s=70)
    browser.open(home.served.url)
    before = browser.js(POINTS)
    browser.js("window.notReloaded = true")
    home.reading(person, 187)
    stored = time.monotonic()
    browser.wait(lambda: browser.text("#current-value") == "187", 8)
    assert time.monotonic() - stored < 5
    assert browser.js(POINTS) == before + 1
    assert browser.js("return window.notReloaded")


def test_range_goes_into_the_address_and_the_address_into_the_page(home: Home, browser: Browser) -> None:
    person = home.person("Mira", minutes=3000)
    browser.open(home.served.url)
    browser.choose("range-select", "3h")
    browser.wait(lambda: browser.js(POINTS) == 180)
    assert browser.driver.current_url.endswith(f"?person={person}&range=3h")
    assert "3 hours" in browser.text("#chart-title")
    browser.driver.back()
    browser.wait(lambda: browser.js(POINTS) == 720)
    assert browser.js("return document.querySelector('#range-select input:checked').value") == "12h"
    browser.open(f"{home.served.url}/?person={person}&range=24h")
    assert browser.js(POINTS) == 1440
    assert browser.js("return document.querySelector('#range-select input:checked').value") == "24h"
    # every reading lies between 120 and 128
    assert re.search(r"In target 100\s%", browser.find("#tir-bar").get_attribute("aria-label") or "")


def test_chosen_dates_are_applied_and_wrong_ones_said(home: Home, browser: Browser) -> None:
    home.person("Mira", minutes=3 * 1440)
    browser.open(home.served.url)
    browser.choose("range-select", "dates")
    browser.wait(lambda: browser.find("#date-from").is_displayed())
    yesterday = browser.js("const d = new Date(Date.now() - 86400000); return d.toISOString().slice(0, 10)")
    for field in ("date-from", "date-to"):
        browser.js(
            TYPE,
            field,
            yesterday,
        )
    time.sleep(0.3)
    browser.find("#dates-apply").click()
    browser.wait(lambda: f"{yesterday}..{yesterday}" in browser.driver.current_url)
    browser.wait(lambda: browser.js(POINTS) >= 1380)
    browser.open(f"{home.served.url}/?range=2026-02-02..2026-02-01")
    assert "Swap them" in browser.text("#dates-error")


def test_the_unit_is_remembered_by_this_browser(home: Home, browser: Browser) -> None:
    home.person("Mira")
    browser.open(home.served.url)
    browser.choose("unit-select", "mmol/L")
    browser.wait(lambda: browser.text("#current-value") == "6.7")
    assert browser.text("#current-unit") == "mmol/L"
    assert "unit" not in browser.driver.current_url
    browser.open(home.served.url)
    assert browser.text("#current-value") == "6.7"


def test_people_can_be_switched_and_are_named(home: Home, browser: Browser) -> None:
    home.person("Mira", mg_dl=120)
    jonas = home.person("Jonas", mg_dl=200)
    browser.open(home.served.url)
    assert browser.text("#current-value") == "120"
    browser.js(
        "const e = document.getElementById('person-select');"
        "Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, 'value').set.call(e, arguments[0]);"
        "e.dispatchEvent(new Event('change', {bubbles: true}));",
        str(jonas),
    )
    browser.wait(lambda: browser.text("#current-value") == "200")
    assert f"person={jonas}" in browser.driver.current_url
    assert "Jonas" in browser.js("return document.title")


def test_a_zoom_survives_a_new_reading(home: Home, browser: Browser) -> None:
    person = home.person("Mira", newest_age_s=70)
    browser.open(home.served.url)
    now = time.time()
    browser.js(ZOOM, now - 7200, now - 3600)
    browser.wait(lambda: browser.find("#zoom-reset").is_displayed())
    time.sleep(1.5)
    home.reading(person, 150)
    browser.wait(lambda: browser.text("#current-value") == "150", 8)
    shown = browser.js("return document.querySelector('#glucose-graph .js-plotly-plot')._fullLayout.xaxis.range")
    assert [round(float(x)) for x in shown] == [round(now - 7200), round(now - 3600)]
    browser.find("#zoom-reset").click()
    browser.wait(lambda: not browser.find("#zoom-reset").is_displayed())


def test_a_value_goes_old_before_the_eyes_without_any_news(home: Home, browser: Browser) -> None:
    home.person("Mira", newest_age_s=15 * 60 - 8)
    browser.open(home.served.url)
    assert browser.js(AGE_STATE) == "late"
    assert browser.js("return document.querySelectorAll('#stale-banner').length") == 0
    browser.wait(lambda: browser.js(AGE_STATE) == "stale", 14)
    browser.wait(lambda: browser.js("return document.querySelectorAll('#stale-banner').length") == 1, 4)
    assert "120" not in browser.js("return document.title")


def test_a_server_that_is_gone_makes_the_page_say_so(home: Home, browser: Browser) -> None:
    home.person("Mira")
    browser.open(home.served.url)
    assert not browser.find("#attention .lost-server").is_displayed()
    home.served.stop()
    browser.hurry()
    browser.wait(lambda: browser.js(AGE_STATE) == "offline", 45)
    assert "lost its server" in browser.text(".banners")
    assert browser.find("#attention .lost-server").is_displayed()
    assert browser.find("#sensor .as-last-known").is_displayed()
    assert "120" not in browser.js("return document.title")


def test_every_browser_zone_shows_the_wearers_time(home: Home, browser: Browser) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    person = home.person("Mira", minutes=3000)
    (source,) = home.store.sources.of_person(person)
    measured = datetime.fromtimestamp(int(time.time()), berlin)
    offset = int((measured.utcoffset() or timedelta()).total_seconds()) // 60
    newest = Reading(int(measured.timestamp()), 131, Kind.LIVE, offset_min=offset)
    home.store.readings.add(person, source.source_id, Columns.of([newest]), arrived=time.time())
    for zone in ("Europe/Berlin", "America/Los_Angeles", "Asia/Kathmandu", "Pacific/Auckland"):
        browser.cdp("Emulation.setTimezoneOverride", timezoneId=zone)
        days = {day_title(datetime.now(berlin))}
        browser.open(f"{home.served.url}/?range=24h")
        days.add(day_title(datetime.now(berlin)))
        assert browser.text("#day") in days
        assert browser.text(".facts dd").endswith(measured.strftime("%H:%M"))
        labels = browser.js(
            "return Array.from(document.querySelectorAll('#glucose-graph .xtick text')).map(e => e.textContent)"
        )
        start, end = browser.js(
            "return document.querySelector('#glucose-graph .js-plotly-plot')._fullLayout.xaxis.range.map(Number)"
        )
        expected = every_third_hour(start, end, berlin)
        assert labels in (expected, expected[1:])  # a label that would be cut off at the left edge is left out


def day_title(moment: datetime) -> str:
    return f"{moment:%A}, {moment.day} {moment:%B}"


def every_third_hour(start: float, end: float, zone: ZoneInfo) -> list[str]:
    """Return the wearer's full hours that are multiples of three, from *start* to *end* (UTC epoch seconds)."""
    minutes = range(int(-(-start // 60)) * 60, int(end) + 1, 60)
    clock = [datetime.fromtimestamp(at, zone) for at in minutes]
    return [f"{at:%H:%M}" for at in clock if at.minute == 0 and at.hour % 3 == 0]


@pytest.mark.parametrize("look", ["light", "dark"])
def test_a_phone_needs_no_sideways_scrolling(home: Home, browser: Browser, look: str) -> None:
    home.person("Mira Elisabeth Rautenberg")
    browser.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": look}])
    browser.size(390, 844)
    browser.open(home.served.url)
    assert browser.js("return document.documentElement.scrollWidth") <= 390
    assert browser.js("return document.documentElement.dataset.bsTheme") == look
    assert browser.find("#current-value").is_displayed()


def test_keys_move_through_the_readings_and_read_them_out(home: Home, browser: Browser) -> None:
    home.person("Mira")
    browser.open(home.served.url)
    browser.js("document.getElementById('chart').focus()")
    newest = browser.wait(lambda: browser.js(PRESS, "End", False) or browser.text("#chart-live"))
    assert "120 mg/dL" in newest
    browser.js(PRESS, "ArrowLeft", True)
    assert browser.text("#chart-live") != newest
    assert "mg/dL" in browser.text("#chart-live")


def test_without_a_source_and_without_readings_the_page_says_how_to_connect(home: Home, browser: Browser) -> None:
    browser.driver.get(home.served.url)
    browser.wait(lambda: browser.js("return !!document.querySelector('#connect-email')"))
    assert "Make a follower account" in browser.text("main")
    assert browser.complaints() == []


def fortnight(home: Home) -> int:
    """Store a wearer with fifteen days of readings, 100 and 140 by turns, a gap, ten hours; a sensor near its end."""
    person = home.person("Mira", minutes=600)
    (source,) = home.store.sources.of_person(person)
    newest = int(time.time()) - 13 * 3600
    rows = [
        Reading(newest - 300 * i, 100 + 40 * (i // 288 % 2), Kind.HISTORY, period_s=300, offset_min=60)
        for i in range(15 * 288)
    ]
    home.store.readings.add(person, source.source_id, Columns.of(rows), arrived=time.time())
    sensor = SensorSeen("x", "Libre 3", int(time.time()) - 12 * 86_400, 60, 14)
    home.store.sensors.record(person, source.source_id, [sensor], time.time())
    return person


AT_LAST = """
    const chart = document.querySelector('#glucose-graph .js-plotly-plot');
    const last = Math.max(...chart._fullData.find((t) => t.name === 'glucose').x);
    const band = chart._fullData.find((t) => t.name === 'usual-inner');
    let near = Infinity, sides = {};
    band.x.forEach((x, i) => {
        if (!(band.y[i] === band.y[i]) || Math.abs(x - last) > near) return;
        if (Math.abs(x - last) < near) sides = new Set();
        near = Math.abs(x - last);
        sides.add(band.y[i]);
    });
    return [Math.min(...sides), Math.max(...sides)];
"""
"""The least and the greatest of the inner band's outline at the quarter hour next to the last reading."""


def test_what_is_usual_lies_behind_the_line_and_on_the_card_at_the_pointer(home: Home, browser: Browser) -> None:
    fortnight(home)
    browser.open(home.served.url)
    names = browser.js(
        "return document.querySelector('#glucose-graph .js-plotly-plot')._fullData.map(t => t.name).join(' ')"
    )
    assert names.startswith("usual-outer usual-inner")
    browser.js("document.getElementById('chart').focus()")
    spoken = browser.wait(lambda: browser.js(PRESS, "End", False) or browser.text("#chart-live"))
    assert browser.js(AT_LAST) == [100, 140]
    assert "usual 100–140 mg/dL" in spoken
    assert "usual" in browser.text(".reading-card")
    assert "usual, half of days" in browser.text("#chart-key")
    assert "no data" in browser.text("#chart-key")
    browser.choose("range-select", "3h")
    browser.wait(lambda: browser.js(POINTS) == 180)
    browser.wait(lambda: "no data" not in browser.text("#chart-key"))
    browser.choose("range-select", "7d")
    browser.wait(lambda: "usual" not in browser.text("#chart-key"))
    assert browser.complaints() == []


def test_today_the_sensor_and_the_last_days_stand_below_the_chart(home: Home, browser: Browser) -> None:
    fortnight(home)
    browser.open(home.served.url)
    assert "beside the 14 days before" in browser.text("#time-in-range")
    assert "Day 13 of 14" in browser.text("#sensor")
    assert browser.js("return document.querySelectorAll('#sensor svg path').length") == 2
    assert "Sensor ends" in browser.text("#attention")
    assert browser.js("return document.querySelectorAll('#week .day').length") == 7
    rows = browser.js("return new Set(Array.from(document.querySelectorAll('#week .day')).map(e => e.offsetTop)).size")
    assert rows == 1
    browser.size(390, 844)
    assert browser.js("return document.documentElement.scrollWidth") <= 390


def test_choosing_dates_moves_nothing(home: Home, browser: Browser) -> None:
    home.person("Mira")
    browser.open(home.served.url)
    top = "return document.getElementById('chart').getBoundingClientRect().top"
    height = "return document.querySelector('.card.hero').offsetHeight"
    for width in (1440, 1240, 1000):
        browser.size(width, 900)
        browser.choose("range-select", "12h")
        browser.wait(lambda: not browser.find("#date-from").is_displayed())
        before = browser.js(top), browser.js(height)
        browser.choose("range-select", "dates")
        browser.wait(lambda: browser.find("#date-from").is_displayed())
        assert (browser.js(top), browser.js(height)) == before
        apart = browser.js(
            "const a = document.getElementById('dates-apply').getBoundingClientRect();"
            "const b = document.querySelector('#chart .nsewdrag').getBoundingClientRect(); return b.top - a.bottom"
        )
        assert apart >= 0


def test_a_figure_explains_itself_on_asking_and_not_before(home: Home, browser: Browser) -> None:
    home.person("Mira")
    browser.open(home.served.url)
    button, words = "[data-figure=mean] summary", "[data-figure=mean] .pop"
    assert not browser.find(words).is_displayed()
    browser.js("document.querySelector(arguments[0]).click()", button)
    assert browser.find(words).is_displayed()
    left, right = browser.js(
        "const r = document.querySelector(arguments[0]).getBoundingClientRect(); return [r.left, r.right]", words
    )
    assert left >= 0
    assert right <= 1440
    browser.js("document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }))")
    browser.wait(lambda: not browser.find(words).is_displayed())


def test_the_axis_does_not_shrink_while_the_page_is_open(home: Home, browser: Browser) -> None:
    person = home.person("Mira", minutes=400)
    home.reading(person, 330, age_s=5 * 3600)
    browser.open(home.served.url)
    top = "return document.querySelector('#glucose-graph .js-plotly-plot')._fullLayout.yaxis.range[1]"
    assert browser.js(top) == 350
    browser.choose("range-select", "3h")
    browser.wait(lambda: browser.js(POINTS) == 180)
    assert browser.js(top) == 350
