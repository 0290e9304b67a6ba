"""What the pages of those who have signed in share: whose page it is, the password asked for again, new ids."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from zoneinfo import ZoneInfo

from flask import Response, g, redirect, request
from werkzeug.wrappers import Response as Answer

from callbacks import cookies, cross_site
from callbacks.server import limits
from callbacks.server.answers import THEME_COOKIE, away
from callbacks.server.door import SIGN_IN
from callbacks.server.filled import Filled
from callbacks.services import NotAllowed, Services
from cgm_dash.access import Action, Caller, Kind, Right
from cgm_dash.errors import StoreError, UsageError
from cgm_dash.i18n import _
from layouts import text
from layouts.plain import Visitor, render
from sql.sessions import ABSOLUTE_S, Session

FRESH_S = 15 * 60
"""A sign-in no older than this needs no password again for what opens readings to others."""

View = Callable[..., Answer]


def guarded(services: Services, view: View, right: Right = Right.SEE) -> View:
    """Return *view* for people who have signed in and have *right*; the demo leads home, nobody has signed in there.

    While the database is away it says so.
    """

    @wraps(view)
    def looked_at(**values: str | int) -> Answer:
        if services.demo:
            return redirect("/", 303)
        caller = services.caller()
        if caller.kind is not Kind.USER or caller.user_id is None or g.get("session") is None:
            raise NotAllowed("a page for people who have signed in")
        services.require(right)
        try:
            services.ready()
            return view(**values)
        except StoreError as exc:
            return away(exc)

    return looked_at


@dataclass(frozen=True, slots=True)
class Myself:
    """Who has signed in, and with which session."""

    caller: Caller
    user_id: int
    session: Session


def myself(services: Services) -> Myself:
    """Return who asks, on a page that `guarded` stands before."""
    caller = services.caller()
    if caller.user_id is None:
        raise NotAllowed("a page for people who have signed in")
    return Myself(caller, caller.user_id, g.session)


def page(services: Services, template: str, status: int = 200, **values: object) -> Response:
    """Return a page of whoever has signed in; what the template names besides visitor, token, done and filled."""
    caller, token = services.caller(), cross_site.form_token()
    here = "/" + request.path.split("/")[1]
    visitor = Visitor(caller.name, manages=caller.may(Right.MANAGE), here=here, token=token)
    given = {"filled": Filled(request.form), "faults": {}, "done": request.args.get("done", "")[:40], **values}
    document = render(template, theme=request.cookies.get(THEME_COOKIE, ""), visitor=visitor, token=token, **given)
    return Response(document, status, mimetype="text/html")


def done(path: str, word: str) -> Answer:
    """Return the way back to a page that says what was done. word: one of those that the page's template knows."""
    return redirect(f"{path}?done={word}", 303)


def needs_password(services: Services) -> bool:
    """Return whether the sign-in is so old that the password is asked for again."""
    return services.now() - myself(services).session.created > FRESH_S


def confirm(services: Services, filled: Filled, name: str = "own_password") -> bool:
    """Check the own password in a form, and note the fault where it is wrong or was tried too often.

    Nothing is checked while the form has faults: a password is tried only for something that would be done. Tries count
    for the session alone: whoever has come by one must not keep the others of that person from a new password.
    """
    typed, me = filled.secret(name), myself(services)
    if filled.faults:
        return False
    counted: Mapping[str, limits.Limit] = {f"confirm:{me.session.digest.hex()}": limits.CODE}
    attempts, now = services.store.attempts, services.now()
    until = limits.begin(attempts, counted, now)
    if until is not None:
        filled.fault(name, limits.too_often(until, now))
    elif services.store.users.check(me.caller.name, typed) is None:
        filled.fault(name, _("This is not your password."))
        services.note(Action.SIGN_IN_REFUSED, "own password")
    else:
        limits.succeeded(attempts, counted)
    return not filled.faults


def renew(services: Services, response: Answer) -> Answer:
    """Give whoever asks a new session in place of theirs, after what they sign in with has changed."""
    me, agent = myself(services), request.headers.get("User-Agent", "")
    try:
        id_ = services.store.sessions.open(
            services.now(),
            user_id=me.user_id,
            address=g.client.address,
            agent=agent,
            instead_of=me.session.digest,
        )
    except UsageError:  # an owner has ended it just now
        return redirect(SIGN_IN, 303)
    cookies.give(response, cookies.SESSION, id_, ABSOLUTE_S)
    return response


def zone(services: Services) -> ZoneInfo:
    """Return in whose local time these pages tell times: the first person's, whom most installations are about."""
    people = services.people()
    return services.zone(people[0] if people else None)


def moments(services: Services) -> Callable[[int | None], str]:
    """Return what writes a moment (UTC epoch seconds) as these pages show it, "–" for none."""
    there, now = zone(services), services.now()
    return lambda ts: "–" if ts is None else text.moment(ts, there, now)
