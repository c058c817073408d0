"""The registry of stream types: what a type is called, and which rules its states follow.

These rules are part of the protocol: an event that breaks them is invalid. What events mean beyond that is
left to applications, whose own `reducers` never change a verdict or a tip.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ceramic_protocol.events import InitHeader
from ceramic_protocol.ids import CAIP10_LINK, MODEL, MODEL_INSTANCE, TILE, TYPE_NAMES, UNLOADABLE
from ceramic_protocol.models.context import Context
from ceramic_protocol.state_rules import DocumentRules, ModelRules, StateRules


@dataclass(frozen=True, slots=True)
class StreamType:
    """A type of stream. Without `rules` its events are verified and resolved, and come out as they are."""

    number: int
    name: str
    rules: Callable[[InitHeader, Context], StateRules] | None = None


STREAM_TYPES: Final = {
    number: StreamType(number, TYPE_NAMES[number], rules)
    for number, rules in (
        (TILE, None),
        (CAIP10_LINK, None),
        (MODEL, ModelRules),
        (MODEL_INSTANCE, DocumentRules),
        (UNLOADABLE, None),
    )
}


def stream_type(number: int) -> StreamType:
    """The type with that number; an unknown one has no rules."""
    return STREAM_TYPES.get(number) or StreamType(number, str(number))
