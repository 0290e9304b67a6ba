"""The one table of faults: what the simulated service can do wrong, and what a good client makes of each."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass

from cgm_dash.trouble import Level
from ingestion.simulator.effects import Effect
from ingestion.simulator.world import World


@dataclass(frozen=True, slots=True)
class Expect:
    """What a good client shows."""

    code: str
    level: Level = Level.NONE
    logins: int = 1
    stored: str = "none"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault."""

    id: str
    endpoint: str
    effect: Effect
    expect: Expect
    start: Callable[[World], None] | None = None


FAULTS: tuple[Fault, ...] = ()


def fault_named(name: str) -> tuple[Fault, str]:
    """Return the fault that *name* (`ID` or `ID:ARG`) means, and its ARG. Raises ValueError naming near matches."""
    by_id = {fault.id: fault for fault in FAULTS}
    head, arg = name, ""
    while head not in by_id and ":" in head:
        head, _, tail = head.rpartition(":")
        arg = f"{tail}:{arg}" if arg else tail
    if head not in by_id:
        near = difflib.get_close_matches(name, list(by_id), n=4, cutoff=0.5)
        raise ValueError(f"fault: no such id {name!r}" + (f"; did you mean {', '.join(near)}?" if near else ""))
    return by_id[head], arg
