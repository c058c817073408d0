"""Sources of events by URI, those that take more than connectors among them."""

from __future__ import annotations

from pathlib import Path

from ceramic_connectors import sources
from ceramic_connectors.progress import Progress
from ceramic_protocol.errors import UsageError
from ceramic_protocol.ports import EventSource

_STORE = "store"


def open_source(uri: str, work_dir: Path, progress: Progress | None = None) -> EventSource:
    """The events that a URI means: `store:FOLDER`, or what `ceramic_connectors.sources.open_source` takes.

    Raises:
        UsageError: no such source, or what is said of the way in makes no sense.
        OutsideError: it isn't there or can't be read.
        StoreCorruption: the store is damaged.
    """
    if sources.scheme_of(uri) != _STORE:
        return sources.open_source(uri, work_dir, progress)
    from ceramic_pipelines.store_events import StoreEvents

    folder = uri[len(_STORE) + 1 :].removeprefix("//")
    if not folder:
        raise UsageError(f"{uri} names nothing to read; write store:FOLDER")
    return StoreEvents.open(Path(folder))
