"""/account: one's own password, second factor and sessions."""

from typing import Any

import pyotp
import pytest
from dash import Dash

from callbacks.services import Services
from cgm_dash.access import Role
from sql.users import User
from tests.support.plain_client import PASSWORD, PlainClient, owner

NEW = "another row of words"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605 Version/19.0 Mobile Safari/604.1"


@pytest.fixture
def ada(services: Services) -> User:
    return owner(services)


@pytest.fixture
def client(dash_app: Dash, services: Services, ada: User) -> PlainClient:
    return PlainClient(dash_app.server).sign_in(services, ada)


def actions(services: Services) -> list[tuple[str, str]]:
    return [(entry.action, entry.about) for entry in services.store.audit.newest()]


def test_everybody_who_has_signed_in_has_an_account(dash_app: Dash, services: Services, ada: User) -> None:
    viewer = services.store.users.add("Vera", PASSWORD, Role.VIEWER, services.now(), people=())
    client = PlainClient(dash_app.server).sign_in(services, viewer)
    assert client.get("/account").status_code == 200
    assert "Signed in as Vera, Viewer." in client.text
    assert {a["href"] for a in client.page.select("nav a")} == {"/", "/account"}


def test_nobody_else_has_one(dash_app: Dash, ada: User) -> None:
    answer = PlainClient(dash_app.server).get("/account", follow=False)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/login")


def test_a_new_password_ends_the_other_sessions_and_renews_this_one(
    dash_app: Dash, services: Services, ada: User, client: PlainClient
) -> None:
    elsewhere = PlainClient(dash_app.server, IPHONE).sign_in(services, ada)
    before = client.cookie
    client.get("/account")
    client.fill("/account/password", own_password=PASSWORD, new_password=NEW, again=NEW)
    assert "The password is changed." in client.text
    assert client.cookie != before
    assert services.store.sessions.find(before, services.now()) is None
    assert elsewhere.get("/account", follow=False).status_code == 302
    assert services.store.users.check("Ada", NEW) is not None
    assert services.store.users.check("Ada", PASSWORD) is None
    assert actions(services)[0] == ("password-changed", "")


