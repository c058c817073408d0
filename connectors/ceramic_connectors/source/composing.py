"""What feeds say, as transactions: messages, and the position behind them as the last one."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from ceramic_connectors.kafka.port import Kafka, Message
from ceramic_connectors.source.errors import NodeUnreachableError
from ceramic_connectors.source.heartbeat import Heartbeat
from ceramic_connectors.source.origin import Feed, Origin
from ceramic_connectors.source.position import Again, Position
from ceramic_connectors.source.positions import Positions
from ceramic_connectors.source.reading import Read, Reading, reading
from ceramic_connectors.source.share import Share
from ceramic_connectors.source.signals import Signals
from ceramic_protocol.limits import ORIGIN_RETRY_SECONDS, SOURCE_TICK_SECONDS

Tell = Callable[[str], None]


class Seen(NamedTuple):
    """A page that was read: up to where, whether the feed ended there, and when its last event came.

    `received` is in unix milliseconds; None for a page without events.
    """

    feed: Feed
    position: int
    is_end: bool
    received: int | None


class Composed(NamedTuple):
    """A transaction, and the pages that it was made of."""

    messages: list[Message]
    seen: list[Seen]


@dataclass(frozen=True, slots=True)
class Pace:
    """How much goes into a transaction.

    Attributes:
        batch: records after which it ends; there may be as many again of the page that was read last.
        linger: seconds to wait for more after the first.
    """

    batch: int
    linger: float


@dataclass(frozen=True, slots=True)
class Signalling:
    """Where signals come from."""

    kafka: Kafka
    topic: str


class Composer:
    """Makes the transactions of one share of the streams; for one thread."""

    def __init__(
        self,
        positions: Positions,
        share: Share,
        *,
        open_origin: Callable[[], Origin],
        name: str,
        pace: Pace,
        heartbeat: Heartbeat,
        signalling: Signalling | None,
        tell: Tell,
        is_bounded: bool = False,
    ) -> None:
        """Make nothing yet; one that `is_bounded` makes what the feeds have, up to their ends."""
        self._positions: Final = positions
        self._share: Final = share
        self._open_origin: Final = open_origin
        self._name: Final = name
        self._pace: Final = pace
        self._heartbeat: Final = heartbeat
        self._signalling: Final = signalling
        self._tell: Final = tell
        self._is_bounded: Final = is_bounded

    def compose(self, position: Position, is_over: Callable[[], bool]) -> Generator[Composed, None, None]:
        """The transactions behind a position, until it is over or, if bounded, all is read.

        Raises:
            OutsideError: the node or Kafka refuses.
            ForeignPositionError: the node isn't the one that was read before.
        """
        with ExitStack() as stack:
            pages = stack.enter_context(
                reading(
                    self._open_origin,
                    position.places,
                    self._pace.batch,
                    self._tell,
                    is_bounded=self._is_bounded,
                )
            )
            signals = None
            if self._signalling is not None:
                kafka, topic = self._signalling.kafka, self._signalling.topic
                signals = stack.enter_context(Signals(kafka, topic, self._name, position.signals, self._tell))
            origin = self._open_origin()
            stack.callback(origin.close)
            kept = position
            to_end = set(position.places)
            while not is_over():
                obeyed = position if signals is None else signals.obey(position)
                found, position = self._next(pages, origin, obeyed)
                found.messages.extend(self._heartbeat.due(position))
                to_end -= {page.feed for page in found.seen if page.is_end}
                is_last = self._is_bounded and not to_end
                if found.messages or obeyed.signals != kept.signals or (is_last and position != kept):
                    found.messages.append(self._positions.message(self._share.task, position))
                    yield found
                    kept = position
                if is_last:
                    return

    def _next(self, pages: Reading, origin: Origin, position: Position) -> tuple[Composed, Position]:
        if position.is_paused:
            time.sleep(SOURCE_TICK_SECONDS)
            return Composed([], []), position
        if position.again:
            return self._again(origin, position)
        return self._gathered(pages, position)

    def _gathered(self, pages: Reading, position: Position) -> tuple[Composed, Position]:
        """What the next pages have, as much as goes into a transaction."""
        gathered = Composed([], [])
        read = pages.next(SOURCE_TICK_SECONDS)
        until = time.monotonic() + self._pace.linger
        while read is not None:
            found, position = self._share.written(read, position)
            gathered.messages.extend(found)
            gathered.seen.append(_seen(read))
            if len(gathered.messages) >= self._pace.batch:
                break
            read = pages.next(until - time.monotonic())
        return gathered, position

    def _again(self, origin: Origin, position: Position) -> tuple[Composed, Position]:
        """States of a model as they are now: a page of them."""
        first, *others = position.again
        try:
            items, resume = origin.states(first.model, first.resume, self._pace.batch)
        except NodeUnreachableError:
            time.sleep(ORIGIN_RETRY_SECONDS)
            return Composed([], []), position
        messages = list(self._share.written_again(items, position))
        left: Sequence[Again] = others if resume is None else [Again(first.model, resume), *others]
        if resume is None:
            self._tell(f"the states of {first.model} have been written again")
        return Composed(messages, []), replace(position, again=tuple(left))


def _seen(read: Read) -> Seen:
    page = read.page
    received = page.entries[-1]["received"] if read.feed is Feed.EVENTS and page.entries else None
    return Seen(read.feed, page.place.position, page.is_end, received)
