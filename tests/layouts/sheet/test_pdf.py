"""The PDF: what it says is what the page says, on either paper, small, searchable, the same each time."""

import dataclasses
import io
import re
from collections.abc import Iterator
from datetime import date

import numpy as np
import pytest
from pypdf import PdfReader

from cgm_dash.goals import PREGNANCY_GOALS
from cgm_dash.i18n import LANGUAGES, speaking
from cgm_dash.series import EMPTY, Series
from cgm_dash.units import Unit
from cgm_dash.zones import midnight
from layouts import report as page
from layouts.drawings import pdf as drawing
from layouts.drawings.bar import PATTERNS
from layouts.drawings.drawing import Drawing
from layouts.sheet.pdf import render
from layouts.sheet.view import Extra, Paper, ReportView
from layouts.sheet.words import ReportWords, words_of
from tests.layouts.rendered import properties, walk, words
from tests.layouts.sheet.made import BERLIN, days, pages_of, report, squeezed

BOTH = frozenset(Extra)


def wave(count: int = 14, first: date = date(2026, 11, 9), step: int = 900) -> Series:
    """Return an invented course with lows, highs and every band in it."""
    n = count * 86_400 // step
    hour = np.arange(n) * step / 3600
    mg_dl = 150 + 90 * np.sin(2 * np.pi * hour / 5.3) + 40 * np.sin(2 * np.pi * hour / 31)
    return Series.every(step, mg_dl.astype(int).tolist(), midnight(BERLIN, first))


def on_the_page(view: ReportView) -> str:
    """Return everything that the sheets on the screen say, drawings included."""
    sheets = page.sheets(view)
    drawn = [properties(c)["svg"] for c in walk(sheets) if isinstance(c, Drawing)]
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", " ".join(drawn))
    said = f"{words(sheets)} {' '.join(texts)}"
    return said.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def strings(value: object) -> Iterator[str]:
    """Yield every text in the words of a report."""
    if isinstance(value, str):
        yield value
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from strings(getattr(value, field.name))
    elif isinstance(value, tuple):
        for each in value:
            yield from strings(each)
    elif hasattr(value, "values"):
        for each in value.values():
            yield from strings(each)


SHOWN_NOWHERE = ("no_data",)
"""Words for what a full course does not have."""


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("unit", Unit)
def test_page_and_pdf_say_the_same_words_and_figures(code: str, unit: Unit) -> None:
    view = report(wave(), unit=unit, extras=BOTH, demo=True)
    with speaking(code):
        said = words_of(view)
        on_paper = squeezed(" ".join(pages_of(render(view))))
        on_screen = squeezed(on_the_page(view))
        names = {f.name for f in dataclasses.fields(said)} - set(SHOWN_NOWHERE)
        texts = [text for name in names for text in strings(getattr(said, name)) if text and text not in NAMES]
    assert len(texts) > 300
    assert [text for text in texts if squeezed(text) not in on_paper] == []
    assert [text for text in texts if squeezed(text) not in on_screen] == []


NAMES = ("mean", "gmi", "cv", "active")
"""Of tiles, for the stylesheet."""


def pieces(said: ReportWords) -> Iterator[str]:
    """Yield what belongs together: each figure with its name, its unit and what stands beside it."""
    for row in (*said.bands.values(), *said.together):
        yield f"{row.name}{row.limits}{row.share}{row.detail}"
    for tile in said.tiles:
        yield f"{tile.label}{tile.number}{tile.unit}{''.join(tile.notes)}"
    for label, value in said.facts:
        yield f"{label}{value}"
    for day in said.first_days:
        yield f"{day.name}{day.share}"
    for day in said.all_days:
        yield f"{day.date}{day.share}{day.detail}"
    for group in said.table_groups:
        for metric in group.rows:
            yield f"{metric.name}{metric.value}{metric.unit}{metric.what}"


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("unit", Unit)
def test_every_figure_stands_by_its_name_on_page_and_pdf(code: str, unit: Unit) -> None:
    view = report(wave(), unit=unit, extras=BOTH)
    with speaking(code):
        said = words_of(view)
        on_paper = squeezed(" ".join(pages_of(render(view))))
        on_screen = squeezed(on_the_page(view))
    found = [squeezed(piece) for piece in pieces(said)]
    assert len(found) > 120
    assert [piece for piece in found if piece not in on_paper] == []
    assert [piece for piece in found if piece not in on_screen] == []


def test_invented_data_say_so_at_head_and_foot_of_every_page() -> None:
    for text in pages_of(render(report(wave(), extras=BOTH, demo=True))):
        assert text.count("Demo: invented data") == 2
    assert "invented" not in " ".join(pages_of(render(report(wave(), extras=BOTH))))


def test_every_number_of_the_pdf_stands_on_the_page() -> None:
    view = report(wave(), extras=BOTH)
    numbers = re.compile(r"\d[\d.,:]*\d|\d")
    on_screen = set(numbers.findall(on_the_page(view)))
    on_paper = [n for text in pages_of(render(view)) for n in numbers.findall(text)]
    assert len(on_paper) > 300
    assert [n for n in on_paper if n not in on_screen] == []


