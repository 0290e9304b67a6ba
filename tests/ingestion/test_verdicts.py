"""What answers mean: every kind of status and body the field has seen."""

import json
from email.utils import formatdate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm_dash.trouble import TROUBLES
from ingestion.transport import Answer
from ingestion.verdicts import (
    BadJsonError,
    Sign,
    Verdict,
    classify,
    clock_error_s,
    decode,
    number,
    retry_after_s,
    whole,
)

NOW = 1_795_338_860.0
DATED = formatdate(NOW + 90, usegmt=True)
CF_403 = b"<!DOCTYPE html><title>Attention Required! | Cloudflare</title><h1>Sorry, you have been blocked</h1>"
CF_WAIT = b"<html><title>Just a moment...</title></html>"
CF_1015 = b"<html><title>Access denied | Cloudflare</title>Error 1015 You are being rate limited</html>"
LOCKED = {"status": 429, "data": {"code": 60, "data": {"failures": 3, "lockout": 300}, "message": "locked"}}
OLD = {"data": {"minimumVersion": "4.18.0"}, "status": 920}
FIVE = {"data": {"minimumVersion": "5.0.0"}, "status": 920}
TICKET = {"token": "synthetic", "expires": 1}


def answer(status: int, body: object = b"", headers: dict[str, str] | None = None) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, headers or {}, raw, 0.1)


def step(**step: Any) -> dict[str, Any]:
    return {"status": 4, "data": {"step": step, "authTicket": TICKET}}


