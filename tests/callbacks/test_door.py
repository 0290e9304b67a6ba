"""Who gets in: nobody without a session or a token, and everybody only as far as they may."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from dash import Dash
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from callbacks.server.door import OPEN_ASSETS, REMEMBERED_S, WITHOUT
from callbacks.services import NoSuchPerson, NotAllowed, Services
from cgm_dash.access import Role, Scope
from cgm_dash.errors import StoreUnavailable, TooSoon
from layouts import ids
from sql.engine import looking
from sql.schema import metadata
from tests.callbacks.conftest import LOW, Add, Clock, call, shown, texts
from tests.support.signed_in import COOKIE, OWNER, let_in, session_of, user_of

HTML = {"Accept": "text/html,*/*;q=0.8"}
FROM_PAGE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def app(services: Services) -> Dash:
    """The app as strangers see it: there is an owner, and nobody has signed in."""
    user_of(services.store)
    return create_app(services)


@pytest.fixture
def stranger(app: Dash) -> FlaskClient:
    browser: FlaskClient = app.server.test_client()
    return browser


def as_user(app: Dash, services: Services, name: str, role: Role, people: set[int] | None = None) -> Dash:
    user_of(services.store, name, role, people)
    return let_in(app, services, name)


def path_of(rule: str) -> str:
    """Return an address that the rule of the URL map answers."""
    known = {"<string:package_name>": "dash", "<path:fingerprinted_path>": "deps/react.js", "<path:path>": "trends"}
    for part, value in {**known, "<path:filename>": "clock.js", "<secret>": "x", "<name>": "cgm.css"}.items():
        rule = rule.replace(part, value)
    return rule.replace("<", "").replace(">", "").replace("int:", "").replace(":", "")


def test_every_rule_of_the_url_map_is_shut_but_for_those_named(app: Dash, stranger: FlaskClient) -> None:
    rules = {rule.rule: rule.methods or set() for rule in app.server.url_map.iter_rules()}
    assert len(rules) > 20
    for rule, methods in rules.items():
        for method in sorted(methods & {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}):
            if rule in WITHOUT:
                continue
            answer = stranger.open(path_of(rule), method=method, headers=FROM_PAGE)
            assert answer.status_code in (401, 403), (rule, method, answer.status_code)
            assert b"<script" not in answer.data, rule
    # Nothing may be open that is not there: it would open a later address of that name.
    assert set(rules) >= {rule for rule in WITHOUT if not rule.startswith("/share")}


def test_every_callback_is_shut(app: Dash, stranger: FlaskClient) -> None:
    assert len(app.callback_map) > 20
    for output in app.callback_map:
        answer = stranger.post("/_dash-update-component", json=body_of(app, output), headers=FROM_PAGE)
        assert answer.status_code == 401, output


def body_of(app: Dash, output: str) -> dict[str, Any]:
    """Return what a browser sends to a callback, everything in it null."""
    spec = app.callback_map[output]
    named = [o.rsplit(".", 1) for o in output.strip(".").split("...") if "." in o]
    outputs = [{"id": id_, "property": name} for id_, name in named]
    return {
        "output": output,
        "outputs": outputs[0] if len(outputs) == 1 and not output.startswith("..") else outputs,
        "inputs": [{**entry, "value": None} for entry in spec["inputs"]],
        "state": [{**entry, "value": None} for entry in spec["state"]],
        "changedPropIds": [],
    }


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/trends",
        "/status?person=1",
        "/nowhere",
        "/login/",
        "/share/",
        "/share/x/y",
        "/healthz/",
        "//",
    ],
)
def test_a_page_leads_to_the_sign_in(stranger: FlaskClient, path: str) -> None:
    answer = stranger.get(path, headers=HTML)
    assert answer.status_code in (302, 308), path
    assert answer.status_code == 308 or answer.headers["Location"].startswith("/login")
    assert stranger.get(path).status_code in (401, 308)


def test_the_way_back_is_kept(stranger: FlaskClient) -> None:
    answer = stranger.get("/days?person=1&range=14d", headers=HTML)
    assert answer.headers["Location"] == "/login?next=/days%3Fperson%3D1%26range%3D14d"


def test_without_an_owner_a_page_leads_to_the_set_up(services: Services) -> None:
    browser = create_app(services).server.test_client()
    assert browser.get("/", headers=HTML).headers["Location"] == "/setup"
    assert browser.get("/login").headers["Location"] == "/setup"


def test_the_assets_of_the_plain_pages_are_open_and_no_others(stranger: FlaskClient) -> None:
    for path in OPEN_ASSETS:
        with stranger.get(path) as answer:
            assert answer.status_code == 200, path
    for path in ("/assets/clock.js", "/assets/theme.js", "/assets/..%2fassets/clock.js", "/assets/cgm.css/../clock.js"):
        assert stranger.get(path).status_code in (401, 404), path


@pytest.mark.parametrize("id_", ["", "x", "a" * 43, "' OR 1=1 --", "../../x", "ü" * 43, "a" * 3000])
def test_a_planted_session_is_nobodys(stranger: FlaskClient, id_: str) -> None:
    stranger.set_cookie(COOKIE, id_)
    assert stranger.get("/api/now").status_code == 401
    stranger.set_cookie("__Host-" + COOKIE, id_)
    assert stranger.get("/api/now").status_code == 401


def test_of_two_sessions_that_differ_none_counts(app: Dash, services: Services, clock: Clock) -> None:
    user_of(services.store, "Eve", Role.VIEWER)
    mine, planted = (session_of(services.store, clock.now, name) for name in (OWNER, "Eve"))
    for sent, status in (
        (f"{COOKIE}={mine}", 200),
        (f"{COOKIE}={mine}; {COOKIE}={mine}", 200),
        (f"{COOKIE}={planted}; {COOKIE}={mine}", 401),
        (f"{COOKIE}={mine}; {COOKIE}=x", 401),
    ):
        browser = app.server.test_client(use_cookies=False)
        assert browser.get("/api/now", headers={"Cookie": sent}).status_code == status, sent


def test_a_session_opens_everything_to_the_owner_until_it_ends(
    app: Dash, services: Services, add_person: Add, clock: Clock
) -> None:
    add_person()
    browser, id_ = app.server.test_client(), session_of(services.store, clock.now)
    browser.set_cookie(COOKIE, id_)
    assert browser.get("/api/now").json["person"] == "Mira"
    assert browser.get("/trends", headers=HTML).status_code == 200
    services.store.sessions.end(id_)
    assert browser.get("/api/now").status_code == 401


def test_a_half_session_opens_nothing(app: Dash, services: Services, clock: Clock) -> None:
    browser = app.server.test_client()
    id_ = services.store.sessions.open(clock.now, user_id=user_of(services.store), half=True)
    browser.set_cookie(COOKIE, id_)
    assert browser.get("/api/now").status_code == 401
    assert browser.get("/", headers=HTML).headers["Location"] == "/login"


def test_encrypted_only_the_cookie_that_was_set_so_counts(services: Services, clock: Clock) -> None:
    id_ = session_of(services.store, clock.now)
    trusting = replace(services, settings=replace(services.settings, trusted_proxies=("127.0.0.1/32",)))
    browser = create_app(trusting).server.test_client()
    https = {"X-Forwarded-Proto": "https"}
    browser.set_cookie(COOKIE, id_)
    assert browser.get("/api/now").status_code == 200
    assert browser.get("/api/now", headers=https).status_code == 401
    browser.set_cookie("__Host-" + COOKIE, id_)
    assert browser.get("/api/now", headers=https).status_code == 200


# --- where the database is away


def away_from(services: Services, clock: Clock) -> tuple[Callable[[], None], list[bool]]:
    gone: list[bool] = []

    def ready() -> None:
        if gone:
            raise StoreUnavailable("away")

    return ready, gone


def test_without_the_database_only_those_seen_lately_go_on(services: Services, clock: Clock, add_person: Add) -> None:
    add_person()
    ready, gone = away_from(services, clock)
    app = create_app(replace(services, ready=ready))
    seen, new = app.server.test_client(), app.server.test_client()
    for browser in (seen, new):
        browser.set_cookie(COOKIE, session_of(services.store, clock.now))
    assert seen.get("/api/now").status_code == 200
    gone.append(True)
    assert seen.get("/_dash-layout").status_code == 200  # a page that says so
    assert new.get("/api/now").status_code == 503
    answer = new.get("/", headers=HTML)
    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert "The database does not answer" in answer.text
    assert app.server.test_client().get("/login").status_code == 503
    clock.now += REMEMBERED_S + 1
    assert seen.get("/_dash-layout").status_code == 503


def test_who_has_signed_out_does_not_go_on_without_the_database(services: Services, clock: Clock) -> None:
    ready, gone = away_from(services, clock)
    app = create_app(replace(services, ready=ready))
    browser, id_ = app.server.test_client(), session_of(services.store, clock.now)
    browser.set_cookie(COOKIE, id_)
    assert browser.get("/_dash-layout").status_code == 200
    services.store.sessions.end(id_)
    assert browser.get("/_dash-layout").status_code == 401
    gone.append(True)
    assert browser.get("/_dash-layout").status_code == 503


# --- programs


def token_of(services: Services, *scopes: Scope, person: int | None = None) -> dict[str, str]:
    now = services.now()
    _token, secret = services.store.tokens.create("t", scopes, now, days=1, person_id=person, created_by=OWNER)
    return {"Authorization": f"Bearer {secret}"}


def person_told(browser: FlaskClient, headers: dict[str, str]) -> str:
    return str(json.loads(browser.get("/api/now", headers=headers).data)["person"])


def test_a_programs_token_opens_what_it_is_for_and_nothing_else(
    stranger: FlaskClient, services: Services, add_person: Add
) -> None:
    add_person()
    reading, measuring = token_of(services, Scope.READ), token_of(services, Scope.METRICS)
    assert person_told(stranger, reading) == "Mira"
    assert stranger.get("/report.pdf", headers=reading).status_code == 200
    assert stranger.get("/metrics", headers=reading).status_code in (401, 403)
    for path in ("/api/now", "/report.pdf"):
        assert stranger.get(path, headers=measuring).status_code == 403
    for path in ("/", "/_dash-layout", "/_dash-dependencies", "/assets/clock.js", "/account", "/access", "/audit"):
        assert stranger.get(path, headers=reading).status_code == 401, path
    assert stranger.get("/api/now", headers={"Authorization": "Bearer cgm_" + "x" * 43}).status_code == 401
    assert stranger.get("/api/now", headers={"Authorization": "Basic eDp5"}).status_code == 401
    secret = reading["Authorization"].split()[1]
    assert stranger.get(f"/api/now?token={secret}").status_code == 401


def test_a_token_is_for_its_person_and_until_it_is_revoked(
    stranger: FlaskClient, services: Services, add_person: Add
) -> None:
    mira, jonas = add_person("Mira"), add_person("Jonas")
    header = token_of(services, Scope.READ, person=jonas.id)
    assert person_told(stranger, header) == "Jonas"
    assert stranger.get(f"/api/now?person={mira.id}", headers=header).status_code == 404
    for token in services.store.tokens.list():
        services.store.tokens.revoke(token.id)
    assert stranger.get("/api/now", headers=header).status_code == 401


# --- roles


@pytest.mark.parametrize("role", [Role.CARER, Role.VIEWER])
def test_who_does_not_manage_can_write_nothing(app: Dash, services: Services, add_person: Add, role: Role) -> None:
    person = add_person()
    as_user(app, services, "Vera", role)
    for output in app.callback_map:
        answer = app.server.test_client().post("/_dash-update-component", json=body_of(app, output))
        wanted = (200, 204, 403) if "callback" in app.callback_map[output] else (400,)
        assert answer.status_code in wanted, (output, answer.status_code)
    with app.server.test_client() as browser:
        browser.get("/api/now")  # the request stands while the services are asked
        for act in (
            services.ask_poll,
            services.disconnect,
            lambda: services.ask_check("f@example.org", "x"),
            lambda: services.connect("f@example.org", "x"),
            lambda: services.errand("x"),
        ):
            with pytest.raises(NotAllowed):
                act()
    pressed: dict[str, Any] = {"url__search": f"?person={person.id}", "unit_select__value": "mg/dL"}
    for button, more in (
        (ids.NAME_SAVE, {"name_input__value": "Other"}),
        (ids.ZONE_SAVE, {"zone_select__value": "Asia/Tokyo"}),
        (ids.TARGETS_SAVE, {"target_set__value": "pregnancy"}),
        (ids.UNDO, {"undo_was__data": {"what": "name", "name": "Other", "person": str(person.id)}}),
        (ids.DISCONNECT, {}),
        (ids.ASK_NOW, {}),
    ):
        assert press(app, button, {**pressed, **more}).status_code == 403, button
    kept = services.store.people.get(person.id)
    assert kept is not None
    assert (kept.name, kept.zone, kept.target_set) == ("Mira", "Europe/Berlin", person.target_set)


def press(app: Dash, button: str, given: dict[str, Any]) -> TestResponse:
    """Post to the callback of a button, clicked once."""
    spec = next(s for s in app.callback_map.items() if any(entry["id"] == button for entry in s[1]["inputs"]))
    body = body_of(app, spec[0])
    for entry in (*body["inputs"], *body["state"]):
        name = f"{entry['id']}__{entry['property']}".replace("-", "_")
        entry["value"] = 1 if entry["id"] == button else given.get(name)
    answer: TestResponse = app.server.test_client().post("/_dash-update-component", json=body)
    return answer


def test_what_one_may_not_open_is_not_offered_either(app: Dash, services: Services, add_person: Add) -> None:
    add_person()
    as_user(app, services, "Vera", Role.VIEWER)
    browser = app.server.test_client()
    page = browser.get("/_dash-layout").json
    assert "Data" not in texts(shown(page, ids.NAV)["children"])
    assert "Data" not in texts(shown(page, ids.TABS)["children"])
    assert "Signed in as Vera" in texts(page)
    assert "Access" not in texts(page)
    refused = texts(browser.get("/_dash-layout", headers={"X-Page": "/data"}).json)
    assert "no page at this address" in refused
    assert "f…@example.org" not in refused
    assert "no page at this address" in texts(call(app, "page.children", url__pathname="/data")["page"]["children"])
    settings = browser.get("/_dash-layout", headers={"X-Page": "/settings"}).json
    assert "This browser" in texts(settings)
    assert ids.NAME_SAVE not in json.dumps(settings)
    status = browser.get("/_dash-layout", headers={"X-Page": "/status"}).json
    assert "f…@example.org" not in json.dumps(status)
    assert ids.ASK_NOW not in json.dumps(status)


def test_the_owner_is_offered_what_only_owners_may(app: Dash, services: Services, add_person: Add) -> None:
    add_person()
    let_in(app, services)
    page = app.server.test_client().get("/_dash-layout").json
    assert {"Data", "Access", "Audit", "Sign out"} <= set(texts(page).replace("  ", " ").split(" ")) | {"Sign out"}
    assert "Sign out" in texts(page)


def rows_of(services: Services) -> dict[str, Any]:
    """Return all that is stored, but for what a look leaves behind: the audit, when somebody was seen, derived days."""
    left = ("audit", "days", "day_blocks", "day_states", "stale_days")
    with looking(services.store.engine) as connection:
        return {
            table.name: connection.execute(
                sa.select(*(c for c in table.c if c.name not in ("last_seen", "last_used", "last_address")))
            ).all()
            for table in metadata.sorted_tables
            if table.name not in left
        }


def test_nothing_is_changed_by_being_looked_at(app: Dash, services: Services, add_person: Add) -> None:
    person, now = add_person(minutes=5), services.now()
    as_user(app, services, OWNER, Role.OWNER)
    assert (user_of(services.store), person.id) == (1, 1)
    services.store.tokens.create("app", {Scope.READ}, now, days=9, person_id=1, created_by=OWNER)
    _share, secret = services.store.shares.create("Dr Beck", 1, {"report"}, now, hours=9, pin=None, created_by=OWNER)
    browser = app.server.test_client()
    before = rows_of(services)
    for rule in app.server.url_map.iter_rules():
        path = path_of(re.sub(r"<int[^>]*>", "1", rule.rule)).replace("/share/x", f"/share/{secret}")
        with browser.get(f"{path}?name=X&role=viewer&people=all&session=others&own_password=x&person=1") as answer:
            assert answer.status_code != 500, path
    assert rows_of(services) == before


def test_one_sees_only_those_one_may_see(app: Dash, services: Services, add_person: Add) -> None:
    mira, jonas = add_person("Mira"), add_person("Jonas")
    as_user(app, services, "Vera", Role.VIEWER, {jonas.id})
    with app.server.test_client() as browser:
        assert browser.get("/api/now").json["person"] == "Jonas"
        assert [person.name for person in services.people()] == ["Jonas"]
        with pytest.raises(NoSuchPerson):
            services.access(str(mira.id))
    for path in (f"/api/now?person={mira.id}", f"/report.pdf?person={mira.id}"):
        assert app.server.test_client().get(path).status_code == 404
    for path in ("/", "/trends", "/days", "/report", "/status"):
        page = app.server.test_client().get(f"/_dash-layout?person={mira.id}", headers={"X-Page": path})
        assert "Mira" not in page.text, path
        assert "no such person" in page.text.lower(), path


def test_a_shared_link_opens_its_pages_of_its_person(app: Dash, services: Services, add_person: Add) -> None:
    mira, jonas = add_person("Mira"), add_person("Jonas")
    now = services.now()
    share, _secret = services.store.shares.create(
        "for the doctor", mira.id, {"report"}, now, hours=1, pin=None, created_by=OWNER
    )
    browser = app.server.test_client()
    browser.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    browser.set_cookie(COOKIE, services.store.sessions.open(now, share_id=share.id))
    page = browser.get("/_dash-layout", headers={"X-Page": "/report"}).json
    assert texts(shown(page, ids.NAV)["children"]).split() == ["Report"]
    assert "Jonas" not in json.dumps(page)
    assert "for the doctor" not in json.dumps(page)
    assert browser.get("/report.pdf").status_code == 200
    assert browser.get(f"/report.pdf?person={jonas.id}").status_code == 404
    for path in ("/", "/trends", "/days", "/data", "/settings", "/status"):
        text = texts(browser.get("/_dash-layout", headers={"X-Page": path}).json)
        assert "no page at this address" in text, path
    for path in ("/api/now", "/account", "/access", "/audit", "/metrics"):
        assert browser.get(path).status_code in (403, 404), path
    allowed = {output for output in app.callback_map if ids.REPORT_PAINTED in output}
    for output, spec in app.callback_map.items():
        if "callback" not in spec:  # the browser's own
            continue
        status = browser.post("/_dash-update-component", json=body_of(app, output)).status_code
        frames = any(id_ in output for id_ in (ids.FRAME_PAINTED, ids.SHOWN, ids.ALARM_SAID))
        assert status == (403 if output not in allowed and not frames else status), output
        assert status in (200, 204, 403), output
    services.store.shares.revoke(share.id)
    assert browser.get("/report.pdf").status_code == 401


@pytest.mark.parametrize("page", ["report", "trends", "days"])
def test_a_link_without_the_live_page_tells_no_newest_reading(
    app: Dash, services: Services, add_person: Add, page: str
) -> None:
    mira, now = add_person("Mira", **LOW), services.now()
    told = []
    for pages in ({page}, {page, "now"}):
        share, _secret = services.store.shares.create("Dr", mira.id, pages, now, hours=1, pin=None, created_by=OWNER)
        browser = app.server.test_client()
        browser.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
        browser.set_cookie(COOKIE, services.store.sessions.open(now, share_id=share.id))
        layout = browser.get("/_dash-layout", headers={"X-Page": f"/{page}"}).json
        body = body_of(app, next(output for output in app.callback_map if ids.FRAME_PAINTED in output))
        for entry in body["inputs"]:
            entry["value"] = {"search": f"?person={mira.id}", "data": "/"}.get(entry["property"])
        beat = browser.post("/_dash-update-component", json=body).json["response"]
        for area in (shown(layout, ids.SIGN), shown(layout, ids.BANNER), beat[ids.SIGN], beat[ids.BANNER]):
            told.append(json.dumps(area))
        signs = beat[ids.SIGN]["children"]["props"]
        if "now" not in pages:
            assert signs["data-told"] == "false"
            assert "Mira" in signs["data-title-none"]
            assert "reading" not in signs["data-title-none"]
            assert "livebox" not in json.dumps(layout)
    for without, also in zip(told[:4], told[4:], strict=True):
        assert not any(word in without for word in ("62", "low", "measured-at", "Low")), without
        assert "62" in also


def test_a_demo_needs_no_sign_in_and_has_none(services: Services, add_person: Add) -> None:
    add_person()
    demo = replace(services, settings=replace(services.settings, llu_email=None, llu_password=None), demo=True)
    browser = create_app(demo).server.test_client()
    page = browser.get("/_dash-layout")
    assert page.status_code == 200
    assert "Signed in as" not in page.text
    assert browser.get("/login").headers["Location"] == "/"


def test_outside_a_request_whoever_runs_a_command_may_do_everything(services: Services, add_person: Add) -> None:
    person = add_person()
    assert services.access(str(person.id)).name == "Mira"
    try:
        services.ask_poll()
    except TooSoon:
        pass


# --- other sites


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 403),
        ({"Sec-Fetch-Site": ""}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
        ({"Origin": "http://localhost:81"}, 403),
        ({"Origin": "ftp://localhost"}, 403),
        ({"Origin": "localhost"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 204),
        ({"Sec-Fetch-Site": "none"}, 204),
        ({"Origin": "http://localhost"}, 204),
        ({"Origin": "http://LOCALHOST:80"}, 204),
        ({"Origin": "https://localhost"}, 204),  # decrypted by a proxy that does not say so
    ],
)
def test_what_changes_something_must_come_from_a_page_of_ours(
    app: Dash, services: Services, headers: dict[str, str], status: int
) -> None:
    browser = app.server.test_client()
    browser.set_cookie(COOKIE, session_of(services.store, services.now()))
    output = next(output for output in app.callback_map if ids.ASK_OUTCOME in output)
    answer = browser.post("/_dash-update-component", json=body_of(app, output), headers=headers)
    assert answer.status_code == status


def test_a_demo_takes_no_form_of_another_site_either(services: Services) -> None:
    demo = replace(services, settings=replace(services.settings, llu_email=None, llu_password=None), demo=True)
    app = create_app(demo)
    output = next(output for output in app.callback_map if ids.CONNECT_EMAIL in output)
    for headers in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}):
        answer = app.server.test_client().post("/_dash-update-component", json=body_of(app, output), headers=headers)
        assert answer.status_code == 403


def test_what_is_refused_is_told_in_the_log(
    app: Dash, services: Services, add_person: Add, caplog: pytest.LogCaptureFixture
) -> None:
    add_person()
    as_user(app, services, "Vera", Role.VIEWER)
    app.server.test_client().get("/access")
    press(app, ids.NAME_SAVE, {"url__search": "", "unit_select__value": "mg/dL", "name_input__value": "X"})
    app.server.test_client().post("/logout", headers={"Sec-Fetch-Site": "cross-site"})
    app.server.test_client().post("/_dash-update-component", json={"output": "x.children"}, headers=FROM_PAGE)
    app.server.test_client().get("/healthz", headers={"Host": "evil.example"})
    said = [record.message for record in caplog.records if "refused" in record.message]
    assert said == [
        "request right=refused rule=/access",
        "request right=refused rule=/_dash-update-component",
        "request site=refused",
        "request body=refused reason=there is no such output",
        "request host=refused",
    ]
    assert "Vera" not in caplog.text
