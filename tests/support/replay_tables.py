"""The tables of models in both databases after a replay, beside the `stream_states` of an export."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq
import pytest

from ceramic_connectors.apps import AppStore, StreamState, open_store
from ceramic_pipelines.export import ExportJob, run_export
from ceramic_protocol.corrections import CorrectionCause
from ceramic_protocol.ports import Chain
from ceramic_protocol.verify import Verifier
from tests.support import corpus
from tests.support.apps import contents
from tests.support.export import write_ndjson
from tests.support.judging import RULES
from tests.support.late_set import LateSet
from tests.support.postgres import running_server
from tests.support.replay import Arrivals, Replay, apply_in_parts, check_against_states

LATE: Final = 0.7
"""The probability that a time event or a model comes after all else."""


@dataclass(slots=True)
class Figures:
    """What was compared, all replays together."""

    replays: int = 0
    models: int = 0
    documents: int = 0
    states: int = 0
    undone_tips: int = 0
    causes: Counter[CorrectionCause] = field(default_factory=Counter)

    def __str__(self) -> str:
        """The figures in words."""
        causes = ", ".join(f"{self.causes[cause]:,} {cause}" for cause in CorrectionCause)
        return (
            f"{self.replays} replays with {self.states:,} states, {self.causes.total():,} corrections"
            f" ({causes}) and {self.undone_tips:,} undone tips end in {self.models:,} tables with"
            f" {self.documents:,} documents, equal in both databases and to stream_states"
        )


def check_sample(server: str, seeds: Iterable[int]) -> Figures:
    """Replay the sample in one order for each seed, every second time with late anchors and models."""
    arrivals, figures = Arrivals.of(corpus.cars(), corpus.chain()), Figures()
    final = exported_states(corpus.cars(), corpus.chain())
    for seed in seeds:
        _check(figures, server, arrivals.replay(seed, late=LATE if seed % 2 else 0.0), final)
    return figures


def check_late_sets(server: str, seeds: Iterable[int]) -> Figures:
    """Replay a generated set for each seed, with late anchors and models.

    Raises:
        AssertionError: tables differ, or nothing was late enough to undo a tip.
    """
    figures = Figures()
    for seed in seeds:
        made = LateSet(seed)
        replay = Arrivals.of(made.cars, made.chain).replay(seed, late=LATE)
        _check(figures, server, replay, exported_states(made.cars, made.chain))
    assert figures.undone_tips, "no tip was undone, so this has shown nothing"
    assert all(figures.causes[cause] for cause in CorrectionCause), figures.causes
    return figures


def exported_states(cars: Mapping[str, bytes], chain: Chain) -> list[StreamState]:
    """The table `stream_states` that the export job writes for these events."""
    with tempfile.TemporaryDirectory(prefix="ceramic-streams-") as name:
        source, output = Path(name) / "events.ndjson.gz", Path(name) / "tables"
        write_ndjson(source, cars.items())
        run_export(ExportJob(f"ndjson:{source}", output, RULES, Verifier(chain)))
        return [StreamState.of_row(row, 1) for row in pq.read_table(output / "stream_states").to_pylist()]


@contextmanager
def postgres_or_failure() -> Iterator[str]:
    """The URL of a PostgreSQL server of one's own.

    Raises:
        AssertionError: there can't be one here.
    """
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running_server())
        except pytest.skip.Exception as error:
            raise AssertionError(str(error)) from None
        yield server.url


_NUMBERS: Final = count()


def _check(figures: Figures, server: str, replay: Replay, final: list[StreamState]) -> None:
    places: list[Callable[[], AppStore]] = [
        lambda: open_store("duckdb::memory:"),
        lambda: open_store(server, schema=f"replay_{next(_NUMBERS)}"),
    ]
    found, documents = [], 0
    for make in places:
        with closing(make()) as store:
            apply_in_parts(store, replay.states)
            documents = check_against_states(store, final)
            found.append(contents(store))
    assert found[0] == found[1], "DuckDB and PostgreSQL differ"
    figures.replays += 1
    figures.models += len(found[0]["tables"])
    figures.documents += documents
    figures.states += len(replay.states)
    figures.undone_tips += replay.undone_tips
    figures.causes += replay.causes
