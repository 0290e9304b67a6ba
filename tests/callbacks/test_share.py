"""/share/<secret>: what a link shows before it is opened, what opens it, and what it opens then."""

import pytest
from dash import Dash

from callbacks.services import Services
from sql.people import Person
from sql.shares import Share
from tests.callbacks.conftest import Add, Clock
from tests.support.plain_client import PASSWORD, PlainClient, owner

PIN = "4711"


@pytest.fixture
def mira(add_person: Add) -> Person:
    return add_person("Mira", minutes=5)


@pytest.fixture
def doctor(dash_app: Dash, services: Services) -> PlainClient:
    owner(services)
    return PlainClient(dash_app.server, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Edg/140.0")


def shared(
    services: Services, person: Person, *pages: str, pin: str | None = None, hours: int = 24
) -> tuple[Share, str]:
    share, secret = services.store.shares.create(
        "Dr Beck", person.id, frozenset(pages or ("report",)), services.now(), hours=hours, pin=pin, created_by="Ada"
    )
    return share, f"/share/{secret}"


def test_looking_at_a_link_changes_nothing(services: Services, doctor: PlainClient, mira: Person) -> None:
    share, path = shared(services, mira, "report", "trends")
    answer = doctor.get(path)
    assert answer.status_code == 200
    assert "Shared with Dr Beck" in doctor.text
    assert "Of Mira Opens Trends, Report Until Mon 23 Nov 12:00 (Europe/Berlin)" in doctor.text
    assert doctor.page.select('meta[name=robots][content="noindex"]')
    assert answer.headers["Cache-Control"] == "no-store"
    assert not doctor.cookie
    found = services.store.shares.get(share.id, services.now())
    assert found is not None
    assert (found.uses, found.last_used) == (0, None)
    assert services.store.audit.newest() == ()


def test_opening_begins_a_session_of_the_link_and_leads_to_its_first_page(
    services: Services, doctor: PlainClient, mira: Person
) -> None:
    share, path = shared(services, mira, "report", "days")
    doctor.get(path)
    answer = doctor.fill(path, follow=False)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/days?person={mira.id}"
    session = services.store.sessions.find(doctor.cookie, services.now())
    assert session is not None
    assert (session.share_id, session.user_id, session.expires) == (share.id, None, share.expires)
    found = services.store.shares.get(share.id, services.now())
    assert found is not None
    assert (found.uses, found.last_used) == (1, services.now())
    entry = services.store.audit.newest(1)[0]
    assert (entry.who, entry.action, entry.about, entry.address) == (
        "share:Dr Beck",
        "share-opened",
        "Dr Beck",
        "127.0.0.1",
    )


def test_a_form_of_another_site_opens_nothing(services: Services, doctor: PlainClient, mira: Person) -> None:
    _share, path = shared(services, mira)
    doctor.get(path)
    assert doctor.post(path, {}).status_code == 403
    token = {"token": str(doctor.page.select("[name=token]")[0]["value"])} if doctor.page.select("[name=token]") else {}
    assert doctor.post(path, token, site="cross-site").status_code == 403
    assert not doctor.cookie


def test_a_pin_is_asked_for_and_keeps_the_name_back(services: Services, doctor: PlainClient, mira: Person) -> None:
    _share, path = shared(services, mira, pin=PIN)
    doctor.get(path)
    assert "Mira" not in doctor.text
    answer = doctor.fill(path, pin="0815")
    assert answer.status_code == 401
    assert doctor.faults == {"pin": "This is not the PIN."}
    assert "0815" not in str(doctor.page)
    assert services.store.audit.newest(1)[0].action == "share-refused"
    assert doctor.fill(path, pin=PIN, follow=False).status_code == 303


def test_pins_cannot_be_tried_out_from_one_address(
    services: Services, doctor: PlainClient, mira: Person, clock: Clock
) -> None:
    _share, path = shared(services, mira, pin=PIN)
    doctor.get(path)
    for n in range(5):
        doctor.fill(path, pin=f"000{n}")
    answer = doctor.fill(path, pin=PIN)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "Too many tries" in doctor.faults["pin"]
    clock.now += int(answer.headers["Retry-After"]) + 1
    assert doctor.fill(path, pin=PIN, follow=False).status_code == 303


def test_pins_cannot_be_tried_out_from_many_addresses(services: Services, doctor: PlainClient, mira: Person) -> None:
    _share, path = shared(services, mira, pin=PIN)
    doctor.get(path)
    statuses = []
    for n in range(12):
        doctor.flask.environ_base["REMOTE_ADDR"] = f"127.0.1.{n}"
        statuses.append(doctor.fill(path, pin="0000").status_code)
    assert statuses == [401] * 10 + [429] * 2
    assert doctor.fill(path, pin=PIN).status_code == 429


def test_a_link_that_is_over_or_never_was_opens_nothing(
    services: Services, doctor: PlainClient, mira: Person, clock: Clock
) -> None:
    _share, path = shared(services, mira, hours=1)
    clock.now += 3601
    for address in (path, "/share/nothing", "/share/" + "x" * 5000, "/share/%00"):
        assert doctor.get(address).status_code == 404, address
        assert "This link opens nothing" in doctor.text
        assert "Dr Beck" not in doctor.text


def test_who_opens_a_link_while_signed_in_is_told_and_signed_out(
    services: Services, doctor: PlainClient, mira: Person
) -> None:
    user = services.store.users.by_name("Ada")
    assert user is not None
    doctor.sign_in(services, user)
    before = doctor.cookie
    _share, path = shared(services, mira)
    doctor.get(path)
    assert "You are signed in here as Ada." in doctor.text
    doctor.fill(path, follow=False)
    assert doctor.cookie != before
    assert services.store.sessions.find(before, services.now()) is None


def test_a_link_opens_its_pages_of_its_person_and_nothing_else(
    services: Services, doctor: PlainClient, mira: Person, add_person: Add
) -> None:
    other = add_person("Otto", minutes=5)
    _share, path = shared(services, mira, "report")
    doctor.get(path)
    doctor.fill(path, follow=False)
    assert doctor.get(f"/report.pdf?person={mira.id}&range=7d").mimetype == "application/pdf"
    assert doctor.get(f"/report.pdf?person={other.id}").status_code == 404
    for closed in ("/api/now", "/account", "/access", "/audit", "/access/links/new"):
        assert doctor.get(closed).status_code == 403, closed


def test_a_revoked_link_closes_what_it_opened_at_once(services: Services, doctor: PlainClient, mira: Person) -> None:
    share, path = shared(services, mira)
    doctor.get(path)
    doctor.fill(path, follow=False)
    assert doctor.get("/report.pdf").status_code == 200
    services.store.shares.revoke(share.id)
    assert doctor.get("/report.pdf", follow=False).status_code in (302, 401)
    assert doctor.get(path).status_code == 404


def outlive_a_link(services: Services, doctor: PlainClient, mira: Person, clock: Clock) -> None:
    """Have the doctor open a link of an hour, and let that hour pass."""
    _share, path = shared(services, mira, hours=1)
    doctor.get(path)
    doctor.fill(path, follow=False)
    clock.now += 3601


def test_who_had_a_link_that_is_over_is_told_so_and_not_asked_to_sign_in(
    services: Services, doctor: PlainClient, mira: Person, clock: Clock
) -> None:
    outlive_a_link(services, doctor, mira, clock)
    answer = doctor.get(f"/report?person={mira.id}", follow=False)
    assert answer.status_code == 401
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "What was shared with you is no longer open" in doctor.text
    assert "Mira" not in doctor.text
    assert not doctor.page.select("form")
    doctor.get("/login")
    doctor.fill("/login", name="Ada", password=PASSWORD)
    doctor.get("/account")
    doctor.fill("/logout")
    assert doctor.get("/report", follow=False).headers["Location"] == "/login?next=/report"  # somebody who signs in


def test_a_link_opens_nothing_after_its_time(
    services: Services, doctor: PlainClient, mira: Person, clock: Clock
) -> None:
    outlive_a_link(services, doctor, mira, clock)
    assert doctor.get("/report.pdf", follow=False).status_code in (302, 401)
