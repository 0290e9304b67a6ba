"""A Dash component around a part of the page that nothing is wired to: a whole tree at the price of one component.

Dash makes each of its components one that can be asked and told things; in a browser that takes several times as long
as the element itself, and a calendar has four hundred. What is in here is drawn as plain elements (assets/parts.js).
"""

from collections.abc import Sequence
from typing import Any

from dash.development.base_component import Component

from layouts.drawings.drawing import Drawing

PLAIN = "dash_html_components"


class Still(Component):
    """Show *children*, HTML components and drawings without an id: no callback can reach them.

    Raises ValueError for others.
    """

    _namespace = "cgm_parts"
    _type = "Still"

    def __init__(self, children: Component | Sequence[Component]) -> None:
        self._children_props: list[str] = []
        self._base_nodes = ["children"]
        self._prop_names = ["children"]
        self._valid_wildcard_attributes: list[str] = []
        self.available_properties = self._prop_names
        self.available_wildcard_properties: list[str] = []
        _check(children)
        super().__init__()  # type: ignore[no-untyped-call]
        # Given to Dash's own constructor, it would have it look for a package of our namespace on the disk, in vain.
        self.children = children

    def to_plotly_json(self) -> dict[str, Any]:
        """Return what the browser is sent: the tree has a name of its own, which keeps Dash from going through it."""
        return {"namespace": self._namespace, "type": self._type, "props": {"tree": self.children}}


def _check(node: Any) -> None:
    """Raise ValueError where *node*, or what is in it, must be a component of Dash's own."""
    if isinstance(node, (list, tuple)):
        for each in node:
            _check(each)
    elif isinstance(node, Component):
        if node._namespace != PLAIN and not isinstance(node, Drawing):
            raise ValueError(f"still: expected HTML components, got {node._namespace}.{node._type}")
        name = getattr(node, "id", None)
        if name is not None:
            raise ValueError(f"still: nothing in it can have an id, got '{name}'")
        _check(getattr(node, "children", None))
