"""The alarm bar: what is wrong, since when, why, what to do; who acknowledged it until when; and the switch of sound.

One bar for each wearer somebody must be told of. What only the browser can know (the server is gone, time has passed)
it tells by itself with the bar kept in reserve: assets/alarm.js.
"""

import json
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from dash import html
from dash.development.base_component import Component

from cgm_dash.alarm import Alarm, AlarmKind, Cause
from cgm_dash.i18n import _, plural
from layouts import ids, text
from layouts.attributes import hyphened
from layouts.icons import icon

QUIET_MINUTES = 15
"""For so long a browser can be silenced by itself while the server cannot be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmView:
    """One wearer's alarms that hold, the one to be told first. name: "" where there is but one wearer.

    here: whose page this is. measured_at: of the newest reading, None for none. choices: minutes. may: whether the
    viewer may acknowledge. now: UTC epoch seconds.
    """

    person_id: str
    name: str
    told: tuple[Alarm, ...]
    choices: tuple[int, ...]
    zone: ZoneInfo
    now: float
    here: bool = True
    measured_at: int | None = None
    may: bool = True
    demo: bool = False

    @property
    def kind(self) -> AlarmKind:
        """What is told."""
        return self.told[0].kind

    @property
    def silent_until(self) -> int | None:
        """Until when all of it is acknowledged; None while something is not."""
        if any(one.is_loud(self.now) for one in self.told):
            return None
        return min(one.silent_until or 0 for one in self.told)

    @property
    def low_lost(self) -> bool:
        """Whether there are no data after a low."""
        return self.kind is AlarmKind.NO_DATA and len(self.told) > 1


def name_of(kind: AlarmKind) -> str:
    """Return what an alarm is called."""
    return {
        AlarmKind.URGENT_LOW: _("Urgent low alarm"),
        AlarmKind.LOW: _("Low alarm"),
        AlarmKind.NO_DATA: _("No data alarm"),
    }[kind]


def cause_words(cause: Cause | None) -> str:
    """Return in a sentence why there are no data, and what to do."""
    if cause is None:
        return ""
    return {
        Cause.SENSOR_QUIET: _("LibreLinkUp has nothing newer: is the phone on, near and connected?"),
        Cause.SENSOR_WARMING: _("The new sensor warms up and gives no values yet."),
        Cause.UPSTREAM_ERROR: _("LibreLinkUp cannot be reached, or does not answer as it should."),
        Cause.LOGIN_REFUSED: _("LibreLinkUp refuses the sign-in: look at the page Status."),
        Cause.TERMS: _("LibreLinkUp wants something accepted: open its app."),
        Cause.NOT_SHARED: _("The readings are not shared with this account."),
        Cause.NO_ACCOUNT: _("No account is connected, so nothing is asked."),
        Cause.DATABASE_DOWN: _("The database does not take new readings: look at the page Status."),
        Cause.SCHEDULER_STUCK: _("This program has stopped asking: restart it."),
        Cause.PROCESS_DEAD: _("Nothing asks for readings: the program's polling process has ended. Restart it."),
        Cause.NEVER: _("There has never been a reading."),
        Cause.FUTURE_DATED: _("A reading lies ahead of this machine's clock: have the clock set."),
    }[cause]


def bars(views: tuple[AlarmView, ...]) -> list[Component]:
    """Return a bar for each wearer, of whom this page is first."""
    return [_bar(view) for view in sorted(views, key=lambda view: not view.here)]


def _bar(view: AlarmView) -> Component:
    silent = view.silent_until
    data = {
        "data_kind": view.kind.value,
        "data_person": view.person_id,
        "data_here": str(view.here).lower(),
        "data_seen": seen_text(view.told),
        "data_lost_low": str(view.low_lost).lower(),
        **({} if silent is None else {"data_silent_until": str(silent)}),
    }
    inside: list[Component | None] = [
        html.P([html.B(_title(view)), " ", _rest(view), " ", _link(view)]),
        html.P(_acknowledged(view), className="alarm-acked") if silent is not None else None,
        _sound_line(),
    ]
    shown = [icon("warn" if view.kind is not AlarmKind.NO_DATA else "off"), html.Div(inside, className="grow")]
    return html.Div([*shown, _acts(view)], className="alarm-bar", role="alert", **hyphened(**data))


def _title(view: AlarmView) -> str:
    parts = (view.name, _("Demo") if view.demo else "", name_of(view.kind))
    return f"{' · '.join(part for part in parts if part)}."


def _rest(view: AlarmView) -> str:
    first = view.told[0]
    meter = _("If you need to know now, measure with a meter.")
    if view.kind is not AlarmKind.NO_DATA:
        since = _("Since {time}.").format(time=text.moment(first.raised_at, view.zone, view.now))
        return text.listing((since, meter))
    since = (
        _("No reading since {time}.").format(time=text.moment(view.measured_at, view.zone, view.now))
        if view.measured_at is not None
        else ""
    )
    lost = _("The last one was low, and nobody knows what came after.") if view.low_lost else ""
    return text.listing((since, lost, cause_words(first.cause), meter))


def in_words(view: AlarmView) -> str:
    """Return in a line what holds of a wearer: for a list."""
    first = view.told[0]
    since = _("Since {time}.").format(time=text.moment(first.raised_at, view.zone, view.now))
    acknowledged = _acknowledged(view) if view.silent_until is not None else _("Not acknowledged.")
    return text.listing((f"{name_of(first.kind)}.", since, acknowledged))


def _link(view: AlarmView) -> Component | None:
    if view.here:
        return None
    return html.A(_("Show"), href=f"/?person={view.person_id}", className="alarm-link")


def _acknowledged(view: AlarmView) -> str:
    first = view.told[0]
    until = text.clock(view.silent_until or 0, view.zone)
    if first.acknowledged_by:
        return _("Acknowledged by {name} until {time}.").format(name=first.acknowledged_by, time=until)
    return _("Acknowledged until {time}.").format(time=until)


def _acts(view: AlarmView) -> Component:
    if not view.may:
        return html.P(_("You see alarms; acknowledging them is for others."), className="alarm-may-not")
    buttons = [
        html.Button(
            _("{n} min").format(n=minutes),
            type="button",
            className="btn",
            **hyphened(data_minutes=str(minutes)),
        )
        for minutes in sorted(view.choices)
    ]
    label = _("Acknowledge, silent for") if view.silent_until is None else _("Silent from now for")
    return html.Div(
        [html.Span(label, className="alarm-label"), *buttons],
        className="alarm-acts",
        role="group",
        **hyphened(aria_label=label),
    )


def _sound_line() -> Component:
    """Return what is seen while no sound can be heard; the button does what the switch at the top does."""
    button = html.Button(_("Turn it on"), type="button", className="linklike", **hyphened(data_sound_on=""))
    return html.P([_("Sound is off in this browser."), " ", button], className="alarm-mute")


def reserve() -> Component:
    """Return the hidden bar that the browser shows when it alone knows that there are no data."""
    words: list[Any] = [
        html.B(f"{name_of(AlarmKind.NO_DATA)}."),
        " ",
        html.Span(_("The last one was low, and nobody knows what came after."), className="alarm-lost"),
        " ",
        html.Span(_("If you need to know now, measure with a meter.")),
    ]
    quiet = plural("Silent here for {n} minute", "Silent here for {n} minutes", QUIET_MINUTES).format(n=QUIET_MINUTES)
    button = html.Button(quiet, type="button", className="btn", **hyphened(data_quiet=str(QUIET_MINUTES)))
    bar = html.Div(
        [
            icon("off"),
            html.Div([html.P(words), _sound_line()], className="grow"),
            html.Div(button, className="alarm-acts"),
        ],
        className="alarm-bar",
        **hyphened(data_kind=AlarmKind.NO_DATA.value),
    )
    titles = {kind.value: name_of(kind) for kind in AlarmKind}
    return html.Div(bar, id=ids.ALARM_RESERVE, hidden=True, **hyphened(data_names=json.dumps(titles)))


def sound_switch() -> Component:
    """Return the switch of this browser's sound; assets/alarm.js turns it, since a browser wants a click first."""
    words = hyphened(
        data_on=_("Alarm sound: on in this browser"),
        data_off=_("Alarm sound: off in this browser"),
        data_blocked=_("Alarm sound: waits for a click"),
        aria_label=_("Alarm sound: off in this browser"),
        aria_pressed="false",
        data_sound="off",
    )
    signs = [html.Span(icon("bell"), className="sounds"), html.Span(icon("bell-off"), className="mute")]
    return html.Button(signs, id=ids.ALARM_SOUND, className="btn quiet icon", type="button", **words)


def seen_text(told: tuple[Alarm, ...]) -> str:
    """Return what is told as the browser hands it back with a word of acknowledgement.

    >>> seen_text((Alarm(AlarmKind.LOW, 60, 60),))
    'low@60'
    """
    return ",".join(f"{one.kind.value}@{one.raised_at}" for one in told)


def said(minutes: int) -> str:
    """Return what is told to who has acknowledged."""
    return plural("Acknowledged for {n} minute.", "Acknowledged for {n} minutes.", minutes).format(n=minutes)


def not_said() -> Component:
    """Return that it could not be kept, and so the alarm goes on."""
    return html.Span(_("This could not be kept, so the alarm goes on."), className="fault")
