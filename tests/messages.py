"""`make messages`: gather the texts of the code and bring every language's file of translations up to date.

A new text enters without a translation, one that the code no longer has leaves; both are named, so that a text that was
only reworded can be given its old translation again. The files carry neither dates nor line numbers and are sorted, so
that a change shows as what it is.
"""

import ast
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from cgm_dash import i18n  # noqa: E402  the path has to be set first

PACKAGES = ("callbacks", "cgm_dash", "ingestion", "layouts", "sql")
TAKES = {"_": 1, "mark": 1, "plural": 2}
"""How many of their arguments, from the first on, the functions of cgm_dash.i18n take as texts."""

HEADER = r"""# The texts of CGM Data Insights in {name}. `make messages` brings them up to date.
msgid ""
msgstr ""
"Language: {code}\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: {plural}\n"

"""

Texts = tuple[str, ...]
"""One English text, or the two forms of a counted one."""


def extracted() -> dict[Texts, list[str]]:
    """Return every text of the code with the files that have it. Raises ValueError for one text used in two ways."""
    found: dict[Texts, list[str]] = {}
    for path in sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*") if file.suffix in READERS):
        name = path.relative_to(ROOT).as_posix()
        for texts in _texts_in(path.suffix, path.read_text(encoding="utf-8")):
            files = found.setdefault(texts, [])
            if name not in files:
                files.append(name)
    uses: dict[str, Texts] = {}
    for texts, files in found.items():
        clash = uses.setdefault(texts[0], texts)
        if clash != texts:
            where = ", ".join(sorted({*files, *found[clash]}))
            raise ValueError(f"{texts[0]!r} is counted in one place, and otherwise or not at all in another: {where}")
    return found


@cache
def _texts_in(suffix: str, content: str) -> tuple[Texts, ...]:
    return tuple(READERS[suffix](content))


def texts_of(code: str) -> Iterator[Texts]:
    """Yield the texts that Python *code* hands to the functions of cgm_dash.i18n, by whatever name it imports them.

    Babel's own reader of Python does not see into f-strings before Python 3.12, nor does it know other names.
    """
    tree = ast.parse(code)
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "cgm_dash.i18n"]
    names = {alias.asname or alias.name: alias.name for node in imports for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            given = [arg.value if isinstance(arg, ast.Constant) else None for arg in node.args]
            words = given[: TAKES.get(names.get(node.func.id, ""), 0)]
            if words and all(words):
                yield tuple(str(word) for word in words)


def texts_of_template(markup: str) -> Iterator[Texts]:
    """Yield the texts that a template hands to `_` and `plural`."""
    for _line, function, given, _comments in babel_extract(io.BytesIO(markup.encode()), tuple(TAKES), (), {}):
        words = (given,) if isinstance(given, str) else (given or ())[: TAKES.get(function, 0)]
        if words and all(words):
            yield tuple(str(word) for word in words)


READERS: dict[str, Callable[[str], Iterator[Texts]]] = {".py": texts_of, ".html": texts_of_template}
"""What finds the texts in files that end like this."""


def kept(code: str) -> dict[Texts, Message]:
    """Return the entries of the file of translations into *code*, none without a file."""
    path = i18n.po_file(code)
    if not path.exists():
        return {}
    return dict(_entries(path.read_bytes(), code))


@cache
def _entries(content: bytes, code: str) -> dict[Texts, Message]:
    found = read_po(io.BytesIO(content), locale=code, ignore_obsolete=True)
    return {_texts(entry.id): entry for entry in found if entry.id}


def translations(entry: Message) -> Texts:
    """Return the forms of an entry's translation, "" for a form that is missing."""
    return tuple(form or "" for form in _texts(entry.string))


def brought_up_to_date(code: str) -> str:
    """Return what the file of translations into *code* should hold."""
    old, files = kept(code), extracted()
    catalogue = Catalog(locale=code)
    for texts in sorted(files, key=lambda texts: (files[texts], texts)):
        entry = catalogue.add(texts if len(texts) > 1 else texts[0], locations=[(name, 0) for name in files[texts]])
        before = old.get(texts)
        if before is not None:
            entry.string, entry.user_comments = before.string, before.user_comments
        entry.flags = {"fuzzy"} if before is not None and before.fuzzy else set()
    written = io.BytesIO()
    write_po(written, catalogue, width=120, omit_header=True, include_lineno=False)
    head = HEADER.format(name=i18n.LANGUAGES[code], code=code, plural=catalogue.plural_forms)
    return head + written.getvalue().decode("utf-8").strip("\n") + "\n"


def untranslated(code: str) -> list[Texts]:
    """Return the texts whose translation into *code* is missing or marked as uncertain ("fuzzy")."""
    return [texts for texts, entry in kept(code).items() if entry.fuzzy or not all(translations(entry))]


def _texts(given: str | Sequence[str] | None) -> Texts:
    return (given or "",) if given is None or isinstance(given, str) else tuple(given)


def main() -> None:
    """Bring every file up to date and say what is left to do."""
    for code in i18n.LANGUAGES:
        if code == i18n.SOURCE:
            continue
        old, path = kept(code), i18n.po_file(code)
        content = brought_up_to_date(code)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        now, missing = kept(code), untranslated(code)
        for texts in old.keys() - now.keys():
            print(f"gone: {texts[0]}\n      {' / '.join(translations(old[texts]))}")
        for texts in missing:
            print(f"to translate: {texts[0]}")
        print(f"{path}: {len(now)} texts, {len(missing)} to translate")


if __name__ == "__main__":
    main()
