"""How numbers, times and states are written: the one place where a value becomes words.

All of it is for readers, in the language in force: a decimal comma in German. What programs read (JSON, CSV, attributes
that scripts and stylesheets work with) is never written by these functions.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from zoneinfo import ZoneInfo

from cgm_dash.batch import NO_OFFSET
from cgm_dash.i18n import LANGUAGES, SOURCE, _, language, plural
from cgm_dash.i18n import mark as m
from cgm_dash.reading import Flag, Trend
from cgm_dash.units import Band, Targets, Unit, in_unit
from cgm_dash.window import DAYS, HOURS, YEARS, Window
from cgm_dash.zones import local_date

MINUS = "\u2212"
RANGE = "\u2013"
NOTHING = "\u2013"
"""Stands where a figure is not defined."""

DAY_MIN = 1440

MINUTES_TO = 90
"""Ages and spans are told in whole minutes up to here, then in hours and minutes."""

BAND_WORDS = MappingProxyType(
    {
        Band.VERY_LOW: m("Very low"),
        Band.LOW: m("Low"),
        Band.TARGET: m("In target"),
        Band.HIGH: m("High"),
        Band.VERY_HIGH: m("Very high"),
    }
)
TREND_WORDS = MappingProxyType(
    {
        Trend.FALLING_FAST: m("falling fast"),
        Trend.FALLING: m("falling"),
        Trend.STEADY: m("steady"),
        Trend.RISING: m("rising"),
        Trend.RISING_FAST: m("rising fast"),
    }
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
"""From Monday on, as date.weekday() counts; `_` knows the names of the calendar without a translator (i18n)."""
WEEKDAYS_SHORT = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
MONTHS_SHORT = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


# --- numbers


@dataclass(frozen=True, slots=True)
class Marks:
    """What stands in and behind a number: before the decimals, between the thousands, before a percent sign."""

    decimal: str = "."
    group: str = "\u202f"
    percent: str = " "


@functools.cache
def marks_of(code: str) -> Marks:
    """Return the marks of a language: English ones as designed here, others by the Unicode CLDR, which Babel carries.

    >>> marks_of("de").decimal, marks_of("de").group
    (',', '.')
    """
    if code == SOURCE or code not in LANGUAGES:
        return Marks()
    from babel import Locale  # English needs none of it

    locale = Locale.parse(code)
    symbols = locale.number_symbols[locale.default_numbering_system]
    percent = locale.percent_formats[None].suffix[0].removesuffix("%")
    return Marks(symbols["decimal"], symbols["group"], percent)


def marks() -> Marks:
    """Return the marks of the language in force."""
    return marks_of(language())


def rounded(value: float, places: int) -> Decimal:
    """Return *value* with *places* decimals, half rounded away from zero: the number that `decimal` writes."""
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def decimal(value: float, places: int) -> str:
    """Return *value* with *places* decimals, half rounded away from zero."""
    return _written(rounded(value, places))


def count(n: int) -> str:
    """Return a whole number with its thousands apart.

    >>> count(2016), count(999)
    ('2\u202f016', '999')
    """
    return f"{n:,}".replace(",", marks().group)


def _written(number: int | Decimal) -> str:
    return str(number).replace("-", MINUS).replace(".", marks().decimal)


# --- glucose


def glucose(mg_dl: float, unit: Unit) -> str:
    """Return *mg_dl* as shown in *unit*, without the unit.

    >>> glucose(125, Unit.MG_DL), glucose(125, Unit.MMOL_L), glucose(180, Unit.MMOL_L)
    ('125', '6.9', '10.0')
    """
    return _written(in_unit(mg_dl, unit))


def glucose_in(mg_dl: float, unit: Unit) -> str:
    """Return *mg_dl* as shown in *unit*, with the unit."""
    return f"{glucose(mg_dl, unit)} {unit}"


def change(mg_dl: int, unit: Unit) -> str:
    """Return a difference with its sign, without the unit.

    >>> change(5, Unit.MG_DL), change(-7, Unit.MMOL_L), change(0, Unit.MG_DL)
    ('+5', '−0.4', '0')
    """
    return ("+" if mg_dl > 0 else "") + glucose(mg_dl, unit)


def reading(mg_dl: int, flag: Flag, unit: Unit) -> str:
    """Return a reading as the page names it: its number, or LO and HI."""
    if flag is Flag.LO:
        return _("LO")
    return _("HI") if flag is Flag.HI else glucose(mg_dl, unit)


def reading_in(mg_dl: int, flag: Flag, unit: Unit) -> str:
    """Return a reading with its unit; LO and HI with the sensor's bound: a state, not a number."""
    if flag is Flag.LO:
        return _("LO (under {bound})").format(bound=glucose_in(mg_dl, unit))
    if flag is Flag.HI:
        return _("HI (over {bound})").format(bound=glucose_in(mg_dl, unit))
    return glucose_in(mg_dl, unit)


