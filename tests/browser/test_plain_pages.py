"""The plain pages in a real browser: without scripts, by keyboard alone, judged by axe; and a doctor with a link."""

import io
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from pypdf import PdfReader
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from cgm_dash.access import Action, Role, Scope
from tests.browser.conftest import SESSIONS, Browser, Home, at_home
from tests.browser.test_accessibility import AXE, DESK, JUDGED, PHONE, WIDER
from tests.support.plain_client import PASSWORD
from tests.support.signed_in import COOKIE

pytestmark = pytest.mark.browser

OWNER = "Ada"
INSIDE, OUTSIDE = "127.0.0.1", "localhost"
"""Names of the same server: every browser that is led to the first one has signed in there."""
MINUTES = 16 * 1440


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home with an owner who has a password, somebody else, a token, a link and an audit."""
    with at_home(tmp_path_factory.mktemp("plain") / "data") as made:
        person, now, store = made.person("Mira", minutes=MINUTES), time.time(), made.store
        owner = store.users.add(OWNER, PASSWORD, Role.OWNER, now, people=None)
        store.users.add("School nurse Bergmann", PASSWORD, Role.VIEWER, now, people=[person])
        store.tokens.create("Kitchen", frozenset(Scope), now, days=30, person_id=None, created_by=OWNER)
        store.shares.create("Dr Roth", person, frozenset({"report"}), now, hours=24, pin="4711", created_by=OWNER)
        store.audit.note(now, f"user:{OWNER}", Action.SIGN_IN, address="192.0.2.7")
        SESSIONS[made.served.url] = store.sessions.open(now, user_id=owner.id, address="192.0.2.7", agent="Firefox/140")
        yield made


@pytest.fixture
def stranger(other: Browser) -> Browser:
    """A clean browser of somebody else, who has never signed in here; to be led to OUTSIDE."""
    return other


def without_scripts(browser: Browser) -> None:
    browser.cdp("Emulation.setScriptExecutionDisabled", value=True)


def go(browser: Browser, home: Home, path: str) -> None:
    browser.driver.get(home.served.url + path)


def outside(browser: Browser, home: Home, path: str) -> None:
    browser.driver.get(home.served.url.replace(INSIDE, OUTSIDE) + path)


def fill(browser: Browser, **values: str) -> None:
    for name, value in values.items():
        field = browser.find(f"main [name={name}]")
        field.clear()
        field.send_keys(value)


def press(browser: Browser, words: str) -> None:
    browser.follow(browser.driver.find_element(By.XPATH, f"//main//button[normalize-space()='{words}']").click)


def said(browser: Browser) -> str:
    return browser.driver.find_element(By.TAG_NAME, "body").text


def path_of(browser: Browser) -> str:
    return browser.driver.current_url.split("/", 3)[3]


def test_all_of_it_works_without_scripts(home: Home, browser: Browser) -> None:
    without_scripts(browser)
    go(browser, home, "/access")
    browser.follow(browser.driver.find_element(By.LINK_TEXT, "Add a person").click)
    browser.find("[name=role][value=carer]").click()
    browser.find("[name=people][value=all]").click()
    fill(browser, name="Jonas", password="words for one more", own_password="a wrong one")
    press(browser, "Add")
    assert "This is not your password." in said(browser)
    assert browser.find("#name").get_attribute("value") == "Jonas"
    fill(browser, password="words for one more", own_password=PASSWORD)
    press(browser, "Add")
    assert path_of(browser) == "access?done=person-added"
    added = home.store.users.check("Jonas", "words for one more")
    assert added is not None
    assert added.role is Role.CARER
    go(browser, home, "/access/programs/new")
    fill(browser, name="Clock")
    browser.find("[name=scopes][value=read]").click()
    press(browser, "Make the token")
    secret = str(browser.find("#secret").get_attribute("value"))
    asked = requests.get(home.served.url + "/api/now", headers={"Authorization": f"Bearer {secret}"}, timeout=10)
    assert asked.status_code == 200


def made_link(browser: Browser, home: Home) -> str:
    """Have the owner make a link for the report, and return it."""
    go(browser, home, "/access/links/new")
    fill(browser, name="Dr Beck")
    press(browser, "Make the link")
    return str(browser.find("#link").get_attribute("value"))


def test_a_doctor_opens_every_report_with_a_link_and_nothing_else(
    home: Home, browser: Browser, stranger: Browser
) -> None:
    link = made_link(browser, home)
    assert link.startswith(home.served.url + "/share/")
    stranger.driver.get(link.replace(INSIDE, OUTSIDE))
    assert "Shared with Dr Beck" in said(stranger)
    press(stranger, "Open")
    stranger.wait(lambda: stranger.js("return document.querySelectorAll('.paper').length") == 1)
    assert path_of(stranger).startswith("report?person=")
    first = stranger.text(".paper")
    assert "Mira" in first
    stranger.choose("range-select", "30d")
    stranger.wait(lambda: "range=30d" in stranger.driver.current_url and stranger.text(".paper") != first)
    pages = pdf_of(stranger)
    assert "Mira" in pages[0].extract_text()
    shown = stranger.js("return Array.from(document.querySelectorAll('#nav a')).map(a => a.dataset.page)")
    assert shown == ["report"]
    for closed in ("/", "/trends", "/days", "/data", "/settings", "/status"):
        outside(stranger, home, closed)
        stranger.wait(lambda: "There is no page" in said(stranger) or "may not" in said(stranger))
    for closed in ("/account", "/access", "/audit"):
        outside(stranger, home, closed)
        assert "You may not open this." in said(stranger)
    (share,) = [one for one in home.store.shares.list(time.time()) if one.name == "Dr Beck"]
    assert share.uses == 1
    go(browser, home, "/access")
    browser.follow(browser.find(f"form[action='/access/links/{share.id}/revoke'] button").click)
    outside(stranger, home, "/report")
    assert "What was shared with you is no longer open" in said(stranger)
    stranger.driver.get(link.replace(INSIDE, OUTSIDE))
    assert "This link opens nothing" in said(stranger)


def pdf_of(browser: Browser) -> Any:
    """Return the pages of the PDF that the page at hand links to, as its browser gets it."""
    href = browser.js("return document.querySelector('a[href*=\"report.pdf\"]').href")
    cookies = {cookie["name"]: cookie["value"] for cookie in browser.cdp("Network.getAllCookies")["cookies"]}
    answer = requests.get(href, cookies={COOKIE: cookies[COOKIE]}, timeout=30)
    assert answer.headers["Content-Type"] == "application/pdf"
    return PdfReader(io.BytesIO(answer.content)).pages


def test_a_link_opens_by_keyboard_alone_without_scripts(home: Home, browser: Browser, stranger: Browser) -> None:
    person = home.store.people.list()[0].id
    _share, secret = home.store.shares.create(
        "Dr Beck", person, frozenset({"report"}), time.time(), hours=24, pin="0815", created_by=OWNER
    )
    without_scripts(stranger)
    outside(stranger, home, f"/share/{secret}")
    keys = ActionChains(stranger.driver)
    stranger.follow(keys.send_keys(Keys.TAB, Keys.TAB, "1234", Keys.ENTER).perform)
    assert "This is not the PIN." in said(stranger)
    assert stranger.driver.switch_to.active_element.get_attribute("id") == "pin"
    stranger.follow(ActionChains(stranger.driver).send_keys("0815", Keys.ENTER).perform)
    assert path_of(stranger) == f"report?person={person}"


PATHS = (
    *("/account", "/account/second-factor", "/access", "/access/people/new", "/access/people/2"),
    *("/access/programs/new", "/access/links/new", "/audit"),
)
SMALL = """
    const all = Array.from(document.querySelectorAll('main :is(button, .btn, .input)'));
    const small = all.filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 43.5);
    return small.map((e) => e.textContent || e.name);
