"""The two sides as they are read: events with their bytes, tables, or both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ceramic_connectors import sources
from ceramic_connectors.apps.export_folder import ExportFolder
from ceramic_connectors.event_sources.feeds import open_feed
from ceramic_connectors.event_sources.node_feed import NodeFeed
from ceramic_connectors.event_sources.one_feed import OneFeed
from ceramic_connectors.manifest import MANIFEST
from ceramic_connectors.versions import CURRENT
from ceramic_pipelines.exported_rules import ExportedRules
from ceramic_pipelines.reconcile.tips import node_tips, table_tips
from ceramic_pipelines.sources import open_source
from ceramic_protocol.cid import Cid
from ceramic_protocol.ids import StreamId
from ceramic_protocol.ports import EventSource
from ceramic_protocol.tables import KEPT_EVENTS

_PARQUET: Final = "parquet"
_IN_ORDER: Final = frozenset({"store", "kafka"})
_NODES: Final = frozenset({"http", "https"})


@dataclass(frozen=True, slots=True)
class Holding:
    """A side, opened: it has what was there then.

    Attributes:
        uri: as it was asked for.
        source: its events with their bytes; None of tables without them.
        tables: one version of an export, if it is one.
        token: place of the token of a node.
    """

    uri: str
    source: EventSource | None
    tables: ExportFolder | None = None
    token: str | None = None

    @property
    def scheme(self) -> str:
        """Of the URI; empty for a plain path."""
        return sources.scheme_of(self.uri)

    @property
    def path(self) -> Path:
        """The folder or file of a URI that names one."""
        return Path(self.uri[len(self.scheme) + 1 :].removeprefix("//") if self.scheme else self.uri)

    @property
    def shows_in_order(self) -> bool:
        """Whether it shows an event only with what this builds on: nodes, and what one fills."""
        return self.scheme in _IN_ORDER or isinstance(self.source, NodeFeed | OneFeed)

    @property
    def tells_tips(self) -> bool:
        """Whether it says of streams which tip they have."""
        return self.tables is not None or isinstance(self.source, NodeFeed)

    def tips(self) -> Iterator[list[tuple[StreamId, Cid | None]]]:
        """The tips of all streams, page by page; none where a side doesn't tell.

        Raises:
            OutsideError: a file or node can't be read, or the node is behind with its states for too long.
        """
        if self.tables is not None:
            yield from table_tips(self.tables)
        elif isinstance(self.source, NodeFeed):
            yield from node_tips(self.source.url, self.token)


def open_holding(uri: str, work_dir: Path, token: str | None = None) -> Holding:
    """Look at a side.

    Args:
        uri: `parquet:FOLDER` of an export, or any source (docs/sources.md).
        work_dir: where indexes go.
        token: place of a node's token; None without one, whatever the environment says.

    Raises:
        UsageError: no such source.
        OutsideError: it isn't there or can't be read.
        StoreCorruption: the store is damaged.
    """
    work_dir.mkdir(parents=True, exist_ok=True)
    scheme = sources.scheme_of(uri)
    if scheme in _NODES:
        return Holding(uri, open_feed(uri, token), token=token)
    path = Path(uri[len(scheme) + 1 :].removeprefix("//"))
    if scheme == _PARQUET and _is_export(path):
        tables = ExportFolder.open(path)
        has_events = any(name.startswith(f"{KEPT_EVENTS}/") for name in tables.names)
        events = open_source(f"{_PARQUET}:{tables.path}", work_dir) if has_events else None
        return Holding(uri, events, tables)
    return Holding(uri, open_source(uri, work_dir))


def rules_of(holding: Holding) -> ExportedRules | None:
    """The rules of a side that is an export; None of another one.

    Raises:
        UsageError: its manifest says nothing of them.
        OutsideError: it can't be read.
    """
    return None if holding.tables is None else ExportedRules.read(holding.tables.path)


def _is_export(path: Path) -> bool:
    return (path / CURRENT).is_symlink() or (path / MANIFEST).is_file()
