"""Apache Beam transforms: read, verify, resolve and write Ceramic events in Arrow record batches.

```python
from ceramic_transforms import ReadFromCar, ResolveStreams, VerifyEvents, WriteTables

verified = pipeline | ReadFromCar("archive.car", work_dir="work") | VerifyEvents(verifier)
verified.checked | ResolveStreams(rules) | WriteTables("tables")
```

All that is public stands here; `docs/beam.md` tells how it fits together. Names are looked up when they are
asked for, so that a job has in memory only what it uses.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ceramic_transforms.batches import CHECKED_EVENTS, RAW_EVENTS
    from ceramic_transforms.deduplicate import DeduplicateEvents
    from ceramic_transforms.fold import FoldedStream, FoldStreams
    from ceramic_transforms.io import ReadAllFromEventSources, ReadFromEventSource
    from ceramic_transforms.metrics import read_counters
    from ceramic_transforms.publish import PublishTables
    from ceramic_transforms.refusals import DeadLettersToTable
    from ceramic_transforms.resolve import ResolveStreams
    from ceramic_transforms.row_batches import RowsToBatches
    from ceramic_transforms.rows import BatchesToRows, TableToRows
    from ceramic_transforms.sources import (
        ReadFromCar,
        ReadFromKafka,
        ReadFromNdjson,
        ReadFromNode,
        ReadFromParquet,
    )
    from ceramic_transforms.table_parts import TablePart
    from ceramic_transforms.verify import DEAD_LETTERS, VerifyEvents
    from ceramic_transforms.write import WriteTables

__all__ = [
    "CHECKED_EVENTS",
    "DEAD_LETTERS",
    "RAW_EVENTS",
    "BatchesToRows",
    "DeadLettersToTable",
    "DeduplicateEvents",
    "FoldStreams",
    "FoldedStream",
    "PublishTables",
    "ReadAllFromEventSources",
    "ReadFromCar",
    "ReadFromEventSource",
    "ReadFromKafka",
    "ReadFromNdjson",
    "ReadFromNode",
    "ReadFromParquet",
    "ResolveStreams",
    "RowsToBatches",
    "TablePart",
    "TableToRows",
    "VerifyEvents",
    "WriteTables",
    "read_counters",
]

_MODULES: Final = {
    "batches": ("CHECKED_EVENTS", "RAW_EVENTS"),
    "deduplicate": ("DeduplicateEvents",),
    "fold": ("FoldStreams", "FoldedStream"),
    "io": ("ReadAllFromEventSources", "ReadFromEventSource"),
    "metrics": ("read_counters",),
    "publish": ("PublishTables",),
    "refusals": ("DeadLettersToTable",),
    "resolve": ("ResolveStreams",),
    "row_batches": ("RowsToBatches",),
    "rows": ("BatchesToRows", "TableToRows"),
    "sources": ("ReadFromCar", "ReadFromKafka", "ReadFromNdjson", "ReadFromNode", "ReadFromParquet"),
    "table_parts": ("TablePart",),
    "verify": ("DEAD_LETTERS", "VerifyEvents"),
    "write": ("WriteTables",),
}
_PLACES: Final = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    """What `__all__` lists, from its module."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
