"""What a browser calls itself, in words a person knows: "Firefox on Windows"."""

import re

from cgm_dash.i18n import _

BROWSERS = (
    ("Edge", r"Edg(e|A|iOS)?/"),
    ("Opera", r"OPR/|Opera"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"Chrome/|CriOS/|Chromium/"),
    ("Safari", r"Safari/"),
)
"""Name and mark, in the order of looking: most name others too, to be taken for them."""

SYSTEMS = (
    ("iPhone", r"iPhone"),
    ("iPad", r"iPad"),
    ("Android", r"Android"),
    ("Windows", r"Windows"),
    ("ChromeOS", r"CrOS"),
    ("macOS", r"Macintosh|Mac OS X"),
    ("Linux", r"Linux|X11"),
)


def browser(agent: str) -> str:
    """Return browser and system that a User-Agent header names, as far as they are known.

    It is what the client says of itself, a hint and no proof.

    >>> browser("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"), browser("curl/8.5.0")
    ('Firefox on Linux', 'Another program')
    """
    name = _named(BROWSERS, agent)
    system = _named(SYSTEMS, agent)
    if name and system:
        return _("{browser} on {system}").format(browser=name, system=system)
    return name or system or _("Another program")


def _named(known: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((name for name, mark in known if re.search(mark, agent)), "")
