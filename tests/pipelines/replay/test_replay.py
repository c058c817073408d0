"""A source exported again beside the tables that are there, and beside a node."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from ceramic_connectors.versions import current_version
from ceramic_pipelines.replay.run import ReplayJob, run_replay
from ceramic_pipelines.replay.values import Replay
from ceramic_protocol.networks import IN_MEMORY
from ceramic_protocol.rules import Rules
from ceramic_protocol.verify import Verifier
from tests.support import corpus
from tests.support.cli import CHAIN, lines, run
from tests.support.export import write_ndjson
from tests.support.increments import rows, steps
from tests.support.mixed_set import MixedSet
from tests.support.node import running_node

CARS = list(corpus.cars().items())[:400]
VERIFIER = Verifier(corpus.chain())
EARLIER = ("--at", "2026-01-01T00:00:00.123Z")


@pytest.fixture
def source(tmp_path: Path) -> str:
    write_ndjson(tmp_path / "events.ndjson.gz", CARS)
    return f"ndjson:{tmp_path / 'events.ndjson.gz'}"


def export(source: str, output: Path, *options: str) -> None:
    result = run("export", source, *CHAIN, *EARLIER, "--output", str(output), *options)
    assert result.exit_code == 0, result.stderr


def replayed(source: str, output: Path | str, **settings: Any) -> Replay:
    return run_replay(ReplayJob(source, str(output), VERIFIER, **settings))


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--num-shards", "4", "--partition-by", "model,day"),
        ("--incremental",),
        ("--tie-break", "binary", "--grace", "7", "--profile", "js", "--network", "inmemory"),
    ],
)
def test_the_same_source_gives_the_same_tables(tmp_path: Path, source: str, options: tuple[str, ...]) -> None:
    export(source, tmp_path / "tables", *options)
    result = run("replay", source, "--against", str(tmp_path / "tables"), *CHAIN, "--format", "ndjson")
    assert result.exit_code == 0, result.output
    found = {line["table"]: line for line in lines(result)}
    assert len(found) == 5
    assert all(line["rebuilt"] == line["present"] > 0 for line in found.values())
    assert all(line["differences"] == 0 and line["first"] == [] for line in found.values())


def test_increments_are_those_of_one_whole_export(tmp_path: Path) -> None:
    mixed = MixedSet(3)
    increments, whole = steps(tmp_path, mixed.cars, mixed.chain, 4, 3)
    for step in increments:
        step.run(tmp_path / "out", incremental=True, num_shards=16)
    job = ReplayJob(whole.source, str(tmp_path / "out"), Verifier(whole.chain), keep=tmp_path / "kept")
    assert run_replay(job).is_equal
    assert {name: len(table) for name, table in rows(tmp_path / "kept").items()} == {
        name: len(table) for name, table in rows(tmp_path / "out").items()
    }


def tampered(output: Path, table: str, change: Callable[[pa.Table], pa.Table]) -> None:
    (path,) = (current_version(output) / table).glob("*.parquet")
    pq.write_table(change(pq.ParquetFile(path).read()), path)


def other_heights(table: pa.Table) -> pa.Table:
    at = table.schema.get_field_index("event_height")
    first = pc.equal(pa.array(range(len(table))), 7)
    changed = pc.if_else(first, pa.scalar(99, pa.uint32()), table.column(at))
    return table.set_column(at, table.schema.field(at), changed)


@pytest.mark.parametrize(
    ("table", "change", "expected"),
    [
        ("event_states", other_heights, ("changed", 1)),
        ("event_states", lambda table: table.slice(3), ("missing", 3)),
        ("stream_tips", lambda table: pa.concat_tables([table, table.slice(0, 2)]), ("repeated", 2)),
        ("rejected", lambda table: table.slice(1), ("missing", 1)),
        ("rejected", lambda table: pa.concat_tables([table, table.slice(0, 4)]), ("extra", 4)),
    ],
)
def test_every_row_that_isnt_the_same_is_found(
    tmp_path: Path,
    source: str,
    table: str,
    change: Callable[[pa.Table], pa.Table],
    expected: tuple[str, int],
) -> None:
    sort, number = expected
    export(source, tmp_path / "tables")
    tampered(tmp_path / "tables", table, change)
    found = {each.table: each for each in replayed(source, tmp_path / "tables", differences=2).tables}
    wrong = found.pop(table)
    assert not any(each.differences for each in found.values())
    assert (wrong.differences, len(wrong.first)) == (number, min(number, 2))
    assert {each.sort for each in wrong.first} == {sort}
    if sort == "changed":
        assert wrong.first[0].columns == ("event_height",)


def test_another_source_is_exit_code_1_with_the_first_differences(tmp_path: Path, source: str) -> None:
    export(source, tmp_path / "tables")
    write_ndjson(tmp_path / "fewer.ndjson.gz", CARS[:-5])
    fewer = f"ndjson:{tmp_path}/fewer.ndjson.gz"
    result = run("replay", fewer, "--against", str(tmp_path / "tables"), *CHAIN, "--show", "1")
    assert result.exit_code == 1, result.output
    assert "extra" in result.stderr
    assert "more" in result.stderr


def test_the_rules_are_those_of_the_manifest(tmp_path: Path, source: str) -> None:
    export(source, tmp_path / "tables")
    result = run("replay", source, "--against", str(tmp_path / "tables"), "--grace", "3", "--at", "5")
    assert result.exit_code == 2
    assert "--at, --grace: leave it out" in result.stderr


@pytest.mark.parametrize("damage", ["no JSON", "no rules", "strange rules", "no reducer", "nothing"])
def test_what_is_no_export_is_one_sentence(tmp_path: Path, source: str, damage: str) -> None:
    output = tmp_path / "tables"
    export(source, output)
    version = current_version(output) / "manifest.json"
    manifest = json.loads(version.read_bytes())
    if damage == "no rules":
        del manifest["grace"]
    elif damage == "strange rules":
        manifest["tie_break"] = ["x"]
    elif damage == "no reducer":
        manifest["reducer"] = "no.such:Reducer"
    version.write_text("{" if damage == "no JSON" else json.dumps(manifest))
    place = tmp_path / "empty" if damage == "nothing" else output
    result = run("replay", source, "--against", str(place), *CHAIN)
    assert result.exit_code in {2, 3}, result.output
    assert result.stderr.startswith("error: ")


def test_against_a_node_the_tip_of_each_stream(tmp_path: Path) -> None:
    cars = [car for _cid, car in CARS]
    with running_node(tmp_path / "node", chain=corpus.chain()) as node:
        node.submit(*cars)
        rules = Rules.as_of(datetime.now(UTC))
        verifier = Verifier(corpus.chain(), network=IN_MEMORY)
        job = ReplayJob(f"store:{tmp_path / 'node'}", node.url, verifier, rules)
        (equal,) = run_replay(job).tables
        assert (equal.differences, equal.rebuilt > 30) == (0, True)
        write_ndjson(tmp_path / "fewer.ndjson.gz", CARS[:-100])
        (other,) = run_replay(
            ReplayJob(f"ndjson:{tmp_path}/fewer.ndjson.gz", node.url, verifier, rules)
        ).tables
        assert other.differences > 0
        assert {each.sort for each in other.first} <= {"changed", "extra"}
