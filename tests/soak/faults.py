"""A fault of the simulated service from its begin to its end, through scheduler, client and store, with one clock."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from cgm_dash.trouble import TROUBLES, Level, trouble
from ingestion import waits
from ingestion.librelinkup import GRAPH_NET_S
from ingestion.simulator.faults import Fault
from tests.soak.stage import MINUTE, Row, Stage

SHOW_ANOTHER_VALUE = frozenset({"gm-HI", "gm-LO"})
"""Their values are not the world's, and right to be stored all the same."""

SLOW = frozenset({"net-timeout", "net-slow"})

SPAN_S = 600.0
TICK_SLACK_S = 15.0


@dataclass
class Suffered:
    """What came of a fault.

    code: told at its end. shown_s: seconds after its end at which the next try was promised. back_s: after which all
    was well, None for not within two hours. most_requests: in any ten minutes. wrong: stored rows that never were.
    missing: rows offered half an hour after the end that are not stored. sign_ins: while it lasted.
    """

    code: str = ""
    shown_s: float = 0.0
    back_s: float | None = None
    most_requests: int = 0
    sign_ins: int = 0
    wrong: set[Row] = field(default_factory=set)
    missing: set[Row] = field(default_factory=set)

    @property
    def allowed_s(self) -> float:
        """How long after the end a fault of this kind may last at most: trust in the shown time is asked beside it."""
        if self.code in waits.SOON or self.code not in TROUBLES:
            return 3 * MINUTE
        if self.code == "locked":
            return 60 * MINUTE
        return 30 * MINUTE if trouble(self.code).level is Level.USER else 15 * MINUTE

    @property
    def is_lasting(self) -> bool:
        """Whether only a person may end it."""
        return self.code in waits.NEVER


def suffer(folder: Path, fault: Fault, lasts_s: float = SPAN_S, empty: Path | None = None) -> Suffered:
    """Let *fault* be in force for *lasts_s* seconds, end it, and tell what that was like.

    empty: a database file, migrated and empty, to begin with a copy of: migrating anew takes longer than ten polls.
    """
    if empty is not None:
        shutil.copy(empty, folder / empty.name)
    with Stage(folder, people=fault.people, deadline_s=0.3 if fault.id in SLOW else 20.0) as stage:
        if fault.starts_with_token:
            stage.tick()
            stage.server.forget()
            stage.now += MINUTE
        stage.server.inject(fault.id)
        stage.tick()
        stage.run(lasts_s)
        seen = Suffered(stage.status.code, (stage.status.next_try_at or stage.now) - stage.now)
        seen.sign_ins = stage.server.count("login")
        stage.server.clear()
        stage.be_patient()
        if not seen.is_lasting:
            seen.back_s = _recovered_after(stage)
            _look(stage, fault, seen)
        seen.most_requests = _most([r.time for r in stage.server.requests])
    return seen


def _recovered_after(stage: Stage) -> float | None:
    """Let time pass until a poll went well; return how many seconds that took."""
    end = stage.now
    if stage.status.code == "ok":
        return 0.0
    while stage.now < end + 2 * 3600:
        stage.now = stage.next_tick()
        stage.tick()
        if stage.status.code == "ok":
            return stage.now - end
    return None


def _look(stage: Stage, fault: Fault, seen: Suffered) -> None:
    """Poll when the next graph is due for certain, and compare what is stored with what the service has."""
    stage.now += GRAPH_NET_S + MINUTE
    stage.tick()
    for patient in stage.world.patients:
        seen.missing |= stage.offered(patient) - set(stage.rows(patient))
        if fault.id not in SHOW_ANOTHER_VALUE:
            seen.wrong |= stage.wrong(patient)


def _most(times: list[float]) -> int:
    """Return the largest number of *times* within ten minutes."""
    return max((sum(0 <= other - t < SPAN_S for other in times) for t in times), default=0)
