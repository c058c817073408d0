"""What more knowledge changes about a stream: the output that a sink has to follow (consensus.md 1.6, 5.3).

A tip can move back as well as on: a late anchor, a model that is seen at last or a capability that has run
out may make another branch win. So a change of tip says which events no longer count and which do now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.ids import StreamId


class CorrectionCause(StrEnum):
    """Why a tip moved."""

    APPENDED = "appended"
    """New events follow on the old tip."""

    ANCHOR = "anchor"
    """A proof of time that is new makes another branch win."""

    EVENT = "event"
    """Another branch has become better by events that are new."""

    VERDICT = "verdict"
    """Events that were known are judged otherwise: a model came, a capability ran out, a chain answered."""


@dataclass(frozen=True, slots=True)
class Correction:
    """How a stream's canonical log changed.

    `undone` are the events that left it, the last one first; `applied` those that came into it, in order.
    A tip is None where the stream has no valid init event.
    """

    stream_id: StreamId
    old_tip: Cid | None
    new_tip: Cid | None
    undone: tuple[Cid, ...]
    applied: tuple[Cid, ...]
    cause: CorrectionCause


class Moved(NamedTuple):
    """From which tip to which, and the events in between, as in a correction."""

    old_tip: Cid | None
    new_tip: Cid | None
    undone: tuple[Cid, ...]
    applied: tuple[Cid, ...]


def correction(before: StreamHistory, after: StreamHistory) -> Correction | None:
    """What changed between two evaluations of one stream; None if its tip is where it was.

    Args:
        before: what followed from what was known then.
        after: what follows from what is known now; the same events and more, or other rules.
    """
    if before.tip == after.tip:
        return None
    news = [item.event for cid, item in after.judged.items() if cid not in before.judged]
    undone, applied = apart(before.log, after.log)
    return correction_of(after.stream_id, Moved(before.tip, after.tip, tuple(undone), tuple(applied)), news)


def correction_of(stream_id: StreamId, moved: Moved, news: Sequence[CheckedEvent]) -> Correction | None:
    """The correction for a tip that moved, with its cause; None if it is where it was.

    Args:
        stream_id: of the stream.
        moved: from where to where.
        news: the events that were not known before.
    """
    if moved.old_tip == moved.new_tip:
        return None
    return Correction(stream_id, *moved, _cause(moved, news))


def apart(first: Sequence[Cid], second: Sequence[Cid]) -> tuple[Sequence[Cid], Sequence[Cid]]:
    """What two logs of one stream don't share: of the first from its end back, of the second onward."""
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        if first[middle - 1] == second[middle - 1]:
            low = middle
        else:
            high = middle - 1
    return first[low:][::-1], second[low:]


def _cause(moved: Moved, news: Sequence[CheckedEvent]) -> CorrectionCause:
    new = {event.cid for event in news}
    if not moved.undone:
        return CorrectionCause.APPENDED if new.issuperset(moved.applied) else CorrectionCause.VERDICT
    if any(event.kind is Kind.TIME for event in news):
        return CorrectionCause.ANCHOR
    return CorrectionCause.EVENT if news else CorrectionCause.VERDICT
