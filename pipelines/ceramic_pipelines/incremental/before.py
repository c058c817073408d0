"""The version that an increment builds on, as its manifest describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ceramic_connectors.manifest import read_manifest
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import INCREMENTAL_FILES
from ceramic_protocol.tables import STREAM_SHARDS

_MEMBER: Final = "incremental"


@dataclass(frozen=True, slots=True)
class Before:
    """What the next version goes on from.

    `version` is its folder, None at the beginning; `files` the number of files per table; `at` the time that
    counted as now, in unix milliseconds; `cursors` the positions in its sources by their names.
    """

    version: Path | None
    files: int
    at: int | None = None
    cursors: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, version: Path | None, rules: Mapping[str, object], files: int | None) -> Before:
        """Read a version's manifest and hold this run's settings against it.

        Args:
            version: its folder, or None for a beginning.
            rules: the members of the manifest that must not change.
            files: the number of files per table that was asked for, if one was.

        Raises:
            UsageError: the version isn't one of an incremental export, or this run has other rules.
            OutsideError: the manifest can't be read.
        """
        if version is None:
            return cls(None, INCREMENTAL_FILES if files is None else files)
        manifest = read_manifest(version)
        found = manifest.get(_MEMBER)
        if found is None or not _is_ours(found):
            msg = "the folder holds a whole export without its events: begin anew with --overwrite"
            raise UsageError(msg)
        known = {**manifest, "num_shards": found["num_shards"]}
        wanted = dict(rules) if files is None else {**rules, "num_shards": files}
        for name, value in wanted.items():
            if known.get(name) != value:
                has = f"the export was made with {name} {known.get(name)!r} and not {value!r}"
                msg = f"{has}: keep to it, or begin anew with --overwrite"
                raise UsageError(msg)
        return cls(version, found["num_shards"], found["at"], found["cursors"])

    def members(self, at: int, cursors: Mapping[str, Any], resolved: int) -> dict[str, Any]:
        """What the manifest of the next version says for the one after it.

        Args:
            at: the time that counts as now, in unix milliseconds.
            cursors: the positions in the sources by their names.
            resolved: the number of files per table that were made anew.
        """
        told: dict[str, Any] = {
            "num_shards": self.files,
            "at": at,
            "cursors": dict(cursors),
            "files_made_anew": resolved,
        }
        return {_MEMBER: told}


def _is_ours(found: Any) -> bool:
    if not isinstance(found, dict) or not isinstance(found.get("cursors"), dict):
        return False
    numbers = all(isinstance(found.get(name), int) for name in ("num_shards", "at"))
    cursors = all(isinstance(cursor, dict) for cursor in found["cursors"].values())
    return numbers and cursors and 1 <= found["num_shards"] <= STREAM_SHARDS


def with_files(manifest: Mapping[str, Any], files: int) -> dict[str, Any]:
    """A manifest's members for the same rows in another number of files per table."""
    found = manifest.get(_MEMBER)
    return dict(manifest) if found is None else {**manifest, _MEMBER: {**found, "num_shards": files}}
