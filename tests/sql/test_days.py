"""Whatever is written, whoever asks: derived days give what a merge of everything stored gives."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Connection, Engine

import sql.readings
from cgm_dash.batch import NO_OFFSET, Columns, Wearer
from cgm_dash.day_numbers import DayNumbers
from cgm_dash.day_pack import pack
from cgm_dash.day_summary import flagged_seconds
from cgm_dash.days import LocalDays
from cgm_dash.metrics.histogram import by_bin, by_value
from cgm_dash.metrics.profile import profile, profile_of
from cgm_dash.metrics.ranges import judged
from cgm_dash.reading import Flag, Kind, Reading
from cgm_dash.series import Series, merge
from sql import Store, day_rows, migrate
from sql.day_rows import state_of
from sql.days import DayStore
from sql.engine import looking, make_engine
from sql.migrate import SCRIPTS
from sql.readings import FOREVER
from sql.schema import day_blocks, days, people, readings
from sql.series_cache import layers
from sql.sources import SourceRow
from sql.store import assemble
from sql.vault import Vault

DAY_S = 86_400
T0 = 1_789_900_000 // DAY_S * DAY_S
"""2026-09-20: Lord Howe's 23.5 hours, Berlin's 25 and two borders of blocks lie within the 80 days that follow."""

NOW = T0 + 200 * DAY_S
DAYS_AGREE_TO = 20_000
"""Up to so many readings are compared day by day too."""

FIELDS = ("ts", "mg_dl", "flag", "kind", "trend", "period_s", "offset_min", "seconds")


@pytest.fixture
def source(store: Store) -> SourceRow:
    return store.sources.resolve(None, "librelinkup", Wearer("p1", "Ann"))


def naive(store: Store, person_id: int) -> Series:
    return merge(layers(store.sources.of_person(person_id), store.readings.load(person_id)))


def zone_of(store: Store, person_id: int) -> ZoneInfo:
    person = store.people.get(person_id)
    return ZoneInfo(person.zone if person is not None and person.zone else "UTC")


def agrees(kept: DayStore, whole: Series, zone: ZoneInfo, person_id: int, start: int, end: int) -> None:
    """Compare every answer about [start, end) with the one from the readings."""
    part = whole.between(start, end)
    series = kept.series(person_id, start, end)
    for field in FIELDS:
        assert getattr(series, field).tolist() == getattr(part, field).tolist(), field
        assert getattr(series, field).dtype == getattr(part, field).dtype, field
    found = kept.sums(person_id, start, end)
    local = LocalDays.between(zone, start, max(start, min(end, NOW)))
    assert (found.n, found.seconds) == (len(part), int(part.seconds.sum()))
    assert (found.by_bin == by_bin(part, local.wall_clock(part))).all()
    assert (found.judged == judged(part)).all()
    plain, quick = profile(part, local), found.profile()
    assert (quick.days.tolist(), quick.dates) == (plain.days.tolist(), plain.dates)
    assert np.array_equal(quick.curves, plain.curves, equal_nan=True)
    if len(part) < DAYS_AGREE_TO:
        days_agree(kept, whole, zone, person_id, start, end)


def days_agree(kept: DayStore, whole: Series, zone: ZoneInfo, person_id: int, start: int, end: int) -> None:
    """Compare the days of [start, end) one by one, and some weekdays together, with the readings."""
    found, part = kept.by_day(person_id, start, end), whole.between(start, end)
    sums = kept.sums(person_id, start, end)
    assert found.total.tolist() == sums.by_value.tolist()
    assert int(found.n.sum()) == sums.n
    numbers, wall_clock = DayNumbers(zone), LocalDays.between(zone, start, min(end, NOW)).wall_clock(part)
    owner = np.array([numbers.of(ts) for ts in part.ts.tolist()], np.int64)
    assert found.day.tolist() == np.unique(owner).tolist()
    for i, day in enumerate(found.day.tolist()):
        low, high = max(start, numbers.start(day)), min(end, numbers.start(day + 1))
        of_day = part.between(low, high)
        assert found.bounds[:, i].tolist() == [low, high]
        assert (found.by_value(i) == by_value(of_day)).all()
        rows = found.flagged[found.flagged[:, 0] == i, 1:].tolist()
        flagged = flagged_seconds(of_day)
        assert rows == [[f, g, flagged[f, g]] for f in (0, 1) for g in np.flatnonzero(flagged[f]).tolist()]
        assert found.flags[:, i].tolist() == [(of_day.flag == flag).sum() for flag in (Flag.LO, Flag.HI)]
    for chosen in ((0, 1, 2, 3, 4), (6,), ()):
        those = np.isin([numbers.date(day).weekday() for day in owner.tolist()], chosen)
        of_these = Series(*(getattr(part, field)[those] for field in FIELDS))
        picked = kept.sums_of_weekdays(person_id, start, end, chosen)
        assert picked.n == len(of_these)
        assert (picked.by_bin == by_bin(of_these, wall_clock[those])).all()
        assert (picked.judged == judged(of_these)).all()
        plain = profile_of(picked.by_bin, wall_clock[those])
        assert (picked.days_of_bin.tolist(), picked.dates) == (plain.days.tolist(), plain.dates)


def envelope_agrees(kept: DayStore, whole: Series, person_id: int, edges: np.ndarray) -> None:
    found = kept.envelope(person_id, edges)
    for i in range(len(edges) - 1):
        part = whole.between(edges[i], edges[i + 1])
        if not len(part):
            assert np.isnan([found.lowest[i], found.highest[i], *found.quartiles[:, i]]).all()
            continue
        assert (found.lowest[i], found.highest[i]) == (part.mg_dl.min(), part.mg_dl.max())
        assert found.quartiles[:, i] == pytest.approx(np.percentile(np.repeat(part.mg_dl, part.seconds), (25, 50, 75)))


def minutes(n: int, start: int = T0, step_s: int = 60, kind: Kind = Kind.LIVE, offset_min: int = 120) -> Columns:
    number = np.arange(n)
    return Columns(
        np.full(n, int(kind), np.int8),
        start + step_s * number.astype(np.int64),
        (100 + number * 7 % 150).astype(np.int32),
        np.zeros(n, np.int8),
        (1 + number % 5).astype(np.int8),
        np.full(n, step_s, np.int32),
        np.full(n, offset_min, np.int16),
    )


def test_quarter_of_a_year_of_minutes_and_history(store: Store, source: SourceRow) -> None:
    store.people.set_zone(source.person_id, "Europe/Berlin", confirmed=True)
    whole = minutes(90 * 1440)
    lost = (whole.ts // 3600 % 7 == 0) | (whole.ts % 977 == 0)
    store.readings.add_many(source.person_id, source.source_id, whole.take(~lost), arrived=NOW)
    history = minutes(90 * 288, T0 + 7, 300, Kind.HISTORY)
    store.readings.add_many(source.person_id, source.source_id, history, arrived=NOW)
    store.readings.add(
        source.person_id,
        source.source_id,
        Columns.of([Reading(T0 + 40 * DAY_S + 30, 40, flag=Flag.LO), Reading(T0 + 41 * DAY_S + 30, 500, flag=Flag.HI)]),
        arrived=NOW,
    )
    series, zone = naive(store, source.person_id), ZoneInfo("Europe/Berlin")
    rng = np.random.default_rng(1)
    for _ in range(12):
        start, end = sorted((T0 + rng.integers(-DAY_S, 91 * DAY_S, 2)).tolist())
        agrees(store.days, series, zone, source.person_id, start, end)
    agrees(store.days, series, zone, source.person_id, 0, FOREVER)
    for columns in (7, 45, 400):
        envelope_agrees(store.days, series, source.person_id, np.linspace(T0 - 5000, T0 + 91 * DAY_S, columns + 1))
        edges = store.days.day_edges(source.person_id, T0 + 5000, T0 + 89 * DAY_S, columns)
        assert len(edges) <= columns + 1
        assert (np.diff(edges) > 0).all()
        envelope_agrees(store.days, series, source.person_id, edges)
    assert store.days.check(source.person_id) == ()


def test_weekdays_of_three_years_come_in_groups_that_late_readings_touch(store: Store, source: SourceRow) -> None:
    """Long enough that groups of blocks lie whole in the stretch, before, within and behind which days are cut."""
    person, zone = source.person_id, ZoneInfo("Europe/Berlin")
    store.people.set_zone(person, zone.key, confirmed=True)
    start, hours = T0 - 900 * DAY_S, minutes(900 * 24 + 30, T0 - 900 * DAY_S, 3600, Kind.HISTORY, NO_OFFSET)
    hours.flag[::97] = Flag.LO
    store.readings.add_many(person, source.source_id, hours, arrived=NOW)
    kept = DayStore(store.engine)
    for late in (None, T0 - 500 * DAY_S + 1800, T0 + 3600 * 31):
        if late is not None:
            store.readings.add(person, source.source_id, minutes(1, late, 3600, Kind.HISTORY), arrived=NOW)
        whole = naive(store, person)
        for cut in (0, 5000, 300 * DAY_S - 77):
            for end in (T0 - 100 * DAY_S + 333, NOW):
                days_agree(kept, whole, zone, person, start + cut, end)
    assert any(held.weekdays for held in kept._held.values())


def test_one_low_minute_shows_in_the_chart_of_all_time(store: Store, source: SourceRow) -> None:
    whole = minutes(100 * 1440)
    whole.mg_dl[77_777] = 41
    store.readings.add_many(source.person_id, source.source_id, whole, arrived=NOW)
    edges = store.days.day_edges(source.person_id, T0 - 3000 * DAY_S, T0 + 100 * DAY_S, 720)
    lowest = store.days.envelope(source.person_id, edges).lowest
    assert np.nanmin(lowest) == 41
    assert edges[np.nanargmin(lowest)] <= whole.ts[77_777] < edges[np.nanargmin(lowest) + 1]


def test_nobody_and_nothing_are_empty(store: Store, source: SourceRow) -> None:
    for person in (source.person_id, 99):
        assert len(store.days.series(person)) == 0
        assert store.days.sums(person, 0, NOW).n == 0
        assert np.isnan(store.days.envelope(person, np.array([T0, NOW])).lowest).all()
        assert store.days.check(person) == ()
    store.readings.add(source.person_id, source.source_id, minutes(3), arrived=NOW)
    assert len(store.days.series(source.person_id)) == 3
    assert len(store.days.series(source.person_id, T0 + 60, T0 + 60)) == 0
    assert store.days.sums(source.person_id, T0 + 60, T0).n == 0


def stored_state(store: Store, person_id: int) -> tuple[int, tuple[int, int] | None]:
    with looking(store.engine) as connection:
        state = state_of(connection, person_id)
    assert state is not None
    return state.seq, state.stale


@pytest.fixture
def filled(store: Store, source: SourceRow) -> SourceRow:
    """Five weeks of readings every ten minutes, everything up with them."""
    ten = minutes(35 * 144, step_s=600, kind=Kind.HISTORY, offset_min=NO_OFFSET)
    store.readings.add_many(source.person_id, source.source_id, ten, arrived=NOW)
    store.days.catch_up(source.person_id)
    return source


def test_new_minutes_write_nothing_here_and_late_ones_mark_what_they_touch(store: Store, filled: SourceRow) -> None:
    add = store.readings.add
    add(filled.person_id, filled.source_id, minutes(1, T0 + 35 * DAY_S, 600, Kind.HISTORY), arrived=NOW)
    assert stored_state(store, filled.person_id)[1] is None
    late = T0 + 3 * DAY_S + 3630
    add(filled.person_id, filled.source_id, minutes(1, late, 600, Kind.HISTORY), arrived=NOW)
    assert stored_state(store, filled.person_id)[1] == (late, late)
    add(filled.person_id, filled.source_id, minutes(2, late - 900, 600, Kind.HISTORY), arrived=NOW)
    assert stored_state(store, filled.person_id)[1] == (late - 900, late)
    agrees(store.days, naive(store, filled.person_id), ZoneInfo("UTC"), filled.person_id, T0, NOW)
    assert stored_state(store, filled.person_id)[1] is None


def test_mark_and_reading_are_stored_together_or_not_at_all(
    store: Store, filled: SourceRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, count = stored_state(store, filled.person_id), store.readings.count(filled.person_id)
    noted = sql.readings._note_stored

    def fail(*args: object) -> None:
        noted(*args)  # type: ignore[arg-type]
        raise RuntimeError("the power is gone")

    monkeypatch.setattr(sql.readings, "_note_stored", fail)
    with pytest.raises(RuntimeError):
        store.readings.add(filled.person_id, filled.source_id, minutes(1, T0 + 31), arrived=NOW)
    assert stored_state(store, filled.person_id) == before
    assert store.readings.count(filled.person_id) == count


def test_late_reading_at_midnight_changes_both_days(store: Store, filled: SourceRow) -> None:
    for at in (T0 + 4 * DAY_S - 1, T0 + 5 * DAY_S + 1, T0 + 11 * DAY_S - 300, T0 + 2 * DAY_S + 5):
        store.readings.add(filled.person_id, filled.source_id, minutes(1, at, 600, Kind.HISTORY), arrived=NOW)
        assert store.days.check(filled.person_id) == ()
        agrees(store.days, naive(store, filled.person_id), ZoneInfo("UTC"), filled.person_id, T0, NOW)


def test_reading_after_midnight_shortens_one_of_the_day_before(store: Store, source: SourceRow) -> None:
    """Also where that day is the last that is kept, and the new reading lies behind the end of what is kept."""
    who = (source.person_id, source.source_id)
    evenings = [Reading(T0 + DAY_S * i - 600, 100, Kind.HISTORY, period_s=7200) for i in range(1, 41)]
    store.readings.add(*who, Columns.of(evenings), arrived=NOW)
    kept = DayStore(store.engine)
    for day in (20, 3, 32, 38, 39):
        kept.sums(source.person_id, T0, NOW)
        store.readings.add(
            *who, Columns.of([Reading(T0 + DAY_S * day + 300, 100, Kind.HISTORY, period_s=60)]), arrived=NOW
        )
        for each in (kept, DayStore(store.engine)):
            agrees(each, naive(store, source.person_id), ZoneInfo("UTC"), source.person_id, T0, NOW)
        assert store.days.check(source.person_id) == ()


def test_longer_period_than_any_before_reaches_the_day_behind(store: Store, filled: SourceRow) -> None:
    person = filled.person_id
    better = store.sources.attach(person, "libreview", "file")
    store.sources.rank(person, (better.source_id,))
    kept = DayStore(store.engine)
    kept.sums(person, T0, NOW)
    for day, period_s in ((4, 7200), (11, 40_000), (20, DAY_S)):
        late = Reading(T0 + DAY_S * day - 1800, 100, Kind.HISTORY, period_s=period_s)
        store.readings.add(person, better.source_id, Columns.of([late]), arrived=NOW)
        for each in (kept, DayStore(store.engine)):
            agrees(each, naive(store, person), ZoneInfo("UTC"), person, T0, NOW)
        assert store.days.check(person) == ()


def test_days_are_taken_over_as_they_pass(store: Store, filled: SourceRow) -> None:
    """What a process holds of the newest days must go when they are taken over, though they did not change."""
    person, kept = filled.person_id, DayStore(store.engine)
    for day in range(35, 72):
        assert kept.sums(person, T0, NOW).n == day * 144
        ten = minutes(144, T0 + day * DAY_S, 600, Kind.HISTORY, NO_OFFSET)
        store.readings.add(person, filled.source_id, ten, arrived=NOW)
        if day % 9 == 0:
            agrees(kept, naive(store, person), ZoneInfo("UTC"), person, T0 + 20 * DAY_S, NOW)
    assert store.days.check(person) == ()


def test_reading_that_comes_between_planning_and_writing_is_not_lost(
    store: Store, filled: SourceRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, planned = filled.person_id, day_rows.plan
    late = iter(range(3))

    def plan_slowly(connection: Connection, state: day_rows.State) -> day_rows.Step:
        step = planned(connection, state)
        if (i := next(late, None)) is not None:
            adding = threading.Thread(target=add, args=(i,))  # another worker
            adding.start()
            adding.join(0.5)
        return step

    def add(i: int) -> None:
        at = T0 + 4 * DAY_S + 45_000 + i
        store.readings.add(person, filled.source_id, minutes(1, at, 600, Kind.HISTORY), arrived=NOW)

    add(100)
    monkeypatch.setattr(day_rows, "plan", plan_slowly)
    agrees(store.days, naive(store, person), ZoneInfo("UTC"), person, T0, T0 + DAY_S)
    agrees(store.days, naive(store, person), ZoneInfo("UTC"), person, T0, NOW)
    assert store.days.check(person) == ()


def test_other_zone_cuts_other_days(store: Store, filled: SourceRow) -> None:
    other = DayStore(store.engine)
    whole = naive(store, filled.person_id)
    for name in ("Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe"):
        store.people.set_zone(filled.person_id, name, confirmed=True)
        for kept in (store.days, other):
            agrees(kept, whole, ZoneInfo(name), filled.person_id, T0 + 5 * DAY_S, T0 + 30 * DAY_S)
        assert store.days.check(filled.person_id) == ()


def test_first_live_reading_and_other_ranks_make_all_anew(store: Store, filled: SourceRow) -> None:
    person = filled.person_id
    scan = Columns.of([Reading(T0 + 5 * DAY_S + 45_000, 300, Kind.SCAN, period_s=900)])
    gap = Columns.of([Reading(T0 - DAY_S + 45_000, 300, Kind.SCAN, period_s=900)])
    for columns in (scan, gap):
        store.readings.add(person, filled.source_id, columns, arrived=NOW)
    assert store.days.sums(person, T0 - DAY_S, T0).n == 1
    store.readings.add(person, filled.source_id, minutes(1, T0 + 35 * DAY_S), arrived=NOW)
    assert store.days.sums(person, T0 - DAY_S, T0).n == 0  # scans count no longer
    second = store.sources.attach(person, "libreview", "file")
    store.readings.add_many(person, second.source_id, minutes(35 * 96, T0, 900, Kind.HISTORY), arrived=NOW)
    before = store.days.sums(person, T0, NOW).n
    store.sources.rank(person, (second.source_id,))
    assert store.days.sums(person, T0, NOW).n != before
    agrees(store.days, naive(store, person), ZoneInfo("UTC"), person, T0, NOW)


def test_changed_rules_of_a_zone_cut_the_days_anew(
    store: Store, filled: SourceRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    seq, _ = stored_state(store, filled.person_id)
    monkeypatch.setattr("cgm_dash.day_numbers._rules", lambda name: f"{name} of another year")
    with looking(store.engine) as connection:
        state = state_of(connection, filled.person_id)
    assert state is not None
    assert not state.is_current
    agrees(store.days, naive(store, filled.person_id), ZoneInfo("UTC"), filled.person_id, T0, NOW)
    assert stored_state(store, filled.person_id)[0] == seq


def corrupt(store: Store, table: sa.Table, data: bytes | None, **key: int) -> None:
    """Put *data* in place of what a row holds; None: remove the row."""
    where = [table.c[name] == value for name, value in key.items()]
    with store.engine.begin() as connection:
        change = sa.delete(table) if data is None else sa.update(table).values(data=data)
        assert connection.execute(change.where(*where)).rowcount == 1


def test_check_finds_what_was_tampered_with_and_rebuild_mends_it(store: Store, filled: SourceRow) -> None:
    person, day = filled.person_id, T0 // DAY_S + 4
    assert store.days.check(person) == ()
    with store.engine.begin() as connection:
        whole = connection.execute(sa.select(day_blocks.c.block, day_blocks.c.part, day_blocks.c.data)).all()
    assert len(whole) == 2  # one whole block, both parts
    corrupt(store, days, pack(Series.every(600, [100] * 144, T0 + 4 * DAY_S)), person_id=person, day=day)
    corrupt(store, days, None, person_id=person, day=day + 2)
    corrupt(store, day_blocks, whole[0].data[:-1] + b"\x07", person_id=person, block=whole[0].block, part=0)
    found = store.days.check(person)
    assert [str(d.first) for d in found] == ["2026-09-24", "2026-09-26", found[2].first.isoformat()]
    assert "quarter hour" in found[2].what
    store.days.rebuild(person)
    assert store.days.check(person) == ()
    with store.engine.begin() as connection:
        connection.execute(sa.insert(days).values(person_id=person, day=day + 400, data=b"x"))
    (extra,) = store.days.check(person)
    assert "the day" in extra.what


def test_what_cannot_be_opened_is_made_anew(store: Store, filled: SourceRow) -> None:
    person = filled.person_id
    corrupt(store, days, b"nonsense", person_id=person, day=T0 // DAY_S + 4)
    corrupt(store, day_blocks, b"nonsense", person_id=person, part=0, block=T0 // DAY_S // 32)
    for kept in (store.days, DayStore(store.engine)):
        agrees(kept, naive(store, person), ZoneInfo("UTC"), person, T0 + 100, NOW)
    assert store.days.check(person) == ()


def test_memory_stays_within_its_bound(store: Store, filled: SourceRow) -> None:
    whole = naive(store, filled.person_id)
    for megabytes in (0.0001, 0.02, 0.2):
        kept = DayStore(store.engine, megabytes)
        agrees(kept, whole, ZoneInfo("UTC"), filled.person_id, T0, NOW)
        assert kept.size <= megabytes * 2**20
    others = [store.sources.resolve(None, "librelinkup", Wearer(f"other {i}")) for i in range(4)]
    kept = DayStore(store.engine, 0.1)
    for other in others:
        ten = minutes(35 * 144, step_s=600, kind=Kind.HISTORY)
        store.readings.add_many(other.person_id, other.source_id, ten, arrived=NOW)
        assert kept.sums(other.person_id, T0, NOW).n == 35 * 144
        assert 0 < kept.size <= 0.1 * 2**20


def test_series_given_out_is_never_written_again(store: Store, filled: SourceRow) -> None:
    early = store.days.series(filled.person_id)
    before = early.seconds.copy()
    store.readings.add(filled.person_id, filled.source_id, minutes(1, T0 + 31), arrived=NOW)
    assert len(store.days.series(filled.person_id)) == len(early) + 1
    assert early.seconds.tolist() == before.tolist()


def test_racing_workers_make_the_days_once(database_url: str, store: Store, source: SourceRow) -> None:
    """Two workers bring up half a year while a third goes on storing minutes and late readings."""
    person = source.person_id
    ten = minutes(400 * 144, T0 - 300 * DAY_S, 600, Kind.HISTORY)
    store.readings.add_many(person, source.source_id, ten, arrived=NOW)
    engines = [make_engine(database_url) for _ in range(2)]
    together, errors = threading.Barrier(3), []

    def work(kept: DayStore) -> None:
        together.wait()
        try:
            for _ in range(3):
                assert kept.sums(person, T0 - 300 * DAY_S, NOW).n >= len(ten)
                kept.series(person, T0 - 200 * DAY_S, NOW)
        except BaseException as error:  # noqa: BLE001 - shown below
            errors.append(error)

    def write() -> None:
        together.wait()
        for i in range(30):
            at = T0 - (i * 9) * DAY_S + 86_390
            store.readings.add(person, source.source_id, minutes(1, at, 600, Kind.HISTORY), arrived=NOW)

    threads = [threading.Thread(target=work, args=(DayStore(engine),)) for engine in engines]
    threads.append(threading.Thread(target=write))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert store.days.check(person) == ()
    agrees(store.days, naive(store, person), ZoneInfo("UTC"), person, T0 - 250 * DAY_S, NOW)
    for engine in engines:
        engine.dispose()


@pytest.fixture
def first_scripts(tmp_path: Path) -> Path:
    """The migrations as they were at revision 0001."""
    folder = tmp_path / "frozen"
    shutil.copytree(SCRIPTS, folder, ignore=shutil.ignore_patterns("__pycache__", "0002*", "000[3-9]*"))
    return folder


def test_database_of_the_first_revision_comes_up_with_its_data(
    bare_engine: Engine, vault: Vault, first_scripts: Path
) -> None:
    engine = bare_engine
    migrate(engine, first_scripts)
    person = {"name": "Ann", "country": "DE", "zone": "Europe/Berlin", "zone_confirmed": True, "unit": "mmol/L"}
    limits = {"very_low": 54, "low": 70, "high": 180, "very_high": 250}
    row = "person_id, ts, source_id, kind, mg_dl, flag, trend, offset_min, period_s, arrived, seq"
    values = ", ".join(f"(1, {T0 + 600 * i}, 1, 1, {80 + i % 90}, 0, 3, 120, 600, {NOW}, 1)" for i in range(40 * 144))
    with engine.begin() as connection:
        connection.execute(sa.insert(people).values(id=1, seq=1, **person, **limits))
        connection.exec_driver_sql(
            "INSERT INTO sources (id, person_id, kind, external_id, name, rank, has_live) VALUES"
            " (1, 1, 'librelinkup', 'p1', 'Ann', 0, CAST(0 AS boolean))"
        )
        connection.exec_driver_sql(f"INSERT INTO readings ({row}) VALUES {values}")
        before = connection.execute(sa.select(readings).order_by(readings.c.ts)).all()
    migrate(engine)
    store = assemble(engine, vault)
    with engine.begin() as connection:
        assert connection.execute(sa.select(readings).order_by(readings.c.ts)).all() == before
        assert connection.execute(sa.select(people.c.name, people.c.zone)).all() == [("Ann", "Europe/Berlin")]
    agrees(store.days, naive(store, 1), ZoneInfo("Europe/Berlin"), 1, T0 + 3000, NOW)
    assert store.days.sums(1, 0, NOW).n == 40 * 144


# Readings crowd around midnights of both zones that are cut by, and around the borders of blocks.
DAYS = (0, 1, 2, 13, 14, 34, 35, 36, 50, 51, 52, 79, 80)
PERIODS = {Kind.LIVE: (60,), Kind.HISTORY: (300, 900, 900, 7200), Kind.SCAN: (60, DAY_S), Kind.STRIP: (60,)}
READINGS = st.builds(
    lambda day, hour, slot, mg_dl, kind, pick, offset: Reading(
        T0 + DAY_S * day + 3600 * hour + 97 * slot,
        mg_dl,
        kind,
        flag=Flag(pick % 3 - 1),
        period_s=PERIODS[kind][pick % len(PERIODS[kind])],
        offset_min=offset,
    ),
    st.sampled_from(DAYS),
    st.sampled_from((0, 13, 22)),
    st.integers(-20, 20),
    st.integers(40, 400),
    st.sampled_from((Kind.LIVE, Kind.HISTORY, Kind.HISTORY, Kind.SCAN, Kind.STRIP)),
    st.integers(0, 5),
    st.sampled_from((None, None, 120, 630, -600)),
)
WRITES = st.tuples(st.just("add"), st.integers(0, 1), st.lists(READINGS, min_size=1, max_size=6))
ZONES = st.tuples(st.just("zone"), st.sampled_from(("Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu")))
LOOKS = st.tuples(st.just("look"), st.sampled_from(DAYS), st.integers(-20, 20), st.integers(0, 80 * DAY_S))
STEPS = st.lists(WRITES | WRITES | LOOKS | ZONES | st.just(("rank",)), min_size=5, max_size=14)
_numbers: Iterator[int] = iter(range(10**9))


def _do(store: Store, sources: tuple[SourceRow, SourceRow], step: tuple) -> None:  # type: ignore[type-arg]
    person = sources[0].person_id
    if step[0] == "add":
        store.readings.add(person, sources[step[1]].source_id, Columns.of(step[2]), arrived=NOW)
    elif step[0] == "zone":
        store.people.set_zone(person, step[1], confirmed=True)
    elif step[0] == "rank":
        store.sources.rank(person, (store.sources.of_person(person)[-1].source_id,))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_days_equal_a_merge_of_everything_after_any_writes_and_questions(store: Store, steps: list[tuple]) -> None:  # type: ignore[type-arg]
    name = f"hypothesis-{next(_numbers)}"
    first = store.sources.resolve(None, "librelinkup", Wearer(name))
    sources = (first, store.sources.attach(first.person_id, "libreview", name))
    one, two, person = store.days, DayStore(store.engine, 1), first.person_id
    for step in steps:
        _do(store, sources, step)
        if step[0] == "look":
            start = T0 + DAY_S * step[1] + 97 * step[2]
            agrees(
                two,
                naive(store, first.person_id),
                zone_of(store, first.person_id),
                first.person_id,
                start,
                start + step[3],
            )
    whole, zone = naive(store, first.person_id), zone_of(store, first.person_id)
    for kept in (one, two):
        agrees(kept, whole, zone, person, T0 - DAY_S, NOW)
        envelope_agrees(kept, whole, person, np.linspace(T0 - DAY_S, T0 + 82 * DAY_S, 30).round())
    assert one.check(person) == ()


def test_check_tells_of_days_that_cannot_be_opened_while_others_wait_to_be_made(store: Store) -> None:
    source = store.sources.resolve(None, "librelinkup", Wearer("seventy days"))
    person, start = source.person_id, T0 - 70 * DAY_S
    history = minutes(70 * 288, start, step_s=300, kind=Kind.HISTORY)
    store.readings.add_many(person, source.source_id, history, arrived=NOW)
    assert store.days.check(person) == ()
    with store.engine.begin() as connection:
        first = int(
            connection.execute(sa.select(sa.func.min(days.c.day)).where(days.c.person_id == person)).scalar_one()
        )
    corrupt(store, days, b"\x00", person_id=person, day=first + 10)
    late = minutes(1, start + 12 * DAY_S + 33, step_s=300, kind=Kind.HISTORY)
    assert store.readings.add(person, source.source_id, late, arrived=NOW).stored == 1
    (found,) = store.days.check(person)
    assert "cannot be opened" in found.what
    assert store.days.check(person) == ()
