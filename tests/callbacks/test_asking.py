"""Ask now, without a browser: what is said while the answer is awaited, and when it is there."""

from typing import Any

import pytest
from dash import Dash

from callbacks.services import Services
from cgm_dash.errand import ErrandResult
from layouts import ids
from sql.runs import Run
from tests.callbacks.conftest import NOW, Clock, call


def ask(app: Dash, clicks: object = 1, errand: object = None) -> tuple[str, Any, bool] | None:
    answer = call(app, f"{ids.ASK_OUTCOME}.children", ask_now__n_clicks=clicks, ask_errand__data=errand)
    if not answer:
        return None
    told = answer[ids.ASK_OUTCOME]["children"], answer[ids.ASK_ERRAND]["data"], answer[ids.ASK_TICK]["disabled"]
    return told


def asked(app: Dash) -> Any:
    told = ask(app)
    assert told is not None
    assert told[0] == "Asking… at most 20 seconds more."
    assert told[2] is False
    return told[1]


def test_answer_is_awaited_and_then_told(dash_app: Dash, services: Services, clock: Clock) -> None:
    errand = asked(dash_app)
    clock.now += 5
    assert ask(dash_app, errand=errand) == ("Asking… at most 15 seconds more.", errand, False)
    taken = services.store.errands.take(clock.now)
    assert taken is not None
    services.store.runs.record(Run(upstream_id=None, started=NOW, outcome="ok", stored=1))
    services.store.errands.finish(taken.id, ErrandResult("ok"), clock.now)
    assert ask(dash_app, errand=errand) == ("Answered, with a new reading.", None, True)
    services.store.runs.record(Run(upstream_id=None, started=NOW + 1, outcome="ok", stored=0))
    assert ask(dash_app, errand=errand) == ("Answered; there is nothing newer yet.", None, True)


def test_failure_is_told_in_words(dash_app: Dash, services: Services) -> None:
    errand = asked(dash_app)
    taken = services.store.errands.take(NOW)
    assert taken is not None
    services.store.errands.finish(taken.id, ErrandResult("rate-limited"), NOW)
    assert ask(dash_app, errand=errand) == ("Failed: asked to slow down.", None, True)


def test_wait_ends_when_nobody_answers(dash_app: Dash, clock: Clock) -> None:
    errand = asked(dash_app)
    clock.now += 21
    told = ask(dash_app, errand=errand)
    assert told is not None
    assert told[0].startswith("No answer within 20 seconds.")
    assert told[1:] == (None, True)


def test_asking_again_at_once_says_when_it_is_possible(dash_app: Dash, services: Services, clock: Clock) -> None:
    asked(dash_app)
    taken = services.store.errands.take(NOW)
    assert taken is not None
    services.store.errands.finish(taken.id, ErrandResult("ok"), NOW)
    clock.now += 3
    told = ask(dash_app)
    assert told is not None
    assert told[0] == "LibreLinkUp is not asked that often. The next try is possible at 11:00:30."


ODD: list[object] = [-7, "x", [], {"id": 5, "until": 1}, {"id": "x" * 101, "until": 1}, {"id": "x", "until": "y"}]
ODD += [{"id": "x"}, {"id": "x", "until": 10**400}, {"id": "x", "until": True}, {"id": "", "until": 1}]


@pytest.mark.parametrize("odd", ODD)
def test_junk_asks_for_nothing(dash_app: Dash, services: Services, odd: object) -> None:
    assert ask(dash_app, clicks=None, errand=odd) is None
    assert ask(dash_app, clicks=odd) is None
    assert services.store.errands.take(NOW) is None


def test_unknown_errand_has_no_answer(dash_app: Dash) -> None:
    told = ask(dash_app, clicks=None, errand={"id": "planted", "until": NOW})
    assert told is not None
    assert told[2] is True
