"""Passwords, secrets and second factors: how they are made and checked. Pure functions; nothing is kept here.

Passwords follow OWASP ASVS 5.0, V6.2, and are hashed with Argon2id at the least cost that OWASP's Password Storage
Cheat Sheet allows (19 MiB, two passes), which a small machine can bear: about a twentieth of a second each.
"""

import base64
import functools
import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

import pyotp
from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from cgm_dash.i18n import mark

SHORTEST, LONGEST = 12, 256
"""Characters of a password, after normalisation."""

PASSWORD_FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "too-short": mark("The password has fewer than 12 characters; a few words in a row make a good one."),
        "too-long": mark("The password has more than 256 characters; take a shorter one."),
        "common": mark("The password is among those that are tried first; take another one."),
        "is-name": mark("The password is hardly more than the name; take another one."),
        "is-product": mark("The password is hardly more than this program's name; take another one."),
    }
)
"""What password_fault() says, in words for the person who chose it."""

TOKEN_PREFIX = "cgm_"  # noqa: S105  what every token begins with
"""So that a token that got into a log or a repository is known for what it is."""

ISSUER = "CGM Data Insights"
_OWN_NAMES = ("cgm data insights", "cgmdatainsights", "cgm-dash", "librelinkup")
"""What stands on the page and in its address: tried first by whoever knows what this is."""

STEP_S = 30
"""Seconds that a code of the second factor stands for (RFC 6238)."""

_COMMONEST = 3_000
_MEMORY_KIB, _PASSES, _LANES = 19_456, 2, 1
_hasher = PasswordHasher(
    time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=_LANES, hash_len=32, salt_len=16, type=Type.ID
)

SETUP_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without characters that look like others: 0 and O, 1, I and L, U and V."""


def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password or PIN, in its own notation, with its parameters and a salt."""
    return _hasher.hash(_bytes(normalised(password)))


def verify_password(hash_: str, password: str) -> bool:
    """Return whether *password* is the one *hash_* was made of. As long for a wrong one; a hash that is none is wrong.

    One that is too long to be a password is cut before it is hashed, and is wrong.
    """
    text = normalised(password)
    try:
        _hasher.verify(hash_, _bytes(text[:LONGEST]))
    except (VerificationError, InvalidHashError):
        return False
    return len(text) <= LONGEST


def needs_rehash(hash_: str) -> bool:
    """Return whether *hash_* was made with other parameters than today's."""
    return _hasher.check_needs_rehash(hash_)


def _no_ones_hash() -> str:
    """Return a hash as ours that no password is known for: checking against it takes as long as against a real one."""
    salt, tag = (base64.b64encode(secrets.token_bytes(n)).decode().rstrip("=") for n in (16, 32))
    return f"$argon2id$v=19$m={_MEMORY_KIB},t={_PASSES},p={_LANES}${salt}${tag}"


DUMMY_HASH = _no_ones_hash()
"""Checked where a name is unknown, so that the answer takes as long as for a known one."""


def normalised(password: str) -> str:
    """Return *password* composed (NFC): the same letters typed on another keyboard are the same password."""
    return unicodedata.normalize("NFC", password)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def password_fault(password: str, name: str = "") -> str | None:
    """Return what keeps *password* from being taken, a key of PASSWORD_FAULTS, None where nothing does.

    Any characters are allowed and none are required. name: of whom it would be.
    """
    text = normalised(password)
    if len(text) < SHORTEST:
        return "too-short"
    if len(text) > LONGEST:
        return "too-long"
    if _is_common(text.casefold()):
        return "common"
    if _is_hardly_more(text, name_key(name)):
        return "is-name"
    return "is-product" if any(_is_hardly_more(text, own) for own in _OWN_NAMES) else None


def _is_hardly_more(text: str, key: str) -> bool:
    """Return whether little is left of *text* without the name of that key."""
    typed = name_key(text)
    return bool(key) and key in typed and len(typed.replace(key, "")) < SHORTEST // 2


def _is_common(text: str) -> bool:
    """Return whether *text* stands in the list, or is made of two of its 3,000 commonest, or is a piece over and over.

    Few passwords of the list are as long as ours must be; those who have to lengthen one double it or add another.
    """
    known, commonest = _common()
    if text in known:
        return True
    if any(text[:i] in commonest and text[i:] in commonest for i in range(1, len(text))):
        return True
    unit = text[: (text + text).index(text, 1)]  # the shortest piece that text repeats
    return unit != text and (len(unit) < SHORTEST // 2 or unit in commonest)


@functools.cache
def _common() -> tuple[frozenset[str], frozenset[str]]:
    """Return a list of 30,000 passwords that were found in leaks, and its 3,000 commonest; read at the first use."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    found = [str(password).casefold() for password in FREQUENCY_LISTS["passwords"]]
    return frozenset(found), frozenset(found[:_COMMONEST])


def new_secret() -> str:
    """Return 256 random bits as 43 characters that go into cookies and addresses."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """Return the SHA-256 of a secret of new_secret(): 32 bytes. Such a secret cannot be guessed, so this is enough."""
    return hashlib.sha256(_bytes(secret)).digest()


def new_setup_secret() -> str:
    """Return a secret to be printed and typed: four groups of five characters, 98 bits."""
    return "-".join("".join(secrets.choice(SETUP_ALPHABET) for _ in range(5)) for _ in range(4))


def setup_digest(typed: str) -> bytes:
    """Return the digest of a set-up secret as somebody typed it: case, blanks and hyphens do not matter."""
    return digest("".join(letter for letter in typed.upper() if letter in SETUP_ALPHABET))


def name_key(name: str) -> str:
    """Return what of a name is compared: compatible forms, case and blanks around and between words do not matter.

    >>> name_key(" Anna  MÜLLER "), name_key("ＡＮＮＡ")
    ('anna müller', 'anna')
    """
    # Unicode's caseless matching of identifiers (chapter 3.13, D146).
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", name).casefold())
    return " ".join(unicodedata.normalize("NFKC", folded.casefold()).split())


def new_totp_secret() -> str:
    """Return a new secret of a second factor: 160 bits in base 32, as RFC 4226 recommends."""
    return pyotp.random_base32(32)


def totp_uri(secret: str, name: str) -> str:
    """Return the address that an authenticator app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


def totp_step(secret: str, code: str, now: float) -> int | None:
    """Return the step (30 s, counted from 1970) whose code *code* is, None for a wrong one.

    The step before and the one after *now* (UTC epoch seconds) are taken too: clocks differ, and typing takes time.
    Blanks in the code do not matter.
    """
    typed = "".join(code[:40].split())
    if not (typed.isascii() and typed.isdigit() and len(typed) == 6):
        return None
    totp, step = pyotp.TOTP(secret), int(now // STEP_S)
    # All three are compared, whichever is right: the time tells nothing.
    right = [n for n in (step - 1, step, step + 1) if hmac.compare_digest(totp.generate_otp(n), typed)]
    return right[-1] if right else None
