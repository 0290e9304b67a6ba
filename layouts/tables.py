"""Tables and lists of facts as the pages behind the scenes have them."""

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

Cell = str | Component | list[Any] | None


def table(
    caption: str, heads: Sequence[str], rows: Sequence[Sequence[Cell]], *, right: Sequence[int] = ()
) -> Component:
    """Return a table whose first column names the row; on a phone its rows become blocks.

    caption: for those who cannot see what it stands under. right: columns that are numbers.
    """

    def name(i: int) -> str | None:
        return "r" if i in right else None

    head = html.Thead(html.Tr([html.Th(words, scope="col", className=name(i)) for i, words in enumerate(heads)]))
    body = [
        html.Tr(
            [html.Th(cells[0], scope="row"), *(html.Td(cell, className=name(i)) for i, cell in enumerate(cells) if i)]
        )
        for cells in rows
    ]
    return html.Table([html.Caption(caption, className="vh"), head, html.Tbody(body)], className="table stack")


def facts(rows: Sequence[tuple[str, Cell]]) -> Component:
    """Return names with what they are, one a line."""
    return html.Dl([html.Div([html.Dt(name), html.Dd(value)]) for name, value in rows], className="kv")


def card(title: str, content: Any, id_: str = "", *, sub: str = "", kind: str = "") -> Component:
    """Return a card with its heading; *content* goes into an area of *id_* where that is given."""
    head = html.Div(
        html.Div([html.H2(title), html.P(sub, className="sub") if sub else None], className="grow"),
        className="cardhead",
    )
    inside = html.Div(content, id=id_) if id_ else html.Div(content)
    return html.Section([head, inside], className=f"card {kind}".strip())


def empty(words: str) -> Component:
    """Return what stands where a table would have no row."""
    return html.P(words, className="sub none")
