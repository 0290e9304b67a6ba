"""Languages: which there are, how a catalogue comes into force, and that no thread or block hears another's."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cgm_dash import i18n
from cgm_dash.i18n import LANGUAGES, _, calendar_names, language, plural, speaking

PO = """msgid ""
msgstr ""
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "sure"
msgstr "sicher"

#, fuzzy
msgid "unsure"
msgstr "vielleicht"

msgid "empty"
msgstr ""

msgid "{n} low"
msgid_plural "{n} lows"
msgstr[0] "{n} Tiefpunkt"
msgstr[1] "{n} Tiefpunkte"
"""


@pytest.fixture
def own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of translations into German that only the test has."""
    file = tmp_path / "de" / "LC_MESSAGES" / "cgm_dash.po"
    file.parent.mkdir(parents=True)
    file.write_text(PO, encoding="utf-8")
    monkeypatch.setattr(i18n, "LOCALES", tmp_path)
    monkeypatch.setattr(i18n, "_catalogues", {})
    return file


def test_languages_carry_their_own_names() -> None:
    assert dict(LANGUAGES) == {"en": "English", "de": "Deutsch"}


def test_a_block_speaks_its_language_and_no_longer() -> None:
    assert (language(), _("Today")) == ("en", "Today")
    with speaking("de"):
        assert (language(), _("Today")) == ("de", "Heute")
        with speaking("en"):
            assert _("Today") == "Today"
        assert _("Today") == "Heute"
    assert (language(), _("Today")) == ("en", "Today")


def test_the_language_ends_with_its_block_when_that_fails() -> None:
    with pytest.raises(ZeroDivisionError), speaking("de"):
        _ = 1 / 0
    assert language() == "en"


@pytest.mark.usefixtures("own_file")
def test_only_sure_translations_are_used() -> None:
    with speaking("de"):
        assert [_(text) for text in ("sure", "unsure", "empty", "missing")] == ["sicher", "unsure", "empty", "missing"]


@pytest.mark.usefixtures("own_file")
def test_counted_texts_take_the_form_of_the_language() -> None:
    forms = [plural("{n} low", "{n} lows", n) for n in (0, 1, 2)]
    assert forms == ["{n} lows", "{n} low", "{n} lows"]
    with speaking("de"):
        german = [plural("{n} low", "{n} lows", n) for n in (0, 1, 2)]
        assert german == ["{n} Tiefpunkte", "{n} Tiefpunkt", "{n} Tiefpunkte"]
        assert plural("{n} high", "{n} highs", 2) == "{n} highs"


def test_nothing_stays_nothing() -> None:
    # GNU catalogues keep their header under the empty text.
    with speaking("de"):
        assert _("") == ""


def test_a_language_that_is_none_of_ours_falls_back_to_english() -> None:
    with speaking("xx"):
        assert (_("Today"), plural("{n} day", "{n} days", 2)) == ("Today", "{n} days")


def test_the_calendar_needs_no_translator() -> None:
    names = calendar_names("de")
    assert len(names) == 7 + 7 + 12 + 11  # May is short already
    assert [names[n] for n in ("Monday", "Sun", "March", "Mar", "May")] == ["Montag", "So.", "März", "März", "Mai"]
    with speaking("de"):
        assert _("Wednesday") == "Mittwoch"


def test_a_catalogue_is_read_once_however_many_ask_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    real = i18n.load
    together = threading.Barrier(8)

    def counted(code: str) -> object:
        read.append(code)
        return real(code)

    def ask() -> str:
        together.wait(10)
        with speaking("de"):
            return _("Today")

    monkeypatch.setattr(i18n, "_catalogues", {})
    monkeypatch.setattr(i18n, "load", counted)
    with ThreadPoolExecutor(8) as threads:
        heard = [future.result() for future in [threads.submit(ask) for _n in range(8)]]
    assert (heard, read) == (["Heute"] * 8, ["de"])


def test_a_thread_does_not_hear_the_language_of_another() -> None:
    with speaking("de"), ThreadPoolExecutor(1) as threads:
        assert threads.submit(language).result() == "en"


def test_english_reads_no_catalogue() -> None:
    code = (
        "import sys; from cgm_dash.i18n import _, plural; from layouts import text\n"
        "assert _('Today') == 'Today' and text.percent(70) == '70 %' and plural('a', 'b', 2) == 'b'\n"
        "sys.exit('babel' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=i18n.LOCALES.parents[1], check=False).returncode == 0
