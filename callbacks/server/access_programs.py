"""Tokens by which programs read: made, shown once, and revoked by owners."""

from flask import Response, g, request
from werkzeug.wrappers import Response as Answer

from callbacks.server.filled import Filled
from callbacks.server.signed_in import confirm, done, moments, myself, needs_password, page
from callbacks.services import Services
from cgm_dash.access import Action, Scope
from cgm_dash.errors import UsageError
from cgm_dash.i18n import _
from layouts import access_words

BACK = "/access"
EVERYONE = "all"
NAME_LIMIT = 80
DAYS = (1, 730)
STANDARD_DAYS = 365


class Pages:
    """The pages about tokens."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def new(self) -> Response:
        """Return the empty form."""
        return self._form(Filled(request.form))

    def add(self) -> Answer:
        """Make a token and show it, or return the form with what is wrong with it.

        The answer shows it itself: kept for a page to be led to, it would have to be stored.
        """
        filled, services = Filled(request.form), self._services
        name = filled.text("name", NAME_LIMIT)
        scopes = filled.some_of("scopes", [scope.value for scope in Scope])
        whose = filled.one_of("person", [EVERYONE, *(str(person.id) for person in services.people())])
        days = filled.number("days", *DAYS)
        if not filled.faults and needs_password(services):
            confirm(services, filled)
        if filled.faults:
            return self._form(filled)
        try:
            token, secret = services.store.tokens.create(
                name,
                frozenset(Scope(scope) for scope in scopes),
                services.now(),
                days=days,
                person_id=None if whose == EVERYONE else int(whose),
                created_by=myself(services).caller.name,
            )
        except UsageError as exc:  # there are too many
            filled.fault("name", str(exc))
            return self._form(filled)
        services.note(Action.TOKEN_CREATED, f"{name}: {', '.join(scopes)}")
        example = f"{server_address()}{'/api/now' if Scope.READ in token.scopes else '/metrics'}"
        return page(services, "token_made.html", made=token, secret=secret, example=example, moment=moments(services))

    def revoke(self, key: int) -> Answer:
        """Make a token worth nothing."""
        gone = self._services.store.tokens.revoke(key)
        if gone is not None:
            self._services.note(Action.TOKEN_REVOKED, gone.name)
        return done(BACK, "token-revoked")

    def _form(self, filled: Filled) -> Response:
        people = [(str(person.id), person.name) for person in self._services.people()]
        return page(
            self._services,
            "token_new.html",
            400 if filled.faults else 200,
            filled=filled,
            faults=filled.faults,
            scopes=access_words.scope_options(),
            people=[(EVERYONE, _("Everyone")), *people],
            days=filled.kept("days") or str(STANDARD_DAYS),
            ask=needs_password(self._services),
        )


def server_address() -> str:
    """Return this server's own address as the browser calls it, without a path."""
    scheme = "https" if g.client.https else "http"
    return f"{scheme}://{request.host}"
