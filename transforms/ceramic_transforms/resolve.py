"""Grouping by stream, conflict resolution and fold, as a transform."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import apache_beam as beam
import pyarrow as pa
from apache_beam import coders
from apache_beam.typehints import with_input_types, with_output_types

from ceramic_connectors.tables import arrow_schema
from ceramic_protocol.cid import Cid
from ceramic_protocol.collect_models import Models
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.history import Judged, StreamHistory
from ceramic_protocol.ids import StreamId
from ceramic_protocol.placing import judge_unplaced
from ceramic_protocol.reducers import Reducer
from ceramic_protocol.rows import Row, ShardOrder, StreamRows, refusal_columns, row_pieces
from ceramic_protocol.rules import Rules
from ceramic_protocol.tables import REJECTED, TABLES
from ceramic_transforms import metrics
from ceramic_transforms.batches import BatchBuilder, RecordBatchCoder, checked_event
from ceramic_transforms.by_stream import by_stream
from ceramic_transforms.failures import passed_on
from ceramic_transforms.placing import FindStreams, Links, with_streams
from ceramic_transforms.progress import tell
from ceramic_transforms.references import (
    Known,
    Surroundings,
    cid_array,
    events_of,
    found_in,
    judge_models,
    model_streams,
    wanted_by,
)
from ceramic_transforms.shards import shards_of_events
from ceramic_transforms.unite import SplitByShard, UniteEvents


class TablePart(NamedTuple):
    """A piece of a table: rows of one shard, in order by `sequence`."""

    table: str
    shard: int
    sequence: int
    batch: pa.RecordBatch


class TablePartCoder(coders.Coder):
    """Table parts with their batches as Arrow IPC."""

    def __init__(self) -> None:
        """Take the record batches' own coder."""
        self._place = coders.TupleCoder((coders.StrUtf8Coder(), coders.VarIntCoder(), coders.VarIntCoder()))
        self._pair = coders.TupleCoder((coders.BytesCoder(), RecordBatchCoder()))

    def encode(self, value: TablePart) -> bytes:
        """Place and batch."""
        return bytes(self._pair.encode((self._place.encode(value[:3]), value.batch)))

    def decode(self, encoded: bytes) -> TablePart:
        """The part again."""
        place, batch = self._pair.decode(encoded)
        table, shard, sequence = self._place.decode(place)
        return TablePart(table, shard, sequence, batch)

    def is_deterministic(self) -> bool:
        """Two equal batches may have different buffers."""
        return False


coders.registry.register_coder(TablePart, TablePartCoder)


@with_input_types(pa.RecordBatch)
@with_output_types(TablePart)
class ResolveStreams(beam.PTransform[beam.PCollection[pa.RecordBatch], beam.PCollection[TablePart]]):
    """Group checked events by stream, judge each in its history, fold states, resolve tips.

    Takes batches of `CHECKED_EVENTS` in any order, with any duplicates; gives the rows of all tables, those
    of `rejected` for every event that is not valid. The answer depends on the set of events alone.

    Args:
        rules: the time that counts as now, and how to decide.
        surroundings: what the streams have to know of each other, if that is known already, and with it the
            streams of all events that can be told; otherwise both are found out among the events of the
            collection.
        reducer: makes the content in `stream_states` of the streams that it handles.
    """

    def __init__(
        self,
        rules: Rules,
        surroundings: Surroundings | None = None,
        reducer: Reducer | None = None,
    ) -> None:
        super().__init__()
        self._rules = rules
        self._surroundings = surroundings
        self._reducer = reducer

    def expand(self, checked: beam.PCollection[pa.RecordBatch]) -> beam.PCollection[TablePart]:
        """Evaluate every stream and make rows of it."""
        rows = EvaluateStreams(TableRows(self._reducer, self._rules), self._rules, self._surroundings)
        return checked | "Streams" >> rows.with_output_types(TablePart)

    def display_data(self) -> dict[str, Any]:
        """The rules, and the reducer if there is one."""
        reducer = {} if self._reducer is None else {"reducer": type(self._reducer).__qualname__}
        return {**shown_rules(self._rules), **reducer}


def shown_rules(rules: Rules) -> dict[str, Any]:
    """What display data say of rules."""
    return {
        "at": rules.as_of_text,
        "tie_break": rules.tie_break.value,
        "profile": rules.profile.value,
        "grace": rules.grace,
        "skew": rules.skew,
    }


