"""An increment in a process of its own that may kill itself at a named point."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from ceramic_connectors import versions
from ceramic_connectors.versions import CURRENT, Draft
from ceramic_pipelines.compacting import run_compact
from ceramic_pipelines.incremental import run
from ceramic_pipelines.incremental.rewriting import Rewriting
from ceramic_pipelines.quiet import quiet_beam
from ceramic_transforms import resolve_spilled
from tests.support.increments import Step

FILES: Final = 4
"""Files per table at the beginning."""

POINTS: Final[dict[str, tuple[Any, str, bool]]] = {
    "before anything is read": (run, "gather", False),
    "events verified, nothing resolved": (run, "gather", True),
    "known what to resolve again": (run, "touched_groups", True),
    "events of some files kept, tables not yet": (Rewriting, "_prepare", True),
    "tables of some files written": (resolve_spilled._WritePart, "_write", True),
    "some files taken over": (Draft, "keep", True),
    "all files named": (Draft, "_name_files", True),
    "manifest written": (versions, "write_manifest", True),
    "version in place, links not": (versions, "_make_links", False),
    "some links made": (versions, "_link", True),
    "current, earlier versions not removed": (Draft, "_clean", False),
    "an earlier version out of sight, its files there": (versions, "_erase", False),
    "published": (Draft, "commit", True),
}
"""Owner and name of what is called there, and whether the end comes after it."""


def run_step(step: Step, output: Path, point: str | None, hit: int) -> None:
    """Run an increment; with a point, die there when it has passed by `hit` times before."""
    quiet_beam()
    if point is not None:
        arm(*POINTS[point], hit)
    files = None if (output / CURRENT).is_symlink() else FILES
    step.run(output, incremental=True, num_shards=files, keep_seconds=0)


def run_compaction(output: Path) -> None:
    """Put the files of the current version together."""
    run_compact(output, keep_seconds=0)


def arm(owner: Any, name: str, is_after: bool, hit: int) -> None:
    """Die where something is called, or after it, when it has been called `hit` times before."""
    real: Callable[..., Any] = getattr(owner, name)
    passed = 0

    def dying(*args: Any, **kwargs: Any) -> Any:
        nonlocal passed
        passed += 1
        found = real(*args, **kwargs) if is_after or passed <= hit else None
        if passed > hit:
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    setattr(owner, name, dying)
