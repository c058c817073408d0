"""The export job: what the tables say, and that they appear whole or not at all."""

from __future__ import annotations

import gzip
import json
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from ceramic_connectors.chain import FileChain
from ceramic_connectors.tables import arrow_schema
from ceramic_pipelines.export import ExportJob, run_export
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import OutsideError, UsageError
from ceramic_protocol.reasons import Layer, Reason
from ceramic_protocol.resolve import TieBreak
from ceramic_protocol.tables import SHARD_SHIFT, TABLES
from ceramic_protocol.verify import Verifier
from tests.support import corpus
from tests.support.export import check_order_independence, export, export_in_one, read_tables
from tests.support.judging import RULES

Tables = dict[str, Any]
WIRE = {reason.value for reason in Reason if reason.layer is Layer.WIRE}
STATE = {reason.value for reason in Reason if reason.layer is Layer.STATE}


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export") / "tables"
    export(f"ndjson:{corpus.NDJSON}", folder)
    return folder


@pytest.fixture(scope="module")
def tables(output: Path) -> Tables:
    return read_tables(output)


def test_every_table_has_its_schema(output: Path) -> None:
    for table in TABLES:
        (file,) = (output / table.name).glob("*.parquet")
        assert pq.ParquetFile(file).schema_arrow.equals(arrow_schema(table)), table.name


def test_states_are_those_of_the_corpus(tables: Tables) -> None:
    states = corpus.states()
    compared = 0
    for row in tables["event_states"].select(["event_cid", "data", "validation_errors"]).to_pylist():
        state = states.get(str(Cid(row["event_cid"])))
        if state is not None:
            data = json.loads(row["data"])
            assert corpus.same_content(data["content"], state["content"])
            assert data["metadata"]["shouldIndex"] == state["should_index"]
            assert row["validation_errors"] == []
            compared += 1
    assert compared > 1900


def test_an_event_refused_by_its_state_stands_in_both_tables(tables: Tables) -> None:
    states = tables["event_states"]
    refused = states.filter(pc.greater(pc.list_value_length(states["validation_errors"]), 0))
    wanted = {cid for cid, verdict in corpus.verdicts().items() if verdict[1] in STATE}
    assert {str(Cid(cid)) for cid in refused["event_cid"].to_pylist()} == wanted
    rejected = tables["rejected"].filter(pc.equal(tables["rejected"]["layer"], Layer.STATE.value))
    assert {str(Cid(cid)) for cid in rejected["event_cid"].to_pylist()} == wanted


def test_order_is_by_shard_stream_height_and_cid_and_prev_is_smaller(tables: Tables) -> None:
    events = tables["conclusion_events"].to_pylist()
    states = tables["event_states"]
    heights = dict(zip(states["event_cid"].to_pylist(), states["event_height"].to_pylist(), strict=True))
    orders = [row["conclusion_event_order"] for row in events]
    assert orders == sorted(set(orders))
    number_of = {row["event_cid"]: row["conclusion_event_order"] for row in events}
    by_shard: dict[int, list[tuple[bytes, int, bytes]]] = {}
    for row in events:
        shard = row["conclusion_event_order"] >> SHARD_SHIFT
        assert shard == row["stream_cid"][-1]
        key = row["stream_cid"], heights[row["event_cid"]], row["event_cid"]
        by_shard.setdefault(shard, []).append(key)
        for prev in row["previous"] or ():
            assert number_of[prev] < row["conclusion_event_order"]
    for rows in by_shard.values():
        assert rows == sorted(rows)


def test_tips_and_states_agree_with_the_corpus(tables: Tables) -> None:
    rows = tables["stream_states"].to_pylist()
    resolved = {
        row["stream_id"]: corpus.Resolved(
            str(Cid(row["event_cid"])), json.loads(row["data"])["content"] if row["data"] else None
        )
        for row in rows
    }
    comparison = corpus.compare_streams(resolved, TieBreak.JS)
    comparison.raise_if_wrong()
    assert comparison.equal > 200
    tips = {row["stream_id"]: row["tips"] for row in tables["stream_tips"].to_pylist()}
    for row in rows:
        assert tips[row["stream_id"]][0] == row["event_cid"]


def test_every_refused_event_is_kept_with_its_bytes(tables: Tables) -> None:
    rejected = tables["rejected"].to_pylist()
    wanted = {cid for cid, verdict in corpus.verdicts().items() if verdict[0] != "valid"}
    assert len(rejected) == len(wanted)
    cars = corpus.cars()
    for row in rejected:
        assert row["event_cid"] is None or cars[str(Cid(row["event_cid"]))] == row["raw"]


