"""What events of the feed are worth within their streams, as far as that has been worked out."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from typing import NamedTuple

from ceramic_node.feed_window import FeedEntry
from ceramic_node.node import Node
from ceramic_node.states.records import EventRow


class Judging(Enum):
    """Which judgements somebody wants."""

    NONE = auto()
    KNOWN = auto()
    """Those that are there."""
    SETTLED = auto()
    """Those of all entries: the feed ends, for now, before the first one that hasn't been judged."""


class Looked(NamedTuple):
    """The judgements of entries in their order, and how many of these are settled, from the first one on.

    An entry without a judgement is settled if none is to be expected, as its stream couldn't be judged.
    """

    rows: list[EventRow | None]
    settled: int


def look_up(node: Node, entries: Sequence[FeedEntry]) -> Looked:
    """Look judgements of entries up."""
    # The head first: whatever it says has been followed, is there when it is looked up.
    followed = node.states.head().version
    delivered = (entry.delivered for entry in entries)
    found = node.states.events({each.checked.cid: each.facts.stream for each in delivered})
    rows = [found.get(entry.delivered.checked.cid) for entry in entries]
    settled = 0
    for entry, row in zip(entries, rows, strict=True):
        if row is None and _version(node, entry) > followed:
            break
        settled += 1
    return Looked(rows, settled)


def _version(node: Node, entry: FeedEntry) -> int:
    stream = node.events.entry(entry.delivered.facts.stream)
    return 0 if stream is None else stream.version
