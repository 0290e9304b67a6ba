"""Which faults are in force: by endpoint, for a number of requests, for a time, or with a seeded probability."""

import random
from dataclasses import dataclass, field
from typing import Any

from ingestion.simulator.effects import Call
from ingestion.simulator.exchange import DATA_ENDPOINTS, ENDPOINTS, Answer, Request
from ingestion.simulator.faults import Fault, fault_named
from ingestion.simulator.world import World

GROUPS: dict[str, tuple[str, ...]] = {
    "any": ENDPOINTS,
    "sign-in": ("login", "continue"),
    "data": DATA_ENDPOINTS,
    "readings": ("connections", "graph"),
    **{name: (name,) for name in ENDPOINTS},
}


@dataclass(slots=True)
class Injection:
    """One fault in force. times: requests still to strike. until: virtual time of its end. None: no such limit."""

    fault: Fault
    arg: str
    endpoints: tuple[str, ...]
    since: float
    times: int | None = None
    until: float | None = None
    probability: float | None = None
    rng: random.Random = field(default_factory=random.Random)
    struck: int = 0
    memory: dict[str, Any] = field(default_factory=dict)

    def in_force(self, now: float) -> bool:
        """Whether it can still strike at *now*."""
        return (self.until is None or now < self.until) and (self.times is None or self.struck < self.times)

    def strikes(self, request: Request, now: float) -> bool:
        """Whether it strikes *request*; throws the dice if it has any."""
        if request.endpoint not in self.endpoints or not self.in_force(now):
            return False
        return self.probability is None or self.rng.random() < self.probability


class Injections:
    """The faults in force, in the order they were injected; the first is the outermost."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._list: list[Injection] = []
        self._count = 0

    def add(
        self,
        name: str,
        *,
        endpoint: str | None = None,
        times: int | None = None,
        seconds: float | None = None,
        probability: float | None = None,
    ) -> Injection:
        """Put fault *name* (`ID` or `ID:ARG`) in force; see SimulatorServer.inject. Raises ValueError."""
        fault, arg = fault_named(name)
        where = endpoint or fault.endpoint
        if where not in GROUPS:
            raise ValueError(f"endpoint: expected one of {', '.join(GROUPS)}, got {where!r}")
        now = self._world.now()
        self._count += 1
        injection = Injection(
            fault, arg, GROUPS[where], now, times, None if seconds is None else now + seconds, probability,
            random.Random(f"{self._world.seed}-{self._count}-{name}"),
        )  # fmt: skip
        self._list.append(injection)
        return injection

    def clear(self) -> None:
        """Lift every fault."""
        self._list.clear()

    def refusing(self, now: float) -> bool:
        """Whether connections are to be refused before anything is read."""
        return any(
            i.fault.id == "net-refuse" and i.times is None and i.probability is None and i.in_force(now)
            for i in self._list
        )

    def answer(self, request: Request) -> tuple[Answer, tuple[str, ...]]:
        """Return the answer to *request* and the ids of the faults that struck it."""
        now = self._world.now()
        striking = [i for i in self._list if i.strikes(request, now)]
        return self._through(striking, request), tuple(i.fault.id for i in striking)

    def _through(self, injections: list[Injection], request: Request) -> Answer:
        if not injections:
            return self._world.answer(request)
        first, rest = injections[0], injections[1:]
        call = Call(
            request, self._world, lambda asked: self._through(rest, asked),
            first.arg, first.struck, first.since, first.memory,
        )  # fmt: skip
        first.struck += 1
        try:
            return first.fault.effect(call)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            if not rest:
                raise
            # two faults need not fit each other (a stamp spoiled twice); the inner one is shown alone
            return self._through(rest, request)
