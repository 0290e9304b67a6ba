"""Every way a source can fail: a stable code, who can help, and the sentence a person reads.

The codes are part of the program's interface (`poll --json`, the runs table, the status page): add, never rename.
Levels follow one rule: a lower level is never reported as a higher one, so that nobody retypes a password because of a
server that is only busy.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cgm_dash.i18n import mark as _

LOOKS_AGAIN_S = 3600
"""However long a trouble lasts, the poller looks again within the hour, and says so."""


class Level(enum.StrEnum):
    """Who can help."""

    NONE = "none"
    TIME = "time"
    OPERATOR = "operator"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One kind of trouble. sentence: English source text, translated where it is shown."""

    code: str
    level: Level
    sentence: str


def _table(*rows: tuple[str, Level, str]) -> Mapping[str, Trouble]:
    return MappingProxyType({code: Trouble(code, level, sentence) for code, level, sentence in rows})


TROUBLES: Mapping[str, Trouble] = _table(
    # only time helps
    ("network", Level.TIME, _("LibreLinkUp cannot be reached over the network. We try again by ourselves.")),
    ("timeout", Level.TIME, _("LibreLinkUp took too long to answer. We try again by ourselves.")),
    ("server-error", Level.TIME, _("LibreLinkUp has a fault on its side. We try again by ourselves.")),
    ("maintenance", Level.TIME, _("LibreLinkUp is down for maintenance. We try again by ourselves.")),
    (
        "rate-limited",
        Level.TIME,
        _("LibreLinkUp asks us to slow down. Nothing is lost: up to 12 hours can be fetched afterwards."),
    ),
    (
        "blocked",
        Level.TIME,
        _("LibreLinkUp's gatekeeper refuses this address for now. It has nothing to do with the password."),
    ),
    (
        "locked",
        Level.TIME,
        _("The account is locked for some minutes after failed sign-ins. We wait and try once more."),
    ),
    (
        "session-refused",
        Level.TIME,
        _("LibreLinkUp refuses a fresh session. Sign in once with its app if this lasts."),
    ),
    ("bad-answer", Level.TIME, _("LibreLinkUp sent an answer we could not read. We try again by ourselves.")),
    ("no-data", Level.TIME, _("LibreLinkUp answered without any data. We try again by ourselves.")),
    (
        "store-away",
        Level.TIME,
        _("Our own database does not answer, so we do not sign in now. We try again by ourselves."),
    ),
    # the operator or an update of this program helps
    (
        "version-refused",
        Level.OPERATOR,
        _("LibreLinkUp demands a newer app version than we can speak. Look for an update of this program."),
    ),
    (
        "headers-refused",
        Level.OPERATOR,
        _("LibreLinkUp refuses the form of our requests. Look for an update of this program."),
    ),
    (
        "account-refused",
        Level.OPERATOR,
        _("LibreLinkUp does not recognise the account of this session. Look for an update of this program."),
    ),
    (
        "redirect-loop",
        Level.OPERATOR,
        _("LibreLinkUp sends us in a circle between its regions. Set CGM_DASH_LLU_REGION."),
    ),
    (
        "host-refused",
        Level.OPERATOR,
        _("LibreLinkUp names a region that cannot be one of its own. The password was not sent there."),
    ),
    (
        "closed-by-maker",
        Level.OPERATOR,
        _("The maker has switched off this interface. Your history stays; file imports go on working."),
    ),
    (
        "database-away",
        Level.OPERATOR,
        _(
            "The database does not take new readings. They are stored when it does again: up to 12 hours can be "
            "fetched afterwards, too."
        ),
    ),
    (
        "database-damaged",
        Level.OPERATOR,
        _("The database file cannot be read. It is kept as it is; restore a backup."),
    ),
    (
        "clock-wrong",
        Level.OPERATOR,
        _("The clock of this machine is wrong by minutes, and with it every age shown. Have it set over the network."),
    ),
    (
        "disk-full",
        Level.OPERATOR,
        _("The disk is full: new readings cannot be kept. Make room; up to 12 hours can be fetched afterwards."),
    ),
    (
        "polling-stopped",
        Level.OPERATOR,
        _("This program has stopped asking for new readings. Restart it; up to 12 hours can be fetched afterwards."),
    ),
    # the user helps
    (
        "wrong-password",
        Level.USER,
        _(
            "LibreLinkUp refused this e-mail and password. We will not try again by ourselves: three refusals "
            "in a minute lock the account for five minutes."
        ),
    ),
    (
        "terms",
        Level.USER,
        _(
            "LibreLinkUp has new terms of use. Open its app, accept them, and readings go on by themselves "
            "within 30 minutes."
        ),
    ),
    (
        "privacy",
        Level.USER,
        _(
            "LibreLinkUp has a new privacy policy. Open its app, accept it, and readings go on by themselves "
            "within 30 minutes."
        ),
    ),
    (
        "verify-email",
        Level.USER,
        _(
            "LibreLinkUp wants the e-mail address confirmed. Open the link in its message, and readings go on "
            "by themselves within 30 minutes."
        ),
    ),
    (
        "two-factor",
        Level.USER,
        _(
            "This account uses two-factor sign-in, which only the app can do. Use a follower account of its "
            "own, or switch two-factor off."
        ),
    ),
    (
        "step-unknown",
        Level.USER,
        _("LibreLinkUp asks for a step we do not know. Open its app and follow what it says."),
    ),
    (
        "no-connection",
        Level.USER,
        _(
            "Nobody shares readings with this account yet. In the wearer's Libre app choose Connected apps, "
            "LibreLinkUp, and invite this account."
        ),
    ),
    (
        "sharing-stopped",
        Level.USER,
        _("This person no longer shares readings with the account. Everyone else's go on."),
    ),
    ("not-configured", Level.USER, _("No sensor is connected yet.")),
)

UPKEEP: Mapping[str, Trouble] = _table(
    (
        "disk-low",
        Level.OPERATOR,
        _("The disk runs full. Make room now, while everything still works: less than a tenth or 500 MB is free."),
    ),
    (
        "backup-failed",
        Level.OPERATOR,
        _("There is no new backup: last night's failed or is overdue. The command cgm-dash check says why."),
    ),
)
"""What threatens what is kept while readings come as they should."""


def trouble(code: str) -> Trouble:
    """Return the trouble named *code*. Raises KeyError for a code that is not in the table: a defect, not input."""
    return TROUBLES[code]
