"""Who gets in: one look at every request before anything else answers it. What is not named here needs a sign-in.

While everything shown is invented (the demo) there is nothing to keep. Else a request must come with the cookie of a
session, or a program's with a token; nobody else is answered, but for the few addresses of WITHOUT.
"""

import logging
import re
import threading
from collections import OrderedDict
from urllib.parse import quote

from flask import Flask, Response, g, redirect, request
from werkzeug.wrappers import Response as Answer

from callbacks import cookies, cross_site
from callbacks.server import envelope
from callbacks.server.answers import away, page, refused, wants_page
from callbacks.server.client import Client, client_of
from callbacks.services import NotAllowed, Services
from cgm_dash.access import DEMO, PAGES, RIGHTS, Caller, Kind, Right, Role, Scope
from cgm_dash.credentials import digest
from cgm_dash.errors import StoreError
from cgm_dash.i18n import _
from cgm_dash.settings import PASSED_ON
from layouts import offline as offline_layout
from layouts import plain
from sql.sessions import Session

log = logging.getLogger(__name__)

SIGN_IN, CODE, SIGN_OUT, SET_UP = "/login", "/login/code", "/logout", "/setup"

WITHOUT = frozenset(
    {
        *(SIGN_IN, CODE, SIGN_OUT, SET_UP, "/share/<secret>"),
        *("/healthz", "/readyz"),
        *("/manifest.webmanifest", "/service-worker.js", "/offline/", "/offline/<name>", "/vendor/bootstrap.min.css"),
    }
)
"""Rules of the URL map that need no sign-in; none of them tells of anybody."""

ASSETS = "/assets/"
OPEN_ASSETS = frozenset(ASSETS + name for name in (*plain.FILES, *(icon for icon, *_rest in offline_layout.ICONS)))
"""What of the assets the pages without a sign-in need, and the icons of the installed page."""

CLEARED = '"cache", "storage"'
"""What a browser forgets of who may no longer look: it keeps whose last reading was when, for the offline page."""

SCOPES = {"/api/now": Scope.READ, "/api/openapi.json": Scope.READ, "/report.pdf": Scope.READ, "/metrics": Scope.METRICS}
"""What a program's token must be for to open an address; it opens no other."""

OF_PAGE = {"/api/now": "now", "/report.pdf": "report"}
"""Addresses that tell what a page tells: whoever may not open the page may not have them."""

PEOPLE_ONLY = {"account": Right.SEE, "access": Right.MANAGE, "audit": Right.MANAGE, "metrics": Right.MANAGE}
"""First parts of addresses for those who have signed in themselves, and the right that each needs."""

OWNERS_ONLY = frozenset({"data"})
"""Pages about the account that is polled."""

NAME = "cgm_door"
"""Of the door among the server's extensions."""

REMEMBERED_S = 15 * 60
"""So long a session that was seen to be good goes on while the database is away."""

MOST_REMEMBERED = 1_000


def register(server: Flask, services: Services) -> None:
    """Register the look at every request. Goes before every hook that answers, but for the host's."""
    door = server.extensions[NAME] = Door(services)
    server.before_request(door.let_in)
    server.after_request(cross_site.remember)

    def not_allowed(_error: NotAllowed) -> Response:
        log.warning("request right=refused rule=%s", _rule())
        return refused(_("You may not do that here."), 403)

    server.register_error_handler(NotAllowed, not_allowed)


