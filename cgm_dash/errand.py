"""Errands: what a page asks of the one process that polls, and what comes back."""

import enum
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from cgm_dash.i18n import mark as _
from cgm_dash.trouble import Level, trouble

OK = "ok"

DEADLINE_S = 20
"""From asking to the answer, seconds."""


class ErrandKind(enum.StrEnum):
    """What can be asked for."""

    CHECK_ACCOUNT = "check-account"
    """Sign in once with the credentials given and list who shares readings with them."""

    POLL_NOW = "poll-now"
    """Poll the account at once, though a wait is in force."""


class ErrandState(enum.StrEnum):
    """How far an errand is."""

    WAITING = "waiting"
    TAKEN = "taken"
    DONE = "done"
    EXPIRED = "expired"
    """Its time was over before an answer came: no process polls, or the one that took it has ended."""


@dataclass(frozen=True, slots=True)
class Found:
    """One wearer who shares readings with an account that was checked.

    name: first and last, as offered. country: ISO 3166 code, empty unknown. unit: mg/dL or mmol/L, empty unknown.
    age_s: age of the newest reading, None where there is none.
    """

    name: str
    country: str
    unit: str
    age_s: float | None


@dataclass(frozen=True, slots=True)
class ErrandResult:
    """code: `ok` or a key of trouble.TROUBLES. wearers: of a check that went well. next_try_at: UTC epoch seconds of
    the next sensible try, None where only a person's action helps. detail: for an operator, no personal data."""

    code: str
    wearers: tuple[Found, ...] = ()
    next_try_at: float | None = None
    detail: str = ""

    @property
    def level(self) -> Level:
        """Who can help; NONE where all is well."""
        return Level.NONE if self.code == OK else trouble(self.code).level

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {**asdict(self), "level": self.level.value}

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> "ErrandResult":
        """Return what as_json() gave."""
        wearers = tuple(Found(**one) for one in values["wearers"])
        return cls(values["code"], wearers, values["next_try_at"], values["detail"])


@dataclass(frozen=True, slots=True)
class Errand:
    """One errand as a page sees it. result: None until it is done."""

    id: str
    kind: ErrandKind
    state: ErrandState
    result: ErrandResult | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self.state in (ErrandState.DONE, ErrandState.EXPIRED)


TOO_SOON: Mapping[str, str] = MappingProxyType(
    {
        "lock-out": _(
            "Three refused sign-ins within a minute lock the account for some minutes. So that it never comes to that, "
            "the next try is possible at {time}."
        ),
        "pace": _("LibreLinkUp is not asked that often. The next try is possible at {time}."),
        "upstream": _("LibreLinkUp asked us to wait. The next try is possible at {time}."),
        "busy": _("An earlier try is still under way. The next one is possible at {time}."),
    }
)
"""Why an errand is not taken yet, by errors.TooSoon.why; {time} is when it is, in the viewer's words."""


_CHECKED: Mapping[str, str] = MappingProxyType(
    {
        "network": _("LibreLinkUp cannot be reached over the network. Check the connection, then try again."),
        "timeout": _("LibreLinkUp took too long to answer. Try again in a minute."),
        "server-error": _("LibreLinkUp has a fault on its side. Try again in some minutes."),
        "maintenance": _("LibreLinkUp is down for maintenance. Try again in some minutes."),
        "rate-limited": _("LibreLinkUp asks us to slow down. Try again later; it has nothing to do with the password."),
        "blocked": _(
            "LibreLinkUp's gatekeeper refuses this address for now. It has nothing to do with the password. Try again "
            "later."
        ),
        "locked": _("The account is locked for some minutes after failed sign-ins. Try again once that time is over."),
        "session-refused": _("LibreLinkUp refuses a fresh session. Sign in once with its app, then try again."),
        "bad-answer": _("LibreLinkUp sent an answer we could not read. Try again in some minutes."),
        "no-data": _("LibreLinkUp answered without any data. Try again in some minutes."),
        "wrong-password": _(
            "LibreLinkUp refused this e-mail and password. Check both with its app: three refusals in a minute lock "
            "the account for five minutes."
        ),
        "terms": _("LibreLinkUp has new terms of use. Open its app, accept them, then try again."),
        "privacy": _("LibreLinkUp has a new privacy policy. Open its app, accept it, then try again."),
        "verify-email": _(
            "LibreLinkUp wants the e-mail address confirmed. Open the link in its message, then try again."
        ),
    }
)


def sentence_of_check(code: str) -> str:
    """Return what a person reads when a check came to *code*, a key of trouble.TROUBLES; translated where it is shown.

    Beside a form nothing goes on by itself, which the sentences about polling promise.
    """
    return _CHECKED.get(code) or trouble(code).sentence
