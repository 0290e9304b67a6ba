"""`python tests/icons.py`: draw the PNG icons anew from the SVG ones, which are the drawings; needs Chromium."""

import base64
import os
import sys
from pathlib import Path

from selenium import webdriver

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from layouts.shell import ASSETS  # noqa: E402  the path has to be set first
from tests.conftest import pytest_setup_options  # noqa: E402

PICTURES = {
    "manifest-192.png": ("favicon.svg", 192),
    "manifest-512.png": ("favicon.svg", 512),
    "manifest-full-180.png": ("manifest-full.svg", 180),
    "manifest-full-512.png": ("manifest-full.svg", 512),
}
"""Each picture with the drawing it is made of and its width and height."""


def main() -> int:
    """Draw all of them."""
    options = pytest_setup_options()
    options.add_argument("--headless=new")
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    driver = webdriver.Chrome(options=options)
    try:
        clear = {"r": 0, "g": 0, "b": 0, "a": 0}
        driver.execute_cdp_cmd("Emulation.setDefaultBackgroundColorOverride", {"color": clear})
        for name, (drawing, size) in PICTURES.items():
            (ASSETS / name).write_bytes(_drawn(driver, (ASSETS / drawing).read_text(encoding="utf-8"), size))
    finally:
        driver.quit()
    return 0


def _drawn(driver: webdriver.Chrome, drawing: str, size: int) -> bytes:
    sized = drawing.replace("<svg ", f'<svg width="{size}" height="{size}" style="display:block" ', 1)
    page = f"<!DOCTYPE html><body style='margin:0'>{sized}"
    driver.get("data:text/html;base64," + base64.b64encode(page.encode()).decode())
    square = {"x": 0, "y": 0, "width": size, "height": size, "scale": 1}
    taken = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "clip": square})
    return base64.b64decode(taken["data"])


if __name__ == "__main__":
    sys.exit(main())
