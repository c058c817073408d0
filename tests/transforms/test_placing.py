"""Finding streams among record batches, in a pipeline and among spilled files."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random

import apache_beam as beam
import pyarrow as pa
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that
from hypothesis import given, settings

from ceramic_protocol.cid import Cid
from ceramic_protocol.ports import RawEvent
from ceramic_protocol.rows import shard_of
from ceramic_transforms.batches import CHECKED_EVENTS, checked_row, to_batch, to_rows
from ceramic_transforms.placing import FindStreams, Links, placed, with_streams
from ceramic_transforms.shards import UNPLACED, shards_before_placing
from ceramic_transforms.spill import _ShardFiles, place_spilled, read_spill
from tests.support import pipeline, signing
from tests.support.chains import KnownChain
from tests.support.old_anchors import Drawn, sets_of_events

Streams = list[tuple[bytes, bytes | None]]


def batches(drawn: Drawn, size: int) -> list[pa.RecordBatch]:
    rows = [
        checked_row(event.check(drawn.chain), RawEvent(event.car, None, "made", number))
        for number, event in enumerate(drawn.events)
    ]
    return [to_batch(CHECKED_EVENTS, rows[at : at + size]) for at in range(0, len(rows), size)]


def streams_in(found: Sequence[pa.RecordBatch]) -> Streams:
    return sorted((cid, stream) for batch in found for cid, stream, *_rest in to_rows(batch))


def wanted(drawn: Drawn) -> Streams:
    decoded = pipeline.read(dict(drawn.cars), drawn.chain)
    streams = {cid: event.stream for cid, event in decoded.events.items()}
    return sorted((event.cid, streams.get(event.cid)) for event in drawn.events)


def files_in(folder: str) -> dict[int, list[str]]:
    shards: dict[int, list[str]] = {}
    for path in Path(folder).iterdir():
        shards.setdefault(int(path.name[:3]), []).append(str(path))
    return shards


@settings(deadline=None)
@given(sets_of_events(max_events=30))
def test_spilled_events_come_to_their_streams(drawn: Drawn) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = _ShardFiles(folder, shards_before_placing)
        for batch in batches(drawn, 4):
            files.add(batch)
        before = {path for _shard, path, _size in files.close()}
        is_asked = UNPLACED in files_in(folder)
        place_spilled(folder, files_in(folder))
        found = files_in(folder)
        # Without any of these nothing is touched.
        assert is_asked or before == {path for paths in found.values() for path in paths}
        for shard, paths in found.items():
            for cid, stream in streams_in([batch for path in paths for batch in read_spill(path)]):
                assert shard == shard_of(Cid(cid if stream is None else stream))
        read = [batch for paths in found.values() for path in paths for batch in read_spill(path)]
        assert streams_in(read) == wanted(drawn)


def test_a_pipeline_follows_a_long_chain_in_any_order() -> None:
    chain = KnownChain()
    made = [signing.init(signing.ed25519(1), model=None)]
    for _ in range(300):
        made.append(signing.time(None, made[-1], chain))
    Random(1).shuffle(made)
    drawn = Drawn(made, chain)

    def check(found: list[Links]) -> None:
        (streams,) = found
        assert len(streams) == 300
        filled = [with_streams(batch, streams) for batch in batches(drawn, 7)]
        assert streams_in(filled) == wanted(drawn)

    with TestPipeline(runner="FnApiRunner") as job:
        assert_that(job | beam.Create(batches(drawn, 7)) | FindStreams(), check)


def test_a_batch_whose_streams_are_known_is_handed_on_as_it_is() -> None:
    init = signing.init(signing.ed25519(1), model=None)
    (batch,) = batches(Drawn([init], KnownChain()), 1)
    assert placed(batch) is batch
    assert with_streams(batch, {init.cid: init.cid}) is batch
