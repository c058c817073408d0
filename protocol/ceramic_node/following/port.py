"""The port to whoever keeps a node's states up, in this process or in another one."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from ceramic_protocol.errors import StoreCorruption
from ceramic_protocol.rules import Rules


class Turn(NamedTuple):
    """A piece of work: when it began in unix nanoseconds, how many seconds it took, on how many streams."""

    began: int
    seconds: float
    streams: int


class Follower(Protocol):
    """Keeps states up from `start` to `stop`; its properties are for any thread."""

    def start(self, on_settled: Callable[[], object] | None = None) -> None:
        """Begin; `on_settled` is called, in another thread, whenever there is news in the store of states."""
        ...

    def stop(self) -> None:
        """End after the transaction that is under way."""
        ...

    def wake(self) -> None:
        """There are new events; from any thread."""
        ...

    @property
    def rules(self) -> Rules:
        """The rules of the moment."""
        ...

    @property
    def lag(self) -> int:
        """How many versions the states are behind the events."""
        ...

    @property
    def failures(self) -> int:
        """How often a stream could not be judged since the start."""
        ...

    @property
    def errors(self) -> int:
        """How often it had to begin anew, as a store or a process failed."""
        ...

    @property
    def broken(self) -> StoreCorruption | None:
        """What ended it for good, if something did."""
        ...
