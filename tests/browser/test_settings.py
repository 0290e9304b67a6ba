"""The page Settings in a browser: saved, told, taken back; the viewer's choices in step with those of the frame."""

from typing import Any

import pytest
from selenium.webdriver.support.ui import Select

from tests.browser.conftest import Browser, Home

pytestmark = pytest.mark.browser


@pytest.fixture
def page(home: Home, browser: Browser) -> Browser:
    person = home.person("Mira", minutes=60)
    home.store.people.set_zone(person, "Europe/Berlin", confirmed=False)
    browser.driver.get(home.served.url + "/settings")
    browser.wait(lambda: browser.js("return !!document.querySelector('#targets-save')"))
    return browser


def chosen(browser: Browser, name: str) -> Any:
    return browser.js("return (document.querySelector(`#${arguments[0]} input:checked`) || {}).value", name)


def press(browser: Browser, css: str) -> None:
    """Press what stands far down: the browser scrolls there softly, and a driver would not wait for that."""
    browser.js("const e = document.querySelector(arguments[0]); e.focus(); e.click()", css)


def test_sections_are_saved_told_and_taken_back(home: Home, page: Browser) -> None:
    page.find("#name-input").clear()
    page.find("#name-input").send_keys("Mira Rau")
    page.find("#name-save").click()
    page.wait(lambda: page.text("#toast-words") == "The name is now Mira Rau.")
    page.wait(lambda: page.text("#person-name") == "Mira Rau")
    assert page.js("return document.activeElement.id") == "name-save"
    page.find("#undo").click()
    page.wait(lambda: page.text("#toast-words") == "The name is now Mira.")
    assert page.find("#name-input").get_attribute("value") == "Mira"
    assert not page.find("#undo").is_displayed()

    Select(page.find("#zone-select")).select_by_value("Asia/Tokyo")
    page.wait(lambda: page.text("#zone-there").startswith("UTC+9;"))
    page.find("#zone-save").click()
    page.wait(lambda: page.text("#toast-words") == "The time zone is now Asia/Tokyo.")
    page.wait(lambda: "Asia/Tokyo." in page.text("#zone-note"))
    (person,) = home.store.people.list()
    assert (person.zone, person.zone_confirmed) == ("Asia/Tokyo", True)

    page.find("#toast-close").click()
    page.wait(lambda: page.text("#toast-words") == "")
    assert not page.find("#undo").is_displayed()

    page.choose("target-set", "custom")
    page.wait(lambda: page.find("#limit-high").is_displayed())
    page.find("#limit-high").clear()
    page.find("#limit-high").send_keys("60")
    press(page, "#targets-save")
    page.wait(lambda: page.js("return document.querySelector('#limit-high').ariaInvalid") == "true")
    page.wait(lambda: page.js("return document.activeElement.id") == "limit-high")
    about = page.find("#limit-high").get_attribute("aria-describedby")
    assert "higher than the limit before it" in page.text(f"#{about}")
    page.find("#limit-high").clear()
    page.find("#limit-high").send_keys("160")
    press(page, "#targets-save")
    page.wait(lambda: page.text("#toast-words") == "Judged from now on by: Own limits and goals.")
    assert home.store.people.list()[0].targets.high == 160
    assert page.complaints() == []


def test_viewers_choices_stay_in_step_with_the_frame(page: Browser) -> None:
    page.size(390, 844)
    assert page.js("return document.documentElement.scrollWidth") <= 390
    page.choose("settings-unit", "mmol/L")
    page.wait(lambda: chosen(page, "unit-select") == "mmol/L")
    page.wait(lambda: page.js("return document.querySelector('#limit-low').value") == "3.9")
    page.choose("unit-select", "mg/dL")
    page.wait(lambda: chosen(page, "settings-unit") == "mg/dL")
    page.choose("settings-look", "dark")
    page.wait(lambda: page.js("return document.documentElement.dataset.bsTheme") == "dark")
    page.js("document.getElementById('theme-switch').click()")
    page.wait(lambda: chosen(page, "settings-look") == page.js("return document.documentElement.dataset.look"))
    page.choose("settings-language", "de")
    page.wait(lambda: page.js("return document.documentElement.lang") == "de")
    page.wait(lambda: chosen(page, "settings-language") == "de")
    assert page.complaints() == []
