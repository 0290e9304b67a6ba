"""The cookies that say who somebody is. Scripts cannot read them; other sites cannot send them along with a form."""

from flask import g, request
from werkzeug.wrappers import Response

SESSION = "cgm_session"
"""The id of a session: 256 random bits, of which the table has the digest (sql/sessions.py)."""

FORM = "cgm_form"
"""Before there is a session: what the token of a form is bound to."""

DEVICE = "cgm_device"
"""Who has signed in from this browser before."""

LINK = "cgm_link"
"""That a shared link was opened in this browser: whoever it was shared with has nothing to sign in with."""

SECURE_PREFIX = "__Host-"
"""A browser takes such a cookie only encrypted, from this host itself and for all its paths."""

LONGEST = 500


def read(name: str) -> str:
    """Return the cookie of that name, "" for none; where the request came encrypted, only one that was set so.

    Of several that differ none counts: over plain http another program on this host, or on a host beside it, can set
    one for some of our paths, and with it have somebody act as another without knowing.
    """
    values = {*request.cookies.getlist(_full(name))}
    value = values.pop() if len(values) == 1 else ""
    return value if len(value) <= LONGEST else ""


def give(response: Response, name: str, value: str, seconds: int | None = None) -> None:
    """Set the cookie. seconds: how long the browser keeps it, None until it is closed."""
    response.set_cookie(
        _full(name), value, max_age=seconds, path="/", secure=g.client.https, httponly=True, samesite="Lax"
    )


def take(response: Response, name: str) -> None:
    """Have the browser forget the cookie."""
    response.delete_cookie(_full(name), path="/", secure=g.client.https, httponly=True, samesite="Lax")


def _full(name: str) -> str:
    return SECURE_PREFIX + name if g.client.https else name