"""
"""What is lower than a finger needs."""

STRANGERS = ("/login", "/share/nothing")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("look", ["light", "dark"])
def test_nothing_is_in_anybodys_way(home: Home, browser: Browser, look: str, size: tuple[int, int]) -> None:
    browser.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": look}])
    browser.size(*size)
    axe = AXE.read_text(encoding="utf-8")
    for path in PATHS:
        go(browser, home, path)
        judge(browser, path, axe, size)
    go(browser, home, "/access/people/new")
    browser.follow(browser.find("main form").submit)
    judge(browser, "a form with faults", axe, size)


def judge(browser: Browser, path: str, axe: str, size: tuple[int, int]) -> None:
    assert browser.find("main h1").text
    assert (path, browser.js(WIDER)) == (path, 0)
    browser.cdp("Runtime.evaluate", expression=axe)
    assert (path, browser.driver.execute_async_script(JUDGED)) == (path, [])
    if size == PHONE:
        assert (path, browser.js(SMALL)) == (path, [])


def test_who_has_not_signed_in_meets_nothing_in_the_way(home: Home, stranger: Browser) -> None:
    axe = AXE.read_text(encoding="utf-8")
    (share,) = home.store.people.list()[:1]
    _made, secret = home.store.shares.create(
        "Dr Beck", share.id, frozenset({"report"}), time.time(), hours=24, pin="0815", created_by=OWNER
    )
    for look, size in (("light", DESK), ("dark", PHONE)):
        stranger.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": look}])
        stranger.size(*size)
        for path in (*STRANGERS, f"/share/{secret}"):
            outside(stranger, home, path)
            judge(stranger, path, axe, size)
    assert [line for line in stranger.complaints() if "404" not in line] == []


def test_every_control_is_reached_by_the_keyboard_and_shows_it(home: Home, browser: Browser) -> None:
    go(browser, home, "/access/links/new")
    seen = []
    ring = (
        "const s = getComputedStyle(arguments[0]); return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2"
    )
    for _ in range(40):
        ActionChains(browser.driver).send_keys(Keys.TAB).perform()
        here = browser.driver.switch_to.active_element
        if here.tag_name == "body":
            break
        assert browser.js(ring, here), here.get_attribute("outerHTML")
        seen.append(here.get_attribute("name") or here.text)
    assert seen[0] == "Skip to content"
    assert {"Sign out", "name", "person", "pages", "span", "pin", "Make the link", "Cancel"} <= set(seen)
    assert browser.complaints() == []


def test_settings_lead_there(home: Home, browser: Browser) -> None:
    go(browser, home, "/settings")
    browser.wait(lambda: browser.js("return !!document.querySelector('#access-links a')"))
    links = browser.driver.find_elements(By.CSS_SELECTOR, "#access-links a")
    assert [link.get_attribute("href") for link in links] == [
        home.served.url + path for path in ("/account", "/access", "/audit")
    ]
    links[1].send_keys(Keys.ENTER)
    browser.wait(lambda: path_of(browser) == "access")
