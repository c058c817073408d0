"""Handing in what is followed, and going on in topics: what no broker and no node does when it is told to."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Final

import pytest

from ceramic_connectors.config import load
from ceramic_connectors.kafka.port import Partition
from ceramic_connectors.source.errors import NodeUnreachableError
from ceramic_connectors.source.own_topics import OwnTopics
from ceramic_connectors.source.topics import Topics
from ceramic_node.config import NODE
from ceramic_pipelines.importing.importing import Watch
from ceramic_pipelines.importing.into_store import store_target
from ceramic_pipelines.private_node.cursor import load_cursor
from ceramic_pipelines.private_node.following.filler import CaughtUp, Filler, Following
from ceramic_pipelines.private_node.following.offsets import Offsets
from ceramic_pipelines.private_node.following.port import Parcel, Place, Tell
from ceramic_pipelines.private_node.following.still_there import TopicsNow, go_on
from ceramic_protocol.errors import UsageError
from ceramic_protocol.ports import SourceItem
from tests.pipelines.private_node.running import NETWORK, made
from tests.support.waiting import wait_until

ROOM: Final = 2


@dataclass
class Listed:
    """Items that are followed one by one; `failing` questions are answered later."""

    items: Sequence[SourceItem]
    failing: int = 0
    name: str = "the list"
    opened: list[Place | None] = field(default_factory=list)

    def open(self, place: Place | None, tell: Tell) -> FollowedList:
        del tell
        self.opened.append(place)
        return FollowedList(self, 0 if place is None else int(place[0]))


@dataclass
class FollowedList:
    listed: Listed
    at: int

    def next(self) -> Parcel:
        if self.listed.failing:
            self.listed.failing -= 1
            raise NodeUnreachableError("the list can't be read now")
        items = self.listed.items[self.at : self.at + 1]
        self.at += len(items)
        return Parcel(items, [self.at], is_end=not items)

    def close(self) -> None:
        pass


def follow(listed: Listed, folder: Path, said: int) -> list[object]:
    """What is said first of a list that is handed, to its end, to a store with little room for what waits."""
    ours, theirs = multiprocessing.Pipe()
    following = Following(listed, "", None, folder / "refused", folder / "cursor.json", "epoch")
    config = load(NODE, {"network": NETWORK, "store": str(folder / "store")}).config
    with store_target(folder / "store", config, ROOM) as target:
        filling = Thread(target=Filler(following, target, Watch(), theirs).run)
        filling.start()
        found = [ours.recv() for _ in range(said)]
        wait_until(lambda: load_cursor(following.cursor, following.epoch) == [len(listed.items)])
        ours.close()
        filling.join()
    return found


def test_what_finds_no_room_is_read_again_when_others_have_come(tmp_path: Path) -> None:
    events = made(2)
    backwards = Listed([event.raw for event in events[1:][::-1]] + [events[0].raw])
    assert len(backwards.items) > 2 * ROOM
    said = follow(backwards, tmp_path, 2)
    assert isinstance(said[0], str)
    assert "too many events wait" in said[0]
    assert isinstance(said[1], CaughtUp)
    again = follow(Listed(backwards.items), tmp_path, 1)
    assert again == [CaughtUp(0)], "the cursor stands at the end, as all is in the store"
    assert len(backwards.opened) > 1


def test_what_cant_be_read_for_a_while_is_waited_for(tmp_path: Path) -> None:
    events = made(1)
    said = follow(Listed([event.raw for event in events], failing=2), tmp_path, 3)
    assert said[:2] == ["the list can't be read now; trying again", "the list can be read again"]
    assert said[2] == CaughtUp(len(events))


@dataclass
class Ends:
    """A consumer that knows where partitions begin and end."""

    begin: int
    end: int
    written: int

    def begins(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        return dict.fromkeys(partitions, self.begin)

    def ends(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        return dict.fromkeys(partitions, self.end)

    def written_ends(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        return dict.fromkeys(partitions, self.written)


@pytest.mark.parametrize(
    ("ends", "now", "position", "said"),
    [
        (Ends(0, 9, 9), TopicsNow("c", {"t": ("id", 1)}), 5, None),
        (Ends(0, 4, 9), TopicsNow("c", {"t": ("id", 1)}), 5, None),
        (Ends(7, 9, 9), TopicsNow("c", {"t": ("id", 1)}), 7, "begins with 7 now: its records from 5 on"),
        (Ends(1, 4, 4), TopicsNow("c", {"t": ("id", 1)}), 1, "t/0 ends before 5"),
        (Ends(0, 9, 9), TopicsNow("c", {"t": ("other", 1)}), 0, "the topic t was made anew"),
        (Ends(0, 9, 9), TopicsNow("d", {"t": ("id", 1)}), 0, "in another cluster"),
    ],
)
def test_where_topics_are_read_on(ends: Ends, now: TopicsNow, position: int, said: str | None) -> None:
    told: list[str] = []
    before = Offsets("c", {"t": "id"}, {Partition("t", 0): 5})
    found = go_on(before, now, ends, told.append)  # type: ignore[arg-type]  # it asks for no more
    assert found.positions == {Partition("t", 0): position}
    assert (found.cluster, found.ids["t"]) == (now.cluster, now.topics["t"][0])
    assert len(told) == (said is not None)
    assert said is None or said in told[0]


def test_topics_that_are_gone_or_new() -> None:
    told: list[str] = []
    before = Offsets("c", {"t": "id"}, {Partition("t", 0): 5})
    found = go_on(before, TopicsNow("c", {"u": ("x", 2)}), Ends(3, 9, 9), told.append)  # type: ignore[arg-type]
    assert found.positions == {Partition("u", 0): 3, Partition("u", 1): 3}
    assert told == ["the topic t isn't there any more"]


@pytest.mark.parametrize(
    ("patterns", "names", "is_refused"),
    [
        (["p.inmemory.*"], [], True),
        (["*"], [], True),
        (["__ceramic-*"], [], True),
        (["p.inmemory.k*.events"], ["p.inmemory.kjz.events"], True),
        (["p.inmemory.k*.events"], [], False),
        (["p.mainnet.model.events"], ["p.mainnet.model.events"], False),
        (["pp.inmemory.*"], ["pp.inmemory.model.events"], False),
    ],
)
def test_a_source_doesnt_read_what_it_writes(patterns: list[str], names: list[str], is_refused: bool) -> None:
    own = OwnTopics("cluster", Topics("p", "inmemory"))
    own.check("another", patterns, names)
    if not is_refused:
        own.check("cluster", patterns, names)
        return
    with pytest.raises(UsageError, match="of this source itself"):
        own.check("cluster", patterns, names)
