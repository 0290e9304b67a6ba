"""What tests of the client share: a clock that stands, a state in memory, a client of a simulated service."""

import copy
from collections.abc import Mapping
from typing import Any

import requests

from cgm_dash import gate
from cgm_dash.batch import Batch
from cgm_dash.errors import StoreUnavailable
from ingestion.librelinkup import LibreLinkUp
from ingestion.simulator import DEMO_EMAIL, DEMO_PASSWORD, SimulatorServer

NOON = 1_795_338_860.0
"""2026-11-22 09:14:20 UTC."""

Rows = dict[tuple[str, int, int], tuple[int, int]]
"""(patientId, kind, ts) to (mg/dL, flag)."""


class Clock:
    """Virtual time, epoch seconds UTC."""

    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> float:
        self.now += seconds
        return self.now


class KeptState:
    """A SourceState that keeps its values in memory; `away` makes it fail as a database that is gone."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.saves = 0
        self.away = False

    def load(self) -> Mapping[str, Any]:
        if self.away:
            raise StoreUnavailable("away")
        return copy.deepcopy(self.values)

    def save(self, state: Mapping[str, Any]) -> None:
        if self.away:
            raise StoreUnavailable("away")
        self.values, self.saves = copy.deepcopy(dict(state)), self.saves + 1


def client_of(server: SimulatorServer, clock: Clock, state: KeptState, **options: Any) -> LibreLinkUp:
    """Return a client of *server*; *options* override the account's settings."""
    settings: dict[str, Any] = {
        "email": DEMO_EMAIL,
        "password": DEMO_PASSWORD,
        "url": server.url_with_regions,
        "deadline_s": 2.0,
    } | options
    return LibreLinkUp(requests.Session(), clock, state, **settings)


def rows_of(batch: Batch, now: float) -> Rows:
    """Return what the gate lets through of *batch*."""
    rows: Rows = {}
    for portion in batch.portions:
        sifted = gate.sift(portion.columns, now).accepted
        for i in range(len(sifted)):
            key = (portion.wearer.external_id, int(sifted.kind[i]), int(sifted.ts[i]))
            rows.setdefault(key, (int(sifted.mg_dl[i]), int(sifted.flag[i])))
    return rows
