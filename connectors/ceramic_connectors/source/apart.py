"""Composing in a process of its own, so that one core makes records while another one sends them.

The task sends where to begin, and then how many transactions it has taken; the other process sends
transactions, a few ahead, and what there is to tell. It ends when nobody listens any more.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, closing, suppress
from itertools import starmap
from multiprocessing.connection import Connection
from typing import Any, Final, NamedTuple, Protocol, Self

from ceramic_connectors.kafka.port import Message
from ceramic_connectors.source.composing import Composed, Composer, Seen, Tell
from ceramic_connectors.source.position import Position
from ceramic_protocol.errors import CeramicError, OutsideError
from ceramic_protocol.garbage import collect_less
from ceramic_protocol.limits import COMPOSER_TURN_SECONDS, MAX_COMPOSED_AHEAD, SOURCE_TICK_SECONDS

_JOIN_SECONDS: Final = 5.0


class Build(Protocol):
    """Builds a composer, in the process where it is used; can be pickled."""

    def __call__(self, tell: Tell) -> AbstractContextManager[Composer]:
        """A composer, until the block ends."""
        ...


class _Begin(NamedTuple):
    """Begin anew, behind a position; what comes from earlier beginnings isn't wanted any more."""

    number: int
    position: Position


class _Packed(NamedTuple):
    """A transaction, its messages field by field: so they take an eighth of the time to pickle."""

    fields: list[Sequence[Any]]
    seen: list[Seen]

    @classmethod
    def of(cls, composed: Composed) -> Self:
        return cls(list(zip(*composed.messages, strict=True)), composed.seen)

    def unpacked(self) -> Composed:
        return Composed(list(starmap(Message, zip(*self.fields, strict=True))), self.seen)


class _Item(NamedTuple):
    """A transaction of a beginning; an error is the last one of it, and so is None: all is made."""

    number: int
    item: _Packed | Exception | None


class ComposerProcess:
    """A process that composes; for one thread."""

    def __init__(self, build: Build, tell: Tell, is_stopping: Callable[[], bool]) -> None:
        """Start it.

        Args:
            build: what it does.
            tell: is told what it tells.
            is_stopping: whether the source is to end.
        """
        self._tell = tell
        self._is_stopping = is_stopping
        self._number = 0
        context = multiprocessing.get_context("spawn")
        self._line, theirs = context.Pipe()
        self._process = context.Process(target=_run, args=(build, theirs), name="composer")
        self._process.start()
        theirs.close()

    def composed(self, position: Position) -> Generator[Composed, None, None]:
        """The transactions behind a position, until all are made or the source ends.

        Raises:
            CeramicError: what ended them.
        """
        self._number += 1
        number = self._number
        self._send(_Begin(number, position))
        while (item := self._next(number)) is not None:
            yield item
            self._send(number)

    def close(self) -> None:
        """End it."""
        self._line.close()
        self._process.join(_JOIN_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _next(self, number: int) -> Composed | None:
        while not self._is_stopping():
            if not self._line.poll(SOURCE_TICK_SECONDS):
                continue
            found = self._received()
            if isinstance(found, str):
                self._tell(found)
            elif found.number == number:
                if isinstance(found.item, Exception):
                    raise found.item
                return None if found.item is None else found.item.unpacked()
        return None

    def _received(self) -> _Item | str:
        try:
            found: _Item | str = self._line.recv()
        except (EOFError, OSError):
            raise OutsideError("the process that reads the node has died; start the source again") from None
        return found

    def _send(self, message: Any) -> None:
        with suppress(OSError):  # it has died: that shows when something is received
            self._line.send(message)


def _run(build: Build, line: Connection) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # who has started it tells it when to end
    collect_less()
    sys.setswitchinterval(COMPOSER_TURN_SECONDS)
    _Composing(build, line).run()


class _Composing:
    """The other end of the line."""

    def __init__(self, build: Build, line: Connection) -> None:
        self._build = build
        self._line = line
        self._sending = threading.Lock()
        self._begins: queue.SimpleQueue[_Begin] = queue.SimpleQueue()
        self._number = 0
        self._room = threading.Semaphore(0)

    def run(self) -> None:
        threading.Thread(target=self._listen, daemon=True).start()
        begin: _Begin | None = None
        try:
            with self._build(self._send) as composer:
                while True:
                    begin = self._begins.get()
                    self._compose(composer, begin)
        except Exception as error:  # noqa: BLE001  # told where somebody can do something about it
            self._send(_Item(begin.number if begin else 1, sendable(error)))

    def _compose(self, composer: Composer, begin: _Begin) -> None:
        self._room = threading.Semaphore(MAX_COMPOSED_AHEAD)

        def is_over() -> bool:
            return self._number != begin.number

        try:
            with closing(composer.compose(begin.position, is_over)) as items:
                for item in items:
                    while not self._room.acquire(timeout=SOURCE_TICK_SECONDS):
                        if is_over():
                            return
                    self._send(_Item(begin.number, _Packed.of(item)))
            self._send(_Item(begin.number, None))
        except CeramicError as error:
            self._send(_Item(begin.number, sendable(error)))

    def _listen(self) -> None:
        try:
            while True:
                command = self._line.recv()
                if isinstance(command, _Begin):
                    self._number = command.number
                    self._begins.put(command)
                elif command == self._number:
                    self._room.release()
        except (EOFError, OSError):
            os._exit(0)  # nobody is left who could want anything

    def _send(self, message: Any) -> None:
        with self._sending, suppress(OSError):
            self._line.send(message)


def sendable(error: Exception) -> Exception:
    """An error that the other process can read."""
    if isinstance(error, CeramicError) and type(error).__init__ is Exception.__init__:
        return error
    if isinstance(error, CeramicError):
        return OutsideError(str(error))
    return OutsideError(f"composing failed: {error!r}")
