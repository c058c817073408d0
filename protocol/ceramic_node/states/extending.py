"""Streams that begin, or to whose end something is added, without forks: what happens most.

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
from ceramic_node.states.records import Dimensions, EventRow, StreamRow, storable
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
    """Adds to one stream, or begins it.

    Attributes:
        stream: CID of its init event.
    """

    def __init__(self, writer: StateWriter, row: StreamRow | None, snapshot: StreamSnapshot) -> None:
        """Say to what.

        Args:
            writer: the transaction that is under way.
            row: what is kept of the stream, see `may_be_extended`; None if that is nothing.
            snapshot: what is new of it.
        """
        self._writer: Final = writer
        self._row: Final = row
        self.stream: Final = snapshot.stream
        self._snapshot: Final = snapshot
        self._dimensions = None if row is None else row.dimensions
        self._judged: list[Judged] = []

    def judge(self, init: CheckedEvent, rules: Rules, asking: Asking) -> bool:
        """Judge what is new; says whether all of it is good. Nothing is written yet.

        Args:
            init: the stream's init event.
            rules: the rules of the moment.
            asking: what is known of other streams; if it is asked in vain, the answer is no.
        """
        news = self._news()
        if not news or init.is_hollow:
            return False
        if self._writer.events(dict.fromkeys(self._snapshot.events, self.stream)):
            return False
        judge = Judge(self.stream, Writers(rules), asking.context, asking.foreign)
        known = self._begun(judge, init) if self._row is None else self._resumed(judge, init, self._row)
        if known is None:
            return False
        for event in news:
            asking.note(event.cid)
            found = known[event.cid] = judge.judge(event, known)
            if found.reason is not None:
                return False
            self._judged.append(found)
        # The documents of a model are found by it.
        models = {model.cid for model in asking.models} if self._row is not None else {self._model()}
        return asking.askers.keys() <= models

    def _begun(self, judge: Judge, init: CheckedEvent) -> dict[Cid, Judged] | None:
        """What is known before the init event, which is nothing; None if it isn't that of a document."""
        header = judge.open(init)
        if header is None or header.stream_type != MODEL_INSTANCE:
            return None
        self._dimensions = Dimensions.of(header)
        return {}

    def _resumed(self, judge: Judge, init: CheckedEvent, row: StreamRow) -> dict[Cid, Judged] | None:
        """What is known of the tip; None if the row doesn't tell all of it."""
        parent = self._tip(row)
        if parent is None:
            return None
        judge.open(init)
        judge.resume()
        return {parent.event.cid: parent}

    def _model(self) -> Cid | None:
        model = None if self._dimensions is None else self._dimensions.model
        return None if model is None else model.cid

    def _news(self) -> list[CheckedEvent]:
        """New events in order, if they are plain and follow on the tip or begin the stream; else none."""
        by_prev = {event.prev: event for event in self._snapshot.events.values() if _is_plain(event)}
        news: list[CheckedEvent] = []
        at = None if self._row is None else self._row.tip
        while (event := by_prev.get(at)) is not None:
            news.append(event)
            at = event.cid
        return news if len(news) == len(self._snapshot.events) else []

    def _tip(self, row: StreamRow) -> Judged | None:
        """The event at the tip as it was judged; None if the row doesn't tell all of it."""
        tip = self._row_of(row.tip)
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
        return None if cid is None else self._writer.events({cid: self.stream}).get(cid)

    def write(self) -> None:
        """Write what `judge` has found."""
        writer, count = self._writer, len(self._judged)
        events = [item.event for item in self._judged]
        before = self._row or StreamRow(0, self.stream, 0, self._dimensions)
        tip = events[-1].cid
        moved = before._replace(
            number=writer.draw(),
            version=self._snapshot.version,
            tip=tip,
            length=before.length + count,
            valid=before.valid + count,
        )
        writer.put_stream(moved)
        writer.put_events([self._event_row(item) for item in self._judged])
        for event in events:
            writer.wake(event.cid)
        stream_id = StreamId.of(MODEL_INSTANCE, self.stream)
        applied = tuple(event.cid for event in events)
        made = correction_of(stream_id, Moved(before.tip, tip, (), applied), events)
        if made is not None:
            writer.add_change(self.stream, made)

    def _event_row(self, item: Judged) -> EventRow:
        event = item.event
        return EventRow(
            self._writer.draw(),
            event.cid,
            self.stream,
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
    """Whether it is an init or data event that is good in itself, and good for ever."""
    is_good = event.reason is None and event.grant is None
    return is_good and event.kind is not Kind.TIME and not event.is_hollow


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
