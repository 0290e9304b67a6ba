"""What happens on a click: wiring between what a person does, the services, and the layouts."""

from collections.abc import Mapping

from dash import Dash

from callbacks import frame
from callbacks.services import Services


def register_all(app: Dash, services: Services) -> Mapping[str, str]:
    """Register the callbacks of the frame and of every page on *app*.

    Returns the name of the page that each belongs to, by the callback's output as Dash names it, "" for the frame's.
    """
    frame.register(app, services)
    owners = dict.fromkeys(app.callback_map, "")
    for page in frame.MODULES:
        page.register(app, services)
        owners |= {output: frame.NAMES[page.PATH] for output in app.callback_map if output not in owners}
    return owners
