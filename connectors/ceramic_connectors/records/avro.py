"""Avro as Confluent's clients write it: a zero, the schema's id in four bytes, the record (kafka.md 5.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Final

from ceramic_connectors.records.avro_schema import avro_schema
from ceramic_connectors.records.avro_writer import avro_writer
from ceramic_connectors.records.errors import RecordError, SchemaUnknownError
from ceramic_connectors.records.form import Encoded
from ceramic_connectors.records.rows import LIST, Rows
from ceramic_connectors.records.schemas import Schemas
from ceramic_connectors.records.tables_of import OfTables
from ceramic_connectors.records.writer_schema import parse_writer_schema
from ceramic_protocol.caches import BoundedCache
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import MAX_AVRO_WRITERS
from ceramic_protocol.plain_text import plain
from ceramic_protocol.tables import Table

_MAGIC: Final = 0
_HEAD_BYTES: Final = 5
_MAX_MESSAGE: Final = 200


@dataclass(frozen=True, slots=True)
class _Writer:
    """A schema that records were written with; `reads_alike` if they can be read with ours."""

    schema: dict[str, Any]
    reads_alike: bool


@dataclass(slots=True)
class _Known:
    """What is known of a table: its schema as text, as fastavro reads with it, and by its form alone."""

    table: Table
    text: str
    schema: dict[str, Any]
    canonical: str
    rows: Rows
    write: Callable[[Iterable[Any]], bytes]
    heads: dict[str, bytes] = field(default_factory=dict)
    writers: BoundedCache[int, _Writer] = field(default_factory=lambda: BoundedCache(MAX_AVRO_WRITERS))


class Avro:
    """See `form.Form`. The subject of a topic's values is `<topic>-value`."""

    def __init__(self, schemas: Schemas) -> None:
        """Take the store of schemas; nobody is asked yet.

        Raises:
            UsageError: the library isn't installed.
        """
        try:
            import fastavro
        except ImportError:
            raise UsageError("fastavro is not installed: pip install 'ceramic-streams[kafka]'") from None
        self._schemas = schemas
        self._read = fastavro.schemaless_reader
        self._refusals = (
            fastavro.read.SchemaResolutionError,
            *(ArithmeticError, AttributeError, EOFError, LookupError, TypeError, ValueError),
        )
        self._known = OfTables(_known)

    def __reduce__(self) -> tuple[type[Avro], tuple[Schemas]]:
        return type(self), (self._schemas,)

    def encode(self, table: Table, topic: str, row: Mapping[str, Any]) -> Encoded:
        """See `form.Form.encode`."""
        known = self._known.of(table)
        values = known.rows.values(row)
        head = known.heads.get(topic)
        if head is None:
            number = self._schemas.id_of(f"{topic}-value", known.text)
            head = known.heads[topic] = bytes([_MAGIC]) + number.to_bytes(4, "big")
        try:
            return Encoded(head + known.write(values))
        except UnicodeEncodeError:
            raise known.rows.explain(row) from None

    def decode(
        self, table: Table, topic: str, value: bytes, headers: Sequence[tuple[str, bytes]]
    ) -> dict[str, Any]:
        """See `form.Form.decode`."""
        del topic, headers
        known = self._known.of(table)
        if len(value) < _HEAD_BYTES or value[0] != _MAGIC:
            raise RecordError(f"{table.name}: the message doesn't begin with the id of an Avro schema")
        writer = self._writer(known, int.from_bytes(value[1:_HEAD_BYTES], "big"))
        data = BytesIO(value)
        data.seek(_HEAD_BYTES)
        try:
            row: Any = self._read(data, writer.schema, None if writer.reads_alike else known.schema)
        except self._refusals as error:
            said = plain(str(error) or type(error).__name__, _MAX_MESSAGE)
            raise RecordError(f"{table.name}: the message holds no such record: {said}") from None
        if data.tell() != len(value):
            raise RecordError(f"{table.name}: the message goes on after the record")
        known.rows.values(row)
        return row if writer.reads_alike else _own(known.table, row)

    def _writer(self, known: _Known, number: int) -> _Writer:
        found = known.writers.get(number)
        if found is None:
            try:
                schema = parse_writer_schema(self._schemas.schema_of(number))
            except (RecordError, SchemaUnknownError) as error:
                raise RecordError(f"{known.table.name} with schema {number}: {error}") from None
            found = _Writer(schema, _canonical(schema) == known.canonical)
            known.writers.put(number, found)
        return found


def _known(table: Table) -> _Known:
    rows, text = Rows(table), avro_schema(table)
    schema = parse_writer_schema(text)
    return _Known(table, text, schema, _canonical(schema), rows, avro_writer(table))


def _canonical(schema: dict[str, Any]) -> str:
    """What of a schema tells how its records are read."""
    from fastavro.schema import to_parsing_canonical_form

    return str(to_parsing_canonical_form(schema))


def _own(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """A row with empty lists of its own: fastavro gives each the one that is a schema's default."""
    for one in table.fields:
        if one.type == LIST and row[one.name] == []:
            row[one.name] = []
    return row
