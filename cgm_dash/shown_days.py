"""Which local days are shown together: of a range, around a chosen day, laid over one another."""

from dataclasses import dataclass
from datetime import date, timedelta

MOST = 92
"""A quarter of a year of days side by side; more would be too small to compare and too slow to draw."""

WEEKDAY = "weekday"
LAID_OVER = ("7d", "14d", WEEKDAY)
"""What may be laid over one another: the last seven or fourteen of the days shown, or the last of one weekday."""

WEEKDAYS = 8


@dataclass(frozen=True, slots=True)
class ShownDays:
    """The days from *first* to *last*, both included. asked: how many the range holds, more than shown if over MOST."""

    first: date
    last: date
    asked: int

    @property
    def count(self) -> int:
        """How many days are shown."""
        return (self.last - self.first).days + 1


def shown_days(first: date, last: date, day: date, today: date) -> ShownDays:
    """Return the days of the range from *first* to *last*, or of one as long that holds *day*.

    The range moves by its whole length, so that stepping from day to day leaves the days around it where they are until
    its end is reached, and weeks keep their place. It never reaches beyond *today*. A range of more than MOST days is
    its newest ones.

    >>> shown_days(date(2026, 11, 9), date(2026, 11, 22), date(2026, 11, 8), date(2026, 11, 22))
    ShownDays(first=datetime.date(2026, 10, 26), last=datetime.date(2026, 11, 8), asked=14)
    """
    asked = (last - first).days + 1
    length = min(asked, MOST)
    if day > last:
        last += timedelta(days=length * -(-(day - last).days // length))
    elif (last - day).days >= length:
        last -= timedelta(days=length * ((last - day).days // length))
    last = min(last, today)
    return ShownDays(last - timedelta(days=length - 1), last, asked)


def laid_over(choice: str, shown: ShownDays, day: date) -> tuple[date, ...]:
    """Return the days to lay over one another, in order; *day* is always among them.

    choice: of LAID_OVER, anything else is the first. The last of a weekday may lie before the days shown.
    """
    if choice == WEEKDAY:
        latest = shown.last - timedelta(days=(shown.last - day).days % 7)
        found = [latest - timedelta(days=7 * i) for i in range(WEEKDAYS)]
    else:
        found = [shown.last - timedelta(days=i) for i in range(min(14 if choice == "14d" else 7, shown.count))]
    return tuple(sorted({*found, day}))
