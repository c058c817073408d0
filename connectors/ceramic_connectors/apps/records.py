"""Rows as the stores write and read them: values that any driver takes, in the order of the columns."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from ceramic_connectors.apps.columns import ModelTable
from ceramic_connectors.apps.kinds import Kind, Unfit, fit
from ceramic_connectors.apps.states import StreamState
from ceramic_protocol import dagjson

Record: TypeAlias = tuple[Any, ...]
"""Values of `columns.RECORD`: times as unix seconds, JSON as text."""

LAST_SECOND: Final = 253_402_300_799
"""The end of the year 9999; later times are no dates in Python."""


def record_of(state: StreamState) -> Record:
    """The record of a stream that has a tip."""
    return (
        state.stream_id,
        # A controller may hold U+0000, which PostgreSQL has no text for; no DID does.
        state.controller.replace("\0", "\ufffd"),
        _moment(state.first_anchored_at),
        _moment(state.last_anchored_at),
        _moment(state.anchored_at),
        _moment(state.first_anchored_at),
        _moment(state.last_anchored_at),
        state.tip,
        state.height,
        state.context,
        state.unique_base64,
        state.model_version,
        None if state.content is None else dagjson.dump(state.content).decode(),
    )


def table_row(table: ModelTable, record: Record) -> tuple[Any, ...]:
    """The row of a model's table that follows from a record, in the order of its columns."""
    content = None if record[-1] is None else json.loads(record[-1])
    values, unfit = typed_values(table, content)
    return (*record[:2], *values, unfit, *record[2:])


def typed_values(table: ModelTable, content: object) -> tuple[list[Any], str | None]:
    """The values of a document's columns, and as JSON the names of those that theirs didn't fit."""
    members = content if isinstance(content, dict) else {}
    values: list[Any] = []
    unfit = []
    for column in table.fields:
        try:
            values.append(fit(column.kind, members.get(column.field)))
        except Unfit:
            values.append(None)
            unfit.append(column.name)
    return values, dagjson.dump(list(unfit)).decode() if unfit else None


def readable(kind: Kind, value: Any) -> Any:
    """A value on its way out: JSON as a value, times as moments in UTC."""
    if value is None:
        return None
    if kind.is_json:
        return json.loads(value)
    return datetime.fromtimestamp(value, UTC) if kind is Kind.TIME else value


def newest(states: Iterable[StreamState]) -> list[StreamState]:
    """For each stream the state of the highest version; of equal ones the last."""
    found: dict[str, StreamState] = {}
    for state in states:
        known = found.get(state.stream_id)
        if known is None or known.version <= state.version:
            found[state.stream_id] = state
    return list(found.values())


def _moment(seconds: int | None) -> int | None:
    return seconds if seconds is not None and seconds <= LAST_SECOND else None
