"""Who may do what: roles of people, scopes of programs, what a shared link opens, and what is written down of it."""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Right(StrEnum):
    """What may be done with the people one may see."""

    SEE = "see"
    ACKNOWLEDGE = "acknowledge"
    MANAGE = "manage"


class Role(StrEnum):
    """Of a person who signs in. owner: everything. carer: sees and acknowledges. viewer: sees."""

    OWNER = "owner"
    CARER = "carer"
    VIEWER = "viewer"


RIGHTS = MappingProxyType(
    {
        Role.OWNER: frozenset(Right),
        Role.CARER: frozenset({Right.SEE, Right.ACKNOWLEDGE}),
        Role.VIEWER: frozenset({Right.SEE}),
    }
)


class Scope(StrEnum):
    """What a program's token opens. read: readings, at /api and /report.pdf. metrics: /metrics, no health values."""

    READ = "read"
    METRICS = "metrics"


class Kind(StrEnum):
    """What sort of caller. operator: who runs a command on the machine itself. demo: anybody who sees invented data."""

    OPERATOR = "operator"
    DEMO = "demo"
    USER = "user"
    SHARE = "share"
    TOKEN = "token"  # noqa: S105  the name of a sort


class Action(StrEnum):
    """What is written into the audit: who did it, when, from where and to what; never a value or a secret."""

    SIGN_IN = "sign-in"
    SIGN_IN_REFUSED = "sign-in-refused"
    PASSWORD_GIVEN = "password-given"  # noqa: S105  the name of an event
    SIGN_OUT = "sign-out"
    OWNER_CREATED = "owner-created"
    USER_ADDED = "user-added"
    USER_CHANGED = "user-changed"
    USER_REMOVED = "user-removed"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105  the name of an event
    SECOND_FACTOR_ON = "second-factor-on"
    SECOND_FACTOR_OFF = "second-factor-off"
    SESSION_ENDED = "session-ended"
    TOKEN_CREATED = "token-created"  # noqa: S105  the name of an event
    TOKEN_REVOKED = "token-revoked"  # noqa: S105  the name of an event
    SHARE_CREATED = "share-created"
    SHARE_OPENED = "share-opened"
    SHARE_REFUSED = "share-refused"
    SHARE_REVOKED = "share-revoked"
    ACCOUNT_CONNECTED = "account-connected"
    ACCOUNT_DISCONNECTED = "account-disconnected"
    SETTINGS_CHANGED = "settings-changed"
    REPORT_EXPORTED = "report-exported"
    DATA_EXPORTED = "data-exported"
    ALARM_ACKNOWLEDGED = "alarm-acknowledged"
    BACKUP_MADE = "backup-made"
    RESTORED = "restored"


REFUSALS = frozenset({Action.SIGN_IN_REFUSED, Action.SHARE_REFUSED})
"""What strangers can cause without having been let in."""

PAGES = ("now", "trends", "days", "report", "data", "settings", "status")
"""Names of the pages, as a shared link chooses from the first four of them."""

SHAREABLE = PAGES[:4]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. people: the ids they may see, None everyone. pages: names of pages they may open, None every one.

    name: the user's, the share's or the token's. user_id: only of a user.
    """

    kind: Kind
    name: str = ""
    rights: frozenset[Right] = frozenset()
    people: frozenset[int] | None = frozenset()
    pages: frozenset[str] | None = frozenset()
    scopes: frozenset[Scope] = frozenset()
    user_id: int | None = None

    @property
    def label(self) -> str:
        """Who it is, for the audit."""
        return f"{self.kind.value}:{self.name}" if self.name else self.kind.value

    def may(self, right: Right) -> bool:
        """Return whether the caller has *right*."""
        return right in self.rights

    def may_see(self, person_id: int) -> bool:
        """Return whether the caller may see this person."""
        return Right.SEE in self.rights and self.is_about(person_id)

    def is_about(self, person_id: int) -> bool:
        """Return whether this person is among those the caller was given, whatever may be told of them."""
        return self.people is None or person_id in self.people

    def may_open(self, page: str) -> bool:
        """Return whether the caller may open the page of that name."""
        return Right.SEE in self.rights and (self.pages is None or page in self.pages)


OPERATOR = Caller(Kind.OPERATOR, rights=frozenset(Right), people=None, pages=None, scopes=frozenset(Scope))
"""Who runs a command on the machine: nothing that is kept there can be kept from them."""

DEMO = Caller(Kind.DEMO, rights=frozenset(Right), people=None, pages=None, scopes=frozenset(Scope))
"""Anybody, while everything shown is invented."""
