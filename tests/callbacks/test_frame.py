"""The frame: which page an address means, without a browser."""

import pytest
from dash import Dash

from callbacks.frame import PAGES
from callbacks.services import Services
from cgm_dash.errors import StoreUnavailable
from layouts import shell
from tests.callbacks.conftest import LOW, Add, call, find, opened, shown, texts


def go(app: Dash, path: object, **values: object) -> dict[str, dict[str, object]]:
    """Follow a link from the live page."""
    given = {"shown__data": "/", **values}
    answer: dict[str, dict[str, object]] = call(app, "page.children", url__pathname=path, **given)
    return answer


def test_every_page_of_the_rail_has_a_module_and_the_other_way_round() -> None:
    assert list(PAGES) == [address for _name, address in shell.PAGES]


@pytest.mark.parametrize(("name", "path"), shell.PAGES)
def test_every_address_opens_its_page_at_once_and_by_a_link(
    dash_app: Dash, add_person: Add, name: str, path: str
) -> None:
    add_person()
    browser = dash_app.server.test_client()
    assert browser.get(path).status_code == 200
    page = opened(browser.get("/_dash-layout", headers={"X-Page": path}).json)
    assert shown(page, "shown")["data"] == path
    title = shell.page_name(name)
    assert title in texts(shown(page, "head")["children"])
    if path != "/":
        answer = go(dash_app, path)
        assert answer["shown"]["data"] == path
        assert title in texts(answer["head"]["children"])
        assert shown(page, "page")["children"] == answer["page"]["children"]


def test_an_address_without_a_page_says_so(dash_app: Dash, add_person: Add) -> None:
    add_person()
    browser = dash_app.server.test_client()
    assert browser.get("/trendz").status_code == 404
    assert "no page at this address" in texts(browser.get("/_dash-layout", headers={"X-Page": "/trendz"}).json)
    for odd in ("/trendz", None, 7, ["/"], {"a": 1}):
        assert "no page at this address" in texts(go(dash_app, odd)["page"]["children"])


def test_a_slash_too_many_leads_to_the_page(dash_app: Dash) -> None:
    answer = dash_app.server.test_client().get("/trends/?person=1")
    assert (answer.status_code, answer.headers["Location"]) == (308, "/trends?person=1")


def test_the_page_shown_already_is_not_drawn_again(dash_app: Dash, add_person: Add) -> None:
    add_person()
    assert go(dash_app, "/days", shown__data="/days") == {}


def test_a_link_to_a_person_there_is_none_of_shows_nobody(dash_app: Dash, add_person: Add) -> None:
    add_person("Mira")
    answer = go(dash_app, "/trends", url__search="?person=99")
    assert "no such person" in texts(answer["page"]["children"])


def test_the_title_names_the_page(dash_app: Dash, add_person: Add) -> None:
    add_person()
    for path, expected in (("/trends", True), ("/", False)):
        sign = call(dash_app, "heartbeat.children", shown__data=path)["sign"]["children"]
        assert ("Trends" in sign["props"]["data-title-current"]) is expected


def test_a_database_that_is_away_is_said_where_the_page_would_stand(
    dash_app: Dash, add_person: Add, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_person()

    def away(_self: object) -> None:
        raise StoreUnavailable("the database does not answer")

    monkeypatch.setattr(type(services.store.people), "list", away)
    answer = go(dash_app, "/trends")
    assert "The database does not answer" in texts(answer["page"]["children"])
    assert find(answer["page"]["children"], "current-value") is None


def test_another_person_gets_the_whole_page_and_the_old_one_is_not_drawn_for_them(
    dash_app: Dash, add_person: Add
) -> None:
    mira, jonas = (str(add_person(name, mg_dl=value).id) for name, value in (("Mira", 120), ("Jonas", 200)))
    asked = {"url__search": f"?person={jonas}", "page__data_person": mira}
    answer = go(dash_app, "/", who__data=jonas, **asked)
    assert answer["page"]["data-person"] == jonas
    assert shown(answer["page"]["children"], "current-value")["children"] == "200"
    assert call(dash_app, "hero.children", url__pathname="/", **asked) == {}
    assert go(dash_app, "/", who__data=jonas, page__data_person=jonas) == {}
    sign = call(dash_app, "heartbeat.children", **asked)["sign"]["children"]
    assert sign["props"]["data-person"] == jonas


def test_somebody_can_be_chosen_where_there_was_nobody(dash_app: Dash, add_person: Add) -> None:
    mira = str(add_person("Mira").id)
    nobody = go(dash_app, "/trends", who__data="99", url__search="?person=99")
    assert nobody["page"]["data-person"] == ""
    assert "Trends" in texts(nobody["head"]["children"])
    answer = go(dash_app, "/trends", who__data=mira, shown__data="/trends", page__data_person="")
    assert answer["page"]["data-person"] == mira


@pytest.mark.parametrize("odd", [10**400, [["x"]], {"a": {}}, True, "x" * 5000])
def test_an_odd_path_is_not_taken_for_one(dash_app: Dash, add_person: Add, odd: object) -> None:
    add_person()
    assert go(dash_app, odd)["shown"]["data"] == ""


def test_what_is_set_elsewhere_is_news_to_an_open_page(dash_app: Dash, add_person: Add, services: Services) -> None:
    person = add_person()

    def beat(painted: object = None) -> dict[str, dict[str, object]]:
        answer: dict[str, dict[str, object]] = call(dash_app, "heartbeat.children", frame_painted__data=painted)
        return answer

    first = beat()
    assert "news" not in beat(first["frame-painted"]["data"])
    services.store.people.set_zone(person.id, "Europe/Lisbon", confirmed=True)
    second = beat(first["frame-painted"]["data"])
    assert second["news"]["data"] != first["news"]["data"]


def test_a_low_stays_told_while_the_database_is_away(
    dash_app: Dash, add_person: Add, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_person(**LOW)
    before = call(dash_app, "heartbeat.children")
    assert "Low" in texts(before["banner"]["children"])

    def away(_self: object) -> None:
        raise StoreUnavailable("the database does not answer")

    monkeypatch.setattr(type(services.store.people), "list", away)
    answer = call(dash_app, "heartbeat.children", frame_painted__data=before["frame-painted"]["data"])
    assert "banner" not in answer
    assert "The database does not answer" in texts(answer["problem"]["children"])
    assert answer["heartbeat"]["children"]
