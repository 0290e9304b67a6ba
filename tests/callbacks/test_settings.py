"""The page Settings, without a browser: each section is saved whole or not at all, and can be taken back."""

from dataclasses import replace
from typing import Any

import pytest
from dash import Dash

from app import create_app
from callbacks.services import Services
from cgm_dash.errors import StoreUnavailable
from cgm_dash.goals import TargetSet
from cgm_dash.units import ADULT, Band, Targets
from layouts import ids
from layouts.settings import FIELD_IDS
from sql.people import Person
from tests.callbacks.conftest import Add, call, find, shown, texts
from tests.support.signed_in import let_in

FIELDS = ("54", "72", "170", "250", "65", "3")


def press(app: Dash, button: str, n: object = 1, **values: Any) -> Any:
    box = {ids.NAME_SAVE: ids.NAME_BOX, ids.ZONE_SAVE: ids.ZONE_BOX, ids.TARGETS_SAVE: ids.TARGETS_BOX}[button]
    specs = app.server.test_client().get("/_dash-dependencies").json
    (spec,) = [s for s in specs if any(i["id"] == button for i in s["inputs"])]
    assert box in spec["output"]
    given = {f"{button.replace('-', '_')}__n_clicks": n, "unit_select__value": "mg/dL", **values}
    answer = call(app, spec["output"], **given)
    return {name.split("@")[0]: value for name, value in answer.items()}


def undo(app: Dash, was: object, n: object = 1) -> Any:
    specs = app.server.test_client().get("/_dash-dependencies").json
    (spec,) = [s for s in specs if any(i["id"] == ids.UNDO for i in s["inputs"])]
    return call(app, spec["output"], undo__n_clicks=n, undo_was__data=was)


def targets(chosen: str = "custom", fields: tuple[object, ...] = FIELDS) -> dict[str, object]:
    named = {f"{id_.replace('-', '_')}__value": value for id_, value in zip(FIELD_IDS.values(), fields, strict=True)}
    return {"target_set__value": chosen, **named}


def who(services: Services, person: Person) -> Person:
    found = services.store.people.get(person.id)
    assert found is not None
    return found


def words_of(answer: Any) -> str:
    return str(answer[ids.TOAST_WORDS]["children"])


def test_name_is_saved_told_and_taken_back(dash_app: Dash, services: Services, add_person: Add) -> None:
    person = add_person()
    answer = press(dash_app, ids.NAME_SAVE, name_input__value="  Mira Rau ")
    assert who(services, person).name == "Mira Rau"
    assert words_of(answer) == "The name is now Mira Rau."
    assert answer[ids.UNDO]["hidden"] is False
    back = undo(dash_app, answer[ids.UNDO_WAS]["data"])
    assert who(services, person).name == "Mira"
    assert words_of(back) == "The name is now Mira."
    assert back[ids.UNDO]["hidden"] is True
    assert shown(back[ids.NAME_BOX]["children"], ids.NAME_INPUT)["value"] == "Mira"
    assert ids.ZONE_BOX not in back  # somebody may be choosing there
    noted = [entry.about for entry in services.store.audit.newest()]
    assert noted == [f"person {person.id}: name taken back", f"person {person.id}: name"]


@pytest.mark.parametrize("odd", [None, 7, "", "   ", "x" * 201, "a\nb", "\x00", ["x"], {}])
def test_odd_name_is_told_beside_the_field_and_changes_nothing(
    dash_app: Dash, services: Services, add_person: Add, odd: object
) -> None:
    person = add_person()
    answer = press(dash_app, ids.NAME_SAVE, name_input__value=odd)
    assert who(services, person).name == "Mira"
    box = answer[ids.NAME_BOX]["children"]
    assert shown(box, ids.NAME_INPUT)["invalid"] is True
    assert shown(box, f"{ids.NAME_INPUT}-fault")["children"] == "Write a name, at most 200 characters."
    assert answer[ids.UNDO]["hidden"] is True


def test_zone_is_confirmed_days_are_cut_anew_and_it_is_taken_back(
    dash_app: Dash, services: Services, add_person: Add
) -> None:
    person = add_person(minutes=3000)
    services.store.people.set_zone(person.id, "Europe/Berlin", confirmed=False)
    berlin = services.store.days.by_day(person.id, 0, 2**40).bounds.tolist()
    answer = press(dash_app, ids.ZONE_SAVE, zone_select__value="Asia/Tokyo")
    assert (who(services, person).zone, who(services, person).zone_confirmed) == ("Asia/Tokyo", True)
    assert words_of(answer) == "The time zone is now Asia/Tokyo."
    assert services.store.days.by_day(person.id, 0, 2**40).bounds.tolist() != berlin
    assert services.store.days.check(person.id) == ()
    back = undo(dash_app, answer[ids.UNDO_WAS]["data"])
    assert (who(services, person).zone, who(services, person).zone_confirmed) == ("Europe/Berlin", False)
    assert words_of(back) == "The time zone is assumed to be Europe/Berlin again."
    assert services.store.days.by_day(person.id, 0, 2**40).bounds.tolist() == berlin


