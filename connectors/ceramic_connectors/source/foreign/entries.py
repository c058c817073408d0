"""Events of others as entries of a feed, as a node of ours would have them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from ceramic_connectors.source.entries import unloadable
from ceramic_connectors.source.foreign.client import Row
from ceramic_connectors.source.foreign.inspecting import KINDS, Found
from ceramic_connectors.source.foreign.judging import Judge
from ceramic_connectors.source.foreign.streams import Known, Streams
from ceramic_connectors.source.node_origin import Wanted
from ceramic_protocol.cid import Cid
from ceramic_protocol.ids import UNLOADABLE, StreamId

_NO_CAR = "m"


class Batch(NamedTuple):
    """What the entries of a page have in common.

    Attributes:
        position: the position of all of them, as there are none between.
        resume: what to go on with behind all of them.
        received: unix milliseconds at which they came.
    """

    position: int
    resume: str
    received: int


@dataclass(frozen=True, slots=True)
class EntryMaker:
    """Makes entries.

    Attributes:
        streams: what is known of streams.
        judge: says what events are worth.
        wanted: which streams are read; a ceramic-one itself gives all of them.
    """

    streams: Streams
    judge: Judge
    wanted: Wanted

    def entries(
        self, rows: Sequence[Row], events: Sequence[Found], batch: Batch
    ) -> Iterator[Mapping[str, Any]]:
        """The entries of a page, as `FeedEvent` (docs/node-api.md).

        Args:
            rows: what the node has told.
            events: what was found in it.
            batch: what they have in common.

        Raises:
            CeramicError: the node can't be asked for what is missing.
        """
        for row, event in zip(rows, self.streams.learn(events), strict=True):
            known = None if event.stream is None else self.streams.of(event.stream)
            if self._is_wanted(known):
                yield self._entry(row, event, known, batch)

    def _entry(self, row: Row, event: Found, known: Known | None, batch: Batch) -> dict[str, Any]:
        began = None if known is None else known.began
        payload = event.payload
        return {
            "position": batch.position,
            "resume": batch.resume,
            "received": batch.received,
            "cid": event.cid,
            "kind": None if event.kind is None else KINDS[event.kind],
            "stream_id": _unloadable(event) if began is None else began.stream_id,
            "model": None if began is None else began.model,
            "controller": None if began is None else began.controller,
            "prev": event.prev,
            "signer": event.signer,
            "capability": event.capability,
            "timestamp": event.timestamp,
            "chain_id": event.chain_id,
            "check": self.judge.check(event, known),
            "judged": None,
            "payload": None if payload is None else orjson.Fragment(payload),
            "car": event.car or row.data or _NO_CAR,
        }

    def _is_wanted(self, known: Known | None) -> bool:
        """Whether somebody asked for a stream; what can't be told isn't left out."""
        if known is None:
            return True
        wanted, began = self.wanted, known.began
        return (
            (not wanted.models or began.model in wanted.models)
            and (not wanted.streams or began.stream_id in wanted.streams)
            and (not wanted.controllers or began.controller in wanted.controllers)
        )


def _unloadable(event: Found) -> str:
    """A StreamID for what belongs to no stream that is known; the same for all that name one."""
    if event.stream is not None:
        return str(StreamId.of(UNLOADABLE, Cid(event.stream)))
    return unloadable(event.cid)
