"""How far what is followed has been read into a source's node, in a file."""

from __future__ import annotations

import os
from pathlib import Path

import orjson

from ceramic_connectors.outside import outside
from ceramic_pipelines.private_node.following.port import Place


def load_cursor(path: Path, epoch: str) -> Place | None:
    """Where to go on; None if nothing is known of this store of the node, as the beginning costs time alone.

    Raises:
        OutsideError: it can't be read.
    """
    with outside(f"read {path}"):
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            return None
    try:
        *place, filled = orjson.loads(text)
    except (ValueError, TypeError):
        return None
    return place if filled == epoch else None


def keep_cursor(path: Path, place: Place, epoch: str) -> None:
    """Keep where to go on, as a whole or not at all, and which store of the node has all before it.

    Raises:
        OutsideError: it can't be written.
    """
    beside = path.with_name(f"{path.name}.new")
    with outside(f"write {path}"):
        with beside.open("wb") as file:
            file.write(orjson.dumps([*place, epoch]))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