def test_a_session_that_an_owner_ends_at_the_same_moment_is_not_renewed(
    services: Services, ada: User, client: PlainClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = services.store.users
    real = users.set_password

    def ended(user_id: int, password: str, keep: bytes | None = None) -> None:
        real(user_id, password, keep=keep)
        services.store.sessions.end_all_of(user_id)

    monkeypatch.setattr(users, "set_password", ended)
    client.get("/account")
    answer = client.fill("/account/password", own_password=PASSWORD, new_password=NEW, again=NEW, follow=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert services.store.sessions.of_user(ada.id, services.now()) == ()


def reset_meanwhile(services: Services, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have an owner set Ada's password between the check of the one she gives and what she asks for."""
    users = services.store.users
    real = users.check

    def slow(name: str, password: str) -> User | None:
        came = real(name, password)
        users.set_password(ada.id, "what the owner has set")
        return came

    monkeypatch.setattr(users, "check", slow)


def test_what_an_owner_sets_at_the_same_moment_stands(
    services: Services, ada: User, client: PlainClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = services.store.users
    real = users.check
    reset_meanwhile(services, ada, monkeypatch)
    client.get("/account")
    answer = client.fill("/account/password", own_password=PASSWORD, new_password=NEW, again=NEW, follow=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert real("Ada", NEW) is None
    assert real("Ada", "what the owner has set") is not None
    assert actions(services) == []


ODD: list[tuple[dict[str, Any], str]] = [
    ({"own_password": "wrong"}, "own_password"),
    ({"own_password": ""}, "own_password"),
    ({"new_password": "short", "again": "short"}, "new_password"),
    ({"new_password": "password1234", "again": "password1234"}, "new_password"),
    ({"again": "not the same words"}, "again"),
]


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_changed(services: Services, client: PlainClient) -> None:
    for given, fault in ODD:
        client.get("/account")
        values: dict[str, Any] = {"own_password": PASSWORD, "new_password": NEW, "again": NEW, **given}
        assert client.fill("/account/password", **values).status_code == 400
        assert list(client.faults) == [fault]
        assert "Error" in str(client.page.title)
        assert not any(value in str(client.page) for value in values.values() if value)
    assert services.store.users.check("Ada", PASSWORD) is not None


def test_the_own_password_cannot_be_tried_out(services: Services, client: PlainClient, ada: User) -> None:
    client.get("/account")
    for _ in range(5):
        client.fill("/account/password", own_password="wrong", new_password=NEW, again=NEW)
    client.fill("/account/password", own_password=PASSWORD, new_password=NEW, again=NEW)
    assert "Too many tries" in client.faults["own_password"]
    assert services.store.users.check("Ada", PASSWORD) is not None
    assert actions(services) == [("sign-in-refused", "own password")] * 5
    other = PlainClient(client.flask.application).sign_in(services, ada)
    other.get("/account")
    assert other.fill("/account/password", own_password=PASSWORD, new_password=NEW, again=NEW).status_code == 200
    assert services.store.users.check("Ada", NEW) is not None  # who guesses elsewhere keeps nobody from it


def test_the_second_factor_needs_a_code_and_the_password(services: Services, client: PlainClient, ada: User) -> None:
    client.get("/account/second-factor")
    secret = client.page.select(".secret-words")[0].get_text().replace(" ", "")
    picture = client.page.select("img.qr")[0]
    assert str(picture["src"]).startswith("data:image/svg+xml")
    code = pyotp.TOTP(secret).at(int(services.now()))
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    client.fill("/account/second-factor", code=wrong, own_password=PASSWORD)
    assert list(client.faults) == ["code"]
    client.fill("/account/second-factor", code=code, own_password="wrong")
    assert list(client.faults) == ["own_password"]
    assert client.page.select(".secret-words")[0].get_text().replace(" ", "") == secret
    assert not _user(services, ada).has_totp
    before = client.cookie
    client.fill("/account/second-factor", code=code, own_password=PASSWORD)
    assert "The second factor is on." in client.text
    assert _user(services, ada).has_totp
    assert client.cookie != before
    assert not services.store.users.take_code(ada.id, code, services.now())
    assert actions(services)[0] == ("second-factor-on", "")
    assert secret not in str(services.store.audit.newest())


def test_a_secret_that_was_not_made_for_this_user_is_refused(
    dash_app: Dash, services: Services, client: PlainClient, ada: User
) -> None:
    other = services.store.users.add("Vera", PASSWORD, Role.VIEWER, services.now(), people=())
    theirs = PlainClient(dash_app.server).sign_in(services, other)
    theirs.get("/account/second-factor")
    secret = theirs.page.select(".secret-words")[0].get_text().replace(" ", "")
    sealed = str(theirs.page.select("[name=sealed]")[0]["value"])
    code = pyotp.TOTP(secret).at(int(services.now()))
    for given in (sealed, secret, f'["{secret}"]', ""):
        client.get("/account/second-factor")
        client.fill("/account/second-factor", sealed=given, code=code, own_password=PASSWORD)
        assert list(client.faults) == ["code"]
    assert not _user(services, ada).has_totp


def test_the_second_factor_goes_off_with_the_password(services: Services, client: PlainClient, ada: User) -> None:
    services.store.users.set_totp(ada.id, "A" * 32)
    client.get("/account")
    client.fill("/account/second-factor/off", off_password="wrong")
    assert list(client.faults) == ["off_password"]
    assert _user(services, ada).has_totp
    client.fill("/account/second-factor/off", off_password=PASSWORD)
    assert not _user(services, ada).has_totp
    assert actions(services)[0] == ("second-factor-off", "")


@pytest.mark.parametrize("path", ["/account/second-factor", "/account/second-factor/off"])
def test_a_second_factor_does_not_change_what_an_owner_sets_at_the_same_moment(
    services: Services, client: PlainClient, ada: User, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    users, off = services.store.users, path.endswith("off")
    if off:
        users.set_totp(ada.id, "A" * 32)
    client.get("/account" if off else path)
    given = {"off_password": PASSWORD} if off else {"own_password": PASSWORD, "code": _code(client, services)}
    reset_meanwhile(services, ada, monkeypatch)
    answer = client.fill(path, **given, follow=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert _user(services, ada).has_totp is off


def _code(client: PlainClient, services: Services) -> str:
    secret = client.page.select(".secret-words")[0].get_text().replace(" ", "")
    return pyotp.TOTP(secret).at(int(services.now()))


def test_own_sessions_are_listed_in_plain_words_and_can_be_ended(
    dash_app: Dash, services: Services, ada: User, client: PlainClient
) -> None:
    elsewhere = PlainClient(dash_app.server, IPHONE).sign_in(services, ada)
    client.get("/account")
    rows = [" ".join(row.get_text(" ").split()) for row in client.page.select("tbody tr")]
    assert sorted(row.split(" 192.0.2.7")[0] for row in rows) == ["Firefox on Linux this one", "Safari on iPhone"]
    forms = [f for f in client.page.select("form[action='/account/sessions']") if not f.select("[value=others]")]
    (key,) = [str(f.select("[name=session]")[0]["value"]) for f in forms]
    assert elsewhere.cookie not in str(client.page)
    client.post("/account/sessions", {"token": _token(client), "session": key})
    assert "That browser is signed out." in client.text
    assert elsewhere.get("/account", follow=False).status_code == 302
    assert client.get("/account", follow=False).status_code == 200


def test_all_others_end_at_once(dash_app: Dash, services: Services, ada: User, client: PlainClient) -> None:
    others = [PlainClient(dash_app.server, IPHONE).sign_in(services, ada) for _ in range(2)]
    client.get("/account")
    client.post("/account/sessions", {"token": _token(client), "session": "others"})
    assert [other.get("/account", follow=False).status_code for other in others] == [302, 302]
    assert client.get("/account", follow=False).status_code == 200


def test_nobody_ends_the_sessions_of_another(
    dash_app: Dash, services: Services, ada: User, client: PlainClient
) -> None:
    vera = services.store.users.add("Vera", PASSWORD, Role.VIEWER, services.now(), people=())
    theirs = PlainClient(dash_app.server).sign_in(services, vera)
    (session,) = services.store.sessions.of_user(vera.id, services.now())
    client.get("/account")
    client.post("/account/sessions", {"token": _token(client), "session": session.digest.hex()[:32]})
    assert theirs.get("/account", follow=False).status_code == 200


def test_a_form_of_another_site_changes_nothing(client: PlainClient) -> None:
    client.get("/account")
    data = {"token": _token(client), "session": "others"}
    for path in ("/account/password", "/account/second-factor/off", "/account/sessions"):
        assert client.post(path, data, site="cross-site").status_code == 403
        assert client.post(path, {**data, "token": "guessed"}).status_code == 403
        assert client.get(path, follow=False).status_code in (404, 405)


def _token(client: PlainClient) -> str:
    return str(client.page.select("[name=token]")[0]["value"])


def _user(services: Services, user: User) -> User:
    found = services.store.users.get(user.id)
    assert found is not None
    return found
