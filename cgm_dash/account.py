"""A follower account as a person types it, checked once at the border."""

import re
from dataclasses import dataclass, field

from cgm_dash.errors import UsageError

LONGEST = 320
"""Characters of an e-mail address at most (RFC 3696, erratum 1690), and of a password we take."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """E-mail, password and region (None: found by itself) of a follower account; none of the two shows in its text."""

    email: str = field(repr=False)
    password: str = field(repr=False)
    region: str | None = None

    @classmethod
    def of(cls, email: str, password: str, region: str | None = None) -> "Credentials":
        """Return what was typed, blanks around the e-mail dropped. Raises UsageError, which repeats neither."""
        email, region = email.strip(), (region or "").strip().lower()
        if len(email) > LONGEST or not is_email(email):
            raise UsageError("e-mail: expected an address such as name@example.org")
        if not password or len(password) > LONGEST or "\0" in password:
            raise UsageError(f"password: expected 1 to {LONGEST} characters")
        if region not in ("", "auto") and not is_region(region):
            raise UsageError("region: expected auto or a region code such as eu, us or eu2")
        return cls(email, password, None if region in ("", "auto") else region)


def is_email(text: str) -> bool:
    """Return whether *text* has the form of an e-mail address."""
    return re.fullmatch(r"[^@\s\0]+@[^@\s\0]+", text) is not None


def is_region(text: str) -> bool:
    """Return whether *text* can be a region's code: two lower-case letters and at most one digit."""
    return re.fullmatch(r"[a-z]{2}[0-9]?", text) is not None


def masked(email: str) -> str:
    """Return *email* so that its owner knows it and nobody else learns it.

    >>> masked("follower@example.org"), masked("f@example.org")
    ('f…@example.org', '…@example.org')
    """
    name, _, host = email.rpartition("@")
    return f"{name[:1] if len(name) > 1 else ''}…@{host}"
