"""Applications' own folds: what the events of a canonical log mean to them.

The protocol leaves interpretation to applications. A reducer is pure: it is given values, gives values back,
and sees the canonical log only, so that its state is as reproducible as the log itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

from ceramic_protocol import dagcbor
from ceramic_protocol.checked import Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.dagjson import Json
from ceramic_protocol.errors import CeramicError
from ceramic_protocol.events import InitHeader
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.ids import StreamId


class LogEvent(NamedTuple):
    """An event of a canonical log, as a reducer sees it.

    `content` is the init event's content or the data event's patch, None for a time event; `header` the
    event's own header; `anchored_at` the earliest anchor that covers the event, in unix seconds.
    """

    cid: Cid
    kind: Kind
    height: int
    content: IpldValue
    header: Mapping[str, IpldValue]
    signer: str | None
    anchored_at: int | None


class Reducer(Protocol):
    """An application's fold of the streams that it knows."""

    def handles(self, stream: StreamId, header: InitHeader) -> bool:
        """Whether a stream is one of those, judged by its type, model or other members of its header."""
        ...

    def initial(self, stream: StreamId, header: InitHeader) -> Json:
        """The state before the first event."""
        ...

    def apply(self, state: Json, event: LogEvent) -> Json:
        """The state after an event. Must not change the state that it is given."""
        ...


class ReducerError(CeramicError):
    """A reducer raised something; the message names the event."""

    code = "reducer_failed"


def fold_log(history: StreamHistory, reducer: Reducer) -> Json:
    """The reducer's state at the tip; None for a stream without tip, or one that it does not handle.

    Raises:
        ReducerError: the reducer failed.
    """
    if history.header is None or not history.log:
        return None
    if not reducer.handles(history.stream_id, history.header):
        return None
    state = reducer.initial(history.stream_id, history.header)
    for event in log_events(history):
        try:
            state = reducer.apply(state, event)
        except Exception as error:
            msg = f"the reducer failed at event {event.cid} of stream {history.stream_id}: {error!r}"
            raise ReducerError(msg) from error
    return state


def log_events(history: StreamHistory) -> Iterator[LogEvent]:
    """The events of the canonical log, from the init event to the tip."""
    for height, cid in enumerate(history.log):
        event = history.judged[cid].event
        payload = dagcbor.decode(event.payload) if event.payload else {}
        fields = payload if isinstance(payload, dict) else {}
        header = fields.get("header")
        yield LogEvent(
            cid=cid,
            kind=event.kind,
            height=height,
            content=fields.get("data"),
            header=header if isinstance(header, dict) else {},
            signer=event.signer,
            anchored_at=history.anchored.get(cid),
        )
