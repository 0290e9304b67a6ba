"""Plain pages: escaped, translated, without inline script or style, in the look of the others."""

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from jinja2 import UndefinedError

from cgm_dash.i18n import speaking
from layouts import plain, tokens
from layouts.plain import Visitor, render
from layouts.shell import ASSETS, ASSETS_IGNORE

HOSTILE = "<script>alert(1)</script>"
TRIAL = """{% extends "base.html" %}{% from "parts.html" import field, choice, checks, table, message %}
{% block title %}{{ name }}{% endblock %}{% block main %}
{{ message("bad", name) }}
<form method="post">{{ field("name", "Name", value=name, hint="A hint", error=name, autocomplete="off", maxlength=80) }}
{{ field("password", "Password", type="password", value="typed") }}
{{ choice("role", "Role", [("owner", "Owner"), (2, "Two")], value="2") }}
{{ checks("people", "People", [(1, "Mira"), (2, name)], chosen=["2"]) }}</form>
{% call table("Caption", ["One", ""]) %}<tr><th scope="row">{{ name }}</th><td></td></tr>{% endcall %}{% endblock %}"""


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BeautifulSoup:
    """Return a page with every part in it."""
    for template in plain.TEMPLATES.glob("*.html"):
        (tmp_path / template.name).write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "trial.html").write_text(TRIAL, encoding="utf-8")
    visitor = Visitor(HOSTILE, manages=True, here="/access", token="t0ken")
    with monkeypatch.context() as patched:
        patched.setattr(plain, "TEMPLATES", tmp_path)
        plain._environment.cache_clear()
        page = render("trial.html", theme="dark", visitor=visitor, name=HOSTILE)
    plain._environment.cache_clear()
    return BeautifulSoup(page, "lxml")


def test_what_people_typed_is_never_markup(trial: BeautifulSoup) -> None:
    assert trial.find("script") is None
    assert trial.get_text().count(HOSTILE) >= 5


def test_a_password_is_never_sent_back(trial: BeautifulSoup) -> None:
    assert "typed" not in str(trial)


def test_a_field_is_tied_to_its_label_hint_and_error(trial: BeautifulSoup) -> None:
    (field,) = trial.select("#name")
    assert trial.select('label[for="name"]')
    named = [trial.select_one(f"#{id_}") for id_ in str(field["aria-describedby"]).split()]
    assert [found and found.get_text() for found in named] == ["A hint", HOSTILE]
    assert field["aria-invalid"] == "true"
    assert field["maxlength"] == "80"
    assert field["value"] == HOSTILE
    assert "aria-invalid" not in trial.select("#password")[0].attrs


def test_what_was_chosen_stays_chosen(trial: BeautifulSoup) -> None:
    assert [option["value"] for option in trial.select("option[selected]")] == ["2"]
    assert [box["value"] for box in trial.select("input[checked]")] == ["2"]


def test_a_table_has_caption_and_scopes(trial: BeautifulSoup) -> None:
    assert trial.select("table caption")[0].get_text() == "Caption"
    assert [cell["scope"] for cell in trial.select("th")] == ["col", "row"]


def test_nothing_in_a_template_is_inline_script_or_style() -> None:
    for template in plain.TEMPLATES.glob("*.html"):
        text = template.read_text(encoding="utf-8")
        assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|javascript:", text), template.name


@pytest.mark.parametrize(("given", "look"), [("dark", "dark"), ("light", "light"), ("", "auto"), ('"><b>', "auto")])
def test_the_viewers_look_is_in_the_document(trial: BeautifulSoup, given: str, look: str) -> None:
    assert f'data-bs-theme="{look}"' in render("base.html", theme=given)


def test_the_devices_dark_look_is_the_one_of_the_other_pages() -> None:
    css = (ASSETS / "plain.css").read_text(encoding="utf-8")
    block = css[css.index("[data-bs-theme=auto]{") :]
    found = dict(re.findall(r"--([\w-]+):([^;}]+)", block[: block.index("}")]))
    assert {name: value for name, value in found.items() if not name.startswith("shadow")} == dict(tokens.DARK)


def test_stylesheets_of_plain_pages_use_only_known_variables() -> None:
    css = "".join((ASSETS / name).read_text(encoding="utf-8") for name in plain.STYLES)
    assert set(re.findall(r"var\(--([\w-]+)", css)) <= set(re.findall(r"--([\w-]+):", css))


def test_dash_pages_do_not_have_the_stylesheet_of_plain_pages() -> None:
    assert re.match(ASSETS_IGNORE, "plain.css")
    assert not re.match(ASSETS_IGNORE, "cgm.css")


def test_owners_find_their_pages_and_others_only_their_own() -> None:
    owner, viewer = (render("base.html", visitor=Visitor("Ada", manages=m, here="/account")) for m in (True, False))
    links = [{a["href"] for a in BeautifulSoup(page, "lxml").select("nav a")} for page in (owner, viewer)]
    assert links == [{"/", "/account", "/access", "/audit"}, {"/", "/account"}]
    assert [a["href"] for a in BeautifulSoup(viewer, "lxml").select("[aria-current]")] == ["/account"]


def test_nobody_signed_in_has_no_links_and_no_way_out() -> None:
    page = BeautifulSoup(render("base.html"), "lxml")
    assert page.select("nav, form") == []
    assert "Not a medical device" in page.get_text()


def test_the_words_are_those_of_the_language_in_force() -> None:
    with speaking("de"):
        page = BeautifulSoup(render("base.html"), "lxml")
    assert page.select('html[lang="de"]')
    assert "Zum Inhalt" in page.get_text()


def test_a_missing_value_is_a_defect_and_no_gap(monkeypatch: pytest.MonkeyPatch, trial: BeautifulSoup) -> None:
    with pytest.raises(UndefinedError):
        plain._environment().from_string("{{ nowhere }}").render()
