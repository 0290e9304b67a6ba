"""The report as a PDF: vector, searchable, its faces inside, the same for the same data and moment."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cgm_dash import __version__
from cgm_dash.i18n import _, language
from layouts.drawings.canvas import Anchor
from layouts.drawings.day import DayPanel
from layouts.drawings.pdf import POINTS, PdfCanvas, faces, letters_missing, width_of, wrapped
from layouts.sheet import geometry as g
from layouts.sheet.metrics import GROUP_PX, LINE_PX, ROW_PX, MetricGroup, MetricRow
from layouts.sheet.pages import DaysPage, MetricsPage, pages_of_report
from layouts.sheet.pictures import all_panels, draw_bar, draw_day, draw_profile, first_panels
from layouts.sheet.view import ReportView
from layouts.sheet.words import DayWords, RangeWords, ReportWords, TileWords, named, page_of, words_of

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas as Sheet

FACT, FACT_LINE, FACT_GAP, FACT_ROOM = 12.5, 15.0, 26.0, 216.0
"""Facts of the head: size, distance of lines and of facts; one that is wider than its room goes on below."""

FACT_LINES = 3
"""More would stand above the upper margin."""

SMALL, BODY, HEADING, TITLE, NUMBER = 10.5, 11.5, 13.5, 24.0, 28.0


class _Page:
    """One page under way. Everything is placed in px from its top left corner."""

    def __init__(self, sheet: "Sheet", view: ReportView, words: ReportWords) -> None:
        self.view, self.words = view, words
        self.frame = g.Frame.of(view.paper)
        self.canvas = PdfCanvas(sheet, self.frame.height)
        self.left, self.right = g.MARGIN, self.frame.width - g.MARGIN

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: float = BODY,
        colour: str = "ink",
        *,
        bold: bool = False,
        anchor: Anchor = "start",
    ) -> None:
        self.canvas.text(x, y, words, size, colour, bold=bold, anchor=anchor)

    def rule(self, y: float, colour: str = "line", width: float = 1.0, start: float | None = None) -> None:
        ends = np.array([self.left if start is None else start, self.right])
        self.canvas.line(ends, np.full(2, y), colour, width)

    def paragraph(
        self, x: float, y: float, words: str, width: float, size: float = SMALL, colour: str = "ink-3"
    ) -> float:
        """Write *words* in lines from the baseline y on, and return the baseline behind the last one."""
        for line in wrapped(words, size, width):
            self.text(x, y, line, size, colour)
            y += 1.3 * size
        return y

    def heading(self, x: float, y: float, words: str, sub: str, width: float) -> None:
        """Write a heading with what stands small beside it, or where that is too long, below it."""
        self.text(x, y, words, HEADING, bold=True)
        behind = x + width_of(words, HEADING, bold=True) + 9
        if behind + width_of(sub, SMALL) <= x + width:
            self.text(behind, y, sub, SMALL, "ink-3")
        else:
            self.paragraph(x, y + 14, sub, width)

    def foot(self, page: int, pages: int) -> None:
        y = self.frame.height - g.BOTTOM - 20
        self.rule(y - 14)
        self.text(self.left, y, self.words.place, SMALL, "ink-3")
        end = f"{self.words.made} · {page_of(page, pages)}"
        if self.words.demo:
            self.text(self.left, y + 15, self.words.demo, SMALL, "ink", bold=True)
        self.text(self.right, y + 15 if self.words.demo or self._crowded(end) else y, end, SMALL, "ink-3", anchor="end")

    def _crowded(self, end: str) -> bool:
        return width_of(self.words.place, SMALL) + width_of(end, SMALL) + 20 > self.right - self.left


def render(view: ReportView) -> bytes:
    """Return *view* as a PDF in the language in force. The same view gives the same bytes."""
    from reportlab.pdfgen.canvas import Canvas as Sheet

    words, buffer = words_of(view), io.BytesIO()
    width, height = view.paper.size
    # The first face: else the library's own would be named too, which is not in the file.
    first = next(iter(faces()))
    # invariant: no random id, and no clock but the report's own, which stands in the footer.
    sheet = Sheet(
        buffer,
        (POINTS * width, POINTS * height),
        initialFontName=first,  # type: ignore[arg-type]  # the stubs want a number
        invariant=1,
        lang=language(),
    )
    sheet.setTitle(words.document)
    sheet.setAuthor(f"CGM Data Insights {__version__}")
    sheet.setCreator(f"CGM Data Insights {__version__}")
    pages = pages_of_report(view, words)
    panels = all_panels(view) if words.all_days else ()
    for number, part in enumerate(pages, start=1):
        page = _Page(sheet, view, words)
        if isinstance(part, DaysPage):
            days = slice(part.first, part.end)
            _page_of_days(page, list(zip(panels[days], words.all_days[days], strict=True)))
        elif isinstance(part, MetricsPage):
            _page_of_metrics(page, part.groups)
        else:
            _first_page(page)
        page.foot(number, len(pages))
        sheet.showPage()
    sheet.save()
    return buffer.getvalue()


# --- the first page


def _first_page(page: _Page) -> None:
    words, frame = page.words, page.frame
    y = _head(page)
    column = page.left + g.BAR_WIDTH + g.COLUMN_GAP
    page.heading(page.left, y, words.ranges, words.ranges_sub, g.BAR_WIDTH)
    draw_bar(page.canvas.at(page.left, y + 14), page.view, words, g.BAR_WIDTH, g.BAR_HEIGHT)
    below = y + 14 + g.BAR_HEIGHT + 20
    for row in words.together:
        below = _together(page, row, below)
    page.heading(column, y, words.metrics, "", page.right - column)
    _tiles(page, column, y + 10)
    y = below + 16
    page.heading(page.left, y, words.profile, words.profile_sub, frame.inner)
    _profile(page, y + 14)
    y += 14 + frame.profile_height + 26
    page.heading(page.left, y, words.days, words.days_sub, frame.inner)
    _days(page, y + 18)
    y += 18 + 2 * g.PANEL_ROW + 6
    page.paragraph(page.left, y, " ".join((*words.notes, *_not_printed(page))), frame.inner)


def _not_printed(page: _Page) -> tuple[str, ...]:
    """Return what is to be said of letters that no face here has."""
    shown = (page.view.person, page.view.sensor)
    return (_("Letters that this file cannot show stand as boxes."),) if any(map(letters_missing, shown)) else ()


def _head(page: _Page) -> float:
    """Write the head, and return the baseline of the first heading below it."""
    words, y = page.words, g.TOP + 24
    page.text(page.left, y, words.title, TITLE, bold=True)
    page.text(page.left, y + 22, words.period, 13.5, "ink-2")
    if words.demo:
        page.text(page.right, y - 12, words.demo, SMALL, "ink", bold=True, anchor="end")
    _facts(page, y + 22)
    page.rule(y + 36, "ink", 2.0)
    return y + 62


def _facts(page: _Page, y: float) -> None:
    """Write whose report it is, of how many days, side by side up to the right margin; the last lines stand at y."""
    facts = [(label, _lines(value)) for label, value in page.words.facts]
    widths = [
        max(width_of(label, SMALL), *(width_of(line, FACT, bold=True) for line in lines)) for label, lines in facts
    ]
    x = page.right - sum(widths) - FACT_GAP * (len(facts) - 1)
    for (label, lines), width in zip(facts, widths, strict=True):
        top = y - FACT_LINE * (len(lines) - 1)
        page.text(x, top - 17, label, SMALL, "ink-3")
        for i, line in enumerate(lines):
            page.text(x, top + FACT_LINE * i, line, FACT, bold=True)
        x += width + FACT_GAP


def _lines(value: str) -> list[str]:
    """Return a fact in as many lines as the head has room for; what is left over is cut off, with a mark."""
    lines = wrapped(value, FACT, FACT_ROOM, bold=True)
    return lines if len(lines) <= FACT_LINES else [*lines[: FACT_LINES - 1], f"{lines[FACT_LINES - 1][:-1]}…"]


def _together(page: _Page, row: RangeWords, y: float) -> float:
    """Write two bands together, and return the baseline behind them."""
    name, size, end = f"{row.name} {row.limits}", SMALL + 0.5, page.left + g.BAR_WIDTH + g.COLUMN_GAP - 8
    page.text(page.left, y, name, size, "ink-2")
    x = page.left + max(132.0, width_of(name, size) + 10)
    page.text(x, y, row.share, size, bold=True)
    x += max(36.0, width_of(row.share, size, bold=True) + 10)
    return page.paragraph(x, y, row.detail, end - x, size) + 1.5


def _tiles(page: _Page, x: float, y: float) -> None:
    page.rule(y, start=x)
    width = (page.right - x - 24) / 2
    for i, tile in enumerate(page.words.tiles):
        _tile(page, tile, x + (i % 2) * (width + 24), y + (i // 2) * 124, width)
    page.rule(y + 124, start=x)
    page.rule(y + 248, start=x)


def _tile(page: _Page, tile: TileWords, x: float, y: float, width: float) -> None:
    colour = "ink-3" if tile.weak else "ink"
    page.text(x, y + 24, tile.label, BODY, "ink-2")
    page.text(x, y + 55, tile.number, NUMBER, colour, bold=True)
    page.text(x + width_of(tile.number, NUMBER, bold=True) + 5, y + 55, tile.unit, 13.0, "ink-3")
    below = y + 74
    for note in tile.notes:
        below = page.paragraph(x, below, note, width)


def _profile(page: _Page, y: float) -> None:
    frame, words = page.frame, page.words
    if not words.profile_lack:
        draw_profile(page.canvas.at(page.left, y), page.view, words, frame.inner, frame.profile_height)
        return
    page.canvas.rect(page.left, y, frame.inner, frame.profile_height, "surface-2")
    middle = (page.left + page.right) / 2
    page.text(middle, y + frame.profile_height / 2, words.profile_lack, BODY, "ink-2", anchor="middle")


def _days(page: _Page, y: float) -> None:
    if page.words.days_lack:
        page.text(page.left, y + 12, page.words.days_lack, BODY, "ink-2")
        return
    width = page.frame.panel
    for i, (panel, words) in enumerate(zip(first_panels(page.view), page.words.first_days, strict=True)):
        x = page.left + (i % g.PANEL_COLUMNS) * (width + g.PANEL_GAP)
        top = y + (i // g.PANEL_COLUMNS) * g.PANEL_ROW
        _panel(page, panel, (words.name, words.share), x, top, width, g.PANEL_HEIGHT)


def _panel(
    page: _Page, panel: DayPanel, said: tuple[str, str], x: float, y: float, width: float, height: float
) -> None:
    """Draw a day with its name and its share of time in target above it."""
    page.text(x, y, said[0], SMALL, bold=True)
    page.text(x + width, y, said[1], SMALL, "ink-3", anchor="end")
    draw_day(page.canvas, panel, x, y + 7, width, height)


# --- further pages


def _further(page: _Page, heading: str, sub: str) -> float:
    """Write the head of a further page, and return the baseline of what comes below it."""
    words = page.words
    who = " · ".join(filter(None, (words.title, named(page.view), words.period)))
    page.text(page.left, g.TOP + 12, who, BODY, "ink-2")
    if words.demo:
        page.text(page.right, g.TOP + 12, words.demo, SMALL, "ink", bold=True, anchor="end")
    page.rule(g.TOP + 22, "ink", 1.5)
    page.heading(page.left, g.TOP + 50, heading, sub, page.frame.inner)
    return g.TOP + 80


def _page_of_days(page: _Page, part: Sequence[tuple[DayPanel, DayWords]]) -> None:
    top = _further(page, page.words.days, page.words.all_days_sub)
    width, row = page.frame.day, g.day_row(len(part))
    height = row - g.DAY_WORDS
    for i, (panel, words) in enumerate(part):
        x = page.left + (i % g.DAY_COLUMNS) * (width + g.DAY_GAP)
        y = top + (i // g.DAY_COLUMNS) * row
        _panel(page, panel, (words.date, words.share), x, y, width, height)
        page.text(x, y + 7 + height + 13, words.detail, 9.5, "ink-3")


def _page_of_metrics(page: _Page, groups: Sequence[MetricGroup]) -> None:
    y = _further(page, page.words.table, page.words.table_sub)
    if not groups:
        page.text(page.left, y + 12, page.words.table_lack, BODY, "ink-2")
    for group in groups:
        page.text(page.left, y + 8, group.name, BODY, bold=True)
        page.rule(y + 16)
        y += GROUP_PX
        for row in group.rows:
            y += _metric(page, row, y)


def _metric(page: _Page, row: MetricRow, y: float) -> float:
    """Write one row, and return its height."""
    value_end = page.left + g.NAME_WIDTH + g.VALUE_WIDTH
    name = wrapped(row.name, SMALL, g.NAME_WIDTH - 8)
    for i, line in enumerate(name):
        page.text(page.left, y + LINE_PX * i, line, SMALL)
    unit = f" {row.unit}" if row.unit else ""
    page.text(value_end - width_of(unit, SMALL), y, row.value, SMALL, bold=True, anchor="end")
    page.text(value_end, y, unit, SMALL, "ink-3", anchor="end")
    what = wrapped(row.what, SMALL, page.right - value_end - 16)
    for i, line in enumerate(what):
        page.text(value_end + 16, y + LINE_PX * i, line, SMALL, "ink-3")
    return ROW_PX + LINE_PX * max(len(name), len(what))
