"""What a log line must not hold: passwords, tokens, cookies, e-mail addresses, and anything that would forge a line."""

import json
import logging
import re
from collections.abc import Callable, Iterable
from types import TracebackType
from urllib.parse import quote

MASK = "***"
SHORTEST = 4
"""A known secret shorter than this is looked for only behind its name: it would blank out half of every line."""

LONGEST = 20_000
"""So many characters of one message or traceback are kept: what somebody sends must not fill the disk."""

_NAMES = (
    r"(?:[\w-]*(?:password|passwd|passphrase|secret|token|apikey|api[-_]key|credential)s?|pwd|pin|jwt|csrf"
    r"|session(?:[-_]?id)?|sid)"
)
_VALUE = r"""(?:\\?"(?:[^"\\]|\\.)*\\?"|\\?'(?:[^'\\]|\\.)*\\?'|[^\s,;&"'}\])]+)"""

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # A header that is a secret, to the end of its line.
    (re.compile(r"(?i)\b((?:set-)?cookie|(?:proxy-)?authorization)([\"']?\s*[:=]\s*)[^\r\n]*"), rf"\1\2{MASK}"),
    # RFC 3986: user and password before the host of an address.
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,19}://)[^\s\"'<>/?#]*@"), rf"\1{MASK}@"),
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,19}://)[^\s\"'<>@:/]*:[^\s\"'<>@]*@"), rf"\1{MASK}@"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), rf"\1 {MASK}"),
    # RFC 7519: a JSON web token.
    (re.compile(r"\beyJ[\w-]{5,}(?:\.[\w-]*)*"), MASK),
    (re.compile(r"\bcgm_[\w-]{20,}"), MASK),
    # A shared link, whole or cut; not the folder of that name in which data directories lie (~/.local/share).
    (re.compile(r"((?:\b[A-Z]{3,7} |://[^\s/\"']*)/share/)[^\s/?#\"']+"), rf"\1{MASK}"),
    (re.compile(r"(/share/)[\w-]{40,}"), rf"\1{MASK}"),
    (re.compile(rf"(?i)(?<![\w-])({_NAMES})([\"']?\s*[:=]\s*){_VALUE}"), rf"\1\2{MASK}"),
    (re.compile(r"(?<![\w.+%'-])[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+"), MASK),
    # Random: 32 characters or more with both cases and a digit, as ids of sessions and secrets of links are.
    (re.compile(r"(?<![\w-])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*[0-9])[\w-]{32,}={0,2}(?![\w-])"), MASK),
)

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
"""What would end a line, move a terminal's cursor, or show text in another order than it has."""


class Redactor:
    """Masks the secrets it knows, each also as addresses, JSON and Python write it, and whatever looks like one."""

    def __init__(self, secrets: Iterable[str | None] = ()) -> None:
        self._known: dict[str, None] = {}
        for secret in secrets:
            self.know(secret)

    def know(self, secret: str | None) -> None:
        """Mask *secret* from now on; None and what is shorter than SHORTEST is passed over."""
        if secret is None or len(secret) < SHORTEST:
            return
        forms = (secret, quote(secret, safe=""), quote(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1])
        # The longest first: what holds another must go before it.
        self._known = dict.fromkeys(sorted({*self._known, *forms}, key=len, reverse=True))

    def mask(self, text: str) -> str:
        """Return *text* without secrets, cut where it is longer than LONGEST; its lines stay as they are."""
        for secret in tuple(self._known):
            text = text.replace(secret, MASK)
        text = _bounded(text)
        for pattern, instead in _RULES:
            text = pattern.sub(instead, text)
        return text

    def line(self, text: str) -> str:
        """Return *text* as one line without secrets and without characters that are not seen."""
        return _CONTROL.sub(_escaped, self.mask(text))

    def lines(self, text: str) -> str:
        """Return a traceback without secrets, each of its lines set in, so that none looks like the log's own."""
        return "\n".join(f"    {_CONTROL.sub(_escaped, one)}" for one in self.mask(text).split("\n"))


class RedactingFormatter(logging.Formatter):
    """Formats a record as another formatter would, but redacted; the record stays as it was."""

    def __init__(self, redactor: Redactor, fmt: str | None = None, datefmt: str | None = None) -> None:
        super().__init__(fmt, datefmt)
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's lines."""
        own = logging.makeLogRecord(record.__dict__)
        own.msg, own.args, own.exc_text = self._redactor.line(_message(record)), None, None
        return super().format(own)

    def formatException(self, ei: "ExcInfo") -> str:  # noqa: N802  logging's own name
        """Return the traceback."""
        return self._redactor.lines(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:  # noqa: N802
        """Return the stack."""
        return self._redactor.lines(super().formatStack(stack_info))


ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def _bounded(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ({len(text) - LONGEST} more characters)"


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):  # arguments that do not fit: logging itself would print them as they are
        return f"{record.msg} (its arguments do not fit)"


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    known: Callable[[int], str | None] = {10: "\\n", 13: "\\r", 9: "\\t"}.get
    return known(code) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")