class PerShard(Protocol):
    """What becomes of the streams of a shard."""

    def emit(
        self, shard: int, streams: Iterator[tuple[StreamHistory, list[Row]]], unplaced: Sequence[Row]
    ) -> Iterator[Any]:
        """Elements made of the histories, with the rows of `CHECKED_EVENTS` that each one comes from.

        `unplaced` are rows of events whose stream is unknown.
        """
        ...


@with_input_types(pa.RecordBatch)
@with_output_types(Any)
class EvaluateStreams(beam.PTransform[beam.PCollection[pa.RecordBatch], beam.PCollection[Any]]):
    """Bring the events of each stream together, evaluate it, and hand its history on to `per_shard`.

    Args:
        per_shard: makes elements of histories; streams come in the order of their CIDs.
        rules: see `Rules`.
        surroundings: see `ResolveStreams`.
    """

    def __init__(self, per_shard: PerShard, rules: Rules, surroundings: Surroundings | None = None) -> None:
        super().__init__()
        self._per_shard = per_shard
        self._rules = rules
        self._surroundings = surroundings

    def expand(self, checked: beam.PCollection[pa.RecordBatch]) -> beam.PCollection[Any]:
        """Shuffle by shard; ask all shards for the events that a stream refers to but has not; evaluate."""
        around: Any = self._surroundings
        streams: Any = {}
        if around is None:
            streams = beam.pvalue.AsSingleton(checked | "FindStreams" >> FindStreams())
        split = beam.ParDo(SplitByShard(shards_of_events), streams)
        by_shard = split.with_output_types(tuple[int, pa.RecordBatch])
        shards = checked | "ByShard" >> by_shard | "Unite" >> beam.CombinePerKey(UniteEvents())
        if around is None:
            around = beam.pvalue.AsSingleton(self._find_surroundings(checked, shards, streams))
        return shards | "Evaluate" >> beam.ParDo(_EvaluateShard(self._per_shard, self._rules), around)

    def display_data(self) -> dict[str, Any]:
        """The rules, and what is made of histories."""
        return {**shown_rules(self._rules), "per_shard": type(self._per_shard).__name__}

    def _find_surroundings(
        self, checked: beam.PCollection[pa.RecordBatch], shards: beam.PCollection[Any], streams: Any
    ) -> beam.PCollection[Surroundings]:
        asked = checked | "ModelStreams" >> beam.Map(model_streams) | "All" >> beam.CombineGlobally(_union)
        rows = checked | "OfModels" >> beam.FlatMap(_of_models, beam.pvalue.AsSingleton(asked), streams)
        models = (
            rows | "AllOfModels" >> beam.combiners.ToList() | "Models" >> beam.Map(judge_models, self._rules)
        )
        known_models = beam.pvalue.AsSingleton(models)
        wanted = (
            shards
            | "Wanted" >> beam.FlatMap(_wanted, known_models)
            | "AllWanted" >> beam.CombineGlobally(_union)
        )
        found = (
            checked
            | "Find" >> beam.FlatMap(_find, beam.pvalue.AsSingleton(wanted), streams)
            | "AllFound" >> beam.CombineGlobally(_join)
        )
        return found | "Surroundings" >> beam.Map(_surroundings, known_models)


def _union(sets: Iterable[frozenset[bytes]]) -> frozenset[bytes]:
    return frozenset().union(*sets)


def _join(known: Iterable[Known]) -> Known:
    whole: Known = {}
    for part in known:
        whole |= part
    return whole


def _of_models(batch: pa.RecordBatch, asked: frozenset[bytes], streams: Links) -> list[Row]:
    return events_of(with_streams(batch, streams), cid_array(asked)) if asked else []


def _wanted(element: tuple[int, Iterable[pa.RecordBatch]], models: Models) -> Iterator[frozenset[bytes]]:
    missing = wanted_by(element[1], models)
    if missing:
        yield missing


def _find(batch: pa.RecordBatch, wanted: frozenset[bytes], streams: Links) -> Iterator[Known]:
    found = found_in(with_streams(batch, streams), cid_array(wanted)) if wanted else {}
    if found:
        yield found


def _surroundings(known: Known, models: Models) -> Surroundings:
    return Surroundings(models, known)


