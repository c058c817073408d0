"""Topics of a real broker as a splittable DoFn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import apache_beam as beam
import pytest
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from ceramic_connectors.event_sources.topics import TopicEvents
from ceramic_protocol.ports import EventSource, RawEvent
from ceramic_transforms import RAW_EVENTS, BatchesToRows, ReadFromKafka
from tests.connectors.event_sources.source_contract import signed_events
from tests.connectors.event_sources.test_topics import TestTopics as Topics
from tests.connectors.kafka.conftest import FORGOTTEN
from tests.support.prism import prism_options
from tests.transforms.test_sources import read_with_splits, run

pytest.importorskip("kafka", reason="kafka-python is not installed: pip install 'ceramic-streams[kafka]'")
pytestmark = pytest.mark.filterwarnings(FORGOTTEN)


@pytest.fixture(scope="module")
def topic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TopicEvents]:
    with Topics.opened(tmp_path_factory.mktemp("topic"), signed_events()) as source:
        assert isinstance(source, TopicEvents)
        yield source


def reading(topic: TopicEvents, **settings: int) -> ReadFromKafka:
    name = topic.ranges[0].partition.topic
    return ReadFromKafka({"bootstrap.servers": topic.servers}, [name], **settings)  # type: ignore[arg-type]


def cars_of(source: EventSource) -> list[bytes]:
    return [
        item.car for page in source.read(0, source.count) for item in page.items if isinstance(item, RawEvent)
    ]


def test_a_topic_can_be_split_while_it_is_read(topic: TopicEvents) -> None:
    found = read_with_splits(topic, [(1, 0.5), (0, 0.3), (0, 0.0), (1, 0.9), (0, 0.01)])
    cars = sorted(item.car for item in found if isinstance(item, RawEvent))
    assert cars == sorted(event.car for event in signed_events())


def test_all_is_read(topic: TopicEvents) -> None:
    run(reading(topic), [event.car for event in signed_events()])


def test_a_group_by_key_behind_it_emits_without_java(
    topic: TopicEvents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The read is bounded, so its watermark ends and groups come out."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with TestPipeline(runner="FnApiRunner") as pipeline:
        raw = pipeline | reading(topic)
        keyed = raw | beam.FlatMap(lambda batch: [(len(car) % 4, 1) for car in batch["car"].to_pylist()])
        counts = keyed | beam.GroupByKey() | beam.MapTuple(lambda key, ones: (key, sum(ones)))
        wanted = Counter(len(event.car) % 4 for event in signed_events())
        assert_that(counts, equal_to(list(wanted.items())))


def test_topic_partition_and_offset_stand_with_every_event(topic: TopicEvents) -> None:
    name = topic.ranges[0].partition.topic
    places = {
        (item.source, item.position)
        for page in topic.read(0, topic.count)
        for item in page.items
        if isinstance(item, RawEvent)
    }
    assert len(places) == len(signed_events())
    assert all(name in source for source, _offset in places)
    with TestPipeline(runner="FnApiRunner") as pipeline:
        rows = pipeline | reading(topic) | BatchesToRows(RAW_EVENTS)
        found = rows | beam.Map(lambda row: (row.source, row.position))
        assert_that(found, equal_to(sorted(places)))


def test_no_more_is_read_than_is_asked_for(topic: TopicEvents) -> None:
    name = topic.ranges[0].partition.topic
    few = cars_of(TopicEvents.open(topic.servers, [name], most=50))
    assert 40 < len(few) <= 50
    run(reading(topic, max_num_records=50), few)
    run(reading(topic, start_read_time=1 << 45), [])


def test_all_is_read_on_prism(topic: TopicEvents) -> None:
    run(reading(topic), [event.car for event in signed_events()], "PrismRunner", *prism_options()[1:])
