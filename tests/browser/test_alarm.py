"""The page tells an alarm by word, title, icon and sound: the sensor stops, the server dies, the clock jumps."""

import signal
import time
from typing import Any

import pytest

from cgm_dash.alarm import AlarmKind, told
from tests.browser.conftest import Browser, Home
from tests.browser.test_accessibility import judged

pytestmark = pytest.mark.browser

SPY = """
    window.tones = [];
    class Spy {
        constructor() { this.state = 'suspended'; this.destination = {}; this.begun = performance.now(); }
        get currentTime() { return (performance.now() - this.begun) / 1000; }
        resume() { this.state = 'running'; if (this.onstatechange) this.onstatechange(); return Promise.resolve(); }
        createGain() {
            const gain = { setValueAtTime() {}, linearRampToValueAtTime() {} };
            return { gain: gain, connect: (to) => to, disconnect: () => window.tones.push('hush') };
        }
        createOscillator() {
            const made = { frequency: {}, connect: (to) => to, stop() {} };
            made.start = () => window.tones.push(made.frequency.value);
            return made;
        }
    }
    window.AudioContext = window.webkitAudioContext = Spy;
"""
PATTERN = {"no-data": 392, "low": 494, "urgent-low": 988}
BAR = "[id$=alarm] .alarm-bar"


def spied(browser: Browser) -> None:
    browser.cdp("Page.addScriptToEvaluateOnNewDocument", source=SPY)


def switched_on(browser: Browser) -> None:
    browser.find("#alarm-sound").click()
    browser.wait(lambda: browser.js("return document.documentElement.dataset.sound") == "on")
    browser.js("window.tones.length = 0")


def bars(browser: Browser) -> list[str]:
    """Return the kinds of the alarm bars that can be seen."""
    found: list[str] = browser.js(
        "return Array.from(document.querySelectorAll(arguments[0])).filter((e) => e.offsetHeight)"
        ".map((e) => e.dataset.kind)",
        BAR,
    )
    return found


def hears(browser: Browser, kind: str) -> bool:
    return bool(browser.js("return window.tones.includes(arguments[0])", PATTERN[kind]))


def is_hushed(browser: Browser) -> bool:
    return bool(browser.js("return window.tones[window.tones.length - 1] === 'hush'"))


def title(browser: Browser) -> str:
    return str(browser.js("return document.title"))


def icon(browser: Browser) -> str:
    return str(browser.js("return document.getElementById('favicon').getAttribute('href')")).rsplit("/", 1)[1]


def alarmed(browser: Browser, kind: str, timeout_s: float = 15.0) -> None:
    browser.wait(lambda: bars(browser) == [kind] and hears(browser, kind), timeout_s)


def test_when_the_sensor_stops_the_open_page_tells_it_by_word_title_icon_and_sound(
    home: Home, browser: Browser
) -> None:
    home.person("Mira", newest_age_s=14 * 60 + 50)
    spied(browser)
    browser.open(home.served.url)
    switched_on(browser)
    alarmed(browser, "no-data", 25)
    assert title(browser).startswith("No data alarm · Not current")
    assert "120" not in title(browser)
    assert icon(browser) == "favicon-alarm.svg"
    assert "measure with a meter" in browser.text(BAR)
    assert browser.complaints() == []


def test_when_the_server_dies_the_page_tells_it_after_the_limit_and_can_be_silenced_there(
    home: Home, browser: Browser
) -> None:
    home.person("Mira", newest_age_s=13 * 60 + 40)
    spied(browser)
    browser.open(home.served.url)
    switched_on(browser)
    home.served.stop(signal.SIGKILL)
    browser.hurry()
    browser.wait(lambda: browser.js("return document.documentElement.dataset.live") == "offline", 15)
    assert bars(browser) == []
    alarmed(browser, "no-data", 30)
    assert title(browser).startswith("No data alarm · Offline")
    browser.js("document.querySelector('#client-alarm [data-quiet]').click()")
    browser.wait(lambda: is_hushed(browser))
    assert bars(browser) == ["no-data"]
    assert title(browser).startswith("Offline")


def test_when_the_clock_jumps_an_answering_server_sets_it_right_and_a_dead_one_makes_it_an_alarm(
    home: Home, browser: Browser
) -> None:
    home.person("Mira")
    spied(browser)
    browser.open(home.served.url)
    switched_on(browser)
    jump = "const real = Date.now.bind(Date), by = 1000 * arguments[0]; Date.now = () => real() + by"
    live = "return document.documentElement.dataset.live"
    beat = "return document.getElementById('heartbeat').textContent"
    browser.js(jump, 1200)
    before = browser.js(beat)
    browser.wait(lambda: browser.js(beat) != before, 15)
    browser.wait(lambda: browser.js(live) == "fresh" and bars(browser) == [], 15)
    browser.js("window.tones.length = 0")
    home.served.stop(signal.SIGKILL)
    # back first: that alone makes no reading older; then ahead of the time at which the server was last heard
    browser.js(jump, -1200)
    time.sleep(1.5)
    assert bars(browser) == []
    browser.js(jump, 2400)
    alarmed(browser, "no-data", 30)


