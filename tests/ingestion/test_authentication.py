"""Sign-ins: as few as the situation allows, and the password to nobody else."""

import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest

from cgm_dash.errors import SourceUnavailable
from ingestion import regions
from ingestion.authentication import Account, AuthenticationManager, RefusedError, is_newer
from ingestion.memory import Memory
from ingestion.transport import Answer
from tests.support.upstream import KeptState

NOW = 1_795_338_860.0
DAY = 86_400.0
USER = "6d0c1f2e-5b7a-4c1d-9e10-0a1b2c3d4e5f"
USER_HASH = "d29083e7bf7135ab20a8a3dfda8e593b53e2029c390cb6373f563ab9cbad0d59"
REFUSED = {"status": 2, "error": {"message": "notAuthenticated"}}

Asked = tuple[str, str, Mapping[str, str], Mapping[str, Any] | None]


def signed_in(token: str = "token-1", expires: float = NOW + 180 * DAY, **data: Any) -> dict[str, Any]:
    ticket = {"token": token, "expires": expires, "duration": 15_552_000_000}
    return {"status": 0, "data": {"user": {"id": USER}, "authTicket": ticket} | data}


def redirect(region: str) -> dict[str, Any]:
    return {"status": 0, "data": {"redirect": True, "region": region}}


def step(kind: str) -> dict[str, Any]:
    return {
        "status": 4,
        "data": {"step": {"type": kind}, "authTicket": {"token": f"step-{kind}", "expires": NOW + 3600}},
    }


def demand(version: str) -> tuple[int, dict[str, Any]]:
    return 403, {"status": 920, "data": {"minimumVersion": version}}


class Upstream:
    """Gives scripted answers, the last one for ever, and keeps what it was asked."""

    def __init__(self, *script: Any) -> None:
        self.script = list(script)
        self.asked: list[Asked] = []

    def __call__(
        self, method: str, url: str, headers: Mapping[str, str], json_body: Mapping[str, Any] | None
    ) -> Answer:
        self.asked.append((method, url, headers, json_body))
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(answer, Exception):
            raise answer
        status, body = answer if isinstance(answer, tuple) else (200, answer)
        return Answer(status, {}, json.dumps(body).encode(), 0.1)

    @property
    def urls(self) -> list[str]:
        return [url for _, url, _, _ in self.asked]

    @property
    def logins(self) -> int:
        return sum(url.endswith("/llu/auth/login") for url in self.urls)


def manager(upstream: Upstream, state: KeptState | None = None, **settings: Any) -> AuthenticationManager:
    account = Account("follower@example.org", "secret", **settings)
    memory = Memory(state or KeptState(), account.url or "", account.email, account.password)
    memory.refresh()
    return AuthenticationManager(upstream, memory, account)


def test_a_sign_in_gives_a_session_that_every_request_carries() -> None:
    upstream = Upstream(signed_in())
    auth = manager(upstream)
    assert auth.token(NOW) == auth.token(NOW + 179 * DAY) == "token-1"
    assert upstream.logins == 1
    method, url, headers, body = upstream.asked[0]
    assert (method, url) == ("POST", "https://api.libreview.io/llu/auth/login")
    assert body == {"email": "follower@example.org", "password": "secret"}
    assert "Authorization" not in headers
    assert "Account-Id" not in headers
    signed = auth.headers("token-1")
    assert signed["Authorization"] == "Bearer token-1"
    assert signed["Account-Id"] == USER_HASH == hashlib.sha256(USER.encode()).hexdigest()
    for sent in (headers, signed):
        assert sent["product"] == "llu.android"
        assert sent["version"] == "4.16.0"
        assert sent["User-Agent"].startswith("CGM-Data-Insights/")


def test_only_three_fields_of_the_answer_are_needed() -> None:
    for upstream in (Upstream(signed_in(user={"id": USER, "firstName": None})), Upstream(signed_in(messages=5))):
        assert manager(upstream).token(NOW) == "token-1"


