"""What states have to be: worked out anew from all events of a store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ceramic_node.states.port import StateStore
from ceramic_node.states.reading import StateReader, TablePage
from ceramic_node.states.records import EventRow
from ceramic_protocol.cid import Cid
from ceramic_protocol.collect_models import collect_models
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.history import StreamHistory, unresolved
from ceramic_protocol.ids import METAMODEL, StreamId
from ceramic_protocol.limits import MAX_STORE_PAGE
from ceramic_protocol.models.context import Context, Linked
from ceramic_protocol.row_layout import Row
from ceramic_protocol.rows import ShardOrder, StreamRows, stream_rows
from ceramic_protocol.rules import Rules
from ceramic_protocol.store_port import EventStore
from ceramic_protocol.tables import CONCLUSION_EVENTS, EVENT_STATES, STREAM_STATES, STREAM_TIPS, Table

_ORDERS = {"conclusion_event_order", "event_state_order", "stream_tip_order", "stream_state_order"}


def histories(events: EventStore, rules: Rules) -> dict[Cid, StreamHistory]:
    """Every stream of a store, evaluated as the host of the command line does."""
    streams = [stream for stream, _version in events.changed(0, MAX_STORE_PAGE)]
    snapshots = {stream: events.snapshot(stream) for stream in streams}
    inits = {
        stream: snapshot.events[stream] for stream, snapshot in snapshots.items() if stream in snapshot.events
    }

    def judge(stream: Cid, context: Context) -> StreamHistory:
        known = snapshots[stream].known
        wanted = unresolved(stream, ((event.cid, event.prev) for event in known.events.values()))
        foreign = {cid for cid in wanted if cid in events.streams_of([cid])}
        return evaluate(stream, known, rules, context, foreign)

    payloads = {stream: init.payload for stream, init in inits.items() if init.model == METAMODEL}
    context = Context(collect_models(payloads, judge), _Links(events))
    return {stream: judge(stream, context) for stream in streams}


class _Links(Mapping[StreamId, Linked]):
    def __init__(self, events: EventStore) -> None:
        self._events = events

    def __getitem__(self, stream: StreamId) -> Linked:
        found = self._events.event(stream.cid)
        if found is None or stream.cid not in self._events.streams_of([stream.cid]):
            raise KeyError(stream)
        return Linked.of(stream, found.checked.model)

    def __iter__(self) -> Iterator[StreamId]:
        return iter(())

    def __len__(self) -> int:
        return 0


def check(events: EventStore, states: StateStore, rules: Rules) -> None:
    """That the states are what the events make by these rules."""
    wanted = histories(events, rules)
    reader = StateReader(events, states, lambda: rules)
    tables = StreamRows()
    for stream, history in wanted.items():
        _check_stream(events, states, history)
        rows = stream_rows(history, ShardOrder(0))
        tables.events += rows.events
        tables.streams += rows.streams
        assert reader.history(stream) == history
    for table, read in (
        (CONCLUSION_EVENTS, reader.conclusion_events),
        (EVENT_STATES, reader.event_states),
        (STREAM_TIPS, reader.stream_tips),
        (STREAM_STATES, reader.stream_states),
    ):
        right = tables.of(table)
        found = read_all(read)
        orders = [
            row[1] if table is EVENT_STATES else row[table.names.index(_order_of(table))] for row in found
        ]
        assert orders == sorted(set(orders))
        assert _plain(table, found) == _plain(table, right)


def _order_of(table: Table) -> str:
    return {"stream_tips": "stream_tip_order"}.get(table.name, table.names[0])


def _plain(table: Table, rows: list[Row]) -> list[tuple[str, ...]]:
    """Rows without their orders, sorted."""
    kept = [place for place, name in enumerate(table.names) if name not in _ORDERS]
    return sorted(tuple(repr(row[place]) for place in kept) for row in rows)


def read_all(read: object, limit: int = 7) -> list[Row]:
    """All rows of a table, page by page."""
    found: list[Row] = []
    after = -1
    page = TablePage([], 0)
    while page.after != after:
        after = page.after
        page = read(after, limit)  # type: ignore[operator]
        found += page.rows
    return found


def _check_stream(events: EventStore, states: StateStore, history: StreamHistory) -> None:
    found = states.stream(history.stream)
    assert found is not None
    row, tip = found
    assert row.failed is None
    assert row.version == events.snapshot(history.stream).version
    assert row.tip == history.tip
    assert row.length == len(history.log)
    assert (tip is None) is (history.tip is None)
    canonical = set(history.log)
    rows = states.events(dict.fromkeys(history.judged, history.stream))
    assert rows.keys() == history.judged.keys()
    for cid, item in history.judged.items():
        event = item.event
        position = None
        if rows[cid].is_concluded:
            stored = events.event(cid)
            position = None if stored is None else stored.position
        assert rows[cid] == EventRow(
            rows[cid].number,
            cid,
            history.stream,
            event.kind,
            event.prev,
            position,
            item.height,
            item.reason,
            item.detail,
            item.state.json if item.state else None,
            event.timestamp,
            event.chain_id,
            event.signer,
            event.capability,
            history.anchored.get(cid),
            cid in canonical,
            item.expires_at,
        )


def check_changes(states: StateStore) -> None:
    """That the feed of changes leads to the logs of all streams, step by step."""
    logs: dict[Cid, list[Cid]] = {}
    after, positions = 0, []
    while page := states.changes(after, 3):
        for position, change in page:
            positions.append(position)
            log = logs.setdefault(change.stream_id.cid, [])
            assert change.old_tip == (log[-1] if log else None)
            for cid in change.undone:
                assert log.pop() == cid
            log += change.applied
            assert change.new_tip == (log[-1] if log else None)
            assert change.old_tip != change.new_tip
        after = page[-1].position
    assert positions == sorted(set(positions))
    for stream, log in logs.items():
        found = states.stream(stream)
        assert found is not None
        assert (found.row.tip, found.row.length) == (log[-1] if log else None, len(log))
        assert [cid for cid in log if not states.events({cid: stream})[cid].is_canonical] == []
