"""Every word and every figure of a glucose report as they stand on the page: one wording for screen, print and PDF."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from cgm_dash import __version__
from cgm_dash.day_facts import DayFacts
from cgm_dash.goals import ABOVE, BELOW, Bands, Goal, Goals, TargetSet
from cgm_dash.i18n import _, plural
from cgm_dash.i18n import mark as m
from cgm_dash.metrics.coverage import ENOUGH_DAYS, ENOUGH_PERCENT, FIRM_DAYS
from cgm_dash.metrics.profile import FEWEST_DAYS
from cgm_dash.units import Band
from layouts import text
from layouts.cards import covered, goal_words
from layouts.drawings import day
from layouts.sheet.metrics import MetricGroup, groups_of
from layouts.sheet.view import FIRST_PAGE_DAYS, MOST_DAYS, MOST_METRIC_DAYS, Extra, ReportView

NAME_LETTERS = 80

BANDS_DOWN = tuple(sorted(Band, reverse=True))
"""As the bar has them, very high on top."""

JUDGED_BY: Mapping[TargetSet, str] = MappingProxyType(
    {
        TargetSet.ADULT: m("{unit}, goals for adults with diabetes"),
        TargetSet.HIGH_RISK: m("{unit}, goals for older people and people at high risk"),
        TargetSet.PREGNANCY: m("{unit}, goals for pregnancy with type 1 diabetes"),
        TargetSet.CUSTOM: m("{unit}, limits and goals of one's own"),
    }
)


@dataclass(frozen=True, slots=True)
class RangeWords:
    """One band, or two together: its name with limits, share of time, and time a day with goal and verdict."""

    name: str
    limits: str
    share: str
    detail: str


@dataclass(frozen=True, slots=True)
class TileWords:
    """One figure. notes: what stands below it. weak: there is too little behind it to judge by."""

    name: str
    label: str
    number: str
    unit: str
    notes: tuple[str, ...]
    weak: bool = False


@dataclass(frozen=True, slots=True)
class DayWords:
    """One day. name: weekday and day; date: with the month. share: of time in target. detail: mean and coverage."""

    name: str
    date: str
    share: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportWords:
    """The report in words. bands: from very high down to very low; together: above and below target.

    profile_lack, days_lack, metrics_lack: why there is nothing to see, "" where there is. notes: sentences below the
    first page. demo: the mark of invented data, "" where they are not.
    """

    title: str
    period: str
    facts: tuple[tuple[str, str], ...]
    ranges: str
    ranges_sub: str
    bands: Mapping[Band, RangeWords]
    together: tuple[RangeWords, ...]
    metrics: str
    tiles: tuple[TileWords, ...]
    profile: str
    profile_sub: str
    profile_lack: str
    median: str
    no_data: str
    days: str
    days_sub: str
    days_lack: str
    first_days: tuple[DayWords, ...]
    all_days_sub: str
    all_days: tuple[DayWords, ...]
    table: str
    table_sub: str
    table_lack: str
    table_groups: tuple[MetricGroup, ...]
    notes: tuple[str, ...]
    place: str
    made: str
    demo: str

    @property
    def document(self) -> str:
        """The name of the whole document."""
        return f"{self.title}, {self.period}"


def words_of(view: ReportView) -> ReportWords:
    """Return *view* in the language in force."""
    days = _days(view)
    return ReportWords(
        title=_("Glucose report"),
        period=_period(view.first, view.last),
        facts=_facts(view),
        ranges=_("Time in ranges"),
        ranges_sub=_(JUDGED_BY[view.goals.target_set]).format(unit=view.unit),
        bands=MappingProxyType({band: _band(view, band) for band in BANDS_DOWN}),
        together=(_together(view, ABOVE), _together(view, BELOW)),
        metrics=_("Glucose metrics"),
        tiles=(_mean(view), _gmi(view), _cv(view), _active(view)),
        profile=_("Glucose profile"),
        profile_sub=_profile_sub(view),
        profile_lack=_profile_lack(view),
        median=_("Median"),
        no_data=_("no data"),
        days=_("Daily glucose"),
        days_sub=_days_sub(view),
        days_lack="" if view.level.n else _("No readings in these days."),
        first_days=days[-FIRST_PAGE_DAYS:],
        all_days_sub=_all_days_sub(view),
        all_days=days if Extra.DAYS in view.extras else (),
        table=_("Metrics and what they mean"),
        table_sub=_("Limits and goals of the first page; full definitions stand in the sources named."),
        table_lack=_table_lack(view),
        table_groups=groups_of(view.metrics, view.unit, view.goals.targets) if view.metrics else (),
        notes=tuple(_notes(view)),
        place=_place(view),
        made=_made(view),
        demo=_("Demo: invented data") if view.demo else "",
    )


def page_of(page: int, pages: int) -> str:
    """Return the number of a page."""
    return _("page {page} of {pages}").format(page=page, pages=pages)


# --- head and foot


def _period(first: date, last: date) -> str:
    """Return the days of the report, "9 to 22 November 2026"."""
    if first == last:
        return _date(first)
    if (first.year, first.month) == (last.year, last.month):
        month = _(text.MONTHS[last.month - 1])
        pattern = _("{first} to {last} {month} {year}")
        return pattern.format(first=first.day, last=last.day, month=month, year=last.year)
    return _("{first} to {last}").format(first=_date(first), last=_date(last))


def _date(d: date) -> str:
    return _("{day} {month} {year}").format(day=d.day, month=_(text.MONTHS[d.month - 1]), year=d.year)


def _facts(view: ReportView) -> tuple[tuple[str, str], ...]:
    days = plural("{n} day", "{n} days", view.window.days).format(n=view.window.days)
    found = [(_("Name"), named(view)), (_("Length"), days), (_("CGM active"), covered(view.coverage.percent))]
    if view.sensor:
        found.append((_("Sensor"), view.sensor))
    return tuple((label, value) for label, value in found if value)


def named(view: ReportView) -> str:
    """Return the wearer's name; what no head has room for is cut off, with a mark."""
    return view.person if len(view.person) <= NAME_LETTERS else f"{view.person[:NAME_LETTERS].rstrip()}…"


