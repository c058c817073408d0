"""The job `reconcile`: compare two sides, and repair one or both."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ceramic_pipelines.reconcile.holdings import Holding, open_holding
from ceramic_pipelines.reconcile.missing import MissingEvents
from ceramic_pipelines.reconcile.notebook import Notebook
from ceramic_pipelines.reconcile.noting import note_side
from ceramic_pipelines.reconcile.repairing import check_repair, repair_side
from ceramic_pipelines.reconcile.values import (
    Comparison,
    Difference,
    Reconciliation,
    Repair,
    Side,
    SideCounts,
    Silent,
    Stages,
)
from ceramic_protocol.batch import SignaturePool
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.reasons import Outcome, Reason
from ceramic_protocol.verify import Verifier


@dataclass(frozen=True, slots=True)
class ReconcileJob:
    """What to compare.

    `a` and `b` are URIs: any source, or `parquet:FOLDER` of an export. `verifier` checks what only one side
    has. `repair` are the sides to bring to what they lack, and `at` the time that counts as now for tables
    that are repaired, in unix milliseconds. `token_a` and `token_b` are places of tokens of nodes.
    """

    a: str
    b: str
    verifier: Verifier = field(default_factory=Verifier)
    repair: frozenset[Side] = frozenset()
    at: int = field(default_factory=lambda: time.time_ns() // 1_000_000)
    token_a: str | None = None
    token_b: str | None = None


def run_reconcile(
    job: ReconcileJob,
    found: Callable[[Difference], object] = lambda _difference: None,
    stages: Stages | None = None,
) -> Reconciliation:
    """Compare two sides, tell the differences one by one, and repair what was asked for.

    A side is what it was when it was opened. What comes meanwhile is for the next time. A repair that was
    interrupted is simply begun again.

    Args:
        job: what to do.
        found: is told each difference of the first look.
        stages: are told how far it is.

    Returns:
        The numbers. After a repair both sides are looked at again.

    Raises:
        UsageError: a URI makes no sense, or a side can't be repaired.
        OutsideError: a side or a disk failed.
    """
    stages = stages or Silent()
    with _looked_at(job, stages) as look:
        for difference in look.notebook.differences():
            found(difference)
        before = latest = look.comparison
        done = _repairs(look, job, stages)
    repairs = list(done)
    while done:
        with _looked_at(job, stages) as look:
            # What a side couldn't show before, as it lacked what this builds on, is for the other one now.
            has_more = look.comparison.events > latest.events
            latest = look.comparison
            done = _repairs(look, job, stages) if has_more else []
            repairs += done
    return Reconciliation(before, tuple(repairs), latest if repairs else None)


@dataclass(frozen=True, slots=True)
class _Look:
    """Both sides as they were compared."""

    holdings: tuple[Holding, Holding]
    notebook: Notebook
    comparison: Comparison

    def lacks(self, side: Side) -> bool:
        counts = self.comparison.of(side)
        return counts.missing.total() > counts.without_bytes


def _repairs(look: _Look, job: ReconcileJob, stages: Stages) -> list[Repair]:
    return [_repaired(look, side, job, stages) for side in sorted(job.repair) if look.lacks(side)]


@contextmanager
def _looked_at(job: ReconcileJob, stages: Stages) -> Iterator[_Look]:
    with tempfile.TemporaryDirectory(prefix="ceramic-streams-") as folder:
        work_dir = Path(folder)
        a = open_holding(job.a, work_dir / "a", job.token_a)
        b = open_holding(job.b, work_dir / "b", job.token_b)
        for side in sorted(job.repair):
            check_repair(side, (a, b)[side], (a, b)[side.other])
        with Notebook(work_dir / "notebook.sqlite") as notebook:
            counts = [note_side(notebook, side, (a, b)[side], job.verifier, stages) for side in sorted(Side)]
            comparison = _compared(notebook, (a, b), (counts[0], counts[1]), job.verifier, stages)
            yield _Look((a, b), notebook, comparison)


def _compared(
    notebook: Notebook,
    holdings: tuple[Holding, Holding],
    counts: tuple[SideCounts, SideCounts],
    verifier: Verifier,
    stages: Stages,
) -> Comparison:
    notebook.compare()
    for side in Side:
        _check(notebook, side, holdings[side.other], verifier, stages)
    notebook.mark_descendants()
    for side in Side:
        if holdings[side].shows_in_order:
            notebook.mark_waiting(side)
        notebook.count(side, counts[side])
    return Comparison(*counts, _tips(notebook, holdings, counts))


def _check(notebook: Notebook, side: Side, other: Holding, verifier: Verifier, stages: Stages) -> None:
    """Verify what only one side has, as what is rejected isn't missing anywhere."""
    if other.source is None:
        return
    doing = f"Verifying what {side.name} lacks"
    stages.start(doing, None)
    missing = MissingEvents(other.source, notebook.path, side, verifier, is_fit=False)
    with SignaturePool() as pool:
        pages = (page.items for page in missing.read(0, missing.count) if page.items)
        for items, checked in pool.verify_batches(pages, verifier):
            notebook.mark_checked(
                (each.cid, _refusal(each)) for each in checked if isinstance(each, CheckedEvent)
            )
            stages.advance(doing, len(items))


def _refusal(event: CheckedEvent) -> Reason | None:
    return event.reason if event.outcome is Outcome.REJECTED else None


def _tips(
    notebook: Notebook, holdings: tuple[Holding, Holding], counts: tuple[SideCounts, SideCounts]
) -> int | None:
    if not all(holding.tells_tips for holding in holdings):
        return None
    for side in Side:
        for page in holdings[side].tips():
            counts[side].streams += notebook.add_tips(side, page)
    return notebook.count_tips()


def _repaired(look: _Look, side: Side, job: ReconcileJob, stages: Stages) -> Repair:
    holding, other = look.holdings[side], look.holdings[side.other]
    if other.source is None:
        raise AssertionError("checked before")
    doing = f"Repairing {side.name}"
    stages.start(doing, look.comparison.of(side).missing.total())
    missing = MissingEvents(other.source, look.notebook.path, side, job.verifier, is_fit=True)
    return repair_side(holding, other, missing, job.at, partial(stages.advance, doing))
