"""The chart of one local day, midnight to midnight at its true length: the live chart's parts on another frame.

x is true elapsed time, so that a day of 23 or 25 hours is as long as it was; its labels are the wearer's wall clock.
The y axis stands at the left and reaches from 40 to 350 mg/dL, further only where readings do, so that days compare.
"""

import dataclasses

from layouts.figures import glucose, typical
from layouts.figures.ticks import time_ticks
from layouts.figures.traces import Figure
from layouts.views import ChartView

Y_RANGE = (40.0, 350.0)
LEFT, LEFT_PHONE, RIGHT = 44, 34, 18
LABEL_PX = 8


def figure_of(view: ChartView) -> Figure:
    """Return the figure of *view*, whose window is the whole day, with what is still to come of today."""
    start, end = view.window.start, view.window.end
    shown = view.visible or (float(start), float(end))
    figure = glucose.figure_of(dataclasses.replace(view, visible=shown, at_least=Y_RANGE))
    layout = figure["layout"]
    layout["margin"] = {**layout["margin"], "l": LEFT_PHONE if view.phone else LEFT, "r": RIGHT}
    layout["xaxis"] |= {"minallowed": start, "maxallowed": end, **_ticks(view, shown)}
    layout["yaxis"] |= {"side": "left", "ticklabelstandoff": LABEL_PX}
    layout["meta"] |= {"full": [start, end], "zoomed": view.visible is not None}
    for label in layout["annotations"]:
        if label.get("xref") == "paper":  # the limits' own labels stand beside the axis
            label |= {"x": 0, "xanchor": "right", "xshift": -LABEL_PX}
    return figure


def _ticks(view: ChartView, shown: tuple[float, float]) -> Figure:
    values, labels = time_ticks(view.zone, *shown, phone=view.phone)
    return {"tickvals": values, "ticktext": [_label(view, v, t) for v, t in zip(values, labels, strict=True)]}


def _label(view: ChartView, value: int, label: str) -> str:
    return typical.clock(typical.DAY_MIN) if value == view.window.end else label
