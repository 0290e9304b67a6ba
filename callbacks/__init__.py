"""What happens on a click: wiring between what a person does, the services, and the layouts."""

from dash import Dash

from callbacks import frame
from callbacks.services import Services


def register_all(app: Dash, services: Services) -> None:
    """Register the callbacks of the frame and of every page on *app*."""
    frame.register(app, services)
    for page in frame.MODULES:
        page.register(app, services)
