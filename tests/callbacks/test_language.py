"""The language of a request: chosen, asked for or neither, and gone when the request is over."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask, Response, abort
from flask.testing import FlaskClient

from callbacks.server import language as language_hooks
from cgm_dash.i18n import _, language


@pytest.fixture
def server() -> Flask:
    """A server whose documents say a word, and hooks registered as for the real one."""
    server = Flask(__name__)
    language_hooks.register(server)

    @server.get("/page")
    def page() -> Response:
        return Response(_("Today"), mimetype="text/html")

    @server.get("/data.json")
    def data() -> Response:
        return Response("{}", mimetype="application/json")

    @server.get("/_dash-layout")
    def layout() -> Response:
        return Response("{}", mimetype="application/json")

    @server.get("/broken")
    def broken() -> Response:
        raise RuntimeError("a defect")

    @server.get("/refused")
    def refused() -> Response:
        abort(403)

    return server


@pytest.fixture
def client(server: Flask) -> FlaskClient:
    return server.test_client()


@pytest.mark.parametrize(
    ("cookie", "accepted", "answered"),
    [
        (None, None, "en"),
        ("de", None, "de"),
        ("en", "de", "en"),
        ("de", "en-GB,en", "de"),
        ("", "de", "de"),
        ("fr", "de-AT,de;q=0.9,en;q=0.5", "de"),
        ("fr", None, "en"),
        ("DE", "fr", "en"),
        ("../de", None, "en"),
        (None, "de", "de"),
        (None, "de-CH", "de"),
        (None, "fr,it;q=0.9", "en"),
        (None, "fr,de;q=0.4,en;q=0.3", "de"),
        (None, "en-US,en;q=0.9,de;q=0.8", "en"),
        (None, "de;q=0,fr", "en"),
        (None, "*", "en"),
        (None, ";;,=q\x7f", "en"),
        (None, "de;q=nonsense", "en"),
    ],
)
def test_cookie_then_browser_then_english(
    client: FlaskClient, cookie: str | None, accepted: str | None, answered: str
) -> None:
    if cookie is not None:
        client.set_cookie(language_hooks.COOKIE, cookie)
    response = client.get("/page", headers={} if accepted is None else {"Accept-Language": accepted})
    assert response.text == {"en": "Today", "de": "Heute"}[answered]
    assert response.headers["Content-Language"] == answered


@pytest.mark.parametrize("path", ["/page", "/_dash-layout", "/refused"])
def test_answers_with_words_tell_their_language_and_what_it_hangs_on(client: FlaskClient, path: str) -> None:
    response = client.get(path, headers={"Accept-Language": "de"})
    assert response.headers["Content-Language"] == "de"
    assert {"cookie", "accept-language"} <= {name.lower() for name in response.vary}


def test_answers_for_machines_have_no_language(client: FlaskClient) -> None:
    response = client.get("/data.json", headers={"Accept-Language": "de"})
    assert "Content-Language" not in response.headers
    assert not response.vary


@pytest.mark.parametrize("path", ["/page", "/broken", "/refused", "/nowhere"])
def test_no_request_leaves_its_language_behind(client: FlaskClient, path: str) -> None:
    client.get(path, headers={"Accept-Language": "de"})
    assert language() == "en"


def test_a_refusal_before_the_language_is_known_leaves_nothing_behind(server: Flask) -> None:
    server.before_request_funcs[None].insert(0, lambda: Response("no", 403))
    assert server.test_client().get("/page", headers={"Accept-Language": "de"}).status_code == 403
    assert language() == "en"


def test_threads_that_answer_many_viewers_mix_nothing_up(server: Flask) -> None:
    inside = threading.Barrier(4)

    @server.get("/slow")
    def slow() -> str:
        before = _("Today")
        inside.wait(10)  # four requests are under way, two of each language
        return f"{before} {_('Today')}"

    def ask(n: int) -> str:
        accepted = "de" if n % 2 else "en"
        return server.test_client().get("/slow", headers={"Accept-Language": accepted}).text

    with ThreadPoolExecutor(4) as threads:
        said = list(threads.map(ask, range(40)))
        left = [future.result() for future in [threads.submit(language) for _n in range(16)]]
    assert said == ["Today Today", "Heute Heute"] * 20
    assert set(left) == {"en"}
