"""The wiring of the page Settings. Each section is saved by itself, whole or not at all, and can be taken back.

What the browser sends to take something back (ids.UNDO_WAS) is judged as anything else that is saved: it may be
anybody's.
"""

from typing import Any

from dash import Dash, Input, Output, State, no_update
from dash.exceptions import PreventUpdate

from callbacks.pages import Pieces, keep_fresh
from callbacks.services import NoSuchPerson, Services
from callbacks.visit import Viewer, Visit, visit_of
from cgm_dash.access import Action, Kind, Right
from cgm_dash.errors import StoreError
from cgm_dash.goals import TargetSet
from cgm_dash.i18n import language
from cgm_dash.units import Targets
from cgm_dash.zones import zone_names
from layouts import ids
from layouts import settings as layout
from layouts.own_goals import Own, Typed, read
from layouts.settings import Access, Draft, WearerView
from layouts.views import Content
from sql.people import NAME_LIMIT, Person

PATH = "/settings"

Was = dict[str, Any]
"""What a section held before: its name ("what"), the person's id, and the values."""


def content(services: Services, visit: Visit) -> Content:
    """Return the whole page as *visit* asks for it. Raises StoreError."""
    wearer, caller = _wearer(services, visit), services.caller()
    manages = caller.may(Right.MANAGE)
    access = Access(caller.name, manages) if caller.kind is Kind.USER else None
    return layout.page(wearer, visit.viewer.unit, language(), _key(visit), stored=manages, access=access)


def register(app: Dash, services: Services) -> None:
    """Register the page's callbacks on *app*."""

    def draw(visit: Visit, painted: object) -> Pieces:
        key = _key(visit)
        changed = key != painted and services.may(Right.MANAGE)
        return (layout.areas(_wearer(services, visit)) if changed else None), key

    keep_fresh(app, services, PATH, [(id_, "children") for id_ in layout.AREAS], ids.SETTINGS_PAINTED, draw)
    _register_name(app, services)
    _register_zone(app, services)
    _register_targets(app, services)
    _register_undo(app, services)


def _key(visit: Visit) -> str:
    """Return what decides that the sections must be drawn again; time does not: somebody may be typing."""
    who = visit.person
    about = () if who is None else (who.id, who.name, who.zone, who.zone_confirmed, who.goals.targets, who.target_set)
    goals = () if who is None else tuple(who.goals.by_bands.items())
    return f"{about}|{goals}|{visit.viewer.unit}|{language()}"


def _wearer(services: Services, visit: Visit) -> WearerView | None:
    person = visit.person
    if person is None:
        return None
    return WearerView(
        now=visit.now,
        name=person.name,
        zone=person.zone,
        zone_confirmed=person.zone_confirmed,
        goals=person.goals,
        unit=visit.viewer.unit,
        fixed_zone=services.settings.zone or "",
    )


class _Section:
    """One section's save: who is saved for, and what is answered to the outputs of `_outputs`."""

    def __init__(self, services: Services, search: object, unit: object) -> None:
        services.require(Right.MANAGE)
        self._services = services
        self._viewer = Viewer.of(unit, None, services.settings.unit)
        self._search = search
        self.visit = self._looked_at()
        if self.visit.person is None:
            raise PreventUpdate
        self.person: Person = self.visit.person

    def _looked_at(self) -> Visit:
        try:
            self._services.ready()
            return visit_of(self._services, self._search, self._viewer)
        except NoSuchPerson as exc:
            raise PreventUpdate from exc

    @property
    def wearer(self) -> WearerView:
        """The wearer's settings as they stand now."""
        found = _wearer(self._services, self._looked_at())
        if found is None:
            raise PreventUpdate
        return found

    def saved(self, box: Any, words: str, was: Was) -> tuple[Any, ...]:
        """Return that it was saved, and how to take it back."""
        self._services.note(Action.SETTINGS_CHANGED, f"person {self.person.id}: {was['what']}")
        return box, words, False, {**was, "person": str(self.person.id)}, _key(self._looked_at())

    @staticmethod
    def refused(box: Any) -> tuple[Any, ...]:
        """Return the section with what is wrong with it."""
        return box, "", True, None, no_update


