"""What a comparison of two sides finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple, Protocol

from ceramic_protocol.cid import Cid
from ceramic_protocol.ids import StreamId


class Side(IntEnum):
    """One of the two that are compared."""

    A = 0
    B = 1

    @property
    def other(self) -> Side:
        """The other one."""
        return Side(1 - self)

    @property
    def word(self) -> str:
        """As it is printed and asked for."""
        return self.name.lower()


class Difference(NamedTuple):
    """An event that `side` lacks, or with `side` None a stream that has another tip on each.

    `stream_id` is None where neither side tells the stream or its type, `kind` (init, data or time) where a
    side hands out no bytes. `tips` are those of A and B; None where there is none.
    """

    side: Side | None
    cid: Cid | None
    stream_id: StreamId | None
    kind: str | None
    tips: tuple[Cid | None, Cid | None] | None = None

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        found: dict[str, Any] = {
            "difference": "tip" if self.side is None else "missing",
            "side": None if self.side is None else self.side.word,
            "cid": _text(self.cid),
            "stream_id": None if self.stream_id is None else str(self.stream_id),
            "kind": self.kind,
        }
        if self.tips is not None:
            found["tip_a"], found["tip_b"] = map(_text, self.tips)
        return found


def _text(cid: Cid | None) -> str | None:
    return None if cid is None else str(cid)


@dataclass(slots=True)
class SideCounts:
    """What a side has, and what it lacks.

    Attributes:
        uri: of the side.
        items: that were read, copies and damage among them.
        damaged: of them, those from which no event can be read.
        events: distinct ones, by kind; those whose kind isn't told under `unknown`.
        rejected: distinct ones that it has only as rejected for what they say of themselves, or in copies
            that are none.
        missing: distinct ones that the other side has and it lacks, by kind.
        unfit: distinct ones that the other side has and it lacks, and that checks of their own reject.
        waiting: distinct ones that the other side has without what they build on, so that this one, which
            hands out events behind their prev, can't be expected to show them.
        without_bytes: of the missing, those that the other side has no bytes of.
        streams: whose tips it tells.
    """

    uri: str
    items: int = 0
    damaged: int = 0
    events: Counter[str] = field(default_factory=Counter)
    rejected: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    unfit: int = 0
    waiting: int = 0
    without_bytes: int = 0
    streams: int = 0

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        return {
            "uri": self.uri,
            "items": self.items,
            "damaged": self.damaged,
            "events": self.events.total(),
            "kinds": dict(sorted(self.events.items())),
            "rejected": self.rejected,
            "missing": self.missing.total(),
            "missing_kinds": dict(sorted(self.missing.items())),
            "unfit": self.unfit,
            "waiting": self.waiting,
            "without_bytes": self.without_bytes,
            "streams": self.streams,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides beside each other.

    `tips` is the number of streams with another tip on each side, None where not both tell tips.
    """

    a: SideCounts
    b: SideCounts
    tips: int | None

    def of(self, side: Side) -> SideCounts:
        """What is said of a side."""
        return self.a if side is Side.A else self.b

    @property
    def events(self) -> int:
        """Distinct events of each side, together."""
        return self.a.events.total() + self.b.events.total()

    @property
    def is_equal(self) -> bool:
        """Whether neither side lacks an event, and all tips are the same."""
        return not (self.a.missing or self.b.missing or self.tips)

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        return {
            "equal": self.is_equal,
            "tips_differ": self.tips,
            "a": self.a.as_json(),
            "b": self.b.as_json(),
        }


@dataclass(frozen=True, slots=True)
class Repair:
    """What was brought to a side: events handed in, and how many of them it refused, by code."""

    side: Side
    events: int
    refused: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What was found, what was done about it, and, if something was, what a second look found."""

    before: Comparison
    repairs: tuple[Repair, ...] = ()
    after: Comparison | None = None

    @property
    def is_equal(self) -> bool:
        """Whether the sides are equal in the end."""
        return (self.after or self.before).is_equal

    def as_json(self) -> dict[str, Any]:
        """As it is printed: the members of the last look, those of the first one, and what was done."""
        repairs = [
            {"side": repair.side.word, "events": repair.events, "refused": dict(repair.refused)}
            for repair in self.repairs
        ]
        before = None if self.after is None else self.before.as_json()
        return {**(self.after or self.before).as_json(), "repairs": repairs, "before": before}


class Stages(Protocol):
    """Is told what is being done and how far it is, such as bars on a terminal."""

    def start(self, doing: str, total: float | None, unit: str = "events") -> None:
        """Something begins; without a total nobody knows how much it is."""

    def advance(self, doing: str, amount: float) -> None:
        """So much more is done."""


class Silent:
    """`Stages` of which nobody wants to know."""

    def start(self, doing: str, total: float | None, unit: str = "events") -> None:
        """Nothing."""

    def advance(self, doing: str, amount: float) -> None:
        """Nothing."""
