"""Signing in and out, the second factor, the first owner, and how often any of it may be tried."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pyotp
import pytest
from dash import Dash

from app import create_app
from callbacks.server.sign_in import led_to
from callbacks.services import Services
from cgm_dash.access import Role
from cgm_dash.credentials import new_totp_secret, verify_password
from cgm_dash.errors import StoreUnavailable
from sql.sessions import HALF_S
from sql.users import User
from tests.callbacks.conftest import Clock
from tests.support.plain_client import COOKIE, PASSWORD, PlainClient, owner

EVIL = (
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\tevil.example",
    "\t//evil.example",
    "/\n/evil.example",
    "/%5cevil.example",
    "/%2fevil.example",
    "/%09/evil.example",
    "https://evil.example",
    "https:evil.example",
    "http:/evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "@evil.example",
    "/@evil.example",
    "/.evil.example",
    "/trends//evil.example",
    "/trends/../../evil.example",
    "/trends?x=//evil.example",
    "/trends#//evil.example",
    "/login",
    "/logout",
    "/login?next=//evil.example",
    "/trends\r\nSet-Cookie: x=y",
    " /trends",
    "",
)


@pytest.fixture
def ada(services: Services) -> User:
    return owner(services)


@pytest.fixture
def app(services: Services) -> Dash:
    """The app, whoever comes; no test client of it has signed in."""
    return create_app(services)


Come = Callable[..., PlainClient]


@pytest.fixture
def come(app: Dash) -> Come:
    """Return a function that makes a new browser, from an address."""

    def made(address: str = "127.0.0.1") -> PlainClient:
        client = PlainClient(app.server)
        client.flask.environ_base["REMOTE_ADDR"] = address
        return client

    return made


def tried(client: PlainClient, name: str = "Ada", password: str = PASSWORD) -> int:
    """Sign in and return the status of the answer."""
    client.get("/login")
    return client.fill("/login", name=name, password=password, follow=False).status_code


def audited(services: Services) -> list[tuple[str, str]]:
    return [(entry.action, entry.who) for entry in reversed(services.store.audit.newest())]


# --- in and out


def test_who_signs_in_gets_a_session_and_who_signs_out_loses_it(come: Come, ada: User, services: Services) -> None:
    client = come()
    assert client.get("/trends?range=30d").request.path == "/login"
    answer = client.fill("/login", name="ada", password=PASSWORD, follow=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/trends?range=30d")
    (cookie,) = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith(COOKIE)]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "Secure" not in cookie  # not encrypted, and it must work
    id_ = client.cookie
    assert len(id_) == 43
    assert client.get("/api/now").status_code == 200
    client.get("/account")
    answer = client.fill("/logout", follow=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert client.cookie == ""
    client.flask.set_cookie(COOKIE, id_)
    assert client.get("/api/now").status_code == 401  # nobody can use it once more
    assert audited(services) == [("sign-in", "user:Ada"), ("sign-out", "user:Ada")]
    assert {entry.address for entry in services.store.audit.newest()} == {"127.0.0.1"}


def test_a_session_is_signed_out_of_only_by_a_form_of_ours(come: Come, ada: User) -> None:
    client = come()
    tried(client)
    assert client.flask.get("/logout").status_code in (404, 405)
    assert client.post("/logout", {}).status_code == 403
    assert client.post("/logout", {"token": "x"}).status_code == 403
    assert client.get("/api/now").status_code == 200


def test_each_sign_in_has_an_id_of_its_own_and_ends_the_one_before(come: Come, ada: User, services: Services) -> None:
    client = come()
    client.flask.set_cookie(COOKIE, "p" * 43)  # planted by somebody
    tried(client)
    first = client.cookie
    assert first != "p" * 43
    client.get("/logout")
    page = come()
    page.flask.set_cookie(COOKIE, first)
    page.get("/login")  # signed in already: leads on
    assert page.flask.get("/login").headers["Location"] == "/"
    other = come()
    tried(other)
    assert other.cookie != first
    again = come()
    again.flask.set_cookie(COOKIE, first)
    again.get("/account")
    token = str(again.page.select("[name=token]")[0]["value"])
    assert again.post("/login", {"name": "Ada", "password": PASSWORD, "token": token}, follow=False).status_code == 303
    assert again.cookie not in (first, other.cookie)
    assert services.store.sessions.find(first, services.now()) is None
    assert services.store.sessions.find(other.cookie, services.now()) is not None
    planted = come()
    planted.flask.set_cookie(COOKIE, "p" * 43)
    assert planted.get("/api/now").status_code == 401


def test_encrypted_the_cookie_is_sent_no_other_way(services: Services, ada: User) -> None:
    trusting = replace(services, settings=replace(services.settings, trusted_proxies=("127.0.0.1/32",)))
    browser = create_app(trusting).server.test_client()
    headers = {"X-Forwarded-Proto": "https", "Origin": "https://localhost"}
    page = browser.get("/login", headers=headers)
    (form,) = page.headers.getlist("Set-Cookie")
    assert form.startswith("__Host-cgm_form=")
    token = page.text.split('name="token" value="')[1].split('"')[0]
    given = {"name": "Ada", "password": PASSWORD, "token": token, "next": ""}
    sent = {**headers, "Cookie": form.split(";")[0]}
    answer = browser.post("/login", data=given, headers=sent)
    assert answer.status_code == 303
    for line in answer.headers.getlist("Set-Cookie"):
        assert line.startswith("__Host-")
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in line.split(";")}
        assert "Domain" not in line


def test_the_sign_in_page_says_what_this_is_not(come: Come, ada: User) -> None:
    client = come()
    client.get("/login")
    assert "Not a medical device. No dosing advice." in client.text
    assert "use a meter" in client.text


def test_a_form_without_the_token_of_this_browser_is_refused(come: Come, ada: User) -> None:
    client, other = come(), come()
    client.get("/login")
    other.get("/login")
    token = str(other.form("/login").select_one("[name=token]")["value"])  # type: ignore[index]
    for given in ("", "x", token, "ü"):
        answer = client.post("/login", {"name": "Ada", "password": PASSWORD, "token": given})
        assert answer.status_code == 403, given
    own = str(client.form("/login").select_one("[name=token]")["value"])  # type: ignore[index]
    values = {"name": "Ada", "password": PASSWORD, "token": own}
    assert client.post("/login", values, site="cross-site").status_code == 403
    assert client.post("/login", values, follow=False).status_code == 303


@pytest.mark.parametrize("asked", EVIL)
def test_a_sign_in_leads_to_no_other_place(come: Come, ada: User, asked: str) -> None:
    assert led_to(asked) == "/"
    client = come()
    client.get("/login")
    client.fill("/login", name="Ada", password=PASSWORD, next=asked, follow=False)
    assert client.flask.get("/login", query_string={"next": asked}).headers["Location"] == "/"


@pytest.mark.parametrize("asked", ["/", "/trends", "/days?person=1&range=2026-11-01..2026-11-14", "/account", "/audit"])
def test_a_sign_in_leads_to_pages_of_ours(asked: str) -> None:
    assert led_to(asked) == asked


def test_while_the_database_is_away_nobody_signs_in(services: Services, ada: User) -> None:
    gone: list[bool] = []

    def ready() -> None:
        if gone:
            raise StoreUnavailable("away")

    client = PlainClient(create_app(replace(services, ready=ready)).server)
    client.get("/login")
    gone.append(True)
    answer = client.fill("/login", name="Ada", password=PASSWORD, follow=False)
    assert answer.status_code == 503
    assert "The database does not answer" in client.text


# --- who is unknown


def test_an_unknown_name_looks_like_a_wrong_password_and_takes_the_same_work(
    come: Come, ada: User, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []

    def counted(hash_: str, password: str) -> bool:
        hashed.append(hash_)
        return verify_password(hash_, password)

    monkeypatch.setattr("sql.users.verify_password", counted)
    texts: list[str] = []
    for name in ("Ada", "nobody", "Adam", "", "x" * 200):
        client = come(f"192.0.2.{len(texts) + 1}")
        before = len(hashed)
        assert tried(client, name, "a wrong password") == 401
        assert len(hashed) == before + 1, name
        assert hashed[-1].split("$")[:4] == hashed[0].split("$")[:4]  # the same kind and cost
        texts.append(client.text)
    assert len(set(texts)) == 1
    assert audited(services) == [("sign-in-refused", "user:Ada"), *[("sign-in-refused", "nobody")] * 4]


def test_what_was_typed_as_a_name_is_kept_nowhere(come: Come, ada: User, services: Services) -> None:
    tried(come(), "canary password in the wrong field", "x")
    services.store.engine.dispose()
    for path in services.settings.data_dir.rglob("*"):
        assert not path.is_file() or b"canary" not in path.read_bytes(), path


# --- limits


def test_five_failures_close_an_address_for_five_minutes_and_no_other(come: Come, ada: User, clock: Clock) -> None:
    for n in range(5):
        assert tried(come("192.0.2.1"), f"name {n}", "wrong") == 401
    client = come("192.0.2.1")
    client.get("/login")
    answer = client.fill("/login", name="Ada", password=PASSWORD, follow=False)
    assert answer.status_code == 429
    assert 295 <= int(answer.headers["Retry-After"]) <= 302
    assert "Too many tries" in client.text
    assert tried(come("192.0.2.2")) == 303
    clock.now += 302
    assert tried(come("192.0.2.1")) == 303


def test_all_of_an_ipv6_network_count_as_one(come: Come, ada: User) -> None:
    for n in range(5):
        assert tried(come(f"2001:db8::{n + 1:x}"), f"name {n}", "wrong") == 401
    assert tried(come("2001:db8::ffff")) == 429
    assert tried(come("2001:db8:0:1::1")) == 303


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Client-IP", "CF-Connecting-IP"])
def test_a_header_gives_nobody_another_address(come: Come, ada: User, header: str) -> None:
    for n in range(5):
        client = come("192.0.2.1")
        client.flask.environ_base[f"HTTP_{header.upper().replace('-', '_')}"] = f"198.51.100.{n}"
        assert tried(client, f"name {n}", "wrong") == 401
    assert tried(come("192.0.2.1")) == 429


def test_from_sixty_addresses_twenty_tries_are_let_through_for_an_account(come: Come, ada: User, clock: Clock) -> None:
    statuses = [tried(come(f"127.0.0.{n}"), "ADA ", "wrong") for n in range(1, 61)]
    assert statuses == [401] * 20 + [429] * 40
    clock.now += 15 * 60 + 2
    statuses = [tried(come(f"127.0.1.{n}"), "ada", "wrong") for n in range(1, 31)]
    assert statuses == [401] * 20 + [429] * 10
    clock.now += 15 * 60 + 2
    assert tried(come("127.0.2.1")) == 429  # the second time it is twice as long
    clock.now += 15 * 60 + 2
    assert tried(come("127.0.2.1")) == 303


def test_strangers_do_not_lock_out_a_browser_that_has_signed_in_before(come: Come, ada: User, clock: Clock) -> None:
    known, signed_in = come("127.0.0.9"), come()
    assert tried(known) == 303
    known.get("/account")
    known.fill("/logout")
    assert tried(signed_in) == 303
    for n in range(60):
        tried(come(f"127.0.1.{n}"), "Ada", "wrong")
    assert tried(come("127.0.2.1")) == 429
    assert signed_in.get("/api/now").status_code == 200
    assert tried(known) == 303
    # It may not guess without end either, nor for anybody else.
    known.get("/account")
    known.fill("/logout")
    assert [tried(known, "Ada", "wrong") for _ in range(6)] == [401] * 5 + [429]


def test_a_cookie_of_a_device_made_up_or_of_another_helps_nobody(come: Come, ada: User, services: Services) -> None:
    services.store.users.add("Vera", PASSWORD, Role.VIEWER, services.now(), people=None)
    vera = come("127.0.3.1")
    assert tried(vera, "Vera") == 303
    cookie = vera.flask.get_cookie("cgm_device")
    assert cookie is not None
    for n in range(1, 26):
        tried(come(f"127.0.1.{n}"), "Ada", "wrong")
    for value in (cookie.value, f"{ada.id}{cookie.value[cookie.value.index('.') :]}", f"{ada.id}.x.", "x"):
        client = come("127.0.2.1")
        client.flask.set_cookie("cgm_device", value)
        assert tried(client) == 429, value


def test_the_log_tells_from_where_somebody_was_refused_and_shut_out(
    come: Come, ada: User, caplog: pytest.LogCaptureFixture
) -> None:
    client = come("192.0.2.9")
    for _ in range(6):
        tried(client, "Ada", "wrong")
    said = [record.getMessage() for record in caplog.records if "192.0.2.9" in record.getMessage()]
    refused = "attempt outcome=sign-in-refused client=192.0.2.9"
    assert said == [refused] * 5 + ["attempt limit=closed client=192.0.2.9"]


def test_two_processes_count_together(services: Services, ada: User) -> None:
    apps = [create_app(services) for _ in range(2)]
    statuses = []
    for n in range(7):
        client = PlainClient(apps[n % 2].server)
        client.flask.environ_base["REMOTE_ADDR"] = "192.0.2.1"
        statuses.append(tried(client, f"name {n}", "wrong"))
    assert statuses == [401] * 5 + [429] * 2


def test_a_success_forgets_the_failures_of_the_account_but_not_of_the_address(come: Come, ada: User) -> None:
    client = come("192.0.2.1")
    assert [tried(client, "Ada", "wrong") for _ in range(4)] == [401] * 4
    assert tried(client) == 303
    other = come("192.0.2.1")
    assert tried(other, "Vera", "wrong") == 401
    assert tried(come("192.0.2.1")) == 429


# --- the second factor


@pytest.fixture
def totp(services: Services, ada: User) -> pyotp.TOTP:
    secret = new_totp_secret()
    services.store.users.set_totp(ada.id, secret)
    return pyotp.TOTP(secret)


def test_with_a_second_factor_the_password_alone_opens_nothing(
    come: Come, totp: pyotp.TOTP, clock: Clock, services: Services
) -> None:
    client = come()
    client.get("/days?range=14d")
    answer = client.fill("/login", name="Ada", password=PASSWORD, follow=False)
    assert answer.headers["Location"] == "/login/code?next=/days?range=14d"
    half = client.cookie
    assert client.get("/api/now").status_code == 401
    client.get(answer.headers["Location"])
    assert client.fill("/login/code", code="12 34 56").status_code == 401
    code = totp.at(int(clock.now))
    answer = client.fill("/login/code", code=f"{code[:3]} {code[3:]}", follow=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/days?range=14d")
    assert client.cookie != half
    assert services.store.sessions.find(half, clock.now) is None
    assert client.get("/api/now").status_code == 200
    client.flask.set_cookie(COOKIE, half)
    assert client.get("/api/now").status_code == 401
    again = come()
    tried(again)
    again.get("/login/code")
    assert again.fill("/login/code", code=code).status_code == 401  # taken before
    done = ["password-given", "sign-in-refused", "sign-in", "password-given", "sign-in-refused"]
    assert [action for action, _who in audited(services)] == done


def test_five_wrong_codes_close_the_second_factor_from_wherever(come: Come, totp: pyotp.TOTP, clock: Clock) -> None:
    statuses = []
    for n in range(7):
        client = come(f"127.0.1.{n}")
        tried(client)
        client.get("/login/code")
        statuses.append(client.fill("/login/code", code="000000").status_code)
    assert statuses == [401] * 5 + [429] * 2
    client = come()
    tried(client)
    client.get("/login/code")
    assert client.fill("/login/code", code=totp.at(int(clock.now))).status_code == 429


def test_who_has_only_the_password_does_not_lock_out_a_browser_that_has_signed_in_before(
    come: Come, totp: pyotp.TOTP, clock: Clock
) -> None:
    known = come("192.0.2.1")
    tried(known)
    known.get("/login/code")
    assert known.fill("/login/code", code=totp.at(int(clock.now)), follow=False).status_code == 303
    thief = come()
    for _ in range(6):
        tried(thief)
        thief.get("/login/code")
        thief.fill("/login/code", code="000000")
    assert thief.status == 429
    clock.now += 30
    known.get("/account")
    known.fill("/logout")
    tried(known)
    known.get("/login/code")
    assert known.fill("/login/code", code=totp.at(int(clock.now)), follow=False).status_code == 303


@pytest.mark.parametrize(("step", "password"), [("check", True), ("take_code", True), ("take_code", False)])
def test_a_sign_in_does_not_outlive_what_ends_it_at_the_same_moment(
    come: Come, totp: pyotp.TOTP, clock: Clock, services: Services, monkeypatch: pytest.MonkeyPatch, step: str,
    password: bool
) -> None:  # fmt: skip
    users, thief = services.store.users, come()
    real = getattr(users, step)

    def slow(*given: Any) -> Any:
        came = real(*given)
        (ada,) = users.list()
        if password:
            users.set_password(ada.id, "another row of words")
        else:
            services.store.sessions.end_all_of(ada.id)
        return came

    monkeypatch.setattr(users, step, slow)
    status = tried(thief)
    if step == "take_code":
        assert status == 303
        thief.get("/login/code")
        status = thief.fill("/login/code", code=totp.at(int(clock.now)), follow=False).status_code
    assert status == 401
    assert "Sign in again." in thief.text
    assert thief.get("/account", follow=False).status_code == 302
    assert services.store.sessions.of_user(1, clock.now) == ()


def test_half_a_sign_in_is_over_after_ten_minutes(come: Come, totp: pyotp.TOTP, clock: Clock) -> None:
    client = come()
    tried(client)
    client.get("/login/code")
    clock.now += HALF_S + 1
    answer = client.fill("/login/code", code=totp.at(int(clock.now)), follow=False)
    assert answer.headers["Location"] == "/login"
    assert come().get("/login/code", follow=False).headers["Location"] == "/login"


# --- the first owner


def test_the_first_owner_needs_the_printed_secret_and_is_signed_in(come: Come, services: Services) -> None:
    secret = services.store.setup_secret.renew(services.now())
    assert secret
    client = come()
    assert client.get("/").request.path == "/setup"
    given: dict[str, Any] = {"name": "Ada", "password": PASSWORD, "again": PASSWORD}
    assert client.fill("/setup", **given, secret="wrong").status_code == 401
    assert client.fill("/setup", **{**given, "again": "other"}, secret=secret).status_code == 400
    assert client.fill("/setup", **{**given, "password": "short", "again": "short"}, secret=secret).status_code == 400
    assert not services.store.users.any_owner()
    answer = client.fill("/setup", **given, secret=secret, follow=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert client.get("/api/now").status_code == 200
    assert come().get("/setup", follow=False).headers["Location"] == "/login"
    done = [action for action, _who in audited(services)]
    assert done == ["sign-in-refused", "owner-created", "sign-in"]


def test_there_is_one_first_owner(come: Come, services: Services) -> None:
    secret = services.store.setup_secret.renew(services.now())
    first, second = come(), come()
    for client in (first, second):
        client.get("/setup")
    given: dict[str, Any] = {"password": PASSWORD, "again": PASSWORD, "secret": secret}
    assert first.fill("/setup", name="Ada", **given, follow=False).headers["Location"] == "/"
    assert second.fill("/setup", name="Eve", **given, follow=False).headers["Location"] == "/login"
    assert [user.name for user in services.store.users.list()] == ["Ada"]


def test_the_set_up_secret_cannot_be_guessed_on_and_on(come: Come, services: Services) -> None:
    services.store.setup_secret.renew(services.now())
    client = come()
    statuses = []
    for n in range(7):
        client.get("/setup")
        given: dict[str, Any] = {"name": "Eve", "password": PASSWORD, "again": PASSWORD}
        statuses.append(client.fill("/setup", **given, secret=f"guess {n}").status_code)
    assert statuses == [401] * 5 + [429] * 2