def _outputs(box: str) -> tuple[Output, ...]:
    return (
        Output(box, "children", allow_duplicate=True),
        Output(ids.TOAST_WORDS, "children", allow_duplicate=True),
        Output(ids.UNDO, "hidden", allow_duplicate=True),
        Output(ids.UNDO_WAS, "data", allow_duplicate=True),
        Output(ids.SETTINGS_PAINTED, "data", allow_duplicate=True),
    )


FROM_PAGE = (State(ids.URL, "search"), State(ids.UNIT_SELECT, "value"))


def _clicked(clicks: object) -> None:
    if type(clicks) is not int or clicks < 1:
        raise PreventUpdate


def _register_name(app: Dash, services: Services) -> None:
    @app.callback(
        *_outputs(ids.NAME_BOX),
        Input(ids.NAME_SAVE, "n_clicks"),
        State(ids.NAME_INPUT, "value"),
        *FROM_PAGE,
        prevent_initial_call=True,
    )
    def save_name(clicks: object, name: object, search: object, unit: object) -> tuple[Any, ...]:
        _clicked(clicks)
        try:
            section = _Section(services, search, unit)
            given = _name(name)
            if given is None:
                typed = name[:NAME_LIMIT] if isinstance(name, str) else ""
                fault = {"name": layout.name_fault(NAME_LIMIT)}
                return section.refused(layout.name_box(section.wearer, Draft(typed, fault)))
            was = {"what": "name", "name": section.person.name}
            services.store.people.rename(section.person.id, given)
            return section.saved(layout.name_box(section.wearer), layout.saved_name(given), was)
        except StoreError:
            return _not_saved()


def _not_saved() -> tuple[Any, ...]:
    return no_update, layout.not_saved(), True, None, no_update


def _name(given: object) -> str | None:
    """Return a name that can be stored, None for anything else."""
    if not isinstance(given, str) or not 0 < len(given.strip()) <= NAME_LIMIT:
        return None
    return given.strip() if given.strip().isprintable() else None


def _register_zone(app: Dash, services: Services) -> None:
    @app.callback(
        *_outputs(ids.ZONE_BOX),
        Input(ids.ZONE_SAVE, "n_clicks"),
        State(ids.ZONE_SELECT, "value"),
        *FROM_PAGE,
        running=[
            (Output(ids.ZONE_PROGRESS, "hidden"), False, True),
            (Output(ids.ZONE_SAVE, "disabled"), True, False),
        ],
        prevent_initial_call=True,
    )
    def save_zone(clicks: object, zone: object, search: object, unit: object) -> tuple[Any, ...]:
        _clicked(clicks)
        if services.settings.zone:
            raise PreventUpdate
        try:
            section = _Section(services, search, unit)
            if not isinstance(zone, str) or zone not in (section.person.zone, *zone_names()):
                draft = Draft(section.person.zone or "", {"zone": layout.zone_fault()})
                return section.refused(layout.zone_box(section.wearer, draft))
            was = {"what": "zone", "zone": section.person.zone, "confirmed": section.person.zone_confirmed}
            _set_zone(services, section.person.id, zone, True)
            return section.saved(layout.zone_box(section.wearer), layout.saved_zone(zone, True), was)
        except StoreError:
            return _not_saved()

    @app.callback(Output(ids.ZONE_THERE, "children"), Input(ids.ZONE_SELECT, "value"), prevent_initial_call=True)
    def tell_zone(zone: object) -> str:
        return layout.there(zone, services.now()) if isinstance(zone, str) else ""


def _set_zone(services: Services, person_id: int, zone: str | None, confirmed: bool) -> None:
    """Store the zone and cut the days by it now, so that no page has to wait for that."""
    services.store.people.set_zone(person_id, zone, confirmed)
    services.store.days.catch_up(person_id)


def _register_targets(app: Dash, services: Services) -> None:
    @app.callback(
        *_outputs(ids.TARGETS_BOX),
        Input(ids.TARGETS_SAVE, "n_clicks"),
        State(ids.TARGET_SET, "value"),
        *(State(id_, "value") for id_ in layout.FIELD_IDS.values()),
        *FROM_PAGE,
        prevent_initial_call=True,
    )
    def save_targets(clicks: object, name: object, *rest: object) -> tuple[Any, ...]:
        _clicked(clicks)
        *fields, search, unit = rest
        if name not in list(TargetSet):
            raise PreventUpdate
        try:
            section, chosen = _Section(services, search, unit), TargetSet(str(name))
            was = _judged(section.person)
            if chosen is not TargetSet.CUSTOM:
                services.store.people.set_target_set(section.person.id, chosen)
                return section.saved(layout.targets_box(section.wearer), layout.saved_set(chosen), was)
            typed = Typed.from_page(*fields)
            own = read(typed, section.visit.viewer.unit, section.person.goals)
            if not isinstance(own, Own):
                return section.refused(layout.targets_box(section.wearer, Draft((chosen, typed), own)))
            services.store.people.set_target_set(section.person.id, chosen, own.limits, own.goal_tir, own.goal_tbr)
            return section.saved(layout.targets_box(section.wearer), layout.saved_set(chosen), was)
        except StoreError:
            return _not_saved()