def test_old_name_of_a_zone_can_be_confirmed(dash_app: Dash, services: Services, add_person: Add) -> None:
    person = add_person()
    services.store.people.set_zone(person.id, "CET", confirmed=False)
    page = dash_app.server.test_client().get("/_dash-layout", headers={"X-Page": "/settings"}).json
    assert shown(page, ids.ZONE_SELECT)["options"][0] == {"label": "CET", "value": "CET"}
    press(dash_app, ids.ZONE_SAVE, zone_select__value="CET")
    assert (who(services, person).zone, who(services, person).zone_confirmed) == ("CET", True)


@pytest.mark.parametrize("odd", [None, "", "Mars/Crater", "../../etc/passwd", 7, ["UTC"], {}])
def test_zone_that_is_none_is_refused(dash_app: Dash, services: Services, add_person: Add, odd: object) -> None:
    person = add_person()
    answer = press(dash_app, ids.ZONE_SAVE, zone_select__value=odd)
    assert who(services, person).zone == "Europe/Berlin"
    assert "Choose one of the zones" in texts(answer[ids.ZONE_BOX]["children"])


def test_zone_of_the_settings_is_shown_as_fixed_and_cannot_be_changed(services: Services, add_person: Add) -> None:
    person = add_person()
    fixed = replace(services, settings=replace(services.settings, zone="Europe/Berlin"))
    app = let_in(create_app(fixed), fixed)
    page = app.server.test_client().get("/_dash-layout", headers={"X-Page": "/settings"}).json
    box = shown(page, ids.ZONE_BOX)["children"]
    assert "Europe/Berlin, set by CGM_DASH_ZONE" in texts(box)
    assert find(box, ids.ZONE_SELECT) is None
    assert press(app, ids.ZONE_SAVE, zone_select__value="Asia/Tokyo") == {}
    assert undo(app, {"what": "zone", "person": str(person.id), "zone": "Asia/Tokyo", "confirmed": True}) == {}
    assert who(services, person).zone == "Europe/Berlin"


def test_offset_and_time_of_the_chosen_zone_are_told(dash_app: Dash) -> None:
    def there(zone: object) -> Any:
        return call(dash_app, f"{ids.ZONE_THERE}.children", zone_select__value=zone)[ids.ZONE_THERE]["children"]

    assert there("Asia/Kathmandu") == "UTC+5:45; it is 16:45 there now."
    assert there("America/New_York") == "UTC\u22125; it is 06:00 there now."
    odd: list[object] = ["nowhere", 7, None, []]
    assert [there(one) for one in odd] == [""] * 4


def test_consensus_set_is_chosen_and_taken_back(dash_app: Dash, services: Services, add_person: Add) -> None:
    person = add_person()
    answer = press(dash_app, ids.TARGETS_SAVE, **targets("pregnancy", (None,) * 6))
    assert who(services, person).target_set is TargetSet.PREGNANCY
    assert words_of(answer) == "Judged from now on by: Pregnancy."
    undo(dash_app, answer[ids.UNDO_WAS]["data"])
    assert who(services, person).target_set is TargetSet.ADULT


def test_own_limits_and_goals_are_stored_and_taken_back(dash_app: Dash, services: Services, add_person: Add) -> None:
    person = add_person()
    press(dash_app, ids.TARGETS_SAVE, **targets())
    own = who(services, person)
    assert (own.target_set, own.targets) == (TargetSet.CUSTOM, Targets(54, 72, 170, 250))
    assert {bands: goal.limit for bands, goal in own.goals.by_bands.items()} == {
        (Band.TARGET,): 65,
        (Band.VERY_LOW, Band.LOW): 3,
    }
    answer = press(dash_app, ids.TARGETS_SAVE, **targets("adult"))
    assert who(services, person).targets == ADULT
    undo(dash_app, answer[ids.UNDO_WAS]["data"])
    assert who(services, person) == own


def test_limits_in_the_viewers_unit(dash_app: Dash, services: Services, add_person: Add) -> None:
    person = add_person()
    given = targets(fields=("3.0", "4,0", "10.0", "13.9", "", ""))
    press(dash_app, ids.TARGETS_SAVE, **{**given, "unit_select__value": "mmol/L"})
    assert who(services, person).targets == Targets(54, 72, 180, 250)


