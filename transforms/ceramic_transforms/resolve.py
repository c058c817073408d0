"""Grouping by stream, conflict resolution and fold, as a transform."""

from __future__ import annotations

from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.typehints import with_input_types, with_output_types

from ceramic_protocol.reducers import Reducer
from ceramic_protocol.rules import Rules
from ceramic_transforms.evaluate_streams import EvaluateStreams, shown_rules
from ceramic_transforms.references import Surroundings
from ceramic_transforms.table_parts import TablePart
from ceramic_transforms.table_rows import TableRows


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
