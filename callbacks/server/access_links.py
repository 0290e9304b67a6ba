"""Shared links, which open chosen pages of one person to whoever has them: made, shown once, and revoked by owners."""

from flask import Response, request
from werkzeug.wrappers import Response as Answer

from callbacks.server.access_programs import server_address
from callbacks.server.filled import Filled
from callbacks.server.signed_in import confirm, done, moments, myself, needs_password, page
from callbacks.services import Services
from cgm_dash.access import SHAREABLE, Action
from cgm_dash.errors import UsageError
from cgm_dash.i18n import _
from layouts import access_words

BACK = "/access"
NAME_LIMIT = 80
SPANS = ("1", "7", "30", "90", "own")
STANDARD_SPAN = "30"
DAYS = (1, 366)
PIN_LENGTH = (4, 12)


class Pages:
    """The pages about shared links."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def new(self) -> Response:
        """Return the empty form."""
        return self._form(Filled(request.form))

    def add(self) -> Answer:
        """Make a link and show it, or return the form with what is wrong with it.

        The answer shows it itself: kept for a page to be led to, it would have to be stored.
        """
        filled, services = Filled(request.form), self._services
        name = filled.text("name", NAME_LIMIT)
        whose = filled.one_of("person", [str(person.id) for person in services.people()])
        pages = filled.some_of("pages", SHAREABLE)
        span = filled.one_of("span", SPANS)
        days = filled.number("days", *DAYS) if span == "own" else int(span or 1)
        pin = _pin(filled)
        if not filled.faults and needs_password(services):
            confirm(services, filled)
        if filled.faults:
            return self._form(filled)
        try:
            share, secret = services.store.shares.create(
                name,
                int(whose),
                frozenset(pages),
                services.now(),
                hours=24 * days,
                pin=pin,
                created_by=myself(services).caller.name,
            )
        except UsageError as exc:  # there are too many
            filled.fault("name", str(exc))
            return self._form(filled)
        services.note(Action.SHARE_CREATED, f"{name}: {', '.join(pages)}")
        link = f"{server_address()}/share/{secret}"
        return page(services, "link_made.html", made=share, link=link, moment=moments(services))

    def revoke(self, key: int) -> Answer:
        """End a link, and whatever was opened with it, at once."""
        gone = self._services.store.shares.revoke(key)
        if gone is not None:
            self._services.note(Action.SHARE_REVOKED, gone.name)
        return done(BACK, "link-revoked")

    def _form(self, filled: Filled) -> Response:
        sent = request.method == "POST"
        people = [(str(person.id), person.name) for person in self._services.people()]
        return page(
            self._services,
            "link_new.html",
            400 if filled.faults else 200,
            filled=filled,
            faults=filled.faults,
            people=people,
            person=filled.kept("person") if sent else (people[0][0] if people else ""),
            pages=access_words.page_options(),
            chosen=filled.all_kept("pages") if sent else ["report"],
            spans=_spans(),
            span=filled.kept("span") if sent else STANDARD_SPAN,
            ask=needs_password(self._services),
        )


def _pin(filled: Filled) -> str | None:
    """Return the PIN, None where none is wanted."""
    typed = filled.kept("pin").strip()
    if not typed:
        return None
    least, most = PIN_LENGTH
    if not (typed.isascii() and typed.isdigit() and least <= len(typed) <= most):
        filled.fault("pin", _("A PIN has 4 to 12 digits."))
    return typed


def _spans() -> list[tuple[str, str]]:
    words = (_("A day"), _("A week"), _("30 days"), _("90 days"), _("Another number of days"))
    return list(zip(SPANS, words, strict=True))
