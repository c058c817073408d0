"""Sides of every sort, made of the same events."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.streams import MadeEvent
from ceramic_connectors.sources import open_source
from ceramic_node.config import NODE
from ceramic_pipelines.export import ExportJob, run_export
from ceramic_pipelines.importing.importing import Watch, import_events
from ceramic_pipelines.importing.into_store import store_target
from ceramic_pipelines.reconcile.run import ReconcileJob, run_reconcile
from ceramic_pipelines.reconcile.values import Difference, Reconciliation, Side
from ceramic_protocol.rules import Rules
from tests.pipelines.private_node.running import NETWORK, write_lines
from tests.support.increments import NOW

BOTH = frozenset(Side)


def lines_of(folder: Path, name: str, events: Iterable[MadeEvent]) -> str:
    """A file of lines."""
    return f"ndjson:{write_lines(folder / f'{name}.ndjson', events)}"


def store_of(folder: Path, name: str, events: Iterable[MadeEvent]) -> str:
    """A store that was handed the events, and shows those whose prev it has."""
    source = open_source(lines_of(folder, f"for-{name}", events), folder / "index")
    config = NODE.config(network=NODE.by_name["network"].value(NETWORK))
    with store_target(folder / name, config) as target:
        import_events(source, target, Watch())
    return f"store:{folder / name}"


def tables_of(folder: Path, name: str, events: Iterable[MadeEvent], **settings: Any) -> str:
    """An export of the events."""
    source = lines_of(folder, f"for-{name}", events)
    run_export(ExportJob(source, folder / name, Rules.as_of(NOW), **settings))
    return f"parquet:{folder / name}"


def reconciled(a: str, b: str, **settings: Any) -> tuple[Reconciliation, list[Difference]]:
    """Two sides compared, and the differences of the first look."""
    found: list[Difference] = []
    return run_reconcile(ReconcileJob(a, b, **settings), found.append), found
