"""The tables of derived days: what they hold, how far they go, and the steps that bring them up with the readings.

What is kept ends at midnight before yesterday or the day before (State.end_day). What follows, the tail, is read from
the readings each time it changed: a new minute costs no write here. Every write of readings marks what it touches
before that end as stale, in its own transaction (changes.mark_stale).

A step is planned on a snapshot and written under the lock of the person's row, planned anew there if something came in
between: no writer waits while readings are read and merged, and two workers do the same step once. Steps are bounded
(STEP_BLOCKS): whoever stops halfway loses one.
"""

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from cgm_dash import day_pack, day_summary
from cgm_dash.day_numbers import DayNumbers, Int64
from cgm_dash.day_summary import BinSums, DayTotals, WeekdaySums
from cgm_dash.errors import StoreError
from cgm_dash.series import Series, merge
from sql.changes import EVER, mark_stale
from sql.engine import guarded, writing
from sql.readings import FOREVER, load
from sql.schema import day_blocks, day_states, days, people, readings, stale_days
from sql.series_cache import layers
from sql.sources import lock_person, sources_of
from sql.upsert import insert

BLOCK = 32
"""Days of a block. Ten years are 115 of them, and no stretch of time is further than 16 days from whole ones."""

STEP_BLOCKS = 4
"""Blocks made in one step: a third of a second for minutes."""

MOST_TAIL_DAYS = 2
"""How many days before the newest reading's the tail may begin; late readings of the last day are common."""

BINS_PART, TOTALS_PART = 0, 1

LAST_DAY = 2**31 - 1

_Sums = TypeVar("_Sums", BinSums, DayTotals)

Blobs = list[tuple[int, bytes]]
"""(day or block, data) by rising number."""


@dataclass(frozen=True)
class State:
    """Where one person's days stand. seq: the person's sequence. newest: instant of the newest reading, None for none.

    made_for: format and zone of what is kept, None for nothing. end_day, end_ts: where it ends, and when that day
    begins. period_s: longest period of its readings. stale: the first stretch marked, UTC epoch seconds.
    """

    person_id: int
    seq: int
    zone: str | None
    newest: int | None
    made_for: str | None
    end_day: int
    end_ts: int
    period_s: int
    stale: tuple[int, int] | None

    @cached_property
    def numbers(self) -> DayNumbers:
        """The calendar of the wearer's zone; UTC while it is not known."""
        try:
            return DayNumbers(ZoneInfo(self.zone or "UTC"))
        except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
            raise StoreError(f"zone '{self.zone}': not in this machine's time zone data; set CGM_DASH_ZONE") from exc

    @property
    def wanted(self) -> str:
        """What everything kept must be made for."""
        return f"{day_pack.FORMAT}.{day_summary.FORMAT} {self.numbers.rules}"

    @property
    def is_outdated(self) -> bool:
        """Whether nothing kept is of use."""
        return self.made_for != self.wanted or self.stale == EVER

    @property
    def is_current(self) -> bool:
        """Whether what is kept and the tail are all that the readings give."""
        if self.newest is None and self.made_for is None:
            return True
        return not self.is_outdated and self.stale is None and not self.is_short

    @property
    def is_short(self) -> bool:
        """Whether the tail has grown long."""
        return self.newest is not None and self.numbers.of(self.newest) - self.end_day > MOST_TAIL_DAYS


def state_of(connection: Connection, person_id: int) -> State | None:
    """Return where a person's days stand as this connection sees it, None for nobody. One query."""
    row = connection.execute(_STATE, {"person": person_id}).one_or_none()
    if row is None:
        return None
    stale = None if row.ts_first is None else (row.ts_first, row.ts_last)
    kept = (row.made_for, row.end_day or 0, row.end_ts or 0, row.period_s or 1)
    return State(person_id, row.seq, row.zone, row.newest, *kept, stale)


