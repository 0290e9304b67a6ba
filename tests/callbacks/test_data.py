"""The page Data, without a browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dash import Dash

from app import Composition, compose, create_app
from callbacks import data
from callbacks.services import Services
from callbacks.visit import Viewer, visit_of
from cgm_dash.account import Credentials
from cgm_dash.batch import Columns
from cgm_dash.reading import Kind, Reading
from cgm_dash.settings import Settings
from cgm_dash.units import Unit
from layouts import ids
from layouts.data import AREAS, DataView, page
from sql.runs import Run
from tests.callbacks.conftest import NOW, Add, Clock, call, texts
from tests.layouts.rendered import by_id, words
from tests.support.signed_in import let_in

MONTH_AGO = NOW - 30 * 86_400


def gathered(services: Services, search: str = "") -> DataView:
    services.ready()
    return data.gather(services, visit_of(services, search, Viewer(Unit.MG_DL)))


@pytest.fixture
def stored(tmp_path: Path, clock: Clock) -> Iterator[Services]:
    """Services with an account connected on the page; nothing polls."""
    settings = Settings.from_env({"CGM_DASH_DATA_DIR": str(tmp_path), "CGM_DASH_LLU_URL": "http://127.0.0.1:9"})
    compose(settings, clock, clock).services.real_account.keep(Credentials.of("follower@example.org", "x", "eu2"), None)
    composition: Composition = compose(settings, clock, clock, restart=lambda: True)
    composition.services.ready()
    yield composition.services
    composition.services.store.close()


def test_readings_are_counted_by_kind_and_month(services: Services, add_person: Add) -> None:
    person = add_person(minutes=1440)
    (source,) = services.store.sources.of_person(person.id)
    rows = [Reading(MONTH_AGO - 300 * i, 120, Kind.HISTORY, period_s=300, offset_min=60) for i in range(12)]
    services.store.readings.add(person.id, source.source_id, Columns.of(rows), arrived=NOW)
    view = gathered(services)
    assert [(k.source, k.kind, k.n) for k in view.kinds] == [
        ("librelinkup", Kind.LIVE, 1440),
        ("librelinkup", Kind.HISTORY, 12),
    ]
    assert [(m.first.month, m.days, m.n) for m in view.months] == [(11, 2, 1440), (10, 1, 12)]
    assert view.months[0].percent == pytest.approx(100 * 1440 / (21.5 * 1440), abs=0.1)
    shown = words(page(view, "").body)
    assert "1\u202f452 readings over 30 days" in shown
    assert "November 2026 2 1\u202f440" in shown
    assert "LibreLinkUp, the sensor's own history Fri 23 Oct 12" in shown  # one day is no stretch of days


def test_account_in_the_settings_is_shown_masked_and_changed_there(services: Services, add_person: Add) -> None:
    add_person()
    services.store.runs.record(Run(upstream_id=None, started=NOW, outcome="network"))
    body = page(gathered(services), "").body
    shown = words(body)
    assert "…@example.org" in shown
    assert "f@example.org" not in shown
    assert "The account stands in CGM_DASH_LLU_EMAIL and is changed there." in shown
    assert "cannot be reached over the network" in shown
    assert by_id(body, ids.DISCONNECT) is by_id(body, ids.CONNECT_FORM) is None
    assert by_id(body, ids.ASK_NOW) is not None


def test_stored_account_can_be_changed_and_disconnected(stored: Services) -> None:
    view = gathered(stored)
    assert (view.connected, view.account.email, view.account.region) == (True, "f…@example.org", "eu2")
    body = page(view, "").body
    assert "Europe, second server" in words(body)
    assert by_id(body, ids.CONNECT_FORM) is not None
    app = let_in(create_app(stored), stored)
    for odd in (None, 0, "1", True):
        assert call(app, f"{ids.DISCONNECT_MESSAGE}.children", disconnect__n_clicks=odd) == {}
    assert stored.real_account.is_stored()
    answer = call(app, f"{ids.DISCONNECT_MESSAGE}.children", disconnect__n_clicks=1)
    assert "opens anew by itself" in texts(answer[ids.DISCONNECT_MESSAGE]["children"])
    assert answer[ids.DISCONNECTED]["data"] == NOW
    assert not stored.real_account.is_stored()


def test_account_in_the_settings_cannot_be_disconnected_here(dash_app: Dash) -> None:
    answer = call(dash_app, f"{ids.DISCONNECT_MESSAGE}.children", disconnect__n_clicks=1)
    assert "CGM_DASH_LLU_EMAIL" in answer[ids.DISCONNECT_MESSAGE]["children"]


def test_what_is_painted_already_is_not_drawn_again(dash_app: Dash, add_person: Add, clock: Clock) -> None:
    def renew(**values: Any) -> Any:
        return call(dash_app, f"{ids.DATA_STORED}.children", **{"url__pathname": "/data", **values})

    add_person()
    key = renew()[ids.DATA_PAINTED]["data"]
    clock.now += 60
    assert renew(data_painted__data=key) == {}
    add_person("Mira", minutes=1, until=NOW + 30)
    assert set(renew(data_painted__data=key)) >= {*AREAS, ids.DATA_PAINTED}
    odd: list[object] = [7, "x" * 3000, [], {}, True]
    for one in odd:
        for name in ("url__search", "unit_select__value", "viewer__data", "data_painted__data"):
            renew(**{name: one})


def test_page_without_readings_says_so(services: Services) -> None:
    assert "The first reading appears here by itself." in words(page(gathered(services), "").body)
