"""The wiring of the alarm bar, which stands on every page."""

import logging
import re
from collections.abc import Mapping

from dash import Dash, Input, Output, State, set_props
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks.services import NoSuchPerson, Services
from callbacks.visit import Viewer, Visit, visit_of
from cgm_dash.access import Action, Right
from cgm_dash.alarm import AlarmKind, choices, told
from cgm_dash.errors import StoreError
from layouts import alarm as layout
from layouts import ids
from layouts.alarm import AlarmView
from sql.people import Person

log = logging.getLogger(__name__)

SEEN = re.compile(r"[a-z-]{1,20}@[0-9]{1,12}(,[a-z-]{1,20}@[0-9]{1,12}){0,2}")


def views(services: Services, visit: Visit) -> tuple[AlarmView, ...]:
    """Return the alarms that hold of everyone the viewer may see now; a shared report is none of it.

    Raises StoreError.
    """
    if not services.caller().may_open("now"):
        return ()
    found = (_view(services, visit, person) for person in visit.people)
    return tuple(view for view in found if view is not None)


def _view(services: Services, visit: Visit, person: Person) -> AlarmView | None:
    facts = services.facts(person)
    alarms = services.alarms(person)
    holding = told(alarms)
    if facts is None or not holding:
        return None
    return AlarmView(
        person_id=str(person.id),
        name=person.name if len(visit.people) > 1 else "",
        told=holding,
        choices=choices(alarms),
        zone=services.zone(person),
        now=visit.now,
        here=visit.person is not None and visit.person.id == person.id,
        measured_at=facts.current.measured_at,
        may=services.may(Right.ACKNOWLEDGE),
        demo=services.demo,
    )


def is_watched(services: Services, person: Person | None) -> bool:
    """Return whether a silence of this person is an alarm to whoever looks."""
    return person is not None and services.caller().may_open("now") and services.is_watched(person)


def key(services: Services, visit: Visit) -> str:
    """Return what decides, beside a reading and a minute, that the bars must be drawn again."""
    kept = services.store.alarms.all()
    seen = [(p.id, p.seq, told(kept[p.id])) for p in visit.people if p.id in kept]
    return str([(i, s, [(a.kind, a.raised_at, a.cause, a.silent_until) for a in held]) for i, s, held in seen])


def register(app: Dash, services: Services) -> None:
    """Register the callback of acknowledging on *app*."""

    @app.callback(
        Output(ids.ALARM_SAID, "children"),
        Input(ids.ALARM_ACK, "data"),
        State(ids.URL, "search"),
        prevent_initial_call=True,
    )
    def acknowledge(word: object, search: object) -> Component | str:
        if not isinstance(word, Mapping):
            raise PreventUpdate
        try:
            said = _acknowledged(services, word)
            visit = visit_of(services, search, Viewer.of(None, None, services.settings.unit))
            set_props(ids.ALARM, {"children": layout.bars(views(services, visit))})
        except NoSuchPerson:
            return layout.not_said()
        except StoreError as exc:
            log.warning("alarm acknowledged=unkept reason=%s", exc)
            return layout.not_said()
        return said


def _acknowledged(services: Services, word: Mapping[object, object]) -> Component | str:
    """Keep a word of acknowledgement. Raises StoreError, and NoSuchPerson for whom the viewer may not see."""
    if not services.may(Right.ACKNOWLEDGE):
        return layout.not_said()
    person, minutes, seen = word.get("person"), word.get("minutes"), word.get("seen")
    if not (isinstance(person, str) and type(minutes) is int and isinstance(seen, str) and SEEN.fullmatch(seen)):
        return layout.not_said()
    who = services.access(person)
    known = {kind.value: kind for kind in AlarmKind}
    pairs = (one.split("@") for one in seen.split(","))
    wanted = {known[name]: int(at) for name, at in pairs if name in known}
    try:
        services.acknowledge(who, wanted, minutes, services.caller().name)
    except ValueError:  # a number that is not offered, or an alarm that is another one by now
        return layout.not_said()
    services.note(Action.ALARM_ACKNOWLEDGED, f"person {who.id}: {', '.join(wanted)}, {minutes} min")
    return layout.said(minutes)
