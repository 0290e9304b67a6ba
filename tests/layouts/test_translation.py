"""Nothing a person sees bypasses the catalogue: under one that brackets every text, no bare letters are left."""

import dataclasses
import gettext
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from dash import html
from dash.development.base_component import Component

from cgm_dash import i18n
from cgm_dash.attention import Item, Kind
from cgm_dash.batch import SensorSeen
from cgm_dash.current import Current, State
from cgm_dash.sensor import sensor_state
from cgm_dash.series import Series
from cgm_dash.trouble import TROUBLES, trouble
from cgm_dash.units import Unit
from cgm_dash.usual import Usual
from layouts import banners, cards, hero, now, shell
from layouts.attention import attention_list
from layouts.sensor import sensor_card
from layouts.views import PersonView
from tests.layouts.rendered import (
    BERLIN,
    NOW,
    attribute,
    chart_view,
    hero_view,
    live_page,
    minutes,
    properties,
    range_view,
    statistics_view,
    today_view,
    walk,
    without,
)

LANGUAGE = "bracketed"
SEEN_ATTRIBUTES = ("aria-label", "title", "placeholder", "alt")
SAME_EVERYWHERE = (
    *("mg/dL", "mmol/L", "Mira", "Jonas", shell.PRODUCT, "Europe/Berlin", "MR", "M", "J"),
    *("CGM_DASH_LLU_EMAIL=follower@example.org", "CGM_DASH_LLU_PASSWORD=…", "DB-AWAY"),
    *TROUBLES,
)


class Brackets(gettext.NullTranslations):
    """Every text in brackets: what stands outside of them was not translated."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


@pytest.fixture(autouse=True)
def bracketed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(i18n, "_catalogues", {LANGUAGE: Brackets()})
    with i18n.speaking(LANGUAGE):
        yield


def bare(text: str) -> str:
    """Return the letters of *text* outside of all brackets, less what is the same in every language."""
    depth, outside = 0, []
    for character in text:
        depth += {"⟦": 1, "⟧": -1}.get(character, 0)
        if depth == 0 and character != "⟧":
            outside.append(character)
    rest = "".join(outside)
    for word in sorted(SAME_EVERYWHERE, key=len, reverse=True):
        rest = rest.replace(word, "")
    return " ".join(re.findall(r"[^\W\d_]+", rest))


def texts(node: Any) -> Iterator[str]:
    """Yield every text a person sees or hears of a tree."""
    for component in walk(node):
        children = getattr(component, "children", None)
        for child in children if isinstance(children, (list, tuple)) else [children]:
            if isinstance(child, str) and getattr(component, "id", None) != "heartbeat":
                yield child
        for name in (*SEEN_ATTRIBUTES, *(n for n in properties(component) if n.startswith("data-title"))):
            value = attribute(component, name)
            if isinstance(value, str):
                yield value
        for option in getattr(component, "options", None) or []:
            yield option["label"]
        figure = getattr(component, "figure", None)
        if figure:
            yield from (a["text"].replace("<br>", " ") for a in figure["layout"]["annotations"])
            yield from figure["layout"]["xaxis"]["ticktext"]


def busy_page(age_s: int = 60, **hero: Any) -> Component:
    series = without(minutes(*([100] * 300), 60, 50, 200, 260, age_s=age_s, trend=4), 60, 200)
    people = (PersonView("1", "Mira"), PersonView("2", "Jonas"))
    return live_page(
        series,
        people=people,
        attention=everything()[:4],
        hero=hero_view(series, usual=(90.0, 130.0), **hero),
        chart=chart_view(series, "12h", usual=Usual(np.full((5, 96), 100.0), 14).placed(BERLIN, NOW - 43_200, NOW)),
        connect=True,
        range=range_view("dates"),
    )


def everything() -> tuple[Item, ...]:
    """Return an item of each kind, once and several together."""
    whole = Item(
        kind=Kind.LOW_NOW,
        start=int(NOW) - 9000,
        end=int(NOW) - 600,
        seconds=8400,
        mg_dl=48,
        at=int(NOW) - 900,
        nights=2,
        percent=50.0,
        trouble=trouble("terms"),
    )
    several: dict[str, Any] = {"count": 2, "nights": 8, "trouble": trouble("disk-full")}
    return tuple(dataclasses.replace(whole, kind=kind, **more) for kind in Kind for more in ({}, several))


def sensors() -> list[list[Component | None]]:
    """Return the sensor's card in every phase, heard and not."""
    ages = (600, 86_400, 13 * 86_400 + 9000, 15 * 86_400)
    known = [SensorSeen("x", "", int(NOW) - age, 60, life) for age in ages for life in (14, None)]
    heard = (Current(State.FRESH, 100, measured_at=int(NOW)), Current(State.STALE, 100, measured_at=int(NOW) - 3000))
    return [
        sensor_card(sensor_state(sensor, NOW, current.is_current), current, BERLIN, NOW)
        for sensor in (*known, None)
        for current in heard
    ]


def pages() -> dict[str, Component]:
    """Return pages that together show every state."""
    lo, hi = minutes(60, 50, 40, flag=-1), minutes(300, 400, flag=1)
    return {
        "fresh": busy_page(demo=True, trouble=trouble("not-configured")),
        "late": busy_page(480, trouble=trouble("rate-limited"), next_try_at=NOW + 900),
        "stale": busy_page(3000, trouble=trouble("network"), next_try_at=NOW + 900),
        "low": live_page(minutes(100, 60, trend=2), hero=hero_view(minutes(100, 60, trend=2))),
        "lo": live_page(lo, hero=hero_view(lo, trouble=trouble("terms")), chart=chart_view(lo, "3h")),
        "hi": live_page(hi, chart=chart_view(hi, "3h"), today=today_view(hi)),
        "none": live_page(Series.every(60, [])),
        "warm": hero.hero(hero_view(lo, sensor=SensorSeen("x", activated=int(NOW) - 60), current=Current(State.NONE))),
        "attention": attention_list(everything(), Unit.MMOL_L, BERLIN, NOW),
        **{f"sensor {n}": html.Div(card) for n, card in enumerate(sensors())},
        "connect": now.connect_page(),
        "database": banners.database_banner(3, spooling=False),
        "spooling": banners.database_banner(0, spooling=True),
        "days": cards.gmi_tile(statistics_view(Series.every(300, [100, 260] * 2880, int(NOW) - 5760 * 300))),
        **{code: banners.trouble_banner(t, NOW + 900, BERLIN, NOW) for code, t in TROUBLES.items()},
    }


def test_every_visible_text_goes_through_the_catalogue() -> None:
    found = {(name, text): bare(text) for name, page in pages().items() for text in texts(page)}
    assert {key: letters for key, letters in found.items() if letters} == {}
    assert len(found) > 300


def test_every_word_of_the_scripts_goes_through_the_catalogue() -> None:
    def flat(value: object) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            for part in value:
                yield from flat(part)

    words = shell._words()
    assert [text for value in words.values() for text in flat(value) if bare(text)] == []


def test_the_document_s_own_words_go_through_the_catalogue() -> None:
    document = re.sub(r"<[^>]*>|\{%\w+%\}", " ", shell.fitted(shell.index_string(), "/"))
    assert bare(document) == ""


def test_the_walk_would_find_a_text_that_was_forgotten() -> None:
    assert bare("forgotten") == "forgotten"
    assert bare("⟦{n} h⟧ 125 mg/dL") == ""
    assert bare("⟦a⟧ b ⟦c⟧") == "b"