def _place(view: ReportView) -> str:
    zone = view.zone.key if view.zone_confirmed else _("{zone} (assumed)").format(zone=view.zone.key)
    return text.listing((_("Times: {zone}.").format(zone=zone), _("Not a medical device. No dosing advice.")))


def _made(view: ReportView) -> str:
    """Return by what and when the report was made; the wearer's clock."""
    at = text.local(view.now, view.zone)
    when = _("{date}, {time}").format(date=_date(at.date()), time=at.strftime("%H:%M"))
    return f"CGM Data Insights {__version__} · {when}"


def _notes(view: ReportView) -> list[str]:
    notes, coverage = [], view.coverage
    if _uneven(view):
        notes.append(_("Percentages are rounded and may not add to 100."))
    if view.goals.by_bands and not coverage.sufficient:
        pattern = _("Goals are judged over {days} days or more with {share} coverage.")
        notes.append(pattern.format(days=ENOUGH_DAYS, share=text.percent(ENOUGH_PERCENT)))
    elif not coverage.firm_for_lows and view.level.n:
        notes.append(_("Time below range and CV settle over {days} days or more.").format(days=FIRM_DAYS))
    if view.goals.citation:
        notes.append(_("Goals: {source}.").format(source=view.goals.citation.short))
    return notes


# --- time in ranges


def share_words(bands: Bands, share: float | None, goals: Goals) -> str:
    """Return a share in whole percent, "<1 %" between 0 and 1.

    A share that would round to the limit of its goal without being it has as many decimals as tell the two apart.
    """
    goal = goals.of(*bands)
    if share is None or goal is None:
        return text.percent(share)
    return text.per_cent(text.decimal_apart(share, goal.limit))


def _band(view: ReportView, band: Band) -> RangeWords:
    limits = text.limits(band, view.goals.targets, view.unit)
    return _range(view, (band,), text.band(band), limits)


def _together(view: ReportView, bands: Bands) -> RangeWords:
    targets = view.goals.targets
    if bands == ABOVE:
        return _range(view, bands, _("Above target"), f">{text.glucose(targets.high, view.unit)}")
    return _range(view, bands, _("Below target"), f"<{text.glucose(targets.low, view.unit)}")


def _range(view: ReportView, bands: Bands, name: str, limits: str) -> RangeWords:
    share, goal = view.times.percent(*bands), view.goals.of(*bands)
    shown = share_words(bands, share, view.goals)
    if share is None:
        return RangeWords(name, limits, shown, _("no readings"))
    parts = {"time": text.time_a_day(share), "goal": goal_words(goal) if goal else ""}
    return RangeWords(name, limits, shown, _detail(goal, share, view.coverage.sufficient).format(**parts))


def _detail(goal: Goal | None, share: float, judged: bool) -> str:
    if goal is None:
        return _("{time} a day")
    if not judged:
        return _("{time} a day · goal {goal}")
    return _("{time} a day · goal {goal} met") if goal.met(share) else _("{time} a day · goal {goal} not met")


def _uneven(view: ReportView) -> bool:
    """Return whether the five shares as shown do not add to 100."""
    if not view.times.observed:
        return False
    shares = {band: view.times.percent(band) or 0.0 for band in Band}
    if any(0 < share < 1 for share in shares.values()):
        return True
    return sum(text.rounded(share, _places(view.goals.of(band), share)) for band, share in shares.items()) != 100


def _places(goal: Goal | None, share: float) -> int:
    return text.places_apart(share, goal.limit, 0) if goal else 0


# --- the four figures


def _reason(view: ReportView) -> str:
    """Return why GMI and CV are not to be judged by, "" where they are."""
    if view.coverage.sufficient or not view.level.n:
        return ""
    if view.coverage.days < ENOUGH_DAYS:
        return _needs_days(ENOUGH_DAYS, view.coverage.days)
    words = _("Needs {need} coverage; this is {share}.")
    return words.format(need=text.percent(ENOUGH_PERCENT), share=covered(view.coverage.percent))


