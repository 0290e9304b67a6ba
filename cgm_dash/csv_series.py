"""A plain CSV file of glucose as series: one for each person in it."""

import csv
import io
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from cgm_dash.batch import NO_OFFSET, NO_TREND, Columns
from cgm_dash.local_times import LocalTimes, OffsetsSeen
from cgm_dash.reading import MAX_MG_DL, MIN_MG_DL, Flag, Kind
from cgm_dash.series import Series, merge
from cgm_dash.units import MG_DL_PER_MMOL_L

TIME, MG_DL, MMOL_L, SUBJECT, KIND = "timestamp", "glucose_mg_dl", "glucose_mmol_l", "subject", "kind"

WORDS: Mapping[str, Flag] = {"lo": Flag.LO, "low": Flag.LO, "hi": Flag.HI, "high": Flag.HI}
BLANKS = frozenset({"", "na", "nan", "null", "none"})

LOWER_BOUND, UPPER_BOUNDS = 40, (400, 500, MAX_MG_DL)
"""Values that LO and HI stand for. Some sensors measure up to 500: a file that holds such a value is from one."""

KNOWN_PERIODS_S = (60, 300, 600, 900)
UNKNOWN_PERIOD_S = 300
LONGEST_PERIOD_S = 86_400

YEARS = range(1970, 3000)
"""Years that a reading may be of. Far outside them a zone's clock cannot be computed."""

SHOWN = 40
"""Characters of a bad value that its message shows."""


@dataclass(slots=True)
class PersonSeries:
    """The readings of one person in a file.

    name: the subject column, None without one. zone: the one asked for, else what the file's own offsets tell.
    period_s: the median step, whole minutes; period_sure: whether it is one that sensors have. rejected: rows that are
    no reading, by reason (`out-of-range`, `blank`). conflicts: rows that give an instant another value; the first
    stands.
    """

    name: str | None
    series: Series
    zone: tzinfo
    period_s: int
    period_sure: bool
    rejected: dict[str, int]
    conflicts: int


@dataclass(slots=True)
class _Rows:
    """Rows of one person and kind in file order. offset_min: NO_OFFSET where the row is UTC or has none."""

    line: list[int] = field(default_factory=list)
    when: list[datetime] = field(default_factory=list)
    mg_dl: list[int] = field(default_factory=list)
    flag: list[Flag] = field(default_factory=list)


def read_people(path: Path, zone: ZoneInfo | None = None) -> list[PersonSeries]:
    """Return the people in the CSV file *path*, in the order they first come.

    Columns: `timestamp` (ISO 8601, with offset or Z; local times need *zone*), `glucose_mg_dl` or `glucose_mmol_l`
    (mg/dL wins), `subject` and `kind` where there are any. Raises ValueError with the value, its line and the remedy.
    """
    return list(_people(_text(path), path.name, zone))


def _quoted(text: str) -> str:
    """Return *text* as it may be shown in a terminal: in quotes, control characters escaped, cut where it is long."""
    return repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}…")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as exc:
        raise ValueError(f"{path}: cannot be read ({exc.strerror}); name a CSV file") from exc
    except UnicodeDecodeError as exc:
        raise ValueError(f"{path}: byte {exc.start} is not UTF-8; save the file as UTF-8 CSV") from exc


def _people(text: str, name: str, zone: ZoneInfo | None) -> Iterator[PersonSeries]:
    rejected: dict[str | None, dict[str, int]] = {}
    people: dict[str | None, dict[Kind, _Rows]] = {}
    table = _Table.of(text, name)
    for line, person, kind, when, value in table.rows():
        refused = rejected.setdefault(person, {})
        kinds = people.setdefault(person, {})
        reading = _glucose(value)
        if isinstance(reading, str):
            refused[reading] = refused.get(reading, 0) + 1
            continue
        rows = kinds.setdefault(kind, _Rows())
        rows.line.append(line)
        rows.when.append(when)
        rows.mg_dl.append(reading[0])
        rows.flag.append(reading[1])
    if not any(kinds for kinds in people.values()):
        raise ValueError(f"{name}: holds no reading; {_why_none(rejected.values(), table)}")
    for person, kinds in people.items():
        if kinds:
            yield _person(person, kinds, zone, rejected[person], name)


def _why_none(rejected: Iterable[Mapping[str, int]], table: "_Table") -> str:
    """Return the reasons why no row of the file is a reading, each with its count."""
    reasons = Counter[str]()
    for counts in rejected:
        reasons.update(counts)
    if not reasons:
        return "expected rows below the heading"
    told = "; ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
    if reasons["out-of-range"]:
        told += f" (is it {'mmol/L' if MG_DL in table.place else 'mg/dL'}?)"
    rows = reasons.total()
    return f"{rows} row{'' if rows == 1 else 's'}, none usable: {told}"


