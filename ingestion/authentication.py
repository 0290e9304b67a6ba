"""Who we are to LibreLinkUp: region, app version, token, steps, and as few sign-ins as the situation allows.

A sign-in is the dangerous call: three refusals within a minute lock the account. The token lasts 180 days and is kept.
"""

import hashlib
import logging
import math
import threading
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import cgm_dash
from ingestion import regions
from ingestion.memory import Memory
from ingestion.transport import Answer
from ingestion.verdicts import ACCEPTABLE, Sign, Verdict, classify, number

log = logging.getLogger(__name__)

Ask = Callable[[str, str, Mapping[str, str], Mapping[str, Any] | None], Answer]
"""(method, url, headers, JSON body) -> answer; raises SourceError where none comes."""

DEFAULT_VERSION = "4.16.0"
"""Demanded since 2025-10-08 (pachi81/GlucoDataHandler, timoschlueter/nightscout-librelink-up); newer demands are
adopted."""

ANYWHERE = "global"
"""Stands for the global host where a region's code is kept."""

TOKEN_DAYS = 180
MOST_HOPS = 3
MOST_STEPS = 4
DAY = 86_400.0
HOUR = 3_600.0
RENEWALS_PER_HOUR = 2

_sign_ins: "weakref.WeakValueDictionary[tuple[str, str], _SignIn]" = weakref.WeakValueDictionary()
_looking_up = threading.Lock()


class _SignIn:
    """No two threads of this process sign in to one account side by side; across processes there is one poller."""

    def __init__(self) -> None:
        self.lock = threading.Lock()

    @classmethod
    def of(cls, url: str | None, email: str) -> "_SignIn":
        """Return the one of that account."""
        with _looking_up:
            return _sign_ins.setdefault((url or "", email.casefold()), cls())


