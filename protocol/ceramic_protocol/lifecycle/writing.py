"""Appending events to a stream: judged first, and then kept only if the stream is still as it was judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ceramic_protocol.built import BuiltEvent
from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.events import InvalidEvent
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.lifecycle.errors import ConflictError, StreamBusy, WriteRefused
from ceramic_protocol.lifecycle.looking import Look, Looker
from ceramic_protocol.lifecycle.state import StateAt, tip_of
from ceramic_protocol.limits import MAX_WRITE_ATTEMPTS
from ceramic_protocol.ports import RawEvent
from ceramic_protocol.reasons import Finding
from ceramic_protocol.store_port import VersionMoved
from ceramic_protocol.stored import NewEvent
from ceramic_protocol.verify import Verifier

Draft: TypeAlias = Callable[[StreamHistory], Sequence[BuiltEvent]]
"""What to append to a stream as it is found: events that build on each other, or none if there is no need.

It is asked again when the stream has changed in the meantime, and may raise a `ConflictError`."""


@dataclass(frozen=True, slots=True)
class Written:
    """The state after a write. `is_new` is False if nothing had to be written."""

    state: StateAt
    is_new: bool


@dataclass(frozen=True, slots=True)
class StreamWriter:
    """Appends to the streams of a store."""

    looker: Looker
    verifier: Verifier

    def write(self, stream: Cid, draft: Draft) -> Written:
        """Append what `draft` asks for.

        Raises:
            WriteRefused: an event would not be valid.
            ConflictError: it would be valid, and still another branch would win.
            StreamBusy: the stream has changed at every attempt.
        """
        for _attempt in range(MAX_WRITE_ATTEMPTS):
            look = self.looker.look(stream)
            before = look.live.history()
            built = draft(before)
            if not built:
                return Written(tip_of(before, look.version), is_new=False)
            events = [NewEvent(event.car, self._checked(event)) for event in built]
            after = _judged(look, before, [event.checked for event in events])
            try:
                result = self.looker.store.put(events, if_versions={stream: look.version})
            except VersionMoved:
                continue
            return Written(tip_of(after, result.versions.get(stream, look.version)), is_new=True)
        raise StreamBusy(f"stream {stream} has changed at each of {MAX_WRITE_ATTEMPTS} attempts")

    def _checked(self, event: BuiltEvent) -> CheckedEvent:
        """The event as everyone will see it."""
        found = self.verifier.check(RawEvent(event.car, event.cid, "written here", 0))
        if isinstance(found, InvalidEvent):
            raise WriteRefused(Finding(found.reason, found.detail))
        return found


def _judged(look: Look, before: StreamHistory, events: Sequence[CheckedEvent]) -> StreamHistory:
    """The stream with the events, if they are valid there and lead to the tip."""
    look.live.add(events)
    after = look.live.history()
    for event in events:
        judged = after.judged[event.cid]
        if judged.reason is not None:
            raise WriteRefused(Finding(judged.reason, judged.detail or ""))
    last = events[-1]
    if last.kind is Kind.DATA and after.tip != last.cid and before.tip is not None:
        raise ConflictError(after.stream_id, before.tip, before.tip)
    return after
