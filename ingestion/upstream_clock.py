"""What time the upstream has: asked once, without an account, only where a person wants to know."""

from email.utils import parsedate_to_datetime

import requests

from cgm_dash.settings import Settings
from ingestion.regions import base_url

ASK_S = 10


def upstream_time(settings: Settings) -> float | None:
    """Return the time in the Date header of the service's answer, UTC epoch seconds; None where none was had."""
    url = base_url(None, settings.llu_url)
    try:
        with requests.get(url, timeout=ASK_S, allow_redirects=False, stream=True) as answer:
            return parsedate_to_datetime(answer.headers["Date"]).timestamp()
    except (requests.RequestException, KeyError, ValueError):
        return None
