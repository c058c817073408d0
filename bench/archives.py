"""Writing made events to the files that sources read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.streams import MadeEvent
from ceramic_protocol import car, multibase


def write_ndjson(path: Path, events: Iterable[MadeEvent]) -> None:
    """One `{"cid", "car"}` a line."""
    with path.open("w", encoding="ascii") as file:
        for event in events:
            line = {"cid": str(event.cid), "car": multibase.encode(event.raw.car, "m")}
            file.write(json.dumps(line, separators=(",", ":")) + "\n")


def write_car(path: Path, events: Sequence[MadeEvent]) -> None:
    """One CARv1 with the events as its roots."""
    with path.open("wb") as file:
        file.write(car.encode_header(event.cid for event in events))
        for event in events:
            file.writelines(car.encode_section(cid, block) for cid, block in event.blocks)