def test_answer_does_not_depend_on_the_order_of_the_input(tmp_path: Path) -> None:
    check_order_independence(tmp_path, orders=2, seed=1)


@pytest.mark.parametrize("num_shards", [1, 3])
def test_one_pipeline_makes_the_same_tables(tables: Tables, tmp_path: Path, num_shards: int) -> None:
    verifier = Verifier(FileChain.load(corpus.CHAIN))
    job = ExportJob(f"ndjson:{corpus.NDJSON}", tmp_path / "out", RULES, verifier, num_shards=num_shards)
    export_in_one(job, tmp_path)
    for name, table in read_tables(job.output).items():
        assert len(list((job.output / name).iterdir())) == num_shards
        assert table.to_pylist() == tables[name].to_pylist(), name


@pytest.mark.parametrize(("num_shards", "workers"), [(1, 2), (3, 1), (3, 2)])
def test_processes_and_files_leave_no_trace_in_the_tables(
    tables: Tables, tmp_path: Path, num_shards: int, workers: int
) -> None:
    summary = export(f"ndjson:{corpus.NDJSON}", tmp_path / "out", num_shards=num_shards, workers=workers)
    assert summary.items == 3000
    for name, table in read_tables(tmp_path / "out").items():
        assert len(list((tmp_path / "out" / name).iterdir())) == num_shards
        assert table.to_pylist() == tables[name].to_pylist(), name


def test_a_watcher_is_told_of_every_event(tmp_path: Path) -> None:
    seen: Counter[str] = Counter()
    indexed: list[tuple[int, int]] = []
    job = ExportJob(f"ndjson:{corpus.NDJSON}", tmp_path / "out", RULES)
    run_export(
        job, lambda *bytes_: indexed.append(bytes_), lambda stage, events: seen.update({stage: events})
    )
    decodable = sum(verdict[1] not in WIRE for verdict in corpus.verdicts().values())
    assert seen == {"read": 3000, "resolved": decodable}
    assert indexed[-1][0] == indexed[-1][1] > 0


def test_manifest_names_every_file(output: Path) -> None:
    manifest = json.loads((output / "manifest.json").read_text())
    assert sorted(manifest["files"]) == sorted(
        str(path.relative_to(output)) for path in output.glob("*/*.parquet")
    )
    assert manifest["summary"]["events_read"] == 3000


def test_an_earlier_export_is_replaced_only_when_asked(output: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="overwrite"):
        export(f"car:{corpus.CAR}", output)
    target = tmp_path / "tables"
    export(f"car:{corpus.CAR}", target)
    export(f"ndjson:{corpus.NDJSON}", target, overwrite=True)
    assert json.loads((target / "manifest.json").read_text())["summary"]["events_read"] == 3000


def _export_in_a_process(*arguments: str, **settings: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ceramic_pipelines", "export", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **settings)


def _no_large_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))


@pytest.mark.parametrize("in_index", [True, False], ids=["index", "table"])
def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path, *, in_index: bool) -> None:
    source = f"car:{corpus.CAR}"
    if not in_index:
        plain = tmp_path / "sample.ndjson"
        plain.write_bytes(gzip.decompress(corpus.NDJSON.read_bytes()))
        source = f"ndjson:{plain}"
    folder = tmp_path / "here"
    folder.mkdir()
    done = _export_in_a_process(source, "--output", str(folder / "out"), preexec_fn=_no_large_files)
    assert done.returncode == 3, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("error: can't write "), done.stderr
    assert list(folder.iterdir()) == []


def test_a_file_in_the_way_is_an_outside_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises((OutsideError, UsageError)):
        export(f"car:{corpus.CAR}", tmp_path / "file" / "below")


@pytest.mark.parametrize("moment", [1.5, 2.2, 2.6])
def test_a_killed_export_leaves_no_table_and_the_next_one_completes(tmp_path: Path, moment: float) -> None:
    output = tmp_path / "tables"
    command = [
        sys.executable,
        "-m",
        "ceramic_pipelines",
        "export",
        f"car:{corpus.CAR}",
        "--output",
        str(output),
    ]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    time.sleep(moment)
    process.send_signal(signal.SIGKILL)
    process.wait()
    if output.exists():
        assert (output / "manifest.json").exists()
        return
    export(f"car:{corpus.CAR}", output)
    assert [path.name for path in tmp_path.iterdir()] == ["tables"]
