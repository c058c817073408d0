"""What becomes of events that are handed to a node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Self

REFUSED: Final = "refused"
NO_ROOM: Final = "no_room"
FAILED: Final = "failed"

_NEW: Final = "new"
_KEPT: Final = frozenset({_NEW, "known", "better"})


class Outcome(NamedTuple):
    """What became of one event: the words are those of the node's API (docs/node-api.md)."""

    word: str
    cid: str | None = None
    reason: str | None = None
    detail: str | None = None

    @property
    def is_kept(self) -> bool:
        """Whether the node has it now."""
        return self.word in _KEPT

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Self:
        """From an `EventOutcome` of that API."""
        return cls(found["outcome"], found.get("cid"), found.get("reason"), found.get("detail"))


@dataclass
class Tally:
    """How many of what.

    Attributes:
        events: that were read.
        new: that the node hasn't had.
        known: that it has had.
        pending: of both, those whose own checks can't be finished, as when no chain can be asked.
        rejected: refused events by the code of the reason.
        damaged: stretches of the source from which no event can be read.
        no_room: events that too many others wait with; they weren't kept.
    """

    events: int = 0
    new: int = 0
    known: int = 0
    pending: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    damaged: int = 0
    no_room: int = 0

    def add(self, outcome: Outcome) -> None:
        """One more event."""
        self.events += 1
        if outcome.word == _NEW:
            self.new += 1
        elif outcome.is_kept:
            self.known += 1
        elif outcome.word == NO_ROOM:
            self.no_room += 1
        else:
            self.rejected[outcome.reason or outcome.word] += 1
        self.pending += outcome.is_kept and outcome.reason is not None

    def retried(self, again: Tally) -> None:
        """What was read again found room for some that had none."""
        self.new += again.new
        self.pending = again.pending
        self.no_room = again.no_room

    @property
    def has_rejected(self) -> bool:
        """Whether something was rejected or damaged, or found no room."""
        return bool(self.rejected or self.damaged or self.no_room)

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        return {
            "events": self.events,
            "new": self.new,
            "known": self.known,
            "pending": self.pending,
            "rejected": dict(sorted(self.rejected.items())),
            "damaged": self.damaged,
            "no_room": self.no_room,
        }
