"""/account: what people who have signed in may change of their own sign-in: password, second factor, sessions."""

import segno
from flask import Flask, Response, redirect, request
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response as Answer

from callbacks.server.door import SIGN_IN
from callbacks.server.filled import Filled
from callbacks.server.signed_in import confirm, done, guarded, moments, myself, page, renew
from callbacks.services import Services
from callbacks.signing import signing_key
from cgm_dash.access import Action
from cgm_dash.credentials import PASSWORD_FAULTS, new_totp_secret, password_fault, totp_step, totp_uri
from cgm_dash.errors import UsageError
from cgm_dash.i18n import _
from layouts.agents import browser
from sql.sessions import Session

PATH = "/account"
PASSWORD, SESSIONS = f"{PATH}/password", f"{PATH}/sessions"
FACTOR, FACTOR_OFF = f"{PATH}/second-factor", f"{PATH}/second-factor/off"
OTHERS = "others"


def register(server: Flask, services: Services) -> None:
    """Register the page and what its forms lead to."""

    def add(path: str, name: str, view: object, method: str) -> None:
        server.add_url_rule(path, name, guarded(services, view), methods=[method])  # type: ignore[arg-type]

    add(PATH, "account", lambda: _account(services), "GET")
    add(PASSWORD, "own_password", lambda: _password(services), "POST")
    add(FACTOR, "second_factor", lambda: _factor_form(services), "GET")
    add(FACTOR, "second_factor_on", lambda: _factor_on(services), "POST")
    add(FACTOR_OFF, "second_factor_off", lambda: _factor_off(services), "POST")
    add(SESSIONS, "own_sessions", lambda: _end_sessions(services), "POST")


def _account(services: Services, faults: dict[str, str] | None = None) -> Response:
    me, moment = myself(services), moments(services)
    user = services.store.users.get(me.user_id)
    sessions = [
        {
            "key": _key(session),
            "browser": browser(session.agent),
            "address": session.address,
            "since": moment(session.created),
            "seen": moment(session.last_seen),
            "this": session.digest == me.session.digest,
        }
        for session in services.store.sessions.of_user(me.user_id, services.now())
        if not session.half
    ]
    status = 400 if faults else 200
    return page(services, "account.html", status, user=user, sessions=sessions, faults=faults or {})


def _key(session: Session) -> str:
    """Return what names a session in a form; its id cannot be found from it."""
    return session.digest.hex()[:32]


def _password(services: Services) -> Answer:
    me, filled = myself(services), Filled(request.form)
    new = filled.secret("new_password")
    judge(filled, "new_password", me.caller.name)
    if filled.secret("again") != new:
        filled.fault("again", _("The two passwords differ."))
    if not confirm(services, filled):
        return _account(services, filled.faults)
    try:
        services.store.users.set_password(me.user_id, new, keep=me.session.digest)
    except UsageError:  # an owner has ended this session just now
        return redirect(SIGN_IN, 303)
    services.note(Action.PASSWORD_CHANGED)
    return renew(services, done(PATH, "password"))


def judge(filled: Filled, name: str, whose: str) -> None:
    """Note as a fault what keeps the password in field *name* from being taken. whose: the user's name."""
    word = password_fault(filled.secret(name), whose)
    if word:
        filled.fault(name, _(PASSWORD_FAULTS[word]))


# --- second factor


def _factor_form(services: Services, faults: dict[str, str] | None = None, secret: str = "") -> Response:
    me = myself(services)
    secret = secret or new_totp_secret()
    code = segno.make(totp_uri(secret, me.caller.name), error="m", micro=False)
    return page(
        services,
        "second_factor.html",
        400 if faults else 200,
        # Not kept anywhere until a code has shown that it arrived; sealed, so that only one made here is taken.
        sealed=_seal().dumps([me.user_id, secret]),
        picture=code.svg_data_uri(scale=4, border=2, dark="#000", light="#fff"),
        secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        faults=faults or {},
    )


def _factor_on(services: Services) -> Answer:
    me, filled, users = myself(services), Filled(request.form), services.store.users
    secret = _unsealed(filled.kept("sealed"), me.user_id)
    code = filled.secret("code")
    if not secret or totp_step(secret, code, services.now()) is None:
        filled.fault("code", _("This code does not fit. Take the newest one that the app shows."))
    if not confirm(services, filled):
        return _factor_form(services, filled.faults, secret)
    try:
        users.set_totp(me.user_id, secret, keep=me.session.digest)
    except UsageError:  # an owner has ended this session just now
        return redirect(SIGN_IN, 303)
    users.take_code(me.user_id, code, services.now())  # so that nobody who saw it can sign in with it
    services.note(Action.SECOND_FACTOR_ON)
    return renew(services, done(PATH, "factor-on"))


def _factor_off(services: Services) -> Answer:
    me, filled = myself(services), Filled(request.form)
    if not confirm(services, filled, "off_password"):
        return _account(services, filled.faults)
    try:
        services.store.users.set_totp(me.user_id, None, keep=me.session.digest)
    except UsageError:  # an owner has ended this session just now
        return redirect(SIGN_IN, 303)
    services.note(Action.SECOND_FACTOR_OFF)
    return renew(services, done(PATH, "factor-off"))


def _seal() -> URLSafeSerializer:
    return URLSafeSerializer(signing_key(), salt="second-factor")


def _unsealed(sealed: str, user_id: int) -> str:
    """Return the secret that was made for this user, "" for anything else."""
    try:
        found = _seal().loads(sealed)
    except BadSignature:
        return ""
    whose, secret = found
    return str(secret) if whose == user_id else ""


# --- sessions


def _end_sessions(services: Services) -> Answer:
    me, store = myself(services), services.store
    asked = request.form.get("session", "")
    if asked == OTHERS:
        store.sessions.end_all_of(me.user_id, keep=me.session.digest)
        services.note(Action.SESSION_ENDED, "all others")
        return done(PATH, "others-ended")
    for session in store.sessions.of_user(me.user_id, services.now()):
        if _key(session) == asked and session.digest != me.session.digest:
            store.sessions.end(session.digest)
            services.note(Action.SESSION_ENDED, browser(session.agent))
    return done(PATH, "ended")
