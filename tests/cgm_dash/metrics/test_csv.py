"""Reading a plain CSV: times, units, words, periods, the repeated hour, and what is refused."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cgm_dash.csv_series import PersonSeries, read_people
from cgm_dash.local_times import OffsetsSeen
from cgm_dash.metrics.of_file import Asked, metrics_of_file
from cgm_dash.reading import Flag

BERLIN = ZoneInfo("Europe/Berlin")

Write = Callable[..., Path]
"""Writes a CSV file of the given rows below a heading."""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(*lines: str, heading: str = "timestamp,glucose_mg_dl", encoding: str = "utf-8") -> Path:
        path = tmp_path / "glucose.csv"
        path.write_bytes("\n".join((heading, *lines, "")).encode(encoding))
        return path

    return written


def only(path: Path, zone: ZoneInfo | None = None) -> PersonSeries:
    (person,) = read_people(path, zone)
    return person


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def test_times_with_offset_with_z_and_local_ones(write: Write) -> None:
    expected = [utc("2026-03-01T00:00"), utc("2026-03-01T00:05")]
    offset = only(write("2026-03-01T01:00:00+01:00,100", "2026-03-01T01:05:00+01:00,101"))
    assert (offset.series.ts.tolist(), str(offset.zone)) == (expected, "UTC+01:00")
    zulu = only(write("2026-03-01T00:00:00Z,100", "2026-03-01T00:05:00Z,101"))
    assert (zulu.series.ts.tolist(), zulu.zone) == (expected, UTC)
    local = only(write("2026-03-01 01:00,100", "2026-03-01 01:05:00,101"), BERLIN)
    assert (local.series.ts.tolist(), local.zone) == (expected, BERLIN)


def test_an_export_in_utc_takes_its_days_from_the_zone_asked_for(write: Write) -> None:
    (found,) = metrics_of_file(write("2026-02-28T23:00:00+00:00,100", "2026-02-28T23:05:00Z,101"), Asked(zone=BERLIN))
    assert (found["from"], found["days"]) == ("2026-03-01T00:00:00+01:00", 1)
    assert found["profile"]["days"][0] == 1


def test_offsets_that_change_along_the_way_make_the_days(write: Write) -> None:
    start = utc("2026-03-28T00:00") - 3600
    rows = [datetime.fromtimestamp(start + 3600 * i, BERLIN).isoformat() + ",100" for i in range(71)]
    (found,) = metrics_of_file(write(*rows), Asked())
    same = metrics_of_file(write(*rows), Asked(zone=BERLIN))[0]
    assert (found["from"], found["to"], found["days"]) == (same["from"], same["to"], 3)
    assert {k: v for k, v in found.items() if k != "zone"} == {k: v for k, v in same.items() if k != "zone"}
    assert (found["window_days"], found["days_used"]) == (3, 3)


def test_the_clock_of_offsets_seen_knows_both_passes() -> None:
    change = utc("2026-10-25T01:00")
    clock = OffsetsSeen([change - 86_400, change], [7200, 3600])
    assert [datetime.fromtimestamp(change + s, clock).fold for s in (-1, 0, 3599, 3600)] == [0, 1, 1, 0]
    for s in (-7200, -1, 0, 3599, 3600, 90_000):
        assert datetime.fromtimestamp(change + s, clock).astimezone(UTC).timestamp() == change + s
    spring = OffsetsSeen([0, change], [3600, 7200])
    assert datetime.fromtimestamp(change, spring).utcoffset() == timedelta(hours=2)
    assert datetime(2026, 10, 25, 2, 30, tzinfo=spring).utcoffset() == timedelta(hours=1)


def test_mmol_becomes_whole_mg_dl_by_18_half_up(write: Write) -> None:
    path = write(
        *(f"2026-03-01T00:{5 * i:02}:00Z,{g}" for i, g in enumerate(["3.0", "3.9", "10.0", "13.9", "5.75", "5.55"])),
        heading="timestamp,glucose_mmol_l",
    )
    assert only(path).series.mg_dl.tolist() == [54, 70, 180, 250, 104, 100]


def test_mg_dl_wins_where_both_units_stand(write: Write) -> None:
    heading = "glucose_mmol_l,Glucose_mg_dl,timestamp"
    path = write("5.0,100,2026-03-01T00:00Z", "6.0,,2026-03-01T00:05Z", heading=heading)
    assert only(path).series.mg_dl.tolist() == [100, 108]


def test_words_stand_for_the_sensors_bounds(write: Write) -> None:
    words = only(write("2026-03-01T00:00Z,LO", "2026-03-01T00:05Z,high", "2026-03-01T00:10Z,399")).series
    assert (words.mg_dl.tolist(), words.flag.tolist()) == ([40, 400, 399], [Flag.LO, Flag.HI, Flag.NONE])
    wide = only(write("2026-03-01T00:00Z,HI", "2026-03-01T00:05Z,480")).series
    assert wide.mg_dl.tolist() == [500, 480]


def test_impossible_values_are_counted_and_left_out(write: Write) -> None:
    person = only(write("2026-03-01T00:00Z,19", "2026-03-01T00:05Z,601", "2026-03-01T00:10Z,", "2026-03-01T00:15Z,100"))
    assert person.rejected == {"out-of-range": 2, "blank": 1}
    assert person.series.mg_dl.tolist() == [100]


@pytest.mark.parametrize(
    ("seconds", "period", "sure"),
    [
        ([0, 60, 120], 60, True),
        ([0, 299, 601, 900], 300, True),
        ([0, 900, 1800, 9000], 900, True),
        ([0, 420, 840], 420, False),
        ([0, 600], 600, True),
        ([0], 300, False),
        ([0, 10, 20], 60, True),
    ],
)
def test_the_period_is_the_median_step_in_whole_minutes(
    write: Write, seconds: list[int], period: int, sure: bool
) -> None:
    start = utc("2026-03-01T00:00")
    person = only(write(*(f"{datetime.fromtimestamp(start + s, UTC).isoformat()},100" for s in seconds)))
    assert (person.period_s, person.period_sure) == (period, sure)
    assert set(person.series.period_s.tolist()) == {period}


def test_each_person_has_a_period_and_a_series(write: Write) -> None:
    rows = [f"2026-03-01T00:{i:02}Z,{100 + i},B" for i in range(10)] + [f"2026-03-01T0{i}:15Z,90,A" for i in range(4)]
    people = read_people(write(*rows, heading="timestamp,glucose_mg_dl,subject"))
    assert [(p.name, len(p.series), p.period_s, p.period_sure) for p in people] == [
        ("B", 10, 60, True),
        ("A", 4, 3600, False),
    ]


def test_kinds_of_one_person_are_layers(write: Write) -> None:
    rows = ["2026-03-01T00:00Z,100,history", "2026-03-01T00:15Z,110,history", "2026-03-01T00:30Z,120,history"]
    rows += ["2026-03-01T00:07Z,105,live", "2026-03-01T00:08Z,106,live", "2026-03-01T00:09Z,300,strip"]
    person = only(write(*rows, heading="timestamp,glucose_mg_dl,kind"))
    assert person.series.seconds.tolist() == [780, 60, 60, 900, 900]
    assert person.series.period_s.tolist() == [900, 60, 60, 900, 900]


def test_scans_count_where_there_are_no_live_readings(write: Write) -> None:
    scan = ["2026-03-01T00:00Z,100,scan", "2026-03-01T02:00Z,110,scan"]
    heading = "timestamp,glucose_mg_dl,kind"
    assert len(only(write(*scan, "2026-03-01T01:00Z,105,history", heading=heading)).series) == 3
    assert len(only(write(*scan, "2026-03-01T01:00Z,105,live", heading=heading)).series) == 1


def test_the_first_value_of_an_instant_stands(write: Write) -> None:
    person = only(
        write("2026-03-01T00:05Z,120", "2026-03-01T00:00Z,100", "2026-03-01T00:00Z,90", "2026-03-01T00:05Z,120")
    )
    assert (person.series.mg_dl.tolist(), person.conflicts) == ([100, 120], 1)


def autumn(minutes: range) -> list[str]:
    start = utc("2026-10-25T00:00")
    return [
        datetime.fromtimestamp(start + 60 * m, BERLIN).replace(tzinfo=None).isoformat() + f",{100 + m // 5}"
        for m in minutes
    ]


@pytest.mark.parametrize("step", [1, 5, 15])
@pytest.mark.parametrize("newest_first", [False, True])
def test_a_step_back_by_an_hour_is_the_clock_change(write: Write, step: int, newest_first: bool) -> None:
    rows = autumn(range(-60, 180, step))
    person = only(write(*(rows[::-1] if newest_first else rows)), BERLIN)
    start = utc("2026-10-25T00:00")
    assert person.series.ts.tolist() == [start + 60 * m for m in range(-60, 180, step)]
    assert person.conflicts == 0


def test_each_autumn_has_a_clock_change_of_its_own(write: Write) -> None:
    instants = [utc(day) + 300 * i for day in ("2025-10-26T00:00", "2026-10-25T00:00") for i in range(-12, 36)]
    rows = [f"{datetime.fromtimestamp(ts, BERLIN).replace(tzinfo=None)},100" for ts in instants]
    assert only(write(*rows), BERLIN).series.ts.tolist() == instants


def test_a_late_row_in_the_repeated_hour_is_no_clock_change(write: Write) -> None:
    rows = ["2026-10-25 02:00,100", "2026-10-25 02:20,104", "2026-10-25 02:05,101", "2026-10-25 02:20,150"]
    person = only(write(*rows), BERLIN)
    start = utc("2026-10-25T00:00")
    assert person.series.ts.tolist() == [start, start + 300, start + 1200]
    assert (person.series.mg_dl.tolist(), person.conflicts) == ([100, 101, 104], 1)


def test_semicolons_decimal_commas_and_a_mark_of_bytes(write: Write) -> None:
    path = write("2026-03-01T00:00Z;5,5", heading="timestamp;glucose_mmol_l", encoding="utf-8-sig")
    assert only(path).series.mg_dl.tolist() == [99]


def test_cells_beyond_the_heading_may_be_empty(write: Write) -> None:
    assert only(write("2026-03-01T00:00Z,100,", "2026-03-01T00:05Z,101, ,")).series.mg_dl.tolist() == [100, 101]
    assert only(write("2026-03-01T00:00Z,a,100", heading="timestamp,,glucose_mg_dl,")).series.mg_dl.tolist() == [100]


@pytest.mark.parametrize(
    ("lines", "heading", "said"),
    [
        (
            ["2026-03-01T00:00Z,5.5", "2026-03-01T00:05Z,5,6"],
            "timestamp,glucose_mmol_l",
            "glucose.csv, line 3: more cells than the heading; decimal commas need ; between columns",
        ),
        (["2026-03-01T00:00Z,5,6"], "timestamp,glucose_mmol_l,", "line 2: more cells than the heading; decimal commas"),
        (["2026-03-01T00:00Z;5;6"], "timestamp;glucose_mmol_l", "line 2: more cells than the heading; quote a cell"),
        (
            ["2026-03-01T00:00Z,100", '2026-03-01T00:05Z,"101', "2026-03-01T00:10Z,102"],
            "timestamp,glucose_mg_dl",
            "glucose.csv, line 3: not a CSV file (unexpected end of data); is a quote left open?",
        ),
        (["2026-03-01T00:00Z,100"], 'timestamp,"glucose_mg_dl', "line 1: not a CSV file"),
        (
            ["2026-03-01T00:00Z,100,200"],
            "timestamp,glucose_mg_dl,Glucose_mg_dl",
            "line 1: column glucose_mg_dl stands twice in the heading",
        ),
        (["2026-03-01T00:00Z,1_0_0"], "timestamp,glucose_mg_dl", "glucose_mg_dl '1_0_0' is no number"),
        (
            ["2026-03-01 00:00,100"],
            "timestamp,glucose_mg_dl",
            "glucose.csv, line 2: timestamp '2026-03-01 00:00:00' has no offset",
        ),
        *(
            ([f"{time},100"], "timestamp,glucose_mg_dl", f"glucose.csv, line 2: timestamp '{time}' is of no year from")
            for time in ("0001-01-01T00:00+01:00", "9999-12-31T23:59-05:00", "1969-12-31T23:59Z")
        ),
        (["\x1b[2J,100"], "timestamp,glucose_mg_dl", r"timestamp '\x1b[2J' is no time"),
        (["9" * 99 + ",100"], "timestamp,glucose_mg_dl", f"timestamp '{'9' * 40}…' is no time"),
        (["2026-03-01T00:00Z,\x1b[0m"], "timestamp,glucose_mg_dl", r"glucose_mg_dl '\x1b[0m' is no number"),
        (
            ["2026-03-01T00:00Z,100,strip,Ada"],
            "timestamp,glucose_mg_dl,kind,subject",
            "glucose.csv: holds no sensor reading of 'Ada', only other kinds",
        ),
        (["yesterday,100"], "timestamp,glucose_mg_dl", "line 2: timestamp 'yesterday' is no time"),
        (["2026-03-01T00:00Z,much"], "timestamp,glucose_mg_dl", "glucose_mg_dl 'much' is no number"),
        (["2026-03-01T00:00Z,inf"], "timestamp,glucose_mg_dl", "'inf' is no number"),
        (["2026-03-01T00:00Z,100,odd"], "timestamp,glucose_mg_dl,kind", "kind 'odd' is unknown"),
        (
            ["2026-03-01T00:00Z,100"],
            "time,mg",
            "expected columns timestamp and glucose_mg_dl or glucose_mmol_l, got 'time', 'mg'",
        ),
        ([], "timestamp,glucose_mg_dl", "holds no reading"),
        (["2026-03-01T00:00Z,"], "timestamp,glucose_mg_dl", "holds no reading; 1 row, none usable: 1 blank"),
        (
            ["2026-03-01T00:00Z,5.5", "2026-03-01T00:05Z,6", "2026-03-01T00:05Z,"],
            "timestamp,glucose_mg_dl",
            "holds no reading; 3 rows, none usable: 1 blank; 2 out-of-range (is it mmol/L?)",
        ),
        (
            ["2026-03-01T00:00Z,100,A", "2026-03-01T00:05Z,110,B"],
            "timestamp,glucose_mmol_l,subject",
            "holds no reading; 2 rows, none usable: 2 out-of-range (is it mg/dL?)",
        ),
        ([], "", "an empty file"),
    ],
)
def test_what_cannot_be_read_is_quoted(write: Write, lines: list[str], heading: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)) as caught:
        read_people(write(*lines, heading=heading))
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"timestamp,glucose_mg_dl\n\xff\xfe")
    with pytest.raises(ValueError, match="not UTF-8"):
        read_people(tmp_path / "x.csv")


def test_dates_choose_whole_local_days(write: Write) -> None:
    rows = [f"2026-03-0{day}T{hour:02}:00:00+01:00,{100 + day}" for day in (1, 2, 3) for hour in range(24)]
    path = write(*rows)
    (middle,) = metrics_of_file(path, Asked(date(2026, 3, 2), date(2026, 3, 2)))
    assert (middle["n"], middle["mean_mg_dl"], middle["active_percent"]) == (24, 102, 100)
    assert (middle["from"], middle["to"]) == ("2026-03-02T00:00:00+01:00", "2026-03-03T00:00:00+01:00")
    (tail,) = metrics_of_file(path, Asked(first=date(2026, 3, 3)))
    assert (tail["n"], tail["to"]) == (24, "2026-03-04T00:00:00+01:00")
    (longer,) = metrics_of_file(path, Asked(last=date(2026, 3, 6)))
    assert (longer["n"], longer["active_percent"]) == (72, 50)
    with pytest.raises(ValueError, match="the readings go from 2026-03-01 to 2026-03-03"):
        metrics_of_file(path, Asked(first=date(2026, 4, 1)))
