"""Partitioned tables and fewer files: other folders, the same rows."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.dataset as ds
import pytest

from ceramic_connectors.apps.export_folder import ExportFolder
from ceramic_connectors.apps.sandbox import Sandbox
from ceramic_connectors.chain import FileChain
from ceramic_connectors.versions import current_version
from ceramic_pipelines.compacting import run_compact
from ceramic_protocol.errors import UsageError
from ceramic_protocol.ids import StreamId
from ceramic_protocol.tables import TABLES
from tests.support import corpus
from tests.support.cli import run
from tests.support.increments import NOW, Step, rows, steps
from tests.support.mixed_set import MixedSet

SAMPLE = Step(f"ndjson:{corpus.NDJSON}", FileChain.load(corpus.CHAIN), NOW)
BOTH = ("model", "day")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plain") / "out"
    SAMPLE.run(folder)
    return folder


@pytest.fixture(scope="module")
def parted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("parted") / "out"
    SAMPLE.run(folder, num_shards=2, partition_by=BOTH)
    return folder


def in_order(output: Path) -> dict[str, list[dict[str, Any]]]:
    found = rows(output)
    for table in TABLES:
        order = next((name for name in table.names if name.endswith("_order")), None)
        if order is not None:
            found[table.name].sort(key=lambda row: row[order])
    return found


def names(output: Path) -> list[str]:
    return list(json.loads((output / "manifest.json").read_bytes())["files"])


def test_partitions_have_all_rows(plain: Path, parted: Path) -> None:
    assert in_order(plain) == in_order(parted)
    assert len(names(parted)) > 50


def test_a_row_is_in_the_partition_of_its_model_and_day(parted: Path) -> None:
    for table in ("event_states", "stream_states"):
        read = ds.dataset(parted / table, partitioning="hive").to_table().to_pylist()
        assert len({row["day"] for row in read}) > 2
        for row in read:
            model = dict(row["dimensions"])["model"]
            assert row["model"] == (str(StreamId(model)) if model else None)
            seconds = row["anchored_at"]
            day = "unanchored" if seconds is None else datetime.fromtimestamp(seconds, UTC).date().isoformat()
            assert row["day"] == day


def test_events_and_streams_lie_where_their_states_lie(parted: Path) -> None:
    for one, other in (("event_states", "conclusion_events"), ("stream_states", "stream_tips")):
        for name in names(parted):
            if name.startswith(f"{one}/"):
                assert name.replace(one, other) in names(parted)


def test_duckdb_reads_only_the_partitions_that_are_asked_for(parted: Path) -> None:
    with duckdb.connect(":memory:") as database:
        files = f"read_parquet('{parted}/event_states/**/*.parquet', hive_partitioning = true)"
        count, days = database.execute(f"SELECT count(*), count(DISTINCT day) FROM {files}").fetchall()[0]
        (late,) = database.execute(
            f"SELECT count(*) FROM {files} WHERE day = 'unanchored' AND anchored_at IS NULL"
        ).fetchall()[0]
        (null,) = database.execute(f"SELECT count(*) FROM {files} WHERE anchored_at IS NULL").fetchall()[0]
    assert (count > 1900, days > 2, late) == (True, True, null)


def test_query_sees_the_same_tables(plain: Path, parted: Path) -> None:
    with Sandbox(ExportFolder.open(plain)) as one, Sandbox(ExportFolder.open(parted)) as other:
        assert list(one.tables()) == list(other.tables())
        sql = "SELECT model, count(*) FROM stream_states GROUP BY ALL ORDER BY ALL"
        assert list(one.run(sql).rows) == list(other.run(sql).rows)


def test_increments_of_partitions_and_compaction_between_them(tmp_path: Path) -> None:
    mixed = MixedSet(4, models=2)
    increments, whole = steps(tmp_path, mixed.cars, mixed.chain, 4, 4)
    whole.run(tmp_path / "whole")
    out = tmp_path / "out"
    settings: dict[str, Any] = {"incremental": True, "partition_by": BOTH}
    increments[0].run(out, num_shards=16, **settings)
    increments[1].run(out, **settings)
    held, before = current_version(out), in_order(out)
    files = len(names(out))
    done = run_compact(out)
    assert (done.before, done.after) == (files, len(names(out)))
    assert done.after < files
    assert in_order(out) == before
    assert held.is_dir(), "who is reading goes on"
    increments[2].run(out, **settings)
    # Now one file for each partition, which has nothing to be put together with.
    assert run_compact(out) == run_compact(out)
    increments[3].run(out, **settings)
    assert in_order(out) == in_order(tmp_path / "whole")
    for name in ("conclusion_events", "event_states", "stream_tips", "stream_states"):
        with duckdb.connect(":memory:") as database:
            found = f"read_parquet('{out}/{name}/**/*.parquet', hive_partitioning = true)"
            (count,) = database.execute(f"SELECT count(*) FROM {found}").fetchall()[0]
        assert count == len(in_order(out)[name])


def test_compaction_keeps_to_its_size_and_to_the_order_of_rows(plain: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    SAMPLE.run(out, num_shards=64)
    before, wanted = len(names(out)), rows(plain)
    sizes = [path.stat().st_size for path in (out / "event_states").iterdir()]
    done = run_compact(out, target=max(sizes) * 8)
    assert before / 16 <= done.after <= before / 4
    assert rows(out) == wanted
    printed = run("compact", str(out))
    assert printed.exit_code == 0, printed.stderr
    assert "5 now" in printed.stderr
    assert rows(out) == wanted


def test_what_cant_be_compacted_or_partitioned_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no export"):
        run_compact(tmp_path)
    for keys in (("year",), ("day", "day")):
        with pytest.raises(UsageError, match="give model, day, or model,day"):
            SAMPLE.run(tmp_path / "out", partition_by=keys)
