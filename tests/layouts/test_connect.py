"""The form that connects an account: labelled, explained, and with words for everything that can come of it."""

from cgm_dash.trouble import TROUBLES
from ingestion.regions import KNOWN
from layouts import connect, ids
from tests.layouts.rendered import attribute, by_class, by_id, walk, words


def test_form_explains_a_follower_account_in_three_steps() -> None:
    form = connect.connect_form()
    text = words(form)
    assert len(by_class(form, "how-steps")[0].children) == 3
    for part in ("Connected apps", "follower account", "It can read what the wearer shares", "Stored encrypted"):
        assert part in text


def test_fields_are_labelled_and_known_to_password_managers() -> None:
    form = connect.connect_form()
    labels = {attribute(c, "htmlFor") for c in walk(form) if type(c).__name__ == "Label"}
    assert labels == {ids.CONNECT_EMAIL, ids.CONNECT_PASSWORD, ids.CONNECT_REGION}
    email, password = by_id(form, ids.CONNECT_EMAIL), by_id(form, ids.CONNECT_PASSWORD)
    assert email is not None
    assert password is not None
    assert (attribute(email, "autocomplete"), attribute(password, "autocomplete")) == ("username", "current-password")
    assert (attribute(password, "type"), attribute(password, "value")) == ("password", "")
    assert (
        attribute(email, "name") is attribute(password, "name") is None
    )  # nothing a browser could put into an address
    message = by_id(form, ids.CONNECT_MESSAGE)
    assert message is not None
    assert (attribute(message, "role"), attribute(message, "tabIndex")) == ("alert", -1)


def test_every_known_region_can_be_chosen() -> None:
    assert set(connect.REGIONS) == {connect.AUTO, *KNOWN}


def test_every_trouble_has_its_words_and_only_a_refused_password_marks_the_field() -> None:
    for code in TROUBLES:
        fault = connect.refused(code)
        assert fault.words
        assert (fault.email, fault.password) == (False, code == "wrong-password")


def test_doors_lead_to_the_form_and_to_the_demo() -> None:
    both = connect.doors()
    assert "Go on with the demo" in words(both)
    assert by_id(both, ids.CONNECT_FORM) is not None
    assert "demo" not in words(connect.doors(demo=False)).lower()
    assert "CGM_DASH_DEMO: x" in words(connect.doors("CGM_DASH_DEMO: x"))
