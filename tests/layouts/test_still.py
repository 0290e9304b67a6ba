"""A part of the page that nothing is wired to: what the browser is sent, and what may be in it."""

import json

import pytest
from dash import dcc, html
from dash.development.base_component import Component
from plotly.io.json import to_json_plotly

from layouts.drawings.drawing import Drawing
from layouts.still import Still
from tests.layouts.rendered import walk, words


def test_the_tree_travels_whole_under_a_name_that_dash_does_not_go_through() -> None:
    row = html.Tr([html.Th("Low", scope="row"), html.Td([html.I(className="sw"), " 3", None])])
    part = Still(html.Table([row, Drawing("<svg></svg>", className="bar")], className="bt"))
    sent = json.loads(to_json_plotly(part))
    assert (sent["namespace"], sent["type"], list(sent["props"])) == ("cgm_parts", "Still", ["tree"])
    table = sent["props"]["tree"]
    assert (table["type"], table["props"]["className"]) == ("Table", "bt")
    first, drawing = table["props"]["children"]
    assert [cell["type"] for cell in first["props"]["children"]] == ["Th", "Td"]
    assert first["props"]["children"][1]["props"]["children"][1:] == [" 3", None]
    assert drawing["props"] == {"svg": "<svg></svg>", "className": "bar"}
    assert words(part) == "Low  3"
    assert len(list(walk(part))) == 7


@pytest.mark.parametrize(
    ("inside", "said"),
    [(html.P("x", id="told"), "an id, got 'told'"), (dcc.Markdown("x"), "got dash_core_components.Markdown")],
)
def test_what_callbacks_reach_is_refused_at_any_depth(inside: Component, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Still([html.P("before"), html.Div(["within", html.Div(inside)])])
