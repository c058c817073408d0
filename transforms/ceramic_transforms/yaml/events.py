"""Reading events, leaving out copies, and events as rows."""

from __future__ import annotations

from typing import Any, Final

import apache_beam as beam
import pyarrow as pa
from apache_beam.typehints import with_input_types, with_output_types

from ceramic_protocol.errors import UsageError
from ceramic_transforms.batches import CHECKED_EVENTS, RAW_EVENTS
from ceramic_transforms.deduplicate import DeduplicateEvents
from ceramic_transforms.row_batches import RowsToBatches
from ceramic_transforms.rows import BatchesToRows, row_type
from ceramic_transforms.sources import (
    ReadFromCar,
    ReadFromKafka,
    ReadFromNdjson,
    ReadFromNode,
    ReadFromParquet,
)
from ceramic_transforms.yaml.plain import plain

_FORMS: Final = {"raw": RAW_EVENTS, "checked": CHECKED_EVENTS}


def _schema(form: str) -> pa.Schema:
    if form not in _FORMS:
        raise UsageError(f"events are {' or '.join(_FORMS)}, not {form!r}")
    return _FORMS[form]


@with_input_types(pa.RecordBatch)
class EventsToRows(beam.PTransform[beam.PCollection[pa.RecordBatch], beam.PCollection[beam.Row]]):
    """Take events apart into rows.

    Args:
        form: `raw` for what a source gave, `checked` for what VerifyEvents gave.
        as_text: CIDs as text, to be read; not for the way back.
    """

    def __init__(self, form: str, as_text: bool = False) -> None:
        super().__init__()
        self._form = form
        self._as_text = as_text
        self.with_output_types(row_type(_schema(form), as_text=as_text))

    def expand(self, events: beam.PCollection[pa.RecordBatch]) -> beam.PCollection[beam.Row]:
        """One row for each event."""
        return events | "Rows" >> BatchesToRows(_schema(self._form), as_text=self._as_text)

    def display_data(self) -> dict[str, Any]:
        """Which events."""
        return {"form": self._form, "as_text": self._as_text}


@with_input_types(Any)
@with_output_types(pa.RecordBatch)
class RowsToEvents(beam.PTransform[beam.PCollection[Any], beam.PCollection[pa.RecordBatch]]):
    """Make events of rows again, as EventsToRows gave them, perhaps fewer.

    Args:
        form: `raw` or `checked`.
    """

    def __init__(self, form: str) -> None:
        super().__init__()
        self._form = form
        self._schema = _schema(form)

    def expand(self, rows: beam.PCollection[Any]) -> beam.PCollection[pa.RecordBatch]:
        """In batches of bounded size."""
        return rows | "Batches" >> RowsToBatches(self._schema)

    def display_data(self) -> dict[str, Any]:
        """Which events."""
        return {"form": self._form}


read_from_car = plain(ReadFromCar)
read_from_ndjson = plain(ReadFromNdjson)
read_from_parquet = plain(ReadFromParquet)
read_from_node = plain(ReadFromNode)
read_from_kafka = plain(ReadFromKafka)
deduplicate_events = plain(DeduplicateEvents)
events_to_rows = plain(EventsToRows)
rows_to_events = plain(RowsToEvents)
