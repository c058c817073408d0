"""Writing made events to the files that sources read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import pyarrow as pa

from bench.streams import MadeEvent
from ceramic_connectors.parquet import PartWriter
from ceramic_protocol import car, multibase
from ceramic_protocol.limits import MAX_BATCH_EVENTS


def _batched(events: Iterable[MadeEvent]) -> Iterator[list[MadeEvent]]:
    rest = iter(events)
    while some := list(islice(rest, MAX_BATCH_EVENTS)):
        yield some


def write_ndjson(path: Path, events: Iterable[MadeEvent]) -> None:
    """One `{"cid", "car"}` a line."""
    with path.open("w", encoding="ascii") as file:
        for event in events:
            line = {"cid": str(event.cid), "car": multibase.encode(event.raw.car, "m")}
            file.write(json.dumps(line, separators=(",", ":")) + "\n")


def write_table(path: Path, events: Iterable[MadeEvent]) -> None:
    """A Parquet file with the events as rows."""
    schema = pa.schema([pa.field("event_cid", pa.binary()), pa.field("car", pa.binary())])
    with PartWriter(path, schema) as writer:
        for some in _batched(events):
            writer.add(
                pa.RecordBatch.from_pydict(
                    {"event_cid": [event.cid for event in some], "car": [event.raw.car for event in some]},
                    schema=schema,
                )
            )


def write_car(path: Path, events: Sequence[MadeEvent]) -> None:
    """One CARv1 with the events as its roots."""
    with path.open("wb") as file:
        file.write(car.encode_header(event.cid for event in events))
        for event in events:
            file.writelines(car.encode_section(cid, block) for cid, block in event.blocks)
