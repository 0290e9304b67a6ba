"""Sessions of the simulated accounts: tokens that look like the real ones and can be checked without a memory."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass

from ingestion.simulator.people import Follower
from ingestion.simulator.wire import Json

SESSION_S = 180 * 86_400
STEP_S = 3_600


@dataclass(frozen=True, slots=True)
class Session:
    """Whom a token belongs to. steps: what must still be accepted; empty for a full session."""

    user_id: str
    steps: tuple[str, ...]


class TicketOffice:
    """Issues tokens and reads them back. They are signed with the seed, so a restarted simulator still knows them."""

    def __init__(self, seed: int) -> None:
        self._key = f"simulator-{seed}".encode()
        self._issued = 0
        self._generation = 0

    def revoke_all(self) -> None:
        """Let every token issued so far die early, as after a password change."""
        self._generation += 1

    def issue(self, follower: Follower, region: str, now: float, steps: tuple[str, ...] = ()) -> dict[str, Json]:
        """Return a new ticket: 180 days, or one hour while *steps* wait. Earlier ones stay valid."""
        self._issued += 1
        life = STEP_S if steps else SESSION_S
        expires = int(now) + life
        claims = {
            "id": follower.id,
            "firstName": follower.first_name,
            "lastName": follower.last_name,
            "country": follower.country,
            "region": region or "eu",
            "role": "patient",
            "sid": str(self._generation),
            "jti": str(self._issued),
            "steps": steps,
            "iat": int(now),
            "exp": expires,
        }
        head = _encode(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
        signed = f"{head}.{_encode(json.dumps(claims).encode())}"
        return {"token": f"{signed}.{self._sign(signed)}", "expires": expires, "duration": life * 1000}

    def read(self, token: str, now: float) -> Session | None:
        """Return whose *token* it is, or None for one that is forged, revoked or expired."""
        signed, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(signed).encode()):
            return None
        claims = json.loads(_decode(signed.partition(".")[2]))
        if claims["exp"] <= now or claims["sid"] != str(self._generation):
            return None
        return Session(claims["id"], tuple(claims["steps"]))

    def _sign(self, text: str) -> str:
        return _encode(hmac.new(self._key, text.encode(), hashlib.sha256).digest())


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
