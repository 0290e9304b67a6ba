"""What an installed page is made of: its manifest, the page shown when the server cannot be reached, and its worker."""

import hashlib
import json
from html import escape

from cgm_dash.i18n import LANGUAGES, SOURCE, _, speaking
from layouts import text, tokens
from layouts.shell import ASSETS, PRODUCT, fingerprint

SHORT_NAME = "CGM"
"""Below an icon there is room for some twelve letters."""

FILES: dict[str, str] = {
    "cgm.css": "cgm.css",
    "page.css": "offline-page.css",
    "page.js": "offline-page.js",
    "theme.js": "theme.js",
}
"""What the offline page needs, by the names it has beside it; the assets behind them."""

WORKER = "service-worker.js"
VERSION = "[[version]]"

ICONS = (
    ("favicon.svg", "any", "any"),
    ("manifest-192.png", "192x192", "any"),
    ("manifest-512.png", "512x512", "any"),
    ("manifest-full-512.png", "512x512", "maskable"),
)
"""Asset, size and purpose; a maskable one fills its square, so that any shape may be cut from it."""


def manifest() -> dict[str, object]:
    """Return the manifest by which a browser installs the page."""
    return {
        "id": "/",
        "name": PRODUCT,
        "short_name": SHORT_NAME,
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": tokens.LIGHT["canvas"],
        "theme_color": tokens.LIGHT["canvas"],
        "icons": [_icon(*icon) for icon in ICONS],
    }


def _icon(asset: str, sizes: str, purpose: str) -> dict[str, str]:
    kind = "image/svg+xml" if asset.endswith(".svg") else "image/png"
    return {"src": f"/assets/{asset}?v={fingerprint(asset)}", "type": kind, "sizes": sizes, "purpose": purpose}


def document() -> str:
    """Return the offline page. It is kept by the browser, so it holds every language's words and chooses there."""
    words = {}
    for code in LANGUAGES:
        with speaking(code):
            words[code] = _words()
    plain = words[SOURCE]
    return f"""<!DOCTYPE html>
<html lang="{SOURCE}" data-bs-theme="light">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>{plain["title"]}</title>
<script src="/offline/theme.js"></script>
<link rel="stylesheet" href="/offline/cgm.css">
<link rel="stylesheet" href="/offline/page.css">
</head>
<body>
<main class="card offline-card" id="main" data-words="{escape(json.dumps(words, ensure_ascii=False))}">
<span class="brand"><span class="mark" aria-hidden="true"></span>{PRODUCT}</span>
<span class="demo-badge" id="demo" hidden></span>
<h1 id="heading">{plain["heading"]}</h1>
<p class="last" id="last">{plain["never"]}</p>
<p class="nothing" id="nothing">{plain["nothing"]}</p>
<p class="hint" id="meter">{plain["meter"]}</p>
<button type="button" class="btn" id="again">{plain["again"]}</button>
</main>
<script src="/offline/page.js"></script>
</body>
</html>
"""


def _words() -> dict[str, object]:
    return {
        "title": f"{_('Offline')} · {PRODUCT}",
        "heading": _("The server of this page cannot be reached."),
        "named": _("The last reading of {person} on this device was at {clock}, {age}."),
        "reading": _("The last reading on this device was at {clock}, {age}."),
        "unknown": _(
            "The last reading on this device was at {clock}. Its clock was changed since, so the age is unknown."
        ),
        "never": _("No reading has been seen on this device."),
        "nothing": _("Nothing here is current."),
        "meter": _("If you need to know now, measure with a meter."),
        "demo": _("Demo: invented data"),
        "again": _("Try again"),
        "ages": [text.age(60 * n) for n in range(text.MINUTES_TO + 1)],
        "ago": _("{span} ago"),
        "hm": _("{h} h {m} min"),
        "h": _("{h} h"),
        "dh": _("{d} d {h} h"),
        "d": _("{d} d"),
    }


def file(name: str) -> bytes:
    """Return the content of one of FILES."""
    return (ASSETS / FILES[name]).read_bytes()


def worker() -> str:
    """Return the service worker; its text changes with everything it keeps, so that browsers fetch that anew."""
    script = (ASSETS / WORKER).read_text(encoding="utf-8")
    held = [script.encode(), document().encode(), *(file(name) for name in FILES)]
    return script.replace(VERSION, hashlib.sha256(b"".join(held)).hexdigest()[:16])
