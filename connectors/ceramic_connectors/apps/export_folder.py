"""An export, as `ceramic-streams export` wrote it, on its way into tables of applications."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ceramic_connectors.apps.applied import Applied
from ceramic_connectors.apps.states import StreamState
from ceramic_connectors.apps.store import AppStore
from ceramic_connectors.manifest import MANIFEST
from ceramic_connectors.outside import outside
from ceramic_connectors.versions import current_version
from ceramic_protocol.errors import OutsideError, UsageError
from ceramic_protocol.ids import MODEL
from ceramic_protocol.limits import MAX_STATEMENT_ROWS
from ceramic_protocol.tables import REJECTED, STREAM_STATES, Table

if TYPE_CHECKING:
    import pyarrow as pa

_COLUMNS: Final = (
    "stream_id",
    "stream_type",
    "controller",
    "dimensions",
    "event_cid",
    "event_height",
    "data",
    "model",
    "anchored_at",
    "first_anchored_at",
    "last_anchored_at",
)


@dataclass(frozen=True, slots=True)
class ExportFolder:
    """A folder with the tables of one export. `as_of` is the time that counted as now when it was made.

    It is one version of them: what is published later doesn't change it. `names` are the paths of its files
    within it, as the manifest lists them.
    """

    path: Path
    as_of: datetime
    names: tuple[str, ...]

    @classmethod
    def open(cls, path: Path) -> ExportFolder:
        """The export in a folder.

        Raises:
            UsageError: there is none.
            OutsideError: the folder can't be read.
        """
        with outside(f"read {path}"):
            version = current_version(path)
            known = version.is_dir() and (version / MANIFEST).exists()
            text = (version / MANIFEST).read_bytes() if known else b""
        try:
            manifest = json.loads(text)
            as_of, names = datetime.fromisoformat(manifest["as_of"]), tuple(map(str, manifest["files"]))
        except (ValueError, KeyError, TypeError):
            msg = f"{path} holds no export: name a folder that ceramic-streams export has written"
            raise UsageError(msg) from None
        return cls(version, as_of if as_of.tzinfo else as_of.replace(tzinfo=UTC), names)

    @property
    def version(self) -> int:
        """The version of all states in it: the time it is of, in microseconds."""
        return int(self.as_of.timestamp()) * 1_000_000 + self.as_of.microsecond

    def files(self, table: Table) -> list[Path]:
        """The files of a table.

        Raises:
            OutsideError: it has none.
        """
        found = [self.path / name for name in self.names if name.startswith(f"{table.name}/")]
        if not found or not all(file.exists() for file in found):
            msg = f"{self.path} lacks the table {table.name}; export again"
            raise OutsideError(msg)
        return found

    def states(self) -> Iterator[list[StreamState]]:
        """The state of every stream, in batches, models first; last those that lost what they once had.

        Raises:
            OutsideError: a file can't be read.
        """
        for models in (True, False):
            for rows in self._rows(STREAM_STATES, _COLUMNS):
                wanted = [row for row in rows if (row["stream_type"] == MODEL) is models]
                if wanted:
                    yield [StreamState.of_row(row, self.version) for row in wanted]
        yield from self._gone()

    def _gone(self) -> Iterator[list[StreamState]]:
        """Streams without a tip: their init event stands among the rejected, as they have no state."""
        states = (row["stream_id"] for rows in self._rows(STREAM_STATES, ("stream_id",)) for row in rows)
        refused = {row["stream_id"] for rows in self._rows(REJECTED, ("stream_id",)) for row in rows}
        refused.discard(None)
        for stream in states:
            refused.discard(stream)
        yield [StreamState(stream, self.version) for stream in sorted(refused)]

    def _rows(self, table: Table, columns: tuple[str, ...]) -> Iterator[list[dict[str, Any]]]:
        for file in self.files(table):
            for batch in _batches(file, columns):
                yield batch.to_pylist()


def load_export(
    folder: Path,
    store: AppStore,
    *,
    version: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Applied:
    """Load an export into tables of applications; running it again changes nothing.

    Streams that the export doesn't know are left as they are. Each batch is a transaction: what was
    interrupted is completed by running it again.

    Args:
        folder: what `ceramic-streams export` wrote.
        store: where to.
        version: of all states (`StreamState`); None for the time that the export is of, in microseconds.
        progress: is told of how many streams more were loaded.

    Raises:
        UsageError: there is no export in the folder, or pyarrow isn't installed.
        OutsideError: a file or the database failed.
    """
    export = ExportFolder.open(folder)
    total = Applied()
    for states in export.states():
        changed = states if version is None else [replace(state, version=version) for state in states]
        total.add(store.apply(changed))
        if progress is not None:
            progress(len(states))
    return total


def _batches(path: Path, columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError as error:
        msg = f"this needs {error.name}: install it with pip install 'ceramic-streams[tables]'"
        raise UsageError(msg) from error
    try:
        with outside(f"read {path}"), pq.ParquetFile(path) as file:
            yield from file.iter_batches(MAX_STATEMENT_ROWS, columns=list(columns))
    except pa.ArrowException as error:
        msg = f"can't read {path}: {error}; export again"
        raise OutsideError(msg) from error
