"""LibreLinkUp's time stamps: `M/D/YYYY h:mm:ss AM`, month first, English markers whatever the account's language.

Read by hand: strptime's %p follows the process's locale, and under one without AM and PM nothing could be read.
"""

import re
from datetime import UTC, datetime

_STAMP = re.compile(
    r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4}) ([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:[ \u00a0\u202f](AM|PM))?",
)
QUARTER_HOUR_S = 900


def parse(text: object) -> int:
    """Return the seconds since 1970-01-01 that *text* shows, taken as UTC. Raises ValueError.

    Without AM or PM it is read as a 24-hour time only where the hour exceeds 12 or is 0; any other could be either half
    of the day.

    >>> parse("11/22/2026 9:14:07 AM"), parse("11/22/2026 21:14:07") - parse("11/22/2026 9:14:07 PM")
    (1795338847, 0)
    """
    match = _STAMP.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError("not a time stamp of the form M/D/YYYY h:mm:ss AM")
    month, day, year, hour, minute, second = (int(part) for part in match.groups()[:6])
    moment = datetime(year, month, day, _hour_of_day(hour, match[7]), minute, second, tzinfo=UTC)
    return int(moment.timestamp())


def _hour_of_day(hour: int, half: str | None) -> int:
    if half is None:
        if 1 <= hour <= 12:
            raise ValueError("hour without AM or PM could be either half of the day")
        return hour
    if not 1 <= hour <= 12:
        raise ValueError("hour outside 1..12 beside AM or PM")
    return hour % 12 + (12 if half == "PM" else 0)


def offset_min(wall: int, utc: int) -> int:
    """Return the wearer's offset from UTC in minutes, to the nearest quarter hour.

    wall, utc: one instant as `parse` reads `Timestamp` (the phone's wall clock) and `FactoryTimestamp` (UTC).
    Every zone in use lies on a quarter hour; what is over is the phone's own delay.

    >>> offset_min(parse("11/22/2026 2:59:08 PM"), parse("11/22/2026 9:14:07 AM"))
    345
    """
    return 15 * ((wall - utc + QUARTER_HOUR_S // 2) // QUARTER_HOUR_S)