_PERSON = sa.bindparam("person", type_=sa.Integer)
_NEWEST = sa.select(sa.func.max(readings.c.ts)).where(readings.c.person_id == _PERSON).scalar_subquery()
_FIRST_MARK = sa.select(sa.func.min(stale_days.c.day)).where(stale_days.c.person_id == _PERSON).scalar_subquery()
_STATE = (
    sa.select(people.c.seq, people.c.zone, _NEWEST.label("newest"))
    .add_columns(day_states.c.made_for, day_states.c.end_day, day_states.c.end_ts, day_states.c.period_s)
    .add_columns(stale_days.c.ts_first, stale_days.c.ts_last)
    .select_from(people)
    .outerjoin(day_states, day_states.c.person_id == people.c.id)
    .outerjoin(stale_days, sa.and_(stale_days.c.person_id == people.c.id, stale_days.c.day == _FIRST_MARK))
    .where(people.c.id == _PERSON)
)


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """Give a connection to read with; everything read in the block is as of one moment. Raises as looking() does."""
    repeatable = engine.dialect.name == "postgresql"
    reader = engine.execution_options(isolation_level="REPEATABLE READ") if repeatable else engine
    with guarded(), reader.connect() as connection:
        yield connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What to write: *packs* in place of the days from first_day to before end_day, *blocks* likewise.

    kept_to: end_day of the state afterwards. mended: the mark this step works off, None for none; rest: what is left
    of it. anew: whether everything there was goes first, with every mark.
    """

    packs: Blobs
    blocks: list[tuple[int, int, bytes]]
    days: tuple[int, int]
    block_range: tuple[int, int]
    kept_to: int
    period_s: int
    mended: tuple[int, int] | None = None
    rest: tuple[int, int] | None = None
    anew: bool = False


def catch_up(engine: Engine, person_id: int, patience_ms: int | None = None) -> None:
    """Bring a person's days up with the readings. Any number of workers may do so at once. patience_ms: see writing."""
    while True:
        with snapshot(engine) as connection:
            seen = state_of(connection, person_id)
            if seen is None or seen.is_current:
                return
            step = plan(connection, seen)
        with writing(engine, patience_ms) as connection:
            lock_person(connection, person_id)
            now = state_of(connection, person_id)
            if now is not None and not now.is_current:
                apply(connection, now, step if now == seen else plan(connection, now))


def catch_up_here(connection: Connection, person_id: int) -> State | None:
    """Do the same in a write transaction: nothing can come in between until it ends."""
    lock_person(connection, person_id)
    while (state := state_of(connection, person_id)) is not None and not state.is_current:
        apply(connection, state, plan(connection, state))
    return state


def plan(connection: Connection, state: State) -> Step:
    """Return the next step for a state that is not current."""
    if state.is_outdated:
        none: tuple[int, int] = (0, 0)
        return Step(packs=[], blocks=[], days=none, block_range=none, kept_to=0, period_s=1, anew=True)
    return _mending(connection, state, state.stale) if state.stale else _going_on(connection, state)


