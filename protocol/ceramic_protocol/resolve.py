"""Conflict resolution: which tip a stream has (the formal rule of consensus.md 1.6).

At every fork the branch wins that is anchored, was anchored first, has more events up to that anchor, and has
the lower tip CID; computed bottom-up over the tree of valid events, once per event, without recursion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from ceramic_protocol.cid import Cid


class TieBreak(StrEnum):
    """How two CIDs are compared when nothing else decides."""

    JS = "js"
    """As js-ceramic does: the decimal text of the bytes, joined by commas."""

    BINARY = "binary"
    """As the protocol's documentation says: the bytes."""


_Tie: TypeAlias = str | bytes


def tie_key(cid: Cid, tie_break: TieBreak) -> _Tie:
    """Sort key of a CID; the lower one wins."""
    return ",".join(map(str, cid)) if tie_break is TieBreak.JS else bytes(cid)


@dataclass(frozen=True, slots=True)
class _Extension:
    """The best way on from an event: its tip, its length, and where and when it is first anchored."""

    tip: Cid
    length: int = 0
    to_anchor: int | None = None
    timestamp: int = 0


def resolve_tip(
    order: Sequence[Cid],
    children: Mapping[Cid, Sequence[Cid]],
    timestamps: Mapping[Cid, int],
    tie_break: TieBreak = TieBreak.JS,
) -> Cid:
    """The winning tip of a tree of valid events.

    Args:
        order: every event, parents before children; the first is the init event.
        children: the valid events that build on an event; a leaf may be absent.
        timestamps: block time (unix seconds) of every time event; no other event has one.
        tie_break: how CIDs are compared when nothing else decides.
    """
    best: dict[Cid, _Extension] = {}
    for cid in reversed(order):
        extensions = [_prepend(best.pop(child), timestamps.get(child)) for child in children.get(cid, ())]
        if not extensions:
            best[cid] = _Extension(cid)
        elif len(extensions) == 1:
            best[cid] = extensions[0]
        else:
            best[cid] = min(extensions, key=lambda way: _preference(way, tie_break))
    return best[order[0]].tip


def _prepend(way: _Extension, timestamp: int | None) -> _Extension:
    if timestamp is not None:
        return _Extension(way.tip, way.length + 1, 1, timestamp)
    to_anchor = None if way.to_anchor is None else way.to_anchor + 1
    return _Extension(way.tip, way.length + 1, to_anchor, way.timestamp)


def _preference(way: _Extension, tie_break: TieBreak) -> tuple[int, int, int, _Tie]:
    if way.to_anchor is None:
        return 1, 0, -way.length, tie_key(way.tip, tie_break)
    return 0, way.timestamp, -way.to_anchor, tie_key(way.tip, tie_break)


def path_to(tip: Cid, previous: Mapping[Cid, Cid | None]) -> list[Cid]:
    """The events from the init event to `tip`."""
    log: list[Cid] = []
    at: Cid | None = tip
    while at is not None:
        log.append(at)
        at = previous[at]
    log.reverse()
    return log
