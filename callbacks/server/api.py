"""Small addresses for programs: whether the server serves, whether it is ready, what is true now."""

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import orjson
from flask import Flask, Response, request

from callbacks.services import NoSuchPerson, Services
from cgm_dash.batch import NO_OFFSET
from cgm_dash.current import Current, current
from cgm_dash.errors import StoreDamaged, StoreError, StoreUnavailable
from cgm_dash.units import Unit
from sql.people import Person


def register(server: Flask, services: Services) -> None:
    """Register /healthz, /readyz and /api/now."""

    def healthz() -> Response:
        return Response("ok", mimetype="text/plain")

    def readyz() -> Response:
        word = _unready(services)
        return Response(word or "ready", 503 if word else 200, mimetype="text/plain")

    def api_now() -> Response:
        return _answer(services)

    server.add_url_rule("/healthz", "healthz", healthz)
    server.add_url_rule("/readyz", "readyz", readyz)
    server.add_url_rule("/api/now", "api_now", api_now)


def _unready(services: Services) -> str:
    """Return one word for why this server is not ready, "" when it is."""
    try:
        services.ready()
        services.store.ping()
    except StoreDamaged:
        return "damaged"
    except StoreUnavailable:
        return "database"
    except StoreError:
        return "schema"
    return "" if services.led() else "ingestion"


def _answer(services: Services) -> Response:
    """Return what is true now of the person asked for, or of the first one."""
    asked = request.args.get("person", "")
    try:
        services.ready()
        people = services.people()
        person = services.access(asked or str(people[0].id)) if people or asked else None
        document = _now(services, person)
    except NoSuchPerson as exc:
        return _json({"error": str(exc)}, 404)
    except StoreError:
        return _json({"error": "the database does not answer; try again in a minute"}, 503)
    return _json(document, 200)


def _now(services: Services, person: Person | None) -> dict[str, object]:
    now = services.now()
    newest = current(services.recent(person, now), now, 60 * services.settings.stale_minutes)
    return {
        "state": newest.state.value,
        "mg_dl": newest.mg_dl if newest.is_current else None,
        "flag": newest.flag.name if newest.is_current and newest.flag else None,
        "unit": Unit.MG_DL.value,
        "trend": newest.trend.name.lower() if newest.trend else None,
        "measured_at": _iso(newest, services.zone(person)),
        "age_s": None if newest.age_s is None else int(newest.age_s),
        "person": person.name if person else None,
        **({"note": "Demo: invented data"} if services.demo else {}),
    }


def _iso(newest: Current, zone: ZoneInfo) -> str | None:
    """Return when *newest* was measured, ISO 8601 with the wearer's offset then: the reading's own where it has one."""
    if newest.measured_at is None:
        return None
    if newest.offset_min in (None, NO_OFFSET):
        return datetime.fromtimestamp(newest.measured_at, zone).isoformat()
    own = timezone(timedelta(minutes=newest.offset_min or 0))
    return datetime.fromtimestamp(newest.measured_at, own).isoformat()


def _json(document: object, status: int) -> Response:
    return Response(orjson.dumps(document), status, mimetype="application/json")
