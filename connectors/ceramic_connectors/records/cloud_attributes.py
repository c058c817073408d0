"""The attributes that CloudEvents 1.0 wants of a record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote

from ceramic_connectors.records.errors import RecordError
from ceramic_protocol.records import EVENT, HEARTBEAT, STATE
from ceramic_protocol.tables import Table

SPECVERSION: Final = "1.0"
"""Of CloudEvents."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_QUOTED_KEPT: Final = 64


def event_type(table: Table) -> str:
    """What `type` says: the table and the version of its meaning, which a new field leaves as it is."""
    return f"ceramic.{table.name.lower()}.v1"


def attributes(table: Table, row: Mapping[str, Any]) -> dict[str, str]:
    """The attributes of a row that was checked; `source` and `id` together name the record.

    Raises:
        RecordError: a value of the row can't be an attribute, or the table isn't one of the records'.
    """
    make = _BY_TABLE.get(table.name)
    if make is None:
        raise RecordError(f"{table.name}: records of this table are no CloudEvents")
    return {"specversion": SPECVERSION, "type": event_type(table), **make(row)}


def _event(row: Mapping[str, Any]) -> dict[str, str]:
    return _of_stream("Event", _shown("Event.event_cid", row["event_cid"]), row)


def _state(row: Mapping[str, Any]) -> dict[str, str]:
    return _of_stream("State", f"{row['stream_id']}:{row['source']['position']}", row)


def _of_stream(name: str, number: str, row: Mapping[str, Any]) -> dict[str, str]:
    stream, source = _shown(f"{name}.stream_id", row["stream_id"]), row["source"]
    return {
        "source": f"ceramic://{_quoted(source['network'])}/{_quoted(source['node'])}",
        "id": number,
        "time": _time(f"{name}.source.ts_ms", source["ts_ms"]),
        "subject": stream,
        "partitionkey": stream,
    }


def _heartbeat(row: Mapping[str, Any]) -> dict[str, str]:
    name, when = _shown("Heartbeat.name", row["name"]), row["ts_ms"]
    return {
        "source": f"ceramic-streams:{_quoted(name)}",
        "id": str(when),
        "time": _time("Heartbeat.ts_ms", when),
        "partitionkey": name,
    }


_BY_TABLE: Final[Mapping[str, Callable[[Mapping[str, Any]], dict[str, str]]]] = {
    EVENT.name: _event,
    STATE.name: _state,
    HEARTBEAT.name: _heartbeat,
}


def _shown(field: str, text: str) -> str:
    """A text that may be an attribute (CloudEvents 1.0, 3.1: not empty, no signs of control)."""
    if not text or not text.isprintable():
        raise RecordError(f"{field}: is empty or has unprintable signs, which a CloudEvent can't have")
    return text


@lru_cache(_QUOTED_KEPT)
def _quoted(text: str) -> str:
    """A part of a URI; the same few ones again and again. Halves of surrogate pairs go the same way."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def _time(field: str, milliseconds: int) -> str:
    try:
        when = _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        raise RecordError(f"{field}: {milliseconds} ms are beyond the years that a date can have") from None
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
