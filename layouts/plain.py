"""Plain pages: documents that work without JavaScript (sign-in, access, account, shared links), from `templates/`.

Their look is that of the other pages: the same stylesheets, and `assets/plain.css`, which only they have. Nothing in
them is inline script or style. Bootstrap is left out, since none of its parts stand on them.
"""

import functools
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cgm_dash.i18n import _, language, plural
from layouts import access_words, tokens
from layouts.shell import PRODUCT, TOUCH_ICON, fingerprint, page_name

TEMPLATES = Path(__file__).with_name("templates")
STYLES = ("cgm.css", "settings.css", "plain.css")
"""Assets, in this order. settings.css has the parts of forms, which plain.css goes on with."""

FILES = (*STYLES, "favicon.svg", TOUCH_ICON)
"""The assets a plain page asks for: whoever may see it must be let have these."""

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whose page it is. name: of who is signed in, "" for nobody. manages: sees the owner's pages too.

    here: the address of the page, to mark it among the links. token: the form token of "Sign out".
    """

    name: str = ""
    manages: bool = False
    here: str = ""
    token: str = ""


NOBODY = Visitor()


def render(template: str, *, theme: str = "", visitor: Visitor = NOBODY, **values: object) -> str:
    """Return the document of *template* (a file of `templates/`) in the language in force.

    theme: "light", "dark", anything else is as the device has it. values: what the template names; one that is missing
    raises jinja2.UndefinedError.
    """
    look = theme if theme in tokens.THEMES else AUTO
    return _environment().get_template(template).render(look=look, visitor=visitor, language=language(), **values)


@functools.cache
def _environment() -> Environment:
    """Return the environment all templates share; everything put into one is escaped."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.update(
        _=_,
        plural=plural,
        product=PRODUCT,
        asset=_asset,
        styles=STYLES,
        touch_icon=TOUCH_ICON,
        canvas={name: theme["canvas"] for name, theme in tokens.THEMES.items()},
        role_words=access_words.role,
        scope_words=access_words.scope,
        page_words=page_name,
    )
    return environment


@functools.cache
def _asset(name: str) -> str:
    """Return the address of an asset, which changes with its content and so may be cached for ever."""
    return f"/assets/{name}?v={fingerprint(name)}"
