"""Events to be anchored, sinks, clocks and a world in which a service can be run and ended at will."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ceramic_connectors.dev_chain import DevChain
from ceramic_node.anchoring import Anchored, AnchorService, Book, DevAnchorer, Leaf
from ceramic_protocol.anchors import Anchored as Proven
from ceramic_protocol.anchors import verify_anchor
from ceramic_protocol.cid import DAG_JOSE, Cid
from ceramic_protocol.events import TimeEvent, decode_event
from ceramic_protocol.ids import MODEL_INSTANCE, StreamId
from ceramic_protocol.ports import Chain

START = 1_700_000_000.0
MOST_STEPS = 10_000


def stream(number: int) -> StreamId:
    return StreamId.of(MODEL_INSTANCE, Cid.of(b"init %d" % number, DAG_JOSE))


def tip(number: int, version: int = 0) -> Cid:
    return Cid.of(b"event %d of stream %d" % (version, number), DAG_JOSE)


def leaf(number: int, version: int = 0) -> Leaf:
    return Leaf(stream(number), tip(number, version))


def leaves(count: int) -> list[Leaf]:
    return [leaf(number) for number in range(count)]


@dataclass
class Clock:
    """A clock that is set by hand."""

    now: float = START

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Collected:
    """A sink that keeps what it gets, and sees to it that nothing comes in two forms."""

    events: dict[Cid, Anchored] = field(default_factory=dict)
    calls: int = 0

    def __call__(self, events: Sequence[Anchored]) -> None:
        self.calls += 1
        for each in events:
            known = self.events.setdefault(each.tip, each)
            assert known == each, "one event has two time events"

    def check(self, chain: Chain, wanted: Iterable[Leaf]) -> None:
        """All of these are there and no others, and every proof holds."""
        assert {(each.stream, each.tip) for each in self.events.values()} == set(wanted)
        for each in self.events.values():
            event = decode_event(each.event.car)
            assert isinstance(event, TimeEvent)
            assert (event.prev, event.stream, event.cid) == (each.tip, each.stream.cid, each.event.cid)
            assert isinstance(verify_anchor(event, chain), Proven)


def run(service: AnchorService, clock: Clock | None = None) -> int:
    """Make steps until nothing changes (or, with a clock, for some days); how many."""
    idle = 0
    for number in range(MOST_STEPS):
        idle = 0 if service.step() else idle + 1
        if idle > (0 if clock is None else 40):
            return number
        if clock is not None:
            clock.sleep(20.0)
    raise AssertionError("it never ends")


@dataclass
class DevWorld:
    """A service on a development chain, both in files, so that it can be ended and begun anew."""

    folder: Path
    limit: int = 4
    sink: Collected = field(default_factory=Collected)
    clock: Clock = field(default_factory=Clock)

    def open_chain(self) -> DevChain:
        return DevChain(path=self.folder / "chain.json", clock=self.clock)

    def open_book(self) -> Book:
        book = Book(self.folder / "book.sqlite", self.clock)
        # These worlds end in one process, which the system outlives.
        book._file.db.execute("PRAGMA synchronous=OFF")
        return book

    def service(self, book: Book, chain: DevChain) -> AnchorService:
        anchorer = DevAnchorer(chain, self.clock)
        return AnchorService(book, anchorer, self.sink, limit=self.limit, clock=self.clock)

    def finish(self) -> None:
        """Run to the end."""
        with self.open_chain() as chain, self.open_book() as book:
            run(self.service(book, chain))

    def transactions(self) -> int:
        with self.open_chain() as chain:
            return len(chain._anchors)
