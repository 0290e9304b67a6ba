"""What the pieces of a page need to be drawn: plain data, gathered by the callbacks, never fetched here."""

from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
from dash.development.base_component import Component

from cgm_dash.attention import Item
from cgm_dash.batch import SensorSeen
from cgm_dash.current import Current, State
from cgm_dash.day_facts import Extreme
from cgm_dash.day_summary import Envelope, RangeSums
from cgm_dash.goals import Goals, goals_for
from cgm_dash.metrics.coverage import Coverage
from cgm_dash.metrics.level import Level
from cgm_dash.metrics.ranges import TimeInRanges
from cgm_dash.reading import Flag
from cgm_dash.sensor import SensorState
from cgm_dash.series import Series
from cgm_dash.trouble import Level as Helps
from cgm_dash.trouble import Trouble
from cgm_dash.units import ADULT, Band, Targets, Unit
from cgm_dash.usual import Placed
from cgm_dash.window import Window
from layouts.alarm import AlarmView
from layouts.tiles import TilesView


@dataclass(frozen=True, slots=True)
class PersonView:
    """One wearer as the viewer may choose them. id: as in the address."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeroView:
    """The newest reading and what stands around it.

    now: UTC epoch seconds of the server. since: from when on the values lie where they lie now (`zone_since`).
    trouble, next_try_at: the source's state where it is not well. upkeep: what threatens what is kept, where something
    does and whoever looks can see to it. sensor: the newest one, where the source names it.
    usual: from where to where the middle half of the days before lies at this time, mg/dL; None where nothing is usual.
    told: whether the reading is told here; who was shared a report alone gets a view without it (`untold_here`).
    """

    current: Current
    unit: Unit
    zone: ZoneInfo
    now: float
    person: str
    targets: Targets = ADULT
    stale_minutes: int = 15
    since: int | None = None
    trouble: Trouble | None = None
    next_try_at: float | None = None
    upkeep: Trouble | None = None
    sensor: SensorSeen | None = None
    demo: bool = False
    usual: tuple[float, float] | None = None
    told: bool = True

    def untold_here(self) -> "HeroView":
        """Return the view without the newest reading and without how its source does."""
        nothing = Current(State.NONE)
        return replace(self, current=nothing, since=None, trouble=None, next_try_at=None, sensor=None, told=False)

    @property
    def untold(self) -> Trouble | None:
        """What somebody has to do about the source where a low's banner has taken its place."""
        trouble = self.trouble
        if trouble is None or self.band not in (Band.VERY_LOW, Band.LOW):
            return None
        return trouble if trouble.level in (Helps.USER, Helps.OPERATOR) else None

    @property
    def band(self) -> Band | None:
        """The band of the value while it is current; None where nothing may be judged."""
        if not self.current.is_current or self.current.mg_dl is None:
            return None
        return band_of(self.current.mg_dl, self.current.flag, self.targets)

    @property
    def warm_until(self) -> int | None:
        """When the newest sensor gives its first values, UTC epoch seconds; None once that is past or not known."""
        if self.sensor is None or self.sensor.activated is None or self.current.is_current:
            return None
        until = self.sensor.activated + 60 * self.sensor.warmup_min
        return until if self.sensor.activated <= self.now < until else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartView:
    """The stretch of readings to draw. visible: the part zoomed in on, UTC epoch seconds. key: see `chart_key`.

    A long window has sums, all it holds, and envelope, its columns. Its series is empty, or where few enough days are
    visible holds the readings of loaded, [from, to) in UTC epoch seconds, which stand in place of the columns there.

    usual: the band behind the line. at_least: the y range shown before, mg/dL, which this one does not fall short of.
    """

    series: Series
    window: Window
    unit: Unit
    zone: ZoneInfo
    now: float
    key: str
    targets: Targets = ADULT
    theme: str = "light"
    phone: bool = False
    visible: tuple[float, float] | None = None
    stale_minutes: int = 15
    sums: RangeSums | None = None
    envelope: Envelope | None = None
    loaded: tuple[float, float] | None = None
    usual: Placed | None = None
    at_least: tuple[float, float] | None = None

    @property
    def bands(self) -> bool:
        """Whether what is visible is drawn as columns, not as readings."""
        return self.envelope is not None and self.loaded is None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticsView:
    """The figures of one window. targets: the limits its times were counted by.

    goals: what they are judged by, of the same limits; None: the adult ones for adult limits, else no goals.
    """

    times: TimeInRanges
    level: Level
    coverage: Coverage
    window: Window
    unit: Unit
    targets: Targets = ADULT
    goals: Goals | None = None

    def __post_init__(self) -> None:
        if self.goals is not None and self.goals.targets != self.targets:
            raise ValueError("the goals are of other limits than the times were counted by; give targets=goals.targets")

    @property
    def judged_by(self) -> Goals:
        """The goals in force."""
        return goals_for(self.targets) if self.goals is None else self.goals