class Door:
    """Finds who asks. One for each process: it remembers whom it has let in, for when the database is away."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lock = threading.Lock()
        self._seen: OrderedDict[bytes, tuple[Caller, float]] = OrderedDict()

    def let_in(self) -> Answer | None:
        """Put who asks into `flask.g.caller` and return None, or return why they are not answered."""
        g.client = client_of(request.environ, self._services.settings.trusted_proxies)
        closed = self._closed_to(g.client)
        if closed:
            log.warning("request client=refused")
            return refused(closed, 403)
        if not self._is_ours():
            log.warning("request site=refused")
            return refused(_("This request was not made by a page of this server. Reload the page and try again."), 403)
        try:
            g.caller = self._who()
            if g.caller is not None:
                return self._beyond(g.caller)
            return None if _is_open() else self._turned_away()
        except StoreError as exc:
            return None if _is_open() else away(exc)

    def _closed_to(self, client: Client) -> str:
        """Return why nobody there is answered, "" where they are: the demo lets whoever comes connect an account."""
        services = self._services
        if not services.demo or services.settings.demo or client.is_local:
            return ""
        # A proxy on this machine, of which nobody has said that it may be trusted, passes on strangers' requests.
        reason = PASSED_ON if client.is_passed_on else services.settings.why_not_open_to(client.address)
        return f"This address {reason}."

    @staticmethod
    def _is_ours() -> bool:
        if not cross_site.is_ours(request, g.client.https):
            return False
        # What pages send beside forms is JSON, which no form can be made to send.
        return request.method in cross_site.READING or request.path == envelope.PATH or cross_site.has_token()

    def _who(self) -> Caller | None:
        """Return who asks, None for nobody we know. Raises StoreError where that cannot be looked up."""
        if self._services.demo:
            return DEMO
        scope = SCOPES.get(_rule())
        kind, _blank, token = request.headers.get("Authorization", "").partition(" ")
        if scope is not None and kind.lower() == "bearer":
            return self._program(token.strip())
        id_ = cookies.read(cookies.SESSION)
        return self._of_session(id_) if re.fullmatch(r"[A-Za-z0-9_-]{43}", id_) else None

    def _program(self, secret: str) -> Caller | None:
        services = self._services
        services.ready()
        token = services.store.tokens.find(secret, services.now(), g.client.address)
        if token is None:
            return None
        reads = Scope.READ in token.scopes
        return Caller(
            Kind.TOKEN,
            token.name,
            rights=frozenset({Right.SEE}) if reads else frozenset(),
            people=None if token.person_id is None else frozenset({token.person_id}),
            pages=frozenset(OF_PAGE.values()),
            scopes=token.scopes,
        )

    def _of_session(self, id_: str) -> Caller | None:
        services, key = self._services, digest(id_)
        now = services.now()
        try:
            services.ready()
            session = services.store.sessions.find(id_, now)
            caller = None if session is None or session.half else caller_of(services, session, now)
        except StoreError:
            remembered = self._remembered(key, now)
            if remembered is None:
                raise
            return remembered
        g.session = session
        self.remember(key, caller, now)
        return caller

    def remember(self, key: bytes, caller: Caller | None, now: float) -> None:
        """Remember that the session of this digest is good, and whose; None: that it is not."""
        with self._lock:
            self._seen.pop(key, None)
            if caller is not None:
                self._seen[key] = (caller, now)
            if len(self._seen) > MOST_REMEMBERED:
                self._seen.popitem(last=False)

    def _remembered(self, key: bytes, now: float) -> Caller | None:
        with self._lock:
            caller, at = self._seen.get(key, (None, 0.0))
        return caller if abs(now - at) <= REMEMBERED_S else None

    def _turned_away(self) -> Answer:
        """Return the way to the sign-in, to the first owner's while there is none; 401 for what no person opens.

        Who came by a shared link is told that it is over.
        """
        if not wants_page():
            answer = refused(_("Sign in first."), 401)
            if _rule() in SCOPES:
                answer.headers["WWW-Authenticate"] = "Bearer"
            return answer
        self._services.ready()
        if not self._services.store.users.any_owner():
            return redirect(SET_UP)
        if cookies.read(cookies.LINK):
            over = page("share_ended.html", 401)
            over.headers["Clear-Site-Data"] = CLEARED
            return over
        query = request.query_string.decode("ascii", "replace")
        here = f"{request.path}?{query}" if query else request.path
        return redirect(SIGN_IN if here == "/" else f"{SIGN_IN}?next={quote(here, safe='/')}")

    @staticmethod
    def _beyond(caller: Caller) -> Answer | None:
        """Return why somebody we know may not have this address, None where they may."""
        rule = _rule()
        part = rule.lstrip("/").partition("/")[0]
        page = OF_PAGE.get(rule)
        if caller.kind is Kind.TOKEN:
            allowed = SCOPES.get(rule) in caller.scopes
        elif part in PEOPLE_ONLY and caller.kind is not Kind.DEMO:
            allowed = caller.kind is Kind.USER and caller.may(PEOPLE_ONLY[part])
        else:
            allowed = page is None or caller.may_open(page)
        if allowed:
            return None
        log.warning("request right=refused rule=%s", rule)
        return refused(_("You may not open this."), 403)


def caller_of(services: Services, session: Session, now: float) -> Caller | None:
    """Return who a session belongs to, None where they are gone. Raises StoreError."""
    if session.share_id is not None:
        share = services.store.shares.get(session.share_id, now)
        if share is None:
            return None
        return Caller(Kind.SHARE, share.name, frozenset({Right.SEE}), frozenset({share.person_id}), share.pages)
    user = None if session.user_id is None else services.store.users.get(session.user_id)
    if user is None:
        return None
    return Caller(
        Kind.USER,
        user.name,
        rights=RIGHTS[user.role],
        people=None if user.sees_all or user.role is Role.OWNER else user.people,
        pages=None if user.role is Role.OWNER else frozenset(PAGES) - OWNERS_ONLY,
        user_id=user.id,
    )


def _rule() -> str:
    """Return the rule of the URL map that answers, "" for none: paths can be written in many ways, rules cannot."""
    return request.url_rule.rule if request.url_rule else ""


def _is_open() -> bool:
    rule = _rule()
    return rule in WITHOUT or (rule.startswith(ASSETS) and request.path in OPEN_ASSETS)
