"""What `verify` and `resolve` have in common: judge a source in this process."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from ceramic_pipelines.cli.printing import indexing, progress_bars
from ceramic_pipelines.ledger import Ledger
from ceramic_pipelines.sources import open_source
from ceramic_pipelines.summary import Summary
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.verify import Verifier


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        """Start."""
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds so far."""
        return time.monotonic() - self._started


@contextmanager
def filled_ledger(uri: str, verifier: Verifier) -> Iterator[Ledger]:
    """A ledger with every event of a source, gone when the block ends.

    Raises:
        UsageError: the source makes no sense.
        OutsideError: a file or disk failed.
    """
    with tempfile.TemporaryDirectory(prefix="ceramic-streams-") as folder:
        work_dir = Path(folder)
        with Ledger(work_dir) as ledger:
            with progress_bars() as bars:
                source = open_source(uri, work_dir, indexing(bars))
                bars.start("Verifying", source.count)
                ledger.fill(source, verifier, partial(bars.advance, "Verifying"))
            yield ledger


def count_stream(summary: Summary, history: StreamHistory) -> None:
    """Add one stream to a summary."""
    summary.streams += 1
    summary.forks += len(history.leaves) > 1
    summary.reverted += bool(history.reverted)
