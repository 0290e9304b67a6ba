"""/access and /audit: people who may sign in, programs' tokens, shared links, and what was done; for owners alone."""

from typing import Any

import pytest
from dash import Dash

from callbacks.services import Services
from cgm_dash.access import Action, Role, Scope
from sql.people import Person
from sql.users import User
from tests.callbacks.conftest import Add, Clock
from tests.support.plain_client import PASSWORD, PlainClient, owner

THEIRS = "words of somebody else"
LATER_S = 16 * 60
"""A sign-in of then is no longer fresh."""
HOSTILE = "<b>Eve</b>"


@pytest.fixture
def ada(services: Services) -> User:
    return owner(services)


@pytest.fixture
def client(dash_app: Dash, services: Services, ada: User) -> PlainClient:
    return PlainClient(dash_app.server).sign_in(services, ada)


@pytest.fixture
def mira(add_person: Add) -> Person:
    return add_person("Mira", minutes=5)


def newest(services: Services) -> tuple[str, str]:
    entry = services.store.audit.newest(1)[0]
    return entry.action, entry.about


def named(services: Services, name: str) -> User:
    found = services.store.users.by_name(name)
    assert found is not None
    return found


def viewer(services: Services, people: Any = ()) -> User:
    return services.store.users.add("Vera", THEIRS, Role.VIEWER, services.now(), people=people)


def test_only_owners_decide_who_may_look(dash_app: Dash, services: Services, ada: User) -> None:
    other = services.store.users.add("Vera", THEIRS, Role.CARER, services.now(), people=None)
    client = PlainClient(dash_app.server).sign_in(services, other)
    before = services.store.users.list()
    client.get("/account")
    token = str(client.page.select("[name=token]")[0]["value"])
    rules = [rule for rule in dash_app.server.url_map.iter_rules() if rule.rule.startswith(("/access", "/audit"))]
    assert len(rules) > 12
    for rule in rules:
        path = rule.rule.replace("<int(max=999999999):key>", str(ada.id))
        answer = client.post(path, {"token": token}) if "POST" in (rule.methods or ()) else client.get(path)
        assert answer.status_code == 403, path
    assert services.store.users.list() == before


# --- people


def test_a_person_is_added_and_can_sign_in(services: Services, client: PlainClient, mira: Person) -> None:
    client.get("/access/people/new")
    client.fill(
        "/access/people/new",
        name="Jonas",
        role="carer",
        people=[str(mira.id)],
        password=THEIRS,
        own_password=PASSWORD,
    )
    assert "Added." in client.text
    added = services.store.users.check("Jonas", THEIRS)
    assert added is not None
    assert (added.role, added.sees_all, added.people) == (Role.CARER, False, frozenset({mira.id}))
    assert newest(services) == ("user-added", "Jonas, carer")


ODD_PEOPLE: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "name"),
    ({"name": "x" * 81}, "name"),
    ({"name": "a\u202eb"}, "name"),
    ({"name": "ADA"}, "name"),
    ({"role": "king"}, "role"),
    ({"role": ""}, "role"),
    ({"people": []}, "people"),
    ({"people": ["999"]}, "people"),
    ({"people": ["all", "x"]}, "people"),
    ({"password": "short"}, "password"),
    ({"own_password": "wrong"}, "own_password"),
    ({"own_password": ""}, "own_password"),
]


def test_a_form_with_a_fault_adds_nobody_and_keeps_what_was_typed(
    services: Services, client: PlainClient, mira: Person
) -> None:
    before = services.store.users.list()
    good = {"name": HOSTILE, "role": "carer", "people": [str(mira.id)], "password": THEIRS, "own_password": PASSWORD}
    for given, fault in ODD_PEOPLE:
        client.get("/access/people/new")
        answer = client.fill("/access/people/new", **{**good, **given})
        assert answer.status_code == 400
        assert (given, list(client.faults)) == (given, [fault])
        page = str(client.page)
        assert THEIRS not in page
        assert PASSWORD not in page
        if fault != "name":
            assert client.page.select("#name")[0]["value"] == HOSTILE
    assert services.store.users.list() == before


