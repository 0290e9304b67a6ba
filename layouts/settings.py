"""The page Settings: the viewer's own choices, which stay in this browser, and the wearer's, which are stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from cgm_dash.goals import ABOVE, BELOW, CONSENSUS, IN_TARGET, VERY_HIGH, VERY_LOW, Bands, Goals, TargetSet
from cgm_dash.i18n import LANGUAGES, _
from cgm_dash.i18n import mark as m
from cgm_dash.units import Unit
from cgm_dash.zones import offset_s, zone_names
from layouts import forms, ids, text
from layouts.attributes import hyphened
from layouts.controls import segments
from layouts.icons import icon
from layouts.own_goals import NAMES, Faults, Typed
from layouts.tables import empty
from layouts.views import Content

SETS: Mapping[TargetSet, tuple[str, str]] = {
    TargetSet.ADULT: (m("Adult"), m("For most people with type 1 or type 2 diabetes.")),
    TargetSet.HIGH_RISK: (m("Older, or at high risk"), m("For older people, and whenever lows are a special danger.")),
    TargetSet.PREGNANCY: (m("Pregnancy"), m("For pregnancy with type 1 diabetes.")),
    TargetSet.CUSTOM: (m("Own limits and goals"), m("Agreed with whoever treats the diabetes.")),
}
GOALS: tuple[tuple[Bands, str], ...] = (
    (IN_TARGET, m("more than {percent} in target")),
    (BELOW, m("less than {percent} below target")),
    (VERY_LOW, m("less than {percent} very low")),
    (ABOVE, m("less than {percent} above target")),
    (VERY_HIGH, m("less than {percent} very high")),
)
FIELD_IDS = dict(
    zip(
        NAMES,
        (
            ids.LIMIT_VERY_LOW,
            ids.LIMIT_LOW,
            ids.LIMIT_HIGH,
            ids.LIMIT_VERY_HIGH,
            ids.GOAL_TIR,
            ids.GOAL_TBR,
        ),
        strict=True,
    )
)
"""The ids of the fields of own limits and goals, in the order of the form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WearerView:
    """The wearer's settings. now: UTC epoch seconds. zone: as stored, None not known. unit: the viewer's.

    fixed_zone: the zone that the program's settings name, "" for none.
    """

    now: float
    name: str
    zone: str | None
    zone_confirmed: bool
    goals: Goals
    unit: Unit
    fixed_zone: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in a section that could not be saved, and what is wrong with it."""

    typed: Any = None
    faults: Faults = field(default_factory=dict)


CLEAN = Draft()


@dataclass(frozen=True, slots=True)
class Access:
    """Who has signed in, and whether they decide who else may look."""

    name: str
    manages: bool


def page(
    wearer: WearerView | None, unit: Unit, code: str, key: str, *, stored: bool = True, access: Access | None = None
) -> Content:
    """Return the page at first paint. wearer: None while there is nobody. code: the language. key: of what it shows.

    stored: whether whoever looks may set what is stored; else they see their own choices alone. access: None for
    whoever has not signed in, as in the demo.
    """
    own = _card(_("This browser"), _("Only how it looks to you; nobody else sees a difference."), viewer(unit, code))
    ways = None if access is None else _access(access)
    if not stored:
        return Content(page="settings", body=[own, ways])
    title = _("The wearer") if wearer is None or not wearer.name else wearer.name
    body: list[Component | None] = [
        own,
        html.Section(
            [
                html.Div(
                    html.Div([html.H2(title), html.P(_("Stored, for everyone who looks."), className="sub")]),
                    className="cardhead",
                ),
                *(
                    html.Section(html.Div(content, id=id_), className="setting")
                    for id_, content in zip(AREAS, areas(wearer), strict=True)
                ),
            ],
            className="card",
        ),
        ways,
        _toast(),
        dcc.Store(id=ids.SETTINGS_PAINTED, data=key),
        dcc.Store(id=ids.UNDO_WAS),
    ]
    return Content(page="settings", body=body)


AREAS = (ids.NAME_BOX, ids.ZONE_BOX, ids.TARGETS_BOX)
"""The areas whose children `areas` gives, in its order."""


def areas(wearer: WearerView | None) -> tuple[Any, ...]:
    """Return what AREAS show."""
    if wearer is None:
        return empty(_("There is nobody yet. The first reading brings the wearer's name.")), None, None
    return name_box(wearer), zone_box(wearer), targets_box(wearer)


def _card(title: str, sub: str, content: list[Component]) -> Component:
    head = html.Div(html.Div([html.H2(title), html.P(sub, className="sub")]), className="cardhead")
    return html.Section([head, html.Div(content, className="viewer-settings")], className="card")


def _access(access: Access) -> Component:
    """Return the ways to the pages about sign-ins; they are documents of their own."""
    links = [("/account", _("My account"), _("Password, second factor, where you are signed in."))]
    if access.manages:
        links += [
            ("/access", _("Access"), _("Who may look: people, shared links, programs.")),
            ("/audit", _("Audit"), _("Who did what, and when.")),
        ]
    sub = _("Signed in as {name}.").format(name=access.name)
    head = html.Div(html.Div([html.H2(_("Sign-in and access")), html.P(sub, className="sub")]), className="cardhead")
    rows = [html.Li([html.A(name, href=address), html.Span(words, className="sub")]) for address, name, words in links]
    return html.Section([head, html.Ul(rows, className="ways")], className="card", id=ids.ACCESS_LINKS)


def _toast() -> Component:
    """Return where it is told what was saved; one button takes it back, one puts it away."""
    undo = html.Button(_("Undo"), id=ids.UNDO, type="button", hidden=True)
    close = html.Button(icon("cross", small=True), id=ids.TOAST_CLOSE, type="button", **hyphened(aria_label=_("Close")))
    words = html.Span(id=ids.TOAST_WORDS, role="status")
    return html.Div([icon("check", small=True), words, undo, close], id=ids.TOAST, className="toast-line")


# --- the viewer's


def viewer(unit: Unit, code: str) -> list[Component]:
    """Return the viewer's choices; assets/settings.js keeps them and those of the frame in step."""
    units = [{"label": str(u), "value": u.value} for u in Unit]
    looks = [{"label": words, "value": value} for value, words in _looks().items()]
    languages = [{"label": name, "value": language} for language, name in LANGUAGES.items()]
    rows = (
        (_("Unit"), segments(_("Unit"), ids.SETTINGS_UNIT, units, unit.value, "seg")),
        (_("Language"), segments(_("Language"), ids.SETTINGS_LANGUAGE, languages, code, "seg")),
        (_("Look"), segments(_("Look"), ids.SETTINGS_LOOK, looks, "auto", "seg")),
    )
    return [
        html.Div([html.Span(name, className="row-name"), control], className="choice-row") for name, control in rows
    ]


