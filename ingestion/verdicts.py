"""What an answer of LibreLinkUp means: one function from status codes and bodies to a verdict, pure.

Any body may be HTML, empty or cut, and several codes come by HTTP at one time and inside the body at another.
Sources: gui-dos/DiaBLE (LibreLink.swift), pachi81/GlucoDataHandler, timoschlueter/nightscout-librelink-up and the issue
threads named beside each rule.
"""

import enum
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Any, NoReturn

from ingestion.transport import Answer

CLOSED_FROM = 5
"""App generation whose protocol is another, with encrypted bodies. Source: gui-dos/DiaBLE, commits of April 2026."""


class Sign(enum.StrEnum):
    """What the client may do about it beside waiting."""

    NONE = ""
    OK = "ok"
    REDIRECT = "redirect"  # sign in again at another region
    TOKEN_DEAD = "token-dead"  # noqa: S105  no password: sign in once
    STRANGER = "stranger"  # session unknown, or another account's id: sign in once
    VERSION = "version"  # adopt what is demanded
    STEP = "step"  # terms or privacy: accept where the owner said so before
    GONE = "gone"  # 404: do without, or notice that all of it is gone
    NOT_LOADED = "not-loaded"  # this patient is not on this host: look at the global one once
    NOT_SHARED = "not-shared"  # one patient only


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one answer means. code: a key of trouble.TROUBLES, empty for success.

    body: the decoded object where there is one. wait_s: seconds the upstream asks us to wait. wanted: the app version
    demanded, or the region pointed to, or the step's type. detail: for the operator; no personal data.
    """

    code: str
    sign: Sign = Sign.NONE
    body: Mapping[str, Any] = field(default_factory=dict, repr=False)
    wait_s: float | None = None
    wanted: str = ""
    detail: str = ""


class BadJsonError(ValueError):
    """The body is not the JSON object we can read; the text says why, in a few words without its content."""


def decode(body: bytes) -> Any:
    """Return the JSON value in *body*. Raises BadJsonError for anything else: HTML, NaN, 100,000 nested lists."""
    if not body.strip():
        raise BadJsonError("empty")
    if body.lstrip()[:1] == b"<":
        raise BadJsonError("HTML")
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=_refuse)
    except UnicodeDecodeError:
        pass
    except RecursionError:
        raise BadJsonError("nested too deep") from None
    except ValueError:
        raise BadJsonError("not JSON") from None
    raise BadJsonError("not UTF-8")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def number(value: object) -> float | None:
    """Return *value* as a finite number, also from text such as "126"; None for anything else, bool included."""
    if isinstance(value, str) and re.fullmatch(r"\s*-?[0-9]{1,15}(\.[0-9]{1,15})?\s*", value):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def whole(value: object) -> int | None:
    """Return *value* as an integer where it is one, also from text; None for anything else.

    >>> whole("126"), whole(126.0), whole(126.5), whole(True)
    (126, 126, None, None)
    """
    read = number(value)
    return int(read) if read is not None and read == int(read) else None


def retry_after_s(value: str | None, now: float) -> float | None:
    """Return the seconds that Retry-After asks for, a number or an HTTP date (RFC 9110, 10.2.3); None if unreadable.

    now: UTC epoch seconds.
    """
    if value is None:
        return None
    if re.fullmatch(r"[0-9]{1,9}", value.strip()):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        return max(0.0, moment.timestamp() - now)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def clock_error_s(answer: Answer, now: float) -> float:
    """Return how far *now* (epoch seconds UTC) is ahead of the answer's Date header; 0 where there is none."""
    try:
        return now - parsedate_to_datetime(answer.headers["date"]).timestamp()
    except (KeyError, ValueError, TypeError, IndexError, OverflowError):
        return 0.0


def classify(answer: Answer, now: float, *, login: bool = False) -> Verdict:
    """Return what *answer* means: HTTP status first, then the body's own status, then its message.

    login: whether it answers a sign-in, where status 2 speaks about the password; elsewhere it speaks about the token.
    """
    try:
        value: Any = decode(answer.body)
        flaw = "" if isinstance(value, dict) else "not an object"
    except BadJsonError as exc:
        value, flaw = None, str(exc)
    body: Mapping[str, Any] = value if isinstance(value, dict) else {}
    return _anywhere(answer, body, now) or _by_http(answer, body, now, login) or _by_body(answer, body, flaw, login)


def _anywhere(answer: Answer, body: Mapping[str, Any], now: float) -> Verdict | None:
    """Return the verdict on what means the same under any HTTP status."""
    asked = retry_after_s(answer.headers.get("retry-after"), now)
    status = whole(body.get("status"))
    data = body.get("data")
    if isinstance(data, str) and "signature" in body:
        return Verdict("closed-by-maker", detail="encrypted answer")
    if answer.status == 911 or status == 911:
        return Verdict("maintenance", wait_s=asked, detail="911")
    if status == 920 or (answer.status == 403 and isinstance(data, dict) and "minimumVersion" in data):
        return _version(data)
    if status == 429:
        return _slow_down(data, asked)
    if answer.status != 200 and _is_1015(answer.body):
        return Verdict("rate-limited", wait_s=asked, detail="Cloudflare 1015")
    return None


def _version(data: object) -> Verdict:
    wanted = data.get("minimumVersion") if isinstance(data, dict) else None
    if not isinstance(wanted, str) or not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,4}){0,3}", wanted):
        return Verdict("version-refused", detail="920 without a version")
    if int(wanted.partition(".")[0]) >= CLOSED_FROM:
        return Verdict("closed-by-maker", wanted=wanted, detail=f"demands {wanted}")
    return Verdict("version-refused", Sign.VERSION, wanted=wanted, detail=f"demands {wanted}")


