"""A client that knows nothing of us works: pylibrelinkup as published, only its host replaced."""

from typing import Any

import pytest
from pylibrelinkup import PyLibreLinkUp
from pylibrelinkup.exceptions import AuthenticationError

from ingestion.simulator import DEMO_EMAIL, DEMO_PASSWORD


@pytest.fixture
def client(probe: Any) -> PyLibreLinkUp:
    client = PyLibreLinkUp(DEMO_EMAIL, DEMO_PASSWORD)
    client.api_url = probe.server.url
    return client


def test_independent_client_reads_everyone(probe: Any, client: PyLibreLinkUp) -> None:
    client.authenticate()
    world = probe.server.world
    for patient in client.get_patients():
        latest, graph = client.latest(patient), client.graph(patient)
        truth = world.latest(str(patient.patient_id))
        assert (latest.factory_timestamp.timestamp(), latest.value_in_mg_per_dl) == (truth.ts, truth.mg_dl)
        assert latest.trend == truth.trend
        assert [(p.factory_timestamp.timestamp(), p.value_in_mg_per_dl) for p in graph] == [
            (r.ts, r.mg_dl) for r in world.graph(str(patient.patient_id))
        ]


def test_independent_client_is_refused_with_a_wrong_password(client: PyLibreLinkUp) -> None:
    client.login_args.password = "wrong"
    with pytest.raises(AuthenticationError):
        client.authenticate()
