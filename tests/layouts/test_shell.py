"""The document and the frame: nothing inline, nothing remote, every id once, and words for the scripts."""

import json
import re
from pathlib import Path

from bs4 import BeautifulSoup
from dash import Dash

from cgm_dash.i18n import speaking
from layouts import ids, shell
from layouts.controls import person_control
from layouts.hero import hero
from layouts.views import Content, PersonView
from tests.layouts.rendered import (
    BERLIN,
    attribute,
    by_class,
    by_id,
    framed,
    hero_view,
    live_page,
    minutes,
    walk,
    words,
)


def test_the_document_has_no_inline_script_or_style() -> None:
    document = shell.index_string()
    assert not re.search(r"<script(?![^>]*\bsrc=)", document)
    assert not re.search(r"<style|\sstyle=|\son\w+=", document)
    assert not re.search(r"https?://", document)


def test_dash_accepts_the_document(tmp_path: Path) -> None:
    app = Dash(__name__, index_string=shell.index_string(), assets_folder=str(tmp_path))
    app.layout = live_page(minutes(100))
    text = shell.fitted(app.server.test_client().get("/").get_data(as_text=True), "/")
    assert '<html lang="en"' in text
    assert f'href="#{ids.MAIN}"' in text
    assert "/assets/theme.js?v=" in text


def test_the_head_script_is_not_included_twice() -> None:
    app = Dash(
        __name__,
        index_string=shell.index_string(),
        assets_folder=str(shell.ASSETS),
        assets_ignore=shell.ASSETS_IGNORE,
    )
    app.layout = live_page(minutes(100))
    text = app.server.test_client().get("/").get_data(as_text=True)
    assert text.count("assets/theme.js") == 1
    assert text.count("assets/clock.js") == 1
    assert text.index("theme.js") < text.index("bootstrap.min.css")


def test_the_head_script_s_address_changes_with_it() -> None:
    assert re.fullmatch(r"[0-9a-f]{10}", shell.fingerprint("theme.js"))
    assert shell.fingerprint("theme.js") != shell.fingerprint("clock.js")


def test_every_id_stands_once_and_is_a_known_one() -> None:
    page = live_page(minutes(100, 101, trend=3), people=(PersonView("1", "A"), PersonView("2", "B")), connect=True)
    found = [attribute(c, "id") for c in walk(page) if attribute(c, "id")]
    assert len(found) == len(set(found))
    known = {value for name, value in vars(ids).items() if name.isupper()}
    assert set(found) - known == {"chart-keys", "connect-password-hint"}


def test_the_page_has_every_element_scripts_look_for() -> None:
    page = live_page(minutes(100, 101, trend=3))
    for id_ in (
        *(ids.CURRENT_VALUE, ids.CURRENT_UNIT, ids.CURRENT_TREND, ids.CURRENT_AGE, ids.RANGE_SELECT, ids.RANGE_DATES),
        *(ids.UNIT_SELECT, ids.GLUCOSE_GRAPH, ids.TIR_BAR, ids.PERSON_SELECT),
    ):
        assert by_id(page, id_) is not None, id_
    assert by_id(page, ids.STALE_BANNER) is None


def test_the_classes_of_the_pages_are_in_the_stylesheet() -> None:
    css = "".join(sheet.read_text(encoding="utf-8") for sheet in sorted(shell.ASSETS.glob("*.css")))
    page = live_page(minutes(100, 101, trend=3), connect=True, hero=hero_view(minutes(100, trend=3), demo=True))
    used = {name for c in walk(page) for name in (getattr(c, "className", None) or "").split()}
    unstyled = {name for name in used if f".{name}" not in css}
    assert unstyled <= {"column", "control", "unit-seg", "one", "btn-check"}


def test_one_person_is_named_and_several_can_be_chosen() -> None:
    one = live_page(minutes(100))
    assert "Mira" in words(by_class(one, "person")[0])
    several = person_control((PersonView("1", "Mira"), PersonView("2", "Jonas")), "2")
    assert by_id(several, ids.PERSON_SELECT).value == "2"  # type: ignore[union-attr]
    assert "many" in attribute(several, "className")


