"""What a link says: person and range, so that it shows the same thing to whoever opens it.

`?person=3&range=14d`, or chosen dates as `?person=3&range=2026-11-01..2026-11-14`. Whatever cannot be read falls back
to the default: a mistyped link must still open. Everything here may have been written by a stranger.
"""

import re
from dataclasses import dataclass
from datetime import date
from urllib.parse import parse_qs

from cgm_dash.window import DATES, DAYS, DEFAULT, HOURS

_DATES = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.\.([0-9]{4}-[0-9]{2}-[0-9]{2})")


@dataclass(frozen=True, slots=True)
class Address:
    """person: an id as text, empty for the first one. range: one of window.HOURS, window.DAYS or DATES with dates."""

    person: str = ""
    range: str = DEFAULT
    dates: tuple[date, date] | None = None


def parse(search: object) -> Address:
    """Return what the query of an address (with or without its question mark) asks for."""
    text = search[:500].removeprefix("?") if isinstance(search, str) else ""
    fields = parse_qs(text, max_num_fields=20) if text.count("&") < 20 else {}
    person = fields.get("person", [""])[-1]
    name = fields.get("range", [DEFAULT])[-1]
    person = person if re.fullmatch(r"[0-9]{1,9}", person) else ""
    chosen = _DATES.fullmatch(name)
    if chosen:
        try:
            return Address(person, DATES, (date.fromisoformat(chosen[1]), date.fromisoformat(chosen[2])))
        except ValueError:
            return Address(person)
    return Address(person, name if name in HOURS or name in DAYS else DEFAULT)
