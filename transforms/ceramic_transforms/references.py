"""Which events a stream's events refer to without having them, and which of these are there after all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from ceramic_protocol.history import unresolved

LINK_COLUMNS: Final = ("stream_cid", "event_cid", "prev")
"""Columns of `CHECKED_EVENTS` that tell what refers to what."""


def wanted_by(batches: Iterable[pa.RecordBatch]) -> frozenset[bytes]:
    """The CIDs to ask all other streams for, given all events of some streams."""
    links_of: dict[bytes, list[tuple[bytes, bytes | None]]] = {}
    for batch in batches:
        columns = (batch.column(name).to_pylist() for name in LINK_COLUMNS)
        for stream, cid, prev in zip(*columns, strict=True):
            links_of.setdefault(stream, []).append((cid, prev))
    return frozenset().union(*(unresolved(stream, links) for stream, links in links_of.items()))


def cid_array(cids: Iterable[bytes]) -> pa.Array:
    """CIDs in the form that `found_in` looks them up in."""
    return pa.array(sorted(cids), pa.binary())


def found_in(batch: pa.RecordBatch, wanted: pa.Array) -> frozenset[bytes]:
    """Those of the wanted events that a batch with the column `event_cid` holds."""
    cids = batch.column("event_cid")
    return frozenset(pc.filter(cids, pc.is_in(cids, value_set=wanted)).to_pylist())
