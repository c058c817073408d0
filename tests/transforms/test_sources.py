"""Reading as splittable DoFns: every item once, however runners split, and from every kind of source."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.io.restriction_trackers import OffsetRange
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.sdf_utils import RestrictionTrackerView, ThreadsafeRestrictionTracker
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that
from apache_beam.transforms.display import DisplayData
from hypothesis import given
from hypothesis import strategies as st

from ceramic_connectors.batching import paged
from ceramic_connectors.sources import open_source
from ceramic_protocol.errors import OutsideError, UsageError, find_marked
from ceramic_protocol.limits import MAX_SOURCE_SPLITS
from ceramic_protocol.ports import EventSource, RawEvent, SourceItem, SourcePage
from ceramic_transforms.batches import RAW_EVENTS, raw_items
from ceramic_transforms.io import ReadAllFromEventSources, ReadFromEventSource
from ceramic_transforms.reading import PageTracker, RangeCoder, ReadPages, SourceRanges
from ceramic_transforms.sources import (
    ReadFromCar,
    ReadFromKafka,
    ReadFromNdjson,
    ReadFromNode,
    ReadFromParquet,
)
from tests.connectors.event_sources.source_contract import signed_events
from tests.connectors.event_sources.test_files import rows_of, write_rows
from tests.connectors.event_sources.test_nodes import submit_all
from tests.support import corpus
from tests.support.node import running_node
from tests.support.prism import prism_options


@dataclass(frozen=True)
class Gaps:
    """A source whose items have some of the ordinals."""

    ordinals: tuple[int, ...]
    count: int
    size: int = 1_000_000

    def read(self, start: int, stop: int) -> Iterator[SourcePage]:
        start, stop = max(start, 0), min(stop, self.count)
        if start < stop:
            yield from paged(self._items(start, stop), stop)

    def _items(self, start: int, stop: int) -> Iterator[tuple[int, SourceItem]]:
        return ((at, RawEvent(b"%d" % at, None, "gaps", at)) for at in self.ordinals if start <= at < stop)


def positions(batches: Sequence[pa.RecordBatch]) -> list[int]:
    return [item.position for batch in batches for item in raw_items(batch)]


def read_with_splits(source: EventSource, splits: Sequence[tuple[int, float]]) -> list[SourceItem]:
    """What a source gives while a runner splits it: after so many batches, at a fraction of what is left."""
    waiting = [SourceRanges().initial_restriction(source)]
    found: list[SourceItem] = []
    plan = iter(splits)
    while waiting:
        tracker = ThreadsafeRestrictionTracker(SourceRanges().create_tracker(waiting.pop()))
        after, fraction = next(plan, (1_000_000, 0.0))
        reading = ReadPages().process(source, tracker=RestrictionTrackerView(tracker))
        for number in count():
            if number == after:
                residual = tracker.try_split(fraction)
                waiting += [residual[1]] if residual else []
            batch = next(reading, None)
            if batch is None:
                break
            found += raw_items(batch)
        tracker.check_done()
    return found


@given(
    st.sets(st.integers(0, 4_999), max_size=5_000).map(sorted),
    st.lists(st.tuples(st.integers(0, 6), st.floats(0, 1)), max_size=8),
)
def test_splitting_while_it_is_read_gives_every_item_once(
    ordinals: list[int], splits: list[tuple[int, float]]
) -> None:
    found = read_with_splits(Gaps(tuple(ordinals), 5_000), splits)
    assert sorted(item.position for item in found) == ordinals


def test_a_split_within_a_page_that_was_fetched_leaves_the_rest_to_others() -> None:
    """A runner may split between the reading of a page and its claim."""
    source = Gaps(tuple(range(0, 3_000, 3)), 3_000)
    tracker = ThreadsafeRestrictionTracker(PageTracker(OffsetRange(0, 3_000)))
    residuals: list[OffsetRange] = []

    class SplitsFirst(RestrictionTrackerView):
        def try_claim(self, position: int) -> bool:
            residual = tracker.try_split(0.3)
            if residual is not None:
                residuals.append(residual[1])
            return bool(super().try_claim(position))

    found = positions(list(ReadPages().process(source, tracker=SplitsFirst(tracker))))
    tracker.check_done()
    (residual,) = residuals
    assert 0 < residual.start < 3_000
    assert found == list(range(0, residual.start, 3))


@given(st.integers(0, 200_000))
def test_ranges_cover_the_source_and_are_few(count: int) -> None:
    source = Gaps((), count)
    ranges = list(SourceRanges().split(source, OffsetRange(0, count)))
    assert 1 <= len(ranges) <= MAX_SOURCE_SPLITS + 1
    assert [ranges[0].start, *(each.stop for each in ranges)] == [*(each.start for each in ranges), count]
    sizes = [SourceRanges().restriction_size(source, each) for each in ranges]
    assert sum(sizes) <= source.size
    assert all(RangeCoder().decode(RangeCoder().encode(each)) == each for each in ranges)


def test_size_is_that_of_the_part_in_bytes(tmp_path: Path) -> None:
    source = open_source(f"ndjson:{corpus.NDJSON}", tmp_path)
    whole = SourceRanges().restriction_size(source, OffsetRange(0, source.count))
    assert whole == source.size > 1_000_000
    half = SourceRanges().restriction_size(source, OffsetRange(0, source.count // 2))
    assert half == whole // 2


def run(transform: Any, expected: Sequence[bytes], runner: str = "FnApiRunner", *options: str) -> None:
    """See to it that a transform reads these CARs, in whatever order."""

    def check(batches: list[pa.RecordBatch]) -> None:
        assert all(batch.schema == RAW_EVENTS for batch in batches)
        items = [item for batch in batches for item in raw_items(batch)]
        assert sorted(item.car for item in items if isinstance(item, RawEvent)) == sorted(expected)
        assert len(items) == len(expected)

    with TestPipeline(options=PipelineOptions([f"--runner={runner}", *options])) as pipeline:
        assert_that(pipeline | transform, check)


@dataclass(frozen=True)
class Case:
    """A way to read the same events."""

    uri: str
    transform: Callable[[], Any]
    cars: Sequence[bytes]


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Case]]:
    folder = tmp_path_factory.mktemp("cases")
    events = signed_events()
    cars, sample = [event.car for event in events], [*corpus.cars().values()]
    write_rows(folder / "table" / "events.parquet", rows_of(events))
    with running_node(folder / "node") as node:
        submit_all(node, events)
        sample_uri, table_uri = f"ndjson:{corpus.NDJSON}", f"parquet:{folder / 'table'}"
        yield {
            "sample": Case(
                sample_uri, lambda: ReadFromNdjson(str(corpus.NDJSON), str(folder / "work")), sample
            ),
            "table": Case(table_uri, lambda: ReadFromParquet(str(folder / "table")), cars),
            "feed": Case(node.url, lambda: ReadFromNode(node.url), cars),
            "opened": Case(node.url, lambda: ReadFromEventSource(open_source(node.url, folder)), cars),
        }


KINDS = ("sample", "table", "feed", "opened")


@pytest.mark.parametrize("kind", KINDS[:3])
def test_real_sources_can_be_split_while_they_are_read(
    cases: dict[str, Case], kind: str, tmp_path: Path
) -> None:
    source = open_source(cases[kind].uri, tmp_path)
    splits = [(1, 0.5), (0, 0.3), (0, 0.0), (1, 0.9), (0, 0.01)]
    found = read_with_splits(source, splits)
    assert sorted(item.car for item in found if isinstance(item, RawEvent)) == sorted(cases[kind].cars)


@pytest.mark.parametrize("kind", KINDS)
def test_all_is_read(cases: dict[str, Case], kind: str) -> None:
    run(cases[kind].transform(), cases[kind].cars)


def test_two_processes_read_all(cases: dict[str, Case]) -> None:
    options = ("--direct_running_mode=multi_processing", "--direct_num_workers=2")
    run(cases["table"].transform(), cases["table"].cars, "FnApiRunner", *options)


@pytest.mark.parametrize("kind", KINDS)
def test_all_is_read_on_prism(cases: dict[str, Case], kind: str) -> None:
    run(cases[kind].transform(), cases[kind].cars, "PrismRunner", *prism_options()[1:])


def test_several_sources_of_a_collection() -> None:
    sources = [Gaps((1, 5), 10), Gaps((), 0), Gaps(tuple(range(100, 3_000)), 5_000)]

    def check(batches: list[pa.RecordBatch]) -> None:
        assert sorted(positions(batches)) == [1, 5, *range(100, 3_000)]

    with TestPipeline(runner="FnApiRunner") as pipeline:
        opened = pipeline | beam.Create(sources).with_output_types(EventSource)
        assert_that(opened | ReadAllFromEventSources(), check)


def test_nothing_is_opened_before_the_job_runs(tmp_path: Path) -> None:
    """And errors of workers reach the job."""
    pipeline = TestPipeline(runner="FnApiRunner")
    _ = pipeline | ReadFromCar(str(tmp_path / "none.car"), str(tmp_path / "work"))
    _ = pipeline | ReadFromNode("http://127.0.0.1:1")
    _ = pipeline | ReadFromKafka({"bootstrap.servers": "127.0.0.1:1"}, ["topic"])
    _ = pipeline | ReadFromParquet("/nowhere/*.parquet")
    alone = TestPipeline(runner="FnApiRunner")
    _ = alone | ReadFromCar(str(tmp_path / "none.car"), str(tmp_path / "work"))
    with pytest.raises(Exception, match="there is no file") as caught:
        alone.run()
    assert isinstance(find_marked(str(caught.value)), OutsideError)


def test_what_makes_no_sense_is_refused_when_the_pipeline_is_built() -> None:
    servers = {"bootstrap.servers": "127.0.0.1:1"}
    wrong: list[tuple[Callable[[], object], str]] = [
        (lambda: ReadFromNode("ftp://x"), "an endpoint is an address"),
        (lambda: ReadFromKafka({}, ["topic"]), "lacks bootstrap.servers"),
        (lambda: ReadFromKafka(servers, ["topic"], library="kafka"), "none of kafka-python"),
        (lambda: ReadFromKafka(servers, ["topic"], registry_user="me"), "--registry"),
    ]
    for build, told in wrong:
        with pytest.raises(UsageError, match=told):
            build()


def test_display_data_say_what_is_read_and_no_secret(tmp_path: Path) -> None:
    source = open_source(f"ndjson:{corpus.NDJSON}", tmp_path)
    config = {
        "bootstrap.servers": "a.example:9093",
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "PLAIN",
        "sasl.username": "me",
        "sasl.password": "env:WORD",
    }
    cases: list[tuple[Any, dict[str, object]]] = [
        (ReadFromEventSource(source), {"ordinals": source.count, "bytes": source.size}),
        (ReadFromNode("https://node.example/hidden", "env:WORD", models=["kx"]), {"models": "kx"}),
        (ReadFromKafka(config, ["a", "b"], start_read_time=7), {"topics": "a,b", "start_read_time": 7}),
        (ReadFromCar("a.car", "work"), {"file_pattern": "a.car", "work_dir": "work"}),
    ]
    for transform, expected in cases:
        items = {item.key: item.value for item in DisplayData.create_from(transform).items}
        assert expected.items() <= items.items()
        assert "WORD" not in json.dumps(items)
        assert "hidden" not in json.dumps(items)
        pickle.dumps(transform)
