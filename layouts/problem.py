"""What a person sees when there is nothing to show: the database is away or damaged, a link leads nowhere."""

from dash import html
from dash.development.base_component import Component

from cgm_dash.i18n import _
from layouts import ids, text
from layouts.icons import icon


def problem_page(banner: Component) -> Component:
    """Return a page that holds one banner and a way out."""
    return html.Div(
        html.Main(
            [
                html.H1(_("CGM Data Insights")),
                html.Div(banner, className="banners"),
                html.P(html.A(_("Go to the start page"), href="/", className="btn primary")),
                html.P(_("Not a medical device. No dosing advice."), className="hint"),
            ],
            id=ids.MAIN,
            className="alone",
            tabIndex=-1,
        )
    )


def failed(banner: Component) -> Component:
    """Return *banner* where a page would stand; assets/address.js loads the page again once the database answers."""
    return html.Div(banner, className="failed")


def no_page() -> Component:
    """Return what stands where an address leads nowhere."""
    return error_banner(_("There is no page at this address."))


def no_person(listed: bool = True) -> Component:
    """Return what stands where an address names a person there is none of, or whom the viewer may not see.

    listed: whether the page still has the list of those there are.
    """
    remedy = _("Choose one from the list.") if listed else _("The start page shows who is.")
    return error_banner(text.listing((_("There is no such person here."), remedy)))


def database_fault(detail: str) -> Component:
    """Return the banner of a database that must be put right by hand. detail: what it or the program says of it."""
    return error_banner(
        _("The database cannot be used as it is. In its own words: {detail}").format(detail=detail), "DATABASE"
    )


def error_banner(sentence: str, code: str = "") -> Component:
    """Return the banner of something that must be put right by hand. sentence: already says what and how."""
    mark = html.Code(code, className="code") if code else None
    return html.Div(
        [icon("warn"), html.P([sentence, " ", mark], className="grow")], className="banner action", role="alert"
    )
