"""A node that kills itself at a named point: `python -m tests.support.crashing_node POINT HIT node run …`.

It is the command itself, with the place patched at which it ends. HIT is how often it may pass by before.
The process that follows it is run by this module too, with `follow`, and takes the node with it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any, Final

from ceramic_node.following import child, process
from ceramic_node.states.follower import StateFollower
from ceramic_node.states.sqlite_writer import SqliteWriter
from ceramic_node.store.sqlite.store import SqliteStore
from ceramic_pipelines.cli import main

_FOLLOW: Final = "follow"

POINTS: Final[dict[str, tuple[type, str, bool]]] = {
    "before events are kept": (SqliteStore, "put", False),
    "after events are kept, before that is said": (SqliteStore, "put", True),
    "before states are followed": (StateFollower, "run_once", False),
    "states written, not yet committed": (SqliteWriter, "finish", True),
    "after states are kept": (StateFollower, "run_once", True),
}
"""Class and method, and whether the end comes after it."""


def _arm(point: str, hit: int) -> None:
    owner, name, is_after = POINTS[point]
    real: Callable[..., Any] = getattr(owner, name)
    passed = 0

    def dying(*args: Any, **kwargs: Any) -> Any:
        nonlocal passed
        passed += 1
        found = real(*args, **kwargs) if is_after or passed <= hit else None
        if passed > hit:
            if _is_follower():
                os.kill(os.getppid(), signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    setattr(owner, name, dying)


def _is_follower() -> bool:
    return sys.argv[-2] == _FOLLOW


if __name__ == "__main__":
    name, hits = sys.argv[1:3]
    if name in POINTS:
        _arm(name, int(hits))
        # Each process has its own points.
        process.FollowerProcess.command = (sys.executable, "-m", __spec__.name, name, hits, _FOLLOW)
    sys.argv[1:3] = []
    (child.main if _is_follower() else main)()
