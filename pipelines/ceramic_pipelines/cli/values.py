"""Values of SQL in a form that JSON, CSV and people can read."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from ceramic_protocol import multibase
from ceramic_protocol.cid import Cid
from ceramic_protocol.dagjson import Json, dump
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.ids import StreamId


def json_value(value: Any) -> Json:
    """A value of SQL as JSON.

    Bytes become the text of the CID or StreamID that they are, the text that they hold, or else multibase
    base64; moments RFC 3339 in UTC; what JSON has no form for its usual text.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes_text(bytes(value))
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime | date | time | timedelta):
        return _moment(value)
    if isinstance(value, Mapping):
        return {str(json_value(key)): json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    return str(value)


def bytes_text(data: bytes) -> str:
    """Bytes as the text that says most."""
    for kind in (Cid, StreamId):
        try:
            return str(kind.from_bytes(data))
        except IdentifierError:
            continue
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return multibase.encode(data, "m")
    return text if text.isprintable() else multibase.encode(data, "m")


def json_rows(
    columns: Sequence[str], types: Sequence[str], rows: Iterable[Sequence[Any]]
) -> Iterable[dict[str, Json]]:
    """Rows by column; columns of JSON as values, not as text."""
    is_json = [kind == "JSON" for kind in types]
    for row in rows:
        yield {
            name: json.loads(value) if parsed and value is not None else json_value(value)
            for name, value, parsed in zip(columns, row, is_json, strict=True)
        }


def print_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Json]]) -> None:
    """Print rows as CSV (RFC 4180) with a head; null is an empty field, JSON is JSON."""
    _print_line(columns)
    for row in rows:
        _print_line([_cell(value) for value in row.values()])


def _print_line(cells: Sequence[str]) -> None:
    # Not through click, which takes what colours a terminal out of the data.
    csv.writer(sys.stdout, lineterminator="\n").writerow(cells)


def _cell(value: Json) -> str:
    return "" if value is None else value if isinstance(value, str) else dump(value).decode()


def _moment(value: datetime | date | time | timedelta) -> str:
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    return value.isoformat()
