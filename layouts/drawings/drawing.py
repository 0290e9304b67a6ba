"""A Dash component that puts SVG into the page itself, where it takes the page's colours and prints as lines.

Dash's own components know no SVG, and a picture in an <img> knows neither the look of the page nor its print style.
assets/drawing.js is its other half.
"""

from dash.development.base_component import Component

from layouts.drawings.svg import SvgCanvas


class Drawing(Component):
    """Show *svg*, which must be markup of our own making: nothing in it is escaped here.

    className: of the element around it. id: of that element.
    """

    _namespace = "cgm_parts"
    _type = "Drawing"

    def __init__(self, svg: str = "", className: str = "", id: str | None = None) -> None:  # noqa: N803
        self._children_props: list[str] = []
        self._base_nodes = ["children"]
        self._prop_names = ["className", "id", "svg"]
        self._valid_wildcard_attributes: list[str] = []
        self.available_properties = self._prop_names
        self.available_wildcard_properties: list[str] = []
        given = {"svg": svg, "className": className, "id": id}
        super().__init__(**{name: value for name, value in given.items() if value})  # type: ignore[no-untyped-call]


def drawn(canvas: SvgCanvas, class_name: str = "") -> Drawing:
    """Return what was drawn on *canvas* as a component."""
    return Drawing(canvas.markup(), className=f"drawing {class_name}".strip())
