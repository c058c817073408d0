"""The port to whoever counts and times what a node takes in."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Final, Protocol

from ceramic_node.intake_answers import Answer

_NOTHING: Final[AbstractContextManager[object]] = nullcontext()


class IntakeWatcher(Protocol):
    """Sees what an intake does; from its thread, but for `overloaded`. Must not raise."""

    def batch(self, events: int) -> AbstractContextManager[object]:
        """So many events are verified and kept in this block."""
        ...

    def put(self, events: int) -> AbstractContextManager[object]:
        """So many of them are put into the store in this block, within that of `batch`."""
        ...

    def answered(self, answers: Sequence[Answer]) -> None:
        """What became of a batch."""
        ...

    def overloaded(self) -> None:
        """Events weren't taken as too many wait."""
        ...


class _Unwatched:
    """Nobody sees it."""

    def batch(self, events: int) -> AbstractContextManager[object]:
        del events
        return _NOTHING

    def put(self, events: int) -> AbstractContextManager[object]:
        del events
        return _NOTHING

    def answered(self, answers: Sequence[Answer]) -> None: ...

    def overloaded(self) -> None: ...


UNWATCHED: Final[IntakeWatcher] = _Unwatched()
"""Nobody counts or times anything."""
