"""One whole job in a process of its own: `python -m bench.child JOB SOURCE` prints what it took, as JSON."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeAlias

from bench.memory import peak_bytes
from ceramic_protocol.rules import Rules
from ceramic_protocol.verify import Verifier

Job: TypeAlias = Callable[[str, Path], int]
"""Takes a source and a folder to write to; gives the number of valid events."""

_RULES: Final = Rules.as_of(datetime(2026, 1, 1, tzinfo=UTC))


def _load_export() -> Job:
    from ceramic_pipelines.export import ExportJob, run_export
    from ceramic_protocol.reasons import Outcome

    def export(source: str, folder: Path) -> int:
        job = ExportJob(source, folder / "out", _RULES)
        return run_export(job).number(Outcome.VALID)

    return export


def _load_verify() -> Job:
    from ceramic_connectors.sources import open_source
    from ceramic_pipelines.ledger import Ledger

    def verify(source: str, folder: Path) -> int:
        with Ledger(folder) as ledger:
            ledger.fill(open_source(source, folder), Verifier(), lambda _items: None)
            for _history in ledger.judge(ledger.histories(_RULES)):
                pass
            return sum(line.reason is None for line in ledger.lines(_RULES))

    return verify


_JOBS: Final[dict[str, Callable[[], Job]]] = {"export": _load_export, "verify": _load_verify}


def main(name: str, source: str) -> None:
    """Run a job and print its valid events, seconds, and peaks of memory before and after, in bytes."""
    job = _JOBS[name]()
    before = peak_bytes()
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        valid = job(source, Path(folder))
        seconds = time.perf_counter() - started
    print(json.dumps({"valid": valid, "seconds": seconds, "before": before, "peak": peak_bytes()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
