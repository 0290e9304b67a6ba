"""What of a window is fetched: every reading of a short one; of a long one sums, and columns of what is visible."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from callbacks.services import Services
from cgm_dash.day_summary import Envelope, RangeSums
from cgm_dash.metrics.coverage import Coverage, coverage, coverage_of
from cgm_dash.metrics.level import Level, level, level_of
from cgm_dash.metrics.ranges import TimeInRanges, ranges_of, time_in_ranges
from cgm_dash.series import EMPTY, Series
from cgm_dash.units import Targets
from cgm_dash.window import Window
from cgm_dash.zones import local_date, midnight
from sql.days import DayStore
from sql.people import Person

Int64 = npt.NDArray[np.int64]
Span = tuple[float, float]

DAY_S = 86_400
READINGS_DAYS = 92
"""Up to here (a quarter of a year) every reading is at hand; beyond it days are summed up."""

DRAWN_DAYS = 31
DRAWN_DAYS_PHONE = 14
"""Up to here a chart draws every reading. A line through more of them is one dark area: columns of days say more."""

COLUMNS = 720
COLUMNS_PHONE = 316
"""At most as many as the plot has pixels across."""
OUTSIDE_COLUMNS = 60
"""On each side of what is visible, so that there is something to move to before the next answer."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a page draws and counts of a window; the names as in layouts.views.ChartView."""

    series: Series
    sums: RangeSums | None = None
    envelope: Envelope | None = None
    loaded: Span | None = None


def stretch(
    services: Services, person: Person | None, window: Window, visible: Span | None, phone: bool = False
) -> Stretch:
    """Return what of *person*'s *window* is needed. visible: the part zoomed in on. Raises StoreError."""
    if person is None:
        return Stretch(EMPTY)
    most = DRAWN_DAYS_PHONE if phone else DRAWN_DAYS
    if window.days <= most:
        return Stretch(services.series.between(person.id, window.start, window.end))
    days, zone = services.store.days, services.zone(person)
    columns = COLUMNS_PHONE if phone else COLUMNS
    sums = days.sums(person.id, window.start, window.end)
    part = _within(window, visible) if visible else None
    # Columns end at the wearer's midnights, so none is shorter than a day.
    if part is None:
        edges = days.day_edges(person.id, window.start, window.end, columns)
        return Stretch(EMPTY, sums, days.envelope(person.id, edges))
    if part[1] - part[0] > most * DAY_S:
        inner = days.day_edges(person.id, *_whole_days(zone, window, part), columns)
        return Stretch(EMPTY, sums, days.envelope(person.id, _around(days, person.id, window, inner)))
    half = (part[1] - part[0]) / 2
    loaded = _whole_days(zone, window, (part[0] - half, part[1] + half))
    around = _around(days, person.id, window, np.array(loaded, np.int64))
    return Stretch(days.series(person.id, *loaded), sums, days.envelope(person.id, around), loaded)


def _within(window: Window, visible: Span) -> Span | None:
    """Return the visible part of *window*; None where nothing of it is, or so little that all is shown."""
    start, end = max(visible[0], window.start), min(visible[1], window.end)
    return (start, end) if end - start >= 60 else None


def _whole_days(zone: ZoneInfo, window: Window, part: Span) -> tuple[int, int]:
    """Return *part* widened to the wearer's midnights, never beyond *window*."""
    first, last = (local_date(zone, min(max(ts, window.start), window.end - 1)) for ts in part)
    after = last.fromordinal(last.toordinal() + 1)
    return max(midnight(zone, first), window.start), min(midnight(zone, after), window.end)


def _around(days: DayStore, person_id: int, window: Window, inner: Int64) -> Int64:
    """Return the edges *inner* with those of coarse columns before and behind them."""
    first, last = int(inner[0]), int(inner[-1])
    parts = [inner]
    if first > window.start:
        parts.insert(0, days.day_edges(person_id, window.start, first, OUTSIDE_COLUMNS)[:-1])
    if last < window.end:
        parts.append(days.day_edges(person_id, last, window.end, OUTSIDE_COLUMNS)[1:])
    return np.concatenate(parts)


def figures_of(
    series: Series, sums: RangeSums | None, window: Window, targets: Targets
) -> tuple[TimeInRanges, Level, Coverage]:
    """Return the statistics of *window* from its *sums*, where there are none from its *series*: the same figures."""
    if sums is None:
        return time_in_ranges(series, targets), level(series), coverage(series, window)
    return ranges_of(sums.judged, targets), level_of(sums.by_value, sums.n), coverage_of(sums.seconds, window)
