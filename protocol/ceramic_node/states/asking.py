"""What a stream asks of others while it is judged, and which of its events ask, so that news find them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Final, NoReturn

from ceramic_node.states.known_models import Status
from ceramic_protocol.cid import Cid
from ceramic_protocol.ids import StreamId
from ceramic_protocol.models.context import Context, Linked
from ceramic_protocol.store_port import EventReader


class World:
    """What is known of other streams at the moment, for one follower or one reader."""

    def __init__(self, events: EventReader, model: Callable[[StreamId], Status | None]) -> None:
        """Say where answers come from; `model` tells what is known of a model."""
        self._events: Final = events
        self.model: Final = model

    def linked(self, stream: StreamId) -> Linked | None:
        """What is known of a stream that a document refers to."""
        entry = self._events.entry(stream.cid)
        if entry is not None:
            return Linked.of(stream, entry.facts.model)
        return None if self.stream_of(stream.cid) is None else Linked.of(stream, None)

    def stream_of(self, cid: bytes) -> Cid | None:
        """The stream of an event, if that is there."""
        return self._events.streams_of([cid]).get(cid)


class Asking:
    """The context of one stream, which notes what it is asked.

    Attributes:
        stream: CID of its init event.
        current: the event that is being judged.
        models: the models that were asked for.
        askers: for each event that was asked for and isn't there, and for each model, the events that asked.
    """

    __slots__ = ("_world", "askers", "current", "models", "stream")

    def __init__(self, stream: Cid, world: World) -> None:
        self.stream = stream
        self._world = world
        self.current = stream
        self.models: set[StreamId] = set()
        self.askers: dict[Cid, set[Cid]] = {}

    def note(self, event: Cid) -> None:
        """An event is about to be judged."""
        self.current = event

    @property
    def context(self) -> Context:
        """What is known of models and documents."""
        return Context(_Models(self), _Streams(self))

    @property
    def foreign(self) -> Collection[bytes]:
        """The events of other streams."""
        return _Foreign(self)

    def model(self, model: StreamId) -> Status | None:
        """A model."""
        self.models.add(model)
        self._asked(model.cid)
        return self._world.model(model)

    def linked(self, stream: StreamId) -> Linked | None:
        """A stream that a document refers to. What it is never changes once it is known."""
        found = self._world.linked(stream)
        if found is None:
            self._asked(stream.cid)
        return found

    def is_foreign(self, cid: bytes) -> bool:
        """Whether an event, which isn't there in this stream, is there in another one."""
        stream = self._world.stream_of(cid)
        if stream is None:
            self._asked(Cid(cid))
        return stream not in {None, self.stream}

    def _asked(self, cid: Cid) -> None:
        askers = self.askers.get(cid)
        if askers is None:
            self.askers[cid] = {self.current}
        else:
            askers.add(self.current)


class _Models(Mapping[StreamId, Status]):
    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    def __getitem__(self, model: StreamId) -> Status:
        found = self._asking.model(model)
        if found is None:
            raise KeyError(model)
        return found

    def __iter__(self) -> Iterator[StreamId]:
        return _refuse()

    def __len__(self) -> int:
        return _refuse()


class _Streams(Mapping[StreamId, Linked]):
    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    def __getitem__(self, stream: StreamId) -> Linked:
        found = self._asking.linked(stream)
        if found is None:
            raise KeyError(stream)
        return found

    def __iter__(self) -> Iterator[StreamId]:
        return _refuse()

    def __len__(self) -> int:
        return _refuse()


class _Foreign(Collection[bytes]):
    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    def __contains__(self, cid: object) -> bool:
        return isinstance(cid, bytes) and self._asking.is_foreign(cid)

    def __iter__(self) -> Iterator[bytes]:
        return _refuse()

    def __len__(self) -> int:
        return _refuse()


def _refuse() -> NoReturn:
    raise TypeError("a node knows of too many streams to list them")
