"""/share/<secret>: a link that an owner made for somebody without a sign-in. Looking at it changes nothing.

Messengers and mail programs open links by themselves, to draw a picture of them: only the button opens anything.
"""

from flask import Flask, Response, g, redirect, request
from werkzeug.wrappers import Response as Answer

from callbacks import cookies
from callbacks.server import limits
from callbacks.server.answers import away, page
from callbacks.server.filled import Filled
from callbacks.services import Services
from cgm_dash.access import SHAREABLE, Action, Kind
from cgm_dash.errors import StoreError
from cgm_dash.i18n import _
from layouts import text
from layouts.shell import PAGES
from sql.shares import Share

RULE = "/share/<secret>"
LONGEST_SECRET = 100
KNOWN_AFTER_S = 90 * 86_400
"""So long after a link's end its browser is told that it is over; later it is led to the sign-in, as anybody."""

LINK = limits.Limit(10, 15 * 60, 15 * 60, doubling=True)
"""Wrong PINs of one link, from wherever they come: four digits must not be tried out."""


def register(server: Flask, services: Services) -> None:
    """Register the address of shared links."""

    def shared(secret: str) -> Answer:
        if services.demo:
            return redirect("/", 303)
        try:
            services.ready()
            share = services.store.shares.find(secret[:LONGEST_SECRET], services.now())
            if share is None:
                return page("share_over.html", 404)
            return _open(services, share) if request.method == "POST" else _form(services, share, {})
        except StoreError as exc:
            return away(exc)

    server.add_url_rule(RULE, "share", shared, methods=["GET", "POST"])


def _form(services: Services, share: Share, faults: dict[str, str], status: int = 200) -> Response:
    person = services.store.people.get(share.person_id)
    zone, now = services.zone(person), services.now()
    caller = g.get("caller")
    return page(
        "share.html",
        status,
        share=share,
        # With a PIN, whoever only found the link learns nobody's name.
        person=person.name if person and not share.has_pin else "",
        pages=_in_order(share),
        until=f"{text.moment(share.expires, zone, now)} ({zone.key})",
        signed_in=caller.name if caller is not None and caller.kind is Kind.USER else "",
        faults=faults,
    )


def _open(services: Services, share: Share) -> Answer:
    if share.has_pin:
        refusal = _refusal(services, share)
        if refusal is not None:
            return refusal
    sessions, now, before = services.store.sessions, services.now(), g.get("session")
    if before is not None:
        sessions.end(before.digest)
    agent = request.headers.get("User-Agent", "")
    id_ = sessions.open(now, share_id=share.id, expires=share.expires, address=g.client.address, agent=agent)
    services.store.shares.opened(share.id, now)
    services.note(Action.SHARE_OPENED, share.name, who=_label(share))
    response = redirect(f"{dict(PAGES)[_in_order(share)[0]]}?person={share.person_id}", 303)
    left_s = max(1, int(share.expires - now))
    cookies.give(response, cookies.SESSION, id_, left_s)
    cookies.give(response, cookies.LINK, "1", left_s + KNOWN_AFTER_S)
    return response


def _refusal(services: Services, share: Share) -> Answer | None:
    """Return why the PIN that was sent does not open the link, None where it does."""
    attempts, now, filled = services.store.attempts, services.now(), Filled(request.form)
    counted = {f"share-address:{g.client.network}": limits.ADDRESS, f"share:{share.id}": LINK}
    until = limits.begin(attempts, counted, now)
    if until is not None:
        return limits.told_until(_form(services, share, {"pin": limits.too_often(until, now)}, 429), until, now)
    if services.store.shares.pin_is(share.id, filled.secret("pin").strip()):
        limits.succeeded(attempts, counted)
        return None
    services.note(Action.SHARE_REFUSED, share.name, who=_label(share))
    return _form(services, share, {"pin": _("This is not the PIN.")}, 401)


def _label(share: Share) -> str:
    return f"{Kind.SHARE.value}:{share.name}"


def _in_order(share: Share) -> list[str]:
    return [name for name in SHAREABLE if name in share.pages]
