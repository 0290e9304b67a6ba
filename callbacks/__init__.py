"""What happens on a click: wiring between what a person does, the services, and the layouts."""

from dash import Dash

from callbacks import now
from callbacks.services import Services


def register_all(app: Dash, services: Services) -> None:
    """Register every page's callbacks on *app*."""
    now.register(app, services)
