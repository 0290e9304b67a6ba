"""What a source remembers between polls, restarts and workers; it goes on from memory while its keeper is away."""

import hashlib
import hmac
import logging
import secrets
from typing import Any

from cgm_dash.errors import StoreError
from ingestion.source import SourceState

log = logging.getLogger(__name__)


class Memory:
    """The values of one account. JSON values only; kept encrypted by whoever implements SourceState."""

    def __init__(self, state: SourceState, *account: str) -> None:
        """account: what the values belong to (address, e-mail, password); other settings start afresh."""
        self.away = False
        """Whether the keeper could not be read at the last refresh: then a latch may exist that we do not see."""
        self._state = state
        self._secret = "\0".join(account).encode()
        self._values: dict[str, Any] = {}
        self._unsaved = False
        self._seal: tuple[str, str] | None = None

    def refresh(self) -> None:
        """Read what another worker may have saved; first save what we could not. Never raises."""
        if self._unsaved and not self.save():
            self.away = True
            return
        try:
            values = dict(self._state.load())
        except StoreError as exc:
            self.away = True
            log.warning("state loaded=no reason=%s", type(exc).__name__)
            return
        self.away = False
        self._values = values if self._is_ours(values) else self._fresh()

    def save(self) -> bool:
        """Save every value; return whether that worked. What did not is saved at the next refresh."""
        try:
            self._state.save(dict(self._values))
            self._unsaved = False
        except StoreError as exc:
            self._unsaved = True
            log.warning("state saved=no reason=%s", type(exc).__name__)
        return not self._unsaved

    def put(self, **values: Any) -> None:
        """Note *values* without saving them yet; None forgets a name."""
        self._values = {name: v for name, v in (self._values | values).items() if v is not None}

    def text(self, name: str) -> str:
        """Return a text, empty where there is none."""
        value = self._values.get(name)
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> float | None:
        """Return a number, None where there is none."""
        value = self._values.get(name)
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None

    def flag(self, name: str) -> bool:
        """Return whether *name* is noted as true."""
        return self._values.get(name) is True

    def numbers(self, name: str) -> dict[str, float]:
        """Return a mapping of numbers, empty where there is none."""
        value = self._values.get(name)
        items = value.items() if isinstance(value, dict) else ()
        return {k: v for k, v in items if isinstance(k, str) and isinstance(v, int | float)}

    def _is_ours(self, values: dict[str, Any]) -> bool:
        """Return whether *values* belong to this account: other settings start afresh, latches lifted."""
        salt, seal = values.get("salt"), values.get("account")
        return isinstance(salt, str) and isinstance(seal, str) and hmac.compare_digest(seal, self._sealed(salt))

    def _fresh(self) -> dict[str, Any]:
        salt = self._seal[0] if self._seal else secrets.token_hex(16)
        return {"salt": salt, "account": self._sealed(salt)}

    def _sealed(self, salt: str) -> str:
        """Return a digest of the account that cannot be turned back into its password at any useful speed."""
        if self._seal is None or self._seal[0] != salt:
            digest = hashlib.scrypt(self._secret, salt=salt.encode(), n=2**12, r=8, p=1, dklen=32).hex()
            self._seal = (salt, digest)
        return self._seal[1]