@pytest.mark.parametrize(("paper", "size"), [(Paper.A4, (595.28, 841.89)), (Paper.LETTER, (612.0, 792.0))])
def test_one_page_of_the_paper_asked_for(paper: Paper, size: tuple[float, float]) -> None:
    reader = PdfReader(io.BytesIO(render(report(wave(), paper=paper))))
    assert len(reader.pages) == 1
    assert [float(v) for v in reader.pages[0].mediabox[2:]] == pytest.approx(size, abs=0.01)
    assert "page 1 of 1" in reader.pages[0].extract_text()


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("paper", Paper)
@pytest.mark.parametrize(
    "view",
    [
        report(wave(), demo=True, zone_confirmed=False, person="ŁucjaWolska-Ωμέγα" * 9, sensor="\u5149 Libre 3"),
        report(wave(3), count=3, demo=True, person="W" * 100),
        report(days(*[[100]] * 7), goals=PREGNANCY_GOALS),
        report(EMPTY),
        report(wave(90, date(2026, 8, 1)), count=90, first=date(2026, 8, 1), extras=BOTH, unit=Unit.MMOL_L),
    ],
    ids=["long name", "few days and a wide name", "poor", "nothing", "ninety days"],
)
def test_nothing_runs_into_the_foot_or_off_the_paper(view: ReportView, paper: Paper, code: str) -> None:
    with speaking(code):
        reader = PdfReader(io.BytesIO(render(dataclasses.replace(view, paper=paper))))
    width, height = (0.75 * length for length in paper.size)
    for sheet in reader.pages:
        found: list[tuple[float, float, str]] = []

        def note(
            text: str,
            _cm: object,
            tm: list[float],
            _font: object,
            _size: float,
            found: list[tuple[float, float, str]] = found,
        ) -> None:
            if text.strip():
                found.append((tm[4], tm[5], text))

        sheet.extract_text(visitor_text=note)
        assert all(20 < x < width - 30 and 20 < y < height - 20 for x, y, _text in found)
        foot = 0.75 * 70  # what stands between the rule of the foot and the words of the page
        between = [text for _x, y, text in found if 0.75 * 60 < y < foot]
        assert between == []


def test_the_same_view_gives_the_same_bytes_and_another_moment_another_file() -> None:
    view = report(wave(), extras=BOTH)
    assert render(view) == render(view)
    assert render(view) != render(dataclasses.replace(view, now=view.now + 60))


def test_it_is_small_and_its_faces_are_inside() -> None:
    series = wave(14, step=60)
    data = render(report(series, extras=BOTH))
    assert len(data) <= 500_000
    named = re.findall(rb"/FontName /[A-Z]{6}\+(\S+)", data)  # six letters: a part of the face, not all of it
    assert {b"NotoSans-Regular", b"NotoSans-Bold"} <= set(named)
    assert len(named) == len(re.findall(rb"/FontFile2", data)) == len(re.findall(rb"/Subtype /TrueType", data))
    assert b"/Type1" not in data


def test_it_is_drawn_not_painted() -> None:
    assert b"/Subtype /Image" not in render(report(wave(), extras=BOTH))


def test_patterns_part_the_bands_for_whoever_sees_no_colour() -> None:
    plain = render(report(days(*[[100]] * 14)))
    banded = render(report(wave()))
    assert set(PATTERNS.values()) == {"rows", "dots", "diagonal", "cross"}
    assert drawing_orders(banded) > drawing_orders(plain) + 40


def drawing_orders(pdf: bytes) -> int:
    """Return how often something is filled or stroked on the first page."""
    content = PdfReader(io.BytesIO(pdf)).pages[0].get_contents()
    assert content is not None
    return len(re.findall(rb"^(?:.* )?(?:S|f|f\*)\s*$", content.get_data(), re.MULTILINE))


def test_it_says_who_made_it_and_no_more_of_the_wearer_than_the_page() -> None:
    told = PdfReader(io.BytesIO(render(report(wave())))).metadata
    assert told is not None
    assert told.title == "Glucose report, 9 to 22 November 2026"
    assert (told.author or "").startswith("CGM Data Insights")
    assert "Mira" not in str(dict(told))


def test_every_letter_of_a_name_appears() -> None:
    name = "Łucja Ångström-Ðõğan Ωμέγα Жанна Їжак ქეთი Nguyễn"
    assert squeezed(name) in squeezed(pages_of(render(report(wave(), person=name)))[0])
    assert not drawing.letters_missing(name + " ≤ − – <>")


def test_a_word_wider_than_its_line_is_parted_and_none_of_it_lost() -> None:
    lines = drawing.wrapped("a " + "m" * 40 + " b", 10, 60)
    assert "".join(lines).replace(" ", "") == "a" + "m" * 40 + "b"
    assert max(drawing.width_of(line, 10) for line in lines) <= 60


def test_letters_no_face_has_stand_as_boxes_and_that_is_said() -> None:
    text = pages_of(render(report(wave(), person="Mira 光")))[0]
    assert "Mira ▯" in text
    assert squeezed("Letters that this file cannot show stand as boxes.") in squeezed(text)
    assert "stand as boxes" not in pages_of(render(report(wave())))[0]


def test_accents_written_apart_are_joined_and_nothing_invisible_stays() -> None:
    assert list(drawing.runs_of("Zoe\u0308\u200b\u202fX", bold=False)) == [("NotoSans", "Zoë X")]


@pytest.mark.parametrize(("first", "count"), [(date(2026, 10, 19), 14), (date(2026, 3, 23), 14)])
def test_weeks_of_a_clock_change_have_fourteen_days(first: date, count: int) -> None:
    series = wave(15, first).between(
        midnight(BERLIN, first), midnight(BERLIN, date.fromordinal(first.toordinal() + count))
    )
    view = report(series, first=first)
    text = pages_of(render(view))[0]
    assert "100" in text
    lengths = {round((day.end - day.start) / 3600) for day in view.days}
    assert lengths in ({24, 25}, {23, 24})
    assert len(words_of(view).first_days) == 14
    assert [day.coverage.percent for day in view.days] == pytest.approx([100.0] * 14)


def test_a_window_too_long_for_the_table_says_so() -> None:
    view = dataclasses.replace(report(wave(), extras=BOTH), metrics=None)
    assert "The table needs 366 days or less" in pages_of(render(view))[-1]
