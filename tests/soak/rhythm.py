"""Whether real gunicorn with two workers polls once an interval, also while the polling one is killed."""

import os
import re
import signal
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from ingestion.simulator import DEMO_EMAIL, DEMO_PASSWORD, SimulatorServer, World
from tests.support.served import Served, serving


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Polls seen by the service. per_interval: how many an interval, of all the time. longest_s: the longest pause."""

    polls: int
    per_interval: float
    longest_s: float
    shortest_s: float
    sign_ins: int
    leaders: int


def two_workers(folder: Path, seconds: float, interval: int, url: str = "") -> Rhythm:
    """Let two workers poll for *seconds* every *interval* seconds; the one that polls is killed half-way."""
    with SimulatorServer(World.build(seed=3, warmups=False)) as service:
        settings = {"LLU_EMAIL": DEMO_EMAIL, "LLU_PASSWORD": DEMO_PASSWORD, "LLU_URL": service.url}
        settings |= {"POLL_SECONDS": str(interval)} | ({"DATABASE_URL": url} if url else {})
        with serving(folder, workers=2, **settings) as served:
            served.ready(timeout_s=60)
            begin = time.time()
            time.sleep(seconds / 2)
            os.kill(leaders(served)[-1], signal.SIGKILL)
            time.sleep(begin + seconds - time.time())
            end = time.time()
            found = leaders(served)
        polls = [r.time for r in service.requests if r.endpoint == "connections" and begin <= r.time <= end]
        gaps = [later - earlier for earlier, later in pairwise([*polls, end])]
        per_interval = len(polls) / ((end - begin) / interval)
        return Rhythm(len(polls), per_interval, max(gaps), min(gaps[:-1]), service.count("login"), len(set(found)))


def leaders(served: Served) -> list[int]:
    """Return the process ids of the workers that took the lead, in that order."""
    return [int(pid) for pid in re.findall(r"leader pid=(\d+) role=leading", served.log())]
