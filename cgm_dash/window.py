"""The stretch of time a page looks at: the named ranges, and chosen dates, in the wearer's zone."""

from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from cgm_dash.zones import days_between, local_date, midnight

HOURS = MappingProxyType({"3h": 3, "6h": 6, "12h": 12, "24h": 24})
YEARS = MappingProxyType({"1y": 1, "10y": 10})
DAYS = MappingProxyType({"3d": 3, "7d": 7, "14d": 14, "28d": 28, "30d": 30, "90d": 90, "1y": 365, "10y": 3653})
"""Every range of whole local days, those of YEARS among them."""

DATES = "dates"
"""The range whose ends are chosen by hand."""

EARLIEST = date(2000, 1, 1)
"""No sensor is older."""

LONGEST_DAYS = 3700
"""Ten years and a little: what a link may ask for."""


@dataclass(frozen=True, slots=True)
class Window:
    """[start, end) in UTC epoch seconds; days: how many local dates it touches; name: of the range it came from."""

    name: str
    start: int
    end: int
    days: int

    @property
    def seconds(self) -> int:
        """Length in seconds of true elapsed time."""
        return self.end - self.start


def named(name: str, now: float, zone: ZoneInfo) -> Window:
    """Return the window of a named range that ends now: hours back from now, or whole local days with today so far.

    Raises ValueError for a name that is none of HOURS and DAYS.
    """
    end = int(now) + 1
    if name in HOURS:
        start = end - 3600 * HOURS[name]
    elif name in DAYS:
        start = midnight(zone, local_date(zone, now) - timedelta(days=DAYS[name] - 1))
    else:
        raise ValueError(f"range: expected one of {', '.join((*HOURS, *DAYS))}, got '{name}'")
    return Window(name, start, end, len(days_between(zone, start, end)))


def dated(first: date, last: date, now: float, zone: ZoneInfo) -> Window:
    """Return the window of whole local days from *first* to *last*, both included, cut off at now.

    Raises ValueError where the dates are reversed, in the future, before 2000, or more than ten years apart.
    """
    today = local_date(zone, now)
    if first < EARLIEST:
        raise ValueError(f"dates: {first} lies before any sensor; choose {EARLIEST} or later")
    if first > last:
        raise ValueError(f"dates: {first} comes after {last}; swap them")
    if first > today:
        raise ValueError(f"dates: {first} has not come yet; choose today or earlier")
    if (last - first).days >= LONGEST_DAYS:
        raise ValueError(f"dates: {first} to {last} is more than ten years; choose less")
    start = midnight(zone, first)
    end = min(midnight(zone, last + timedelta(days=1)), int(now) + 1)
    return Window(DATES, start, end, len(days_between(zone, start, end)))
