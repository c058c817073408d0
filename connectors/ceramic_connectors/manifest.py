"""`manifest.json`: what a folder of output consists of, and that it is ours to replace."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from ceramic_connectors.outside import outside
from ceramic_connectors.rename import sync
from ceramic_protocol.errors import UsageError

MANIFEST: Final = "manifest.json"
"""Name of the manifest in a folder of output."""

_MADE_BY: Final = "ceramic-streams"


def write_manifest(folder: Path, members: Mapping[str, object]) -> None:
    """Write the manifest behind everything else in the folder, and wait until all of it is on the disk.

    It has the members given, and `made_by` and `files` (size in bytes by path within the folder).

    Raises:
        OSError: the disk refused.
    """
    files = {}
    for path in sorted(_walk(folder)):
        sync(path)
        files[str(path.relative_to(folder))] = path.stat().st_size
    manifest = {"made_by": _MADE_BY, **members, "files": files}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    sync(folder / MANIFEST)
    for parent, _, _ in os.walk(folder, topdown=False):
        sync(Path(parent))


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a folder of output; `files` has sizes by paths.

    Raises:
        UsageError: it is none of ours.
        OutsideError: it can't be read.
    """
    with outside(f"read {folder / MANIFEST}"):
        data = (folder / MANIFEST).read_bytes()
    try:
        manifest = json.loads(data)
        files = manifest["files"]
        ours = manifest["made_by"] == _MADE_BY and all(isinstance(size, int) for size in files.values())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        ours = False
    if not ours:
        msg = f"{folder / MANIFEST} is no manifest of an export: begin anew with --overwrite"
        raise UsageError(msg)
    return dict(manifest)


def refuse_if_occupied(place: Path, *, overwrite: bool) -> None:
    """Make sure that output may be put at `place`.

    Raises:
        UsageError: a file or a mounted folder is there; or a folder that is not empty, unless `overwrite` is
            set and it holds earlier output and nothing else.
        OSError: it can't be looked at.
    """
    if not place.exists():
        return
    if not place.is_dir():
        msg = f"{place} is a file; name a folder for the output"
        raise UsageError(msg)
    if place.is_mount():
        msg = f"{place} is a mounted folder; name a folder inside it for the output"
        raise UsageError(msg)
    if not any(place.iterdir()):
        return
    if not overwrite:
        msg = f"{place} already holds files; use --overwrite or another folder"
        raise UsageError(msg)
    stranger = _first_stranger(place)
    if stranger is not None:
        msg = f"{place} holds {stranger}, which no earlier run put there; move it or use another folder"
        raise UsageError(msg)


def _first_stranger(folder: Path) -> str | None:
    ours = _listed(folder / MANIFEST)
    names = (str(path.relative_to(folder)) for path in _walk(folder))
    return next((name for name in names if name not in ours), None)


def _listed(path: Path) -> set[str]:
    try:
        manifest = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return set()
    if not isinstance(manifest, dict) or manifest.get("made_by") != _MADE_BY:
        return set()
    files = manifest.get("files")
    return {MANIFEST, *files} if isinstance(files, dict) else set()


def _walk(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder, onerror=_fail):
        yield from (Path(parent, name) for name in names)


def _fail(error: OSError) -> None:
    raise error