def test_wrong_limits_keep_what_was_typed_and_store_nothing(
    dash_app: Dash, services: Services, add_person: Add
) -> None:
    person = add_person()
    answer = press(dash_app, ids.TARGETS_SAVE, **targets(fields=("54", "70", "60", "250", "x", "")))
    assert who(services, person).target_set is TargetSet.ADULT
    box = answer[ids.TARGETS_BOX]["children"]
    assert shown(box, ids.TARGET_SET)["value"] == "custom"
    assert shown(box, ids.LIMIT_HIGH) | {"value": "60", "invalid": True} == shown(box, ids.LIMIT_HIGH)
    assert "higher than the limit before it" in shown(box, f"{ids.LIMIT_HIGH}-fault")["children"]
    assert shown(box, ids.GOAL_TIR)["invalid"] is True
    assert shown(box, ids.LIMIT_LOW)["invalid"] is False


@pytest.mark.parametrize("odd", [None, 7, "boss", ["adult"], {}, True])
def test_set_that_is_none_changes_nothing(dash_app: Dash, services: Services, add_person: Add, odd: Any) -> None:
    person = add_person()
    assert press(dash_app, ids.TARGETS_SAVE, **targets(odd)) == {}
    assert who(services, person).target_set is TargetSet.ADULT


PLANTED: list[object] = [None, 7, "x", [], {}, {"what": "name"}, {"what": "name", "person": "99", "name": "X"}]
PLANTED += [{"what": "name", "person": "1", "name": odd} for odd in (None, 7, "a\nb", "x" * 300)]
ZONES: list[object] = ["Mars", 7, "x" * 999, []]
PLANTED += [{"what": "zone", "person": "1", "zone": zone, "confirmed": True} for zone in ZONES]
PLANTED += [{"what": "zone", "person": "1", "zone": "UTC", "confirmed": "yes"}, {"what": "admin", "person": "1"}]
PLANTED += [{"what": "targets", "person": "1", "set": "boss"}, {"what": "targets", "person": "1", "set": "custom"}]
PLANTED += [
    {"what": "targets", "person": "1", "set": "custom", "limits": limits}
    for limits in (
        [1, 2, 3],
        [54, 70, 60, 250],
        [54.5, 70, 180, 250],
        ["a", "b", "c", "d"],
        [39, 70, 180, 250],
        7,
        "abcd",
    )
]
PLANTED += [{"what": "targets", "person": "1", "set": "adult", "tir": 5}]


@pytest.mark.parametrize("was", PLANTED)
def test_what_was_never_there_is_not_taken_back(
    dash_app: Dash, services: Services, add_person: Add, was: object
) -> None:
    person = add_person()
    assert undo(dash_app, was) == {}
    assert who(services, person) == person
    assert services.store.audit.newest() == ()


@pytest.mark.parametrize("button", [ids.NAME_SAVE, ids.ZONE_SAVE, ids.TARGETS_SAVE])
def test_buttons_that_nobody_pressed_and_people_that_are_none_do_nothing(
    dash_app: Dash, add_person: Add, button: str
) -> None:
    values = {"name_input__value": "X", "zone_select__value": "UTC", **targets()}
    assert press(dash_app, button, **values) == {}  # nobody is there yet
    add_person()
    odd: list[object] = [None, 0, -1, "1", True, [1]]
    for n in odd:
        assert press(dash_app, button, n=n, **values) == {}
    assert press(dash_app, button, url__search="?person=77", **values) == {}


@pytest.mark.parametrize("button", [ids.NAME_SAVE, ids.ZONE_SAVE, ids.TARGETS_SAVE])
def test_database_that_is_away_is_told_and_keeps_what_was_typed(
    services: Services, add_person: Add, button: str
) -> None:
    add_person()

    def away() -> None:
        raise StoreUnavailable("away")

    app = let_in(create_app(replace(services, ready=away)), services)
    values = {"name_input__value": "X", "zone_select__value": "UTC", **targets()}
    answer = press(app, button, **values)
    assert "nothing was saved" in words_of(answer)
    assert not any(name in answer for name in (ids.NAME_BOX, ids.ZONE_BOX, ids.TARGETS_BOX))


def test_page_is_drawn_again_for_another_person_or_unit_but_not_as_time_goes_by(
    dash_app: Dash, add_person: Add
) -> None:
    def renew(**values: Any) -> Any:
        given = {"url__pathname": "/settings", "unit_select__value": "mg/dL", **values}
        (spec,) = [
            s
            for s in dash_app.server.test_client().get("/_dash-dependencies").json
            if f"{ids.SETTINGS_PAINTED}.data" in s["output"] and any(i["id"] == ids.NEWS for i in s["inputs"])
        ]
        return call(dash_app, spec["output"], **given)

    add_person()
    jon = add_person("Jon")
    key = renew()[ids.SETTINGS_PAINTED]["data"]
    assert renew(settings_painted__data=key, news__data="1:2:3") == {}
    assert "Jon" in str(renew(settings_painted__data=key, url__search=f"?person={jon.id}")[ids.NAME_BOX])
    mmol = renew(settings_painted__data=key, unit_select__value="mmol/L")
    assert shown(mmol[ids.TARGETS_BOX]["children"], ids.LIMIT_LOW)["value"] == "3.9"