def _needs_days(need: int, have: int) -> str:
    pattern = plural("Needs {need} days; this is {n} day.", "Needs {need} days; these dates hold {n}.", have)
    return pattern.format(need=need, n=have)


def _mean(view: ReportView) -> TileWords:
    mean, sd = view.level.mean, view.level.sd
    notes = () if sd is None else (_("SD {value}").format(value=text.glucose_in(sd, view.unit)),)
    number = text.NOTHING if mean is None else text.glucose(mean, view.unit)
    return TileWords("mean", _("Mean glucose"), number, str(view.unit), notes)


def _gmi(view: ReportView) -> TileWords:
    gmi, reason = view.level.gmi, _reason(view)
    number = text.NOTHING if gmi is None else text.decimal(gmi, 1)
    told = _("Estimated from the mean; not a laboratory HbA1c.")
    if view.goals.target_set is TargetSet.PREGNANCY:  # Meek et al. 2025, Diabetes Care, doi:10.2337/dc24-2494
        reason, told = reason or _("Does not stand in for HbA1c in pregnancy."), _("Estimated from the mean.")
    return TileWords("gmi", _("GMI"), number, "%", tuple(filter(None, (reason, told))), bool(reason))


def _cv(view: ReportView) -> TileWords:
    cv, limit, reason = view.level.cv, view.goals.cv_percent, _reason(view)
    steady = _("Steady at {share} or less.").format(share=text.percent(limit))
    number = text.NOTHING if cv is None else text.decimal_apart(cv, limit)
    return TileWords("cv", _("Variation, CV"), number, "%", tuple(filter(None, (reason, steady))), bool(reason))


def _active(view: ReportView) -> TileWords:
    share = view.coverage.percent
    of = plural("{n} of {days} day with readings", "{n} of {days} days with readings", view.window.days)
    notes = [of.format(n=min(view.profile.dates, view.window.days), days=view.window.days)]
    if share is not None and share < ENOUGH_PERCENT:
        notes.insert(0, _("Below {share}: figures may be off.").format(share=text.percent(ENOUGH_PERCENT)))
    number = text.NOTHING if share is None else text.decimal_apart(share, ENOUGH_PERCENT)
    return TileWords("active", _("CGM active"), number, "%", tuple(notes))


# --- profile and days


def _profile_sub(view: ReportView) -> str:
    pattern = plural(
        "{n} day by time of day, {unit}: median, middle half, and 5 to 95 % of readings",
        "{n} days by time of day, {unit}: median, middle half, and 5 to 95 % of readings",
        view.profile.dates,
    )
    return pattern.format(n=view.profile.dates, unit=view.unit)


def _profile_lack(view: ReportView) -> str:
    if view.profile.is_whole:
        return ""
    words = _("Needs at least {need} days with readings; these dates hold {n}.")
    return words.format(need=FEWEST_DAYS, n=view.profile.dates)


def _days_sub(view: ReportView) -> str:
    if view.window.days > FIRST_PAGE_DAYS:
        pattern = _("the last {n} days, midnight to midnight, {scale}; percent of time in target")
    else:
        pattern = _("midnight to midnight, {scale}; percent of time in target")
    return pattern.format(n=FIRST_PAGE_DAYS, scale=_scale(view))


def _scale(view: ReportView) -> str:
    low, high = (text.glucose(end, view.unit) for end in (day.LOW, day.HIGH))
    return _("{low} to {high} {unit}").format(low=low, high=high, unit=view.unit)


def _all_days_sub(view: ReportView) -> str:
    if view.window.days > MOST_DAYS:
        pattern = _("the last {n} days, midnight to midnight, {scale}; percent of time in target, mean, coverage")
    else:
        pattern = _("midnight to midnight, {scale}; percent of time in target, mean, coverage")
    return pattern.format(n=MOST_DAYS, scale=_scale(view))


def _days(view: ReportView) -> tuple[DayWords, ...]:
    return tuple(_day(view, facts) for facts in view.days)


def _day(view: ReportView, facts: DayFacts) -> DayWords:
    name = _("{weekday} {day}").format(weekday=_(text.WEEKDAYS_SHORT[facts.day.weekday()]), day=facts.day.day)
    date, share = text.day(facts.day), text.percent(facts.times.tir)
    if facts.level.mean is None:
        return DayWords(name, date, share, _("no readings"))
    mean, covered = text.glucose_in(facts.level.mean, view.unit), text.percent(facts.coverage.percent)
    return DayWords(name, date, share, _("mean {mean}, {share} covered").format(mean=mean, share=covered))


def _table_lack(view: ReportView) -> str:
    if Extra.METRICS not in view.extras or view.metrics is not None:
        return ""
    return _("The table needs {n} days or less: choose a shorter time.").format(n=MOST_METRIC_DAYS)
