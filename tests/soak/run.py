"""`make soak`: the long trials of what the project promises about being left alone; prints a table, writes
build/soak.json.

Arguments: names of parts, all without one, with about how long each takes on two free cores: kill (4 min), outage (1),
faults (3), nights (1), union (2), clients (2), memory (3; --days 30 for a month, 30 min), rhythm (24), rhythm-60 (10).
Lines in the file that this run did not measure stay. Ends with 1 where a goal is missed.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from ingestion.simulator.faults import FAULTS
from ingestion.spool import Spool
from sql.vault import Vault
from tests.bench.measure import Goal, Measurement, table
from tests.soak import clients, faults, ingesting, memory, nights, outage, rhythm, served_kill, union
from tests.soak.stage import HOUR, MINUTE, Stage
from tests.support import postgres
from tests.support.served import ROOT

NONE = Goal(0)
FILE = ROOT / "build" / "soak.json"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says. days: of the part memory. examples: of the part union, on each database."""

    days: float
    examples: int
    kills: int
    seed: int


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="cgm-soak-") as name:
        yield Path(name)


@contextmanager
def _databases() -> Iterator[dict[str, Callable[[Path], str]]]:
    """Give both kinds of database: what makes the address of an empty one beside a folder."""
    with postgres.private_server() as server, server.database() as url:
        yield {"SQLite": lambda folder: f"sqlite:///{folder / 'cgm.sqlite3'}", "PostgreSQL": lambda _: url}


