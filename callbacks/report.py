"""The wiring of the page Report."""

from collections.abc import Collection
from urllib.parse import urlencode

from dash import Dash, Input

from callbacks.pages import Pieces, keep_fresh
from callbacks.report_view import Order, gather
from callbacks.services import Services
from callbacks.visit import Ranges, Visit
from cgm_dash.window import DATES
from layouts import ids
from layouts import report as layout
from layouts.sheet.view import Extra, Paper, ReportView
from layouts.views import Content

PATH = "/report"
PDF_PATH = "/report.pdf"
RANGES = Ranges(("14d", "30d", "90d"), "14d")
NEWS_S = 900
"""The sheet is made anew so often: each minute would take it from under the reader's eyes."""

AREAS = ((ids.REPORT_SHEETS, "children"), (ids.REPORT_PDF, "href"))


def content(services: Services, visit: Visit) -> Content:
    """Return the whole page as *visit* asks for it. Raises StoreError."""
    view = _view(services, visit, Paper.A4, frozenset())
    chosen = visit.chosen(RANGES).view
    return layout.page(view, chosen, RANGES.default, pdf_address(view, visit.person_id), _key(visit, None, None))


def register(app: Dash, services: Services) -> None:
    """Register the page's callbacks on *app*."""

    def draw(visit: Visit, paper: object, extras: object, painted: object) -> Pieces:
        key = _key(visit, paper, extras)
        if key == painted:
            return None, key
        view = _view(services, visit, _paper(paper), _extras(extras))
        return (layout.sheets(view), pdf_address(view, visit.person_id)), key

    own = [Input(ids.REPORT_PAPER, "value"), Input(ids.REPORT_EXTRAS, "value")]
    keep_fresh(app, services, PATH, AREAS, ids.REPORT_PAINTED, draw, own)


def pdf_address(view: ReportView, person_id: str) -> str:
    """Return where the PDF of the same report is: of the same moment too, so that it shows the same figures."""
    dates = f"{view.first}..{view.last}"
    fields = {
        "person": person_id,
        "range": dates if view.window.name == DATES else view.window.name,
        "paper": view.paper.value,
        "pages": ",".join(sorted(view.extras)),
        "unit": view.unit.value,
        "at": str(int(view.now)),
    }
    return f"{PDF_PATH}?{urlencode({name: value for name, value in fields.items() if value}, safe=',/')}"


def _view(services: Services, visit: Visit, paper: Paper, extras: frozenset[Extra]) -> ReportView:
    order = Order(visit.chosen(RANGES).window, visit.viewer.unit, paper, extras)
    return gather(services, visit.person, order, visit.now)


def _key(visit: Visit, paper: object, extras: object) -> str:
    return f"{visit.key(NEWS_S)}|{_paper(paper)}|{sorted(_extras(extras))}"


def _paper(told: object) -> Paper:
    """Return the paper the browser names, A4 for anything odd."""
    return Paper.LETTER if told == Paper.LETTER else Paper.A4


def _extras(told: object) -> frozenset[Extra]:
    """Return the further pages the browser names; what is none of them is passed over."""
    named = told if isinstance(told, Collection) else ()
    return frozenset(extra for extra in Extra if extra in named)