@pytest.mark.parametrize(
    "ticket", [{"token": "t"}, {"token": "t", "expires": "1810890850"}, {"token": "t", "expires": 0}]
)
def test_an_odd_life_of_the_token_does_not_mean_a_sign_in_at_every_poll(ticket: dict[str, Any]) -> None:
    upstream = Upstream(signed_in(authTicket=ticket))
    auth = manager(upstream)
    assert [auth.token(NOW + 60 * i) for i in range(30)] == ["t"] * 30
    assert upstream.logins == 1


@pytest.mark.parametrize(
    "answer",
    [signed_in(user={}), signed_in(user=None), signed_in(authTicket=None), signed_in(authTicket={"token": "a\r\nb"})],
)
def test_a_sign_in_without_a_session_is_a_bad_answer(answer: dict[str, Any]) -> None:
    with pytest.raises(RefusedError) as caught:
        manager(Upstream(answer)).token(NOW)
    assert caught.value.verdict.code == "bad-answer"


def test_the_session_survives_a_restart_and_is_shared() -> None:
    state = KeptState()
    manager(Upstream(redirect("eu2"), signed_in()), state).token(NOW)
    again = Upstream(REFUSED)
    auth = manager(again, state)
    assert auth.token(NOW + 90 * DAY) == "token-1"
    assert auth.url("/llu/connections") == "https://api-eu2.libreview.io/llu/connections"
    assert again.asked == []


def test_an_expired_token_means_one_sign_in() -> None:
    upstream = Upstream(signed_in(), signed_in("token-2", NOW + 400 * DAY))
    auth = manager(upstream)
    auth.token(NOW)
    assert auth.token(NOW + 181 * DAY) == "token-2"
    assert upstream.logins == 2


@pytest.mark.parametrize("settings", [{"url": "http://127.0.0.1:1"}, {"url": "http://127.0.0.1:1/{region}"}])
def test_a_session_is_never_carried_to_another_address(settings: dict[str, str]) -> None:
    state = KeptState()
    manager(Upstream(signed_in()), state).token(NOW)
    upstream = Upstream(signed_in("other"))
    assert manager(upstream, state, **settings).token(NOW) == "other"


def test_a_newer_ticket_is_adopted_and_written_down_once_a_day() -> None:
    state = KeptState()
    auth = manager(Upstream(signed_in()), state)
    auth.token(NOW)
    auth.prove(None, NOW)
    saves = state.saves
    for minute in range(1, 1441):
        auth.prove({"token": f"fresh-{minute}", "expires": NOW + 180 * DAY + 60 * minute}, NOW + 60 * minute)
    assert auth.token(NOW) == "fresh-1440"
    assert state.saves == saves + 1
    auth.prove({"token": "older", "expires": NOW + DAY}, NOW)
    auth.prove({"token": 5, "expires": NOW + 999 * DAY}, NOW)
    auth.prove("junk", NOW)
    assert auth.token(NOW) == "fresh-1440"


# ---------------------------------------------------------------------- regions


@pytest.mark.parametrize(
    ("script", "code", "logins"),
    [
        ([redirect("eu"), redirect("us"), redirect("eu")], "redirect-loop", 3),
        ([redirect("eu"), redirect("eu")], "redirect-loop", 2),
        ([redirect("eu"), redirect("us"), redirect("jp"), redirect("fr"), redirect("de")], "redirect-loop", 4),
        ([redirect("eu.evil.example/")], "host-refused", 1),
        ([redirect("EVIL")], "host-refused", 1),
        ([{"status": 0, "data": {"redirect": True}}], "host-refused", 1),
        ([{"status": 0, "data": {"redirect": True, "region": ["eu"]}}], "host-refused", 1),
    ],
)
def test_redirects_end(script: list[Any], code: str, logins: int) -> None:
    upstream = Upstream(*script)
    with pytest.raises(RefusedError) as caught:
        manager(upstream).token(NOW)
    assert (caught.value.verdict.code, upstream.logins) == (code, logins)


@pytest.mark.parametrize("region", ["eu", "eu2", "ru", "cn", "xy7"])
def test_the_password_goes_to_the_makers_hosts_alone(region: str) -> None:
    upstream = Upstream(redirect(region), signed_in())
    manager(upstream).token(NOW)
    assert [regions.is_makers(urlsplit(url).hostname or "") for url in upstream.urls] == [True, True]
    assert all(url.startswith("https://") for url in upstream.urls)


