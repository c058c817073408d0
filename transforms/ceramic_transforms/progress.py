"""How far a pipeline has come, for whoever watches it from the same process.

Runners tell nothing while they work, so the transforms themselves say what they have read and resolved;
workers in other processes say it to nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Literal, TypeAlias

Stage: TypeAlias = Literal["read", "resolved"]
Watcher: TypeAlias = Callable[[Stage, int], None]
"""Is told how many more events a stage has done. Called from the runner's threads."""

_WATCHERS: Final[list[Watcher]] = []


def tell(stage: Stage, events: int) -> None:
    """Say that a stage has done so many more events."""
    for watcher in _WATCHERS:
        watcher(stage, events)


@contextmanager
def watched(watcher: Watcher | None) -> Iterator[None]:
    """Have `watcher` told of all pipelines of this process while the block runs."""
    if watcher is None:
        yield
        return
    _WATCHERS.append(watcher)
    try:
        yield
    finally:
        _WATCHERS.remove(watcher)