class _EvaluateShard(beam.DoFn):
    def __init__(self, per_shard: PerShard, rules: Rules) -> None:
        self._per_shard = per_shard
        self._rules = rules

    def process(self, element: tuple[int, Iterable[pa.RecordBatch]], around: Surroundings) -> Iterator[Any]:
        shard, batches = element
        return evaluate_shard(self._per_shard, shard, batches, self._rules, around)


def evaluate_shard(
    per_shard: PerShard, shard: int, batches: Iterable[pa.RecordBatch], rules: Rules, around: Surroundings
) -> Iterator[Any]:
    """What `per_shard` makes of the streams of a shard.

    Args:
        per_shard: makes elements of histories.
        shard: its number.
        batches: of `CHECKED_EVENTS`: all events of the shard, in any order, with any duplicates.
        rules: see `Rules`.
        around: what streams have to know of each other.
    """
    placed, unplaced = by_stream(batches)
    return per_shard.emit(shard, _evaluated(placed, rules, around), unplaced)


def _evaluated(
    streams: Iterator[tuple[bytes, list[Row]]], rules: Rules, around: Surroundings
) -> Iterator[tuple[StreamHistory, list[Row]]]:
    context, known = around.context, around.known.keys()
    for stream, rows in streams:
        events = EventSet.of(map(checked_event, rows))
        yield evaluate(Cid(stream), events, rules, context, known), rows


class TableRows:
    """Rows of all tables, as `TablePart`s."""

    def __init__(self, reducer: Reducer | None, rules: Rules) -> None:
        self._reducer = reducer
        self._rules = rules

    def emit(
        self, shard: int, streams: Iterator[tuple[StreamHistory, list[Row]]], unplaced: Sequence[Row]
    ) -> Iterator[TablePart]:
        """See `PerShard`."""
        order, parts, tally = ShardOrder(shard), _Parts(shard), metrics.Tally()
        for history, rows in streams:
            _count(tally, history, len(rows), self._rules)
            tell("resolved", len(rows))
            with passed_on():
                for piece in row_pieces(history, order, self._reducer, self._rules.profile):
                    yield from parts.add(piece)
            yield from parts.add_refused(_refused_rows(history.judged, history.stream_id, rows))
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


def _unplaced_rows(tally: metrics.Tally, rows: Sequence[Row]) -> Iterator[Row]:
    """Rows of `rejected` for events whose stream is unknown, which no history has."""
    known = EventSet.of(checked_event(row) for row in rows)
    judged = {cid: judge_unplaced(event) for cid, event in known.events.items()}
    for item in judged.values():
        tally.add_verdict(item.reason)
    if rows:
        tally.add(metrics.DUPLICATES, len(rows) - len(judged))
        tell("resolved", len(rows))
    return _refused_rows(judged, None, rows)


def _refused_rows(
    judged: Mapping[Cid, Judged], stream_id: StreamId | None, rows: Sequence[Row]
) -> Iterator[Row]:
    refused = sorted(cid for cid, item in judged.items() if item.reason is not None)
    if not refused:
        return
    origin_of: dict[bytes, Row] = {}
    for row in rows:
        origin_of[row[0]] = min(origin_of.get(row[0], row[-3:]), row[-3:])
    text = None if stream_id is None else str(stream_id)
    for cid in refused:
        columns = refusal_columns(judged[cid], text)
        if columns is not None:
            yield *columns, *origin_of[cid]


class _Parts:
    """Cuts the rows of a shard into parts of bounded size, per table."""

    def __init__(self, shard: int) -> None:
        self._shard = shard
        self._builders = {table.name: BatchBuilder(arrow_schema(table)) for table in TABLES}
        self._sequence = dict.fromkeys(self._builders, 0)

    def add(self, rows: StreamRows) -> Iterator[TablePart]:
        for name in rows.__slots__:
            for batch in self._builders[name].add(getattr(rows, name)):
                yield self._part(name, batch)

    def add_refused(self, rows: Iterable[Row]) -> Iterator[TablePart]:
        for batch in self._builders[REJECTED.name].add(rows):
            yield self._part(REJECTED.name, batch)

    def flush(self) -> Iterator[TablePart]:
        for name, builder in self._builders.items():
            batch = builder.flush()
            if batch is not None:
                yield self._part(name, batch)

    def _part(self, name: str, batch: pa.RecordBatch) -> TablePart:
        self._sequence[name] += 1
        return TablePart(name, self._shard, self._sequence[name], batch)
