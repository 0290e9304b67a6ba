"""Words in the viewer's language: `_` translates, `mark` notes a text for translation where it is defined.

Catalogues are added by `install`; without one the English source text stands. The language is the viewer's, so it is
held per request (a context variable), never per process.
"""

import gettext
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_catalogues: dict[str, gettext.NullTranslations] = {}
_language: ContextVar[str] = ContextVar("language", default="en")


def install(language: str, catalogue: gettext.NullTranslations) -> None:
    """Make *catalogue* serve *language* (an ISO 639 code) in this process."""
    _catalogues[language] = catalogue


def language() -> str:
    """Return the code of the language in force here."""
    return _language.get()


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Use language *code* inside the block; one without a catalogue falls back to English."""
    token = _language.set(code)
    try:
        yield
    finally:
        _language.reset(token)


def mark(text: str) -> str:
    """Return *text* unchanged: it is translated later, where it is shown."""
    return text


def _(text: str) -> str:
    """Return *text* in the language in force, or *text* itself."""
    catalogue = _catalogues.get(_language.get())
    return catalogue.gettext(text) if catalogue else text


def plural(one: str, many: str, n: int) -> str:
    """Return the form of a counted text that fits *n*, still holding its placeholders."""
    catalogue = _catalogues.get(_language.get())
    if catalogue:
        return catalogue.ngettext(one, many, n)
    return one if n == 1 else many
