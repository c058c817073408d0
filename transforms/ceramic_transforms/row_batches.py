"""Rows with a schema of Beam's put together into record batches: the way back from `rows`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam.transforms.window import GlobalWindows
from apache_beam.typehints import typehints, with_input_types, with_output_types
from apache_beam.typehints.schemas import named_fields_from_element_type
from apache_beam.utils.windowed_value import WindowedValue

from ceramic_protocol.errors import UsageError
from ceramic_transforms.batch_builders import BatchBuilder
from ceramic_transforms.failures import passed_on
from ceramic_transforms.rows import row_type


@with_input_types(Any)
@with_output_types(pa.RecordBatch)
class RowsToBatches(beam.PTransform[beam.PCollection[Any], beam.PCollection[pa.RecordBatch]]):
    """Put rows together into record batches, as `BatchesToRows` had them.

    Columns beyond those of the schema are left out.

    Args:
        schema: `RAW_EVENTS`, `CHECKED_EVENTS`, or that of a table.
    """

    def __init__(self, schema: pa.Schema) -> None:
        super().__init__()
        self._schema = schema

    def expand(self, rows: beam.PCollection[Any]) -> beam.PCollection[pa.RecordBatch]:
        """Batches of bounded size; each bundle has its own.

        Raises:
            UsageError: the rows have no schema, or not these columns.
        """
        _check_fields(rows.element_type, self._schema)
        return rows | "Batches" >> beam.ParDo(_Collect(self._schema)).with_output_types(pa.RecordBatch)

    def display_data(self) -> dict[str, Any]:
        """Which columns."""
        return {"columns": ",".join(self._schema.names)}


def _check_fields(given: Any, schema: pa.Schema) -> None:
    try:
        fields = dict(named_fields_from_element_type(given))
    except (TypeError, ValueError):
        raise UsageError(f"rows with a schema are wanted here, and not {given}") from None
    for name, wanted in named_fields_from_element_type(cast("type", row_type(schema))):
        if name not in fields:
            raise UsageError(f"the rows have no column {name}; they have {', '.join(fields)}")
        if not _fits(_bare(fields[name]), _bare(wanted)):
            raise UsageError(f"the column {name} is {fields[name]} and should be {wanted}")


def _fits(given: Any, wanted: Any) -> bool:
    # Beam takes text for bytes.
    return {given, wanted} != {str, bytes} and typehints.is_consistent_with(given, wanted)


def _bare(kind: Any) -> Any:
    """A type without its null; any whole number is `int`, which Beam calls by several names."""
    found = typehints.normalize(kind)
    if typehints.is_nullable(found):
        found = typehints.get_concrete_type_from_nullable(found)
    return int if isinstance(found, type) and issubclass(found, np.integer) else found


class _Collect(beam.DoFn):
    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._binary = [index for index, field in enumerate(schema) if pa.types.is_binary(field.type)]
        self._needed = [index for index, field in enumerate(schema) if not field.nullable]

    def start_bundle(self) -> None:
        self._builder = BatchBuilder(self._schema)

    def process(self, row: Any) -> Iterator[pa.RecordBatch]:
        values = tuple(map(_as_arrow, (getattr(row, name, None) for name in self._schema.names)))
        with passed_on(), _refusing():
            self._check(values)
            yield from self._builder.add([values])

    def _check(self, values: Sequence[Any]) -> None:
        """What Arrow would let pass: nulls anywhere, and the text of a CID for the CID."""
        for index in self._needed:
            if values[index] is None:
                raise UsageError(f"{self._schema.names[index]} is null and can't be")
        for index in self._binary:
            if isinstance(values[index], str):
                raise UsageError(f"{self._schema.names[index]} is text and should be bytes")

    def finish_bundle(self) -> Iterator[WindowedValue]:
        with passed_on(), _refusing():
            rest = self._builder.flush()
        if rest is not None:
            yield GlobalWindows.windowed_value(rest)


def _as_arrow(value: Any) -> Any:
    return list(value.items()) if isinstance(value, Mapping) else value


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn Arrow's refusals of values into ours."""
    try:
        yield
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise UsageError(f"a row doesn't fit the columns: {error}") from error
