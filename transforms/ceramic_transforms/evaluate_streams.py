"""Grouping by stream and conflict resolution, as a transform, for whatever is made of histories."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import apache_beam as beam
import pyarrow as pa
from apache_beam.typehints import with_input_types, with_output_types

from ceramic_protocol.cid import Cid
from ceramic_protocol.collect_models import Models
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.row_layout import Row
from ceramic_protocol.rules import Rules
from ceramic_transforms.by_stream import StreamEvents, by_stream
from ceramic_transforms.placing import FindStreams, Links, with_streams
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
        self, shard: int, streams: Iterator[tuple[StreamHistory, StreamEvents]], unplaced: StreamEvents
    ) -> Iterator[Any]:
        """Elements made of the histories, with the events that each one comes from.

        `unplaced` are events whose stream is unknown.
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
    streams: Iterator[StreamEvents], rules: Rules, around: Surroundings
) -> Iterator[tuple[StreamHistory, StreamEvents]]:
    context, known = around.context, around.known.keys()
    for found in streams:
        if found.stream is not None:
            events = EventSet.of(found.events)
            yield evaluate(Cid(found.stream), events, rules, context, known), found
