"""How far a task of a source has come, as a value and as it stands in the topic of positions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

import orjson

from ceramic_connectors.source.entries import share_of
from ceramic_connectors.source.errors import PositionError
from ceramic_connectors.source.origin import Feed, Place

_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Past:
    """How far another number of tasks had come, while the work is taken over from them.

    Attributes:
        positions: by feed, those of all the tasks in their order.
    """

    positions: Mapping[Feed, tuple[int, ...]]

    def has(self, feed: Feed, stream_id: str, position: int) -> bool:
        """Whether one of these tasks has dealt with an entry."""
        found = self.positions.get(feed, ())
        return bool(found) and position <= found[share_of(stream_id, len(found))]

    def is_over(self, places: Mapping[Feed, Place]) -> bool:
        """Whether all that they had dealt with lies behind these places."""
        return all(places[feed].position >= max(found) for feed, found in self.positions.items())


@dataclass(frozen=True, slots=True)
class Again:
    """States of a model that are written again because a signal said so; `resume` is for the next page."""

    model: str
    resume: str | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """How far a task has come.

    Attributes:
        plan: number of the division of the work, which all its tasks have in common.
        tasks: how many tasks there are.
        places: by feed, where to go on.
        snapshot: by feed, the position up to which entries were there before the source began.
        past: who did parts of it before.
        signals: offset of the next signal.
        is_paused: whether a signal said to pause.
        again: what signals said to write again, in their order.
    """

    plan: int
    tasks: int
    places: Mapping[Feed, Place]
    snapshot: Mapping[Feed, int]
    past: tuple[Past, ...] = ()
    signals: int = 0
    is_paused: bool = False
    again: tuple[Again, ...] = field(default=())

    def at(self, places: Mapping[Feed, Place]) -> Self:
        """The same, further on."""
        merged = {**self.places, **places}
        past = tuple(each for each in self.past if not each.is_over(merged))
        return replace(self, places=merged, past=past)

    def is_done(self, feed: Feed, stream_id: str, position: int) -> bool:
        """Whether others have dealt with an entry."""
        return any(each.has(feed, stream_id, position) for each in self.past)

    def to_json(self) -> bytes:
        """As it is written."""
        return orjson.dumps(
            {
                "version": _VERSION,
                "plan": self.plan,
                "tasks": self.tasks,
                "places": {feed.value: list(place) for feed, place in self.places.items()},
                "snapshot": {feed.value: end for feed, end in self.snapshot.items()},
                "past": [{feed.value: found for feed, found in each.positions.items()} for each in self.past],
                "signals": self.signals,
                "paused": self.is_paused,
                "again": [[each.model, each.resume] for each in self.again],
            }
        )

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """What was written.

        Raises:
            PositionError: it wasn't written by this version, or by none at all.
        """
        try:
            return cls._parsed(orjson.loads(text))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise PositionError(
                f"a record in the topic of positions is none of this version ({type(error).__name__});"
                " give the source another --name to begin anew"
            ) from None

    @classmethod
    def _parsed(cls, found: Any) -> Self:
        if found["version"] != _VERSION:
            raise ValueError
        return cls(
            found["plan"],
            found["tasks"],
            {Feed(feed): Place(*place) for feed, place in found["places"].items()},
            {Feed(feed): end for feed, end in found["snapshot"].items()},
            tuple(Past({Feed(feed): tuple(each) for feed, each in past.items()}) for past in found["past"]),
            found["signals"],
            found["paused"],
            tuple(Again(*each) for each in found["again"]),
        )


def position_key(name: str, task: int) -> bytes:
    """The key of a task's position, in the form of Connect's (kafka.md 4.4)."""
    return orjson.dumps([name, {"task": task}])
