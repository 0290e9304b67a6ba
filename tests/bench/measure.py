"""What a measurement is, and how one is taken: medians, since other work on the machine only ever adds time."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Goal:
    """What a value must reach: at most, or at least, *value*."""

    value: float
    at_least: bool = False

    def met_by(self, value: float) -> bool:
        """Return whether *value* is good enough."""
        return value >= self.value if self.at_least else value <= self.value

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {number(self.value)}"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One line of the table. goal: None for what is only to be known."""

    name: str
    value: float
    unit: str
    goal: Goal | None = None

    @property
    def ok(self) -> bool | None:
        """Whether the goal is met; None without one."""
        return None if self.goal is None else self.goal.met_by(self.value)

    def as_json(self) -> dict[str, object]:
        """Return the line as build/bench.json holds it."""
        goal = None if self.goal is None else self.goal.value
        return {"name": self.name, "value": round(self.value, 3), "unit": self.unit, "goal": goal, "ok": self.ok}


def number(value: float) -> str:
    """Return *value* with as many digits as mean something."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def seconds_of(work: Callable[[], object]) -> float:
    """Return how long *work* took."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def median_ms(work: Callable[[], object], runs: int, warm: int = 3) -> float:
    """Return the median of *runs* runs in milliseconds, after *warm* runs that do not count."""
    for _ in range(warm):
        work()
    return 1000 * statistics.median(seconds_of(work) for _ in range(runs))


def table(lines: list[Measurement]) -> str:
    """Return the measurements as a table for the terminal."""
    width = max(len(line.name) for line in lines)
    rows = [f"{'':{width}}  {'value':>10}  {'unit':8}  {'goal':>11}"]
    for line in lines:
        goal = "" if line.goal is None else str(line.goal)
        verdict = {None: "", True: "ok", False: "MISSED"}[line.ok]
        rows.append(f"{line.name:{width}}  {number(line.value):>10}  {line.unit:8}  {goal:>11}  {verdict}".rstrip())
    return "\n".join(rows)
