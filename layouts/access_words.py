"""Roles, scopes, pages and what the audit holds, in words."""

from collections.abc import Mapping
from types import MappingProxyType

from cgm_dash.access import Action, Role, Scope
from cgm_dash.i18n import _
from cgm_dash.i18n import mark as m
from layouts.shell import page_name

ROLES: Mapping[Role, tuple[str, str]] = MappingProxyType(
    {
        Role.OWNER: (m("Owner"), m("Everything: settings, the sensor's account, who may look. Sees everyone.")),
        Role.CARER: (m("Carer"), m("Sees readings and acknowledges alarms.")),
        Role.VIEWER: (m("Viewer"), m("Sees readings.")),
    }
)
SCOPES: Mapping[Scope, tuple[str, str]] = MappingProxyType(
    {
        Scope.READ: (m("Readings"), m("The newest reading and the report: /api/now, /report.pdf.")),
        Scope.METRICS: (m("Metrics of the server"), m("How it runs, without readings: /metrics.")),
    }
)
SHARED: Mapping[str, str] = MappingProxyType(
    {
        "now": m("The newest reading, and the last hours."),
        "trends": m("What weeks to years come to."),
        "days": m("Each day by itself."),
        "report": m("One page for the doctor, also as a PDF."),
    }
)
"""What each page that can be shared shows."""

ACTIONS: Mapping[Action, str] = MappingProxyType(
    {
        Action.SIGN_IN: m("Signed in"),
        Action.SIGN_IN_REFUSED: m("Sign-in refused"),
        Action.PASSWORD_GIVEN: m("Password given, code asked for"),
        Action.SIGN_OUT: m("Signed out"),
        Action.OWNER_CREATED: m("First owner set up"),
        Action.USER_ADDED: m("Person added"),
        Action.USER_CHANGED: m("Person changed"),
        Action.USER_REMOVED: m("Person removed"),
        Action.PASSWORD_CHANGED: m("Password changed"),
        Action.SECOND_FACTOR_ON: m("Second factor turned on"),
        Action.SECOND_FACTOR_OFF: m("Second factor turned off"),
        Action.SESSION_ENDED: m("Browser signed out"),
        Action.TOKEN_CREATED: m("Token made"),
        Action.TOKEN_REVOKED: m("Token revoked"),
        Action.SHARE_CREATED: m("Link made"),
        Action.SHARE_OPENED: m("Link opened"),
        Action.SHARE_REFUSED: m("Wrong PIN for a link"),
        Action.SHARE_REVOKED: m("Link revoked"),
        Action.ACCOUNT_CONNECTED: m("Sensor's account connected"),
        Action.ACCOUNT_DISCONNECTED: m("Sensor's account disconnected"),
        Action.SETTINGS_CHANGED: m("Settings changed"),
        Action.REPORT_EXPORTED: m("Report downloaded"),
        Action.DATA_EXPORTED: m("Data exported"),
        Action.ALARM_ACKNOWLEDGED: m("Alarm acknowledged"),
        Action.BACKUP_MADE: m("Backup made"),
        Action.RESTORED: m("Backup restored"),
    }
)

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "user": "{name}",
        "share": m("Shared link: {name}"),
        "token": m("Program: {name}"),
        "operator": m("A command on the server"),
        "nobody": m("Somebody not signed in"),
        "demo": m("Somebody in the demo"),
    }
)
"""By the first part of a Caller's label (cgm_dash.access)."""


def role(given: Role) -> str:
    """Return a role's name."""
    return _(ROLES[given][0])


def scope(given: Scope) -> str:
    """Return a scope's name."""
    return _(SCOPES[given][0])


def action(word: str) -> str:
    """Return what was done; a word that is not known (of a newer program) stands as it is."""
    known = {one.value: words for one, words in ACTIONS.items()}
    return _(known[word]) if word in known else word


def who(label: str) -> str:
    """Return who did it, by the caller's label."""
    kind, _colon, name = label.partition(":")
    words = KINDS.get(kind)
    return label if words is None else _(words).format(name=name or "–")


def role_options() -> list[tuple[str, str, str]]:
    """Return the roles to choose from: value, name, what it may."""
    return [(role_.value, _(name), _(line)) for role_, (name, line) in ROLES.items()]


def scope_options() -> list[tuple[str, str, str]]:
    """Return the scopes to choose from."""
    return [(scope_.value, _(name), _(line)) for scope_, (name, line) in SCOPES.items()]


def page_options() -> list[tuple[str, str, str]]:
    """Return the pages that a link can open."""
    return [(name, page_name(name), _(line)) for name, line in SHARED.items()]
