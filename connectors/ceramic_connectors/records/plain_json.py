"""JSON without an envelope: one object for a record, its members in the order of the fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ceramic_connectors.records.form import Encoded
from ceramic_connectors.records.members import Members, read_json
from ceramic_connectors.records.tables_of import OfTables
from ceramic_protocol.tables import Table


class PlainJson:
    """See `form.Form`."""

    def __init__(self) -> None:
        self._members = OfTables(Members)

    def __reduce__(self) -> tuple[type[PlainJson], tuple[()]]:
        return type(self), ()

    def encode(self, table: Table, topic: str, row: Mapping[str, Any]) -> Encoded:
        """See `form.Form.encode`."""
        del topic
        members = self._members.of(table)
        return Encoded(members.written(members.of(row), row))

    def decode(
        self, table: Table, topic: str, value: bytes, headers: Sequence[tuple[str, bytes]]
    ) -> dict[str, Any]:
        """See `form.Form.decode`."""
        del topic, headers
        return self._members.of(table).row(read_json(table, value))