def kill(asked: Asked) -> Iterator[Measurement]:
    """Kill processes that ingest, and real gunicorn, on both databases."""
    half = max(1, asked.kills // 2)
    whole = max(1, asked.kills // 20)
    with _databases() as databases:
        for i, (name, url) in enumerate(databases.items()):
            with _folder() as folder:
                left = ingesting.kill_often(url(folder), folder, half - whole, asked.seed + i)
            yield Measurement(f"kill -9 while ingesting, {name}: kills", left.kills, "kills")
            yield Measurement("the same: stored readings", left.stored, "rows")
            yield Measurement("the same: wrong, doubled, missing, lost, unsound", left.faults, "rows", NONE)
    with _databases() as databases:
        for i, (name, url) in enumerate(databases.items()):
            with _folder() as folder:
                left = served_kill.kill_servers(url(folder), folder, whole, asked.seed + i)
            yield Measurement(f"kill -9 of gunicorn and its workers, {name}: kills", left.kills, "kills")
            yield Measurement("the same: wrong, doubled, missing, unsound", left.faults, "rows", NONE)


def away(asked: Asked) -> Iterator[Measurement]:
    """Take PostgreSQL away for an hour of polls, with every page drawn each minute; hold SQLite for some."""
    seen = outage.Away()
    with (
        _folder() as folder,
        postgres.private_server() as server,
        server.database() as url,
        Stage(folder, url) as stage,
    ):
        stage.tick()
        server.stop()
        for _ in range(60):
            seen.poll(stage)
            seen.draw(stage, outage.PAGES)
        server.start()
        stage.run(MINUTE)
        seen.look(stage)
    yield Measurement("PostgreSQL away for an hour: slowest of all pages drawn", seen.slowest_s, "s", Goal(2))
    yield Measurement("the same: pages without the banner", len(seen.without_banner), "pages", NONE)
    yield Measurement("the same: fetched and missing or wrong", len(seen.missing | seen.wrong), "rows", NONE)
    seen = outage.Away()
    with _folder() as folder, Stage(folder) as stage:
        stage.tick()
        with outage.held_exclusively(folder / "cgm_dash.sqlite3"):
            for _ in range(10):
                seen.poll(stage)
                seen.draw(stage, outage.PAGES)
        stage.run(MINUTE)
        seen.look(stage)
    yield Measurement("SQLite held for ten polls: slowest of all pages drawn", seen.slowest_s, "s", Goal(2))
    yield Measurement("the same: fetched and missing or wrong", len(seen.missing | seen.wrong), "rows", NONE)


def every_fault(asked: Asked) -> Iterator[Measurement]:
    """Let every fault last for an hour."""
    late, untrue, most = [], 0, 0
    for fault in FAULTS:
        with _folder() as folder:
            seen = faults.suffer(folder, fault, HOUR)
        most = max(most, seen.most_requests)
        untrue += len(seen.wrong) + len(seen.missing)
        if not seen.is_lasting and (
            seen.back_s is None or seen.back_s > max(seen.shown_s, MINUTE) + faults.TICK_SLACK_S
            or seen.shown_s > seen.allowed_s
        ):  # fmt: skip
            late.append(fault.id)
    yield Measurement(f"{len(FAULTS)} faults of an hour each: back later than shown", len(late), "faults", NONE)
    yield Measurement("the same: most requests in ten minutes", most, "requests", Goal(60))
    yield Measurement("the same: stored wrongly or missing", untrue, "rows", NONE)


def clock_nights(asked: Asked) -> Iterator[Measurement]:
    """Poll each minute through both nights of each zone."""
    for zone in nights.ZONES:
        with _folder() as folder:
            found = []
            for change in nights.nights(zone):
                own = folder / str(change)
                own.mkdir()
                found.append(nights.poll_through(own, zone, change, 3 * HOUR))
        name = f"{len(found)} clock changes in {zone}: lost, doubled, shifted"
        yield Measurement(name, sum(night.faults for night in found), "rows", NONE)


def unions(asked: Asked) -> Iterator[Measurement]:
    """Let batches in, in any order and again, and compare with the union."""
    with _databases() as databases:
        for name, url in databases.items():
            with _folder() as folder:
                store = union.quick_store(url(folder), Vault.open(folder))
                keeper = union.keeper_of(store, Spool(folder / "spool.jsonl"))
                unequal = union.unequal(keeper, store, asked.examples)
                store.close()
            what = f"{asked.examples} random lists of batches, {name}"
            yield Measurement(f"{what}: not the union", unequal, "lists", NONE)


def slow_clients(asked: Asked) -> Iterator[Measurement]:
    """Ask for an answer beside half-open requests. None of it has a goal: a proxy in front is what helps."""
    for n in (7, 8, 200):
        with _folder() as folder:
            during, after = clients.answers_beside(folder, n)
        yield Measurement(f"answer beside {n} half-open requests (20: none)", 20 if during is None else during, "s")
        yield Measurement("the same: answers again after they have gone", after, "s", Goal(60))


def days(asked: Asked) -> Iterator[Measurement]:
    """Poll for days, and look at what the process has in use."""
    with _folder() as folder:
        seen = memory.poll_for(folder, asked.days)
    what = f"{asked.days:g} days of minute polls in one process"
    yield Measurement(f"{what}: polls", seen.polls, "polls")
    yield Measurement("the same: memory of the last fifth", 100 * seen.memory, "% of 1st", Goal(105))
    yield Measurement("the same: memory at the end", seen.rss[-1] / 1e6, "MB")
    yield Measurement("the same: more threads", max(0, seen.more_threads), "threads", NONE)
    yield Measurement("the same: more descriptors", max(0, seen.more_descriptors), "files", NONE)


def rhythms(asked: Asked) -> Iterator[Measurement]:
    """Let two workers poll 1,440 times, the leader killed half-way."""
    with _folder() as folder:
        seen = rhythm.two_workers(folder, 1440, 1)
    what = "two workers, 1,440 s at 1 s"
    yield Measurement(f"{what}: polls an interval, at least", seen.per_interval, "", Goal(0.97, at_least=True))
    yield Measurement("the same: at most", seen.per_interval, "", Goal(1.03))
    yield Measurement("the same: longest pause", seen.longest_s, "s", Goal(15))


def rhythms_60(asked: Asked) -> Iterator[Measurement]:
    """Let two workers poll each minute, the leader killed half-way."""
    with _folder() as folder:
        seen = rhythm.two_workers(folder, 600, 60)
    yield Measurement("two workers, 600 s at 60 s: longest pause", seen.longest_s, "s", Goal(120))


PARTS: dict[str, Callable[[Asked], Iterator[Measurement]]] = {
    "kill": kill,
    "outage": away,
    "faults": every_fault,
    "nights": clock_nights,
    "union": unions,
    "clients": slow_clients,
    "memory": days,
    "rhythm": rhythms,
    "rhythm-60": rhythms_60,
}


def _named(lines: Iterator[Measurement]) -> Iterator[Measurement]:
    """Give the *lines* with whole names: `the same` stands for what the line before it was about."""
    about = ""
    for line in lines:
        if not line.name.startswith("the same: "):
            about = line.name.partition(": ")[0]
        yield replace(line, name=line.name.replace("the same", about, 1))


def _write(lines: list[Measurement]) -> None:
    """Put *lines* into the file, in place of those of the same name."""
    FILE.parent.mkdir(exist_ok=True)
    kept = json.loads(FILE.read_text()) if FILE.exists() else []
    names = {line.name for line in lines}
    merged = [entry for entry in kept if entry["name"] not in names] + [line.as_json() for line in lines]
    FILE.write_text(json.dumps(merged, indent=1, ensure_ascii=False) + "\n")


def main() -> int:
    """Run the trials, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parser.add_argument("--days", type=float, default=3, help="simulated days of the part memory (3)")
    parser.add_argument("--examples", type=int, default=5_000, help="of the part union, on each database (5,000)")
    parser.add_argument("--kills", type=int, default=200, help="of the part kill, a tenth of them of gunicorn (200)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments of the part kill (1)")
    given_ = parser.parse_args()
    unknown = set(given_.parts) - set(PARTS)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(PARTS)}")
    asked = Asked(given_.days, given_.examples, given_.kills, given_.seed)
    lines: list[Measurement] = []
    for name in given_.parts or PARTS:
        began = time.monotonic()
        for line in _named(PARTS[name](asked)):
            lines.append(line)
            print(f"  {line.name}: {line.value:g}", file=sys.stderr, flush=True)
        lines.append(Measurement(f"duration of the part {name}", time.monotonic() - began, "s"))
        _write(lines)
    print(table(lines))
    print(f"load average over one, five and fifteen minutes: {' '.join(f'{x:.1f}' for x in os.getloadavg())}")
    return int(any(line.ok is False for line in lines))


if __name__ == "__main__":
    sys.exit(main())