def test_the_zone_is_marked_until_it_is_confirmed() -> None:
    assert "Europe/Berlin (assumed)" in words(shell.footer("Mira", BERLIN, False))
    assert "assumed" not in words(shell.footer("Mira", BERLIN, True))
    assert "Not a medical device" in words(shell.footer("", BERLIN, True))


def test_the_demo_is_marked_wherever_one_looks() -> None:
    demo = live_page(minutes(100), hero=hero_view(minutes(100), demo=True), connect=True)
    assert len(by_class(demo, "demo-badge")) == 2
    assert not by_class(live_page(minutes(100)), "demo-badge")


def test_every_page_is_linked_in_the_rail_and_in_the_tabs_and_the_one_shown_is_marked() -> None:
    page = framed(Content(page="days", body=[]))
    for nav in (ids.NAV, ids.TABS):
        links = [c for c in walk(by_id(page, nav)) if type(c).__name__ == "A"]
        assert [attribute(c, "href") for c in links] == [address for _name, address in shell.PAGES]
        assert [attribute(c, "href") for c in links if attribute(c, "aria-current")] == ["/days"]


def test_a_page_behind_more_marks_that_tab_too() -> None:
    (more,) = by_class(shell.tabs("status"), "more")
    summary = next(c for c in walk(more) if type(c).__name__ == "Summary")
    assert attribute(summary, "aria-current") == "page"
    (more,) = by_class(shell.tabs("now"), "more")
    assert not [c for c in walk(more) if attribute(c, "aria-current")]


def test_the_document_s_title_names_the_page_but_not_on_the_live_one() -> None:
    view = hero_view(minutes(100))
    assert "Trends" in attribute(shell.sign(view, "trends", "1"), "data-title-current")
    assert attribute(shell.sign(view, "now", "1"), "data-title-current") == attribute(hero(view), "data-title-current")


def test_only_pages_with_charts_hurry_for_plotly() -> None:
    for path, word in (("/", "preload"), ("/days", "preload"), ("/report", "prefetch"), ("/nowhere", "prefetch")):
        assert f'<link rel="{word}" as="script" href="{shell.PLOTLY_PATH}">' in shell.fitted(shell.index_string(), path)


def test_the_document_follows_the_language() -> None:
    with speaking("de"):
        document = shell.fitted(shell.index_string(), "/")
    assert '<html lang="de"' in document
    assert "[[" not in document


def test_the_scripts_find_every_word_they_ask_for() -> None:
    element = BeautifulSoup(shell.fitted(shell.index_string(), "/"), "lxml").find(id=ids.WORDS)
    assert element is not None
    given = json.loads(str(element["data-words"]))
    asked = set()
    for name in ("clock.js", "chart.js", "print.js"):
        source = (shell.ASSETS / name).read_text(encoding="utf-8")
        asked |= set(re.findall(r"(?<![.\w])words\.(\w+)", source))
    assert asked == given.keys()
    assert given["ages"][27] == "27 minutes ago"
    assert given["spans"][1] == "1 minute"


def test_the_scripts_name_existing_ids_and_classes() -> None:
    page = live_page(minutes(100, 101, trend=3))
    known = {value for name, value in vars(ids).items() if name.isupper()} | {"favicon", "react-entry-point"}
    classes = {name for c in walk(page) for name in (getattr(c, "className", None) or "").split()}
    for path in ("clock.js", "chart.js", "theme.js"):
        source = (shell.ASSETS / path).read_text(encoding="utf-8")
        asked = set(re.findall(r'(?:byId|getElementById|set_props)\("([\w-]+)"', source))
        assert asked <= known, path
        named = set(re.findall(r'querySelector(?:All)?\("\.([\w-]+)"', source))
        assert named - {"demo-badge"} <= classes, path
