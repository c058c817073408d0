"""Conflict resolution: which branch of a stream wins (the formal rule of consensus.md 1.6).

At every fork the branch wins that is anchored, was anchored first, has more events up to that anchor, and has
the lower tip CID. `branches.BranchTree` applies this to a whole tree.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from ceramic_protocol.cid import Cid
from ceramic_protocol.limits import MAX_CACHED_TIE_KEYS


class TieBreak(StrEnum):
    """How two CIDs are compared when nothing else decides."""

    JS = "js"
    """As js-ceramic does: the decimal text of the bytes, joined by commas."""

    BINARY = "binary"
    """As the protocol's documentation says: the bytes."""


_Tie: TypeAlias = str | bytes


@lru_cache(maxsize=MAX_CACHED_TIE_KEYS)
def tie_key(cid: Cid, tie_break: TieBreak) -> _Tie:
    """Sort key of a CID; the lower one wins."""
    return ",".join(map(str, cid)) if tie_break is TieBreak.JS else bytes(cid)


class Branch(NamedTuple):
    """The best way on from an event: its tip, its length, and where and when it is first anchored.

    `length` counts the events after the one where it begins, and `to_anchor` those up to and with the first
    anchor; None if there is none. `timestamp` is that anchor's, in unix seconds.
    """

    tip: Cid
    length: int = 0
    to_anchor: int | None = None
    timestamp: int = 0


class Preference(NamedTuple):
    """What branches are compared by, in this order; the lowest wins."""

    unanchored: int
    timestamp: int
    fewer_events: int
    tip: _Tie


def preference(branch: Branch, tie_break: TieBreak) -> Preference:
    """What a branch is compared by with those that begin at the same event."""
    tie = tie_key(branch.tip, tie_break)
    if branch.to_anchor is None:
        return Preference(1, 0, -branch.length, tie)
    return Preference(0, branch.timestamp, -branch.to_anchor, tie)