def _looks() -> dict[str, str]:
    return {"auto": _("As the device"), "light": _("Light"), "dark": _("Dark")}


# --- the wearer's


def name_box(wearer: WearerView, draft: Draft = CLEAN) -> list[Component]:
    """Return the section of the name."""
    shown = wearer.name if draft.typed is None else draft.typed
    fault = draft.faults.get("name", "")
    control = _input(ids.NAME_INPUT, shown, fault, autocomplete="off", maxlength=200)
    made = forms.field(_("As pages and reports show it"), control, fault_id=f"{ids.NAME_INPUT}-fault", fault=fault)
    return [html.H3(_("Name")), html.Div([made, _save(ids.NAME_SAVE, _("Save the name"))], className="form")]


def zone_box(wearer: WearerView, draft: Draft = CLEAN) -> list[Component]:
    """Return the section of the zone; where the program's settings name one, that it is fixed there."""
    title = html.H3(_("Time zone"))
    if wearer.fixed_zone:
        words = _("{zone}, set by {name} for this program and changed there.")
        return [title, html.P(words.format(zone=wearer.fixed_zone, name="CGM_DASH_ZONE"), className="sub")]
    shown = (wearer.zone or "") if draft.typed is None else draft.typed
    fault = draft.faults.get("zone", "")
    options = [{"label": name, "value": name} for name in zone_names()]
    if not wearer.zone:
        options.insert(0, {"label": _("Choose…"), "value": ""})
    elif wearer.zone not in zone_names():  # an old name that a source or a command has given
        options.insert(0, {"label": wearer.zone, "value": wearer.zone})
    select = dbc.Select(id=ids.ZONE_SELECT, options=options, value=shown, className="select boxed", invalid=bool(fault))
    made = forms.field(_("Where the wearer lives"), select, fault_id=f"{ids.ZONE_SELECT}-fault", fault=fault)
    note = html.P(there(shown, wearer.now), id=ids.ZONE_THERE, className="sub", role="status")
    progress = html.Span(
        _("Cutting the days anew…"), id=ids.ZONE_PROGRESS, className="hint", hidden=True, role="status"
    )
    button = html.Div([_save(ids.ZONE_SAVE, _confirm_words(wearer)), progress], className="send")
    about = html.P(
        _("Days begin and end by it. With another zone all days are cut anew, ten years in some seconds."),
        className="hint",
    )
    return [title, _assumed(wearer), html.Div([made, note, button, about], className="form")]


def _confirm_words(wearer: WearerView) -> str:
    return _("Save the zone") if wearer.zone_confirmed or not wearer.zone else _("Confirm or save the zone")


def _assumed(wearer: WearerView) -> Component:
    if wearer.zone_confirmed:
        return html.P(_("Confirmed."), className="sub")
    if wearer.zone is None:
        return html.P(_("Not known yet, so days are cut in UTC."), className="sub warned")
    words = _("Assumed from the wearer's country and readings. Please confirm it, or choose the right one.")
    return html.P(words, className="sub warned")