def test_role_and_people_are_changed(services: Services, client: PlainClient, mira: Person) -> None:
    vera = viewer(services)
    client.get(f"/access/people/{vera.id}")
    assert [box["value"] for box in client.page.select("[name=role][checked]")] == ["viewer"]
    client.fill(f"/access/people/{vera.id}", role="carer", people=["all"], own_password=PASSWORD)
    assert (named(services, "Vera").role, named(services, "Vera").sees_all) == (Role.CARER, True)
    assert newest(services) == ("user-changed", "Vera, carer")


def test_the_last_owner_stays_one_and_stays(services: Services, client: PlainClient, ada: User) -> None:
    for other in services.store.users.list():
        if other.id != ada.id:
            services.store.users.remove(other.id)
    client.get(f"/access/people/{ada.id}")
    client.fill(f"/access/people/{ada.id}", role="viewer", people=["all"], own_password=PASSWORD)
    assert list(client.faults) == ["role"]
    client.fill(f"/access/people/{ada.id}/remove", remove_own=PASSWORD)
    assert list(client.faults) == ["remove_own"]
    assert named(services, "Ada").role is Role.OWNER


def test_a_new_password_signs_them_out(dash_app: Dash, services: Services, client: PlainClient) -> None:
    vera = viewer(services)
    theirs = PlainClient(dash_app.server).sign_in(services, vera)
    client.get(f"/access/people/{vera.id}")
    client.fill(f"/access/people/{vera.id}/password", password="newer words of theirs", password_own=PASSWORD)
    assert services.store.users.check("Vera", "newer words of theirs") is not None
    assert theirs.get("/account", follow=False).status_code == 302
    assert newest(services) == ("password-changed", "Vera")


def test_a_second_factor_is_taken_off(services: Services, client: PlainClient) -> None:
    vera = viewer(services)
    services.store.users.set_totp(vera.id, "A" * 32)
    client.get(f"/access/people/{vera.id}")
    client.fill(f"/access/people/{vera.id}/second-factor", factor_own="wrong")
    assert named(services, "Vera").has_totp
    client.fill(f"/access/people/{vera.id}/second-factor", factor_own=PASSWORD)
    assert not named(services, "Vera").has_totp


def test_sessions_are_ended_and_a_person_removed(dash_app: Dash, services: Services, client: PlainClient) -> None:
    vera = viewer(services)
    theirs = PlainClient(dash_app.server).sign_in(services, vera)
    client.get(f"/access/people/{vera.id}")
    client.fill(f"/access/people/{vera.id}/sessions")
    assert theirs.get("/account", follow=False).status_code == 302
    theirs.sign_in(services, vera)
    client.get(f"/access/people/{vera.id}")
    client.fill(f"/access/people/{vera.id}/remove", remove_own=PASSWORD)
    assert theirs.get("/account", follow=False).status_code == 302
    assert services.store.users.by_name("Vera") is None
    assert newest(services) == ("user-removed", "Vera")


def test_nobody_is_found_where_nobody_is(client: PlainClient) -> None:
    for path in ("/access/people/999", "/access/people/99999999999999999999", "/access/people/x"):
        assert client.get(path).status_code == 404


# --- programs


def make_token(client: PlainClient, **given: Any) -> str:
    client.get("/access/programs/new")
    good = {"name": "Display", "scopes": ["read"], "person": "all", "days": "30"}
    client.fill("/access/programs/new", **{**good, **given})
    shown = client.page.select("#secret")
    return str(shown[0]["value"]) if shown else ""


