"""Text from outside, made fit for both databases."""

import unicodedata

from cgm_dash.errors import UsageError
from cgm_dash.i18n import _

NAME_LONGEST = 80


def storable(text: str, limit: int) -> str:
    """Return at most *limit* characters of *text* without what PostgreSQL or UTF-8 refuse: NUL and lone surrogates.

    >>> storable("a\\0b\\ud800c", 3)
    'ab?'
    """
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")[:limit]


def shown_name(text: str) -> str:
    """Return *text* as the name of a user, a program or a link: composed (NFC), blanks around it dropped.

    Raises UsageError, whose words do not repeat it, for anything but 1 to 80 printable characters.
    """
    name = unicodedata.normalize("NFC", text).strip()
    if not 1 <= len(name) <= NAME_LONGEST or not name.isprintable():
        raise UsageError(_("The name must be 1 to 80 printable characters; change it."))
    return name


def one_line(text: str, limit: int) -> str:
    r"""Return *text* fit for a list or a log: control characters and lone surrogates escaped, cut to *limit*.

    >>> one_line("a\nb\x1b[2J", 40)
    'a\\nb\\x1b[2J'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[:limit])[:limit]