def there(name: str, now: float) -> str:
    """Return the offset and the time of day in the zone *name* now, "" for none that can be chosen."""
    if name not in zone_names():
        return ""
    zone = ZoneInfo(name)
    offset = text.utc_offset(offset_s(zone, now))
    return _("{offset}; it is {time} there now.").format(offset=offset, time=text.clock(now, zone))


def targets_box(wearer: WearerView, draft: Draft = CLEAN) -> list[Component]:
    """Return the section of limits and goals."""
    chosen, typed = (
        (wearer.goals.target_set, Typed.of(wearer.goals, wearer.unit)) if draft.typed is None else draft.typed
    )
    options = [{"label": _set_label(one, wearer.unit), "value": one.value} for one in TargetSet]
    radios = dbc.RadioItems(
        id=ids.TARGET_SET, name=ids.TARGET_SET, options=options, value=chosen.value, className="sets"
    )
    group = html.Fieldset([html.Legend(_("Whose limits and goals"), className="vh"), radios])
    return [
        html.H3(_("Limits and goals")),
        html.P(_("Every page and report judges by them. Changing them rewrites no reading."), className="sub"),
        html.Div(
            [group, _own(typed, wearer.unit, draft.faults), _save(ids.TARGETS_SAVE, _("Save limits and goals"))],
            className="form wide",
        ),
    ]


def _set_label(target_set: TargetSet, unit: Unit) -> list[Component]:
    title, about = SETS[target_set]
    lines = [html.B(_(title)), html.Span(_(about))]
    if target_set is not TargetSet.CUSTOM:
        goals = CONSENSUS[target_set]
        lines += [html.Span(_limits(goals, unit)), html.Span(_goals(goals), className="sub")]
    return lines


def _limits(goals: Goals, unit: Unit) -> str:
    limits = goals.targets
    words = _("Target {low} to {high}, very low under {very_low}, very high over {very_high} {unit}")
    names = ("low", "high", "very_low", "very_high")
    return words.format(**{name: text.glucose(getattr(limits, name), unit) for name in names}, unit=unit)


def _goals(goals: Goals) -> str:
    set_ = ((goals.of(*bands), words) for bands, words in GOALS)
    parts = [_(words).format(percent=text.percent(goal.limit)) for goal, words in set_ if goal is not None]
    source = goals.citation.short if goals.citation else ""
    return _("Goals: {goals} ({source})").format(goals=", ".join(parts), source=source)


def _own(typed: Typed, unit: Unit, faults: Faults) -> Component:
    """Return the fields of own limits and goals; the stylesheet shows them while "own" is chosen."""
    limits = {
        "very_low": _("Very low is under, {unit}"),
        "low": _("Low is under, {unit}"),
        "high": _("High is over, {unit}"),
        "very_high": _("Very high is over, {unit}"),
    }
    goals = {
        "goal_tir": _("Goal: time in target over, percent"),
        "goal_tbr": _("Goal: time below target under, percent"),
    }
    labels = {name: words.format(unit=unit) for name, words in limits.items()} | goals
    made = [_number(name, label, getattr(typed, name), faults.get(name, "")) for name, label in labels.items()]
    hint = html.P(_("A goal that is left empty is none."), className="hint")
    return html.Fieldset(
        [html.Legend(_("Own limits and goals"), className="vh"), html.Div(made, className="numbers"), hint],
        className="own",
    )


def _number(name: str, label: str, value: str, fault: str) -> Component:
    id_ = FIELD_IDS[name]
    control = _input(id_, value, fault, inputmode="decimal", autocomplete="off", maxlength=6)
    return forms.field(label, control, fault_id=f"{id_}-fault", fault=fault)


def _input(id_: str, value: str, fault: str, **more: Any) -> Component:
    made: Component = dbc.Input(id=id_, type="text", value=value, className="input", invalid=bool(fault), **more)
    return made


def _save(id_: str, words: str) -> Component:
    return html.Button(words, id=id_, className="btn", type="button")


# --- what is said


def name_fault(longest: int) -> str:
    """Return why a name was refused."""
    return _("Write a name, at most {n} characters.").format(n=longest)


def zone_fault() -> str:
    """Return why a zone was refused."""
    return _("Choose one of the zones in the list.")


def saved_name(name: str) -> str:
    """Return that the name was saved."""
    return _("The name is now {name}.").format(name=name)


def saved_zone(zone: str | None, confirmed: bool) -> str:
    """Return that the zone was saved."""
    if zone is None:
        return _("The zone is not known again.")
    words = _("The time zone is now {zone}.") if confirmed else _("The time zone is assumed to be {zone} again.")
    return words.format(zone=zone)


def saved_set(target_set: TargetSet) -> str:
    """Return that limits and goals were saved."""
    return _("Judged from now on by: {name}.").format(name=_(SETS[target_set][0]))


def not_saved() -> str:
    """Return that nothing was saved, since the database does not answer."""
    return _("The database does not answer, so nothing was saved. Try again in a minute.")
