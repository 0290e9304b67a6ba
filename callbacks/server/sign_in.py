"""The pages that let somebody in: sign-in, second factor, sign-out, the first owner. They work without scripts."""

import re
from collections.abc import Callable
from functools import wraps

from flask import Flask, Response, current_app, g, redirect, request
from werkzeug.wrappers import Response as Answer

from callbacks import cookies
from callbacks.frame import PAGES
from callbacks.server import limits
from callbacks.server.answers import away, page
from callbacks.server.door import CLEARED, CODE, NAME, SET_UP, SIGN_IN, SIGN_OUT
from callbacks.services import Services
from cgm_dash.access import Action
from cgm_dash.errors import StoreError, UsageError
from cgm_dash.i18n import _
from sql.sessions import ABSOLUTE_S, HALF_S
from sql.users import User

LONGEST = 300
"""Characters of a field; longer ones are cut, and so are wrong."""

LED_TO = (*PAGES, "/account", "/access", "/audit")
"""Where a sign-in may lead."""

View = Callable[[], Answer]


def register(server: Flask, services: Services) -> None:
    """Register /login, /login/code, /logout and /setup."""

    def add(path: str, name: str, *views: View) -> None:
        for method, view in zip(("GET", "POST"), views, strict=False):
            server.add_url_rule(path, f"{name}_{method.lower()}", _guarded(services, view), methods=[method])

    add(SIGN_IN, "sign_in", lambda: _sign_in_form(services), lambda: _sign_in(services))
    add(CODE, "code", lambda: _code_form(services), lambda: _code(services))
    add(SET_UP, "set_up", lambda: _set_up_form(services), lambda: _set_up(services))
    server.add_url_rule(SIGN_OUT, "sign_out", _guarded(services, lambda: _sign_out(services)), methods=["POST"])


def _guarded(services: Services, view: View) -> View:
    """Return *view*, but for the demo, which needs none of it, and while the database is away.

    A sign-in whose password or second factor is changed at the same moment begins anew.
    """

    @wraps(view)
    def guarded() -> Answer:
        if services.demo:
            return redirect("/", 303)
        try:
            services.ready()
            return view()
        except StoreError as exc:
            return away(exc)
        except UsageError as exc:
            return _sign_in_page("/", str(exc), 401)

    return guarded


def led_to(asked: str) -> str:
    """Return the path and query to go to after the sign-in: a page of ours, the first one for anything else.

    >>> led_to("/trends?person=1&range=14d"), led_to("//x"), led_to("/\\\\x"), led_to("https:/x")
    ('/trends?person=1&range=14d', '/', '/', '/')
    """
    found = re.fullmatch(r"(/[a-z]*)(\?[A-Za-z0-9=&.,_-]*)?", asked)
    return asked if found and found[1] in LED_TO else "/"


# --- sign-in


def _sign_in_form(services: Services) -> Answer:
    if not services.store.users.any_owner():
        return redirect(SET_UP, 303)
    there = led_to(request.args.get("next", ""))
    return redirect(there, 303) if g.caller else _sign_in_page(there)


def _sign_in_page(there: str, fault: str = "", status: int = 200, name: str = "") -> Response:
    return page("login.html", status, there=there, fault=fault, name=name)


def _sign_in(services: Services) -> Answer:
    name, password, there = _field("name"), _field("password"), led_to(_field("next"))
    store, now = services.store, services.now()
    named = store.users.by_name(name)
    counted = limits.of_sign_in(name, named)
    until = limits.begin(store.attempts, counted, now)
    if until is not None:
        return limits.told_until(_sign_in_page(there, limits.too_often(until, now), 429, name), until, now)
    user = store.users.check(name, password)
    if user is None:
        services.note(Action.SIGN_IN_REFUSED, who=_label(named))
        return _sign_in_page(there, _("The name or the password is wrong."), 401, name)
    limits.succeeded(store.attempts, counted)
    if user.has_totp:
        response = redirect(CODE if there == "/" else f"{CODE}?next={there.replace('&', '%26')}", 303)
        _begin(services, user, response, half=True)
        services.note(Action.PASSWORD_GIVEN, who=_label(user))
        return response
    return enter(services, user, redirect(there, 303))


