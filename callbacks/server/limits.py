"""How often somebody may try a password or a code. Counted in the database, so for all processes together.

Strangers must not guess, and must not lock out whom they name: a browser from which that user has signed in before
counts by itself (OWASP, "Device cookies": a stranger's failures elsewhere are nothing to it), and who is signed in
stays so.
"""

import hmac
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from flask import g
from werkzeug.wrappers import Response

from callbacks import cookies
from callbacks.server.client import LOCAL
from callbacks.signing import signature
from cgm_dash.credentials import name_key, new_secret
from cgm_dash.i18n import plural
from sql.attempts import AttemptStore
from sql.users import User

log = logging.getLogger(__name__)

DEVICE_S = 400 * 86_400
"""The longest that browsers keep a cookie."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many failures within so many seconds close for a time, which doubles where they go on."""

    failures: int
    span_s: int
    wait_s: int
    doubling: bool


ADDRESS = Limit(5, 5 * 60, 5 * 60, doubling=False)
ACCOUNT = Limit(20, 15 * 60, 15 * 60, doubling=True)
DEVICE = Limit(5, 5 * 60, 5 * 60, doubling=True)
CODE = Limit(5, 5 * 60, 5 * 60, doubling=True)
SECRET = ADDRESS


def of_sign_in(name: str, user: User | None) -> Mapping[str, Limit]:
    """Return by what a try to sign in as *name* counts. user: who has that name, None for nobody."""
    device = _device_of(user)
    if device:
        return {f"device:{device}": DEVICE}
    # Not the name itself: what is typed here by mistake may be a password.
    account = sha256(name_key(name).encode("utf-8", "replace")).hexdigest()[:32]
    return {f"address:{g.client.network}": ADDRESS, f"account:{account}": ACCOUNT}


def of_code(user: User) -> Mapping[str, Limit]:
    """Return by what a try of *user*'s second factor counts.

    A browser of theirs counts by itself here too: whoever has got hold of the password must not keep them from signing
    in and changing it.
    """
    device = _device_of(user)
    return {f"code:{user.id}:{device}" if device else f"code:{user.id}": CODE}


def closed_until(attempts: AttemptStore, counted: Mapping[str, Limit], now: float) -> float | None:
    """Return until when no try is let through, None where one is. Raises StoreError."""
    until = [attempts.closed_until(key, now) for key in counted]
    return max((moment for moment in until if moment is not None), default=None)


def begin(attempts: AttemptStore, counted: Mapping[str, Limit], now: float) -> float | None:
    """Let a try through and return None, or return until when none is. Raises StoreError.

    It is counted as failed already: of many at once no more are let through than the limit says.
    """
    until = closed_until(attempts, counted, now)
    for key, limit in counted.items():
        if until is None:
            until = attempts.begin(
                key, now, limit=limit.failures, span_s=limit.span_s, wait_s=limit.wait_s, doubling=limit.doubling
            )
    if until is not None:
        log.warning("attempt limit=closed client=%s", g.client.address or LOCAL)
    return until


def too_often(until: float, now: float) -> str:
    """Return what is told to who must wait *until* then."""
    minutes = max(1, math.ceil((until - now) / 60))
    words = plural(
        "Too many tries. The next one is let through in {n} minute.",
        "Too many tries. The next one is let through in {n} minutes.",
        minutes,
    )
    return words.format(n=minutes)


def told_until(response: Response, until: float, now: float) -> Response:
    """Return *response*, which also tells a program until when it must wait."""
    response.headers["Retry-After"] = str(max(1, round(until - now)))
    return response


def succeeded(attempts: AttemptStore, counted: Mapping[str, Limit]) -> None:
    """Forget the failures of an account or a device. Raises StoreError.

    Those of an address stay, but for the try itself: whoever may sign in could else go on guessing for another in
    between.
    """
    for key, limit in counted.items():
        if limit is ADDRESS:
            attempts.took_back(key)
        else:
            attempts.succeeded(key)


def know_device(response: Response, user: User) -> None:
    """Have the browser remember that this user has signed in from it."""
    value = f"{user.id}.{new_secret()}"
    cookies.give(response, cookies.DEVICE, f"{value}.{_seal(value)}", DEVICE_S)


def _device_of(user: User | None) -> str:
    """Return the digest of the browser's cookie where it says that *user* has signed in from there, else ""."""
    value, _dot, seal = cookies.read(cookies.DEVICE).rpartition(".")
    if user is None or not value.startswith(f"{user.id}.") or not hmac.compare_digest(seal, _seal(value)):
        return ""
    return sha256(value.encode()).hexdigest()[:32]


def _seal(value: str) -> str:
    return signature("device", value).hex()
