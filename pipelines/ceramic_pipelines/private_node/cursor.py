"""How far a ceramic-one has been read into a source's node, in a file."""

from __future__ import annotations

import os
from pathlib import Path

import orjson

from ceramic_connectors.outside import outside
from ceramic_connectors.source.foreign.places import After
from ceramic_connectors.source.origin import Place
from ceramic_protocol.errors import CeramicError

BEGINNING = Place(None, 0, "")


def load_cursor(path: Path, epoch: str) -> Place:
    """Where to go on; the beginning if nothing is known of this store of the node, as it costs time alone.

    Raises:
        OutsideError: it can't be read.
    """
    with outside(f"read {path}"):
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            return BEGINNING
    try:
        resume, counter, filled = orjson.loads(text)
        if filled != epoch:
            return BEGINNING
        return Place(str(resume), After.parse(resume).token, str(counter))
    except (ValueError, TypeError, CeramicError):
        return BEGINNING


def keep_cursor(path: Path, place: Place, epoch: str) -> None:
    """Keep where to go on, as a whole or not at all, and which store of the node has all before it.

    Raises:
        OutsideError: it can't be written.
    """
    beside = path.with_name(f"{path.name}.new")
    with outside(f"write {path}"):
        with beside.open("wb") as file:
            file.write(orjson.dumps([place.resume, place.counter, epoch]))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
