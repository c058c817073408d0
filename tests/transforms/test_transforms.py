"""The transforms on the named in-process runner, with and without trouble."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import apache_beam as beam
import pyarrow as pa
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that

from ceramic_connectors.tables import arrow_schema
from ceramic_protocol.ports import Damage, RawEvent, SourceItem
from ceramic_protocol.tables import REJECTED
from ceramic_protocol.verify import Verifier
from ceramic_transforms.batches import raw_batch
from ceramic_transforms.metrics import read_counters
from ceramic_transforms.resolve import ResolveStreams
from ceramic_transforms.table_parts import TablePart
from ceramic_transforms.verify import DEAD_LETTERS, VerifyEvents
from tests.support import corpus
from tests.support.judging import RULES


def _items() -> list[SourceItem]:
    return [RawEvent(car, None, "sample", index) for index, car in enumerate(corpus.cars().values())]


def test_dead_letters_keep_the_bytes_and_say_where() -> None:
    cut = _items()[5]
    assert isinstance(cut, RawEvent)
    items: list[SourceItem] = [
        RawEvent(cut.car[:-1], None, "cut", 17),
        Damage("garbage", "archive", 99, 3, b"abc"),
    ]

    def check(batches: list[pa.RecordBatch]) -> None:
        (batch,) = batches
        assert batch.schema == arrow_schema(REJECTED)
        rows = {row["source"]: row for row in batch.to_pylist()}
        assert rows["cut"]["reason"] == "car_truncated"
        assert rows["cut"]["raw"] == cut.car[:-1]
        assert rows["cut"]["position"] == 17
        assert rows["archive"]["reason"] == "archive_damaged"
        assert rows["archive"]["raw"] == b"abc"

    with TestPipeline(runner="FnApiRunner") as pipeline:
        raw = pipeline | beam.Create([raw_batch(items)])
        verified = raw | VerifyEvents(Verifier())
        assert_that(verified[DEAD_LETTERS], check, label="dead letters")
        assert_that(verified.checked, lambda found: _expect(found == []), label="nothing checked")


def _expect(truth: bool) -> None:
    assert truth


def test_metrics_count_every_event_once_by_verdict() -> None:
    items = _items()
    batches = [raw_batch(items[at : at + 400]) for at in range(0, len(items), 400)]
    pipeline = TestPipeline(runner="FnApiRunner")
    verified = pipeline | beam.Create(batches) | VerifyEvents(Verifier(corpus.chain()))
    parts = verified.checked | ResolveStreams(RULES)
    assert_that(parts, lambda found: _expect(all(isinstance(part, TablePart) for part in found)))
    result = pipeline.run()
    result.wait_until_finish()
    counters = read_counters(result)
    verdicts = {name: number for name, number in counters.items() if "." in name or name == "valid"}
    assert sum(verdicts.values()) == len(items)
    expected = Counter(corpus.verdicts().values())
    assert counters["valid"] == expected[corpus.VALID]
    assert counters["rejected.car_truncated"] == expected["rejected", "car_truncated"]
    assert counters["rejected.cacao_expired"] == expected["rejected", "cacao_expired"]
    assert counters["streams"] == len(corpus.expected()["streams"])


def test_the_same_events_twice_are_the_same_events(tmp_path: Path) -> None:
    items = _items()[:300]
    once = _rows([raw_batch(items)], tmp_path / "once")
    assert len(once) > 600
    assert _rows([raw_batch(items)] * 2, tmp_path / "twice") == once


def _rows(batches: list[pa.RecordBatch], output: Path) -> list[str]:
    with TestPipeline(runner="FnApiRunner") as pipeline:
        raw = pipeline | beam.Create(batches)
        parts = (raw | VerifyEvents(Verifier(corpus.chain()))).checked | ResolveStreams(RULES)
        _ = parts | beam.FlatMap(_lines) | beam.io.WriteToText(str(output), shard_name_template="")
    return sorted(output.read_text().splitlines())


def _lines(part: TablePart) -> Iterator[str]:
    return (f"{part.table} {part.shard} {row}" for row in part.batch.to_pylist())