def flagged(mg_dl: int, flag: Flag, unit: Unit) -> str:
    """Return the sentence that explains LO or HI."""
    if flag is Flag.LO:
        return _("Below what the sensor can measure (under {bound}).").format(bound=glucose_in(mg_dl, unit))
    return _("Above what the sensor can measure (over {bound}).").format(bound=glucose_in(mg_dl, unit))


def limits(band: Band, targets: Targets, unit: Unit) -> str:
    """Return the limits of a band, without the unit.

    One that looks like its neighbour's when rounded to 0.1 mmol/L stands with "<" or ">": it is beyond that limit.

    >>> [limits(b, Targets(), Unit.MMOL_L) for b in Band]
    ['<3.0', '3.0–3.8', '3.9–10.0', '10.1–13.9', '>13.9']
    >>> [limits(b, Targets(54, 80, 140, 250), Unit.MMOL_L) for b in (Band.LOW, Band.TARGET, Band.HIGH)]
    ['3.0–<4.4', '4.4–7.8', '>7.8–13.9']
    """
    ends = {
        Band.LOW: (targets.very_low, targets.low - 1),
        Band.TARGET: (targets.low, targets.high),
        Band.HIGH: (targets.high + 1, targets.very_high),
    }
    if band is Band.VERY_LOW:
        return "<" + glucose(targets.very_low, unit)
    if band is Band.VERY_HIGH:
        return ">" + glucose(targets.very_high, unit)
    low, high = (glucose(end, unit) for end in ends[band])
    if band is Band.HIGH and low == glucose(targets.high, unit):
        low = f">{low}"
    if band is Band.LOW and high == glucose(targets.low, unit):
        high = f"<{high}"
    return low + RANGE + high


# --- shares


def per_cent(number: str) -> str:
    """Return a *number* that is already written with the percent sign, as the language puts it."""
    return f"{number}{marks().percent}%"


def percent(value: float | None) -> str:
    """Return a share in whole percent; "<1 %" between 0 and 1.

    >>> percent(69.5), percent(0.2), percent(0), percent(None)
    ('70 %', '<1 %', '0 %', '–')
    """
    if value is None:
        return NOTHING
    return per_cent("<1" if 0 < value < 1 else decimal(value, 0))


def percent_fine(value: float | None) -> str:
    """Return a share in percent with one decimal, for time below range; "<0.1 %" for what would round to nothing.

    >>> percent_fine(0.44), percent_fine(0.04), percent_fine(0), percent_fine(4)
    ('0.4 %', '<0.1 %', '0 %', '4.0 %')
    """
    if value is None:
        return NOTHING
    if 0 < value < 0.05:
        return per_cent(f"<{decimal(0.1, 1)}")
    return per_cent(decimal(value, 1) if value else "0")


def places_apart(value: float, limit: float, places: int) -> int:
    """Return with how many decimals, *places* at least, *value* does not look like the *limit* that it is not.

    >>> places_apart(69.7, 70, 0), places_apart(69.4, 70, 0), places_apart(70, 70, 0), places_apart(69.97, 70, 0)
    (1, 0, 0, 2)
    """
    while value != limit and rounded(value, places) == limit:
        places += 1
    return places


def decimal_apart(value: float, limit: float, places: int = 0) -> str:
    """Return *value* with *places* decimals, or as many as tell it apart from *limit*; "<1" below 1 without decimals.

    >>> decimal_apart(69.97, 70), decimal_apart(69.2, 70), decimal_apart(0.3, 70)
    ('69.97', '69', '<1')
    """
    needed = places_apart(value, limit, places)
    return "<1" if not places and 0 < value < 1 else decimal(value, needed)


