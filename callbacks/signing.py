"""What this server signs, to know it again when it comes back: tokens of forms, cookies of browsers, sealed fields."""

import hmac
from hashlib import sha256

from flask import current_app


def signing_key() -> bytes:
    """Return the key of the server at hand, derived from the installation's secret (sql/vault.py)."""
    key = current_app.secret_key
    if not isinstance(key, bytes):
        raise TypeError("the server has no key of its own")
    return key


def signature(purpose: str, value: str) -> bytes:
    """Return the HMAC-SHA256 of *value*, 32 bytes. purpose: what it is for; of another one it is worth nothing."""
    return hmac.new(signing_key(), f"{purpose}:{value}".encode("utf-8", "replace"), sha256).digest()
