"""A version of an export, as its manifest describes it to those who take it elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from ceramic_connectors.manifest import MANIFEST, read_manifest
from ceramic_connectors.outside import outside
from ceramic_connectors.partitions import KEYS
from ceramic_connectors.versions import current_version
from ceramic_protocol.errors import UsageError
from ceramic_protocol.tables import Table

RULES: Final = (
    "partition_by",
    "profile",
    "tie_break",
    "grace",
    "skew",
    "network",
    "anchor_contracts",
    "reducer",
)
"""Members of a manifest that stay the same from version to version."""

_NEEDED: Final = {"export": str, "version": int, "as_of": str, "partition_by": list}


@dataclass(frozen=True, slots=True)
class ExportVersion:
    """One version of an export.

    `export` tells the export from all others, `number` its versions apart. `names` are the paths of its files
    within `path`; within one export the same name never means two contents. `as_of` is the time that counted
    as now, `rules` has the members `RULES`.
    """

    path: Path
    export: str
    number: int
    as_of: str
    rules: Mapping[str, Any]
    names: tuple[str, ...]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The current version in an export folder; what is published there later doesn't change the answer.

        Raises:
            UsageError: there is no export with versions.
            OutsideError: the folder can't be read.
        """
        with outside(f"read {folder}"):
            path = current_version(folder) if folder.exists() else folder
            has_manifest = (path / MANIFEST).is_file()
        if not has_manifest:
            msg = f"{folder} holds no export: name a folder that ceramic-streams export has written"
            raise UsageError(msg)
        told = read_manifest(path)
        if not _is_complete(told):
            msg = f"{folder} was exported by an earlier version of ceramic-streams: export it again"
            raise UsageError(msg)
        rules = {name: told.get(name) for name in RULES}
        return cls(path, told["export"], told["version"], told["as_of"], rules, tuple(told["files"]))

    def files(self, table: Table) -> list[str]:
        """The names of a table's files."""
        return [name for name in self.names if name.startswith(f"{table.name}/")]


def _is_complete(told: Mapping[str, Any]) -> bool:
    """Whether a manifest has all that is needed; those of before lack `export`."""
    if not all(isinstance(told.get(name), kind) for name, kind in _NEEDED.items()):
        return False
    return all(isinstance(key, str) and key in KEYS for key in told["partition_by"])
