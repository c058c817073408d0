"""The incremental job: only what is new is verified, only what that may change is resolved again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ceramic_connectors.versions import Draft
from ceramic_pipelines.incremental.around import surroundings_of
from ceramic_pipelines.incremental.before import Before
from ceramic_pipelines.incremental.fresh import Fresh, gather
from ceramic_pipelines.incremental.kept import Kept
from ceramic_pipelines.incremental.reopened import Reopened
from ceramic_pipelines.incremental.rewriting import Rewriting
from ceramic_pipelines.incremental.together import Together
from ceramic_pipelines.incremental.touched import touched_groups
from ceramic_pipelines.two_passes import Run
from ceramic_protocol.ports import EventSource, Resumable
from ceramic_protocol.reducers import Reducer
from ceramic_protocol.rules import Rules
from ceramic_protocol.tables import KEPT_EVENTS, KEPT_LETTERS, TABLES
from ceramic_protocol.verify import Verifier

_NAMES = (*(table.name for table in TABLES), KEPT_EVENTS, KEPT_LETTERS)


@dataclass(frozen=True, slots=True)
class Increment:
    """What to add to which version, and under which rules.

    `uri` is the source's name, under which its position is kept.
    """

    uri: str
    source: EventSource
    before: Before
    rules: Rules
    verifier: Verifier
    reducer: Reducer | None


def run_increment(
    job: Increment, draft: Draft, work_dir: Path, run: Run
) -> tuple[Mapping[str, int], dict[str, Any]]:
    """Write the next version's files into a draft.

    Args:
        job: what to add.
        draft: the next version.
        work_dir: an existing folder for spill files.
        run: runs a pipeline.

    Returns:
        The counters of what was read and resolved, and members for the manifest.

    Raises:
        OutsideError: a file can't be read or written.
    """
    kept = Kept.of(job.before.version, job.before.files)
    rest = _rest(job)
    reading, fresh = job.source if rest is None else rest, work_dir / "fresh"
    # Most of what is read again is known.
    read_before = rest is None and kept.version is not None
    counters = Counter(gather(run, reading, kept, job.verifier, fresh, read_before=read_before))
    reopened = None if kept.version is None else Reopened.by(job.verifier)
    events = Together(kept, Fresh.in_folder(fresh), reopened)
    touched, models = touched_groups(events, _rules_before(job), job.rules)
    around = surroundings_of(events, touched, models)
    rewriting = Rewriting(events, job.rules, job.reducer, draft.path, work_dir / "groups", run)
    counters.update(rewriting.write(touched, around))
    _take_over(kept, set(range(kept.files)) - touched, draft)
    return counters, job.before.members(job.rules.at, _cursors(job, reading), len(touched))


def _rest(job: Increment) -> EventSource | None:
    """What came since the source was read, None if all of it is to be read."""
    cursor = job.before.cursors.get(job.uri)
    return job.source.since(cursor) if cursor is not None and isinstance(job.source, Resumable) else None


def _rules_before(job: Increment) -> Rules:
    return job.rules if job.before.at is None else replace(job.rules, at=job.before.at)


def _take_over(kept: Kept, groups: Iterable[int], draft: Draft) -> None:
    for group in groups:
        for table in _NAMES:
            for name in kept.names(table, group):
                draft.keep(name)


def _cursors(job: Increment, read: EventSource) -> dict[str, Any]:
    """Positions by source; the part of a source that was read may tell its own faster than the whole."""
    found = dict(job.before.cursors)
    for source in (read, job.source):
        if isinstance(source, Resumable):
            found[job.uri] = source.cursor()
            break
    return found
