"""The controls: dates are refused in words exactly where the window refuses them."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cgm_dash.units import Unit
from cgm_dash.window import DATES, LONGEST_DAYS, dated
from layouts import ids, shell
from layouts.controls import date_fault, date_fields, range_control, theme_switch, unit_control
from tests.layouts.rendered import BERLIN, NOW, attribute, by_class, by_id, range_view, walk, words

TODAY = date(2026, 11, 22)
days = st.integers(-8000, 400).map(lambda n: TODAY + timedelta(days=n))


@given(days, days)
def test_dates_are_refused_in_words_exactly_where_the_window_refuses_them(first: date, last: date) -> None:
    try:
        dated(first, last, NOW, BERLIN)
        refused = False
    except ValueError:
        refused = True
    assert bool(date_fault(first, last, TODAY)) == refused


def test_ten_years_and_a_little_are_the_most() -> None:
    assert date_fault(TODAY - timedelta(days=LONGEST_DAYS - 1), TODAY, TODAY) == ""
    assert date_fault(TODAY - timedelta(days=LONGEST_DAYS), TODAY, TODAY) != ""


def test_a_missing_date_is_asked_for() -> None:
    assert date_fault(None, TODAY, TODAY) == "Choose both dates."


def test_the_range_control_offers_every_range_once() -> None:
    view = range_view("12h")
    radios = by_id(range_control(view, "12h"), ids.RANGE_SELECT)
    assert radios is not None
    assert [o["value"] for o in attribute(radios, "options")] == [*view.names, DATES]
    assert attribute(radios, "value") == "12h"


def test_a_range_that_only_other_pages_offer_stands_in_its_place_among_the_others() -> None:
    radios = by_id(range_control(range_view("28d"), "12h"), ids.RANGE_SELECT)
    assert radios is not None
    values = [o["value"] for o in attribute(radios, "options")]
    assert values[values.index("14d") : values.index("90d")] == ["14d", "28d", "30d"]


def test_the_unit_control_holds_both_units() -> None:
    radios = by_id(unit_control(Unit.MMOL_L), ids.UNIT_SELECT)
    assert radios is not None
    assert [o["label"] for o in attribute(radios, "options")] == ["mg/dL", "mmol/L"]


def test_the_dates_show_what_was_chosen_and_why_it_was_refused() -> None:
    fields = date_fields(range_view(DATES, first=TODAY, error="Why."))
    first = by_id(fields, ids.DATE_FROM)
    assert first is not None
    assert (attribute(first, "value"), attribute(first, "max")) == ("2026-11-22", "2026-11-22")
    fault = by_id(fields, ids.DATES_ERROR)
    assert words(fault) == "Why."


def test_each_look_has_a_sign_of_its_own_on_its_switch() -> None:
    looks = {str(attribute(sign, "className")): sign for sign in by_class(theme_switch(), "look")}
    icons = {look: [attribute(c, "className") for c in walk(sign)][-1] for look, sign in looks.items()}
    assert icons == {"look auto": "i i-half", "look light": "i i-sun", "look dark": "i i-moon"}
    css = (shell.ASSETS / "cgm.css").read_text(encoding="utf-8")
    assert all(f"[data-look={look}] .look.{look}" in css for look in ("auto", "light", "dark"))
