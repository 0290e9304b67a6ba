"""What a glucose report of a person holds, gathered from the stores: for the page, the PDF and the command alike."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from callbacks.services import Services
from callbacks.stretch import READINGS_DAYS, figures_of
from cgm_dash.day_facts import facts_of_days
from cgm_dash.day_summary import RangeSums
from cgm_dash.days import LocalDays
from cgm_dash.goals import ADULT_GOALS
from cgm_dash.metrics.profile import profile
from cgm_dash.metrics.summary import all_metrics
from cgm_dash.series import EMPTY, Series
from cgm_dash.units import Unit
from cgm_dash.window import Window
from cgm_dash.zones import local_date, midnight
from layouts.sheet.view import FIRST_PAGE_DAYS, MOST_DAYS, MOST_METRIC_DAYS, Extra, Paper, ReportView
from sql.people import Person


@dataclass(frozen=True, slots=True)
class Order:
    """What a report is asked to be. extras: the pages behind the first."""

    window: Window
    unit: Unit
    paper: Paper = Paper.A4
    extras: frozenset[Extra] = frozenset()


def gather(services: Services, person: Person | None, order: Order, now: float) -> ReportView:
    """Return everything the report shows. person: None where there is nobody yet. Raises StoreError."""
    window, zone = order.window, services.zone(person)
    series, sums = _readings(services, person, window)
    days = LocalDays.between(zone, window.start, window.end)
    goals = person.goals if person else ADULT_GOALS
    times, level, coverage = figures_of(series, sums, window, goals.targets)
    shown = _days_shown(services, person, order, series if sums is None else None)
    return ReportView(
        person=person.name if person else "",
        sensor=_sensor(services, person, window),
        zone=zone,
        zone_confirmed=person is not None and person.zone_confirmed and person.zone == zone.key,
        now=now,
        window=window,
        first=local_date(zone, window.start),
        last=local_date(zone, window.end - 1),
        unit=order.unit,
        goals=goals,
        times=times,
        level=level,
        coverage=coverage,
        profile=(profile(series, days) if sums is None else sums.profile()).within(window.days),
        days=facts_of_days(shown, _last_days(services, person, order), now, goals.targets),
        series=shown,
        paper=order.paper,
        extras=order.extras,
        metrics=_metrics(services, person, order, series if sums is None else None),
        demo=services.demo,
    )


def _readings(services: Services, person: Person | None, window: Window) -> tuple[Series, RangeSums | None]:
    """Return the readings of a short window, or the sums of a long one."""
    if person is None:
        return EMPTY, None
    if window.days <= READINGS_DAYS:
        return services.series.between(person.id, window.start, window.end), None
    return EMPTY, services.store.days.sums(person.id, window.start, window.end)


def _last_days(services: Services, person: Person | None, order: Order) -> LocalDays:
    """Return the days that have a panel: the last ones of the window."""
    zone, window = services.zone(person), order.window
    most = MOST_DAYS if Extra.DAYS in order.extras else FIRST_PAGE_DAYS
    first = midnight(zone, local_date(zone, window.end - 1) - timedelta(days=most - 1))
    return LocalDays.between(zone, max(first, window.start), window.end)


def _days_shown(services: Services, person: Person | None, order: Order, series: Series | None) -> Series:
    """Return the readings of the days that have a panel. series: of the whole window, where they are at hand."""
    start, end = int(_last_days(services, person, order).starts[0]), order.window.end
    if person is None:
        return EMPTY
    whole = services.store.days.series(person.id, start, end) if series is None else series
    return whole.between(start, end)


def _metrics(services: Services, person: Person | None, order: Order, series: Series | None) -> dict[str, Any] | None:
    """Return every metric where that page is asked for and the window is not too long for it."""
    window = order.window
    if person is None or Extra.METRICS not in order.extras or window.days > MOST_METRIC_DAYS:
        return None
    whole = services.store.days.series(person.id, window.start, window.end) if series is None else series
    return all_metrics(whole, window, services.zone(person), targets=person.targets)


def _sensor(services: Services, person: Person | None, window: Window) -> str:
    """Return the kind of the newest sensor worn in *window*, "" where the source names none."""
    known = services.store.sensors.of_person(person.id) if person else ()
    worn = [s for s in known if s.last_seen >= window.start and (s.activated or s.first_seen) < window.end]
    newest = max(worn, key=lambda s: s.activated or 0, default=None)
    return newest.kind if newest else ""