def test_a_token_is_shown_once_and_opens_what_was_chosen(
    dash_app: Dash, services: Services, client: PlainClient, mira: Person
) -> None:
    secret = make_token(client, person=str(mira.id))
    assert f'curl -H "Authorization: Bearer {secret}" http://localhost/api/now' in str(client.page.select("#example"))
    (token,) = services.store.tokens.list()
    assert (token.name, token.scopes, token.person_id, token.created_by) == (
        "Display",
        frozenset({Scope.READ}),
        mira.id,
        "Ada",
    )
    assert token.expires - token.created == 30 * 86_400
    assert newest(services) == ("token-created", "Display: read")
    program = dash_app.server.test_client()
    program.delete_cookie("cgm_session")
    asked = program.get("/api/now", headers={"Authorization": f"Bearer {secret}"}, environ_base={"REMOTE_ADDR": "::1"})
    assert asked.status_code == 200
    client.get("/access")
    assert secret not in str(client.page)
    assert "::1" in client.text
    client.fill(f"/access/programs/{token.id}/revoke")
    assert program.get("/api/now", headers={"Authorization": f"Bearer {secret}"}).status_code == 401
    assert newest(services) == ("token-revoked", "Display")


ODD_TOKENS: list[tuple[dict[str, Any], str]] = [
    ({"name": "\x07"}, "name"),
    ({"scopes": []}, "scopes"),
    ({"scopes": ["read", "write"]}, "scopes"),
    ({"person": "99"}, "person"),
    ({"days": "0"}, "days"),
    ({"days": "731"}, "days"),
    ({"days": "1e3"}, "days"),
    ({"days": "٣"}, "days"),
]


def test_a_token_with_a_fault_is_not_made(services: Services, client: PlainClient) -> None:
    for given, fault in ODD_TOKENS:
        assert not make_token(client, **given)
        assert (given, list(client.faults)) == (given, [fault])
    assert services.store.tokens.list() == ()


def test_an_old_sign_in_gives_the_password_again(services: Services, client: PlainClient, clock: Clock) -> None:
    clock.now += LATER_S
    assert not make_token(client)
    assert list(client.faults) == ["own_password"]
    assert not make_token(client, own_password="wrong")
    assert make_token(client, own_password=PASSWORD)
    assert len(services.store.tokens.list()) == 1


# --- shared links


def make_link(client: PlainClient, **given: Any) -> str:
    client.get("/access/links/new")
    client.fill("/access/links/new", **{"name": "Dr Beck", **given})
    shown = client.page.select("#link")
    return str(shown[0]["value"]) if shown else ""


def test_a_link_is_shown_once_and_revoked(services: Services, client: PlainClient, mira: Person) -> None:
    link = make_link(client, pages=["trends", "report"], span="7", pin="4711")
    head, _slash, secret = link.rpartition("/")
    assert head == "http://localhost/share"
    now = services.now()
    share = services.store.shares.find(secret, now)
    assert share is not None
    assert (share.name, share.person_id, share.pages, share.has_pin) == (
        "Dr Beck",
        mira.id,
        frozenset({"trends", "report"}),
        True,
    )
    assert share.expires == now + 7 * 86_400
    assert newest(services) == ("share-created", "Dr Beck: trends, report")
    client.get("/access")
    assert secret not in str(client.page)
    client.fill(f"/access/links/{share.id}/revoke")
    assert services.store.shares.find(secret, now) is None
    assert newest(services) == ("share-revoked", "Dr Beck")


def test_a_link_lasts_as_long_as_was_chosen(services: Services, client: PlainClient, mira: Person) -> None:
    for span, days, lasts in (("1", "", 1), ("90", "5", 90), ("own", "366", 366)):
        make_link(client, span=span, days=days)
        share = max(services.store.shares.list(services.now()), key=lambda share: share.id)
        assert share.expires - share.created == lasts * 86_400
        assert share.pages == {"report"}
        assert not share.has_pin