@pytest.mark.parametrize(
    ("url", "second"),
    [("http://127.0.0.1:1/{region}", "http://127.0.0.1:1/eu/"), ("http://127.0.0.1:1/x", "http://127.0.0.1:1/x/")],
)
def test_with_an_address_set_nothing_leaves_it(url: str, second: str) -> None:
    upstream = Upstream(redirect("eu"), signed_in())
    auth = manager(upstream, url=url)
    auth.token(NOW)
    assert upstream.urls[1] == second + "llu/auth/login"
    assert auth.region == "eu"


def test_a_remembered_region_in_maintenance_leads_to_the_global_host_once() -> None:
    upstream = Upstream({"status": 911}, redirect("us"), signed_in())
    auth = manager(upstream, region="eu")
    auth.token(NOW)
    hosts = [urlsplit(url).hostname for url in upstream.urls]
    assert hosts == ["api-eu.libreview.io", "api.libreview.io", "api-us.libreview.io"]
    assert auth.region == "us"
    everywhere = Upstream({"status": 911})
    with pytest.raises(RefusedError) as caught:
        manager(everywhere, region="eu").token(NOW)
    assert (caught.value.verdict.code, everywhere.logins) == ("maintenance", 2)


def test_another_region_in_the_settings_replaces_the_learnt_one() -> None:
    state = KeptState()
    manager(Upstream(redirect("eu"), signed_in()), state).token(NOW)
    assert manager(Upstream(REFUSED), state).region == "eu"
    assert manager(Upstream(REFUSED), state, region="us").region == "us"


# ---------------------------------------------------------------------- versions


def test_a_demanded_version_is_adopted_once_and_kept() -> None:
    state = KeptState()
    upstream = Upstream(demand("4.18.1"), signed_in())
    auth = manager(upstream, state)
    auth.token(NOW)
    assert [headers["version"] for _, _, headers, _ in upstream.asked] == ["4.16.0", "4.18.1"]
    assert manager(Upstream(REFUSED), state).version == "4.18.1"
    assert not auth.adopt_version("4.18.1")
    assert not auth.adopt_version("4.9.0")


def test_a_version_refused_after_it_was_adopted_ends_the_attempt() -> None:
    upstream = Upstream(demand("4.18.0"), demand("4.19.0"))
    with pytest.raises(RefusedError) as caught:
        manager(upstream).token(NOW)
    assert (caught.value.verdict.code, upstream.logins) == ("version-refused", 2)


def test_the_operators_version_counts_from_when_it_is_set() -> None:
    state = KeptState()
    manager(Upstream(demand("4.18.0"), signed_in()), state).token(NOW)
    assert manager(Upstream(REFUSED), state, version="4.17.0").version == "4.17.0"
    assert manager(Upstream(REFUSED), state, version="4.30").version == "4.30"
    upstream = Upstream(demand("4.40.0"), signed_in())
    auth = manager(upstream, version="4.30")
    auth.token(NOW)
    assert auth.version == "4.40.0"


@pytest.mark.parametrize(
    ("version", "other", "newer"),
    [
        ("4.16.0", "4.9.0", True), ("4.9.0", "4.16.0", False), ("4.16", "4.16.0", False), ("4.16.0", "4.16", False),
        ("4.16.0.1", "4.16", True), ("10.0", "9.9.9", True),
    ],
)  # fmt: skip
def test_versions_are_compared_as_numbers(version: str, other: str, newer: bool) -> None:
    assert is_newer(version, other) is newer


# ---------------------------------------------------------------------- steps


@pytest.mark.parametrize(("kind", "code"), [("tou", "terms"), ("pp", "privacy"), ("verifyEmail", "verify-email")])
def test_nothing_is_accepted_unasked(kind: str, code: str) -> None:
    upstream = Upstream(step(kind))
    with pytest.raises(RefusedError) as caught:
        manager(upstream).token(NOW)
    assert (caught.value.verdict.code, len(upstream.asked)) == (code, 1)


