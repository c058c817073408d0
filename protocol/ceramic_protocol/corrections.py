"""What more knowledge changes about a stream: the output that a sink has to follow (consensus.md 1.6, 5.3).

A tip can move back as well as on: a late anchor, a model that is seen at last or a capability that has run
out may make another branch win. So a change of tip says which events no longer count and which do now.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ceramic_protocol.checked import Kind
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


def correction(before: StreamHistory, after: StreamHistory) -> Correction | None:
    """What changed between two evaluations of one stream; None if its tip is where it was.

    Args:
        before: what followed from what was known then.
        after: what follows from what is known now; the same events and more, or other rules.
    """
    if before.tip == after.tip:
        return None
    common = _common(before.log, after.log)
    undone, applied = before.log[common:][::-1], after.log[common:]
    cause = _cause(before, after, undone, applied)
    return Correction(after.stream_id, before.tip, after.tip, undone, applied, cause)


def _common(first: tuple[Cid, ...], second: tuple[Cid, ...]) -> int:
    """How many events two logs begin with alike; both are paths down one tree."""
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        if first[middle - 1] == second[middle - 1]:
            low = middle
        else:
            high = middle - 1
    return low


def _cause(
    before: StreamHistory, after: StreamHistory, undone: tuple[Cid, ...], applied: tuple[Cid, ...]
) -> CorrectionCause:
    news = [cid for cid in after.judged if cid not in before.judged]
    if not undone and any(cid in before.judged for cid in applied):
        return CorrectionCause.VERDICT
    if not undone:
        return CorrectionCause.APPENDED
    if any(after.judged[cid].event.kind is Kind.TIME for cid in news):
        return CorrectionCause.ANCHOR
    return CorrectionCause.EVENT if news else CorrectionCause.VERDICT
