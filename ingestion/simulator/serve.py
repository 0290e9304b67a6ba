"""The simulator as a program of its own: what `cgm-dash simulate` runs."""

import threading
import time
from collections.abc import Callable, Iterable

from ingestion.simulator.server import SimulatorServer
from ingestion.simulator.world import DEMO_EMAIL, DEMO_PASSWORD, World

DEFAULT_PORT = 8060


def serve_forever(
    port: int = DEFAULT_PORT,
    seed: int = 1,
    days: float | None = None,
    faults: Iterable[str] = (),
    *,
    people: int = 1,
    unit: str = "mg/dL",
    region: str | None = None,
    say: Callable[[str], object] = print,
    stop: threading.Event | None = None,
) -> None:
    """Serve the world of *seed* on 127.0.0.1:*port* until Ctrl-C, or until *stop* is set.

    days: how far back data exist; None: as far as anyone asks. faults: `ID` or `ID:ARG`, in force from the start.
    say: takes the few lines a person reads at the start. Raises ValueError for an unknown fault, OSError for a port
    that is taken.
    """
    first = 0.0 if days is None else time.time() - 86_400 * days
    world = World.build(seed, people, unit, region=region, first=first)
    server = SimulatorServer(world, port)
    for fault in faults:
        server.inject(fault)
    with server:
        say(f"LibreLinkUp is simulated at {server.url} (regions at {server.url_with_regions})")
        say(f"Follower {DEMO_EMAIL}, password {DEMO_PASSWORD}; everyone in it is invented. Stop with Ctrl-C.")
        try:
            (stop or threading.Event()).wait()
        except KeyboardInterrupt:
            say("The simulator stops.")
