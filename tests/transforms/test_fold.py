"""`FoldStreams` and reducers in tables."""

from __future__ import annotations

import json
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.testing.test_pipeline import TestPipeline

from ceramic_connectors.find_reducer import find_reducer
from ceramic_protocol import car, dagcbor
from ceramic_protocol.cid import Cid
from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.errors import UsageError
from ceramic_protocol.ports import RawEvent
from ceramic_protocol.verify import Verifier
from ceramic_transforms.batches import raw_batch
from ceramic_transforms.fold import FoldedStream, FoldStreams
from ceramic_transforms.resolve import ResolveStreams
from ceramic_transforms.table_parts import TablePart
from ceramic_transforms.verify import VerifyEvents
from examples.activity import Activity
from tests.support import corpus
from tests.support.cli import SOURCES, lines, run
from tests.support.judging import RULES


def _sample() -> list[RawEvent]:
    return [RawEvent(data, None, "sample", index) for index, data in enumerate(corpus.cars().values())]


def _line(folded: FoldedStream) -> str:
    return json.dumps(folded._asdict())


def test_every_handled_stream_is_folded(tmp_path: Path) -> None:
    output = tmp_path / "folded"
    with TestPipeline(runner="FnApiRunner") as pipeline:
        raw = pipeline | beam.Create([raw_batch(_sample())])
        folded = (raw | VerifyEvents(Verifier(corpus.chain()))).checked | FoldStreams(Activity(), RULES)
        _ = folded | beam.Map(_line) | beam.io.WriteToText(str(output), shard_name_template="")
    found = {line["stream_id"]: line for line in map(json.loads, output.read_text().splitlines())}
    resolved = lines(run("resolve", SOURCES["ndjson"], "--chain", str(corpus.CHAIN), "--reducer", REDUCER))
    for line in resolved:
        if line["tip"] is None or not line["stream_id"].startswith(("kjzl6k", "k2t6wzh")):
            assert line["stream_id"] not in found
        else:
            folded_line = found.pop(line["stream_id"])
            assert (folded_line["tip"], json.loads(folded_line["state"])) == (line["tip"], line["content"])
            assert folded_line["height"] == len(line["log"]) - 1
    assert not found


REDUCER = "examples.activity:Activity"


def test_reducers_are_found_by_name() -> None:
    assert isinstance(find_reducer(REDUCER), Activity)
    for name, words in (
        ("nobody", "no reducer 'nobody'"),
        ("nowhere:x", "nowhere"),
        ("examples.activity:nothing", "nothing"),
        ("json:dumps", "no handles"),
    ):
        with pytest.raises(UsageError, match=words):
            find_reducer(name)


def test_an_export_has_the_reducers_content_and_keeps_every_verdict(tmp_path: Path) -> None:
    from tests.support.export import export, read_tables

    export(f"ndjson:{corpus.NDJSON}", tmp_path / "plain")
    export(f"ndjson:{corpus.NDJSON}", tmp_path / "folded", reducer=Activity())
    plain, folded = read_tables(tmp_path / "plain"), read_tables(tmp_path / "folded")
    for name, table in plain.items():
        other = folded[name]
        if name == "stream_states":
            contents = [json.loads(data)["content"] for data in other["data"].to_pylist() if data]
            assert sum("edits" in content for content in contents if content) > 300
        same = [column for column in table.column_names if (name, column) != ("stream_states", "data")]
        assert table.select(same).to_pylist() == other.select(same).to_pylist()


def _unsigned(value: dict[str, IpldValue]) -> tuple[Cid, RawEvent]:
    block = dagcbor.encode(value)
    cid = Cid.of(block)
    return cid, RawEvent(car.encode([cid], [(cid, block)]), None, "made", 0)


def test_streams_of_other_types_come_out_raw(tmp_path: Path) -> None:
    tile: dict[str, IpldValue] = {
        "header": {"controllers": ["did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"]}
    }
    link: dict[str, IpldValue] = {
        "header": {"controllers": ["0xab@eip155:1"], "family": "caip10-eip155:1"},
        "data": None,
    }
    events = [_unsigned(tile), _unsigned(link)]
    output = tmp_path / "parts"
    with TestPipeline(runner="FnApiRunner") as pipeline:
        raw = pipeline | beam.Create([raw_batch(event for _cid, event in events)])
        parts = (raw | VerifyEvents(Verifier())).checked | ResolveStreams(RULES)
        _ = parts | beam.FlatMap(_rows) | beam.io.WriteToText(str(output), shard_name_template="")
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    states = {row["stream_type"]: row for row in rows if row["table"] == "stream_states"}
    assert set(states) == {0, 1}
    assert not [row for row in rows if row["table"] == "rejected"]
    assert {row["has_data"] for row in states.values()} == {False}


def _rows(part: TablePart) -> list[str]:
    return [
        json.dumps(
            {"table": part.table, "stream_type": row["stream_type"], "has_data": row.get("data") is not None}
        )
        if "stream_type" in row
        else json.dumps({"table": part.table})
        for row in part.batch.to_pylist()
    ]
