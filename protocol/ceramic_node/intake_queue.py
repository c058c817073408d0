"""What waits to be kept by a node, and the one thread that works on it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Any, Final, TypeAlias, TypeVar

from ceramic_node.intake_answers import Answer
from ceramic_protocol.errors import CeramicError
from ceramic_protocol.limits import MAX_INTAKE_BATCH, MAX_INTAKE_BYTES

_T = TypeVar("_T")


class Overloaded(CeramicError):
    """More events wait to be kept than may; none of these was. Send them again a little later."""

    code = "overloaded"


@dataclass(frozen=True, slots=True)
class Parcel:
    """What one caller hands in: CARs of `size` bytes, how they are to be treated, and the answer."""

    cars: Sequence[bytes]
    size: int
    needs_prev: bool
    by_interests: bool
    answer: asyncio.Future[list[Answer]]


_Item: TypeAlias = Parcel | Callable[[], object] | None
"""Something to keep, something else to do, or the end."""


class IntakeQueue:
    """Lets one thread work on what an event loop hands in, on as much of it at a time as there is.

    As soon as it is through with some it takes what has come meanwhile, without waiting for the loop, which
    may have much else to do.

    Args:
        keep: works on parcels in the thread; gives the answers to all of their CARs, in order.
        on_answered: called in the event loop with the answers after they were given.
    """

    def __init__(
        self,
        keep: Callable[[Sequence[Parcel]], list[Answer]],
        on_answered: Callable[[Sequence[Answer]], object],
    ) -> None:
        self._keep: Final = keep
        self._on_answered: Final = on_answered
        self._items: Final = SimpleQueue[_Item]()
        # What the thread has taken and has to do next.
        self._left: Final = deque[_Item]()
        # Each is changed by one thread only; what waits is the difference.
        self._bytes_in = self._bytes_out = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Final = Thread(target=self._work, name="intake", daemon=True)

    @property
    def waiting(self) -> int:
        """Parcels that wait to be kept."""
        return self._items.qsize() + len(self._left)

    def start(self) -> None:
        """Begin to work; called in the event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def stop(self) -> None:
        """Work on what has been handed in, and end."""
        self._items.put(None)
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)

    def add(self, parcel: Parcel) -> None:
        """Hand a parcel in.

        Raises:
            Overloaded: there is no room for it.
        """
        waiting = self._bytes_in - self._bytes_out
        if waiting and waiting + parcel.size > MAX_INTAKE_BYTES:
            raise Overloaded(f"{waiting:,} bytes of events are waiting to be kept; try again in a second")
        self._bytes_in += parcel.size
        self._items.put(parcel)

    async def call(self, action: Callable[[], _T]) -> _T:
        """Do something in the thread, between two batches."""
        answer: asyncio.Future[_T] = asyncio.get_running_loop().create_future()

        def run() -> None:
            try:
                found = action()
            except Exception as error:  # noqa: BLE001  # whoever asked for it is told
                self._tell(_fail, (answer,), error)
            else:
                self._tell(_succeed, answer, found)

        self._items.put(run)
        return await answer

    def _work(self) -> None:
        while (item := self._left.popleft() if self._left else self._items.get()) is not None:
            if isinstance(item, Parcel):
                self._handle(self._gather(item))
            else:
                item()

    def _gather(self, first: Parcel) -> list[Parcel]:
        """The parcels of a batch: as many as wait and go together, and at least one, however large."""
        parcels, count = [first], len(first.cars)
        while not self._items.empty():
            item = self._items.get()
            if not isinstance(item, Parcel) or count + len(item.cars) > MAX_INTAKE_BATCH:
                self._left.append(item)
                break
            parcels.append(item)
            count += len(item.cars)
        self._bytes_out += sum(parcel.size for parcel in parcels)
        return parcels

    def _handle(self, parcels: Sequence[Parcel]) -> None:
        try:
            answers = self._keep(parcels)
        except Exception as error:  # noqa: BLE001  # whoever handed it in is told; the next batch may fare better
            self._tell(_fail, [parcel.answer for parcel in parcels], error)
        else:
            self._tell(self._answer, parcels, answers)

    def _tell(self, function: Callable[..., object], *args: Any) -> None:
        # If the loop is gone, so is whoever has asked.
        with suppress(RuntimeError):
            if self._loop is not None:
                self._loop.call_soon_threadsafe(function, *args)

    def _answer(self, parcels: Sequence[Parcel], answers: Sequence[Answer]) -> None:
        start = 0
        for parcel in parcels:
            stop = start + len(parcel.cars)
            _succeed(parcel.answer, list(answers[start:stop]))
            start = stop
        self._on_answered(answers)


def _succeed(answer: asyncio.Future[_T], found: _T) -> None:
    if not answer.done():
        answer.set_result(found)


def _fail(answers: Sequence[asyncio.Future[Any]], error: Exception) -> None:
    for answer in answers:
        if not answer.done():
            answer.set_exception(error)