class RefusedError(Exception):
    """Inside the client: an answer that is no success. The source turns it into a SourceError with the time to wait."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.code)
        self.verdict = verdict


@dataclass(frozen=True, slots=True)
class Account:
    """The settings of one follower account. url: other base URL than the maker's; version: the operator's override."""

    email: str = field(repr=False)
    password: str = field(repr=False)
    region: str | None = None
    url: str | None = None
    version: str | None = None
    accept_terms: bool = False


class AuthenticationManager:
    """Keeps one account's session. No I/O before the first call of `token` or `data_headers`."""

    def __init__(self, ask: Ask, memory: Memory, account: Account, most_sign_ins: int | None = None) -> None:
        """most_sign_ins: how often this object may sign in, None as often as its rules allow."""
        self._ask, self._memory, self._account = ask, memory, account
        self._left = math.inf if most_sign_ins is None else most_sign_ins
        self._sign_in = _SignIn.of(account.url, account.email)

    # ------------------------------------------------------------------ what a request needs

    def url(self, path: str) -> str:
        """Return the address of *path* in the account's region."""
        return regions.base_url(self.region, self._account.url) + path

    @property
    def region(self) -> str | None:
        """The region in force: learnt at a sign-in, else set by the operator, else None, the global host."""
        learnt = self._memory.text("region")
        if not learnt or self._memory.text("region_for") != (self._account.region or ANYWHERE):
            return self._account.region
        return None if learnt == ANYWHERE else learnt

    @property
    def version(self) -> str:
        """The app version we claim: the greatest of our own (or the operator's) and what was demanded since."""
        own = self._account.version or DEFAULT_VERSION
        demanded = self._memory.text("version") if self._memory.text("version_for") == own else ""
        return demanded if demanded and is_newer(demanded, own) else own

    def headers(self, token: str = "") -> dict[str, str]:
        """Return the headers of a request; with *token* those of a signed-in one."""
        headers = {
            "product": "llu.android",
            "version": self.version,
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": f"CGM-Data-Insights/{cgm_dash.__version__} (self-hosted follower)",
            "cache-control": "no-cache",
            "accept-encoding": "gzip",
            "connection": "keep-alive",
        }
        if token:
            user_id = self._memory.text("user_id")
            headers["Authorization"] = f"Bearer {token}"
            headers["Account-Id"] = hashlib.sha256(user_id.encode()).hexdigest()
        return headers

    def token(self, now: float) -> str:
        """Return a token that has not expired at *now*, signing in where there is none. Raises RefusedError."""
        return self._held(now) or self._signed_in(now, "", self.region)

    def _held(self, now: float) -> str:
        """Return the token we have, empty where there is none or its life is over."""
        expires = self._memory.number("expires")
        usable = expires is not None and now < expires and self._memory.text("user_id") != ""
        return self._memory.text("token") if usable else ""

    # ------------------------------------------------------------------ what an answer changes

    def prove(self, ticket: object, now: float) -> None:
        """Note that the token works, and adopt the *ticket* of the answer if it lasts longer.

        Every answer brings one; it is written down once a day, since the old one stays good.
        """
        if not self._memory.flag("proved"):
            self._memory.put(proved=True)
            self._memory.save()
        fresh = _ticket(ticket, now)
        if fresh is None:
            return
        token, expires = fresh
        before = self._memory.number("expires") or 0.0
        if expires > before:
            self._memory.put(token=token, expires=expires)
            if expires >= (self._memory.number("expires_saved") or 0.0) + DAY:
                self._memory.put(expires_saved=expires)
                self._memory.save()

    def renew(self, refused: str, now: float) -> bool:
        """Sign in anew because the token *refused* was refused; return False where that would be one time too many.

        A token that never worked was refused as soon as it was issued: another one would fare no better.
        """
        if self._left < 1:
            return False
        recent = [at for at in self._renewals() if 0 <= now - at < HOUR]
        if self._memory.text("token") == refused and not self._memory.flag("proved") and recent:
            return False
        if len(recent) >= RENEWALS_PER_HOUR:
            return False
        self._memory.put(renewals={str(i): at for i, at in enumerate([*recent, now])})
        self._signed_in(now, refused, self.region)
        return True

    def look_globally(self, refused: str, now: float) -> bool:
        """Sign in through the global host, once a day, because this region does not know the patient.

        Source: gui-dos/DiaBLE, which reads couldNotLoadPatient as the wrong regional server.
        """
        last = self._memory.number("relocated")
        if self._left < 1 or (last is not None and 0 <= now - last < DAY):
            return False
        self._memory.put(relocated=now)
        self._signed_in(now, refused, None)
        return True

    def start_afresh(self) -> None:
        """Allow every remedy again, because a person has acted."""
        self._memory.put(renewals=None, relocated=None)
        self._memory.save()

    def _renewals(self) -> list[float]:
        return list(self._memory.numbers("renewals").values())

    def adopt_version(self, wanted: str) -> bool:
        """Claim the app version *wanted* from now on; return False where ours is not older: then it is no help."""
        if not is_newer(wanted, self.version):
            return False
        log.info("app version adopted=%s before=%s", wanted, self.version)
        self._memory.put(version=wanted, version_for=self._account.version or DEFAULT_VERSION)
        self._memory.save()
        return True

    # ------------------------------------------------------------------ signing in

    def _signed_in(self, now: float, refused: str, region: str | None) -> str:
        """Return a fresh token, or the one another thread got meanwhile.

        refused: a token that no longer counts. region: where to begin.
        """
        with self._sign_in.lock:
            held = self._held(now)
            if held and held != refused:
                return held
            if self._memory.away:
                raise RefusedError(Verdict("store-away"))
            self._left -= 1
            if refused:
                self._memory.put(token=None, expires=None, proved=None)
                self._memory.save()
            return self._keep(self._through_steps(self._through_regions(now, region), now), now)

    def _through_regions(self, now: float, region: str | None) -> Verdict:
        """Return the verdict on the sign-in at the region that keeps the account.

        At most three hops and never the same region twice. A remembered region that answers 911 may be a foreign one:
        the global host is asked once.
        """
        seen = set[str | None]()
        while True:
            seen.add(region)
            verdict = self._attempt(region, now)
            if verdict.code == "maintenance" and region is not None and None not in seen:
                region = None
                continue
            if verdict.sign is not Sign.REDIRECT:
                if verdict.sign in (Sign.OK, Sign.STEP):
                    self._memory.put(region=region or ANYWHERE, region_for=self._account.region or ANYWHERE)
                return verdict
            region = self._next(verdict.wanted, seen)

    def _next(self, wanted: str, seen: set[str | None]) -> str:
        if not regions.is_code(wanted):
            raise RefusedError(Verdict("host-refused"))
        if wanted in seen or len(seen) > MOST_HOPS:
            raise RefusedError(Verdict("redirect-loop", detail=wanted))
        if wanted not in regions.KNOWN:
            log.info("region new=%s", wanted)
        return wanted

    def _attempt(self, region: str | None, now: float) -> Verdict:
        """Return the verdict on one sign-in at *region*; one demanded version is adopted and tried once."""
        body = {"email": self._account.email, "password": self._account.password}
        url = regions.base_url(region, self._account.url) + "/llu/auth/login"
        verdict = classify(self._ask("POST", url, self.headers(), body), now, login=True)
        if verdict.sign is Sign.VERSION and self.adopt_version(verdict.wanted):
            verdict = classify(self._ask("POST", url, self.headers(), body), now, login=True)
        return verdict

    def _through_steps(self, verdict: Verdict, now: float) -> Verdict:
        """Return the verdict after accepting terms and privacy, where the owner allowed that; never one type twice."""
        accepted: list[str] = []
        while verdict.sign is Sign.STEP and self.may_accept(verdict) and len(accepted) < MOST_STEPS:
            if accepted[-1:] == [verdict.wanted]:
                break
            accepted.append(verdict.wanted)
            verdict = self._accept(verdict, now)
        if verdict.sign is not Sign.OK:
            raise RefusedError(verdict)
        return verdict

    def may_accept(self, verdict: Verdict) -> bool:
        """Return whether the step is a document that the owner allowed us to accept."""
        return self._account.accept_terms and verdict.wanted in ACCEPTABLE

    def _accept(self, verdict: Verdict, now: float) -> Verdict:
        """Return the verdict on accepting one document. Source of path and shape: pachi81/GlucoDataHandler."""
        data = verdict.body.get("data")
        ticket = _ticket(data.get("authTicket") if isinstance(data, dict) else None, now)
        if ticket is None:
            raise RefusedError(verdict)
        headers = self.headers() | {"Authorization": f"Bearer {ticket[0]}"}
        log.info("document accepted=%s by=CGM_DASH_LLU_ACCEPT_TERMS", verdict.wanted)
        return classify(self._ask("POST", self.url(f"/auth/continue/{verdict.wanted}"), headers, None), now)

    def finish_steps(self, verdict: Verdict, now: float) -> bool:
        """Accept the documents a data call asked for; return False where the owner did not allow it."""
        if not self.may_accept(verdict):
            return False
        with self._sign_in.lock:
            self._keep(self._through_steps(verdict, now), now)
        return True

    def _keep(self, verdict: Verdict, now: float) -> str:
        """Keep the session of a sign-in's answer and return its token; only three of its fields are needed."""
        data = verdict.body.get("data")
        data = data if isinstance(data, dict) else {}
        user, ticket = data.get("user"), _ticket(data.get("authTicket"), now)
        user_id = user.get("id") if isinstance(user, dict) else None
        if not isinstance(user_id, str) or not user_id or ticket is None:
            raise RefusedError(Verdict("bad-answer", detail="sign-in without a session"))
        token, expires = ticket
        expires = max(expires, now + HOUR)  # a clock that is wrong by months must not mean a sign-in at every poll
        self._memory.put(token=token, expires=expires, expires_saved=expires, user_id=user_id, proved=None)
        self._memory.save()
        log.info("signed in region=%s", self.region or "global")
        return token


def _ticket(value: object, now: float) -> tuple[str, float] | None:
    """Return (token, end of its life in epoch seconds) of a ticket, None where there is no token."""
    if not isinstance(value, dict):
        return None
    token, expires, duration_ms = value.get("token"), number(value.get("expires")), number(value.get("duration"))
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        return None
    if expires is None:
        expires = now + (duration_ms / 1000 if duration_ms is not None else TOKEN_DAYS * DAY)
    return token, expires


def is_newer(version: str, other: str) -> bool:
    """Return whether *version* is the newer one, compared part by part as numbers.

    >>> is_newer("4.16.0", "4.9.0"), is_newer("4.16", "4.16.0"), is_newer("4.7.0", "4.16.0")
    (True, False, False)
    """

    def parts(text: str) -> list[int]:
        numbers = [int(part) for part in text.split(".")]
        while numbers and numbers[-1] == 0:
            numbers.pop()
        return numbers

    return parts(version) > parts(other)
