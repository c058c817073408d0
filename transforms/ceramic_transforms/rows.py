"""Rows with a schema of Beam's, for those who work on single values: Beam YAML, dataframes, other languages.

The way there and back takes some 7 µs a row, so whatever is done to many events is done to record batches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Optional

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.typehints import with_input_types
from apache_beam.typehints.row_type import RowTypeConstraint

from ceramic_connectors.tables import arrow_schema
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import UsageError
from ceramic_protocol.tables import TABLES
from ceramic_transforms.batches import to_rows
from ceramic_transforms.failures import passed_on
from ceramic_transforms.table_parts import TablePart

_TABLES: Final = {table.name: table for table in TABLES}
_CIDS: Final = frozenset(
    {"event_cid", "stream_cid", "capability_cid", "prev", "previous", "tips", "reverted"}
)
"""Columns of binary CIDs, single ones and lists."""
_JSON: Final = frozenset({"data"})
_MOST: Final = 2**63 - 1

_Change = Callable[[Any], Any]


def row_type(schema: pa.Schema, *, as_text: bool = False) -> RowTypeConstraint:
    """The type of rows with the columns of a schema.

    Beam's schemas have no unsigned numbers: those are `int`, which Beam takes for 64 bits with a sign. A map
    is a `Mapping`, a list a `Sequence`.

    Args:
        schema: of `batches` or of a table.
        as_text: CIDs and JSON are `str` instead of `bytes`.
    """
    return RowTypeConstraint.from_fields([(field.name, _type_of(field, as_text)) for field in schema])


def _type_of(field: pa.Field, as_text: bool) -> Any:
    kind = str if as_text and field.name in _CIDS | _JSON else _plain_type(field.type)
    if as_text and pa.types.is_list(field.type) and field.name in _CIDS:
        kind = Sequence[str]
    # Of unions Beam knows those of `typing` alone.
    return Optional[kind] if field.nullable else kind  # noqa: UP045


def _plain_type(kind: pa.DataType) -> Any:
    if pa.types.is_map(kind):
        return Mapping[str, Optional[bytes]]  # noqa: UP045
    if pa.types.is_list(kind):
        return Sequence[str] if pa.types.is_string(kind.value_type) else Sequence[bytes]
    if pa.types.is_boolean(kind):
        return bool
    if pa.types.is_integer(kind):
        return int
    return str if pa.types.is_string(kind) else bytes


@with_input_types(pa.RecordBatch)
class BatchesToRows(beam.PTransform[beam.PCollection[pa.RecordBatch], beam.PCollection[beam.Row]]):
    """Take record batches apart into rows with a schema.

    Args:
        schema: of all batches: `RAW_EVENTS`, `CHECKED_EVENTS`, or that of a table.
        as_text: CIDs as text and DAG-JSON as text, to be read or written as JSON; not for the way back.
    """

    def __init__(self, schema: pa.Schema, *, as_text: bool = False) -> None:
        super().__init__()
        self._schema = schema
        self._as_text = as_text
        self.with_output_types(row_type(schema, as_text=as_text))

    def expand(self, batches: beam.PCollection[pa.RecordBatch]) -> beam.PCollection[beam.Row]:
        """One row after the other."""
        made = beam.FlatMap(_rows_of, _changes(self._schema, as_text=self._as_text))
        return batches | "Rows" >> made.with_output_types(row_type(self._schema, as_text=self._as_text))

    def display_data(self) -> dict[str, Any]:
        """Which columns, and how."""
        return {"columns": ",".join(self._schema.names), "as_text": self._as_text}


def _changes(schema: pa.Schema, *, as_text: bool) -> dict[str, _Change | None]:
    """For each column what is done to its values, None for nothing."""
    return {field.name: _change(field, as_text) for field in schema}


def _change(field: pa.Field, as_text: bool) -> _Change | None:
    if pa.types.is_map(field.type):
        return dict
    if as_text and field.name in _JSON:
        return bytes.decode
    if as_text and field.name in _CIDS:
        return _cid_texts if pa.types.is_list(field.type) else _cid_text
    return None


def _cid_text(cid: bytes) -> str:
    return str(Cid(cid))


def _cid_texts(cids: Sequence[bytes]) -> list[str]:
    return [_cid_text(cid) for cid in cids]


def _rows_of(batch: pa.RecordBatch, changes: Mapping[str, _Change | None]) -> Iterator[beam.Row]:
    with passed_on():
        _check_numbers(batch)
    for values in to_rows(batch):
        row = {
            name: value if change is None or value is None else change(value)
            for (name, change), value in zip(changes.items(), values, strict=True)
        }
        yield beam.Row(**row)


def _check_numbers(batch: pa.RecordBatch) -> None:
    for field, column in zip(batch.schema, batch.columns, strict=True):
        if pa.types.is_uint64(field.type) and (pc.max(column).as_py() or 0) > _MOST:
            raise UsageError(f"{field.name} has a number beyond 63 bits, which Beam's rows can't have")


@with_input_types(TablePart)
class TableToRows(beam.PTransform[beam.PCollection[TablePart], beam.PCollection[beam.Row]]):
    """The rows of one table out of what `ResolveStreams` gives.

    Args:
        table: its name, such as `stream_states`.
        as_text: as for `BatchesToRows`.

    Raises:
        UsageError: no table is called so.
    """

    def __init__(self, table: str, *, as_text: bool = False) -> None:
        super().__init__()
        if table not in _TABLES:
            raise UsageError(f"there is no table {table!r}; there are {', '.join(_TABLES)}")
        self._table = table
        self._schema = arrow_schema(_TABLES[table])
        self._as_text = as_text
        self.with_output_types(row_type(self._schema, as_text=as_text))

    def expand(self, parts: beam.PCollection[TablePart]) -> beam.PCollection[beam.Row]:
        """Leave out the other tables, take batches apart."""
        batches = parts | "Choose" >> beam.FlatMap(_of_table, self._table).with_output_types(pa.RecordBatch)
        return batches | "ToRows" >> BatchesToRows(self._schema, as_text=self._as_text)

    def display_data(self) -> dict[str, Any]:
        """Which table."""
        return {"table": self._table}


def _of_table(part: TablePart, table: str) -> Iterator[pa.RecordBatch]:
    if part.table == table:
        yield part.batch
