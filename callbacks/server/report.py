"""The glucose report as a file: `/report.pdf`, made at once from what the address asks for."""

import re
from datetime import date

from flask import Flask, Response, request

from callbacks.report_view import Order, gather
from callbacks.services import NoSuchPerson, Services
from cgm_dash.access import Action
from cgm_dash.errors import StoreError, UsageError
from cgm_dash.i18n import _
from cgm_dash.units import Unit
from cgm_dash.window import DAYS, Window, dated, named
from cgm_dash.zones import local_date
from layouts.controls import date_fault
from layouts.sheet.pdf import render
from layouts.sheet.view import Extra, Paper
from sql.people import Person

PATH = "/report.pdf"
STANDARD = "14d"
LONGEST_ARGUMENT = 60
OLDEST_S = 86_400
"""A page that was open for longer than a day shows a new report first."""
AHEAD_S = 300


def register(server: Flask, services: Services) -> None:
    """Register /report.pdf."""

    def report_pdf() -> Response:
        try:
            return _file(services)
        except UsageError as exc:
            return _sentence(str(exc), 400)
        except NoSuchPerson:
            return _sentence(_("There is no such person here."), 404)
        except StoreError:
            return _sentence(_("The database does not answer. Try again in a minute."), 503)

    server.add_url_rule(PATH, "report_pdf", report_pdf)


def _file(services: Services) -> Response:
    unit, paper, extras, at = _unit(services), _paper(), _extras(), _at(services.now())
    if not re.fullmatch(r"[0-9]{0,9}", _argument("person")):
        raise UsageError(_("person: expected the number of a person, as the page's own link has it."))
    services.ready()
    people = services.people()
    asked = _argument("person") or (str(people[0].id) if people else "")
    person = services.access(asked) if asked else None
    window = _window(services, person, at)
    services.note(Action.REPORT_EXPORTED, f"person {person.id}" if person else "")
    view = gather(services, person, Order(window, unit, paper, extras), at)
    name = f"glucose-report-{view.first}-to-{view.last}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(render(view), mimetype="application/pdf", headers=headers)


def _argument(name: str) -> str:
    value = request.args.get(name, "")
    if len(value) > LONGEST_ARGUMENT:
        raise UsageError(_("{name}: too long.").format(name=name))
    return value


def _unit(services: Services) -> Unit:
    asked = _argument("unit") or services.settings.unit.value
    if asked not in (unit.value for unit in Unit):
        raise UsageError(_("unit: expected mg/dL or mmol/L."))
    return Unit(asked)


def _paper() -> Paper:
    asked = _argument("paper") or Paper.A4.value
    if asked not in (paper.value for paper in Paper):
        raise UsageError(_("paper: expected a4 or letter."))
    return Paper(asked)


def _extras() -> frozenset[Extra]:
    asked = _argument("pages")
    names = asked.split(",") if asked else []
    if not {*names} <= {extra.value for extra in Extra}:
        raise UsageError(_("pages: expected days, metrics, or both with a comma between."))
    return frozenset(Extra(name) for name in names)


def _at(now: float) -> float:
    """Return the moment the report is of: the one of the page that links here, else now."""
    asked = _argument("at")
    if not asked:
        return now
    if not re.fullmatch(r"[0-9]{1,11}", asked) or not now - OLDEST_S <= int(asked) <= now + AHEAD_S:
        raise UsageError(_("at: expected a moment of the last 24 hours, in seconds since 1970; leave it out for now."))
    return min(float(asked), now)


def _window(services: Services, person: Person | None, at: float) -> Window:
    """Return the days asked for; a range in hours is none of a report's."""
    asked, zone = _argument("range") or STANDARD, services.zone(person)
    if asked in DAYS:
        return named(asked, at, zone)
    dates = _dates(asked)
    if dates is None:
        words = _("range: expected one of {names}, or dates like 2026-11-01..2026-11-14.")
        raise UsageError(words.format(names=", ".join(DAYS)))
    fault = date_fault(*dates, local_date(zone, at))
    if fault:
        raise UsageError(fault)
    return dated(*dates, at, zone)


def _dates(asked: str) -> tuple[date, date] | None:
    found = re.fullmatch(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.\.([0-9]{4}-[0-9]{2}-[0-9]{2})", asked)
    if found is None:
        return None
    try:
        return date.fromisoformat(found[1]), date.fromisoformat(found[2])
    except ValueError:
        return None


def _sentence(words: str, status: int) -> Response:
    return Response(f"{words}\n", status, mimetype="text/plain")
