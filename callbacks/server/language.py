"""Which language a request is answered in: the one the viewer chose, else the first of the browser's that is known."""

from contextlib import ExitStack

from flask import Flask, Request, Response, g, request

from cgm_dash.i18n import LANGUAGES, SOURCE, language, speaking

COOKIE = "cgm_lang"
"""Holds a code of i18n.LANGUAGES; the browser sets it, as it does the unit's."""

WORDED = ("/_dash-layout", "/_dash-update-component")
"""Besides whole documents, these answers hold words for readers."""


def register(server: Flask) -> None:
    """Put the viewer's language in force for the length of each request. Goes before every other hook."""

    @server.before_request
    def begin() -> None:
        g.language = ExitStack()
        g.language.enter_context(speaking(language_of(request)))

    # A thread serves one request after the other: what is not taken back would be the next viewer's language.
    @server.teardown_request
    def end(_error: BaseException | None) -> None:
        begun = g.pop("language", None)
        if begun is not None:
            begun.close()

    @server.after_request
    def tell(response: Response) -> Response:
        if response.mimetype == "text/html" or request.path in WORDED:
            response.headers["Content-Language"] = language()
            response.vary.update(("Cookie", "Accept-Language"))
        return response


def language_of(asked: Request) -> str:
    """Return the code of the language to answer in: by the cookie, else by Accept-Language, else English.

    Whatever is not a language of ours is passed over; de-AT is German.
    """
    chosen = asked.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    return asked.accept_languages.best_match(list(LANGUAGES), SOURCE)
