"""What a source's URI names: a node, a node's folder, topics, or events in files (design.md 4.1)."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Final

from ceramic_protocol.errors import UsageError

_STORE: Final = "store"
_TOPICS: Final = "kafka"
_NODES: Final = frozenset({"http", "https"})
_EVENTS: Final = frozenset({"car", "ndjson", "parquet"})
_ENDINGS: Final = (".car", ".ndjson", ".ndjson.gz", ".jsonl")
_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]+):(?://)?(.*)", re.IGNORECASE | re.DOTALL)


class OriginKind(StrEnum):
    """What it is that is read."""

    NODE = "node"
    """A node, over HTTP."""

    STORE = "store"
    """The data folder of a node of ours that doesn't run."""

    TOPICS = "topics"
    """Topics of Kafka with events, to which more may be written."""

    EVENTS = "events"
    """Events in files, which come to an end."""


def origin_of(uri: str) -> OriginKind:
    """What a URI names.

    Raises:
        UsageError: nothing that a source could read.
    """
    found = _SCHEME.fullmatch(uri)
    scheme, rest = ("", uri) if found is None else (found[1].lower(), found[2])
    if scheme in _NODES:
        return OriginKind.NODE
    if scheme == _STORE and rest:
        return OriginKind.STORE
    if scheme == _TOPICS and rest:
        return OriginKind.TOPICS
    if (scheme in _EVENTS and rest) or (found is None and uri.endswith(_ENDINGS)):
        return OriginKind.EVENTS
    # It may be a place or a mistyped address with a key: it isn't repeated.
    raise UsageError(
        "a source is a node's address, such as http://127.0.0.1:5101, or car:PATH, ndjson:PATH,"
        " kafka://HOST:PORT/TOPIC or store:FOLDER"
    )


def path_of(uri: str) -> str:
    """The path that a URI names, or is."""
    found = _SCHEME.fullmatch(uri)
    return found[2] if found else uri


def folder_of(uri: str) -> Path:
    """The folder that `store:FOLDER` names."""
    return Path(path_of(uri)).expanduser()
