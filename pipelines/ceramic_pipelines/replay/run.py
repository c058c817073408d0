"""The job `replay`: export a source again, by the rules of an export or a node, and compare."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ceramic_connectors.apps.export_folder import ExportFolder
from ceramic_connectors.progress import Progress
from ceramic_pipelines.export import ExportJob, run_export
from ceramic_pipelines.exported_rules import ExportedRules
from ceramic_pipelines.reconcile.notebook import Notebook
from ceramic_pipelines.reconcile.tips import node_tips, table_tips
from ceramic_pipelines.reconcile.values import Side
from ceramic_pipelines.replay.comparing import TablesBeside
from ceramic_pipelines.replay.values import Replay, RowDifference, TableComparison
from ceramic_protocol.cid import Cid
from ceramic_protocol.limits import QUERY_MEMORY, REPLAY_DIFFERENCES
from ceramic_protocol.rules import Rules
from ceramic_protocol.tables import STREAM_STATES, TABLES
from ceramic_protocol.verify import Verifier
from ceramic_transforms.progress import Watcher

_URL: Final = ("http://", "https://")


@dataclass(frozen=True, slots=True)
class ReplayJob:
    """What to build anew, and what to compare it with.

    Attributes:
        source: the events, such as an archive; any URI of a source.
        against: the folder of an export, or the address of a node of ours.
        verifier: for an export, what is known of chains and contracts: all else its manifest tells. For a
            node, by what events are checked.
        rules: for a node, how streams are resolved; not used for an export.
        keep: a new folder for the tables that are built; they are thrown away without one.
        differences: how many of each table to show.
        memory: how much the comparison may use.
        token: place of a node's token.
    """

    source: str
    against: str
    verifier: Verifier = field(default_factory=Verifier)
    rules: Rules | None = None
    keep: Path | None = None
    differences: int = REPLAY_DIFFERENCES
    memory: str = QUERY_MEMORY
    token: str | None = None

    @property
    def is_against_node(self) -> bool:
        """Whether the present is a node's."""
        return self.against.startswith(_URL)


def run_replay(job: ReplayJob, progress: Progress | None = None, watcher: Watcher | None = None) -> Replay:
    """Export a source anew by the same rules, and hold what is there against it.

    Against an export all rows of all tables are compared, but for the places in `rejected` where the source
    had them. Against a node it is the tip of each stream.

    Args:
        job: what to do.
        progress: is told how much of the source has been indexed, in bytes.
        watcher: is told how many events have been read and resolved.

    Raises:
        UsageError: the source or what it is compared with makes no sense, or DuckDB isn't installed.
        OutsideError: a file, a disk or the node failed.
    """
    with tempfile.TemporaryDirectory(prefix="ceramic-streams-") as folder:
        work_dir = Path(folder)
        output = job.keep or work_dir / "tables"
        if job.is_against_node:
            rules = job.rules or Rules.as_of(datetime.now(UTC))
            summary = run_export(ExportJob(job.source, output, rules, job.verifier), progress, watcher)
            return Replay(summary, (_tips(ExportFolder.open(output), job, work_dir),))
        # One version of it, also where another one is published meanwhile.
        present = ExportFolder.open(Path(job.against))
        summary = run_export(_same_again(job, present.path, output), progress, watcher)
        with TablesBeside(ExportFolder.open(output), present, work_dir, job.memory) as both:
            return Replay(summary, tuple(both.compare(table, job.differences) for table in TABLES))


def _same_again(job: ReplayJob, version: Path, output: Path) -> ExportJob:
    told = ExportedRules.read(version)
    return ExportJob(
        source=job.source,
        output=output,
        rules=told.rules,
        verifier=told.verifier(job.verifier.chain, job.verifier.contracts),
        reducer=told.reducer,
    )


def _tips(rebuilt: ExportFolder, job: ReplayJob, work_dir: Path) -> TableComparison:
    with Notebook(work_dir / "tips.sqlite") as notebook:
        ours = sum(notebook.add_tips(Side.A, page) for page in table_tips(rebuilt))
        theirs = sum(notebook.add_tips(Side.B, page) for page in node_tips(job.against, job.token))
        found = notebook.tips(of_both=False, most=job.differences)
        first = tuple(_of_tips(str(each.stream_id), *(each.tips or (None, None))) for each in found)
        return TableComparison(STREAM_STATES.name, ours, theirs, notebook.count_tips(of_both=False), first)


def _of_tips(stream_id: str, rebuilt: Cid | None, present: Cid | None) -> RowDifference:
    sort = "missing" if present is None else "extra" if rebuilt is None else "changed"
    return RowDifference({"stream_id": stream_id}, sort, ("event_cid",) if sort == "changed" else ())
