"""How long to wait after each kind of trouble: the one table, and its reader."""

from collections.abc import Mapping
from types import MappingProxyType

MINUTE = 60.0
QUARTER = 15 * MINUTE
HALF_HOUR = 30 * MINUTE
HOUR = 60 * MINUTE

SOON: frozenset[str] = frozenset({"network", "timeout", "server-error", "bad-answer", "no-data", "store-away"})
"""Asked again at the next poll; from the fifth failure in a row on at every second one."""

PATIENT_AFTER = 5
LOCK_MARGIN_S = 30.0
LONGEST_S = 6 * HOUR
"""No upstream may silence us longer: its graph reaches 12 hours back, so half of that loses nothing."""

STEPS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        # seconds after the first, second ... failure in a row; the last one stays
        "rate-limited": (5 * MINUTE, 10 * MINUTE, QUARTER),
        "maintenance": (5 * MINUTE, 10 * MINUTE, QUARTER),
        "blocked": (QUARTER,),
        "session-refused": (QUARTER,),
        "locked": (5 * MINUTE + LOCK_MARGIN_S, HOUR),
        "version-refused": (QUARTER,),
        "headers-refused": (QUARTER,),
        "account-refused": (QUARTER,),
        "redirect-loop": (QUARTER,),
        "host-refused": (QUARTER,),
        "closed-by-maker": (QUARTER,),
        "no-connection": (5 * MINUTE,),
        "sharing-stopped": (5 * MINUTE,),
        "terms": (HALF_HOUR,),
        "privacy": (HALF_HOUR,),
        "verify-email": (HALF_HOUR,),
        "two-factor": (HALF_HOUR,),
        "step-unknown": (HALF_HOUR,),
    }
)
NEVER: frozenset[str] = frozenset({"wrong-password", "not-configured"})
"""Only a person's action lifts these: three refused passwords in a minute lock the account."""

ASKED_FOR: frozenset[str] = frozenset({"rate-limited", "blocked", "locked"})
"""What the upstream itself limits: who presses a button has not acted on that."""


def group(code: str) -> str:
    """Return the name under which failures in a row are counted: all that is asked again soon counts together."""
    return "soon" if code in SOON else code


def wait_s(
    code: str, failures: int, *, retry_after_s: float | None = None, poll_seconds: float = MINUTE
) -> float | None:
    """Return the seconds until the next try, None where only a person's action helps.

    failures: how many of this group came in a row, this one included (1 at the first). retry_after_s: what the upstream
    asked for, Retry-After or the lock-out. poll_seconds: the interval of polls.

    >>> [wait_s("rate-limited", n) for n in (1, 2, 3, 4)], wait_s("rate-limited", 1, retry_after_s=42)
    ([300.0, 600.0, 900.0, 900.0], 60.0)
    """
    if code in NEVER:
        return None
    if code in SOON:
        regular = poll_seconds if failures < PATIENT_AFTER else min(2 * poll_seconds, max(2 * MINUTE, poll_seconds))
        return max(regular, min(retry_after_s or 0.0, LONGEST_S))
    steps = STEPS[code]
    own = steps[min(failures, len(steps)) - 1]
    if code == "locked":
        return own if retry_after_s is None or failures > 1 else min(retry_after_s + LOCK_MARGIN_S, LONGEST_S)
    return own if retry_after_s is None else min(max(retry_after_s, poll_seconds), LONGEST_S)
