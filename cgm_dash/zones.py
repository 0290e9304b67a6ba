"""The wearer's zone: local days of any length, offsets, and which zone a country and an offset point to."""

import functools
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from importlib import resources
from zoneinfo import ZoneInfo, available_timezones

QUARTER_HOUR_S = 900


def offset_s(zone: tzinfo, ts: float) -> int:
    """Return the zone's offset from UTC at *ts* (UTC epoch seconds), in seconds."""
    offset = datetime.fromtimestamp(ts, zone).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def local_date(zone: tzinfo, ts: float) -> date:
    """Return the calendar date in *zone* at *ts*."""
    return datetime.fromtimestamp(ts, zone).date()


def midnight(zone: tzinfo, day: date) -> int:
    """Return the instant, UTC epoch seconds, at which *day* begins in *zone*.

    Where a clock change skips midnight the day begins at the change; where it repeats, at the first pass.

    >>> midnight(ZoneInfo("Europe/Berlin"), date(2026, 3, 30)) - midnight(ZoneInfo("Europe/Berlin"), date(2026, 3, 29))
    82800
    """
    first = datetime(day.year, day.month, day.day, tzinfo=zone)
    ts = int(first.astimezone(UTC).timestamp())
    # In a skipped hour the wall clock of this instant is not midnight: step to the change itself.
    if local_date(zone, ts) != day:
        return _first_second_of(zone, day, ts)
    return ts


def _first_second_of(zone: tzinfo, day: date, near: int) -> int:
    """Return the first second of *day* by bisection within three hours of *near*."""
    before, after = near - 3 * 3600, near + 3 * 3600
    while after - before > 1:
        middle = (before + after) // 2
        if local_date(zone, middle) < day:
            before = middle
        else:
            after = middle
    return after


def days_between(zone: tzinfo, start: float, end: float) -> list[date]:
    """Return the local dates that [start, end) touches."""
    if end <= start:
        return []
    first, last = local_date(zone, start), local_date(zone, end - 1)
    return [first + timedelta(days=i) for i in range((last - first).days + 1)]


def offsets_between(zone: tzinfo, start: float, end: float) -> list[tuple[int, int]]:
    """Return (from, offset) pairs, UTC epoch seconds and seconds: the offsets in force in [start, end], in order.

    >>> offsets_between(ZoneInfo("Europe/Berlin"), 1774656000, 1774828800)   # 2026-03-28 to 30, UTC midnights
    [(1774656000, 3600), (1774746000, 7200)]
    """
    pairs = [(int(start), offset_s(zone, start))]
    step, last = 86_400, int(end)
    at = int(start)
    while at < last:
        after = min(at + step, last)
        if offset_s(zone, after) != pairs[-1][1]:
            change = _change_between(zone, at, after)
            pairs.append((change, offset_s(zone, change)))
        at = after
    return pairs


def _change_between(zone: tzinfo, before: int, after: int) -> int:
    old = offset_s(zone, before)
    while after - before > 1:
        middle = (before + after) // 2
        if offset_s(zone, middle) == old:
            before = middle
        else:
            after = middle
    return after


@functools.cache
def zones_of(country: str) -> tuple[str, ...]:
    """Return the IANA zones of a country (ISO 3166 code), in the tz database's order; none for an unknown code.

    Source: zone.tab of the IANA time zone database.
    """
    table = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    return tuple(row[2] for row in rows if row[0] == country.upper())


def guess(country: str, seen: Sequence[tuple[int, int]]) -> str | None:
    """Return the first zone of *country* that agrees with the offsets *seen*: (ts, offset minutes) pairs, newest last.

    None where the country is unknown or none agrees; the caller then shows UTC offsets as they came.

    >>> guess("DE", [(1795338847, 60)])
    'Europe/Berlin'
    """
    for name in zones_of(country):
        zone = ZoneInfo(name)
        if all(offset_s(zone, ts) == 60 * minutes for ts, minutes in seen):
            return name
    return None


@functools.cache
def zone_names() -> tuple[str, ...]:
    """Return the IANA names a person may choose from: those of places, by name, and UTC."""
    strange = ("Etc/", "SystemV/", "posix/", "right/")
    return ("UTC", *sorted(n for n in available_timezones() if "/" in n and not n.startswith(strange)))
