"""Words in the viewer's language: `_` translates, `mark` notes a text for translation where it is defined.

The English source text stands where there is no translation. The language is the viewer's, so it is held per request (a
context variable), never per process. A language's catalogue is read at its first use and kept; English needs none.
"""

import gettext
import io
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import MappingProxyType

SOURCE = "en"
"""The language the texts are written in."""

LANGUAGES: Mapping[str, str] = MappingProxyType({SOURCE: "English", "de": "Deutsch"})
"""The languages that can be chosen: ISO 639 code, and the name that its own speakers use."""

LOCALES = Path(__file__).with_name("locales")
DOMAIN = "cgm_dash"

_catalogues: dict[str, gettext.NullTranslations] = {}
_loading = threading.Lock()
_language: ContextVar[str] = ContextVar("language", default=SOURCE)


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
    catalogue = _catalogue()
    # A catalogue keeps its own header under the empty text.
    return catalogue.gettext(text) if catalogue and text else text


def plural(one: str, many: str, n: int) -> str:
    """Return the form of a counted text that fits *n*, still holding its placeholders."""
    catalogue = _catalogue()
    if catalogue:
        return catalogue.ngettext(one, many, n)
    return one if n == 1 else many


def po_file(code: str) -> Path:
    """Return where the translations into *code* are kept."""
    return LOCALES / code / "LC_MESSAGES" / f"{DOMAIN}.po"


def _catalogue() -> gettext.NullTranslations | None:
    """Return the catalogue of the language in force; None for English and for a language that is none of ours."""
    code = _language.get()
    if code == SOURCE:
        return None
    found = _catalogues.get(code)
    if found is None and code in LANGUAGES:
        with _loading:
            found = _catalogues.get(code) or _catalogues.setdefault(code, load(code))
    return found


def load(code: str) -> gettext.NullTranslations:
    """Return the catalogue of *code*, made of its file of translations and the calendar's names.

    Translations marked as uncertain ("fuzzy") are left out. Raises FileNotFoundError for a language without a file.
    """
    # Imported here: who reads English pays neither the time nor the memory.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with po_file(code).open("rb") as file:
        catalogue = read_po(file, locale=code, domain=DOMAIN)
    for english, name in calendar_names(code).items():
        catalogue.add(english, name)
    binary = io.BytesIO()
    write_mo(binary, catalogue)
    binary.seek(0)
    return gettext.GNUTranslations(binary)


def calendar_names(code: str) -> dict[str, str]:
    """Return the names of weekdays and months in *code* by the English ones, long and short, as they stand in dates.

    Source: the Unicode CLDR, as Babel carries it; so no translator has to write them.

    >>> calendar_names("de")["Sunday"], calendar_names("de")["Sun"], calendar_names("de")["Sep"]
    ('Sonntag', 'So.', 'Sept.')
    """
    from babel import Locale

    english, other = Locale.parse(SOURCE), Locale.parse(code)
    names: dict[str, str] = {}
    for width in ("abbreviated", "wide"):
        for of in ("days", "months"):
            ours, theirs = getattr(english, of)["format"][width], getattr(other, of)["format"][width]
            names |= {ours[number]: theirs[number] for number in ours}
    return names
