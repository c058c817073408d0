"""What is known of models by the verdicts on their init events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from ceramic_node.states.records import EventRow, StreamRow
from ceramic_protocol.caches import BoundedCache
from ceramic_protocol.cid import Cid
from ceramic_protocol.collect_models import content_of
from ceramic_protocol.errors import StoreCorruption
from ceramic_protocol.ids import MODEL, StreamId
from ceramic_protocol.limits import MAX_KNOWN_MODELS
from ceramic_protocol.models.definition import ModelDefinition, parse_model
from ceramic_protocol.reasons import Finding, Outcome, Reason
from ceramic_protocol.store_port import EventReader

Status: TypeAlias = ModelDefinition | Finding
Verdict: TypeAlias = tuple[Reason | None, str | None]
"""Reason and detail of an init event, on which alone the status of its model hangs."""


def verdict_on(init: EventRow) -> Verdict:
    """The part of a row that says what a model is worth."""
    return init.reason, init.detail


class KnownModels:
    """Definitions of models, or what is wrong with them, see `collect_models`."""

    def __init__(self, events: EventReader) -> None:
        self._events: Final = events
        # Keyed by the verdict too, so that nothing has to be forgotten when it changes.
        self._cache: Final[BoundedCache[tuple[StreamId, Verdict], Status]] = BoundedCache(MAX_KNOWN_MODELS)

    def status(
        self,
        model: StreamId,
        rows: Callable[[Mapping[Cid, Cid]], dict[Cid, EventRow]],
        stream: Callable[[Cid], StreamRow | None],
    ) -> Status | None:
        """What is known of a model; None if it hasn't been judged, or is none.

        Args:
            model: its StreamID.
            rows: reads verdicts on events, each by its stream.
            stream: reads streams.
        """
        init = rows({model.cid: model.cid}).get(model.cid) if model.stream_type == MODEL else None
        if init is None:
            return None
        key = model, verdict_on(init)
        found = self._cache.get(key)
        if found is None:
            row = stream(model.cid)
            if row is None or row.dimensions is None or row.dimensions.stream_type != MODEL:
                return None
            found = self._make(init)
            self._cache.put(key, found)
        return found

    def _make(self, init: EventRow) -> Status:
        if init.reason is not None:
            is_certain = init.outcome is Outcome.REJECTED
            reason = Reason.MODEL_INVALID if is_certain else Reason.MODEL_MISSING
            return Finding(reason, f"{init.reason.value}: {init.detail}")
        stored = self._events.event(init.cid)
        if stored is None:
            raise StoreCorruption(f"the init event of model {init.cid} was judged and isn't there")
        return parse_model(content_of(stored.checked.payload))
