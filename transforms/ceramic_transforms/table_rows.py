"""The rows of all tables, made of the histories of streams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ceramic_protocol.cid import Cid
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.history import Judged, StreamHistory
from ceramic_protocol.ids import StreamId
from ceramic_protocol.placing import judge_unplaced
from ceramic_protocol.reducers import Reducer
from ceramic_protocol.row_layout import Row
from ceramic_protocol.rows import ShardOrder, refusal_columns, row_pieces
from ceramic_protocol.rules import Rules
from ceramic_transforms import metrics
from ceramic_transforms.by_stream import StreamEvents
from ceramic_transforms.failures import passed_on
from ceramic_transforms.progress import tell
from ceramic_transforms.table_parts import PartsOfShard, TablePart


class TableRows:
    """Rows of all tables, as `TablePart`s."""

    def __init__(self, reducer: Reducer | None, rules: Rules) -> None:
        self._reducer = reducer
        self._rules = rules

    def emit(
        self, shard: int, streams: Iterator[tuple[StreamHistory, StreamEvents]], unplaced: StreamEvents
    ) -> Iterator[TablePart]:
        """See `PerShard`."""
        order, parts, tally = ShardOrder(shard), PartsOfShard(shard), metrics.Tally()
        for history, found in streams:
            _count(tally, history, len(found.events), self._rules)
            tell("resolved", len(found.events))
            with passed_on():
                for piece in row_pieces(history, order, self._reducer, self._rules.profile):
                    yield from parts.add(piece)
            yield from parts.add_refused(_refused_rows(history.judged, history.stream_id, found))
        yield from parts.add_refused(_unplaced_rows(tally, unplaced))
        yield from parts.flush()
        tally.flush()


def _count(tally: metrics.Tally, history: StreamHistory, copies: int, rules: Rules) -> None:
    tally.add(metrics.STREAMS)
    tally.add(metrics.DUPLICATES, copies - len(history.judged))
    for item in history.judged.values():
        tally.add_verdict(item.reason)
        if item.expires_at is not None:
            metrics.note_expiry(item.expires_at - rules.at // 1000)
    if len(history.leaves) > 1:
        tally.add(metrics.FORKS)
    if history.reverted:
        tally.add(metrics.REVERTED)


def _unplaced_rows(tally: metrics.Tally, found: StreamEvents) -> Iterator[Row]:
    """Rows of `rejected` for events whose stream is unknown, which no history has."""
    known = EventSet.of(found.events)
    judged = {cid: judge_unplaced(event) for cid, event in known.events.items()}
    for item in judged.values():
        tally.add_verdict(item.reason)
    if judged:
        tally.add(metrics.DUPLICATES, len(found.events) - len(judged))
        tell("resolved", len(found.events))
    return _refused_rows(judged, None, found)


def _refused_rows(
    judged: Mapping[Cid, Judged], stream_id: StreamId | None, found: StreamEvents
) -> Iterator[Row]:
    refused = sorted(cid for cid, item in judged.items() if item.reason is not None)
    if not refused:
        return
    origins = found.origins(refused)
    text = None if stream_id is None else str(stream_id)
    for cid in refused:
        columns = refusal_columns(judged[cid], text)
        if columns is not None:
            yield *columns, *origins[cid]
