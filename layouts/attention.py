"""The card of what needs attention: each thing with what it is, when, and what can be done."""

from zoneinfo import ZoneInfo

from dash import html
from dash.development.base_component import Component

from cgm_dash.attention import NIGHTS, Item, Kind
from cgm_dash.i18n import _, plural
from cgm_dash.reading import Flag
from cgm_dash.sensor import HOUR_S
from cgm_dash.trouble import Level
from cgm_dash.units import ADULT, Targets, Unit
from cgm_dash.zones import local_date
from layouts import text
from layouts.attributes import hyphened
from layouts.icons import icon

LOWS = (Kind.LOW_NOW, Kind.LOW_LOST, Kind.LOW_NIGHT, Kind.LOW_DAY)
HIGHS = (Kind.HIGH_NOW, Kind.HIGH)
ICONS = {
    Kind.SILENT: "clock",
    Kind.SENSOR_ENDED: "sensor",
    Kind.TROUBLE: "warn",
    Kind.WARMING: "sensor",
    Kind.SENSOR_ENDING: "sensor",
    Kind.SENSOR_ENDS: "sensor",
    Kind.GAPS: "clock",
    Kind.ZONE: "info",
    Kind.COVERAGE: "info",
}


def attention_list(
    items: tuple[Item, ...], unit: Unit, zone: ZoneInfo, now: float, targets: Targets = ADULT
) -> Component:
    """Return what needs attention, the most serious first; a sentence where nothing does.

    A page that has lost its server says that first; the stylesheet shows it then, and only then.
    """
    lost = _entry(
        "offline",
        icon("off"),
        _("Server not answering"),
        _("Check that the computer running this program is on. What stands here is as last known."),
        "lost-server",
    )
    if not items:
        calm = html.Li([icon("check"), html.P(_("Nothing needs attention."))], className="calm")
        return html.Ul([lost, calm], className="attention-list")
    said = _Words(unit, zone, now, targets)
    entries = [_entry(item.kind.name.lower(), _sign(item, targets), *said.of(item), link=_link(item)) for item in items]
    return html.Ul([lost, *entries], className="attention-list")


def _link(item: Item) -> Component | None:
    """Return where something can be done about it, or more of it is told."""
    if item.kind is Kind.ZONE:
        return html.A(_("Open Settings"), href="/settings")
    return html.A(_("Open Status"), href="/status") if item.kind in (Kind.SILENT, Kind.GAPS) else None


def _entry(
    name: str, sign: Component, title: str, rest: str, class_name: str = "", link: Component | None = None
) -> Component:
    inside = html.Div([html.B(title), html.P(rest) if rest else None, link], className="grow")
    return html.Li([sign, inside], className=class_name, **hyphened(data_item=name))


def _sign(item: Item, targets: Targets) -> Component:
    """Return the band's swatch for lows and highs, an icon for everything else; the words beside it say it too."""
    if item.kind in LOWS:
        very = item.flag is Flag.LO or (item.mg_dl or 0) < targets.very_low
        return html.I(className=f"sw b-{'vlow' if very else 'low'}")
    if item.kind in HIGHS:
        very = item.flag is Flag.HI or (item.mg_dl or 0) > targets.very_high
        return html.I(className=f"sw b-{'vhigh' if very else 'high'}")
    return icon(ICONS[item.kind])


