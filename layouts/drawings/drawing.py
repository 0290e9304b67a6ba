"""A Dash component that puts SVG into the page itself, where it takes the page's colours and prints as lines.

Dash's own components know no SVG, and a picture in an <img> knows neither the look of the page nor its print style.
assets/parts.js is its other half.
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
        super().__init__()  # type: ignore[no-untyped-call]
        # Given to Dash's own constructor, each would have it look for a package of our namespace on the disk, in vain.
        for name, value in {"svg": svg, "className": className, "id": id}.items():
            if value:
                setattr(self, name, value)


def drawn(canvas: SvgCanvas, class_name: str = "", *more: SvgCanvas) -> Drawing:
    """Return what was drawn on *canvas* as a component, and on *more* of them below it."""
    markup = "".join(each.markup() for each in (canvas, *more))
    return Drawing(markup, className=f"drawing {class_name}".strip())