def test_terms_and_privacy_are_accepted_where_the_owner_said_so() -> None:
    upstream = Upstream(step("tou"), step("pp"), signed_in())
    auth = manager(upstream, accept_terms=True)
    assert auth.token(NOW) == "token-1"
    assert [urlsplit(url).path for url in upstream.urls[1:]] == ["/auth/continue/tou", "/auth/continue/pp"]
    sent = [(headers["Authorization"], body) for _, _, headers, body in upstream.asked[1:]]
    assert sent == [("Bearer step-tou", None), ("Bearer step-pp", None)]


@pytest.mark.parametrize(
    ("script", "code", "asked"),
    [
        ([step("tou")], "terms", 2),
        ([step("tou"), step("pp"), step("pp")], "privacy", 3),
        ([step("tou"), step("pp")] * 20, "terms", 5),
        ([step("tou"), step("verifyEmail")], "verify-email", 2),
        ([step("verifyEmail")], "verify-email", 1),
        ([step("tou"), (401, {})], "session-refused", 2),
        ([step("tou"), {"status": 1, "error": {"message": "unexpectedStep"}}], "bad-answer", 2),
    ],
)
def test_accepting_ends(script: list[Any], code: str, asked: int) -> None:
    upstream = Upstream(*script)
    with pytest.raises(RefusedError) as caught:
        manager(upstream, accept_terms=True).token(NOW)
    assert (caught.value.verdict.code, len(upstream.asked), upstream.logins) == (code, asked, 1)


# ---------------------------------------------------------------------- the budget


def test_a_token_that_never_worked_is_not_replaced_twice() -> None:
    upstream = Upstream(signed_in("a"), signed_in("b"), signed_in("c"))
    auth = manager(upstream)
    assert auth.renew(auth.token(NOW), NOW)
    assert not auth.renew(auth.token(NOW), NOW + 60)
    assert not auth.renew(auth.token(NOW), NOW + 3000)
    assert upstream.logins == 2
    assert auth.renew(auth.token(NOW), NOW + 3700)


def test_however_often_tokens_die_there_are_two_renewals_an_hour() -> None:
    upstream = Upstream(*[signed_in(f"t{i}") for i in range(200)])
    auth = manager(upstream)
    for minute in range(180):
        now = NOW + 60 * minute
        auth.prove(None, now)
        auth.renew(auth.token(now), now)
    assert upstream.logins == 1 + 2 * 3


def test_the_budget_survives_a_restart_and_failed_attempts() -> None:
    state = KeptState()
    manager(Upstream(signed_in()), state).token(NOW)
    down = Upstream(SourceUnavailable("network"))
    auth = manager(down, state)
    with pytest.raises(SourceUnavailable):
        auth.renew("token-1", NOW)
    assert manager(Upstream(REFUSED), state).renew("", NOW + 60) is False


def test_the_global_host_is_tried_once_a_day_for_a_patient() -> None:
    upstream = Upstream(redirect("eu"), signed_in("a"), redirect("us"), signed_in("b"))
    auth = manager(upstream)
    assert auth.look_globally(auth.token(NOW), NOW)
    assert auth.region == "us"
    assert not auth.look_globally("b", NOW + DAY - 1)
    assert upstream.logins == 4


def test_while_the_state_cannot_be_read_nobody_signs_in() -> None:
    state = KeptState()
    state.away = True
    upstream = Upstream(signed_in())
    with pytest.raises(RefusedError) as caught:
        manager(upstream, state).token(NOW)
    assert (caught.value.verdict.code, upstream.asked) == ("store-away", [])


def test_two_threads_sign_in_once() -> None:
    state = KeptState()
    began = threading.Barrier(2)

    class Slow(Upstream):
        def __call__(self, *asked: Any) -> Answer:
            threading.Event().wait(0.05)
            return super().__call__(*asked)

    upstream = Slow(signed_in("a"), signed_in("b"))
    auth = manager(upstream, state)

    def ask() -> None:
        began.wait()
        auth.token(NOW)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert upstream.logins == 1


@pytest.mark.parametrize("show", [repr, str])
def test_no_secret_is_in_what_may_be_shown(show: Callable[[object], str]) -> None:
    account = Account("follower@example.org", "secret")
    assert "secret" not in show(account)
    assert "follower" not in show(account)
