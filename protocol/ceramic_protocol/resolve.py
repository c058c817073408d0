"""Conflict resolution: which tip a stream has (the formal rule of consensus.md 1.6).

At every fork the branch wins that is anchored, was anchored first, has more events up to that anchor, and has
the lower tip CID; computed bottom-up over the tree of valid events, once per event, without recursion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple, TypeAlias

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


class Fork(NamedTuple):
    """A decision: the event, the valid events that build on it, and the branch and key of each of these.

    `winner` is the place of the one that was chosen. Where only one event follows, it is that one.
    """

    at: Cid
    children: Sequence[Cid]
    branches: Sequence[Branch]
    keys: Sequence[Preference]
    winner: int


def resolve_tip(
    order: Sequence[Cid],
    children: Mapping[Cid, Sequence[Cid]],
    timestamps: Mapping[Cid, int],
    tie_break: TieBreak = TieBreak.JS,
    watch: Callable[[Fork], object] | None = None,
) -> Cid:
    """The winning tip of a tree of valid events.

    Args:
        order: every event, parents before children; the first is the init event.
        children: the valid events that build on an event; a leaf may be absent.
        timestamps: block time (unix seconds) of every time event; no other event has one.
        tie_break: how CIDs are compared when nothing else decides.
        watch: is told of what was chosen at every event that isn't a leaf, children before parents.
    """
    best: dict[Cid, Branch] = {}
    for cid in reversed(order):
        following = children.get(cid, ())
        branches = [_prepend(best.pop(child), timestamps.get(child)) for child in following]
        if not branches:
            best[cid] = Branch(cid)
        elif len(branches) == 1 and watch is None:
            best[cid] = branches[0]
        else:
            keys = [preference(branch, tie_break) for branch in branches]
            winner = keys.index(min(keys))
            best[cid] = branches[winner]
            if watch is not None:
                watch(Fork(cid, following, branches, keys, winner))
    return best[order[0]].tip


def _prepend(branch: Branch, timestamp: int | None) -> Branch:
    tip, length, to_anchor, anchored_at = branch
    if timestamp is not None:
        return Branch(tip, length + 1, 1, timestamp)
    return Branch(tip, length + 1, None if to_anchor is None else to_anchor + 1, anchored_at)


def preference(branch: Branch, tie_break: TieBreak) -> Preference:
    """What a branch is compared by with those that begin at the same event."""
    tie = tie_key(branch.tip, tie_break)
    if branch.to_anchor is None:
        return Preference(1, 0, -branch.length, tie)
    return Preference(0, branch.timestamp, -branch.to_anchor, tie)


def path_to(tip: Cid, previous: Mapping[Cid, Cid | None]) -> list[Cid]:
    """The events from the init event to `tip`."""
    log: list[Cid] = []
    at: Cid | None = tip
    while at is not None:
        log.append(at)
        at = previous[at]
    log.reverse()
    return log
