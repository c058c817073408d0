"""Rows as members of a JSON object: in the order of the fields, bytes as base64, all else as it is."""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from typing import Any, Final

from ceramic_connectors.records.errors import RecordError
from ceramic_connectors.records.rows import LIST, NESTED, Rows
from ceramic_protocol import strict_json
from ceramic_protocol.plain_text import plain
from ceramic_protocol.records import SOURCE
from ceramic_protocol.tables import Field, Table

_MAX_MESSAGE: Final = 200


class Members:
    """The rows of a table as JSON; for several threads at once."""

    def __init__(self, table: Table) -> None:
        import orjson

        self.table = table
        self._rows = Rows(table)
        self._names = table.names
        self._dumps = orjson.dumps
        self._binary = [field.name for field in table.fields if field.type == "binary"]
        self._nested = [field.name for field in table.fields if field.type == NESTED]

    def of(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The members of a row.

        Raises:
            RecordError: it isn't one of the table.
        """
        members = dict(zip(self._names, self._rows.values(row), strict=True))
        for name in self._binary:
            if members[name] is not None:
                members[name] = binascii.b2a_base64(members[name], newline=False).decode("ascii")
        for name in self._nested:
            if members[name] is not None:
                members[name] = {each: members[name][each] for each in SOURCE.names}
        return members

    def written(self, value: Mapping[str, Any], row: Mapping[str, Any]) -> bytes:
        """What holds the members of a row as JSON.

        Raises:
            RecordError: a text of the row has no UTF-8.
        """
        try:
            return self._dumps(value)
        except TypeError:
            raise self._rows.explain(row) from None

    def row(self, members: object) -> dict[str, Any]:
        """The row of members that were read: what is missing is null or empty, what is more is left out.

        Raises:
            RecordError: they are none of the table's.
        """
        row = _row(self.table.name, self.table, members)
        self._rows.values(row)
        return row


def read_json(table: Table, value: bytes) -> object:
    """The value of a message.

    Raises:
        RecordError: it is no JSON, or JSON that two readers may read in two ways.
    """
    try:
        return strict_json.load(value)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{table.name}: no JSON: {plain(str(error), _MAX_MESSAGE)}") from None


def _row(place: str, table: Table, members: object) -> dict[str, Any]:
    if not isinstance(members, dict):
        raise RecordError(f"{place}: is no JSON object")
    return {field.name: _value(f"{place}.{field.name}", field, members) for field in table.fields}


def _value(place: str, field: Field, members: dict[str, Any]) -> Any:
    if field.name not in members:
        if field.nullable:
            return None
        if field.type == LIST:
            return []
        raise RecordError(f"{place}: is missing")
    value = members[field.name]
    if value is None:
        return None
    if field.type == NESTED:
        return _row(place, SOURCE, value)
    return _bytes(place, value) if field.type == "binary" else value


def _bytes(place: str, value: object) -> bytes:
    if isinstance(value, str):
        try:
            return binascii.a2b_base64(value, strict_mode=True)
        except ValueError:
            pass
    raise RecordError(f"{place}: is no base64")
