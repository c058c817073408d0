"""An export in increments beside a whole one: events in random portions, anchors known late."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from ceramic_connectors.chain import FileChain
from ceramic_connectors.versions import current_version
from ceramic_pipelines.export import ExportJob, run_export
from ceramic_protocol.ports import Transaction
from ceramic_protocol.rules import Rules
from ceramic_protocol.tables import TABLES
from ceramic_protocol.verify import Verifier
from tests.support.export import write_ndjson

NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)

_Transactions = Mapping[str, Mapping[bytes, Transaction]]


@dataclass(frozen=True, slots=True)
class Step:
    """One increment: its source, the chain as far as it is known by then, and the time that counts as now."""

    source: str
    chain: FileChain
    at: datetime

    def run(self, output: Path, **settings: Any) -> None:
        """Export it into `output`."""
        run_export(ExportJob(self.source, output, Rules.as_of(self.at), Verifier(self.chain), **settings))


def steps(
    folder: Path, cars: Mapping[str, bytes], chain: _Transactions, number: int, seed: int
) -> tuple[list[Step], Step]:
    """Increments of a set of events in a random order with copies, and the export that they should end in.

    Each has a file of its own and knows more transactions than the one before; time goes on by weeks.
    """
    chance = random.Random(seed)
    order = list(cars.items())
    order += chance.sample(order, len(order) // 10)
    chance.shuffle(order)
    known = [(name, key, found) for name, several in chain.items() for key, found in several.items()]
    chance.shuffle(known)
    cuts = sorted(chance.sample(range(1, len(order)), number - 1))
    made = []
    for index, (start, stop) in enumerate(zip([0, *cuts], [*cuts, len(order)], strict=True)):
        write_ndjson(folder / f"{index:03d}.ndjson.gz", order[start:stop])
        transactions = known if index == number - 1 else known[: len(known) * index // number]
        at = NOW - timedelta(weeks=number - 1 - index)
        made.append(Step(f"ndjson:{folder / f'{index:03d}.ndjson.gz'}", _chain(transactions), at))
    return made, Step(f"ndjson:{folder / '*.ndjson.gz'}", made[-1].chain, NOW)


def _chain(known: Sequence[tuple[str, bytes, Transaction]]) -> FileChain:
    found: dict[str, dict[bytes, Transaction]] = {}
    for name, key, transaction in known:
        found.setdefault(name, {})[key] = transaction
    return FileChain(found)


def rows(output: Path) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table of the current version, file after file as the manifest lists them."""
    version = current_version(output)
    names = json.loads((version / "manifest.json").read_bytes())["files"]
    found = {}
    for table in TABLES:
        files = [version / name for name in names if name.startswith(f"{table.name}/")]
        found[table.name] = pa.concat_tables(pq.ParquetFile(file).read() for file in files).to_pylist()
    return found


def assert_same(output: Path, wanted: Mapping[str, list[dict[str, Any]]]) -> None:
    """Row by row, and by all columns.

    Raises:
        AssertionError: a table differs.
    """
    for name, table in rows(output).items():
        assert len(table) == len(wanted[name]), f"{name}: {len(table)} rows instead of {len(wanted[name])}"
        for number, (one, other) in enumerate(zip(table, wanted[name], strict=True)):
            assert one == other, f"{name}, row {number}: {_difference(one, other)}"


def _difference(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {name: (one[name], other[name]) for name in one if one[name] != other[name]}
