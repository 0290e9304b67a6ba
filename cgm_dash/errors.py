"""The errors a caller may meet, sorted by what one can do about them.

CgmDashError
  ConfigError            fix the settings           StoreError         the database refused
  UsageError             give other arguments         StoreUnavailable   it will come back: keep readings in the spool
  SourceError            could not get readings         ProgramMissing   install PostgreSQL's programs
    SourceAuthError      retrying cannot help         StoreDamaged       the file is unreadable: restore a backup
    SourceUnavailable    try again later             TooSoon            ask again at next_at
    PayloadError         the answer has a new shape

Messages quote the offending value and the remedy, never a token, a password, a name or a whole answer.
"""

from cgm_dash.trouble import Level, Trouble, trouble


class CgmDashError(Exception):
    """Anything this program raises on purpose."""


class ConfigError(CgmDashError):
    """A setting is missing, unknown or unusable; the message names it, its value and the remedy."""


class UsageError(CgmDashError):
    """What a command was given cannot be used; the message quotes it, with the remedy."""


class TooSoon(CgmDashError):
    """An upstream must not be asked yet.

    why: a key of errand.TOO_SOON, whose sentence a person reads. next_at: UTC epoch seconds from which on it may be.
    """

    def __init__(self, why: str, next_at: float) -> None:
        self.why = why
        self.next_at = next_at
        super().__init__(f"{why}: not before {int(next_at)} (UTC epoch seconds)")


class StoreError(CgmDashError):
    """The database refused what was asked of it."""


class StoreUnavailable(StoreError):
    """The database does not answer now; what was fetched goes to the spool and the caller tries again later."""


class ProgramMissing(StoreUnavailable):
    """PostgreSQL's own program of the server's version is not on this machine; the message names the package."""


class StoreDamaged(StoreError):
    """The database file cannot be read as a database; it is kept as it is, and a backup must be restored."""


class SourceError(CgmDashError):
    """Readings could not be had.

    code: a key of trouble.TROUBLES. retry_at: epoch seconds UTC of the next sensible try, None where only a person's
    action helps. detail: what an operator may read beside the sentence (a status code); no personal data.
    """

    def __init__(self, code: str, *, retry_at: float | None = None, detail: str = "") -> None:
        self.trouble: Trouble = trouble(code)
        self.code = code
        self.retry_at = retry_at
        self.detail = detail
        super().__init__(f"{code}: {self.trouble.sentence}" + (f" ({detail})" if detail else ""))

    @property
    def level(self) -> Level:
        """Who can help: the user, the operator, or only time."""
        return self.trouble.level


class SourceAuthError(SourceError):
    """The account is refused or waits for its owner; asking again cannot help."""


class SourceUnavailable(SourceError):
    """The upstream cannot answer now; the next try is at retry_at."""


class PayloadError(SourceError):
    """The answer does not have the shape this program knows."""
