"""Where things stand on the sheet, in px of the screen: the PDF is laid out by these, the stylesheet repeats them."""

from dataclasses import dataclass

from layouts.sheet.view import Paper

MARGIN, TOP, BOTTOM = 46.0, 40.0, 36.0
"""Left and right of the words, above and below them."""

BAR_WIDTH, BAR_HEIGHT = 372.0, 216.0
COLUMN_GAP = 44.0

PANEL_COLUMNS, PANEL_GAP, PANEL_HEIGHT = 7, 9.0, 64.0
"""The days of the first page."""
PANEL_ROW = 92.0

DAY_COLUMNS, DAY_GAP, DAY_WORDS = 4, 18.0, 40.0
"""The days of their own pages; what the words of each take above and below it."""
DAYS_A_PAGE, DAY_ROOM, DAY_TALLEST = 28, 868.0, 200.0

TRACE_COLUMNS, DAY_TRACE_COLUMNS = 48, 96
"""How fine the traces are drawn: what a printer shows of them."""

BAR_PHONE, PROFILE_PHONE = (332.0, 236.0), (340.0, 250.0)
"""Bar and profile of a narrow screen."""

NAME_WIDTH, VALUE_WIDTH = 160.0, 128.0
"""Columns of the table of metrics; the rest is what each means."""

HEAD_HEIGHT = 92.0
"""What head and heading of a further page take."""
FOOT_HEIGHT = 48.0
TABLE_HEIGHT = Paper.LETTER.size[1] - TOP - BOTTOM - HEAD_HEIGHT - FOOT_HEIGHT - 8.0
"""Room for the rows of a table on a further page, on the shorter paper: both papers part it alike."""


def day_row(days: int) -> float:
    """Return how much height a row gets where a page of days holds *days* of them."""
    return min(DAY_TALLEST, DAY_ROOM / -(-days // DAY_COLUMNS))


@dataclass(frozen=True, slots=True)
class Frame:
    """The measures that depend on the paper."""

    width: float
    height: float

    @classmethod
    def of(cls, paper: Paper) -> "Frame":
        """Return those of *paper*."""
        return cls(*paper.size)

    @property
    def inner(self) -> float:
        """Width between the margins."""
        return self.width - 2 * MARGIN

    @property
    def profile_height(self) -> float:
        """Height of the profile: what the paper leaves when everything else has its room."""
        return 240.0 + (self.height - 1056.0)

    @property
    def panel(self) -> float:
        """Width of a day on the first page."""
        return (self.inner - PANEL_GAP * (PANEL_COLUMNS - 1)) / PANEL_COLUMNS

    @property
    def day(self) -> float:
        """Width of a day on the pages of days."""
        return (self.inner - DAY_GAP * (DAY_COLUMNS - 1)) / DAY_COLUMNS
