"""The controls of the header and of the chart: range, dates, unit, person, look."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from cgm_dash.i18n import _
from cgm_dash.units import Unit
from cgm_dash.window import DATES, DAYS, EARLIEST, HOURS, LONGEST_DAYS
from layouts import ids, text
from layouts.attributes import hyphened
from layouts.icons import icon
from layouts.views import PersonView, RangeView


def range_control(view: RangeView, standard: str) -> Component:
    """Return the choice of the stretch of time; the last one opens the dates. standard: what no address names.

    A range that only other pages offer, and that came here with the address, stands in its place among the others.
    """
    shown = [name for name in (*HOURS, *DAYS) if name in view.names or name == view.chosen]
    options = [{"label": text.range_short(name), "value": name} for name in (*shown, DATES)]
    fields = segments(_("Range"), ids.RANGE_SELECT, options, view.chosen, "seg range")
    return html.Div(fields, className="range-box", **hyphened(data_standard=standard))


def unit_control(unit: Unit) -> Component:
    """Return the switch between mg/dL and mmol/L."""
    options = [{"label": str(u), "value": u.value} for u in Unit]
    return segments(_("Unit"), ids.UNIT_SELECT, options, unit.value, "seg unit-seg")


def person_control(people: Sequence[PersonView], chosen: str) -> Component:
    """Return the wearer's name, or with more than one the choice between them.

    Both are there either way, and a class tells which one shows: people may come and go while the page is open.
    """
    name = person_name(people, chosen)
    select = dbc.Select(id=ids.PERSON_SELECT, options=person_options(people), value=chosen, className="select")
    label = html.Label(_("Person"), htmlFor=ids.PERSON_SELECT, className="vh")
    return html.Div(
        [
            html.Span(initials(name), id=ids.PERSON_AVATAR, className="avatar", **hyphened(aria_hidden="true")),
            html.Span(name, id=ids.PERSON_NAME, className="name"),
            html.Div([label, select], className="choice"),
        ],
        id=ids.PERSON_BOX,
        className=person_class(people),
    )


def person_options(people: Sequence[PersonView]) -> list[dict[str, str]]:
    """Return what the choice of a person offers."""
    return [{"label": p.name, "value": p.id} for p in people]


def person_class(people: Sequence[PersonView]) -> str:
    """Return the class of the person's box: whether there is a choice."""
    return "person many" if len(people) > 1 else "person one"


def person_name(people: Sequence[PersonView], chosen: str) -> str:
    """Return the name of the person chosen, "" for nobody."""
    return next((p.name for p in people if p.id == chosen), "")


def initials(name: str) -> str:
    """Return at most two initials.

    >>> initials("Mira Rau"), initials("mira"), initials("")
    ('MR', 'M', '')
    """
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def date_fields(view: RangeView) -> Component:
    """Return the two dates of a chosen range; the stylesheet shows them while "Dates" is chosen."""
    common: dict[str, Any] = {
        "type": "date",
        "className": "input sm",
        "min": EARLIEST.isoformat(),
        "max": view.today.isoformat(),
    }
    return html.Div(
        [
            html.Div(
                [
                    dbc.Label(_("From"), html_for=ids.DATE_FROM),
                    dbc.Input(id=ids.DATE_FROM, value=view.first.isoformat(), **common),
                ],
                className="field",
            ),
            html.Div(
                [
                    dbc.Label(_("To, included"), html_for=ids.DATE_TO),
                    dbc.Input(id=ids.DATE_TO, value=view.last.isoformat(), **common),
                ],
                className="field",
            ),
            html.Button(_("Apply"), id=ids.DATES_APPLY, className="btn", type="button"),
            html.P(view.error, id=ids.DATES_ERROR, className="fault", role="alert"),
        ],
        id=ids.RANGE_DATES,
        className="dates",
    )


def date_fault(first: date | None, last: date | None, today: date) -> str:
    """Return in words why two chosen dates cannot be shown; "" where they can (window.dated takes them)."""
    if first is None or last is None:
        return _("Choose both dates.")
    if first < EARLIEST:
        return _("No sensor is older than the year 2000. Choose a later date.")
    if first > last:
        return _("The first date lies after the last one. Swap them.")
    if first > today:
        return _("These dates have not come yet. Choose today or earlier.")
    if (last - first).days >= LONGEST_DAYS:
        return _("That is more than ten years. Choose a shorter time.")
    return ""


def theme_switch() -> Component:
    """Return the button that goes from automatic to light to dark; assets/theme.js turns it.

    It holds the sign of each look, and the stylesheet shows that of the one chosen.
    """
    words = hyphened(
        data_auto=_("Look: as the device"),
        data_light=_("Look: light"),
        data_dark=_("Look: dark"),
        aria_label=_("Look: as the device"),
    )
    looks = (("auto", "half"), ("light", "sun"), ("dark", "moon"))
    signs = [html.Span(icon(sign), className=f"look {look}") for look, sign in looks]
    return html.Button(signs, id=ids.THEME_SWITCH, className="btn quiet icon", type="button", **words)


def segments(legend: str, id_: str, options: list[dict[str, Any]], value: str, class_name: str) -> Component:
    """Return a choice of one, as buttons side by side; *legend* names it for those who do not see it."""
    radios = dbc.RadioItems(
        id=id_,
        name=id_,
        options=options,
        value=value,
        className=class_name,
        inputClassName="btn-check",
        labelClassName="seg-label",
    )
    return html.Fieldset([html.Legend(legend, className="vh"), radios], className="control")