def _mending(connection: Connection, state: State, stretch: tuple[int, int]) -> Step:
    """Return the step that makes the kept days in reach of a stretch anew: rule W looks a period ahead and back."""
    numbers, margin = state.numbers, state.period_s
    while True:
        first = numbers.of(stretch[0] - margin)
        last = state.end_day if stretch[1] + margin >= state.end_ts else numbers.of(stretch[1] + margin) + 1
        end = max(first, min(last, (first // BLOCK + STEP_BLOCKS) * BLOCK))
        series, longest = series_of(connection, state, first, end, margin)
        if longest <= margin:
            break
        margin = longest
    packs = packed(numbers, series, first, end)
    block_range = (first // BLOCK, max(first // BLOCK, min(-(-end // BLOCK), state.end_day // BLOCK)))
    rest = (min(numbers.start(end), stretch[1]), stretch[1]) if end < last else None
    return Step(
        packs=packs,
        blocks=_blocks(connection, state, packs, (first, end), block_range),
        days=(first, end),
        block_range=block_range,
        kept_to=state.end_day,
        period_s=margin,
        mended=stretch,
        rest=rest,
    )


def _going_on(connection: Connection, state: State) -> Step:
    """Return the step that takes over the next days of the tail, but for the newest two."""
    numbers, margin = state.numbers, state.period_s
    target = numbers.of(state.newest or 0) - 1
    following = sa.select(sa.func.min(readings.c.ts)).where(readings.c.person_id == state.person_id)
    following = following.where(readings.c.ts >= state.end_ts)
    first = min(target, max(state.end_day, numbers.of(connection.execute(following).scalar_one())))
    end = min(target, (first // BLOCK + STEP_BLOCKS) * BLOCK)
    while True:
        series, longest = series_of(connection, state, first, end, margin)
        if longest <= margin:
            break
        margin = longest
    packs = packed(numbers, series, first, end)
    block_range = (state.end_day // BLOCK, end // BLOCK)
    blocks = _blocks(connection, state, packs, (first, end), block_range)
    replaced = (state.end_day, end)
    return Step(packs=packs, blocks=blocks, days=replaced, block_range=block_range, kept_to=end, period_s=margin)


def apply(connection: Connection, state: State, step: Step) -> None:
    """Write a step; the transaction holds the person's lock, and *state* is what it sees."""
    person = state.person_id
    for table, number, (first, end) in (
        (days, days.c.day, step.days),
        (day_blocks, day_blocks.c.block, step.block_range),
    ):
        gone = sa.delete(table).where(table.c.person_id == person)
        connection.execute(gone if step.anew else gone.where(number >= first, number < end))
    if step.packs:
        rows = [{"person_id": person, "day": day, "data": data} for day, data in step.packs]
        connection.execute(sa.insert(days).returning(days.c.day), rows)
    if step.blocks:
        parts = [{"person_id": person, "part": p, "block": b, "data": data} for p, b, data in step.blocks]
        connection.execute(sa.insert(day_blocks).returning(day_blocks.c.block), parts)
    values = {
        "made_for": state.wanted,
        "end_day": step.kept_to,
        "end_ts": state.numbers.start(step.kept_to),
        "period_s": step.period_s,
    }
    kept = insert(connection, day_states).values(person_id=person, **values)
    connection.execute(kept.on_conflict_do_update(index_elements=["person_id"], set_=values))
    done = sa.delete(stale_days).where(stale_days.c.person_id == person)
    if step.anew:
        connection.execute(done)
    elif step.mended:
        connection.execute(done.where(stale_days.c.day == step.mended[0] // 86_400))
        if step.rest:
            mark_stale(connection, person, *step.rest)


def series_of(connection: Connection, state: State, first: int, end: int, margin: int) -> tuple[Series, int]:
    """Return the merged series of the days from *first* to before *end*, from the readings, and the longest period met.

    It is right if no period exceeds *margin*, seconds: else ask again with the longest.
    """
    return merged(connection, state.person_id, state.numbers.start(first), state.numbers.start(end), margin)


def merged(connection: Connection, person_id: int, start: int, end: int, margin: int) -> tuple[Series, int]:
    """Return the merged series of start <= ts < end (UTC epoch seconds) in the same way.

    A reading's weight hangs on what covers it, from a period before it at the most, and on what comes within its own.
    """
    stored = load(connection, person_id, start - margin, min(FOREVER, end + margin))
    parts = layers(sources_of(connection, person_id), stored)
    longest = max((int(layer.period_s.max()) for layer in parts), default=1)
    return merge(parts).between(start, end), longest


def packed(numbers: DayNumbers, series: Series, first: int, end: int) -> Blobs:
    """Return the days from *first* to before *end* that have readings in *series*, packed."""
    starts = [numbers.start(day) for day in range(first, end + 1)] if first < end and len(series) else []
    cuts = np.searchsorted(series.ts, starts).tolist()
    return [
        (first + i, day_pack.pack(series.between(starts[i], starts[i + 1])))
        for i in range(len(starts) - 1)
        if cuts[i] < cuts[i + 1]
    ]


def _blocks(
    connection: Connection, state: State, packs: Blobs, replaced: tuple[int, int], block_range: tuple[int, int]
) -> list[tuple[int, int, bytes]]:
    """Return both parts of each whole block in *block_range*: the days kept, but *packs* for those *replaced*."""
    first, end = (block * BLOCK for block in block_range)
    if first >= end:
        return []
    before = fetch_days(connection, state.person_id, first, min(end, replaced[0]))
    after = fetch_days(connection, state.person_id, max(first, replaced[1]), end)
    whole = [item for item in (*before, *packs, *after) if first <= item[0] < end]
    return summed(state.numbers, whole)


def summed(numbers: DayNumbers, packs: Blobs) -> list[tuple[int, int, bytes]]:
    """Return (part, block, data) of each block that *packs* make up, by block and part."""
    made: list[tuple[int, int, bytes]] = []
    for block, group in groupby(packs, key=lambda item: item[0] // BLOCK):
        bins, totals = sums_of(numbers, list(group))
        made += [(BINS_PART, block, bins.freeze()), (TOTALS_PART, block, totals.freeze())]
    return made


def sums_of(numbers: DayNumbers, packs: Blobs) -> tuple[BinSums, DayTotals]:
    """Return both sums of some days with readings."""
    series = opened([data for _, data in packs])
    dates = np.array([day for day, _ in packs], np.int64)
    bounds = numbers.bounds(dates.tolist())
    owner = owners(series, dates, bounds)
    return BinSums.of(series, numbers.wall_clock(series), owner), DayTotals.of(series, dates, bounds)


def weekdays_of(numbers: DayNumbers, packs: Blobs) -> WeekdaySums:
    """Return the sums by weekday of some days with readings, one at least."""
    series = opened([data for _, data in packs])
    dates = np.array([day for day, _ in packs], np.int64)
    owner = owners(series, dates, numbers.bounds(dates.tolist()))
    return WeekdaySums.of(series, numbers.wall_clock(series), owner)


def owners(series: Series, dates: Int64, bounds: Int64) -> Int64:
    """Return which of *dates*, days that begin at bounds[0], each reading belongs to."""
    return np.asarray(dates[np.searchsorted(bounds[0], series.ts, side="right") - 1], np.int64)


def fetch_days(connection: Connection, person_id: int, first: int, end: int) -> Blobs:
    """Return the packed days from *first* to before *end*."""
    if first >= end:
        return []
    return _fetch(connection, f"day, data FROM days WHERE person_id = {int(person_id)}", "day", first, end)


def fetch_blocks(connection: Connection, person_id: int, part: int, first: int, end: int) -> Blobs:
    """Return one part of the blocks from *first* to before *end*."""
    if first >= end:
        return []
    wanted = f"block, data FROM day_blocks WHERE person_id = {int(person_id)} AND part = {int(part)}"
    return _fetch(connection, wanted, "block", first, end)


def _fetch(connection: Connection, wanted: str, number: str, first: int, end: int) -> Blobs:
    """Return (number, data) of the rows from *first* to before *end*, straight from the driver."""
    query = f"SELECT {wanted} AND {number} >= {int(first)} AND {number} < {int(end)} ORDER BY {number}"
    cursor = connection.connection.cursor()
    try:
        if connection.dialect.name != "postgresql":
            return list(cursor.execute(query).fetchall())
        sink = _Rows()
        # Else every byte would come as two hexadecimal digits.
        cursor.copy_expert(f"COPY ({query}) TO STDOUT (FORMAT binary)", sink)
        return sink.rows()
    finally:
        cursor.close()


class UnreadableError(Exception):
    """Something kept is not what was written; made from the readings again, it will be."""


def opened(packs: Sequence[bytes]) -> Series:
    """Return the series of packed days. Raises UnreadableError."""
    try:
        return day_pack.unpack(packs)
    except ValueError as exc:
        raise UnreadableError(str(exc)) from exc


def thawed(kind: type[_Sums], data: bytes) -> _Sums:
    """Return the sums of a block. Raises UnreadableError."""
    try:
        return kind.thaw(data)
    except ValueError as exc:
        raise UnreadableError(str(exc)) from exc


def first_day(connection: Connection, state: State) -> int:
    """Return the first day that has readings or is kept; the end of all that is kept where there is none."""
    mine = (sa.select(sa.func.min(c)).where(owner == state.person_id) for c, owner in _FIRSTS)
    reading, day, block = (connection.execute(wanted).scalar() for wanted in mine)
    numbers = [None if reading is None else state.numbers.of(reading), day, None if block is None else block * BLOCK]
    return min((number for number in numbers if number is not None), default=state.end_day)


_FIRSTS = (
    (readings.c.ts, readings.c.person_id),
    (days.c.day, days.c.person_id),
    (day_blocks.c.block, day_blocks.c.person_id),
)


class _Rows:
    """Takes what COPY sends in its binary format."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> None:
        self._pieces.append(piece)

    def rows(self) -> Blobs:
        """Return (number, data): header of 19 bytes; per row the number of fields, then each one's length and bytes."""
        whole = memoryview(b"".join(self._pieces))
        at, found = _COPY_HEADER, []
        while (head := _COPY_ROW.unpack_from(whole, at) if at + _COPY_ROW.size <= len(whole) else None) is not None:
            at += _COPY_ROW.size
            found.append((head[2], bytes(whole[at : at + head[3]])))
            at += head[3]
        return found


_COPY_HEADER = 19
_COPY_ROW = struct.Struct(">hiii")
