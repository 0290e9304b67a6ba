"""What a link says: person, range and day, so that it shows the same thing to whoever opens it.

`?person=3&range=14d`, or chosen dates as `?person=3&range=2026-11-01..2026-11-14`; on the page of days also
`&day=2026-11-07`. Whatever cannot be read falls back to the page's default: a mistyped link must still open. Everything
here may have been written by a stranger.
"""

import re
from dataclasses import dataclass
from datetime import date
from urllib.parse import parse_qs

from cgm_dash.window import DATES, DAYS, HOURS

_DATES = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.\.([0-9]{4}-[0-9]{2}-[0-9]{2})")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Address:
    """person: an id as text, "" for the first one. range: of window.HOURS or DAYS, DATES with dates, "" the page's own.

    day: the one day looked at, None for the page's own choice.
    """

    person: str = ""
    range: str = ""
    dates: tuple[date, date] | None = None
    day: date | None = None


def parse(search: object) -> Address:
    """Return what the query of an address (with or without its question mark) asks for."""
    text = search[:500].removeprefix("?") if isinstance(search, str) else ""
    fields = parse_qs(text, max_num_fields=20) if text.count("&") < 20 else {}
    person = fields.get("person", [""])[-1]
    person = person if re.fullmatch(r"[0-9]{1,9}", person) else ""
    day = _day(fields.get("day", [""])[-1])
    name = fields.get("range", [""])[-1]
    chosen = _DATES.fullmatch(name)
    if chosen:
        first, last = _day(chosen[1]), _day(chosen[2])
        return Address(person, DATES, (first, last), day) if first and last else Address(person, day=day)
    return Address(person, name if name in HOURS or name in DAYS else "", day=day)


def _day(text: str) -> date | None:
    """Return the date written as YYYY-MM-DD, None for anything else."""
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None
