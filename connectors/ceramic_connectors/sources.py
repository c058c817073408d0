"""Sources of events by URI: `car:PATH`, `ndjson:PATH`, or the plain path of such a file (design.md 4.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ceramic_connectors.archive import CarArchive
from ceramic_connectors.files import SourceFile, find_files
from ceramic_connectors.ndjson import NdjsonFile
from ceramic_connectors.progress import Progress
from ceramic_protocol.errors import UsageError
from ceramic_protocol.ports import EventSource


@dataclass(frozen=True, slots=True)
class _Kind:
    """A form of source: endings in a folder, endings of plain paths, and what reads it."""

    in_folder: tuple[str, ...]
    by_itself: tuple[str, ...]
    build: Callable[[Sequence[SourceFile], Path, Progress | None], EventSource]


_KINDS: Final = {
    "car": _Kind((".car",), (".car",), CarArchive.build),
    "ndjson": _Kind((".ndjson", ".ndjson.gz"), (".ndjson", ".ndjson.gz", ".jsonl"), NdjsonFile.build),
}
_LATER: Final = ("http", "https", "kafka", "store", "parquet")
_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]+):", re.IGNORECASE)
_READABLE: Final = "car:PATH and ndjson:PATH"


def open_source(uri: str, work_dir: Path, progress: Progress | None = None) -> EventSource:
    """The events that a URI means: a file, a folder's own files or the matches of a glob.

    Args:
        uri: `car:PATH`, `ndjson:PATH` or a path that ends like one of their files.
        work_dir: Where the index goes (up to about 150 bytes for each block) and unpacked copies of gzip
            files. It has to stay as long as the source is read; it is the caller's to remove.
        progress: Is told bytes done and bytes in all while the files are read for the first time.

    Raises:
        UsageError: no such source, or one that this release can't read.
        OutsideError: no such file, or one that can't be read, or the work folder can't be written.
    """
    kind, path = _parse(uri)
    return kind.build(find_files(path, kind.in_folder), work_dir, progress)


def _parse(uri: str) -> tuple[_Kind, str]:
    found = _SCHEME.match(uri)
    scheme = found[1].lower() if found else ""
    if found and scheme in _KINDS:
        path = uri[found.end() :].removeprefix("//")
        if not path:
            msg = f"{uri} names no file; write {scheme}:PATH"
            raise UsageError(msg)
        return _KINDS[scheme], path
    if scheme in _LATER:
        msg = f"this release can't read {scheme} sources yet; it reads {_READABLE}"
        raise UsageError(msg)
    for kind in _KINDS.values():
        if uri.endswith(kind.by_itself):
            return kind, uri
    msg = f"{uri!r} is no source of events; write it as {_READABLE.replace(' and ', ' or ')}"
    raise UsageError(msg)
