"""Connecting an account, without a browser: what is refused, what is said, and where the password goes."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dash import Dash

from app import Composition, compose, create_app
from callbacks import connect
from callbacks.services import Services
from cgm_dash.batch import Wearer
from cgm_dash.errand import ErrandResult, Found
from cgm_dash.settings import Settings
from layouts import ids
from sql.errands import Taken
from tests.callbacks.conftest import NOW, Clock, call, texts
from tests.support.signed_in import let_in

EMAIL = "follower@example.org"
SECRET = "canary-secret"
FOUND = ErrandResult("ok", (Found("Mira Rau", "DE", "mg/dL", 90.0), Found("", "", "", None)))


@pytest.fixture
def made(tmp_path: Path, clock: Clock) -> Iterator[Composition]:
    """The demo, with a service on this machine behind the form; nothing polls."""
    settings = Settings.from_env({"CGM_DASH_DATA_DIR": str(tmp_path), "CGM_DASH_LLU_URL": "http://127.0.0.1:9"})
    composition = compose(settings, clock, clock, restart=lambda: True)
    composition.services.ready()
    yield composition
    composition.services.store.close()


Lead = Callable[[ErrandResult], list[Taken]]


@pytest.fixture
def lead(services: Services, monkeypatch: pytest.MonkeyPatch) -> Lead:
    """Return a function that has some process answer the next errand at the first look for it."""
    taken: list[Taken] = []

    def answering(result: ErrandResult) -> list[Taken]:
        def answer() -> None:
            errand = services.store.errands.take(services.now())
            if errand is not None:
                taken.append(errand)
                services.store.errands.finish(errand.id, result, services.now())

        monkeypatch.setattr(connect, "pause", answer)
        return taken

    return answering


def send(app: Dash, email: object = EMAIL, password: object = SECRET, region: object = "auto", n: object = 1) -> Any:
    return call(
        app,
        f"{ids.CONNECT_EMAIL}.invalid",
        connect_form__n_submit=n,
        connect_email__value=email,
        connect_password__value=password,
        connect_region__value=region,
    )


def said(answer: Any) -> str:
    return texts(answer[ids.CONNECT_MESSAGE]["children"])


def wrong(answer: Any) -> tuple[bool, bool]:
    return answer[ids.CONNECT_EMAIL]["invalid"], answer[ids.CONNECT_PASSWORD]["invalid"]


def test_right_account_is_stored_and_the_page_waits_for_the_program(
    dash_app: Dash, services: Services, lead: Lead
) -> None:
    taken = lead(FOUND)
    answer = send(dash_app, f" {EMAIL} ", region="eu2")
    assert taken[0].payload == {"email": EMAIL, "password": SECRET, "region": "eu2"}
    assert "Mira Rau, newest reading 1 minute ago" in said(answer)
    assert "without a name, no reading yet" in said(answer)
    assert "Starting with it" in said(answer)
    assert (answer[ids.CONNECT_SINCE]["data"], answer[ids.CONNECT_TICK]["disabled"]) == (NOW, False)
    assert services.real_account.is_stored()


def test_page_says_so_where_the_program_cannot_restart_itself(
    dash_app: Dash, services: Services, lead: Lead, made: Composition
) -> None:
    lead(FOUND)
    object.__setattr__(services, "restart", lambda: False)
    answer = send(dash_app)
    assert "Start this program again by hand" in said(answer)
    assert answer[ids.CONNECT_TICK]["disabled"] is True
    assert ids.CONNECT_SINCE not in answer


def test_refused_password_marks_its_field_and_stores_nothing(dash_app: Dash, services: Services, lead: Lead) -> None:
    lead(ErrandResult("wrong-password"))
    answer = send(dash_app)
    assert "LibreLinkUp refused this e-mail and password" in said(answer)
    assert "three refusals in a minute lock the account" in said(answer)
    assert wrong(answer) == (False, True)
    assert not services.real_account.is_stored()


@pytest.mark.parametrize(
    ("code", "words"), [("no-connection", "Nobody shares readings"), ("terms", "new terms of use")]
)
def test_other_refusals_are_told_in_words(dash_app: Dash, lead: Lead, code: str, words: str) -> None:
    lead(ErrandResult(code))
    answer = send(dash_app)
    assert words in said(answer)
    assert wrong(answer) == (False, False)


def test_second_try_at_once_is_told_when_it_is_possible(dash_app: Dash, lead: Lead, clock: Clock) -> None:
    lead(ErrandResult("network"))
    send(dash_app)
    clock.now += 4
    assert "The next try is possible at 11:00:10" in said(send(dash_app))


def test_next_try_is_told_in_the_time_of_the_page(dash_app: Dash, services: Services, lead: Lead, clock: Clock) -> None:
    person = services.store.sources.resolve(None, "librelinkup", Wearer("1", "Mira", "DE", "mg/dL")).person_id
    services.store.people.set_zone(person, "Asia/Kolkata", confirmed=True)
    lead(ErrandResult("network"))
    send(dash_app)
    clock.now += 4
    assert "The next try is possible at 16:30:10" in said(send(dash_app))


def test_nobody_who_answers_is_told_and_ends(
    dash_app: Dash, services: Services, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    monkeypatch.setattr(connect, "pause", lambda: looks.append(1))
    assert "Nobody answered within 20 seconds" in said(send(dash_app))
    assert len(looks) == connect.LOOKS
    clock.now += 100
    monkeypatch.setattr(connect, "pause", lambda: setattr(clock, "now", clock.now + 5))
    assert "Nobody answered within 20 seconds" in said(send(dash_app))
    assert not services.real_account.is_stored()


@pytest.mark.parametrize("odd", [None, 7, "", "mira", "a@b\0c", "a b@c", "x" * 400 + "@y", ["a@b"], {"a": 1}])
def test_odd_email_is_refused_before_anything_is_asked(dash_app: Dash, services: Services, odd: object) -> None:
    answer = send(dash_app, odd)
    assert wrong(answer) == (True, False)
    assert "such as name@example.org" in said(answer)
    assert services.store.errands.take(NOW) is None


@pytest.mark.parametrize("odd", [None, 7, "", "x" * 400, "a\0b", ["x"], {"a": 1}])
def test_odd_password_is_refused_before_anything_is_asked(dash_app: Dash, services: Services, odd: object) -> None:
    answer = send(dash_app, EMAIL, odd)
    assert wrong(answer) == (False, True)
    assert services.store.errands.take(NOW) is None


def test_odd_region_is_left_to_be_found(dash_app: Dash, lead: Lead, clock: Clock) -> None:
    taken = lead(ErrandResult("network"))
    for odd in ("mars", 7, None, ["eu"], "../../x"):
        clock.now += 120
        send(dash_app, region=odd)
    assert [one.payload["region"] for one in taken] == [None] * 5


@pytest.mark.parametrize("odd", [None, 0, -1, "1", True, [1]])
def test_form_that_was_not_sent_does_nothing(dash_app: Dash, odd: object) -> None:
    assert send(dash_app, n=odd) == {}


def test_password_is_in_no_answer_log_or_file(
    dash_app: Dash, lead: Lead, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    lead(FOUND)
    assert SECRET not in str(send(dash_app))
    assert SECRET not in caplog.text
    assert not any(SECRET.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_page_is_ready_once_a_process_began_after_the_change(dash_app: Dash, services: Services) -> None:
    def wait(since: object, ticks: object = 3) -> Any:
        given = {"connect_tick__n_intervals": ticks, "connect_tick__n-intervals": ticks}
        return call(dash_app, f"{ids.CONNECT_READY}.data", connect_since__data=since, **given)

    began = services.awake_since()
    assert wait(began - 1)[ids.CONNECT_READY]["data"] is True
    assert wait(began) == {}
    assert "takes longer than usual" in said(wait(began, connect.PATIENCE_TICKS))
    odd: list[object] = [None, "x", True, [], {}]
    assert [wait(one) for one in odd] == [{}] * 5


def test_account_that_stands_in_the_settings_is_changed_there(tmp_path: Path, clock: Clock) -> None:
    given = {"CGM_DASH_DATA_DIR": str(tmp_path), "CGM_DASH_LLU_EMAIL": EMAIL, "CGM_DASH_LLU_PASSWORD": SECRET}
    composition = compose(Settings.from_env(given), clock, clock)
    composition.services.ready()
    assert "CGM_DASH_LLU_EMAIL" in said(send(let_in(create_app(composition.services), composition.services)))
    composition.services.store.close()
