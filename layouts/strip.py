"""The strip of the last day: what came of each ten minutes of asking, by colour, by shape and in words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from types import MappingProxyType
from zoneinfo import ZoneInfo

from dash import html
from dash.development.base_component import Component

from cgm_dash.i18n import _, plural
from cgm_dash.i18n import mark as m
from cgm_dash.zones import local_date
from layouts import ids, text
from layouts.attributes import hyphened
from layouts.status_view import Mark, MarkView

WIDTH_S = 600
MARKS = 144
LABEL_EVERY = 24
"""A time stands under every fourth hour."""

TOLD = 6
"""So many stretches without an answer are named in the text alternative; more would be listened to by nobody."""

KEY: Mapping[Mark, str] = MappingProxyType(
    {
        Mark.NEW: m("new reading"),
        Mark.SOME: m("new reading, some requests failed"),
        Mark.NOTHING: m("answered, nothing new"),
        Mark.FAILED: m("failed"),
        Mark.UNASKED: m("not asked"),
    }
)


def strip_frame(marks: Sequence[MarkView], zone: ZoneInfo, now: float) -> Component:
    """Return the strip in what scrolls sideways on a phone, from its newest end on."""
    inside = html.Div(strip(marks, zone, now), id=ids.STATUS_STRIP, className="strip-in")
    scrolls = hyphened(aria_label=_("Requests of the last 24 hours, scrolls sideways"))
    return html.Div(inside, className="strip-box", tabIndex=0, role="group", **scrolls)


def strip(marks: Sequence[MarkView], zone: ZoneInfo, now: float) -> list[Component]:
    """Return the marks, the times below them, and what they mean; *marks* by time."""
    drawn = [html.I(className=f"mk {one.mark.value}", title=_title(one, zone)) for one in marks]
    picture = html.Div(drawn, className="strip", role="img", **hyphened(aria_label=alternative(marks, zone, now)))
    times = html.Div(_times(marks, zone, now), className="strip-times", **hyphened(aria_hidden="true"))
    return [picture, times]


def legend() -> Component:
    """Return what the marks mean."""
    items = [html.Span([html.I(className=f"mk {kind.value}"), _(words)]) for kind, words in KEY.items()]
    return html.Div([*items, html.Span(_("One mark is ten minutes."), className="strip-unit")], className="key")


def alternative(marks: Sequence[MarkView], zone: ZoneInfo, now: float) -> str:
    """Return the strip in words: how many marks of each kind, and when nothing was answered."""
    counts = Counter(one.mark for one in marks)
    new = counts[Mark.NEW] + counts[Mark.SOME]
    parts = [
        _("Requests of the last 24 hours in {n} stretches of ten minutes.").format(n=len(marks)),
        plural("{n} with a new reading.", "{n} with new readings.", new).format(n=new),
        plural("{n} answered without.", "{n} answered without.", counts[Mark.NOTHING]).format(n=counts[Mark.NOTHING]),
        plural("{n} failed.", "{n} failed.", counts[Mark.FAILED]).format(n=counts[Mark.FAILED]),
        plural("{n} not asked.", "{n} not asked.", counts[Mark.UNASKED]).format(n=counts[Mark.UNASKED]),
    ]
    silent = _stretches(marks, zone, now)
    if silent:
        parts.append(_("Without an answer: {times}.").format(times=", ".join(silent[-TOLD:])))
    return text.listing(parts)


def _stretches(marks: Sequence[MarkView], zone: ZoneInfo, now: float) -> list[str]:
    """Return from when to when nothing was answered."""
    found = []
    for silent, group in groupby(marks, lambda one: one.mark in (Mark.FAILED, Mark.UNASKED)):
        if silent:
            members = list(group)
            start, end = members[0].start, min(members[-1].start + WIDTH_S, int(now))
            found.append(text.moment(start, zone, now) + text.RANGE + text.clock(end, zone))
    return found


def _title(one: MarkView, zone: ZoneInfo) -> str:
    times = text.clock(one.start, zone) + text.RANGE + text.clock(one.start + WIDTH_S, zone)
    if not one.runs:
        return _("{times}: not asked").format(times=times)
    asked = plural("{n} request", "{n} requests", one.runs).format(n=one.runs)
    return _("{times}: {asked}, {failed} failed, {new} new").format(
        times=times, asked=asked, failed=one.failed, new=one.stored
    )


def _times(marks: Sequence[MarkView], zone: ZoneInfo, now: float) -> list[Component]:
    labels = [html.Span(text.clock(one.start, zone)) for one in marks[::LABEL_EVERY]]
    if labels and local_date(zone, marks[0].start) != local_date(zone, now):  # a day may have 25 hours
        labels[0] = html.Span(_("yesterday {time}").format(time=text.clock(marks[0].start, zone)))
    return [*labels, html.Span(_("now"), className="strip-now")]
