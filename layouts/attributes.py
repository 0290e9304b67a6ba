"""HTML attributes with a hyphen, which Python cannot write as arguments."""

from typing import Any


def hyphened(**values: str) -> dict[str, Any]:
    """Return *values* as attributes: data_state="fresh" becomes data-state="fresh".

    >>> hyphened(aria_hidden="true")
    {'aria-hidden': 'true'}
    """
    return {name.replace("_", "-"): value for name, value in values.items()}