@dataclass(frozen=True, slots=True, kw_only=True)
class TodayView:
    """Today so far beside the fourteen days before it. lowest, highest: of today; None without a reading.

    gaps: today's stretches without readings, [from, to) in UTC epoch seconds, one that is still open among them.
    """

    today: StatisticsView
    before: StatisticsView
    zone: ZoneInfo
    now: float
    lowest: Extreme | None = None
    highest: Extreme | None = None
    gaps: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeView:
    """What the range control shows. first, last: the dates in the fields. error: why chosen dates were refused.

    names: the ranges the page offers besides chosen dates, of window.HOURS and DAYS.
    """

    chosen: str
    first: date
    last: date
    today: date
    names: tuple[str, ...]
    error: str = ""


@dataclass(frozen=True, slots=True)
class VisitorView:
    """Who has signed in, "" nobody: the demo, or a shared link. manages: whether they let others in.

    token: of the form that signs out. pages: names in shell.PAGES that they may open, None every one.
    """

    name: str = ""
    manages: bool = False
    token: str = ""
    pages: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameView:
    """What the frame around every page shows. hero: the newest reading.

    zone_confirmed: whether the wearer's zone is known for sure. search: the address's query. key: of what the frame
    shows; news: of what a page may have to draw anew. tick_seconds: how often the browser asks for news.
    alarms: that hold, of everyone. watched: whether this wearer's silence is one.
    """

    hero: HeroView
    people: tuple[PersonView, ...]
    person_id: str
    zone_confirmed: bool = False
    search: str = ""
    theme: str = "light"
    phone: bool = False
    key: str = ""
    news: str = ""
    tick_seconds: float = 5.0
    visitor: VisitorView = VisitorView()
    alarms: tuple[AlarmView, ...] = ()
    watched: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One page inside the frame. page: its name in shell.PAGES. lead: stands in place of the title where there is one.

    range, standard: what the head offers to choose from, and what no address names; None where the page has no range or
    draws it itself.
    """

    page: str
    body: list[Component | None]
    subtitle: str = ""
    lead: Component | None = None
    range: RangeView | None = None
    standard: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NowPage:
    """The live page at first paint. connect: whether to show how a sensor is connected (no source is set).

    blocked: what in the settings keeps one from being connected on the page, "" where nothing does.
    attention: what needs it, the most serious first. week: the last seven days. standard: the range no address names.
    """

    hero: HeroView
    chart: ChartView
    today: TodayView
    sensor: SensorState
    attention: tuple[Item, ...]
    week: TilesView
    range: RangeView
    standard: str = "12h"
    connect: bool = False
    blocked: str = ""


def band_of(mg_dl: int, flag: Flag, targets: Targets) -> Band:
    """Return the band of a value; LO and HI lie outside whatever the sensor's bound is."""
    if flag is Flag.LO:
        return Band.VERY_LOW
    return Band.VERY_HIGH if flag is Flag.HI else targets.band(mg_dl)


def chart_key(person_id: str, range_name: str, dates: tuple[date, date] | None = None) -> str:
    """Return the name of one view of the chart: while it stays the same, so does the viewer's zoom."""
    return ":".join((person_id, range_name, *(d.isoformat() for d in dates or ())))


def visible_of(stored: object, key: str) -> tuple[float, float] | None:
    """Return the zoom the browser *stored* (ids.VISIBLE) if it belongs to the view *key* and makes sense, else None."""
    if not isinstance(stored, dict) or stored.get("key") != key:
        return None
    ends = stored.get("range")
    if not isinstance(ends, list) or len(ends) != 2 or not all(type(e) in (int, float) for e in ends):
        return None
    start, end = ends
    # Compared before they become floats: a whole number may be too large for one.
    return (float(start), float(end)) if 0 <= start < end < 2**32 else None


def zone_since(series: Series, now: float, targets: Targets = ADULT) -> int | None:
    """Return from when on the values lie without a break below, in or above target, as the newest one does.

    UTC epoch seconds of the first such reading; a gap ends the run. None without a reading.
    """
    n = int(np.searchsorted(series.ts, now, side="right"))
    if n == 0:
        return None
    side = np.where(series.mg_dl[:n] < targets.low, -1, np.where(series.mg_dl[:n] > targets.high, 1, 0))
    side = np.where(series.flag[:n] != 0, series.flag[:n], side)
    breaks = (np.diff(side) != 0) | series.gap_after()[: n - 1]
    last = np.flatnonzero(breaks)
    return int(series.ts[int(last[-1]) + 1 if len(last) else 0])


def heartbeat(now: float) -> str:
    """Return the text of ids.HEARTBEAT for the server's clock *now*."""
    return f"{now:.3f}"
