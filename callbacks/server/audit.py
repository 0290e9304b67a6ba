"""/audit: what was done, by whom and from where, for owners. It holds no value and no secret."""

from urllib.parse import urlencode

from flask import Flask, Response, request

from callbacks.server.signed_in import guarded, page, zone
from callbacks.services import Services
from cgm_dash.access import Action, Right
from cgm_dash.i18n import _
from layouts import access_words, text

PATH = "/audit"
A_PAGE = 100


def register(server: Flask, services: Services) -> None:
    """Register the page."""
    server.add_url_rule(PATH, "audit", guarded(services, lambda: _audit(services), Right.MANAGE))


def _audit(services: Services) -> Response:
    action, before = _action(), _before()
    # One more than is shown, to know whether there are older ones.
    found = services.store.audit.newest(A_PAGE + 1, before, action)
    shown, there, now = found[:A_PAGE], zone(services), services.now()
    entries = [
        {
            "when": text.moment_to_the_second(entry.at, there, now),
            "who": access_words.who(entry.who),
            "what": access_words.action(entry.action),
            "about": entry.about,
            "address": entry.address,
        }
        for entry in shown
    ]
    return page(
        services,
        "audit.html",
        entries=entries,
        zone=there.key,
        action=action.value if action else "",
        actions=[("", _("Everything")), *((one.value, access_words.action(one.value)) for one in Action)],
        newest=_address(action, None) if before is not None else "",
        older=_address(action, shown[-1].id) if len(found) > A_PAGE else "",
    )


def _action() -> Action | None:
    asked = request.args.get("action", "")
    return Action(asked) if asked in {action.value for action in Action} else None


def _before() -> int | None:
    asked = request.args.get("before", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 16 else None


def _address(action: Action | None, before: int | None) -> str:
    asked = {"action": action.value if action else None, "before": before}
    query = urlencode({name: value for name, value in asked.items() if value is not None})
    return f"{PATH}?{query}" if query else PATH
