"""`make csp`: gather the style texts that Dash, its components and plotly insert, and write their hashes.

Done anew after every upgrade of one of them; a browser test tells when it is due.
"""

import base64
import hashlib
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser.conftest import chromium  # noqa: E402  the path has to be set first
from tests.support.served import serving  # noqa: E402
from tests.support.tour import walk, watch  # noqa: E402

TARGET = ROOT / "callbacks" / "server" / "style_hashes.py"
HEAD = '''"""Hashes of the style texts that Dash, its components and plotly insert into a page. Made by `make csp`."""

STYLE_HASHES: tuple[str, ...] = (
'''


def gathered() -> set[str]:
    """Return every text of a style element that the pages of the demo come to hold, the policy set aside."""
    found = {""}  # an element is put in before its text is
    with tempfile.TemporaryDirectory(prefix="cgm-csp-") as folder, serving(Path(folder)) as served:
        served.ready()
        with chromium() as browser:
            browser.cdp("Page.setBypassCSP", enabled=True)
            watch(browser)
            for where in walk(browser, served.url):
                found |= set(browser.js("return Array.from(window.styles)"))
                print(f"{where}: {len(found)} texts", flush=True)
    return found


def hashed(texts: Iterable[str]) -> list[str]:
    """Return the policy's word for each text, in a fixed order."""
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts)
    return sorted(f"'sha256-{digest}'" for digest in digests)


def main() -> int:
    """Write the file anew."""
    lines = "".join(f'    "{one}",\n' for one in hashed(gathered()))
    TARGET.write_text(f"{HEAD}{lines})\n", encoding="utf-8")
    print(TARGET.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
