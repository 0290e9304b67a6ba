"""The audit is only added to: the database refuses the rest, by triggers on both kinds."""

import pytest
import sqlalchemy as sa

from cgm_dash.access import Action
from cgm_dash.errors import StoreError
from sql import Store
from sql.audit import KEPT_S, Entry
from sql.engine import looking, writing
from sql.schema import audit

NOW = 1_795_345_200.0
LONG_AGO = 86_400
"""In 1970: older than 400 days by any clock."""


def abouts(store: Store) -> list[str]:
    return [entry.about for entry in store.audit.newest()]


def put(store: Store, at: float, about: str) -> None:
    row = {"at": int(at), "who": "user:a", "address": "", "action": "sign-in", "about": about}
    with writing(store.engine) as connection:
        connection.execute(sa.insert(audit).values(row))


def database_clock(store: Store) -> int:
    clock = {"sqlite": "SELECT strftime('%s', 'now')", "postgresql": "SELECT floor(extract(epoch FROM now()))"}
    with looking(store.engine) as connection:
        return int(connection.exec_driver_sql(clock[store.engine.dialect.name]).scalar_one())


def test_entries_come_back_newest_first(store: Store) -> None:
    store.audit.note(NOW, "operator", Action.USER_ADDED, about="Mira")
    store.audit.note(NOW + 1.9, "user:Mira", Action.SIGN_IN, address="192.0.2.7")
    second, first = store.audit.newest()
    assert (second.at, second.who, second.address, second.action, second.about) == (
        int(NOW) + 1, "user:Mira", "192.0.2.7", "sign-in", "",
    )  # fmt: skip
    assert first == Entry(int(NOW), "operator", "", "user-added", "Mira", first.id)


def test_older_ones_are_reached_page_by_page_though_all_have_one_second(store: Store) -> None:
    for i in range(7):
        store.audit.note(NOW, "operator", Action.USER_ADDED, about=str(i))
    pages, before = [], None
    while page := store.audit.newest(3, before):
        pages.append([entry.about for entry in page])
        before = page[-1].id
    assert pages == [["6", "5", "4"], ["3", "2", "1"], ["0"]]
    assert store.audit.newest(-1) == ()


def test_entries_of_one_action_are_found_among_all(store: Store) -> None:
    for i, action in enumerate((Action.SIGN_IN, Action.SIGN_OUT, Action.SIGN_IN, Action.SIGN_IN)):
        store.audit.note(NOW, "user:Mira", action, about=str(i))
    newest = store.audit.newest(2, action=Action.SIGN_IN)
    assert [entry.about for entry in newest] == ["3", "2"]
    assert [entry.about for entry in store.audit.newest(2, newest[-1].id, Action.SIGN_IN)] == ["0"]


def test_what_strangers_write_is_cut_and_escaped(store: Store) -> None:
    store.audit.note(NOW, "user:a\nb" + "x" * 500, Action.SIGN_IN_REFUSED, address="\x1b[2J", about="\0\ud800" * 300)
    (entry,) = store.audit.newest()
    assert (len(entry.who), len(entry.about)) == (120, 200)
    assert entry.who.startswith("user:a\\nb")
    assert entry.address == "\\x1b[2J"
    assert entry.about.isprintable()


def test_no_entry_can_be_changed(store: Store) -> None:
    put(store, LONG_AGO, "old")
    put(store, database_clock(store), "new")
    for about in ("old", "new"):
        with pytest.raises(StoreError, match="only added to"), writing(store.engine) as connection:
            connection.execute(sa.update(audit).where(audit.c.about == about).values(who="nobody"))
    assert {entry.who for entry in store.audit.newest()} == {"user:a"}


def test_no_entry_younger_than_400_days_can_be_removed(store: Store) -> None:
    clock = database_clock(store)
    put(store, clock - KEPT_S + 3600, "young")
    put(store, clock - KEPT_S - 3600, "old")
    with writing(store.engine) as connection:
        connection.execute(sa.delete(audit).where(audit.c.about == "old"))
    for statement in (sa.delete(audit), sa.delete(audit).where(audit.c.about == "young")):
        with pytest.raises(StoreError, match="only added to"), writing(store.engine) as connection:
            connection.execute(statement)
    assert abouts(store) == ["young"]


def test_the_table_cannot_be_emptied_at_once(store: Store) -> None:
    put(store, database_clock(store), "young")
    truncate = {"sqlite": "DELETE FROM audit", "postgresql": "TRUNCATE audit"}[store.engine.dialect.name]
    with pytest.raises(StoreError, match="only added to"), writing(store.engine) as connection:
        connection.exec_driver_sql(truncate)
    assert abouts(store) == ["young"]


def test_what_is_older_than_400_days_goes_with_the_next_entry(store: Store) -> None:
    clock = database_clock(store)
    put(store, LONG_AGO, "old")
    put(store, clock - KEPT_S + 3600, "young")
    store.audit.note(clock, "operator", Action.USER_ADDED, about="new")
    assert abouts(store) == ["new", "young"]


def test_a_clock_that_runs_ahead_neither_removes_entries_nor_stops_noting(store: Store) -> None:
    clock = database_clock(store)
    put(store, clock, "young")
    store.audit.note(clock + 2 * KEPT_S, "operator", Action.USER_ADDED, about="ahead")
    assert abouts(store) == ["ahead", "young"]


@pytest.mark.parametrize(
    ("who", "action"),
    [
        ("nobody", Action.SIGN_IN_REFUSED),
        ("share:Dr Beck", Action.SHARE_OPENED),
        ("share:Dr Beck", Action.REPORT_EXPORTED),
        ("token:clock", Action.REPORT_EXPORTED),
    ],
)
def test_only_what_strangers_can_cause_is_left_out_of_a_full_audit(
    store: Store, monkeypatch: pytest.MonkeyPatch, who: str, action: Action
) -> None:
    monkeypatch.setattr("sql.audit.MOST", 3)
    for i in range(6):
        store.audit.note(NOW, who, action, about=str(i))
    assert abouts(store) == ["3", "2", "1", "0"]
    store.audit.note(NOW, "user:a", Action.SIGN_IN, about="in")
    assert abouts(store)[0] == "in"
