"""Whether a request that changes something was made by a page of ours (OWASP: cross-site request forgery).

Two checks, each of which would be enough by itself: what the browser says of the page that asks (fetch metadata, else
the origin), and a token that every form of ours carries, which another site cannot read. A form must pass both; what
pages send beside forms is JSON and passes the first.
"""

import base64
import hmac

from flask import Request, Response, g, request

from callbacks import cookies
from callbacks.signing import signature
from cgm_dash.credentials import new_secret

READING = ("GET", "HEAD", "OPTIONS")
FIELD = "token"
"""The field of a form that holds the token."""


def is_ours(asked: Request, https: bool) -> bool:
    """Return whether *asked* comes from a page of this server, or changes nothing.

    Sec-Fetch-Site counts where the browser sends it; else Origin must name this server. https: whether the request is
    known to have come encrypted; where it is not, a proxy that does not say so may have decrypted it.
    """
    if asked.method in READING:
        return True
    site = asked.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    scheme, _colon, host = asked.headers.get("Origin", "").partition("://")
    schemes = ("https",) if https else ("http", "https")
    return scheme in schemes and _bare(host, scheme) == _bare(asked.host, scheme)


def _bare(host: str, scheme: str) -> str:
    return host.lower().removesuffix(":443" if scheme == "https" else ":80")


def form_token() -> str:
    """Return the token that a form of the answer at hand must carry.

    It is bound to the session, before there is one to a cookie of its own, which `remember` sets.
    """
    bound = cookies.read(cookies.SESSION) or cookies.read(cookies.FORM) or g.get("form_cookie", "")
    if not bound:
        bound = g.form_cookie = new_secret()
    return token_of(bound)


def token_of(bound: str) -> str:
    """Return the token that goes with the value of a cookie."""
    return base64.urlsafe_b64encode(signature("form", bound)).rstrip(b"=").decode()


def has_token() -> bool:
    """Return whether the form that was sent carries the token of the cookie that came with it."""
    bound = cookies.read(cookies.SESSION) or cookies.read(cookies.FORM)
    given = request.form.get(FIELD, "")
    return bool(bound) and hmac.compare_digest(given.encode("utf-8", "replace"), token_of(bound).encode())


def remember(response: Response) -> Response:
    """Set the cookie that the token of a form in this answer is bound to."""
    if "form_cookie" in g:
        cookies.give(response, cookies.FORM, g.form_cookie)
    return response
