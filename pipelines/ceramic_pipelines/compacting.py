"""The job `compact`: the same rows in fewer files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from ceramic_connectors.manifest import read_manifest
from ceramic_connectors.outside import outside
from ceramic_connectors.parquet import concatenate, number_of, part_name
from ceramic_connectors.versions import CURRENT, Draft
from ceramic_pipelines.incremental.before import with_files
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import COMPACT_BYTES, KEEP_VERSION_SECONDS

_OURS: Final = ("made_by", "version", "export", "files")


@dataclass(frozen=True, slots=True)
class Compaction:
    """Files before and after; the same number where nothing could be done."""

    before: int
    after: int


def run_compact(
    output: Path, *, target: int = COMPACT_BYTES, keep_seconds: float = KEEP_VERSION_SECONDS
) -> Compaction:
    """Publish a version of an export with the same rows in as few files as fit a size.

    Files with neighbouring shards are put together, as many of each table, so that later increments go on.

    Args:
        output: the export's folder.
        target: bytes that no file is made larger than.
        keep_seconds: how long the version before stays.

    Raises:
        UsageError: there is no export with versions.
        OutsideError: a file can't be read or written.
    """
    if not (output / CURRENT).is_symlink():
        msg = f"{output} holds no export: name a folder that ceramic-streams export has written"
        raise UsageError(msg)
    with Draft.open(output, extend=True, keep_seconds=keep_seconds) as draft:
        base = draft.base or output
        manifest = read_manifest(base)
        sizes: dict[str, int] = manifest["files"]
        files = max(number_of(name)[1] for name in sizes)
        fewer = _fewest(sizes, files, target)
        if fewer == files:
            return Compaction(len(sizes), len(sizes))
        made = _merged(sizes, files, fewer)
        for name, pieces in made.items():
            _write(base, draft.path / name, pieces)
        members = {key: value for key, value in manifest.items() if key not in _OURS}
        draft.commit(with_files(members, fewer))
    return Compaction(len(sizes), len(made))


def _merged(names: Iterable[str], files: int, fewer: int) -> Mapping[str, list[str]]:
    """The files to make, each with those that it is made of, in order."""
    found: dict[str, list[str]] = {}
    for name in sorted(names, key=lambda name: (str(PurePosixPath(name).parent), number_of(name))):
        number, _files = number_of(name)
        place = PurePosixPath(name).with_name(part_name(number * fewer // files, fewer))
        found.setdefault(str(place), []).append(name)
    return found


def _fewest(sizes: Mapping[str, int], files: int, target: int) -> int:
    for fewer in range(1, files):
        if files % fewer == 0:
            merged = _merged(sizes, files, fewer)
            if max(sum(sizes[name] for name in pieces) for pieces in merged.values()) <= target:
                return fewer
    return files


def _write(base: Path, place: Path, pieces: list[str]) -> None:
    with outside(f"make the folder {place.parent}"):
        place.parent.mkdir(parents=True, exist_ok=True)
    concatenate([base / piece for piece in pieces], place)
