"""Who is to be judged again, and in what order: the same for every store of states."""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

from ceramic_node.states.records import Awaited
from ceramic_protocol.cid import Cid
from ceramic_protocol.ids import StreamId

SLICE: Final = 64
"""Streams that are taken of those that one event has woken, before another event's have their turn."""


class Wave(NamedTuple):
    """Streams that an event or a change of a model has woken, as far as they haven't been taken.

    First come those noted for the target up to number `last_need`; then, if a model is named, its documents
    in the store's own order, behind `after` and up to `last`.
    """

    target: Cid
    last_need: int
    model: StreamId | None = None
    after: int = 0
    last: int = 0


class Waves(Protocol):
    """What taking asks of a store."""

    def next_wave(self) -> Wave | None:
        """Take out the wave whose turn it is."""
        ...

    def put_back(self, wave: Wave) -> None:
        """Let the rest of a wave be the last one to have its turn."""
        ...

    def take_needs(self, wave: Wave, limit: int) -> list[Cid]:
        """Take streams that are noted for the target, so that they no longer are."""
        ...

    def documents(self, wave: Wave, limit: int) -> tuple[list[Cid], int]:
        """Documents of the model behind `after`, and what `after` is behind them."""
        ...


def take(waves: Waves, limit: int) -> list[Awaited]:
    """Take streams from waves in turn, at most `limit`."""
    found: dict[Cid, set[Cid]] = {}
    while len(found) < limit and (wave := waves.next_wave()) is not None:
        room = min(SLICE, limit - len(found))
        streams = waves.take_needs(wave, room)
        more: list[Cid] = []
        if len(streams) < room and wave.model is not None:
            more, after = waves.documents(wave, room - len(streams))
            wave = wave._replace(after=after)
        if len(streams) + len(more) == room:
            waves.put_back(wave)
        for stream in (*streams, *more):
            found.setdefault(stream, set()).add(wave.target)
    return [Awaited(stream, frozenset(targets)) for stream, targets in found.items()]
