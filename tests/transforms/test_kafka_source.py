"""Topics of a real broker as a splittable DoFn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ceramic_connectors.event_sources.topics import TopicEvents
from ceramic_protocol.ports import EventSource, RawEvent
from ceramic_transforms.sources import ReadFromKafka
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


def test_no_more_is_read_than_is_asked_for(topic: TopicEvents) -> None:
    name = topic.ranges[0].partition.topic
    few = cars_of(TopicEvents.open(topic.servers, [name], most=50))
    assert 40 < len(few) <= 50
    run(reading(topic, max_num_records=50), few)
    run(reading(topic, start_read_time=1 << 45), [])


def test_all_is_read_on_prism(topic: TopicEvents) -> None:
    run(reading(topic), [event.car for event in signed_events()], "PrismRunner", *prism_options()[1:])
