"""Reading states: streams as they are and as they were, and the tables page by page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from ceramic_node.states.asking import Asking, World
from ceramic_node.states.known_models import KnownModels, Status
from ceramic_node.states.port import StateStore
from ceramic_node.states.records import EventRow, StateChange, StreamRow, StreamStateRow
from ceramic_node.states.table_rows import (
    conclusion_row,
    event_state_row,
    stream_states_row,
    stream_tips_row,
)
from ceramic_protocol.audit import state_at_commit, state_at_time
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import UsageError
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.history import Judged, StreamHistory
from ceramic_protocol.ids import StreamId
from ceramic_protocol.row_layout import Row
from ceramic_protocol.rules import Rules
from ceramic_protocol.store_port import EventReader, check_limit
from ceramic_protocol.stored import Delivered


class TablePage(NamedTuple):
    """Rows in order, and behind which order to go on. Where that stays the same is the end, for now."""

    rows: list[Row]
    after: int


class StateReader:
    """Reads what follows from a node's events; from any thread.

    Orders of `event_states`, `stream_tips` and `stream_states` are numbers of changes: a row that changes
    gets a new one, and so is told again to who reads on. The order of `conclusion_events` is the position in
    the feed: an event that first had to wait for something stands there in its old place.
    """

    def __init__(self, events: EventReader, states: StateStore, rules: Callable[[], Rules]) -> None:
        """Say from where; `rules` gives those of the moment."""
        self._events: Final = events
        self._states: Final = states
        self._rules: Final = rules
        self._models: Final = KnownModels(events)
        self._world: Final = World(events, self._model)

    def state(self, stream: Cid) -> StreamStateRow | None:
        """A stream and its tip; None if nothing is known of it."""
        return self._states.stream(stream)

    def event(self, cid: Cid, stream: Cid) -> EventRow | None:
        """An event of a stream, its verdict and the state after it; None if it hasn't been judged."""
        return self._states.event(cid, stream)

    def changes(self, after: int, limit: int) -> list[StateChange]:
        """A page of tips that moved, see `StateStore.changes`."""
        return self._states.changes(after, limit)

    def history(self, stream: Cid) -> StreamHistory:
        """A stream, evaluated anew from all events that are there now."""
        asking = Asking(stream, self._world)
        known = self._events.snapshot(stream).known
        return evaluate(stream, known, self._rules(), asking.context, asking.foreign)

    def state_at(self, stream: Cid, *, commit: Cid | None = None, time: int | None = None) -> Judged | None:
        """A stream as it was at one of its events, or at a time; see `audit`.

        Args:
            stream: CID of its init event.
            commit: the event.
            time: unix seconds.

        Returns:
            None for a time if the stream has no valid init event.

        Raises:
            IdentifierError: the stream has no such event.
            UsageError: the event isn't valid; or both event and time are given, or neither.
        """
        if (commit is None) == (time is None):
            raise UsageError("ask for the state at an event or at a time")
        history = self.history(stream)
        if commit is not None:
            return state_at_commit(history, commit)
        return None if time is None else state_at_time(history, time)

    def event_states(self, after: int, limit: int) -> TablePage:
        """A page of `event_states` behind an `event_state_order`."""
        found, profile = self._states.event_page(after, limit), self._rules().profile
        rows = [event_state_row(event, stream, profile) for event, stream in found]
        return TablePage(rows, found[-1][0].number if found else after)

    def stream_tips(self, after: int, limit: int) -> TablePage:
        """A page of `stream_tips` behind a `stream_tip_order`."""
        return self._streams(after, limit, stream_tips_row)

    def stream_states(self, after: int, limit: int) -> TablePage:
        """A page of `stream_states` behind a `stream_state_order`."""
        return self._streams(after, limit, stream_states_row)

    def _streams(
        self, after: int, limit: int, make: Callable[[StreamRow, EventRow, list[EventRow]], Row]
    ) -> TablePage:
        found = self._states.stream_page(after, limit)
        rows = [
            make(row, tip, self._states.valid_events(row.stream) if row.has_forks else [])
            for row, tip in found
            if tip is not None
        ]
        return TablePage(rows, found[-1].row.number if found else after)

    def conclusion_events(self, after: int, limit: int) -> TablePage:
        """A page of `conclusion_events` behind a `conclusion_event_order`.

        It ends before an event that hasn't been judged yet, so that none is left out; events of streams that
        can't be judged are.

        Raises:
            UsageError: the limit is out of range.
        """
        check_limit(limit)
        page = self._events.feed(after, limit)
        judged = self._states.events({entry.checked.cid: entry.facts.stream for entry in page.entries})
        rows: list[Row] = []
        profile = self._rules().profile
        for entry in page.entries:
            event = judged.get(entry.checked.cid)
            if event is None and not self._is_failed(entry):
                return TablePage(rows, max(after, entry.position - 1))
            if event is not None and event.is_concluded:
                rows.append(conclusion_row(entry, profile))
        return TablePage(rows, max(after, page.looked_to))

    def _is_failed(self, entry: Delivered) -> bool:
        row = self._states.streams([entry.facts.stream]).get(entry.facts.stream)
        return row is not None and row.failed is not None

    def _model(self, model: StreamId) -> Status | None:
        return self._models.status(
            model, self._states.events, lambda stream: self._states.streams([stream]).get(stream)
        )
