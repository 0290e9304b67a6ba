"""What somebody filled into a form of a plain page: read, judged, and kept to be shown again with its faults.

Everything in it may be a stranger's. A field that a browser would not have let through is refused as well.
"""

from collections.abc import Collection

from werkzeug.datastructures import MultiDict

from cgm_dash.i18n import _

LONGEST_SECRET = 300
"""Characters of a password or code that are looked at; none of ours is longer."""


class Filled:
    """A form that was sent. faults: words for the reader by the name of the field; empty while all is well."""

    def __init__(self, sent: MultiDict[str, str]) -> None:
        self._sent = sent
        self.faults: dict[str, str] = {}

    def fault(self, name: str, words: str) -> None:
        """Note what is wrong with a field; the first fault stays."""
        self.faults.setdefault(name, words)

    def kept(self, name: str) -> str:
        """Return what was typed, to be shown again."""
        return self._sent.get(name, "")[:LONGEST_SECRET]

    def all_kept(self, name: str) -> list[str]:
        """Return every choice that was made, to be shown again."""
        return [value[:LONGEST_SECRET] for value in self._sent.getlist(name)[:LONGEST_SECRET]]

    def text(self, name: str, longest: int) -> str:
        """Return a line of text without blanks around it; one that is missing, longer or unprintable is a fault."""
        typed = " ".join(self._sent.get(name, "").split())
        if not typed:
            self.fault(name, _("Fill this in."))
        elif len(typed) > longest:
            self.fault(name, _("At most {n} characters.").format(n=longest))
        elif not typed.isprintable():
            self.fault(name, _("Only letters, digits and signs that can be seen."))
        return typed

    def secret(self, name: str) -> str:
        """Return a password, PIN or code as it was typed; one that is missing is a fault."""
        typed = self._sent.get(name, "")[:LONGEST_SECRET]
        if not typed:
            self.fault(name, _("Fill this in."))
        return typed

    def one_of(self, name: str, options: Collection[str]) -> str:
        """Return the choice; none, or one that was not offered, is a fault and comes back as ""."""
        chosen = self._sent.get(name, "")
        if chosen not in options:
            self.fault(name, _("Choose one."))
            return ""
        return chosen

    def some_of(self, name: str, options: Collection[str]) -> list[str]:
        """Return the choices in the order they were offered; none, or one that was not offered, is a fault."""
        sent = self._sent.getlist(name)
        if not sent or not {*sent} <= {*options}:
            self.fault(name, _("Choose at least one."))
            return []
        return [option for option in options if option in sent]

    def number(self, name: str, least: int, most: int) -> int:
        """Return a whole number; what is none, or out of bounds, is a fault and comes back as *least*."""
        typed = self._sent.get(name, "").strip()
        if typed.isascii() and typed.isdigit() and len(typed) < 10 and least <= int(typed) <= most:
            return int(typed)
        self.fault(name, _("A whole number from {least} to {most}.").format(least=least, most=most))
        return least
