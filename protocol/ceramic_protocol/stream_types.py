"""The registry of stream types: what a type is called, and how its events fold into a state.

The fold of a type is part of the protocol: an event to which it does not apply is invalid. What events mean
beyond that is left to applications, whose own `reducers` never change a verdict or a tip.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.documents import DocumentState, init_state, next_state
from ceramic_protocol.events import InitHeader
from ceramic_protocol.ids import CAIP10_LINK, MODEL, MODEL_INSTANCE, TILE, TYPE_NAMES, UNLOADABLE


@dataclass(frozen=True, slots=True)
class Fold:
    """State after the init event, and after a data event; both raise `DecodeError` for an invalid event."""

    init: Callable[[InitHeader, IpldValue], DocumentState]
    step: Callable[[DocumentState, Mapping[str, IpldValue], IpldValue], DocumentState]


@dataclass(frozen=True, slots=True)
class StreamType:
    """A type of stream. Without `fold` its events are verified and resolved, and come out as they are."""

    number: int
    name: str
    fold: Fold | None = None


DOCUMENT_FOLD: Final = Fold(init_state, next_state)
"""JSON patches of a document."""

STREAM_TYPES: Final = {
    number: StreamType(number, TYPE_NAMES[number], fold)
    for number, fold in (
        (TILE, None),
        (CAIP10_LINK, None),
        (MODEL, DOCUMENT_FOLD),
        (MODEL_INSTANCE, DOCUMENT_FOLD),
        (UNLOADABLE, None),
    )
}


def stream_type(number: int) -> StreamType:
    """The type with that number; an unknown one has no fold."""
    return STREAM_TYPES.get(number) or StreamType(number, str(number))
