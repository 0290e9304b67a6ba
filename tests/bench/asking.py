"""Callbacks of a page asked as the browser asks, without a socket, over a database that is filled already."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dash import Dash
from werkzeug.test import TestResponse

from app import compose, create_app
from cgm_dash.settings import Settings
from layouts import ids
from tests.support.signed_in import let_in

ACCEPTED = "gzip, deflate, br, zstd"
"""What Chromium asks for: the time holds the compression too."""


class Asker:
    """One page's callbacks. path: the page's address."""

    def __init__(self, app: Dash, path: str) -> None:
        self._client = app.server.test_client()
        self._specs: list[dict[str, Any]] = list(self._client.get("/_dash-dependencies").json or ())
        self._path = path

    def ask(
        self, output: str, range_name: str, more: dict[str, Any] | None = None, accepted: str = ACCEPTED
    ) -> TestResponse:
        """Ask the callback that *output* belongs to. more: values of further controls, by `id.property`."""
        (spec,) = [s for s in self._specs if output in s["output"]]
        given: dict[str, Any] = {
            f"{ids.URL}.search": f"?range={range_name}",
            f"{ids.URL}.pathname": self._path,
            f"{ids.SHOWN}.data": self._path,
            f"{ids.UNIT_SELECT}.value": "mg/dL",
            f"{ids.VIEWER}.data": {"theme": "light", "phone": False},
            **(more or {}),
        }

        def part(entry: dict[str, str]) -> dict[str, Any]:
            return {**entry, "value": given.get(f"{entry['id']}.{entry['property']}")}

        outputs = [o.rsplit(".", 1) for o in spec["output"].strip(".").split("...")]
        body = {
            "output": spec["output"],
            "outputs": [{"id": i, "property": p} for i, p in outputs],
            "inputs": [part(e) for e in spec["inputs"]],
            "state": [part(e) for e in spec["state"]],
            "changedPropIds": [f"{ids.URL}.search"],
        }
        answer: TestResponse = self._client.post(
            "/_dash-update-component",
            data=json.dumps(body),
            content_type="application/json",
            headers={"Accept-Encoding": accepted},
        )
        if answer.status_code != 200:
            raise AssertionError(answer.get_data(as_text=True)[:500])
        return answer


@contextmanager
def asked(folder: Path, now: float, path: str) -> Iterator[Asker]:
    """Give the page at *path* over the database in *folder*; its clock stands still, so that nothing depends on it."""
    with tempfile.TemporaryDirectory(prefix="cgm-keys-") as keys:
        settings = {
            "CGM_DASH_DATA_DIR": keys,
            "CGM_DASH_DATABASE_URL": f"sqlite:///{folder / 'cgm_dash.sqlite3'}",
            "CGM_DASH_LLU_EMAIL": "f@example.org",
            "CGM_DASH_LLU_PASSWORD": "invented",
            "CGM_DASH_LLU_URL": "http://127.0.0.1:9",
        }
        services = compose(Settings.from_env(settings), lambda: now).services
        services.ready()
        try:
            yield Asker(let_in(create_app(services), services), path)
        finally:
            services.store.close()
