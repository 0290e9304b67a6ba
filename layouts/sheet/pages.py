"""How a report is parted into pages: once, for the screen, for print and for the PDF."""

from dataclasses import dataclass

from layouts.sheet import geometry
from layouts.sheet.metrics import MetricGroup, pages_of
from layouts.sheet.view import ReportView
from layouts.sheet.words import ReportWords


@dataclass(frozen=True, slots=True)
class FirstPage:
    """The page that always is."""


@dataclass(frozen=True, slots=True)
class DaysPage:
    """A page of days. first, end: their positions among ReportView.days, the end excluded."""

    first: int
    end: int


@dataclass(frozen=True, slots=True)
class MetricsPage:
    """A page of the table of metrics. groups: none where there is no table (ReportWords.table_lack)."""

    groups: tuple[MetricGroup, ...]


Page = FirstPage | DaysPage | MetricsPage


def pages_of_report(view: ReportView, words: ReportWords) -> tuple[Page, ...]:
    """Return the pages in order."""
    pages: list[Page] = [FirstPage()]
    n, step = len(words.all_days), geometry.DAYS_A_PAGE
    pages += [DaysPage(at, min(at + step, n)) for at in range(0, n, step)]
    pages += [MetricsPage(groups) for groups in pages_of(words.table_groups, geometry.TABLE_HEIGHT)]
    if words.table_lack:
        pages.append(MetricsPage(()))
    return tuple(pages)
