"""The languages are complete: every text of the code has its translation, and only words differ between languages.

A new text fails here until `make messages` has brought it into the files and somebody has translated it.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po
from dash import dcc

from cgm_dash import i18n
from cgm_dash.i18n import LANGUAGES, SOURCE, speaking
from cgm_dash.units import Unit
from layouts import cards, hero, shell
from layouts.figures import glucose
from tests import messages
from tests.layouts.rendered import chart_view, hero_view, minutes, properties, statistics_view, walk
from tests.layouts.test_translation import pages, texts

SAME_IN_GERMAN = {
    *("BGRI", "CGM Data Insights", "COGI", "GMI", "GRADE", "GRI", "GVI", "GVP", "HBGI", "HI", "IGC", "LBGI", "LO"),
    *("MAD", "MAG", "MAGE", "MODD", "PGS", "SD", "eA1C", "uGMI"),
    *("Browser", "Code", "Demo", "Link", "PIN", "Token", "{n} min"),
    *("China", "Japan", "Live", "Median", "Name", "Offline", "Person", "Region", "Schema", "Sensor", "Status"),
    *("Trend", "Trends"),
    *("LibreLinkUp, {account}", "SD {value}", "Trend: {trend}", "{hours} h", "{n} s", "Ø {mean}"),
    *("CONGA, 1 h", "CONGA, 2 h", "CONGA, 4 h", "CONGA, 24 h", "<1 min", "{h} h", "{h} h {m} min", "{m} min"),
}
"""Names, abbreviations and words that German has too; a text of nothing but placeholders and marks needs no entry."""

WORDED = {"alt", "aria-label", "children", "label", "placeholder", "text", "ticktext", "title", "tree", "words"}
"""What is read by people, of components and of figures, and a still part, which `walk` goes through; besides it data-
attributes whose words scripts show."""
WORDED_DATA = re.compile(r"data-(auto|blocked|clock|dark|hide|light|names|off|on|pattern|show|title-\w+|words)")

CODES = [code for code in LANGUAGES if code != SOURCE]


@pytest.fixture(params=CODES)
def code(request: pytest.FixtureRequest) -> str:
    given: str = request.param
    return given


def pairs(code: str) -> Iterator[tuple[str, str]]:
    """Yield each English text, also each form of a counted one, with its translation, where it has one."""
    for english, entry in messages.kept(code).items():
        forms = messages.translations(entry)
        if all(forms):
            # Of more forms than two, as Polish has, all but the first are those of "many".
            yield from zip((*english, *english[-1:] * (len(forms) - len(english))), forms, strict=True)


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"\{(\w+)\}", text))


def numbers(text: str) -> list[str]:
    return re.findall(r"\d+(?:\.\d+)?", text)


def test_every_text_of_the_code_is_in_the_file(code: str) -> None:
    missing = messages.extracted().keys() - messages.kept(code).keys()
    assert sorted(missing) == [], "run `make messages`, then translate them"


def test_the_file_holds_no_text_that_the_code_does_not_have(code: str) -> None:
    assert sorted(messages.kept(code).keys() - messages.extracted().keys()) == [], "run `make messages`"
    with i18n.po_file(code).open("rb") as file:
        assert not read_po(file, locale=code).obsolete


def test_every_text_is_translated_for_sure(code: str) -> None:
    assert messages.untranslated(code) == []


def test_nothing_in_the_file_changes_with_the_day_or_the_line(code: str) -> None:
    assert not re.search(r"\.py:\d|-Date:", i18n.po_file(code).read_text(encoding="utf-8"))
    assert not re.search(r"\.py:\d|-Date:", messages.brought_up_to_date(code))


def test_a_file_that_is_up_to_date_stays_as_it_is(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    once = messages.brought_up_to_date(code)
    monkeypatch.setattr(i18n, "LOCALES", tmp_path)
    file = i18n.po_file(code)
    file.parent.mkdir(parents=True)
    file.write_text(once, encoding="utf-8")
    messages.main()
    assert file.read_text(encoding="utf-8") == once
    assert "gone" not in capsys.readouterr().out


def test_make_messages_names_what_came_and_what_went(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(i18n, "LOCALES", tmp_path)
    monkeypatch.setattr(messages, "extracted", lambda: {("New",): ["a.py"], ("Kept",): ["a.py", "b.py"]})
    file = i18n.po_file("de")
    file.parent.mkdir(parents=True)
    file.write_text('msgid "Kept"\nmsgstr "Behalten"\n\nmsgid "Old"\nmsgstr "Alt"\n', encoding="utf-8")
    messages.main()
    assert messages.translations(messages.kept("de")[("Kept",)]) == ("Behalten",)
    assert messages.untranslated("de") == [("New",)]
    said = capsys.readouterr().out
    assert "gone: Old\n      Alt\n" in said
    assert "to translate: New\n" in said


def test_texts_are_found_by_whatever_name_the_functions_go() -> None:
    lines = (
        "from cgm_dash.i18n import _, plural, mark as m",
        "from elsewhere import mark",
        "a = f'<b>{_(\"in an f-string\")}</b>' + plural('{n} day', '{n} days', 2)",
        "b = (m('for later'), mark('not ours'), _(a), _('in two '",
        "  'parts'))",
    )
    found = set(messages.texts_of("\n".join(lines)))
    assert found == {("in an f-string",), ("{n} day", "{n} days"), ("for later",), ("in two parts",)}


def test_texts_of_templates_are_gathered_too() -> None:
    markup = """<a title="{{ _('Title') }}">{{ _("Of {name}").format(name=name) }}
    {{ plural("{n} day", "{n} days", n) }}
    {{ _(name) }} {{ other("No text") }}</a>"""
    assert set(messages.texts_of_template(markup)) == {("Title",), ("Of {name}",), ("{n} day", "{n} days")}
    assert "layouts/templates/base.html" in messages.extracted()[("Sign out",)]


def test_one_text_used_in_two_ways_is_named_with_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "ROOT", tmp_path)
    monkeypatch.setattr(messages, "PACKAGES", ("p",))
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "a.py").write_text("from cgm_dash.i18n import _\n_('{n} low')\n")
    (tmp_path / "p" / "b.py").write_text("from cgm_dash.i18n import plural\nplural('{n} low', '{n} lows', 2)\n")
    with pytest.raises(ValueError, match=r"'\{n\} low' is counted .*p/a.py, p/b.py"):
        messages.extracted()


def test_translations_keep_the_placeholders(code: str) -> None:
    wrong = [(one, other) for one, other in pairs(code) if placeholders(one) != placeholders(other)]
    assert [(one, other) for one, other in wrong if placeholders(one) != [*placeholders(other), "n"]] == []


def test_counted_texts_have_every_form_of_the_language(code: str) -> None:
    with i18n.po_file(code).open("rb") as file:
        forms = read_po(file, locale=code).num_plurals
    for english, entry in messages.kept(code).items():
        assert len(messages.translations(entry)) == (forms if len(english) > 1 else 1), english


def test_translations_keep_the_numbers(code: str) -> None:
    """A limit mistyped in a translation would be a wrong limit."""
    decimal = {"de": ","}[code]
    found = [(one, other, numbers(other.replace(decimal, "."))) for one, other in pairs(code)]
    assert [(one, other) for one, other, there in found if not set(numbers(one)) <= set(there)] == []


def test_texts_hold_no_markup(code: str) -> None:
    every = [text for pair in pairs(code) for text in pair]
    assert [text for text in every if re.search(r"</?[a-zA-Z]|&\w+;", text)] == []


def test_translations_are_set_as_the_texts_are(code: str) -> None:
    for english, translated in pairs(code):
        assert translated == translated.strip(), translated
        assert translated.count("\n") == english.count("\n"), translated
        assert "!" not in translated, translated


def test_german_percent_signs_keep_to_their_number() -> None:
    assert [german for _english, german in pairs("de") if re.search(r"[\d}] ?%", german)] == []


def test_german_is_polite() -> None:
    assert [g for _english, g in pairs("de") if re.search(r"\b([Dd]u|[Dd]ich|[Dd]ir|[Dd]ein(e[mnrs]?)?)\b", g)] == []


def test_german_is_not_english() -> None:
    same = {one for one, other in pairs("de") if one == other and re.search(r"[^\W\d]", re.sub(r"\{\w+\}", "", one))}
    assert same == SAME_IN_GERMAN & {one for one, _other in pairs("de")}


# --- what is shown


def plain(value: object) -> object:
    """Return *value* with every word for readers taken out: what is left must be the same in every language."""
    if isinstance(value, dict):
        return {name: plain(v) for name, v in value.items() if name not in WORDED}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value


def machine_parts(page: Any) -> list[tuple[str, object]]:
    """Return every attribute of a page that programs read: styles, classes, data, figures, drawings."""
    found: list[tuple[str, object]] = []
    for component in walk(page):
        for name, value in properties(component).items():
            if name == "svg":
                found.append((name, re.sub(r">[^<]*<", "><", value)))
            elif name not in WORDED and not WORDED_DATA.fullmatch(name):
                found.append((name, plain(value)))
    return found


def parts_in_mmol() -> list[Any]:
    """Return parts of a page with fractions everywhere: values, shares, widths."""
    series = minutes(*range(40, 260), 55, trend=2)
    statistics = statistics_view(series, "14d", unit=Unit.MMOL_L)
    chart = glucose.figure_of(chart_view(series, "12h", unit=Unit.MMOL_L))
    shown = [hero.hero(hero_view(series, unit=Unit.MMOL_L)), cards.range_table(statistics), cards.gmi_tile(statistics)]
    return [*shown, dcc.Graph(figure=chart)]


def test_what_programs_read_is_the_same_in_every_language(code: str) -> None:
    english = machine_parts([*parts_in_mmol(), *pages().values()])
    with speaking(code):
        other = machine_parts([*parts_in_mmol(), *pages().values()])
    assert len(english) == len(other) > 1000
    assert [(one, two) for one, two in zip(english, other, strict=True) if one != two] == []


def test_a_german_page_writes_german_numbers() -> None:
    with speaking("de"):
        seen = list(texts(parts_in_mmol()))
    assert any("3,9" in text for text in seen)
    # Versions, addresses and dates apart, no point stands between digits but before three of them.
    assert [text for text in seen if re.search(r"\d\.(?!\d{3}\b)\d", text)] == []


def test_scripts_are_told_the_decimal_mark() -> None:
    assert shell._words()["decimal"] == "."
    with speaking("de"):
        assert shell._words()["decimal"] == ","
