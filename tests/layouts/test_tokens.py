"""One table of colours: the stylesheet and the charts agree, and each pair that must be read can be."""

import re

import pytest

from layouts import tokens
from layouts.shell import ASSETS

CSS = (ASSETS / "cgm.css").read_text(encoding="utf-8")


def declared(selector: str) -> dict[str, str]:
    """Return the custom properties of the first block of *selector*."""
    block = CSS[CSS.index(selector + "{") :]
    return dict(re.findall(r"--([\w-]+):([^;}]+)", block[: block.index("}")]))


@pytest.mark.parametrize(
    ("selector", "table"), [(":root,[data-bs-theme=light]", tokens.LIGHT), ("\n[data-bs-theme=dark]", tokens.DARK)]
)
def test_stylesheet_and_charts_use_the_same_values(selector: str, table: dict[str, str]) -> None:
    found = declared(selector)
    assert {name: value for name, value in found.items() if not name.startswith("shadow")} == dict(table)


def test_both_themes_name_the_same_tokens() -> None:
    assert tokens.LIGHT.keys() == tokens.DARK.keys()


def test_every_variable_the_stylesheet_uses_is_declared() -> None:
    used = set(re.findall(r"var\(--([\w-]+)", CSS))
    known = set(re.findall(r"--([\w-]+):", CSS))
    assert used <= known


def test_font_stack_is_the_stylesheet_s() -> None:
    plain = declared(":root")["font"].replace(" ", "")
    assert tokens.FONT.replace(" ", "") == plain


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_chart_text_and_marks_can_be_read(theme: str) -> None:
    table = tokens.theme(theme)
    for ink in ("ink", "ink-2", "ink-3"):
        assert contrast(table[ink], table["surface"]) >= 4.5
    for band in tokens.BAND_NAMES.values():
        assert contrast(table[f"b-{band}-text"], table["surface"]) >= 4.5
        assert contrast(table[f"b-{band}-ink"], table[f"b-{band}"]) >= 4.5
        assert contrast(table[f"b-{band}-edge"], table["surface"]) >= 3
    for state in ("fresh", "late", "stale"):
        assert contrast(table[state], table[f"{state}-tint"]) >= 4.5


def test_no_remote_address_and_no_import_in_any_asset() -> None:
    for path in sorted(set(ASSETS.iterdir()) - set(ASSETS.glob("*.png"))):
        content = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|@import", content), path.name
