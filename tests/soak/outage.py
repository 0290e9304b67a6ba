"""The database is away for an hour of polls: what pages say meanwhile, and whether anything is missing afterwards."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from callbacks.frame import first_paint
from callbacks.visit import Viewer
from cgm_dash.units import Unit
from ingestion.librelinkup import GRAPH_NET_S
from tests.soak.stage import MINUTE, Row, Stage

BANNER = "The database does not answer"
PAGES = ("/", "/trends", "/days", "/report", "/data", "/settings", "/status")

HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held_exclusively(path: Path) -> Iterator[None]:
    """Let another process hold the SQLite file *path* for itself inside the block."""
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield
        process.kill()


@dataclass
class Away:
    """slowest_s: of all pages drawn. without_banner: which of them did not say it. missing: fetched and not stored."""

    polls: int = 0
    slowest_s: float = 0.0
    slowest_page: str = ""
    without_banner: list[str] = field(default_factory=list)
    fetched: set[Row] = field(default_factory=set)
    missing: set[Row] = field(default_factory=set)
    wrong: set[Row] = field(default_factory=set)
    sign_ins: int = 0

    def draw(self, stage: Stage, pages: tuple[str, ...]) -> None:
        """Draw *pages* as their first visit does, and note how long that took and whether they say what is wrong."""
        for path in pages:
            began = time.perf_counter()
            drawn = str(first_paint(stage.made.services, path, "", Viewer(Unit.MG_DL)))
            took = time.perf_counter() - began
            if took > self.slowest_s:
                self.slowest_s, self.slowest_page = took, path
            if BANNER not in drawn:
                self.without_banner.append(path)

    def poll(self, stage: Stage) -> None:
        """Let a minute pass, and note what the service then offered as newest."""
        before = stage.server.count("connections")
        stage.run(MINUTE)
        if stage.server.count("connections") > before:
            self.polls += 1
            (patient,) = stage.world.patients
            at = stage.server.requests[-1].time
            latest = stage.world.latest(patient, at)
            if latest is not None:
                self.fetched.add((int(latest.kind), latest.ts, latest.mg_dl))

    def look(self, stage: Stage) -> None:
        """Compare what was fetched with what is stored, now that the database is back and the next graph is due."""
        stage.now += GRAPH_NET_S + MINUTE
        stage.tick()
        (patient,) = stage.world.patients
        rows = set(stage.rows(patient))
        self.missing = (self.fetched | stage.offered(patient)) - rows
        self.wrong = stage.wrong(patient)
        self.sign_ins = stage.server.count("login")