ODD_LINKS: list[tuple[dict[str, Any], str]] = [
    ({"name": " "}, "name"),
    ({"person": "99"}, "person"),
    ({"pages": []}, "pages"),
    ({"pages": ["report", "settings"]}, "pages"),
    ({"span": "365"}, "span"),
    ({"span": "own", "days": ""}, "days"),
    ({"span": "own", "days": "367"}, "days"),
    ({"pin": "123"}, "pin"),
    ({"pin": "12a4"}, "pin"),
    ({"pin": "1234567890123"}, "pin"),
]


def test_a_link_with_a_fault_is_not_made(services: Services, client: PlainClient, mira: Person) -> None:
    for given, fault in ODD_LINKS:
        assert not make_link(client, **given)
        assert (given, list(client.faults)) == (given, [fault])
    assert services.store.shares.list(services.now()) == ()


def test_an_old_sign_in_shares_nothing_without_the_password(
    services: Services, client: PlainClient, clock: Clock, mira: Person
) -> None:
    clock.now += LATER_S
    assert not make_link(client)
    assert list(client.faults) == ["own_password"]
    assert make_link(client, own_password=PASSWORD)


# --- the overview and the audit


def test_names_are_never_markup(services: Services, client: PlainClient, mira: Person) -> None:
    services.store.users.add(HOSTILE, THEIRS, Role.VIEWER, services.now(), people=None)
    make_token(client, name=HOSTILE)
    make_link(client, name=HOSTILE)
    client.get("/access")
    assert client.text.count(HOSTILE) == 3
    client.get("/audit")
    assert HOSTILE in client.text
    assert "Eve" not in [cell.get_text() for cell in client.page.select("td b")]


def test_the_audit_tells_who_did_what_from_where_in_local_time(services: Services, client: PlainClient) -> None:
    services.store.audit.note(services.now(), "user:Ada", Action.SHARE_CREATED, address="192.0.2.9", about="Dr Beck")
    services.store.audit.note(services.now(), "nobody", Action.SIGN_IN_REFUSED, address="203.0.113.9")
    client.get("/audit")
    rows = [" ".join(row.get_text(" ").split()) for row in client.page.select("tbody tr")]
    assert rows[0].endswith("Somebody not signed in Sign-in refused 203.0.113.9")
    assert rows[1].endswith("Ada Link made Dr Beck 192.0.2.9")
    assert "Times are local, UTC" in client.text


def test_the_audit_tells_times_in_the_zone_of_the_first_person(
    services: Services, client: PlainClient, mira: Person
) -> None:
    services.store.audit.note(services.now(), "user:Ada", Action.SIGN_IN)
    client.get("/audit")
    assert "Europe/Berlin" in client.text
    assert client.page.select("tbody tr td")[0].get_text() == "12:00:00"


def test_the_audit_goes_back_page_by_page_without_a_gap(services: Services, client: PlainClient) -> None:
    for n in range(210):
        services.store.audit.note(services.now(), "user:Ada", Action.SIGN_IN, about=f"n{n}")
    seen: list[str] = []
    client.get("/audit?action=sign-in")
    while True:
        seen += [span.get_text() for span in client.page.select("tbody .sub")]
        older = [a for a in client.page.select(".paging a") if a.get_text() == "Older"]
        if not older:
            break
        client.get(str(older[0]["href"]))
    assert seen == [f"n{n}" for n in range(209, -1, -1)]


def test_the_audit_is_filtered_by_what_was_done(services: Services, client: PlainClient) -> None:
    for action in (Action.SIGN_IN, Action.SHARE_OPENED, Action.SIGN_IN):
        services.store.audit.note(services.now(), "user:Ada", action)
    client.get("/audit?action=share-opened")
    assert [cell.get_text() for cell in client.page.select("tbody b")] == ["Link opened"]
    assert [option["value"] for option in client.page.select("option[selected]")] == ["share-opened"]


def test_odd_questions_to_the_audit_are_none(client: PlainClient) -> None:
    for query in ("action=x", "before=x", "before=-1", f"before={'9' * 40}", "action=&before="):
        assert client.get(f"/audit?{query}").status_code == 200