CASES = [
    # HTTP status, body, headers, code, sign, seconds asked for
    (200, {"status": 0, "data": [1], "ticket": TICKET}, {}, "", Sign.OK, None),
    (200, {"status": 0, "data": []}, {}, "", Sign.OK, None),
    (200, {"status": "0", "data": {"a": 1}}, {}, "", Sign.OK, None),
    (200, {"status": 0, "data": {"redirect": True, "region": "eu2"}}, {}, "", Sign.REDIRECT, None),
    (200, {"status": 0, "data": None}, {}, "no-data", Sign.NONE, None),
    (200, {"status": 0, "data": {}}, {}, "no-data", Sign.NONE, None),
    (200, {"status": 0}, {}, "no-data", Sign.NONE, None),
    (200, {"status": 2, "error": {"message": "notAuthenticated"}}, {}, "session-refused", Sign.TOKEN_DEAD, None),
    (200, step(type="tou", componentName="AcceptDocument"), {}, "terms", Sign.STEP, None),
    (200, step(type="pp"), {}, "privacy", Sign.STEP, None),
    (200, step(type="verifyEmail", componentName="VerifyEmail"), {}, "verify-email", Sign.STEP, None),
    (200, step(componentName="TwoFactorVerify"), {}, "two-factor", Sign.NONE, None),
    (200, step(type="quiz", componentName="AnswerRiddle"), {}, "step-unknown", Sign.NONE, None),
    (200, step(), {}, "step-unknown", Sign.NONE, None),
    (200, {"status": 4, "error": {"message": "couldNotLoadPatient"}}, {}, "no-data", Sign.NOT_LOADED, None),
    (200, {"status": 4, "message": "followerNotConnectToPatient"}, {}, "sharing-stopped", Sign.NOT_SHARED, None),
    (200, {"status": 4}, {}, "bad-answer", Sign.NONE, None),
    (200, LOCKED, {}, "locked", Sign.NONE, 300.0),
    (429, LOCKED, {}, "locked", Sign.NONE, 300.0),
    (200, {"status": 429, "data": {"message": "locked"}}, {}, "locked", Sign.NONE, None),
    (200, {"status": 429}, {"retry-after": "60"}, "rate-limited", Sign.NONE, 60.0),
    (200, {"status": 911}, {}, "maintenance", Sign.NONE, None),
    (911, b"", {}, "maintenance", Sign.NONE, None),
    (503, {"status": 911}, {}, "maintenance", Sign.NONE, None),
    (200, {"message": "MissingCachedUser"}, {}, "account-refused", Sign.STRANGER, None),
    (400, {"message": "RequiredHeaderMissing"}, {}, "headers-refused", Sign.NONE, None),
    (400, {"message": "Something else"}, {}, "bad-answer", Sign.NONE, None),
    (401, {"message": "invalid or expired jwt"}, {}, "session-refused", Sign.TOKEN_DEAD, None),
    (401, b"", {}, "session-refused", Sign.TOKEN_DEAD, None),
    (403, OLD, {}, "version-refused", Sign.VERSION, None),
    (200, OLD, {}, "version-refused", Sign.VERSION, None),
    (403, {"data": {"minimumVersion": "4.18.0"}}, {}, "version-refused", Sign.VERSION, None),
    (403, {"data": {"minimumVersion": "; drop"}, "status": 920}, {}, "version-refused", Sign.NONE, None),
    (403, {"status": 920}, {}, "version-refused", Sign.NONE, None),
    (403, FIVE, {}, "closed-by-maker", Sign.NONE, None),
    (403, CF_403, {}, "blocked", Sign.NONE, None),
    (403, CF_WAIT, {}, "blocked", Sign.NONE, None),
    (200, CF_WAIT, {}, "blocked", Sign.NONE, None),
    (403, {"message": "Forbidden"}, {}, "blocked", Sign.NONE, None),
    (403, b"", {}, "blocked", Sign.NONE, None),
    (404, b"", {}, "server-error", Sign.GONE, None),
    (410, b"", {}, "closed-by-maker", Sign.NONE, None),
    (429, b"", {}, "rate-limited", Sign.NONE, None),
    (429, {"message": "Too Many Requests"}, {"retry-after": "120"}, "rate-limited", Sign.NONE, 120.0),
    (429, b"", {"retry-after": DATED}, "rate-limited", Sign.NONE, 90.0),
    (429, b"", {"retry-after": "soon"}, "rate-limited", Sign.NONE, None),
    (430, b"", {}, "rate-limited", Sign.NONE, None),
    (429, CF_1015, {}, "rate-limited", Sign.NONE, None),
    (403, CF_1015, {}, "rate-limited", Sign.NONE, None),
    (500, b"", {}, "server-error", Sign.NONE, None),
    (502, b"<html><h1>Bad gateway</h1></html>", {}, "server-error", Sign.NONE, None),
    (503, b"", {"retry-after": "120"}, "server-error", Sign.NONE, 120.0),
    (520, b"<html>Cloudflare: unknown error</html>", {}, "server-error", Sign.NONE, None),
    (302, b"", {"location": "https://portal.example/"}, "bad-answer", Sign.NONE, None),
    (307, b"", {}, "bad-answer", Sign.NONE, None),
    (418, b"", {}, "bad-answer", Sign.NONE, None),
    (200, b"", {}, "bad-answer", Sign.NONE, None),
    (204, b"", {}, "bad-answer", Sign.NONE, None),
    (200, b"<!DOCTYPE html><title>Welcome</title>", {}, "bad-answer", Sign.NONE, None),
    (200, b'{"status":0,"data":[', {}, "bad-answer", Sign.NONE, None),
    (200, b'{"status":0,"data":[NaN]}', {}, "bad-answer", Sign.NONE, None),
    (200, b'{"status":0,"data":"\xff\xfe"}', {}, "bad-answer", Sign.NONE, None),
    (200, b"[" * 100_000 + b"]" * 100_000, {}, "bad-answer", Sign.NONE, None),
    (200, b"1" * 5_000, {}, "bad-answer", Sign.NONE, None),
    (200, [], {}, "bad-answer", Sign.NONE, None),
    (200, {"data": [1]}, {}, "bad-answer", Sign.NONE, None),
    (200, {"status": None, "data": [1]}, {}, "bad-answer", Sign.NONE, None),
    (200, {"status": False, "data": [1]}, {}, "bad-answer", Sign.NONE, None),
    (200, {"status": 17}, {}, "bad-answer", Sign.NONE, None),
    (200, {"data": "bm9u.Y2k.dGFn", "signature": "c2ln"}, {}, "closed-by-maker", Sign.NONE, None),
]


