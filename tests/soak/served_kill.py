"""Real gunicorn with its workers, killed as a whole group at random moments."""

import os
import random
import signal
import time
from pathlib import Path

from ingestion.simulator import DEMO_EMAIL, DEMO_PASSWORD, SimulatorServer, World
from tests.soak.ingesting import Left, judge
from tests.support.served import serving

AGO_S, RATE = 86_400.0, 60.0
"""The service's clock begins a day ago and goes sixty times as fast as the polls, so that each brings a new minute."""


def kill_servers(url: str, folder: Path, kills: int, seed: int) -> Left:
    """Kill a whole server *kills* times, some seconds after its start, and look at what is left. url: empty."""
    dice, left = random.Random(seed), Left()
    begin = time.time()
    world = World.build(seed=7, clock=lambda: begin - AGO_S + RATE * (time.time() - begin), warmups=False)
    with SimulatorServer(world) as service:
        settings = {"LLU_EMAIL": DEMO_EMAIL, "LLU_PASSWORD": DEMO_PASSWORD, "LLU_URL": service.url}
        settings |= {"POLL_SECONDS": "1", "DATABASE_URL": url}
        for _ in range(kills):
            with serving(folder, workers=2, **settings) as served:
                _wait_for_polls(service, dice.randrange(1, 4))
                time.sleep(dice.uniform(0, 1))
                os.killpg(served.process.pid, signal.SIGKILL)
                served.process.wait(10)
            left.kills += 1
        now = world.clock()
        world.clock = lambda: now
        service.forget()
        with serving(folder, workers=2, **settings) as served:
            _wait_for_polls(service, 3)
            assert served.stop() < 15
    judge(url, folder, world, now, left)
    return left


def _wait_for_polls(service: SimulatorServer, n: int, timeout_s: float = 60.0) -> None:
    before, deadline = service.count("connections"), time.monotonic() + timeout_s
    while service.count("connections") < before + n:
        assert time.monotonic() < deadline, "it did not poll"
        time.sleep(0.02)
