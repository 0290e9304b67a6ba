"""What each fault does: functions that stand between a request and the healthy world's answer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ingestion.simulator.exchange import Answer, Request
from ingestion.simulator.world import World


@dataclass(slots=True)
class Call:
    """One request under a fault. proceed: asks the world (or the next fault) and returns its answer.

    arg: what followed the fault's name. struck: requests this fault met before. since: when it was injected (epoch
    seconds). memory: whatever the fault wants to remember until it is cleared.
    """

    request: Request
    world: World
    proceed: Callable[[Request], Answer]
    arg: str
    struck: int
    since: float
    memory: dict[str, Any]

    def answer(self) -> Answer:
        """Return what would have been answered without this fault."""
        return self.proceed(self.request)


Effect = Callable[[Call], Answer]
