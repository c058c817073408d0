"""What waits to be kept by a node, and the one thread that works on it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Lock, Thread
from typing import Any, Final, TypeVar

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


class IntakeQueue:
    """Lets one thread work on what an event loop hands in, on as much of it at a time as there is.

    As soon as it is through with some it takes what has come meanwhile, without waiting for the loop, which
    may have much else to do.

    Args:
        keep: works on parcels in the thread; gives the answers to all of their CARs, in order.
        on_answered: called in the event loop after parcels were answered.
    """

    def __init__(
        self, keep: Callable[[Sequence[Parcel]], list[Answer]], on_answered: Callable[[], object]
    ) -> None:
        self._keep: Final = keep
        self._on_answered: Final = on_answered
        self._parcels: Final = deque[Parcel]()
        self._errands: Final = deque[Callable[[], object]]()
        self._bytes = 0
        self._lock: Final = Lock()
        self._more: Final = Event()
        self._is_stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Final = Thread(target=self._work, name="intake", daemon=True)

    @property
    def waiting(self) -> int:
        """Parcels that wait to be kept."""
        return len(self._parcels)

    def start(self) -> None:
        """Begin to work; called in the event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def stop(self) -> None:
        """Work on what has been handed in, and end."""
        self._is_stopping = True
        self._more.set()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)

    def add(self, parcel: Parcel) -> None:
        """Hand a parcel in.

        Raises:
            Overloaded: there is no room for it.
        """
        with self._lock:
            if self._parcels and self._bytes + parcel.size > MAX_INTAKE_BYTES:
                msg = f"{self._bytes:,} bytes of events are waiting to be kept; try again in a second"
                raise Overloaded(msg)
            self._parcels.append(parcel)
            self._bytes += parcel.size
        if not self._more.is_set():
            self._more.set()

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

        self._errands.append(run)
        self._more.set()
        return await answer

    def _work(self) -> None:
        while True:
            self._more.wait()
            is_last = self._is_stopping
            self._more.clear()
            while self._errands or self._parcels:
                self._step()
            if is_last:
                return

    def _step(self) -> None:
        if self._errands:
            self._errands.popleft()()
            return
        parcels = self._take()
        try:
            answers = self._keep(parcels)
        except Exception as error:  # noqa: BLE001  # whoever handed it in is told; the next batch may fare better
            self._tell(_fail, [parcel.answer for parcel in parcels], error)
        else:
            self._tell(self._answer, parcels, answers)

    def _take(self) -> list[Parcel]:
        """The parcels of the next batch: at least one, however large."""
        parcels: list[Parcel] = []
        count = 0
        with self._lock:
            while self._parcels and (not parcels or count + len(self._parcels[0].cars) <= MAX_INTAKE_BATCH):
                parcels.append(self._parcels.popleft())
                count += len(parcels[-1].cars)
                self._bytes -= parcels[-1].size
        return parcels

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
        self._on_answered()


def _succeed(answer: asyncio.Future[_T], found: _T) -> None:
    if not answer.done():
        answer.set_result(found)


def _fail(answers: Sequence[asyncio.Future[Any]], error: Exception) -> None:
    for answer in answers:
        if not answer.done():
            answer.set_exception(error)
