"""Which Parquet files a path means: those that a manifest lists, or else all that are there."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Final

import orjson

from ceramic_connectors.files import SourceFile, find_files
from ceramic_connectors.manifest import MANIFEST
from ceramic_connectors.outside import outside
from ceramic_protocol.errors import OutsideError
from ceramic_protocol.limits import MAX_MANIFEST_BYTES, MAX_PARQUET_FILES

ENDING: Final = ".parquet"
EVENTS: Final = "events"
"""The folder of an export that holds the events as they came."""

_HIDDEN: Final = (".", "_")


def find_parquet(path: str) -> list[SourceFile]:
    """A file, a glob's matches, or the files of a folder and of those below it.

    Of a folder with a manifest only files that it lists, as others may be half written; of an export, those
    of its events. They come sorted by name.

    Raises:
        OutsideError: there is none, too many, or one can't be read.
    """
    folder = Path(path)
    if not folder.is_dir():
        return find_files(path, (ENDING,))
    with outside(f"look for {path}"):
        names = _listed(folder) if (folder / MANIFEST).is_file() else _lying(folder)
    if not names:
        raise OutsideError(f"no file in the folder {path} ends with {ENDING}; check the path")
    if len(names) > MAX_PARQUET_FILES:
        raise OutsideError(f"{path} has more than {MAX_PARQUET_FILES:,} files; read a part of them")
    return [SourceFile.of(str(folder / name)) for name in sorted(names)]


def _listed(folder: Path) -> list[str]:
    manifest = folder / MANIFEST
    with manifest.open("rb") as file:
        data = file.read(MAX_MANIFEST_BYTES + 1)
    try:
        files = orjson.loads(data)["files"]
        names = [name for name in files if name.endswith(ENDING)]
    except (orjson.JSONDecodeError, AttributeError, LookupError, TypeError):
        raise OutsideError(f"{manifest} doesn't list files; name the files themselves") from None
    if any(PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts for name in names):
        raise OutsideError(f"{manifest} lists files outside of its folder")
    return [name for name in names if PurePosixPath(name).parts[0] == EVENTS] or names


def _lying(folder: Path) -> list[str]:
    found = (path.relative_to(folder) for path in folder.rglob(f"*{ENDING}") if path.is_file())
    return [str(path) for path in found if not any(part.startswith(_HIDDEN) for part in path.parts)]
