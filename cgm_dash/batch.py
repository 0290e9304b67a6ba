"""What a source hands over: columns of readings, one portion for each wearer, and what it could not read.

Columns (numpy arrays of equal length) rather than objects: half a million objects alone take a second.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cgm_dash.reading import Reading

NO_OFFSET = -32768
"""Stands in the offset column where the source did not tell the wearer's offset from UTC."""

NO_TREND = 0

NAMES = ("kind", "ts", "mg_dl", "flag", "trend", "period_s", "offset_min")
"""The columns of a reading, in the order of Columns."""


@dataclass(frozen=True, slots=True)
class Columns:
    """n readings of one wearer from one source, any order, duplicates allowed, not yet validated.

    kind: reading.Kind. ts: UTC epoch seconds. mg_dl: mg/dL as received. flag: reading.Flag. trend: reading.Trend, 0
    none. period_s: seconds. offset_min: minutes, NO_OFFSET unknown. raw: each record as received (JSON text), where the
    source keeps it; used only when a record is rejected.
    """

    kind: npt.NDArray[np.int8]
    ts: npt.NDArray[np.int64]
    mg_dl: npt.NDArray[np.int32]
    flag: npt.NDArray[np.int8]
    trend: npt.NDArray[np.int8]
    period_s: npt.NDArray[np.int32]
    offset_min: npt.NDArray[np.int16]
    raw: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        n = len(self.ts)
        for name in NAMES:
            if len(getattr(self, name)) != n:
                raise ValueError(f"column {name} holds {len(getattr(self, name))} values, ts {n}")
        if self.raw is not None and len(self.raw) != n:
            raise ValueError(f"column raw holds {len(self.raw)} values, ts {n}")

    def __len__(self) -> int:
        return len(self.ts)

    def take(self, which: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> "Columns":
        """Return the readings that *which* selects: a mask of length n, or positions in the wanted order."""
        positions = np.flatnonzero(which) if which.dtype == np.bool_ else which
        return Columns(
            self.kind[positions],
            self.ts[positions],
            self.mg_dl[positions],
            self.flag[positions],
            self.trend[positions],
            self.period_s[positions],
            self.offset_min[positions],
            None if self.raw is None else tuple(self.raw[i] for i in positions),
        )

    def received(self, i: int) -> str:
        """Return record *i* as received, or a JSON text of its columns where the source kept none."""
        if self.raw is not None:
            return self.raw[i]
        return json.dumps({name: int(getattr(self, name)[i]) for name in NAMES})

    def as_lists(self) -> dict[str, list[int]]:
        """Return each column but raw as a list of whole numbers."""
        return {name: getattr(self, name).tolist() for name in NAMES}

    @classmethod
    def from_lists(cls, lists: Mapping[str, Sequence[int]], raw: Iterable[str] | None = None) -> "Columns":
        """Return the columns that `as_lists` gave."""
        return cls(
            np.array(lists["kind"], np.int8),
            np.array(lists["ts"], np.int64),
            np.array(lists["mg_dl"], np.int32),
            np.array(lists["flag"], np.int8),
            np.array(lists["trend"], np.int8),
            np.array(lists["period_s"], np.int32),
            np.array(lists["offset_min"], np.int16),
            None if raw is None else tuple(raw),
        )

    @classmethod
    def of(cls, readings: Iterable[Reading], raw: Iterable[str] | None = None) -> "Columns":
        """Return the columns of a few *readings*."""
        rows = list(readings)
        lists: dict[str, Sequence[int]] = {name: [getattr(r, name) for r in rows] for name in NAMES}
        lists["trend"] = [NO_TREND if r.trend is None else r.trend for r in rows]
        lists["offset_min"] = [NO_OFFSET if r.offset_min is None else r.offset_min for r in rows]
        return cls.from_lists(lists, raw)


@dataclass(frozen=True, slots=True)
class Wearer:
    """Who wears the sensor, as the upstream knows them. external_id: the upstream's identity, never the login's."""

    external_id: str
    name: str = ""
    country: str = ""
    unit: str = ""
    target_low: int | None = None
    target_high: int | None = None


@dataclass(frozen=True, slots=True)
class SensorSeen:
    """A sensor the upstream named. activated: UTC epoch seconds or None. warmup_min: first minutes without values."""

    serial: str
    kind: str = ""
    activated: int | None = None
    warmup_min: int = 60
    life_days: int | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that cannot be a reading. reason: a stable word (`future`, `no-time` ...); raw: as received."""

    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know that is not a failure of the whole fetch. code: a key of trouble.TROUBLES."""

    code: str
    external_id: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Portion:
    """What one fetch brought for one wearer."""

    wearer: Wearer
    columns: Columns
    sensors: tuple[SensorSeen, ...] = ()
    rejected: tuple[Rejected, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """What one fetch brought. kind: the sort of source (`librelinkup`). retry_at, code: set where part of it failed."""

    kind: str
    portions: tuple[Portion, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    notices: tuple[Notice, ...] = field(default=())
