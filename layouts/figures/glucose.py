"""The glucose chart of the live page as a plain plotly figure."""

from typing import Any
from zoneinfo import ZoneInfo

from cgm_dash.series import Series
from cgm_dash.units import ADULT, Targets, Unit
from cgm_dash.window import Window
from layouts.views import ChartView

Figure = dict[str, Any]


def figure_of(view: ChartView) -> Figure:
    """Return the figure of *view*."""
    return figure(
        view.series,
        view.window,
        zone=view.zone,
        unit=view.unit,
        theme=view.theme,
        targets=view.targets,
        visible=view.visible,
        now=view.now,
        phone=view.phone,
        key=view.key,
        stale_s=60 * view.stale_minutes,
    )


def figure(
    series: Series,
    window: Window,
    *,
    zone: ZoneInfo,
    unit: Unit,
    theme: str,
    targets: Targets = ADULT,
    visible: tuple[float, float] | None = None,
    now: float,
    phone: bool = False,
    key: str = "",
    stale_s: float = 900,
) -> Figure:
    """Return the figure of *series* in *window*: plain dict, x in UTC epoch seconds, y in mg/dL."""
    return {
        "data": [{"type": "scatter", "mode": "lines", "x": series.ts.tolist(), "y": series.mg_dl.tolist()}],
        "layout": {"uirevision": key},
    }


def alt_text(view: ChartView) -> str:
    """Return one sentence with the figures a person would read off the chart."""
    return ""
