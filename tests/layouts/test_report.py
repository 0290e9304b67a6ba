"""The page Report: sheets of paper, what stands beside the drawings in words, the tool bar."""

import re
from collections.abc import Sequence
from typing import Any

import pytest
from dash import html
from dash.development.base_component import Component

from cgm_dash.goals import PREGNANCY_GOALS
from cgm_dash.series import EMPTY
from cgm_dash.units import Band
from layouts import ids, report
from layouts.drawings.drawing import Drawing
from layouts.sheet.view import Extra, Paper, ReportView
from layouts.sheet.words import words_of
from tests.layouts.rendered import attribute, by_class, by_id, properties, range_view, walk, words
from tests.layouts.sheet import made


def levels(node: object) -> list[int]:
    return [int(type(c).__name__[1]) for c in walk(node) if re.fullmatch(r"H[1-6]", type(c).__name__)]


def sheets(**more: Any) -> Sequence[Component]:
    return report.sheets(made.report(made.days(*[[60, 100, 190, 260, 50, 100]] * 14), **more))


def test_one_sheet_white_in_every_look_with_a_name() -> None:
    (sheet,) = sheets()
    assert properties(sheet)["className"] == "paper a4"
    assert attribute(sheet, "data-bs-theme") == "light"
    assert attribute(sheet, "aria-label") == "Glucose report, 9 to 22 November 2026, page 1 of 1"
    assert [properties(s)["className"] for s in sheets(paper=Paper.LETTER)] == ["paper letter"]


def test_further_pages_are_counted_in_every_foot() -> None:
    found = sheets(extras=frozenset(Extra), demo=True)
    assert len(found) > 3
    for number, sheet in enumerate(found, start=1):
        (foot,) = by_class(sheet, "sheet-foot")
        assert words(foot).endswith(f"page {number} of {len(found)}")
        assert "Not a medical device. No dosing advice. Demo: invented data" in words(foot)


def test_a_name_that_turns_the_direction_of_writing_leaves_the_dates_beside_it_alone() -> None:
    second = sheets(person="Mira\u202e", extras=frozenset({Extra.DAYS}))[1]
    (line,) = [p for p in walk(second) if type(p).__name__ == "P" and "Glucose report" in words(p)]
    assert [type(part).__name__ for part in line.children] == ["str", "str", "Bdi", "str", "str"]
    assert words(line.children[2]) == "Mira\u202e"


def test_headings_step_down_one_by_one() -> None:
    assert levels(sheets()[0]) == [2, 3, 3, 3, 3]
    assert levels(sheets(extras=frozenset({Extra.METRICS}))[1]) == [3]


def test_every_drawing_has_its_figures_in_words_beside_it() -> None:
    (sheet,) = sheets()
    said = [words(c) for c in by_class(sheet, "vh")]
    assert any(text.startswith("Very high >250: 17 %, 4 h a day · goal <5 % not met") for text in said)
    assert any(text.startswith("Glucose profile of 14 days. The median") for text in said)
    assert any("Very low <54: 17 %" in text for text in said)
    assert all('aria-hidden="true"' in properties(c)["svg"] for c in walk(sheet) if isinstance(c, Drawing))


def test_patterns_are_drawn_over_every_band_but_target() -> None:
    (wide, _narrow) = by_class(sheets()[0], "range-bar")
    svg = properties(wide)["svg"]
    for name in ("vhigh", "high", "low", "vlow"):
        assert f"--b-{name}-ink" in svg
    assert "--b-target-ink" not in svg


def test_too_few_days_open_the_report_and_say_so() -> None:
    (sheet,) = report.sheets(made.report(made.days([100]), count=3))
    (lack,) = by_class(sheet, "lack")
    assert words(lack) == "Needs at least 5 days with readings; these dates hold 1."
    assert len(by_class(sheet, "weak")) == 2


def test_no_readings_open_it_too() -> None:
    (sheet,) = report.sheets(made.report(EMPTY, person=""))
    assert "No readings in these days." in words(sheet)


def test_a_table_has_caption_and_scopes() -> None:
    tables = [c for sheet in sheets(extras=frozenset({Extra.METRICS}))[1:] for c in by_class(sheet, "metric-table")]
    assert len(tables) >= 11
    for table in tables:
        (caption,) = [c for c in walk(table) if isinstance(c, html.Caption)]
        assert words(caption)
        assert {attribute(c, "scope") for c in walk(table) if isinstance(c, html.Th)} == {"col", "row"}


def test_the_limits_of_the_person_are_drawn() -> None:
    view = made.report(made.days(*[[100, 150]] * 14), goals=PREGNANCY_GOALS)
    svg = " ".join(properties(c)["svg"] for c in walk(report.sheets(view)) if isinstance(c, Drawing))
    assert ">63<" in svg
    assert ">140<" in svg
    assert words_of(view).bands[Band.TARGET].share == "50 %"


def page_of(view: ReportView) -> list[Component | None]:
    return report.page(view, range_view("14d"), "14d", "/report.pdf?person=1", "key").body


def test_the_tool_bar_offers_paper_pages_print_and_file() -> None:
    body = page_of(made.report(made.days(*[[100]] * 14)))
    link, button, paper = (by_id(body, name) for name in (ids.REPORT_PDF, ids.REPORT_PRINT, ids.REPORT_PAPER))
    assert link is not None
    assert button is not None
    assert paper is not None
    assert (properties(link)["href"], words(link)) == ("/report.pdf?person=1", "Download PDF")
    assert words(button) == "Print"
    assert [option["label"] for option in properties(paper)["options"]] == ["A4", "Letter"]
    legends = [words(c) for c in walk(body) if isinstance(c, html.Legend)]
    assert legends == ["Paper", "Further pages"]


@pytest.mark.parametrize("count", [1, 28, 29, 92])
def test_days_fill_pages_of_28(count: int) -> None:
    view = made.report(made.days(*[[100]] * count), count=count, extras=frozenset({Extra.DAYS}))
    found = report.sheets(view)
    assert len(found) == 1 + -(-count // 28)
    assert sum(len(by_class(sheet, "sheet-day")) for sheet in found[1:]) == count
