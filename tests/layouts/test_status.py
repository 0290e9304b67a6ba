"""The page Status as markup: what each mark and row says, in words as well as in colour."""

import dataclasses
from typing import Any

import pytest

from cgm_dash import current
from cgm_dash.series import EMPTY
from cgm_dash.silence import Cause, Filling, Silence, Why
from cgm_dash.trouble import TROUBLES, trouble
from layouts import ids, outcomes, status
from layouts.status_view import (
    DatabaseView,
    Mark,
    MarkView,
    ProgramView,
    RequestView,
    SilenceView,
    StatusView,
)
from layouts.strip import alternative, strip
from tests.layouts.rendered import BERLIN, NOW, attribute, by_class, by_id, minutes, walk, words

START = int(NOW // 600 - 143) * 600
QUIET = tuple(MarkView(START + 600 * i, 10, 0, 10) for i in range(144))


def view(**more: Any) -> StatusView:
    given = {
        "now": NOW,
        "zone": BERLIN,
        "person": "Mira",
        "demo": False,
        "polled": True,
        "poll_seconds": 60,
        "current": current.current(minutes(120, 121), NOW, 900),
        "expected": None,
        "marks": QUIET,
        "failures": (),
        "requests": (RequestView(NOW - 20, "ok", 1, 312),),
        "silences": (),
        "more_silences": 0,
        "rejects": (),
        "rejected": 0,
        "database": DatabaseView("SQLite", "3.40.1", 46_200_000, "0004", True, None, 512_806, NOW - 400 * 86_400),
        "program": ProgramView((("Python", "3.11"),), NOW - 3600, True, True),
        "sources": (),
    }
    return StatusView(**{**given, **more})


@pytest.mark.parametrize(
    ("one", "mark"),
    [
        (MarkView(0, 10, 0, 3), Mark.NEW),
        (MarkView(0, 10, 4, 3), Mark.SOME),
        (MarkView(0, 10, 0, 0), Mark.NOTHING),
        (MarkView(0, 10, 1, 0), Mark.FAILED),
        (MarkView(0, 0, 0, 0), Mark.UNASKED),
    ],
)
def test_mark_is_what_came_of_its_ten_minutes(one: MarkView, mark: Mark) -> None:
    assert one.mark is mark


def test_strip_has_a_mark_for_each_ten_minutes_and_says_it_in_words() -> None:
    marks = list(QUIET)
    marks[3] = MarkView(marks[3].start, 10, 10, 0)
    marks[4] = MarkView(marks[4].start, 0, 0, 0)
    marks[9] = MarkView(marks[9].start, 10, 0, 0)
    drawn = strip(marks, BERLIN, NOW)
    assert len([c for c in walk(drawn) if "mk" in (getattr(c, "className", "") or "").split()]) == 144
    said = alternative(marks, BERLIN, NOW)
    assert "141 with new readings. 1 answered without. 1 failed. 1 not asked." in said
    assert said.endswith("Without an answer: Sat 21 Nov 15:10–15:30.")
    assert attribute(by_class(drawn, "strip")[0], "aria-label") == said
    assert words(drawn).startswith("yesterday 14:40")
    assert attribute(by_class(drawn, "failed")[0], "title") == "15:10–15:20: 10 requests, 10 failed, 0 new"


def test_silences_say_when_why_and_what_filled_them() -> None:
    gap = Silence(int(NOW) - 7200, int(NOW) - 5460, 1740, 6, 0, Filling.HISTORY)
    lasting = Silence(int(NOW) - 1800, None, 1800, 0, 1800, Filling.OPEN)
    partly = Silence(int(NOW) - 100_000, int(NOW) - 90_000, 10_000, 1, 600, Filling.PARTLY)
    rows = (
        SilenceView(lasting, Why(Cause.NOTHING_OFFERED)),
        SilenceView(gap, Why(Cause.FAILED, "network")),
        SilenceView(partly, Why(Cause.SENSOR, warmup_min=60)),
    )
    said = words(status.silences(view(silences=rows, more_silences=2)))
    assert (
        "since 14:02 No reading was offered; often the phone is out of reach, or away from the sensor 30 min,"
        " nothing Lasts" in said
    )
    assert (
        "12:32 – 13:01 Requests failed: not reached   network 29 min, 6 values of the sensor's own history Filled"
        in said
    )
    assert "Sat 21 Nov 10:45 – 13:32 New sensor, 60 minutes of warm-up" in said
    assert "2 h 46 min, 1 value of the sensor's own history; 10 min missing Partly filled" in said
    assert said.endswith("and 2 earlier ones")
    assert "Not known" in words(status.silences(view(silences=(SilenceView(gap, Why(Cause.UNKNOWN)),))))
    assert "This program was not asking" in words(
        status.silences(view(silences=(SilenceView(gap, Why(Cause.NOT_ASKED)),)))
    )


def test_what_is_wrong_is_told_with_code_sentence_and_next_try() -> None:
    told = view(trouble=trouble("rate-limited"), next_try_at=NOW + 600)
    assert words(status.answers(told)).endswith("Wrong now Waiting rate-limited Next try at 14:42.")
    assert "asks us to slow down" in words(status.source(told))
    assert words(status.answers(view())).endswith("Wrong now Nothing no known fault")
    assert words(status.answers(view(waiting=2))).endswith("2 answers wait to be stored")


def test_old_reading_is_not_told_as_current() -> None:
    old = view(current=current.current(minutes(120, age_s=3600), NOW, 900))
    assert "60 minutes ago 13:32, not current" in words(status.answers(old))
    assert words(status.answers(old)).endswith("Wrong now No reading since 13:32")
    assert "There is none yet." in words(status.answers(view(current=current.current(EMPTY, NOW, 900))))


def test_every_failure_has_a_word_of_its_own() -> None:
    assert set(outcomes.OUTCOMES) == set(TROUBLES)
    assert outcomes.tag("ok") == "tag ok"
    assert outcomes.tag("network") == "tag warn"
    assert outcomes.tag("wrong-password") == "tag bad"
    assert (outcomes.outcome("new-code"), outcomes.tag("new-code")) == ("new-code", "tag warn")


def test_page_has_every_area_once_and_tables_with_caption_and_scope() -> None:
    rows = (SilenceView(Silence(0, 1000, 1000, 0, 1000, Filling.OPEN), Why(Cause.UNKNOWN)),)
    full = view(silences=rows)
    body = status.page(full, "key").body
    found = [getattr(c, "id", None) for c in walk(body)]
    assert [found.count(id_) for id_ in status.AREAS] == [1] * len(status.AREAS)
    for table in (c for c in walk(body) if type(c).__name__ == "Table"):
        assert type(table.children[0]).__name__ == "Caption"
        assert {attribute(c, "scope") for c in walk(table) if type(c).__name__ == "Th"} == {"col", "row"}
    for id_, area in zip(status.AREAS, status.areas(full), strict=True):
        assert words(by_id(body, id_)) == words(area)


def test_server_without_an_account_says_that_nothing_is_asked() -> None:
    alone = view(polled=False, requests=(), program=dataclasses.replace(view().program, polled=False, led=False))
    assert "No account is connected" in words(status.source(alone))
    assert "nobody; no account" in words(status.program(alone))
    button = by_id(status.page(alone, "").body, ids.ASK_NOW)
    assert button is not None
    assert attribute(button, "disabled") is True