def size(n: int) -> str:
    """Return a number of bytes in the unit that fits, by thousands as disks are sold.

    >>> size(46_200_000), size(118_000_000_000), size(12_345), size(999)
    ('46.2 MB', '118 GB', '12 kB', '1 kB')
    """
    value, unit = n / 1e3, "kB"
    for larger in ("MB", "GB", "TB"):
        if value >= 999.5:
            value, unit = value / 1e3, larger
    return f"{decimal(value, 1 if unit != 'kB' and value < 99.95 else 0)} {unit}"


# --- spans of time


def duration(seconds: float) -> str:
    """Return a span as hours and minutes.

    >>> duration(9300), duration(2100), duration(7200), duration(20), duration(180000)
    ('2 h 35 min', '35 min', '2 h', '<1 min', '2 d 2 h')
    """
    minutes = int(seconds // 60)
    if minutes < 1:
        return _("<1 min")
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return _("{d} d {h} h").format(d=days, h=hours) if hours else _("{d} d").format(d=days)
    if not hours:
        return _("{m} min").format(m=rest)
    return _("{h} h {m} min").format(h=hours, m=rest) if rest else _("{h} h").format(h=hours)


def duration_short(seconds: float) -> str:
    """Return a span as it stands in a table: "1 h 05", "35 min".

    >>> duration_short(3900), duration_short(2100), duration_short(0), duration_short(20), duration_short(86400)
    ('1 h 05', '35 min', '0 min', '<1 min', '24 h 00')
    """
    minutes = int(seconds / 60 + 0.5)
    if minutes < 1:
        return _("<1 min") if seconds > 0 else _("{m} min").format(m=0)
    if minutes < 60:
        return _("{m} min").format(m=minutes)
    return _("{h} h {m}").format(h=minutes // 60, m=f"{minutes % 60:02d}")


def time_a_day(share: float) -> str:
    """Return *share* percent of a day, to the nearest minute.

    >>> time_a_day(4.9), time_a_day(100), time_a_day(0), time_a_day(0.01)
    ('1 h 11 min', '24 h', '0 min', '<1 min')
    """
    minutes = int(DAY_MIN * share / 100 + 0.5)
    if minutes == DAY_MIN:
        return _("{h} h").format(h=24)  # not "1 d"
    if share == 0:
        return _("{m} min").format(m=0)
    return duration(60 * minutes)


def span(seconds: float) -> str:
    """Return a span in words: "4 minutes" up to 90, then "2 h 10 min".

    >>> span(240), span(60), span(5400), span(7800)
    ('4 minutes', '1 minute', '90 minutes', '2 h 10 min')
    """
    minutes = max(int(seconds // 60), 1)
    if minutes > MINUTES_TO:
        return duration(60 * minutes)
    return plural("{n} minute", "{n} minutes", minutes).format(n=minutes)


def age(seconds: float) -> str:
    """Return how long ago something was.

    >>> age(59), age(60), age(27 * 60 + 3), age(7800), age(3 * 86400)
    ('just now', '1 minute ago', '27 minutes ago', '2 h 10 min ago', '3 d ago')
    """
    minutes = int(max(seconds, 0) // 60)
    if minutes < 1:
        return _("just now")
    if minutes <= MINUTES_TO:
        return plural("{n} minute ago", "{n} minutes ago", minutes).format(n=minutes)
    return _("{span} ago").format(span=duration(60 * minutes))


def in_about(seconds: float) -> str:
    """Return how far ahead something lies, in words."""
    return _("in about {span}").format(span=span(seconds))


# --- clock and calendar


def local(ts: float, zone: ZoneInfo, offset_min: int | None = None) -> datetime:
    """Return the wearer's wall clock at *ts*: by the reading's own offset where it has one, else by the zone."""
    known = offset_min is not None and offset_min != NO_OFFSET
    return datetime.fromtimestamp(ts, timezone(timedelta(minutes=offset_min or 0)) if known else zone)


def clock(ts: float, zone: ZoneInfo, offset_min: int | None = None) -> str:
    """Return the wearer's time of day at *ts*, "14:05"; "19:35 (UTC+5:30)" where that is not the time of *zone*."""
    when = local(ts, zone, offset_min)
    return f"{when.strftime('%H:%M')}{_elsewhere(when, zone)}"


def _elsewhere(when: datetime, zone: ZoneInfo) -> str:
    """Return the offset in brackets where a wall clock is not that of *zone*: else two times would contradict."""
    offset = when.utcoffset()
    if offset is None or offset == when.astimezone(zone).utcoffset():
        return ""
    return f" ({utc_offset(int(offset.total_seconds()))})"


def utc_offset(seconds: int) -> str:
    """Return an offset from UTC, "UTC+5:30"."""
    minutes = abs(seconds) // 60
    sign = "+" if seconds >= 0 else MINUS
    return f"UTC{sign}{minutes // 60}" + (f":{minutes % 60:02d}" if minutes % 60 else "")


def day(d: date) -> str:
    """Return a date, "Sun 22 Nov"."""
    parts = {"weekday": _(WEEKDAYS_SHORT[d.weekday()]), "day": d.day, "month": _(MONTHS_SHORT[d.month - 1])}
    return _("{weekday} {day} {month}").format(**parts)


def day_of_year(d: date, today: date) -> str:
    """Return a date, with its year where that is not this one."""
    return day(d) if d.year == today.year else f"{day(d)} {d.year}"


def month_of_year(d: date) -> str:
    """Return the month of a date with its year, "November 2026"."""
    return _("{month} {year}").format(month=_(MONTHS[d.month - 1]), year=d.year)


def day_long(d: date) -> str:
    """Return a date in full, "Sunday, 22 November"."""
    parts = {"weekday": _(WEEKDAYS[d.weekday()]), "day": d.day, "month": _(MONTHS[d.month - 1])}
    return _("{weekday}, {day} {month}").format(**parts)


def moment(ts: float, zone: ZoneInfo, now: float, offset_min: int | None = None) -> str:
    """Return when something was or will be: "14:05" on the wearer's today, else "Sat 21 Nov 14:05"."""
    when = local(ts, zone, offset_min)
    time = f"{when.strftime('%H:%M')}{_elsewhere(when, zone)}"
    today = local_date(zone, now)
    return time if when.date() == today else f"{day_of_year(when.date(), today)} {time}"


def moment_to_the_second(ts: float, zone: ZoneInfo, now: float) -> str:
    """Return the same with seconds, "14:05:09"."""
    return f"{moment(ts, zone, now)}:{local(ts, zone).strftime('%S')}"


# --- words


def band(b: Band) -> str:
    """Return a band's name."""
    return _(BAND_WORDS[b])


def trend(t: Trend | None) -> str:
    """Return the trend in words."""
    return _("unknown") if t is None else _(TREND_WORDS[t])


def range_short(name: str) -> str:
    """Return what the range control shows for a named range, "12 h"."""
    # The buttons are narrow: their texts are apart from those of durations, so that a language can write them shorter.
    if name in HOURS:
        return _("{hours} h").format(hours=HOURS[name])
    if name in YEARS:
        return _("{years} y").format(years=YEARS[name])
    return _("{days} d").format(days=DAYS[name]) if name in DAYS else _("Dates")


def period(window: Window) -> str:
    """Return a window in words that need no calendar: "Last 12 hours", for chosen dates "7 days"."""
    if window.name in HOURS:
        n = HOURS[window.name]
        return plural("Last {n} hour", "Last {n} hours", n).format(n=n)
    if window.name in YEARS:
        n = YEARS[window.name]
        return plural("Last year", "Last {n} years", n).format(n=n)
    if window.name in DAYS:
        n = DAYS[window.name]
        return plural("Last {n} day", "Last {n} days", n).format(n=n)
    return plural("{n} day", "{n} days", window.days).format(n=window.days)


def range_long(window: Window, zone: ZoneInfo, now: float) -> str:
    """Return a window in words: "Last 12 hours", "Last 14 days", "Sun 1 Nov – Sat 7 Nov"."""
    if window.name in HOURS or window.name in DAYS:
        return period(window)
    today = local_date(zone, now)
    first, last = local_date(zone, window.start), local_date(zone, window.end - 1)
    if first == last:
        return day_of_year(first, today)
    if first.year != last.year:
        return f"{day(first)} {first.year} {RANGE} {day(last)} {last.year}"
    return f"{day_of_year(first, today)} {RANGE} {day_of_year(last, today)}"


def listing(items: Sequence[str]) -> str:
    """Return sentences joined by a space, empty ones left out."""
    return " ".join(item for item in items if item)
