"""The nights in which clocks change: polled through, and compared with what each zone's clock says of every reading."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from callbacks.days import gather
from callbacks.visit import Viewer, visit_of
from cgm_dash.units import Unit
from cgm_dash.zones import local_date, offset_s, offsets_between
from layouts.figures import day as day_figure
from tests.soak.stage import HOUR, MINUTE, Row, Stage

ZONES = ("Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe")
YEAR = (datetime(2026, 6, 1, tzinfo=UTC).timestamp(), datetime(2027, 6, 1, tzinfo=UTC).timestamp())


@dataclass
class Night:
    """missing, doubled, wrong: of the rows stored against those offered at each poll. shifted: rows whose stored offset
    is not the zone's. by_day: readings on each local date as the page Days counts them, and as the zone says."""

    missing: set[Row]
    doubled: int
    wrong: set[Row]
    shifted: int
    shown: dict[date, int]
    told: dict[date, int]
    out_of_order: int

    @property
    def faults(self) -> int:
        """Everything that must not be, counted."""
        differ = sum(self.shown.get(d) != n for d, n in self.told.items())
        return len(self.missing) + self.doubled + len(self.wrong) + self.shifted + differ + self.out_of_order


def nights(zone: str) -> list[int]:
    """Return the instants of the year in which the clock of *zone* changes, UTC epoch seconds."""
    return [ts for ts, _ in offsets_between(ZoneInfo(zone), *YEAR)][1:]


def poll_through(folder: Path, zone: str, change: int, around_s: float, poll_seconds: int = 60) -> Night:
    """Poll from *around_s* before the *change* to as long after it, and look at what is stored and shown."""
    where = ZoneInfo(zone)
    settings = {"POLL_SECONDS": str(poll_seconds), "ZONE": zone}
    with Stage(folder, now=change - around_s, zones=(zone,), settings=settings) as stage:
        (patient,) = stage.world.patients
        offered: set[Row] = set()
        stage.tick()
        offered |= stage.offered(patient)

        def note() -> None:
            latest = stage.world.latest(patient, stage.server.requests[-1].time)
            if latest is not None:
                offered.add((int(latest.kind), latest.ts, latest.mg_dl))

        stage.run(2 * around_s, note)
        rows = stage.rows(patient)
        columns = stage.store.readings.load(1).columns
        offsets = [offset_s(where, ts) // 60 for ts in columns.ts.tolist()]
        shown, told, out_of_order = _shown(stage, where)
        return Night(
            missing=offered - set(rows),
            doubled=len(rows) - len({row[:2] for row in rows}),
            wrong=stage.wrong(patient),
            shifted=sum(a != b for a, b in zip(columns.offset_min.tolist(), offsets, strict=True)),
            shown=shown,
            told=told,
            out_of_order=out_of_order,
        )


def _shown(stage: Stage, zone: ZoneInfo) -> tuple[dict[date, int], dict[date, int], int]:
    """Return the readings of each day as the page Days has them and as the zone's clock says, and misplaced points."""
    services = stage.made.services
    shown: dict[date, int] = {}
    misplaced = 0
    series = services.series.between(1, stage.now - 30 * HOUR, stage.now + 1)
    told: dict[date, int] = {}
    for ts in series.ts.tolist():
        told[local_date(zone, ts)] = told.get(local_date(zone, ts), 0) + 1
    for day in told:
        visit = visit_of(services, f"?day={day.isoformat()}", Viewer(Unit.MG_DL))
        page, _all = gather(services, visit, None, "7d")
        chart = page.day.chart
        shown[day] = len(chart.series)
        totals = services.store.days.by_day(1, page.day.facts.start, page.day.facts.end)
        misplaced += int(totals.n.sum()) != len(chart.series)
        misplaced += int((np.diff(chart.series.ts) <= 0).sum())
        misplaced += not day_figure.figure_of(chart)["data"]
    return shown, told, misplaced


__all__ = ["MINUTE", "ZONES", "Night", "nights", "poll_through"]
