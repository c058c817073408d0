"""A stream as it is at one of its events: what reading and writing answer with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ceramic_protocol.cid import Cid
from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.errors import StoreCorruption
from ceramic_protocol.history import Judged, StreamHistory
from ceramic_protocol.ids import CommitId, StreamId


@dataclass(frozen=True, slots=True)
class StateAt:
    """The state of a stream after an event, which is the tip unless another one was asked for.

    `version` is that of the stream in the store, and `history` all that followed from its events then.
    """

    at: Judged = field(repr=False)
    version: int
    history: StreamHistory = field(repr=False)

    @property
    def stream_id(self) -> StreamId:
        """The stream."""
        return self.history.stream_id

    @property
    def event(self) -> Cid:
        """The event: to be given as `expected_tip` by whoever writes on from this state."""
        return self.at.event.cid

    @property
    def commit_id(self) -> CommitId:
        """Stream and event."""
        return CommitId.of(self.stream_id, self.event)

    @property
    def is_tip(self) -> bool:
        """Whether the event is the canonical tip."""
        return self.event == self.history.tip

    @property
    def log(self) -> tuple[Cid, ...]:
        """The canonical log of the stream, which need not go through the event if that is not the tip."""
        return self.history.log

    @property
    def controller(self) -> str:
        """The account that the stream belongs to."""
        return "" if self.history.header is None else self.history.header.controller

    @property
    def model(self) -> StreamId | None:
        """The model in the init header."""
        return None if self.history.header is None else self.history.header.model

    @property
    def content(self) -> IpldValue:
        """The content, which may be None; None too for types of streams that have no rules for states."""
        return None if self.at.state is None else self.at.state.content

    @property
    def metadata(self) -> Mapping[str, IpldValue]:
        """`shouldIndex` and what else stands beside the content."""
        return {} if self.at.state is None else self.at.state.metadata

    @property
    def anchored_at(self) -> int | None:
        """Unix second before which the event was there, as an anchor proves; None without such a proof."""
        return self.history.anchored.get(self.event)


def state_at_tip(history: StreamHistory, version: int) -> StateAt | None:
    """The state at the canonical tip; None without a valid init event."""
    return None if history.tip is None else StateAt(history.judged[history.tip], version, history)


def tip_of(history: StreamHistory, version: int) -> StateAt:
    """The state at the canonical tip of a stream that is known to have one.

    Raises:
        StoreCorruption: it has none.
    """
    state = state_at_tip(history, version)
    if state is None:
        raise StoreCorruption(f"stream {history.stream_id} has no valid init event any more")
    return state
