"""What a source of readings is to the pipeline."""

from collections.abc import Mapping
from typing import Any, Protocol

from cgm_dash.batch import Batch


class Source(Protocol):
    """One configured upstream. No I/O before the first fetch."""

    kind: str

    def fetch(self, now: float) -> Batch:
        """Return what the upstream offers at *now* (UTC epoch seconds): any order, duplicates allowed.

        A failure for one wearer is a notice. Raises SourceAuthError, SourceUnavailable or PayloadError, each with code
        and retry_at, and nothing else.
        """


class SourceState(Protocol):
    """What a source must not forget: token, region, version, latches. JSON values, kept encrypted."""

    def load(self) -> Mapping[str, Any]:
        """Return the state last saved, empty at first. Raises StoreUnavailable."""

    def save(self, state: Mapping[str, Any]) -> None:
        """Keep *state* in place of the old one. Raises StoreUnavailable."""
