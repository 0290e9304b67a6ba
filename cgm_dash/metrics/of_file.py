"""The metrics of a CSV file: one flat table for each person in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cgm_dash.csv_series import PersonSeries, read_people
from cgm_dash.metrics.histogram import Weighting
from cgm_dash.metrics.summary import all_metrics
from cgm_dash.window import DATES, Window
from cgm_dash.zones import days_between, midnight


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asks for. first, last: local dates, None the record's own ends. zone: None by the readings."""

    first: date | None = None
    last: date | None = None
    zone: ZoneInfo | None = None
    person: str | None = None
    weighting: Weighting = "time"
    min_day_coverage: float = 70


def metrics_of_file(path: Path, asked: Asked) -> list[dict[str, Any]]:
    """Return the metrics of each person in *path*, or of the one asked for. Raises ValueError."""
    people = read_people(path, asked.zone)
    if asked.person is not None and people[0].name is not None:
        people = [person for person in people if person.name == asked.person]
        if not people:
            raise ValueError(f"--person: {path.name} has no subject '{asked.person}'; leave it out for all of them")
    return list(_tables(people, asked))


def _tables(people: list[PersonSeries], asked: Asked) -> Iterator[dict[str, Any]]:
    for person in people:
        figures = all_metrics(
            person.series,
            window_of(person, asked.first, asked.last),
            person.zone,
            weighting=asked.weighting,
            min_day_coverage=asked.min_day_coverage,
            person=asked.person if person.name is None else person.name,
        )
        yield figures | {
            "period_seconds": person.period_s,
            "period_sure": person.period_sure,
            "rejected": person.rejected,
            "conflicts": person.conflicts,
        }


def window_of(person: PersonSeries, first: date | None, last: date | None) -> Window:
    """Return whole local days from *first* to *last*; from the first reading to the end of the last where None."""
    series, zone = person.series, person.zone
    start = int(series.ts[0]) if first is None else midnight(zone, first)
    end = int(series.ts[-1] + series.period_s[-1]) if last is None else midnight(zone, last + timedelta(days=1))
    if start >= end:
        asked = f"--from {first}" if first is not None else f"--to {last}"
        bounds = days_between(zone, int(series.ts[0]), int(series.ts[-1]) + 1)
        raise ValueError(f"{asked}: leaves nothing; the readings go from {bounds[0]} to {bounds[-1]}")
    return Window(DATES, start, end, len(days_between(zone, start, end)))
