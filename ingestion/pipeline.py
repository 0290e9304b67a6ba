"""The way every reading takes: fetched, sifted, stored, recorded. A failure of the source is an outcome; one of the
database sends what was fetched into the spool."""

import dataclasses
import logging
import os
import time
from collections.abc import Callable

from cgm_dash.batch import Batch
from cgm_dash.errors import SourceError
from ingestion.keeper import Keeper
from ingestion.outcome import Outcome
from ingestion.source import Source

log = logging.getLogger(__name__)


class Pipeline:
    """One upstream's way into the store. now: the pipeline's clock, UTC epoch seconds."""

    def __init__(
        self,
        *,
        source: Source,
        keeper: Keeper,
        upstream_id: int,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._keeper = keeper
        self._upstream_id = upstream_id
        self._now = now
        self._monotonic = monotonic

    def run(self) -> Outcome:
        """Do one ingestion run and return what it came to; it is recorded as far as the database answers."""
        began, at = self._monotonic(), self._now()
        self._replay()
        try:
            batch = self._source.fetch(at)
        except SourceError as error:
            outcome = Outcome.failed(self._source.kind, at, error)
        else:
            outcome = self._keeper.keep_or_spool(batch, at, self._upstream_id)
        outcome = dataclasses.replace(outcome, seconds=self._monotonic() - began)
        self._keeper.record(outcome, self._upstream_id)
        return outcome

    def keep(self, batch: Batch, at: float) -> Outcome:
        """Store *batch*, fetched at *at* (UTC epoch seconds), and return what became of it; raises as Keeper.keep."""
        return self._keeper.keep(batch, at, self._upstream_id)

    def _replay(self) -> None:
        try:
            self._keeper.replay()
        except Exception:
            # A border: what waits in a file must never keep new readings from being fetched.
            log.exception("ingest pid=%d spool=defect", os.getpid())