Row = tuple[int, str | None, Kind, datetime, "Value"]


@dataclass(frozen=True, slots=True)
class Value:
    """A cell of glucose as a number in mg/dL, not yet rounded, or as a flag, or nothing."""

    mg_dl: float | None = None
    flag: Flag = Flag.NONE


@dataclass(frozen=True, slots=True)
class _Table:
    """A file's rows under its heading.

    place: position of each column by its title. width: how many columns have one, counted from the left. comma: decimal
    commas are in use.
    """

    name: str
    lines: Iterator[list[str]]
    place: dict[str, int]
    width: int
    comma: bool

    @classmethod
    def of(cls, text: str, name: str) -> "_Table":
        heading = text.partition("\n")[0]
        delimiter = max(",;\t", key=heading.count)
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        try:
            titles = [title.strip().lower() for title in next(lines, [])]
        except csv.Error as exc:
            raise ValueError(f"{name}, line 1: not a CSV file ({exc})") from exc
        place = {title: i for i, title in enumerate(titles)}
        if TIME not in place or not {MG_DL, MMOL_L} & place.keys():
            found = ", ".join(map(_quoted, titles[:SHOWN])) or "an empty file"
            raise ValueError(f"{name}: expected columns {TIME} and {MG_DL} or {MMOL_L}, got {found}")
        twice = [column for column in (TIME, MG_DL, MMOL_L, SUBJECT, KIND) if titles.count(column) > 1]
        if twice:
            raise ValueError(f"{name}, line 1: column {twice[0]} stands twice in the heading; keep one of them")
        width = max(place[title] for title in place if title) + 1
        return cls(name, lines, place, width, delimiter != ",")

    def rows(self) -> Iterator[Row]:
        """Yield line number, person, kind, time and glucose of each row that is not empty."""
        line = 1
        try:
            for line, cells in enumerate(self.lines, start=2):
                if any(cells):
                    yield self._row(line, cells)
        except csv.Error as exc:
            raise ValueError(f"{self.name}, line {line + 1}: not a CSV file ({exc}); is a quote left open?") from exc

    def _row(self, line: int, cells: Sequence[str]) -> Row:
        if any(extra.strip() for extra in cells[self.width :]):
            remedy = "quote a cell that holds the separator" if self.comma else "decimal commas need ; between columns"
            raise ValueError(f"{self.name}, line {line}: more cells than the heading; {remedy}")

        def cell(column: str) -> str:
            at = self.place.get(column, len(cells))
            return cells[at].strip() if at < len(cells) else ""

        return (
            line,
            cell(SUBJECT) if SUBJECT in self.place else None,
            self._kind(line, cell(KIND)),
            self._time(line, cell(TIME)),
            self._value(line, cell(MG_DL), cell(MMOL_L)),
        )

    def _time(self, line: int, text: str) -> datetime:
        told = f"{self.name}, line {line}: {TIME} {_quoted(text)}"
        try:
            when = datetime.fromisoformat(text)
        except ValueError as exc:
            raise ValueError(f"{told} is no time; write it like 2026-03-01T08:05:00+01:00") from exc
        if when.year not in YEARS:
            raise ValueError(f"{told} is of no year from {YEARS[0]} to {YEARS[-1]}; correct it or take the row out")
        return when

    def _kind(self, line: int, text: str) -> Kind:
        if not text:
            return Kind.HISTORY
        try:
            return Kind[text.upper()]
        except KeyError as exc:
            known = ", ".join(kind.name.lower() for kind in Kind)
            raise ValueError(
                f"{self.name}, line {line}: {KIND} {_quoted(text)} is unknown; write one of {known}"
            ) from exc

    def _value(self, line: int, mg_dl: str, mmol_l: str) -> Value:
        for column, text, factor in ((MG_DL, mg_dl, 1), (MMOL_L, mmol_l, MG_DL_PER_MMOL_L)):
            if text.lower() in BLANKS:
                continue
            if text.lower() in WORDS:
                return Value(flag=WORDS[text.lower()])
            number = _number(text.replace(",", ".") if self.comma else text)
            if number is None:
                raise ValueError(
                    f"{self.name}, line {line}: {column} {_quoted(text)} is no number; write a number, LO or HI, or"
                    " leave it empty"
                )
            return Value(number * factor)
        return Value()


def _number(text: str) -> float | None:
    if "_" in text:  # float reads 1_0_0 as 100
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _glucose(value: Value) -> tuple[int, Flag] | str:
    """Return mg/dL and flag, or why there is no reading. The bound of a flagged one is set when all are known."""
    if value.flag is not Flag.NONE:
        return (LOWER_BOUND if value.flag is Flag.LO else UPPER_BOUNDS[0]), value.flag
    if value.mg_dl is None:
        return "blank"
    # Half up, and 5.55 mmol/L times 18 is 99.9 though binary fractions come a hair short of it.
    mg_dl = math.floor(value.mg_dl + 0.5 + 1e-9)
    return (mg_dl, Flag.NONE) if MIN_MG_DL <= mg_dl <= MAX_MG_DL else "out-of-range"