def enter(services: Services, user: User, response: Answer) -> Answer:
    """Sign *user* in with *response*: a new session, whatever there was before. Raises StoreError, UsageError."""
    _begin(services, user, response)
    limits.know_device(response, user)
    if cookies.read(cookies.LINK):
        cookies.take(response, cookies.LINK)
    services.note(Action.SIGN_IN, who=_label(user))
    return response


def _begin(services: Services, user: User, response: Answer, half: bool = False) -> None:
    """Begin a session and end the one that the request came with, so that no planted id is ever good for anything.

    After the code it must go on from the half one, which a new password ends. Raises StoreError, UsageError.
    """
    sessions, now, before = services.store.sessions, services.now(), g.get("session")
    goes_on = not half and before is not None and before.half and before.user_id == user.id
    if before is not None and not goes_on:
        sessions.end(before.digest)
    id_ = sessions.open(
        now,
        user_id=user.id,
        half=half,
        address=g.client.address,
        agent=request.headers.get("User-Agent", ""),
        expires=now + HALF_S if half else None,
        stamp=user.stamp,
        instead_of=before.digest if before is not None and goes_on else None,
    )
    cookies.give(response, cookies.SESSION, id_, HALF_S if half else ABSOLUTE_S)


# --- second factor


def _halfway(services: Services) -> User | None:
    """Return who has given the password and not yet the code."""
    session = g.get("session")
    if session is None or not session.half or session.user_id is None:
        return None
    return services.store.users.get(session.user_id)


def _code_form(services: Services) -> Answer:
    there = led_to(request.args.get("next", ""))
    return redirect(SIGN_IN, 303) if _halfway(services) is None else page("code.html", there=there, fault="")


def _code(services: Services) -> Answer:
    user, there = _halfway(services), led_to(_field("next"))
    if user is None:
        return redirect(SIGN_IN, 303)
    store, now = services.store, services.now()
    counted = limits.of_code(user)
    until = limits.begin(store.attempts, counted, now)
    if until is not None:
        return limits.told_until(page("code.html", 429, there=there, fault=limits.too_often(until, now)), until, now)
    if not store.users.take_code(user.id, _field("code").replace(" ", ""), now):
        services.note(Action.SIGN_IN_REFUSED, "code", who=_label(user))
        return page("code.html", 401, there=there, fault=_("The code is wrong, or it was used already."))
    limits.succeeded(store.attempts, counted)
    return enter(services, user, redirect(there, 303))


# --- sign-out


def _sign_out(services: Services) -> Answer:
    session = g.get("session")
    if session is not None:
        services.store.sessions.end(session.digest)
        current_app.extensions[NAME].remember(session.digest, None, services.now())
        if g.caller:
            services.note(Action.SIGN_OUT)
    response = redirect(SIGN_IN, 303)
    cookies.take(response, cookies.SESSION)
    response.headers["Clear-Site-Data"] = CLEARED
    return response


# --- the first owner


def _set_up_form(services: Services) -> Answer:
    return redirect(SIGN_IN, 303) if services.store.users.any_owner() else page("setup.html", fault="", name="")


def _set_up(services: Services) -> Answer:
    store, now = services.store, services.now()
    if store.users.any_owner():
        return redirect(SIGN_IN, 303)
    name, password, counted = _field("name"), _field("password"), {f"setup:{g.client.network}": limits.SECRET}
    if password != _field("again"):
        return page("setup.html", 400, fault=_("The two passwords differ."), name=name)
    until = limits.begin(store.attempts, counted, now)
    if until is not None:
        return limits.told_until(page("setup.html", 429, fault=limits.too_often(until, now), name=name), until, now)
    try:
        owner = store.users.add_first_owner(name, password, _field("secret"), now)
    except UsageError as exc:  # the secret was right
        limits.succeeded(store.attempts, counted)
        return page("setup.html", 400, fault=str(exc), name=name)
    if owner is None:
        services.note(Action.SIGN_IN_REFUSED, "setup", who="nobody")
        return page(
            "setup.html", 401, fault=_("The set-up secret is wrong, or a newer one was printed since."), name=name
        )
    limits.succeeded(store.attempts, counted)
    services.note(Action.OWNER_CREATED, owner.name, who=_label(owner))
    return enter(services, owner, redirect("/", 303))


# --- what they share


def _field(name: str) -> str:
    return request.form.get(name, "")[:LONGEST]


def _label(user: User | None) -> str:
    """Return who it is for the audit; a name that nobody has is not written down, it may be a password."""
    return "nobody" if user is None else f"user:{user.name}"