@pytest.mark.parametrize(("mg_dl", "kind"), [(62, "low"), (50, "urgent-low")])
def test_each_low_has_a_sound_of_its_own_and_ends_with_the_low(
    home: Home, browser: Browser, mg_dl: int, kind: str
) -> None:
    person = home.person("Mira", newest_age_s=70)
    spied(browser)
    browser.open(home.served.url)
    switched_on(browser)
    home.reading(person, mg_dl, age_s=5)
    alarmed(browser, kind)
    browser.wait(lambda: title(browser).startswith(("Low alarm · 62", "Urgent low alarm · 50")))
    assert icon(browser) == "favicon-low.svg"
    home.reading(person, 120)
    browser.wait(lambda: bars(browser) == [] and is_hushed(browser))
    browser.wait(lambda: title(browser).startswith("120 mg/dL"))


def test_a_low_that_silence_follows_is_told_as_no_data_with_the_low(home: Home, browser: Browser) -> None:
    person = home.person("Mira", newest_age_s=15 * 60)
    home.reading(person, 62, age_s=14 * 60 + 50)
    spied(browser)
    browser.open(home.served.url)
    switched_on(browser)
    alarmed(browser, "no-data", 25)
    browser.wait(lambda: "The last one was low" in browser.js("return document.querySelector('main').innerText"))


def acknowledged(browser: Browser) -> None:
    browser.wait(lambda: is_hushed(browser))
    browser.wait(lambda: "Acknowledged" in browser.text("#alarm"))


def test_what_is_acknowledged_in_one_browser_is_silent_in_the_other_and_says_until_when(
    home: Home, browser: Browser, other: Browser
) -> None:
    person = home.person("Mira", newest_age_s=1000)
    for one in (browser, other):
        spied(one)
        one.open(home.served.url)
        switched_on(one)
        alarmed(one, "no-data")
    browser.js("document.querySelector('#alarm [data-minutes=\"60\"]').click()")
    for one in (browser, other):
        acknowledged(one)
        assert bars(one) == ["no-data"]
    (kept,) = told(home.store.alarms.of_person(person))
    assert kept.kind is AlarmKind.NO_DATA
    assert kept.silent_until is not None
    other.open(home.served.url)
    other.wait(lambda: other.js("return document.documentElement.dataset.sound") in ("on", "blocked"))
    time.sleep(1.5)
    assert not hears(other, "no-data")
    assert browser.complaints() == []


def test_without_permission_there_is_no_sound_and_the_bar_says_so(home: Home, browser: Browser) -> None:
    home.person("Mira", newest_age_s=1000)
    spied(browser)
    browser.open(home.served.url)
    browser.wait(lambda: bars(browser) == ["no-data"])
    assert browser.js("return window.tones") == []
    assert browser.find(".alarm-mute").is_displayed()
    browser.js("document.querySelector('#alarm [data-sound-on]').click()")
    browser.wait(lambda: hears(browser, "no-data"))
    assert not browser.find("#alarm .alarm-mute").is_displayed()
    assert browser.find("#alarm-sound").get_attribute("aria-pressed") == "true"
    browser.find("#alarm-sound").click()
    browser.wait(lambda: is_hushed(browser))
    assert "off" in (browser.find("#alarm-sound").get_attribute("aria-label") or "")


@pytest.mark.parametrize("look", ["light", "dark"])
def test_the_bar_is_fit_for_everybody_and_takes_a_quarter_of_a_phone_at_most(
    home: Home, browser: Browser, look: str
) -> None:
    home.person("Mira Elisabeth Rautenberg", mg_dl=50, newest_age_s=20)
    home.person("Jonas", newest_age_s=1000)
    features: list[dict[str, Any]] = [{"name": "prefers-color-scheme", "value": look}]
    browser.cdp("Emulation.setEmulatedMedia", features=features)
    browser.open(home.served.url)
    browser.wait(lambda: bars(browser) == ["urgent-low", "no-data"])
    assert judged(browser) == []
    browser.size(390, 844)
    assert browser.js("return document.documentElement.scrollWidth") <= 390
    assert judged(browser) == []
    heights = browser.js("return Array.from(document.querySelectorAll('.alarm-bar'), (e) => e.offsetHeight)")
    assert max(heights) <= 844 / 4
