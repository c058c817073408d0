"""Streams without forks to whose end something is added, as it happens most: nothing else has to be read.

What an event is worth that builds on the tip follows from the init event, which fixes the rules, and from
the state at the tip, which is kept. So a change costs the same however long a stream is. Whatever is not as
simple as that is left to those who look at the whole stream, and what comes out is the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from ceramic_node.states.asking import Asking
from ceramic_node.states.port import StateWriter
from ceramic_node.states.records import EventRow, StreamRow, storable
from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.corrections import Moved, correction_of
from ceramic_protocol.documents import DocumentState, envelope_json
from ceramic_protocol.errors import EncodeError
from ceramic_protocol.history import Judged
from ceramic_protocol.ids import MODEL_INSTANCE, StreamId
from ceramic_protocol.judge import Judge
from ceramic_protocol.rules import Rules
from ceramic_protocol.stored import StreamSnapshot
from ceramic_protocol.writers import Writers

_MOST_ANCHORS: Final = 8
_LINK: Final = b'"/"'


def may_be_extended(row: StreamRow, writer: StateWriter) -> bool:
    """Whether what was written of a stream stays as it is, whatever is added to its end."""
    return (
        row.failed is None
        and row.tip is not None
        and row.dimensions is not None
        and row.dimensions.stream_type == MODEL_INSTANCE
        # With forks a longer branch may be worth less than a shorter one.
        and row.valid == row.length
        # Neither time nor other streams change anything.
        and row.turns_at is None
        and not writer.is_awaited()
    )


class Extension:
    """Adds to one stream."""

    def __init__(self, writer: StateWriter, row: StreamRow, snapshot: StreamSnapshot) -> None:
        """Say to what.

        Args:
            writer: the transaction that is under way.
            row: what is kept of the stream, see `may_be_extended`.
            snapshot: what is new of it.
        """
        self._writer: Final = writer
        self._row: Final = row
        self._snapshot: Final = snapshot
        self._judged: list[Judged] = []

    def judge(self, init: CheckedEvent, rules: Rules, asking: Asking) -> bool:
        """Judge what is new; says whether all of it is good. Nothing is written yet.

        Args:
            init: the stream's init event.
            rules: the rules of the moment.
            asking: what is known of other streams; if it is asked in vain, the answer is no.
        """
        news, parent = self._news(), self._tip()
        if not news or parent is None or init.is_hollow or self._writer.events(self._snapshot.events.keys()):
            return False
        judge = Judge(self._row.stream, Writers(rules), asking.context, asking.foreign)
        judge.open(init)
        judge.resume()
        known: dict[Cid, Judged] = {parent.event.cid: parent}
        for event in news:
            asking.note(event.cid)
            found = known[event.cid] = judge.judge(event, known)
            if found.reason is not None:
                return False
            self._judged.append(found)
        # The documents of a model are found by it.
        return asking.askers.keys() <= {model.cid for model in asking.models}

    def _news(self) -> list[CheckedEvent]:
        """New events in order, if they are plain data events that follow on the tip; else none."""
        by_prev = {event.prev: event for event in self._snapshot.events.values() if _is_plain(event)}
        news: list[CheckedEvent] = []
        at = self._row.tip
        while (event := by_prev.get(at)) is not None:
            news.append(event)
            at = event.cid
        return news if len(news) == len(self._snapshot.events) else []

    def _tip(self) -> Judged | None:
        """The event at the tip as it was judged; None if the row doesn't tell all of it."""
        tip = self._row_of(self._row.tip)
        if tip is None or tip.reason is not None or tip.data is None:
            return None
        state, is_changed = _state_of(tip.data), self._is_changed(tip)
        if state is None or is_changed is None:
            return None
        # Of the event itself nothing is asked but its name.
        event = CheckedEvent(tip.cid, tip.stream, tip.kind, tip.prev, b"")
        return Judged(event, None, None, tip.height, state, is_changed=is_changed)

    def _is_changed(self, tip: EventRow) -> bool | None:
        """Whether there is a data event at or before the tip; None if that isn't quickly found."""
        at: EventRow | None = tip
        for _ in range(_MOST_ANCHORS):
            if at is None:
                return None
            if at.kind is not Kind.TIME:
                return at.kind is Kind.DATA
            at = self._row_of(at.prev)
        return None

    def _row_of(self, cid: Cid | None) -> EventRow | None:
        return None if cid is None else self._writer.events([cid]).get(cid)

    def write(self) -> None:
        """Write what `judge` has found."""
        row, writer, count = self._row, self._writer, len(self._judged)
        events = [item.event for item in self._judged]
        tip = events[-1].cid
        moved = row._replace(
            number=writer.draw(),
            version=self._snapshot.version,
            tip=tip,
            length=row.length + count,
            valid=row.valid + count,
        )
        writer.put_stream(moved)
        writer.put_events([self._event_row(item) for item in self._judged])
        for event in events:
            writer.wake(event.cid)
        stream_id = StreamId.of(MODEL_INSTANCE, row.stream)
        made = correction_of(stream_id, Moved(row.tip, tip, (), tuple(event.cid for event in events)), events)
        if made is not None:
            writer.add_change(row.stream, made)

    def _event_row(self, item: Judged) -> EventRow:
        event = item.event
        return EventRow(
            self._writer.draw(),
            event.cid,
            self._row.stream,
            event.kind,
            event.prev,
            self._snapshot.places[event.cid].position,
            item.height,
            None,
            None,
            None if item.state is None else item.state.json,
            None,
            None,
            None if event.signer is None else storable(event.signer),
            event.capability,
            None,
            is_canonical=True,
            expires_at=item.expires_at,
        )


def _is_plain(event: CheckedEvent) -> bool:
    """Whether it is a data event that is good in itself, and good for ever."""
    return event.kind is Kind.DATA and event.reason is None and event.grant is None and not event.is_hollow


def _state_of(data: bytes) -> DocumentState | None:
    """The state that is kept in this form; None if it could be that of another one too."""
    # In DAG-JSON what stands for a link can't be told from a text.
    if _LINK in data:
        return None
    try:
        value: Mapping[str, object] = json.loads(data)
        metadata, content = value["metadata"], value["content"]
        if not isinstance(metadata, dict) or envelope_json(metadata, content) != data:
            return None
    except (ValueError, KeyError, TypeError, RecursionError, EncodeError):
        return None
    return DocumentState(content, metadata, data)  # type: ignore[arg-type]
