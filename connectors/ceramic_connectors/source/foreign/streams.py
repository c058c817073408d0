"""What is known of the streams of a ceramic-one, within bounds; what was forgotten is asked for again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

from ceramic_connectors.source.foreign.client import Row
from ceramic_connectors.source.foreign.inspecting import Began, Found
from ceramic_connectors.source.foreign.threads import all_of
from ceramic_protocol.checked import Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.limits import (
    FOREIGN_ASKING,
    MAX_FOREIGN_HOMES,
    MAX_FOREIGN_STEPS,
    MAX_FOREIGN_STREAMS,
)

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

Fetch = Callable[[str], str | None]
Inspect = Callable[[Sequence[Row]], list[Found]]
Refuses = Callable[[Found, Began], bool]


class Known(NamedTuple):
    """What a stream began with, and whether its init event is refused for good."""

    began: Began
    is_refused: bool


class Streams:
    """Facts of streams, and to which of them events belong. Belongs to one thread at a time."""

    def __init__(self, fetch: Fetch, inspect: Inspect, refuses: Refuses) -> None:
        """Know nothing yet.

        Args:
            fetch: asks for an event's CAR, from several threads at once.
            inspect: checks events by themselves.
            refuses: whether an init event is refused, with all that is checked of it.
        """
        self._fetch: Final = fetch
        self._inspect: Final = inspect
        self._refuses: Final = refuses
        self._known: Final = _Bounded[bytes, Known](MAX_FOREIGN_STREAMS)
        self._homes: Final = _Bounded[str, bytes](MAX_FOREIGN_HOMES)

    def learn(self, events: Sequence[Found]) -> list[Found]:
        """The same events with their streams, as far as these can be found; their facts are known then.

        Raises:
            CeramicError: the node can't be asked.
        """
        self._take(events)
        placed = [self._placed(event) for event in events]
        missing = {event.stream for event in placed if event.stream is not None} - self._known.keys()
        if missing:
            self._ask(missing)
        return placed

    def of(self, stream: bytes) -> Known | None:
        """What is known of a stream; None if the node hasn't got its init event either."""
        return self._known.get(stream)

    def _take(self, events: Iterable[Found]) -> None:
        for event in events:
            if event.stream is None:
                continue
            if event.began is not None:
                self._known.put(event.stream, Known(event.began, self._refuses(event, event.began)))
            if event.kind is not None:
                self._homes.put(event.cid, event.stream)

    def _ask(self, streams: Iterable[bytes]) -> None:
        cids = [str(Cid(stream)) for stream in streams]
        cars = all_of(self._fetch, cids, FOREIGN_ASKING, "ask")
        rows = [Row(cid, car) for cid, car in zip(cids, cars, strict=True) if car is not None]
        self._take(event for event in self._inspect(rows) if event.began is not None)

    def _placed(self, event: Found) -> Found:
        """A time event that doesn't name its stream is of that of its prev (consensus.md 1.6)."""
        if event.stream is not None or event.kind != Kind.TIME or event.prev is None:
            return event
        stream = self._home(event.prev)
        if stream is None:
            return event
        self._homes.put(event.cid, stream)
        return event._replace(stream=stream)

    def _home(self, cid: str) -> bytes | None:
        for _ in range(MAX_FOREIGN_STEPS):
            home = self._homes.get(cid)
            if home is not None:
                return home
            car = self._fetch(cid)
            found = None if car is None else self._inspect([Row(cid, car)])[0]
            if found is None or found.kind is None:
                return None
            self._take([found])
            if found.stream is not None or found.prev is None:
                return found.stream
            cid = found.prev
        return None


class _Bounded(Generic[_Key, _Value]):
    """Values by key; the one that wasn't used for the longest time goes first."""

    def __init__(self, limit: int) -> None:
        self._values: OrderedDict[_Key, _Value] = OrderedDict()
        self._limit = limit

    def get(self, key: _Key) -> _Value | None:
        found = self._values.get(key)
        if found is not None:
            self._values.move_to_end(key)
        return found

    def put(self, key: _Key, value: _Value) -> None:
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._limit:
            self._values.popitem(last=False)

    def keys(self) -> set[_Key]:
        return self._values.keys()  # type: ignore[return-value]
