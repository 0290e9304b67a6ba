"""Whatever the audit and the forms can hold has its words."""

import pytest

from cgm_dash.access import SHAREABLE, Action, Caller, Kind, Role, Scope
from layouts import access_words
from layouts.agents import browser


def test_every_action_role_scope_and_page_to_share_has_words() -> None:
    assert set(access_words.ACTIONS) == set(Action)
    assert set(access_words.ROLES) == set(Role)
    assert set(access_words.SCOPES) == set(Scope)
    assert tuple(access_words.SHARED) == SHAREABLE
    assert len({access_words.action(one.value) for one in Action}) == len(Action)


@pytest.mark.parametrize("kind", Kind)
def test_every_sort_of_caller_is_told(kind: Kind) -> None:
    words = access_words.who(Caller(kind, "Ada").label)
    assert words
    assert words != Caller(kind, "Ada").label


def test_what_is_not_known_stands_as_it_is() -> None:
    assert access_words.action("flown") == "flown"
    assert access_words.who("martian:Ada") == "martian:Ada"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537 Chrome/140 Safari/537 Edg/140", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 15; SM-S931B) SamsungBrowser/28 Chrome/130", "Samsung Internet on Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) CriOS/140 Safari/604", "Chrome on iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/19.0 Safari/605", "Safari on macOS"),
        ("Mozilla/5.0 (X11; CrOS x86_64) Chrome/140 Safari/537", "Chrome on ChromeOS"),
        ("Linux", "Linux"),
        ("", "Another program"),
        ("<script>", "Another program"),
    ],
)
def test_browsers_are_named_in_plain_words(agent: str, words: str) -> None:
    assert browser(agent) == words
