"""An application's own state of its streams, as a transform.

Annotations are evaluated here: Beam makes the schema of `FoldedStream` of them.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import apache_beam as beam
import pyarrow as pa
from apache_beam import coders
from apache_beam.typehints import with_input_types, with_output_types

from ceramic_protocol.dagjson import dump
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.reducers import Reducer, fold_log
from ceramic_protocol.rules import Rules
from ceramic_transforms.by_stream import StreamEvents
from ceramic_transforms.evaluate_streams import EvaluateStreams, shown_rules
from ceramic_transforms.failures import passed_on


class FoldedStream(NamedTuple):
    """A stream's state by a reducer: StreamID and tip as text, the tip's height, the state as JSON text."""

    stream_id: str
    tip: str
    height: int
    state: str


coders.registry.register_coder(FoldedStream, coders.RowCoder)


@with_input_types(pa.RecordBatch)
@with_output_types(FoldedStream)
class FoldStreams(beam.PTransform[beam.PCollection[pa.RecordBatch], beam.PCollection[FoldedStream]]):
    """Fold the canonical log of every stream that a reducer handles.

    Takes batches of `CHECKED_EVENTS`, as `ResolveStreams` does; the answer depends on the set of events
    alone.

    Args:
        reducer: the application's fold; it must be possible to pickle it.
        rules: the time that counts as now, and how to decide.
    """

    def __init__(self, reducer: Reducer, rules: Rules) -> None:
        super().__init__()
        self._reducer = reducer
        self._rules = rules

    def expand(self, checked: beam.PCollection[pa.RecordBatch]) -> beam.PCollection[FoldedStream]:
        """Evaluate every stream, then fold it."""
        folded = EvaluateStreams(_Folded(self._reducer), self._rules)
        return checked | "Streams" >> folded.with_output_types(FoldedStream)

    def display_data(self) -> dict[str, Any]:
        """The reducer and the rules."""
        return {"reducer": type(self._reducer).__qualname__, **shown_rules(self._rules)}


class _Folded:
    def __init__(self, reducer: Reducer) -> None:
        self._reducer = reducer

    def emit(
        self, shard: int, streams: Iterator[tuple[StreamHistory, StreamEvents]], unplaced: StreamEvents
    ) -> Iterator[FoldedStream]:
        del shard, unplaced
        for history, _events in streams:
            with passed_on():
                state = fold_log(history, self._reducer)
                text = dump(state).decode()
            if state is not None and history.tip is not None:
                yield FoldedStream(str(history.stream_id), str(history.tip), len(history.log) - 1, text)
