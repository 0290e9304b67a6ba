"""Tiles of days: what each shows and says, which is chosen, and where they lead."""

from datetime import date, timedelta
from typing import Any

from cgm_dash.day_facts import facts_of_days
from cgm_dash.days import LocalDays
from cgm_dash.series import EMPTY, Series
from cgm_dash.units import Unit
from cgm_dash.zones import midnight
from layouts.drawings.day import panels_of
from layouts.tiles import TilesView, tiles
from tests.layouts.rendered import BERLIN, NOW, attribute

TODAY = date(2026, 11, 22)


def view(series: Series, days: int = 3, **more: Any) -> TilesView:
    start = midnight(BERLIN, TODAY - timedelta(days=days - 1))
    facts = facts_of_days(series, LocalDays.between(BERLIN, start, NOW), NOW)
    given = {"days": facts, "panels": panels_of(series, facts), "unit": Unit.MG_DL, "today": TODAY}
    return TilesView(**{**given, **more})


def links(shown: TilesView) -> list[Any]:
    return [item.children.children for item in tiles(shown).children]


def words(component: Any) -> list[str]:
    if isinstance(component, str):
        return [component]
    if isinstance(component, list):
        return [word for part in component for word in words(part)]
    return words(getattr(component, "children", None) or [])


def three_days(*mg_dl: int) -> Series:
    start = midnight(BERLIN, date(2026, 11, 20))
    return Series.every(300, [v for v in mg_dl for _i in range(288)], start)


def test_a_tile_says_day_share_and_mean_and_in_words_all_it_shows() -> None:
    friday, saturday, today = links(view(three_days(100, 200, 120)))
    assert words(friday) == ["Fri", "20 Nov", "100 %", "Ø 100"]
    assert words(saturday) == ["Sat", "21 Nov", "0 %", "Ø 200"]
    assert words(today)[:2] == ["Today", "22 Nov"]
    label = getattr(saturday, "aria-label")
    assert label == ("Saturday, 21 November: 0 % in target, mean 200 mg/dL, 0 lows, 1 high, 100 % covered by readings.")
    assert getattr(today, "aria-label").startswith("Today, Sunday, 22 November: 100 % in target")
    assert getattr(today, "aria-label").endswith("100 % covered by readings so far.")


def test_the_unit_is_the_viewers() -> None:
    first = links(view(three_days(100, 200, 120), unit=Unit.MMOL_L))[0]
    assert words(first)[-1] == "Ø 5.6"
    assert "mean 5.6 mmol/L" in getattr(first, "aria-label")


def test_the_chosen_day_alone_is_marked() -> None:
    shown = links(view(three_days(100, 200, 120), chosen=date(2026, 11, 21)))
    assert [getattr(link, "aria-current", None) for link in shown] == [None, "date", None]


def test_links_keep_person_and_range() -> None:
    first = links(view(three_days(100, 200, 120), query="person=3&range=14d"))[0]
    assert first.href == "/days?person=3&range=14d&day=2026-11-20"


def test_columns_are_weekdays_and_a_phone_begins_with_the_newest() -> None:
    series = three_days(100, 200, 120)
    assert [item.className for item in tiles(view(series)).children] == ["weekday-5", "weekday-6", "weekday-7"]
    assert words(links(view(series, phone=True))[0])[0] == "Today"
    assert attribute(tiles(view(series, phone=True)), "className") == "tiles newest-first"  # in print no weekdays


def test_a_day_without_readings_says_so() -> None:
    empty = links(view(EMPTY))[0]
    assert words(empty) == ["Fri", "20 Nov", "no data"]
    assert getattr(empty, "aria-label") == "Friday, 20 November: no readings."


def test_a_day_with_few_readings_says_how_few_in_place_of_its_mean() -> None:
    series = Series.every(300, [100] * 100, midnight(BERLIN, date(2026, 11, 20)))
    assert words(links(view(series))[0]) == ["Fri", "20 Nov", "100 %", "35 % covered"]


def test_a_day_of_another_year_carries_it() -> None:
    start = midnight(BERLIN, date(2025, 11, 20))
    facts = facts_of_days(EMPTY, LocalDays.between(BERLIN, start, start + 1), NOW)
    shown = TilesView(days=facts, panels=panels_of(EMPTY, facts), unit=Unit.MG_DL, today=TODAY)
    assert getattr(links(shown)[0], "aria-label").startswith("Thursday, 20 November 2025")


def test_the_place_of_todays_tile_is_there_without_today_too() -> None:
    today = tiles(view(three_days(100, 200, 120)), "here").children[-1]
    assert (today.id, today.hidden) == ("here", False)
    start = midnight(BERLIN, date(2026, 11, 19))
    facts = facts_of_days(EMPTY, LocalDays.between(BERLIN, start, start + 1), NOW)
    past = TilesView(days=facts, panels=panels_of(EMPTY, facts), unit=Unit.MG_DL, today=TODAY)
    assert [(item.hidden, item.children) for item in tiles(past, "here").children[1:]] == [(True, None)]
    assert len(tiles(past).children) == 1
