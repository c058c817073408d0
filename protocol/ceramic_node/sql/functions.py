"""Identifiers as text, for SQL: functions that DuckDB calls with whole columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pyarrow as pa

from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.ids import StreamId

_TEXTS: Final = pa.list_(pa.utf8())


def _cid(data: bytes) -> str:
    try:
        return str(Cid.from_bytes(data))
    except IdentifierError:
        raise ValueError("cid_string: these bytes are no CID") from None


def _stream_id(data: bytes) -> str:
    try:
        return str(StreamId.from_bytes(data))
    except IdentifierError:
        raise ValueError("stream_id_string: these bytes are no StreamID") from None


def _each(function: Callable[[bytes], str]) -> Callable[[Any], pa.Array]:
    def column(values: Any) -> pa.Array:
        found: dict[bytes | None, str | None] = {None: None, b"": None}
        texts = []
        # What is repeated, as StreamIDs of models are, is made once.
        for value in values.to_pylist():
            if value not in found:
                found[value] = function(value)
            texts.append(found[value])
        return pa.array(texts, pa.utf8())

    return column


def _lists(function: Callable[[bytes], str]) -> Callable[[Any], pa.Array]:
    def column(values: Any) -> pa.Array:
        texts = [
            None if value is None else [None if each is None else function(each) for each in value]
            for value in values.to_pylist()
        ]
        return pa.array(texts, _TEXTS)

    return column


FUNCTIONS: Final = (
    ("cid_string", "BLOB", "VARCHAR", _each(_cid)),
    ("stream_id_string", "BLOB", "VARCHAR", _each(_stream_id)),
    ("array_cid_string", "BLOB[]", "VARCHAR[]", _lists(_cid)),
    ("array_stream_id_string", "BLOB[]", "VARCHAR[]", _lists(_stream_id)),
)
"""Name, type of the argument, type of the answer, and what it does; null stays null, and so does no bytes."""


def add_functions(connection: Any) -> None:
    """Let a database know them."""
    for name, argument, answer, function in FUNCTIONS:
        connection.create_function(name, function, [argument], answer, type="arrow", null_handling="special")
