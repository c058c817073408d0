"""Sources of events by URI (docs/sources.md)."""

from __future__ import annotations

import os
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
    """A form of source: how it is written, endings of plain paths, and what opens it.

    The latter is given the URI without its scheme, the work folder, and who is told of progress.
    """

    form: str
    by_itself: tuple[str, ...]
    open: Callable[[str, Path, Progress | None], EventSource]


def open_source(uri: str, work_dir: Path, progress: Progress | None = None) -> EventSource:
    """The events that a URI means.

    Args:
        uri: `car:PATH`, `ndjson:PATH` and `parquet:PATH` for a file, a folder or a glob; the address of a
            node; `kafka://HOST:PORT/TOPIC`; or a path that ends like one of such files.
        work_dir: Where an archive's index goes (up to about 150 bytes for each block) and unpacked copies of
            gzip files. It has to stay as long as the source is read; it is the caller's to remove.
        progress: Is told bytes done and bytes in all while an archive is read for the first time.

    Raises:
        UsageError: no such source, or what is said of the way in makes no sense.
        OutsideError: no such file, node or topic, or one that can't be read, or the work folder can't be
            written.
    """
    kind, rest = _parse(uri)
    return kind.open(rest, work_dir, progress)


def scheme_of(uri: str) -> str:
    """The scheme of a URI in lower case; empty for a path without one."""
    found = _SCHEME.match(uri)
    return found[1].lower() if found else ""


def _files(
    in_folder: tuple[str, ...], build: Callable[[Sequence[SourceFile], Path, Progress | None], EventSource]
) -> Callable[[str, Path, Progress | None], EventSource]:
    return lambda path, work_dir, progress: build(find_files(path, in_folder), work_dir, progress)


def _parquet(path: str, work_dir: Path, progress: Progress | None) -> EventSource:
    del work_dir, progress
    try:
        from ceramic_connectors.event_sources.parquet_events import ParquetEvents
    except ImportError:
        raise UsageError("pyarrow is not installed: pip install 'ceramic-streams[tables]'") from None
    from ceramic_connectors.event_sources.parquet_files import find_parquet

    return ParquetEvents.build(find_parquet(path))


def _node(scheme: str) -> Callable[[str, Path, Progress | None], EventSource]:
    def open_node(address: str, work_dir: Path, progress: Progress | None) -> EventSource:
        del work_dir, progress
        from ceramic_connectors.event_sources.access import Access
        from ceramic_connectors.event_sources.feeds import open_feed

        return open_feed(f"{scheme}://{address}", Access.from_environment(os.environ).node_token)

    return open_node


def _kafka(address: str, work_dir: Path, progress: Progress | None) -> EventSource:
    del work_dir, progress
    from ceramic_connectors.event_sources.access import Access
    from ceramic_connectors.event_sources.topics import TopicEvents
    from ceramic_connectors.kafka.addresses import TopicAddress

    found = TopicAddress.parse(address)
    return TopicEvents.open(found.servers, found.topics, Access.from_environment(os.environ))


_KINDS: Final = {
    "car": _Kind("car:PATH", (".car",), _files((".car",), CarArchive.build)),
    "ndjson": _Kind(
        "ndjson:PATH",
        (".ndjson", ".ndjson.gz", ".jsonl"),
        _files((".ndjson", ".ndjson.gz"), NdjsonFile.build),
    ),
    "parquet": _Kind("parquet:PATH", (".parquet",), _parquet),
    "http": _Kind("http://HOST:PORT", (), _node("http")),
    "https": _Kind("https://HOST", (), _node("https")),
    "kafka": _Kind("kafka://HOST:PORT/TOPIC", (), _kafka),
}
_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]+):", re.IGNORECASE)


def _parse(uri: str) -> tuple[_Kind, str]:
    scheme = scheme_of(uri)
    if scheme in _KINDS:
        kind = _KINDS[scheme]
        rest = uri[len(scheme) + 1 :].removeprefix("//")
        if not rest:
            raise UsageError(f"{uri} names nothing to read; write {kind.form}")
        return kind, rest
    for kind in _KINDS.values():
        if kind.by_itself and uri.endswith(kind.by_itself):
            return kind, uri
    if scheme == "store":
        raise UsageError("a node's data folder is opened by ceramic_pipelines.sources.open_source")
    forms = ", ".join(kind.form for kind in _KINDS.values())
    raise UsageError(f"{uri!r} is no source of events; write it as one of {forms}, store:FOLDER")