class _Words:
    """Title and sentence of each kind, in the viewer's unit and the wearer's time."""

    def __init__(self, unit: Unit, zone: ZoneInfo, now: float, targets: Targets) -> None:
        self._unit, self._zone, self._now, self._targets = unit, zone, now, targets

    def of(self, item: Item) -> tuple[str, str]:
        """Return title and sentence of *item*."""
        if item.kind in LOWS:
            return self._low(item)
        if item.kind in HIGHS:
            return self._high(item)
        if item.kind in (Kind.WARMING, Kind.SENSOR_ENDING, Kind.SENSOR_ENDS, Kind.SENSOR_ENDED):
            return self._sensor(item)
        if item.kind is Kind.SILENT and item.start is None:
            return _("No reading yet"), _("The first one appears by itself. Status tells how the source does.")
        if item.kind is Kind.SILENT:
            title = _("No reading since {time}").format(time=self._time(item.start))
            return title, _("What is shown is old. If you need to know now, measure with a meter.")
        if item.kind is Kind.GAPS:
            return self._gaps(item)
        if item.kind is Kind.TROUBLE and item.trouble is not None:
            own = item.trouble.level is Level.USER
            return _("Something for you to do") if own else _("This program needs attention"), _(item.trouble.sentence)
        if item.kind is Kind.ZONE:
            title = _("Time zone is assumed")
            return title, _("Times are shown for {zone}. Confirm or change it.").format(zone=self._zone.key)
        rest = _("They cover {share} of the 14 days before today: figures may be off.")
        return _("Few readings lately"), rest.format(share=text.percent(item.percent))

    def _low(self, item: Item) -> tuple[str, str]:
        if item.kind is Kind.LOW_LOST:
            value = text.reading_in(item.mg_dl or 0, item.flag, self._unit)
            rest = _("{value} at {time}, and nothing newer. Measure with a meter.")
            return _("Low when readings stopped"), rest.format(value=value, time=self._time(item.at))
        if item.kind is Kind.LOW_NOW:
            return _("Low since {time}").format(time=self._time(item.start)), self._extreme(
                item, _("Lowest {value} at {time}.")
            )
        span = text.duration(item.seconds)
        if item.kind is Kind.LOW_NIGHT:
            pattern = plural("Low this night, {span}", "{n} lows this night, {span} in all", item.count)
        else:
            pattern = plural("Low today, {span}", "{n} lows today, {span} in all", item.count)
        between = self._extreme(item, _("{start} to {end}, lowest {value} at {time}."))
        return pattern.format(n=item.count, span=span), text.listing((between, _in_a_row(item.nights)))

    def _high(self, item: Item) -> tuple[str, str]:
        limit = text.glucose_in(self._targets.high, self._unit)
        if item.kind is Kind.HIGH_NOW:
            title = _("Above {limit} since {time}").format(limit=limit, time=self._time(item.start))
            return title, self._extreme(item, _("Highest {value} at {time}."))
        # Not the text of the newest reading (hero), which is still above: other languages tell the two apart.
        pattern = plural("Above {limit} for {lasted}", "{n} times above {limit}, {lasted} in all", item.count)
        title = pattern.format(n=item.count, limit=limit, lasted=text.duration(item.seconds))
        return title, self._extreme(item, _("{start} to {end}, highest {value} at {time}."))

    def _extreme(self, item: Item, pattern: str) -> str:
        if item.mg_dl is None:
            return ""
        return pattern.format(
            value=text.reading_in(item.mg_dl, item.flag, self._unit),
            start=self._time(item.start),
            end=self._time(item.end),
            time=self._time(item.at),
        )

    def _sensor(self, item: Item) -> tuple[str, str]:
        if item.kind is Kind.WARMING:
            rest = _(
                "Started {start}. Values come from about {time} on; until then use a meter if you need to know."
            ).format(start=self._time(item.start), time=self._time(item.end))
            return _("New sensor is warming up"), rest
        if item.kind is Kind.SENSOR_ENDED:
            ended = _("It ended at {time}. Readings go on with a new one.").format(time=self._time(item.start))
            return _("Sensor has ended"), ended
        rest = _("Have a new one ready: this one stops at about {time}.").format(time=self._time(item.end))
        if item.kind is Kind.SENSOR_ENDS and item.end is not None:
            weekday = _(text.WEEKDAYS[local_date(self._zone, item.end).weekday()])
            return _("Sensor ends on {weekday}").format(weekday=weekday), rest
        whole = item.seconds - item.seconds % HOUR_S if item.seconds >= HOUR_S else item.seconds
        return _("Sensor ends in {span}").format(span=text.duration(whole)), rest

    def _gaps(self, item: Item) -> tuple[str, str]:
        title = _("{span} without readings today").format(span=text.duration(item.seconds))
        pattern = plural("From {start} to {end}.", "{n} gaps between {start} and {end}.", item.count)
        return title, pattern.format(n=item.count, start=self._time(item.start), end=self._time(item.end))

    def _time(self, ts: int | None) -> str:
        return "" if ts is None else text.moment(ts, self._zone, self._now)


def _in_a_row(nights: int) -> str:
    if nights < 2:
        return ""
    if nights == 2:
        return _("Second night in a row.")
    if nights > NIGHTS:
        return plural("More than {n} night in a row.", "More than {n} nights in a row.", NIGHTS).format(n=NIGHTS)
    return plural("{n} night in a row.", "{n} nights in a row.", nights).format(n=nights)
