"""The questions of `docs/queries.md` to tables of many events, each beside the time that the page states."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

from bench.effort import Effort
from bench.figure import Figure, Series
from bench.measure import spread
from ceramic_connectors.apps.export_folder import ExportFolder
from ceramic_connectors.apps.sandbox import Sandbox
from ceramic_connectors.chain import FileChain
from ceramic_pipelines.export import ExportJob, run_export
from ceramic_protocol.ports import Transaction
from ceramic_protocol.rules import Rules
from ceramic_protocol.verify import Verifier
from tests.support.answers import STREAM
from tests.support.export import write_ndjson
from tests.support.increments import NOW
from tests.support.late_set import LateSet
from tests.support.questions import questions

_MODELS: Final = 10
_DOCUMENTS_PER_1000_EVENTS: Final = 128
_LONGEST: Final = "SELECT stream_id FROM stream_states ORDER BY event_height DESC, stream_id LIMIT 1"


def figures(effort: Effort) -> list[Figure]:
    """Seconds of each question, the views of the tables made beforehand."""
    with TemporaryDirectory() as folder:
        tables, events = _export(Path(folder), effort.query_events)
        with Sandbox(ExportFolder.open(tables)) as sandbox:
            ((stream,),) = sandbox.run(_LONGEST).rows
            return [
                _figure(
                    question.title,
                    question.seconds,
                    [
                        _seconds(sandbox, question.sql.replace(STREAM, stream))
                        for _ in range(effort.query_rounds)
                    ],
                    events,
                )
                for question in questions()
            ]


def _export(folder: Path, events: int) -> tuple[Path, int]:
    """Tables of about so many events with forks, anchors, relations and refused ones."""
    made = LateSet(
        1, models=_MODELS, documents=max(1, events * _DOCUMENTS_PER_1000_EVENTS // 1000 // _MODELS)
    )
    write_ndjson(folder / "events.ndjson.gz", made.cars.items())
    chain = FileChain(_by_chain(made.chain.transactions))
    source = f"ndjson:{folder / 'events.ndjson.gz'}"
    run_export(ExportJob(source, folder / "tables", Rules.as_of(NOW), Verifier(chain)))
    return folder / "tables", len(made.cars)


def _by_chain(known: Mapping[tuple[str, bytes], Transaction]) -> dict[str, dict[bytes, Transaction]]:
    found: dict[str, dict[bytes, Transaction]] = {}
    for (name, key), transaction in known.items():
        found.setdefault(name, {})[key] = transaction
    return found


def _seconds(sandbox: Sandbox, sql: str) -> float:
    started = perf_counter()
    for _row in sandbox.run(sql).rows:
        pass
    return perf_counter() - started


def _figure(title: str, stated: float, values: list[float], events: int) -> Figure:
    note = f"{len(values)} × {events:,} events, {spread(values)}"
    return Figure.of(Series(title, values), Series("stated", [stated] * len(values)), "s", note)
