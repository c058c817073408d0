"""Models and documents as stores of applications meet them, and the whole content of a store."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from ceramic_connectors.apps import AppStore, StreamState
from ceramic_connectors.manifest import write_manifest
from ceramic_connectors.parquet import write_parquet
from ceramic_connectors.tables import arrow_schema
from ceramic_protocol.cid import Cid
from ceramic_protocol.documents import envelope_json
from ceramic_protocol.ids import METAMODEL, MODEL, MODEL_INSTANCE, StreamId
from ceramic_protocol.tables import TABLES

ALICE = "did:key:z6MkAlice"
BOB = "did:pkh:eip155:1:0xb0b"


def model_id(name: str) -> str:
    """StreamID of a model that is called so in a test."""
    return str(StreamId.of(MODEL, Cid.of(b"model " + name.encode())))


def stream_id(name: str) -> str:
    """StreamID of a document that is called so in a test."""
    return str(StreamId.of(MODEL_INSTANCE, Cid.of(b"document " + name.encode())))


def tip(name: str, version: int) -> str:
    """CID of an event."""
    return str(Cid.of(f"{name} {version}".encode()))


def definition(name: object, properties: Mapping[str, Any], **members: Any) -> dict[str, Any]:
    """A model's content."""
    schema = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    return {"name": name, "version": "2.0", "schema": schema, "accountRelation": {"type": "list"}, **members}


def model(name: str, content: Any, version: int = 1, **members: Any) -> StreamState:
    """The state of a model's stream."""
    given: dict[str, Any] = {"tip": tip(name, version), "controller": ALICE, "height": 0} | members
    return StreamState(model_id(name), version, model=str(METAMODEL), content=content, **given)


def document(name: str, of: str, content: Any, version: int = 1, **members: Any) -> StreamState:
    """The state of a document."""
    given: dict[str, Any] = {"tip": tip(name, version), "controller": ALICE, "height": version} | members
    return StreamState(stream_id(name), version, model=model_id(of), content=content, **given)


def gone(name: str, version: int) -> StreamState:
    """A document that lost its init event."""
    return StreamState(stream_id(name), version)


def contents(store: AppStore) -> dict[str, Any]:
    """Everything in a store: names, columns and rows of the tables, what waits, the catalogue."""
    return {
        "tables": {
            table.name: (table.model, table.model_name, sorted(table.columns), list(store.rows(model)))
            for model, table in store.tables().items()
        },
        "waiting": store.waiting(),
    }


def expected_rows(states: Iterable[StreamState]) -> dict[str, dict[str, dict[str, Any]]]:
    """Content, controller, tip and times by stream, of what should be in the tables, by model."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for state in states:
        if state.tip is not None and state.should_index and state.model is not None and not state.is_model:
            found.setdefault(state.model, {})[state.stream_id] = {
                "controller": state.controller,
                "tip": state.tip,
                "height": state.height,
                "content": state.content,
            }
    return found


def same_json(left: object, right: object) -> bool:
    """Equality of JSON values, where 1, 1.0 and true are three things."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


def write_export(
    folder: Path, states: Iterable[StreamState], *, as_of: str = "2026-01-01T00:00:00+00:00"
) -> Path:
    """An export with these streams in `stream_states`, those without a tip in `rejected`, and no events."""
    known = list(states)
    rows: dict[str, list[dict[str, Any]]] = {
        "stream_states": [_state_row(state) for state in known if state.tip],
        "rejected": [_rejected_row(state) for state in known if not state.tip],
    }
    for table in TABLES:
        (folder / table.name).mkdir(parents=True)
        schema = arrow_schema(table)
        batch = pa.RecordBatch.from_pylist(rows.get(table.name, []), schema)
        write_parquet(folder / table.name / "part-00000-of-00001.parquet", schema, [batch])
    write_manifest(folder, {"as_of": as_of})
    return folder


def _state_row(state: StreamState) -> dict[str, Any]:
    stream = StreamId.parse(state.stream_id)
    metadata: dict[str, Any] = {"shouldIndex": state.should_index}
    if state.model_version:
        metadata["modelVersion"] = Cid.parse(state.model_version)
    context = b"" if state.context is None else StreamId.parse(state.context)
    dimensions = {"context": bytes(context), "unique": base64.b64decode(state.unique_base64 or "")}
    return {
        "stream_tip_order": 0,
        "stream_state_order": 0,
        "stream_cid": bytes(stream.cid),
        "stream_type": stream.stream_type,
        "controller": state.controller,
        "dimensions": list(dimensions.items()),
        "event_cid": bytes(Cid.parse(state.tip or "")),
        "event_type": 0,
        "event_height": state.height,
        "data": envelope_json(metadata, state.content),
        "stream_id": state.stream_id,
        "model": state.model,
        "anchored_at": state.anchored_at,
        "first_anchored_at": state.first_anchored_at,
        "last_anchored_at": state.last_anchored_at,
        "reverted": [],
    }


def _rejected_row(state: StreamState) -> dict[str, Any]:
    reason = {"verdict": "rejected", "layer": "auth", "reason": "signature_invalid"}
    return {**reason, "stream_id": state.stream_id, "raw": b"", "source": "test", "position": 0}