def _judged(person: Person) -> Was:
    """Return by what a person is judged, as it can be taken back."""
    goals = person.goals
    was: Was = {"what": "targets", "set": goals.target_set.value}
    if goals.target_set is TargetSet.CUSTOM:
        own = {len(bands): goal.limit for bands, goal in goals.by_bands.items()}
        limits = goals.targets
        was["limits"] = [limits.very_low, limits.low, limits.high, limits.very_high]
        was |= {"tir": own.get(1), "tbr": own.get(2)}
    return was


def _register_undo(app: Dash, services: Services) -> None:
    @app.callback(
        *(Output(id_, "children", allow_duplicate=True) for id_ in layout.AREAS),
        *_outputs(ids.TOAST)[1:],
        Input(ids.UNDO, "n_clicks"),
        State(ids.UNDO_WAS, "data"),
        *FROM_PAGE,
        prevent_initial_call=True,
    )
    def undo(clicks: object, was: object, search: object, unit: object) -> tuple[Any, ...]:
        _clicked(clicks)
        try:
            services.ready()
            words = _taken_back(services, was)
            section = _Section(services, search, unit)
            drawn = _drawn(was, section.wearer)
            return (*drawn, words, True, None, _key(section.visit))
        except StoreError:
            return (*(no_update for _ in layout.AREAS), *_not_saved()[1:])


def _drawn(was: object, wearer: WearerView) -> tuple[Any, ...]:
    """Return the sections anew of which one was taken back; the others stay, somebody may be typing there."""
    what = was.get("what") if isinstance(was, dict) else None
    boxes = {"name": layout.name_box, "zone": layout.zone_box, "targets": layout.targets_box}
    return tuple(draw(wearer) if name == what else no_update for name, draw in boxes.items())


def _taken_back(services: Services, was: object) -> str:
    """Store what stood there before and return the words for it; PreventUpdate where that is nothing of ours."""
    services.require(Right.MANAGE)
    if not isinstance(was, dict) or not isinstance(was.get("person"), str):
        raise PreventUpdate
    try:
        person = services.access(was["person"])
        words = _section_back(services, person, was)
    except (NoSuchPerson, ValueError, TypeError) as exc:
        raise PreventUpdate from exc
    services.note(Action.SETTINGS_CHANGED, f"person {person.id}: {was['what']} taken back")
    return words


def _section_back(services: Services, person: Person, was: Was) -> str:
    if was.get("what") == "name":
        return _name_back(services, person, was)
    if was.get("what") == "zone" and not services.settings.zone:
        return _zone_back(services, person, was)
    if was.get("what") == "targets":
        return _targets_back(services, person, was)
    raise PreventUpdate


def _name_back(services: Services, person: Person, was: Was) -> str:
    name = was.get("name")
    if name != "" and _name(name) is None:  # a source may have told no name
        raise PreventUpdate
    services.store.people.rename(person.id, str(name))
    return layout.saved_name(str(name))


def _zone_back(services: Services, person: Person, was: Was) -> str:
    zone, confirmed = was.get("zone"), was.get("confirmed")
    if not isinstance(confirmed, bool) or not (zone is None or (isinstance(zone, str) and len(zone) < 100)):
        raise PreventUpdate
    _set_zone(services, person.id, zone, confirmed)
    return layout.saved_zone(zone, confirmed)


def _targets_back(services: Services, person: Person, was: Was) -> str:
    chosen, limits = TargetSet(str(was.get("set"))), was.get("limits")
    given = None if limits is None else Targets(*limits)
    services.store.people.set_target_set(person.id, chosen, given, was.get("tir"), was.get("tbr"))
    return layout.saved_set(chosen)
