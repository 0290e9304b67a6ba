"""The colours of the product, light and dark: one table for the stylesheet and the charts.

The charts cannot read CSS variables (plotly refuses them), so the values stand here; a test holds the stylesheet's
custom properties to the same table. Bands: fill, ink on the fill, text on a surface, tint behind text, edge of 3:1.
"""

from collections.abc import Mapping
from types import MappingProxyType

from cgm_dash.units import Band

LIGHT: Mapping[str, str] = MappingProxyType(
    {
        "canvas": "#F3F4F6",
        "surface": "#FFFFFF",
        "surface-2": "#F7F8FA",
        "surface-3": "#ECEEF2",
        "line": "#E2E5EA",
        "line-strong": "#828C9B",
        "ink": "#12161D",
        "ink-2": "#3D4654",
        "ink-3": "#5A6575",
        "accent": "#2B4BC4",
        "accent-ink": "#FFFFFF",
        "accent-tint": "#E9EDFC",
        "focus": "#2B4BC4",
        "profile": "#3558CF",
        "profile-outer": ".13",
        "profile-inner": ".24",
        "b-vlow": "#6C0D2E",
        "b-vlow-ink": "#FFFFFF",
        "b-vlow-text": "#6C0D2E",
        "b-vlow-tint": "#F9E9EF",
        "b-vlow-edge": "#6C0D2E",
        "b-low": "#C6384A",
        "b-low-ink": "#FFFFFF",
        "b-low-text": "#B02A3B",
        "b-low-tint": "#FCECEE",
        "b-low-edge": "#C6384A",
        "b-target": "#43AC8D",
        "b-target-ink": "#08211A",
        "b-target-text": "#12705A",
        "b-target-tint": "#E5F5F0",
        "b-target-edge": "#2F8F74",
        "b-high": "#FAD558",
        "b-high-ink": "#2B2100",
        "b-high-text": "#7A5600",
        "b-high-tint": "#FEF6DA",
        "b-high-edge": "#A87B00",
        "b-vhigh": "#D4791F",
        "b-vhigh-ink": "#1F0F00",
        "b-vhigh-text": "#94490A",
        "b-vhigh-tint": "#FCEEDF",
        "b-vhigh-edge": "#B9630F",
        "zone": ".10",
        "excursion": ".62",
        "heat-1": "#DDF1EA",
        "heat-2": "#B4DFD1",
        "heat-3": "#7FC7B1",
        "heat-4": "#43AC8D",
        "heat-5": "#1B7A62",
        "fresh": "#12705A",
        "fresh-tint": "#E5F5F0",
        "late": "#7A5600",
        "late-tint": "#FEF6DA",
        "stale": "#4E5968",
        "stale-tint": "#ECEEF2",
        "offline": "#262D39",
        "offline-ink": "#FFFFFF",
        "alarm": "#B3202F",
        "alarm-ink": "#FFFFFF",
        "alarm-tint": "#FCECEE",
    }
)

DARK: Mapping[str, str] = MappingProxyType(
    {
        "canvas": "#0B0E13",
        "surface": "#13171E",
        "surface-2": "#181D26",
        "surface-3": "#212733",
        "line": "#252C38",
        "line-strong": "#6B7789",
        "ink": "#F0F3F7",
        "ink-2": "#BFC7D3",
        "ink-3": "#93A0B2",
        "accent": "#93A9FF",
        "accent-ink": "#0B0E13",
        "accent-tint": "#1C2443",
        "focus": "#AFC0FF",
        "profile": "#8BA3FF",
        "profile-outer": ".14",
        "profile-inner": ".24",
        "b-vlow": "#AE2860",
        "b-vlow-ink": "#FFFFFF",
        "b-vlow-text": "#F08DB6",
        "b-vlow-tint": "#33111F",
        "b-vlow-edge": "#C2397A",
        "b-low": "#E65367",
        "b-low-ink": "#1D0307",
        "b-low-text": "#FF8E9B",
        "b-low-tint": "#35141B",
        "b-low-edge": "#E65367",
        "b-target": "#32BD9B",
        "b-target-ink": "#03211A",
        "b-target-text": "#5CD6B6",
        "b-target-tint": "#0F2B25",
        "b-target-edge": "#32BD9B",
        "b-high": "#FADB66",
        "b-high-ink": "#2B2100",
        "b-high-text": "#F7D968",
        "b-high-tint": "#2E280F",
        "b-high-edge": "#FADB66",
        "b-vhigh": "#DE8E40",
        "b-vhigh-ink": "#1F0F00",
        "b-vhigh-text": "#F2A863",
        "b-vhigh-tint": "#33210F",
        "b-vhigh-edge": "#DE8E40",
        "zone": ".10",
        "excursion": ".72",
        "heat-1": "#1B3F36",
        "heat-2": "#1B4F44",
        "heat-3": "#23735F",
        "heat-4": "#2B9A7F",
        "heat-5": "#4FD3B2",
        "fresh": "#5CD6B6",
        "fresh-tint": "#0F2B25",
        "late": "#F7D968",
        "late-tint": "#2E280F",
        "stale": "#A7B2C2",
        "stale-tint": "#212733",
        "offline": "#E7EBF1",
        "offline-ink": "#12161D",
        "alarm": "#FF8E9B",
        "alarm-ink": "#1D0307",
        "alarm-tint": "#35141B",
    }
)

THEMES: Mapping[str, Mapping[str, str]] = MappingProxyType({"light": LIGHT, "dark": DARK})

BAND_NAMES: Mapping[Band, str] = MappingProxyType(
    {Band.VERY_LOW: "vlow", Band.LOW: "low", Band.TARGET: "target", Band.HIGH: "high", Band.VERY_HIGH: "vhigh"}
)
"""How the tokens and the stylesheet's classes call the bands."""

FONT = (
    '-apple-system, BlinkMacSystemFont, "Segoe UI Variable Text", "Segoe UI", Inter, Roboto, "Noto Sans",'
    ' "Liberation Sans", Arial, sans-serif'
)
"""System fonts: nothing is downloaded."""


def theme(name: str) -> Mapping[str, str]:
    """Return the tokens of theme *name*; anything but "dark" is light."""
    return DARK if name == "dark" else LIGHT


def alpha(colour: str, opacity: float | str) -> str:
    """Return a token's colour (#RRGGBB) with *opacity*, as the charts take it.

    >>> alpha("#43AC8D", 0.1)
    'rgba(67,172,141,0.1)'
    """
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{float(opacity)})"
