"""Parts of forms: a field with its label, its hint and what is wrong with it; a message above them."""

from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts.icons import icon


def field(
    label: str,
    control: Component,
    *,
    hint: str = "",
    fault_id: str = "",
    fault: str = "",
    beside: Component | None = None,
) -> Component:
    """Return a control with its label, what helps, and where its fault is told.

    assets/forms.js ties hint and fault to the control for those who hear the page. beside: a button in the same line.
    """
    name: Any = control
    inside = html.Div([control, beside], className="with-button") if beside is not None else control
    return html.Div(
        [
            html.Label(label, htmlFor=name.id),
            inside,
            html.P(hint, className="hint", id=f"{name.id}-hint") if hint else None,
            html.P(fault, id=fault_id, className="fault") if fault_id else None,
        ],
        className="field",
    )


def message(kind: str, content: list[Any]) -> Component:
    """Return a message about a whole form. kind: `bad`, `good` or `waiting`."""
    name = {"bad": "warn", "good": "check", "waiting": "clock"}[kind]
    return html.Div([icon(name), html.Div(content, className="grow")], className=f"message {kind}")
