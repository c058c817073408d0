"""What can make a branch win, as codes and in words."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from ceramic_protocol.resolve import Branch, Preference, TieBreak


class Cause(StrEnum):
    """What a winning branch has over another one."""

    ONLY_BRANCH = "only_branch"
    """All other events at that place are rejected or pending."""

    ANCHORED = "anchored"
    """It has a proof of time, the other has none."""

    EARLIER_ANCHOR = "earlier_anchor"
    """Its first proof of time is older."""

    MORE_EVENTS_TO_ANCHOR = "more_events_to_anchor"
    """Both were anchored at the same time; it has more events up to its first proof of time."""

    MORE_EVENTS = "more_events"
    """Neither is anchored; it has more events."""

    LOWER_TIP = "lower_tip"
    """All else is equal; its tip has the lower CID, by the tie-break in use."""


_TIES: Final = {
    TieBreak.JS: "by the decimal text of its bytes, as in js-ceramic",
    TieBreak.BINARY: "by its bytes",
}


def deciding(winner: Preference, loser: Preference) -> Cause:
    """The first of the things compared in which two branches of one fork differ."""
    if winner.unanchored != loser.unanchored:
        return Cause.ANCHORED
    if winner.timestamp != loser.timestamp:
        return Cause.EARLIER_ANCHOR
    if winner.fewer_events != loser.fewer_events:
        return Cause.MORE_EVENTS if winner.unanchored else Cause.MORE_EVENTS_TO_ANCHOR
    return Cause.LOWER_TIP


def sentence(cause: Cause, winner: Branch, other: Branch, tie_break: TieBreak, name: str) -> str:
    """The cause with figures.

    Args:
        cause: what the winner has over the other branch, not `ONLY_BRANCH`.
        winner: the one that was chosen.
        other: the one that wasn't.
        tie_break: how CIDs are compared when nothing else decides.
        name: what the other branch is called.
    """
    if cause is Cause.ANCHORED:
        return f"the winner is anchored, at {moment(winner.timestamp)}, and {name} is not"
    if cause is Cause.EARLIER_ANCHOR:
        first, later = moment(winner.timestamp), moment(other.timestamp)
        return f"the winner was anchored at {first}, {name} later, at {later}"
    if cause is Cause.MORE_EVENTS_TO_ANCHOR:
        when = f"both were anchored at {moment(winner.timestamp)}"
        return f"{when}; the winner has {_events(winner.to_anchor)} up to there, {name} {other.to_anchor}"
    if cause is Cause.MORE_EVENTS:
        return f"neither is anchored; the winner has {_events(winner.length)}, {name} {other.length}"
    if winner.to_anchor is None:
        alike = f"neither is anchored, and both have {_events(winner.length)}"
    else:
        alike = (
            f"both were anchored at {moment(winner.timestamp)}, with {_events(winner.to_anchor)} up to there"
        )
    return f"{alike}; the winner's tip has the lower CID {_TIES[tie_break]}"


def _events(count: int | None) -> str:
    return f"{count} event" if count == 1 else f"{count} events"


def moment(seconds: int) -> str:
    """RFC 3339 text of a time in unix seconds, or their number where there is no such date."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return str(seconds)
