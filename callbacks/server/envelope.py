"""What a request to a callback must look like before Dash sees it: everything in it may come from a stranger.

A callback belongs to a page, and whoever may not open the page may not ask it.

Dash answers junk with a traceback. The values themselves are judged by the callbacks; here it is only the form.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from dash import Dash
from flask import Flask, Response, abort, request

from callbacks.services import NotAllowed, Services

log = logging.getLogger(__name__)

PATH = "/_dash-update-component"


def register(app: Dash, services: Services, owners: Mapping[str, str]) -> None:
    """Refuse a malformed callback request with 400, one that is no JSON with 415, one of a page not open to the caller
    with 403. owners: the name of the page that each output's callback belongs to, "" for those of every page."""

    server: Flask = app.server

    @server.before_request
    def check_envelope() -> None:
        if request.path != PATH or request.method != "POST":
            return
        if not request.is_json:
            abort(Response("a callback takes JSON\n", 415))
        body = _body()
        fault = fault_of(body, app.callback_map)
        if fault or not isinstance(body, dict):
            log.warning("request body=refused reason=%s", fault)
            abort(Response(f"{fault}\n", 400))
        page = owners[body["output"]]
        if page and not services.caller().may_open(page):
            raise NotAllowed("a callback of a page that is not open to the caller")


def _body() -> object:
    """Return what the request brought, None for what is no JSON, or is nested without end."""
    try:
        return json.loads(request.get_data(cache=True))
    except (ValueError, RecursionError):
        return None


def fault_of(body: object, known: Mapping[str, Any]) -> str:
    """Return what is wrong with the form of a callback request, "" for nothing. known: Dash's callbacks by output."""
    if not isinstance(body, dict):
        return "a callback request is a JSON object"
    output = body.get("output")
    # What the browser itself does is known by its output too, but nothing here answers for it.
    if not isinstance(output, str) or "callback" not in known.get(output, ()):
        return "there is no such output"
    spec = known[output]
    for part, wanted in (("inputs", spec["inputs"]), ("state", spec["state"])):
        if _ids(body.get(part, [])) != [(entry["id"], entry["property"]) for entry in wanted]:
            return f"the callback has other {part}"
    named = body.get("outputs")
    if named is None or _ids(named if isinstance(named, list) else [named]) != _named(output):
        return "the callback has other outputs"
    changed = body.get("changedPropIds", [])
    if not isinstance(changed, list) or not all(isinstance(name, str) for name in changed):
        return "changedPropIds is a list of names"
    return "" if _is_text(body) else "there is half a character in it"


def _is_text(body: object) -> bool:
    """Return whether every text in *body* can be sent back: JSON may name halves of characters, UTF-8 has none."""
    try:
        json.dumps(body, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):
        return False
    return True


def _ids(entries: object) -> list[tuple[object, object]] | None:
    """Return id and property of each entry, None where that is no list of such entries."""
    if not isinstance(entries, Sequence) or not all(isinstance(entry, dict) for entry in entries):
        return None
    return [(entry.get("id"), entry.get("property")) for entry in entries]


def _named(output: str) -> list[tuple[object, object]]:
    """Return id and property of each output in Dash's name of a callback: `id.prop` or `..id.prop...id.prop..`."""
    names = output[2:-2].split("...") if output.startswith("..") else [output]
    return [tuple(name.rsplit(".", 1)) for name in names]  # type: ignore[misc]
