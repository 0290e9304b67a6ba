"""What programs can ask, told in OpenAPI 3.1 at /api/openapi.json: the answers are held to it by a test."""

from typing import Any

import orjson
from flask import Flask, Response

from cgm_dash import __version__

PATH = "/api/openapi.json"
JSON, TEXT, PDF = "application/json", "text/plain", "application/pdf"

NOW: dict[str, Any] = {
    "type": "object",
    "required": ["state", "mg_dl", "flag", "unit", "trend", "measured_at", "age_s", "person"],
    "additionalProperties": False,
    "properties": {
        "state": {"enum": ["fresh", "late", "stale", "none"]},
        "mg_dl": {"type": ["integer", "null"], "minimum": 20, "maximum": 600, "description": "null unless current"},
        "flag": {"enum": ["LO", "HI", None]},
        "unit": {"const": "mg/dL"},
        "trend": {"type": ["string", "null"]},
        "measured_at": {"type": ["string", "null"], "format": "date-time"},
        "age_s": {"type": ["integer", "null"], "description": "seconds since it was measured"},
        "person": {"type": ["string", "null"]},
        "note": {"type": "string", "description": "says that everything is invented, where it is"},
    },
}
ERROR = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}


def _parameter(name: str, schema: dict[str, Any], words: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": words}


PERSON = _parameter("person", {"type": "string", "maxLength": 20}, "the wearer's number; the first one without it")


def _answer(words: str, kind: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"description": words, "content": {kind: {"schema": schema} if schema else {}}}


def _operation(words: str, parameters: list[dict[str, Any]], answers: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {"get": {"summary": words, "parameters": parameters, "responses": answers}}


AWAY = _answer("the database does not answer", JSON, ERROR)
NOBODY = _answer("there is no such person, or not for you", JSON, ERROR)


def document() -> dict[str, Any]:
    """Return the whole description."""
    signed_in = {"401": _answer("nobody has signed in", TEXT), "403": _answer("not with this token", TEXT)}
    text = {"type": "string"}
    paths = {
        "/api/now": _operation(
            "The newest reading", [PERSON], {"200": _answer("what is true now", JSON, NOW), "404": NOBODY, "503": AWAY}
        ),
        "/report.pdf": _operation(
            "The glucose report",
            [
                PERSON,
                _parameter("range", text, "such as 14d or 2026-11-01..2026-11-14"),
                _parameter("paper", {"enum": ["a4", "letter"]}, "what it is laid out for"),
                _parameter("pages", text, "further pages: days, metrics"),
            ],
            {
                "200": _answer("the report", PDF),
                "400": _answer("what is wrong with the question", TEXT),
                "404": _answer("no such person", TEXT),
                "503": _answer("the database does not answer", TEXT),
            },
        ),
        "/metrics": _operation("How this installation does", [], {"200": _answer("Prometheus text", TEXT)}),
    }
    for operation in paths.values():
        operation["get"]["responses"] |= signed_in
    paths["/healthz"] = _operation("Whether it serves", [], {"200": _answer("ok", TEXT)})
    not_ready = _answer("one word for what is missing", TEXT)
    paths["/readyz"] = _operation("Whether it works", [], {"200": _answer("ready", TEXT), "503": not_ready})
    return {
        "openapi": "3.1.0",
        "info": {"title": "CGM Data Insights", "version": __version__},
        "security": [{"token": []}],
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "paths": paths,
    }


def register(server: Flask) -> None:
    """Register the address."""
    told = orjson.dumps(document())
    server.add_url_rule(PATH, "openapi", lambda: Response(told, mimetype=JSON))