def _person(
    name: str | None, kinds: Mapping[Kind, _Rows], zone: ZoneInfo | None, rejected: dict[str, int], file: str
) -> PersonSeries:
    layers = {kind: _columns(kind, rows, zone, file) for kind, rows in kinds.items() if kind.counts}
    if Kind.LIVE in layers:
        layers.pop(Kind.SCAN, None)
    if not layers:
        whose = f" of {_quoted(name)}" if name else ""
        raise ValueError(f"{file}: holds no sensor reading{whose}, only other kinds; nothing can be computed")
    best_first = [layers[kind] for kind in sorted(layers)]
    dense = max(best_first, key=len)
    return PersonSeries(
        name,
        merge(best_first),
        zone or _zone_of(best_first),
        int(dense.period_s[0]),
        all(int(layer.period_s[0]) in KNOWN_PERIODS_S and len(layer) > 1 for layer in best_first),
        rejected,
        sum(_conflicts(layer) for layer in best_first),
    )


def _columns(kind: Kind, rows: _Rows, zone: ZoneInfo | None, file: str) -> Columns:
    ts, offsets = _instants(rows, zone, file)
    mg_dl, flag = np.array(rows.mg_dl, np.int32), np.array(rows.flag, np.int8)
    mg_dl[flag == Flag.HI] = next(bound for bound in UPPER_BOUNDS if mg_dl.max() <= bound)
    n = len(ts)
    instants = np.array(ts, np.int64)
    return Columns(
        np.full(n, kind, np.int8),
        instants,
        mg_dl,
        flag,
        np.full(n, NO_TREND, np.int8),
        np.full(n, _period(instants), np.int32),
        np.array(offsets, np.int16),
    )


def _instants(rows: _Rows, zone: ZoneInfo | None, file: str) -> tuple[list[int], list[int]]:
    """Return UTC seconds and offsets in minutes of each row. Times in UTC tell no offset of the wearer's."""
    clock = LocalTimes(zone) if zone else None
    if clock and _runs_backwards(rows.when):
        order = range(len(rows.when) - 1, -1, -1)
        told = [_instant(rows.when[i], f"{file}, line {rows.line[i]}", clock) for i in order][::-1]
    else:
        told = [_instant(when, f"{file}, line {line}", clock) for when, line in zip(rows.when, rows.line, strict=True)]
    offsets = [offset for _, offset in told]
    if all(offset in (0, NO_OFFSET) for offset in offsets):
        offsets = [NO_OFFSET] * len(offsets)
    return [ts for ts, _ in told], offsets


def _instant(when: datetime, place: str, clock: LocalTimes | None) -> tuple[int, int]:
    offset = when.utcoffset()
    if offset is not None:
        return math.floor(when.timestamp()), int(offset.total_seconds()) // 60
    if clock is None:
        raise ValueError(f"{place}: {TIME} '{when}' has no offset; name its zone, like --zone Europe/Berlin")
    return clock.instant(when), NO_OFFSET


def _runs_backwards(when: Sequence[datetime]) -> bool:
    """Return whether the rows run from new to old: the first is later than the last by the wall clock."""
    return when[0].replace(tzinfo=None) > when[-1].replace(tzinfo=None)


def _period(ts: npt.NDArray[np.int64]) -> int:
    """Return the median step in seconds, rounded to whole minutes, from one minute to a day."""
    steps = np.diff(np.unique(ts))
    if not len(steps):
        return UNKNOWN_PERIOD_S
    minutes = math.floor(float(np.median(steps)) / 60 + 0.5)
    return min(max(60 * minutes, 60), LONGEST_PERIOD_S)


def _conflicts(columns: Columns) -> int:
    """Return how many rows give an instant a value other than its first one, each such value once."""
    pairs = np.unique(np.stack((columns.ts, columns.mg_dl.astype(np.int64)), axis=1), axis=0)
    return len(pairs) - len(np.unique(columns.ts))


def _zone_of(layers: Sequence[Columns]) -> tzinfo:
    """Return the zone that the offsets in the file tell: UTC, a fixed one, or one that changes as they do."""
    ts = np.concatenate([layer.ts for layer in layers])
    offsets = np.concatenate([layer.offset_min for layer in layers])
    seen = np.unique(offsets[offsets != NO_OFFSET])
    if not len(seen):
        return UTC
    if len(seen) == 1:
        return timezone(timedelta(minutes=int(seen[0])))
    order = np.argsort(ts, kind="stable")
    return OffsetsSeen.of(ts[order], offsets[order])