@pytest.mark.parametrize(("status", "body", "headers", "code", "sign", "wait"), CASES)
def test_data_answer(
    status: int, body: object, headers: dict[str, str], code: str, sign: Sign, wait: float | None
) -> None:
    verdict = classify(answer(status, body, headers), NOW)
    assert (verdict.code, verdict.sign, verdict.wait_s) == (code, sign, wait)


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (200, {"status": 2, "error": {"message": "notAuthenticated"}}, "wrong-password"),
        (401, {"status": 2}, "wrong-password"),
        # none of these says anything about the password
        (401, {"message": "invalid or expired jwt"}, "session-refused"),
        (403, CF_403, "blocked"),
        (403, {"message": "Forbidden"}, "blocked"),
        (430, b"", "rate-limited"),
        (200, LOCKED, "locked"),
        (200, {"status": 911}, "maintenance"),
        (200, step(componentName="TwoFactorVerify"), "two-factor"),
        (500, {"status": 2}, "server-error"),
        (400, {"status": 2}, "bad-answer"),
    ],
)
def test_sign_in_answer(status: int, body: object, code: str) -> None:
    assert classify(answer(status, body), NOW, login=True).code == code


def test_demanded_version_and_region_are_told() -> None:
    assert classify(answer(403, OLD), NOW).wanted == "4.18.0"
    assert classify(answer(200, {"status": 0, "data": {"redirect": True, "region": "eu2"}}), NOW).wanted == "eu2"
    assert classify(answer(200, step(type="tou")), NOW).wanted == "tou"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([0, 2, 4, 429, 911, 920, "0"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["status", "data", "step", "type", "message", "error", "minimumVersion", "redirect", "code"]
            )
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
HEADERS = st.dictionaries(st.just("retry-after"), st.text(max_size=20) | st.just(DATED))


@given(st.integers(100, 999), JSON | st.binary(max_size=200), HEADERS, st.booleans())
def test_no_answer_raises(status: int, body: object, headers: dict[str, str], login: bool) -> None:
    verdict = classify(answer(status, body, headers), NOW, login=login)
    assert isinstance(verdict, Verdict)
    assert verdict.code in TROUBLES or verdict.sign in (Sign.OK, Sign.REDIRECT)
    assert verdict.wait_s is None or verdict.wait_s >= 0


@given(st.text(min_size=1, max_size=30))
def test_upstream_text_never_reaches_the_detail_whole(text: str) -> None:
    mail = f"{text}@example.org"
    for status, body in ((403, {"message": mail}), (400, {"message": mail}), (200, step(componentName=mail))):
        assert mail not in classify(answer(status, body), NOW).detail


def test_verdict_does_not_show_the_body() -> None:
    verdict = classify(answer(200, {"status": 0, "data": [{"firstName": "Canary"}]}), NOW)
    assert "Canary" not in repr(verdict)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0), (" 120 ", 120.0), (DATED, 90.0), (formatdate(NOW - 90, usegmt=True), 0.0), (None, None),
        ("-5", None), ("1e3", None), ("Sun, 99 Foo 2026", None), ("99999999999", None),
    ],
)  # fmt: skip
def test_retry_after_in_both_forms(value: str | None, seconds: float | None) -> None:
    assert retry_after_s(value, NOW) == seconds


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (126, 126), ("126", 126), (" 126 ", 126), (126.0, 126), ("126.0", 126), (0, 0), (-5, -5), (126.5, None),
        (True, None), (None, None), ("many", None), ("", None), ("1e3", None), ([126], None), (float("inf"), None),
        (float("nan"), None), (10**400, None), ("１２６", None),
    ],
)  # fmt: skip
def test_whole_numbers_also_as_text(value: object, read: int | None) -> None:
    assert whole(value) == read


def test_number_keeps_a_fraction() -> None:
    assert number("7.5") == number(7.5) == 7.5


@pytest.mark.parametrize(
    ("body", "flaw"),
    [
        (b" ", "empty"), (b"\n<html>", "HTML"), (b"{", "not JSON"), (b"\xff", "not UTF-8"), (b"NaN", "not JSON"),
        (b"[" * 100_000, "nested too deep"),
    ],
)  # fmt: skip
def test_decode_says_why_not(body: bytes, flaw: str) -> None:
    with pytest.raises(BadJsonError, match=flaw):
        decode(body)


def test_decode_takes_a_byte_order_mark() -> None:
    assert decode(b'\xef\xbb\xbf{"a":1}') == {"a": 1}


@pytest.mark.parametrize(
    ("headers", "error"),
    [({"date": DATED}, -90.0), ({}, 0.0), ({"date": "noon"}, 0.0), ({"date": ""}, 0.0)],
)
def test_clock_error_against_the_date_header(headers: dict[str, str], error: float) -> None:
    assert clock_error_s(answer(200, {}, headers), NOW) == error
