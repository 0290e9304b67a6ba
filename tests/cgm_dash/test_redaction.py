"""No secret and no forged line comes into the log, whatever is logged."""

import logging
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm_dash.redaction import MASK, RedactingFormatter, Redactor

KNOWN = "pass word/ü\"'%\\1"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJpZCI6IjEifQ.abc-DEF_123"
RANDOM = "Xk3_b9QzLw-T7vR2mYp5AeHc8NdJf4GsU1oKi6BtWqE"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"got {KNOWN}!", KNOWN),
        ("https://x.test/?p=pass%20word%2F%C3%BC%22%27%25%5C1", "pass%20word%2F%C3%BC%22%27%25%5C1"),
        (f"data={KNOWN!r}", repr(KNOWN)[1:-1]),
        ("postgresql://cgm:s3cr3t@db/cgm", "s3cr3t"),
        ("postgresql://cgm:s3/c@r3t@db/cgm failed", "s3/c@r3t"),
        ("https://hunter2@example.org/x", "hunter2"),
        ("Authorization: Bearer abc.def-ghi", "abc.def-ghi"),
        ("sent bearer abcdefgh", "abcdefgh"),
        (f"ticket {JWT} refused", JWT),
        ("cgm_" + "aB3-_" * 8 + "xyz", "aB3-_"),
        ("Cookie: a=b; __Host-cgm_session=xyz; c=d", "xyz"),
        ("{'Set-Cookie': 'session=xyz; Path=/'}", "xyz"),
        ('{"password": "hun\\"ter2", "a": 1}', "ter2"),
        ("password=hunter2&user=a", "hunter2"),
        ("CGM_DASH_LLU_PASSWORD=hunter2", "hunter2"),
        ("X-Api-Key: hunter2", "hunter2"),
        ("pin=4711", "4711"),
        ("sid: abcdef", "abcdef"),
        ("mail to mira.rau+x@example.org failed", "mira.rau"),
        (f"GET /share/{RANDOM}?x=1", RANDOM),
        ("GET /share/short", "short"),
        ("opened https://glucose.example.org/share/short?x=1", "short"),
        (f"'/share/{'a' * 43}'", "a" * 43),
        ("id aB3_" + "x" * 40, "x" * 40),
    ],
)
def test_a_secret_is_masked(text: str, secret: str) -> None:
    masked = Redactor([KNOWN]).line(text)
    assert secret not in masked
    assert MASK in masked


@pytest.mark.parametrize(
    "text",
    [
        "ingest pid=4711 fetched=141 stored=1 known=140",
        "leader pid=1 role=leading",
        "account stored=unreadable reason=another secret key",
        "File /opt/cgm/.venv/lib/python3.11/site-packages/sqlalchemy/engine/base.py, line 1967",
        "test_a_pages_own_request_passes_and_is_answered_in_words http://127.0.0.1:8050/trends?person=1",
        "digest 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "a token is needed; the session ended",
        "restore --keep-damaged '/home/ann/.local/share/cgm-dash/backups/cgm_dash-2026-11-29.sqlite3'",
        "file=/share/homes/cgm_dash.sqlite3",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Redactor([KNOWN]).line(text) == text


def test_the_longer_of_two_secrets_leaves_nothing_of_itself() -> None:
    assert Redactor(["abcd", "abcdefgh", "abc", None, ""]).line("abcdefgh abcd abc") == f"{MASK} {MASK} abc"


def formatted(log: Callable[[logging.Logger], None], *known: str) -> str:
    """Return what a handler would write."""
    records: list[logging.LogRecord] = []
    logger = logging.Logger("x")  # noqa: LOG001  one that nobody else has
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[assignment,method-assign]
    logger.addHandler(handler)
    log(logger)
    formatter = RedactingFormatter(Redactor(known), "%(levelname)s %(message)s")
    return "\n".join(map(formatter.format, records))


def test_a_traceback_is_redacted_and_cannot_forge_a_line() -> None:
    def log(logger: logging.Logger) -> None:
        try:
            try:
                raise ValueError("hunter22 and\nERROR forged line\x1b[2J")
            except ValueError as exc:
                raise RuntimeError("Cookie: a=b") from exc
        except RuntimeError:
            logger.exception("failed for %s", "mira@example.org")

    written = formatted(log, "hunter22")
    for secret in ("hunter22", "a=b", "mira", "\x1b"):
        assert secret not in written
    assert "ValueError" in written
    first, *others = written.split("\n")
    assert first == f"ERROR failed for {MASK}"
    assert all(line.startswith("    ") for line in others)


def test_arguments_that_do_not_fit_are_not_printed() -> None:
    assert "hunter22" not in formatted(lambda logger: logger.error("one %d", "hunter22"))


@pytest.mark.parametrize("piece", ["a", "a.", "a-", "@", "://", "x:", "eyJ", "password", "'", '\\"'])
def test_a_long_message_is_cut_and_takes_no_time(piece: str) -> None:
    began = time.process_time()
    assert len(Redactor().line(piece * 200_000)) < 100_000
    assert time.process_time() - began < 5


def test_a_record_stays_as_it_was_for_other_handlers() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 1, "at %s", ("a@example.org",), None)
    RedactingFormatter(Redactor()).format(record)
    assert (record.msg, record.args) == ("at %s", ("a@example.org",))


@given(st.text(), st.text(min_size=4).filter(lambda s: s.strip("*") == s), st.text())
def test_no_known_secret_and_no_control_character_is_ever_written(before: str, secret: str, after: str) -> None:
    written = formatted(lambda logger: logger.warning("%s", before + secret + after), secret)
    assert secret not in written.removeprefix("WARNING ").replace(MASK, "\n")
    assert written.isprintable() or not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in written)


@given(st.text(alphabet="abcXYZ019_-", min_size=8), st.sampled_from(["password", "token", "session", "Cookie", "pin"]))
def test_what_stands_behind_a_secrets_name_is_never_written(secret: str, name: str) -> None:
    for shape in (f"{name}={secret}", f"{name}: {secret}", f'{{"{name}": "{secret}"}}', f"x&{name}={secret}&y=1"):
        assert secret not in Redactor().line(shape)
