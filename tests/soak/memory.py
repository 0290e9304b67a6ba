"""Days of minute polls in one process, as fast as they go: whether memory, threads and descriptors stay as they are."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from callbacks.frame import first_paint
from callbacks.visit import Viewer
from cgm_dash.units import Unit
from tests.soak.stage import DAY, HOUR, Stage

PAGES = ("/", "/trends", "/days", "/report", "/data", "/status")
SAMPLE_S = HOUR / 2


@dataclass
class Grown:
    """Samples in the order of time. rss: bytes."""

    polls: int = 0
    rss: list[int] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)

    @property
    def memory(self) -> float:
        """Mean of the last fifth, as a share of that of the first one."""
        fifth = max(1, len(self.rss) // 5)
        return statistics.mean(self.rss[-fifth:]) / statistics.mean(self.rss[:fifth])

    @property
    def more_threads(self) -> int:
        """How many more there are at the end than at most in the first fifth."""
        return _more(self.threads)

    @property
    def more_descriptors(self) -> int:
        """How many more there are at the end than at most in the first fifth."""
        return _more(self.descriptors)


def _more(samples: list[int]) -> int:
    fifth = max(1, len(samples) // 5)
    return max(samples[-fifth:]) - max(samples[:fifth])


def poll_for(folder: Path, days: float, said: Callable[[float], object] = lambda _: None) -> Grown:
    """Poll each minute for so many *days*, draw every page twice an hour, and sample what the process has in use."""
    grown, process = Grown(), psutil.Process()
    with Stage(folder) as stage:
        stage.tick()
        stage.run(HOUR)  # imports and caches of the first looks are no growth
        _draw(stage)
        end = stage.now + days * DAY
        while stage.now < end:
            stage.run(SAMPLE_S)
            grown.polls += stage.server.count("connections")
            stage.server.forget()
            _draw(stage)
            grown.rss.append(process.memory_info().rss)
            grown.threads.append(process.num_threads())
            grown.descriptors.append(process.num_fds())
            said(stage.now)
    return grown


def _draw(stage: Stage) -> None:
    for path in PAGES:
        first_paint(stage.made.services, path, "", Viewer(Unit.MG_DL))