def _slow_down(data: object, asked: float | None) -> Verdict:
    """Return the verdict on status 429 in a body: the lock after three failures, or too many requests.

    Source: timoschlueter/nightscout-librelink-up issue 146.
    """
    inner = data.get("data") if isinstance(data, dict) else None
    if isinstance(data, dict) and (data.get("message") == "locked" or whole(data.get("code")) == 60):
        lockout = number(inner.get("lockout")) if isinstance(inner, dict) else None
        return Verdict("locked", wait_s=max(0.0, lockout) if lockout is not None else asked, detail="code 60")
    return Verdict("rate-limited", wait_s=asked, detail="429 in the body")


def _is_1015(body: bytes) -> bool:
    """Return whether *body* is Cloudflare's "rate limited by address" (nightscout-librelink-up issue 182)."""
    return re.search(rb"(?i)\b1015\b", body) is not None and re.search(rb"(?i)cloudflare|error", body) is not None


def _is_gatekeeper(body: bytes) -> bool:
    """Return whether *body* is a page of Cloudflare (nightscout-librelink-up issues 128 and 129)."""
    return re.search(rb"(?i)just a moment|attention required|cloudflare|cf-error", body) is not None


def _by_http(answer: Answer, body: Mapping[str, Any], now: float, login: bool) -> Verdict | None:
    """Return the verdict on an HTTP status other than success."""
    status, asked = answer.status, retry_after_s(answer.headers.get("retry-after"), now)
    detail = f"HTTP {status}"
    if 200 <= status < 300:
        return None
    if status == 401:
        refused = login and whole(body.get("status")) == 2
        return Verdict("wrong-password" if refused else "session-refused", Sign.TOKEN_DEAD, detail=detail)
    if status in (429, 430):
        return Verdict("rate-limited", wait_s=asked, detail=detail)
    if status == 403:
        return Verdict("blocked", wait_s=asked, detail=" ".join((detail, _plain(_message(body)))).strip())
    if status == 410:
        return Verdict("closed-by-maker", detail=detail)
    if status == 404:
        return Verdict("server-error", Sign.GONE, detail=detail)
    if status == 400 and _message(body) == "RequiredHeaderMissing":
        return Verdict("headers-refused", detail=detail)
    if status >= 500:
        return Verdict("server-error", wait_s=asked, detail=detail)
    return Verdict("bad-answer", detail=" ".join((detail, _plain(_message(body)))).strip())


def _by_body(answer: Answer, body: Mapping[str, Any], flaw: str, login: bool) -> Verdict:
    """Return the verdict on an answer that HTTP calls a success."""
    if flaw == "HTML" and _is_gatekeeper(answer.body):
        return Verdict("blocked", detail="a gatekeeper's page")
    if flaw:
        return Verdict("bad-answer", detail=flaw)
    status, data, message = whole(body.get("status")), body.get("data"), _message(body)
    if message in _MESSAGES:
        return Verdict(*_MESSAGES[message], detail=message)
    if status == 0:
        return _success(body, data)
    if status == 2:
        return Verdict("wrong-password" if login else "session-refused", Sign.TOKEN_DEAD, detail="status 2")
    if status == 4 and isinstance(data, dict) and isinstance(data.get("step"), dict):
        return _step(body, data["step"])
    return Verdict("bad-answer", detail="no status" if status is None else f"status {status}")


_MESSAGES: Mapping[str, tuple[str, Sign]] = MappingProxyType(
    {
        "MissingCachedUser": ("account-refused", Sign.STRANGER),
        "couldNotLoadPatient": ("no-data", Sign.NOT_LOADED),
        "followerNotConnectToPatient": ("sharing-stopped", Sign.NOT_SHARED),
    }
)


def _success(body: Mapping[str, Any], data: object) -> Verdict:
    """Return the verdict on status 0: data, nothing at all, or the region that keeps the account."""
    if isinstance(data, dict) and data.get("redirect") in (True, "true", "True", 1):
        region = data.get("region")
        return Verdict("", Sign.REDIRECT, wanted=region if isinstance(region, str) else "")
    if data is None or data == {}:
        return Verdict("no-data", detail="status 0 without data")
    return Verdict("", Sign.OK, body)


_STEPS: Mapping[str, str] = MappingProxyType({"tou": "terms", "pp": "privacy", "verifyEmail": "verify-email"})
ACCEPTABLE = frozenset({"tou", "pp"})
"""Steps that are a document to accept, which the owner may have allowed in advance."""


def _step(body: Mapping[str, Any], step: Mapping[str, Any]) -> Verdict:
    """Return the verdict on status 4 with a step. Two-factor comes without a type.

    Source: gui-dos/DiaBLE; InventivetalentDev/LibreViewApi issue 5.
    """
    kind, component = step.get("type"), step.get("componentName")
    if isinstance(kind, str) and kind in _STEPS:
        return Verdict(_STEPS[kind], Sign.STEP, body, wanted=kind, detail=kind)
    if component == "TwoFactorVerify":
        return Verdict("two-factor", detail=component)
    return Verdict("step-unknown", detail=_plain(component if isinstance(component, str) else kind))


def _message(body: Mapping[str, Any]) -> str:
    """Return the body's own words: `message`, or `error.message`."""
    inner = body.get("error")
    for text in (body.get("message"), inner.get("message") if isinstance(inner, dict) else None):
        if isinstance(text, str):
            return text
    return ""


def _plain(text: object) -> str:
    """Return *text* where it is a short phrase such as an error's name; anything else may hold a person's data."""
    return text if isinstance(text, str) and re.fullmatch(r"[A-Za-z][A-Za-z _-]{0,59}", text) else ""
