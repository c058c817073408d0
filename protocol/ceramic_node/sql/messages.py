"""Messages of Arrow Flight SQL, declared by name and number as in the Arrow project's `FlightSql.proto`.

Commands and tickets travel in a `google.protobuf.Any` whose type is named `type.googleapis.com/` and the
message's full name. Only what a server without writing needs is declared.
"""

from __future__ import annotations

from typing import Any, Final

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError, Message

from ceramic_node.sql.failures import SqlRefused

_PACKAGE: Final = "arrow.flight.protocol.sql"
_PREFIX: Final = f"type.googleapis.com/{_PACKAGE}."
_Field = descriptor_pb2.FieldDescriptorProto
_KINDS: Final = {
    "string": _Field.TYPE_STRING,
    "bytes": _Field.TYPE_BYTES,
    "bool": _Field.TYPE_BOOL,
    "uint32": _Field.TYPE_UINT32,
    "int32": _Field.TYPE_INT32,
}

# Of each message its fields, numbered from 1: name, type, and whether it is repeated or may be left out.
_MESSAGES: Final[dict[str, str]] = {
    "CommandGetSqlInfo": "info:uint32*",
    "CommandGetXdbcTypeInfo": "data_type:int32?",
    "CommandGetCatalogs": "",
    "CommandGetDbSchemas": "catalog:string? db_schema_filter_pattern:string?",
    "CommandGetTables": (
        "catalog:string? db_schema_filter_pattern:string? table_name_filter_pattern:string?"
        " table_types:string* include_schema:bool"
    ),
    "CommandGetTableTypes": "",
    "CommandGetPrimaryKeys": "catalog:string? db_schema:string? table:string",
    "CommandGetExportedKeys": "catalog:string? db_schema:string? table:string",
    "CommandGetImportedKeys": "catalog:string? db_schema:string? table:string",
    "CommandGetCrossReference": (
        "pk_catalog:string? pk_db_schema:string? pk_table:string"
        " fk_catalog:string? fk_db_schema:string? fk_table:string"
    ),
    "ActionCreatePreparedStatementRequest": "query:string transaction_id:bytes?",
    "ActionCreatePreparedStatementResult": (
        "prepared_statement_handle:bytes dataset_schema:bytes parameter_schema:bytes"
    ),
    "ActionClosePreparedStatementRequest": "prepared_statement_handle:bytes",
    "CommandStatementQuery": "query:string transaction_id:bytes?",
    "CommandPreparedStatementQuery": "prepared_statement_handle:bytes",
    "TicketStatementQuery": "statement_handle:bytes",
    "CommandStatementUpdate": "query:string transaction_id:bytes?",
    "CommandPreparedStatementUpdate": "prepared_statement_handle:bytes",
    "DoPutPreparedStatementResult": "prepared_statement_handle:bytes?",
}


def _add_field(declared: Any, number: int, words: str) -> None:
    name, _, kind = words.partition(":")
    field = declared.field.add(name=name, number=number, type=_KINDS[kind.rstrip("*?")])
    field.label = _Field.LABEL_REPEATED if kind.endswith("*") else _Field.LABEL_OPTIONAL
    if kind.endswith("?"):
        # In proto3, a field whose absence is told apart is the only member of a union of its own.
        declared.oneof_decl.add(name=f"_{name}")
        field.oneof_index = len(declared.oneof_decl) - 1
        field.proto3_optional = True


def _declare() -> dict[str, type[Message]]:
    file = descriptor_pb2.FileDescriptorProto(
        name="ceramic_node/flight_sql.proto", package=_PACKAGE, syntax="proto3"
    )
    for name, fields in _MESSAGES.items():
        declared = file.message_type.add(name=name)
        for number, words in enumerate(fields.split(), 1):
            _add_field(declared, number, words)
    # A pool of our own: another library in the process may declare the same names.
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))
        for name in _MESSAGES
    }


_CLASSES: Final = _declare()


def make(name: str, **fields: object) -> Any:
    """A message."""
    return _CLASSES[name](**fields)


def packed(message: Message) -> bytes:
    """A message in its `Any`."""
    wrapped = any_pb2.Any(type_url=f"{_PREFIX}{message.DESCRIPTOR.name}", value=message.SerializeToString())
    data: bytes = wrapped.SerializeToString()
    return data


def unpacked(data: bytes) -> tuple[str, Any]:
    """Name and message in an `Any`.

    Raises:
        SqlRefused: it is no such message, or none that is known here.
    """
    wrapped = any_pb2.Any()
    try:
        wrapped.ParseFromString(data)
    except DecodeError:
        raise SqlRefused("this is no command of Arrow Flight SQL") from None
    name = wrapped.type_url.removeprefix(_PREFIX)
    if not wrapped.type_url.startswith(_PREFIX) or name not in _CLASSES:
        raise SqlRefused(f"no such command here: {wrapped.type_url[:200]!r}")
    return name, parsed(name, wrapped.value)


def parsed(name: str, data: bytes) -> Any:
    """A message of that name.

    Raises:
        SqlRefused: it is none.
    """
    message = _CLASSES[name]()
    try:
        message.ParseFromString(data)
    except DecodeError:
        raise SqlRefused(f"this is no {name}") from None
    return message


def given(message: Any, field: str) -> Any:
    """A field that may be left out, or None."""
    return getattr(message, field) if message.HasField(field) else None
