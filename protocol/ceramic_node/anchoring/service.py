"""Anchors what is requested: batches it, has its roots anchored, and hands the time events over.

Each step does one thing at the other side or in the book. Whatever was done last, the book tells what comes
next, so a crash between any two steps is no different from a pause.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from itertools import islice
from threading import Event
from typing import Final, TypeVar

from ceramic_node.anchoring.book import Book
from ceramic_node.anchoring.book_rows import State, UnderWay
from ceramic_node.anchoring.errors import Trouble, trouble_of
from ceramic_node.anchoring.pacing import Pacing
from ceramic_node.anchoring.ports import (
    Absent,
    Anchored,
    Anchorer,
    Batch,
    Order,
    Progress,
    Refused,
    Settled,
    Sink,
    Stuck,
    Void,
    Waiting,
)
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import OutsideError, StoreCorruption, UsageError
from ceramic_protocol.ids import StreamId
from ceramic_protocol.limits import MAX_BATCH_EVENTS
from ceramic_protocol.merkle import MerkleTree

T = TypeVar("T")

_SHORTEST_WAIT: Final = 0.05
_LONGEST_WAIT: Final = 1.0
"""Seconds after which `run` looks for new requests, at the earliest and at the latest."""


class AnchorService:
    """Anchors by one anchorer what stands in one book.

    `request` and `retry` may be called from any thread; steps are made by one.
    """

    def __init__(
        self,
        book: Book,
        anchorer: Anchorer,
        sink: Sink,
        *,
        limit: int | None = None,
        patience: float = 0.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take up where the book ends.

        Args:
            book: the requests. It stays the caller's.
            anchorer: who anchors; the same one until all batches are finished.
            sink: takes the time events.
            limit: events in one batch, if fewer than the anchorer's own.
            patience: seconds that a request waits for others, so that one transaction serves them all.
            clock: tells unix seconds.

        Raises:
            UsageError: a limit below 1, or batches of another anchorer are under way.
        """
        self._pace = anchorer.pace
        self._limit = self._pace.leaves if limit is None else min(limit, self._pace.leaves)
        if self._limit < 1:
            raise UsageError("a batch has at least one event")
        book.own(anchorer.name)
        self._book, self._anchorer, self._sink = book, anchorer, sink
        self._patience = patience
        self._clock = clock
        self._pacing = Pacing(self._pace, clock)
        self._troubles: dict[int, tuple[Trouble, str]] = {}
        self._stop = Event()
        self._live: dict[int, list[Order]] = {}

    def request(self, stream: StreamId, tip: Cid) -> State:
        """Ask for an event to be anchored; see `Book.request`."""
        return self._book.request(stream, tip)

    @property
    def troubles(self) -> Mapping[int, tuple[Trouble, str]]:
        """What keeps batches from being anchored just now, by their number: code and sentence."""
        return dict(self._troubles)

    def run(self, stop: Event) -> None:
        """Make steps until `stop` is set, which also ends a long hand-over between two calls of the sink."""
        self._stop = stop
        while not stop.is_set():
            if not self.step():
                stop.wait(max(_SHORTEST_WAIT, min(self._pacing.wait(), _LONGEST_WAIT)))

    def step(self) -> bool:
        """Gather batches, and go one step further with each that is due; whether any has changed.

        Raises:
            StoreCorruption: the book contradicts itself.
            OutsideError: the book can't be written. What the anchorer fails with is in `troubles`.
        """
        under_way = self._book.under_way()
        self._live = {one.batch.number: list(one.orders) for one in under_way}
        changed = False
        for one in under_way:
            if self._pacing.is_due(one.batch.number):
                changed |= self._advance(one)
        for _place in range(self._pace.batches - len(under_way)):
            if self._book.gather(self._pace.shape, self._limit, self._patience) is None:
                break
            changed = True
        return changed

    def _advance(self, one: UnderWay) -> bool:
        if one.settled is not None:
            self._hand_over(one.batch, one.settled)
            return True
        if not one.orders:
            return self._order(one.batch)
        sent = [self._send(one.batch, order) for order in one.unsent]
        if any(sent):
            self._pacing.postpone(one.batch.number)
            return True
        progress = self._try(one.batch, lambda: self._anchorer.look(one.batch, one.orders))
        return self._react(one, progress)

    def _react(self, one: UnderWay, progress: Progress | None) -> bool:
        batch = one.batch
        match progress:
            case Settled():
                self._book.settle(batch.number, progress)
                self._done_with(batch)
                return True
            case Refused(trouble, detail):
                self._book.give_up(batch.number, trouble, detail)
                self._done_with(batch)
                return True
            case Void(detail):
                self._book.void_orders(batch.number, detail)
                self._pacing.postpone(batch.number)
                return True
            case Stuck():
                return self._order(batch)
            case Absent():
                # Those that were never sent were just tried.
                sent = [self._send(batch, order) for order in one.orders if order not in one.unsent]
                return self._wait(batch) or any(sent)
            case Waiting():
                self._troubles.pop(batch.number, None)
            case None:
                pass
        return self._wait(batch)

    def _order(self, batch: Batch) -> bool:
        """Make an order. It is sent when it is in the book."""
        mine = self._live.get(batch.number, [])
        others = (order for number, live in self._live.items() if number != batch.number for order in live)
        order = self._try(batch, lambda: self._anchorer.prepare(batch, mine, others))
        if order is None:
            return self._wait(batch)
        self._book.add_order(batch.number, order)
        self._live.setdefault(batch.number, []).append(order)
        return True

    def _send(self, batch: Batch, order: Order) -> bool:
        """Send an order; whether the other side took it."""
        try:
            self._anchorer.submit(order)
        except OutsideError as error:
            self._troubles[batch.number] = trouble_of(error)
            return False
        self._book.mark_sent(batch.number, order)
        return True

    def _wait(self, batch: Batch) -> bool:
        """Look at a batch later, unless it is too old by now; whether that changed anything."""
        self._pacing.postpone(batch.number)
        oldest = self._pace.oldest
        if oldest is None or self._clock() - batch.made_at <= oldest:
            return False
        last = ": ".join(self._troubles.get(batch.number, ()))
        detail = f"not anchored within {oldest:.0f} s" + (f"; last {last}" if last else "")
        self._book.give_up(batch.number, Trouble.TOO_OLD, detail)
        self._done_with(batch)
        return True

    def _try(self, batch: Batch, call: Callable[[], T]) -> T | None:
        """What a call of the anchorer gives; nothing, and a trouble, if it fails."""
        try:
            return call()
        except OutsideError as error:
            self._troubles[batch.number] = trouble_of(error)
            return None

    def _done_with(self, batch: Batch) -> None:
        self._pacing.forget(batch.number)
        self._troubles.pop(batch.number, None)

    def _hand_over(self, batch: Batch, settled: Settled) -> None:
        leaves = self._book.leaves(batch.number)
        tree = MerkleTree.build([leaf.tip for leaf, _done in leaves], batch.shape) if leaves else None
        if tree is None or tree.root != batch.root:
            raise StoreCorruption(f"batch {batch.number} has other events than its root {batch.root}")
        missing = (
            Anchored(*leaf, tree.time_event(index, leaf.stream.cid, settled.proof, settled.above))
            for index, (leaf, is_done) in enumerate(leaves)
            if not is_done
        )
        while events := list(islice(missing, MAX_BATCH_EVENTS)):
            self._sink(events)
            self._book.mark_done((each.tip, each.event.cid) for each in events)
            if self._stop.is_set():
                return
        self._book.finish(batch.number)
        self._done_with(batch)
