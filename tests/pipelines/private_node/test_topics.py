"""States from topics that hold events: these go through a node of the source's own; what comes is live."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from operator import ge
from pathlib import Path

import orjson
import pytest

from bench.source_process import SourceProcess
from bench.streams import MadeEvent
from ceramic_connectors.kafka.opening import Library, open_kafka
from ceramic_connectors.kafka.port import Kafka, Message, Partition, Topic
from ceramic_connectors.kafka.settings import KafkaSettings
from tests.pipelines.private_node.running import (
    NETWORK,
    flags,
    kafka,
    made,
    new_name,
    run_to_end,
    wait_until_gone,
)
from tests.support.cli import lines, run
from tests.support.services import own_broker, shared_broker
from tests.support.source_topics import Topics, read_topics
from tests.support.waiting import wait_until

pytest.importorskip("kafka", reason="kafka-python is not installed: pip install 'ceramic-streams[kafka]'")

_PARTITIONS = 3
_TRANSACTION = 40
_PROCESSES = 5
"""It and its node, what makes states there, what reads the topics, and one of Python's own."""


@pytest.fixture(scope="module", autouse=True)
def broker() -> None:
    shared_broker()


@pytest.fixture
def topic() -> str:
    name = f"raw-{new_name()}"
    make_topic(name)
    return name


def make_topic(name: str, client: Kafka | None = None) -> None:
    with (client or kafka()).admin() as admin:
        admin.create([Topic(name, _PARTITIONS)])


def is_there(name: str) -> bool:
    with kafka().admin() as admin:
        return name in admin.names()


def uri(*topics: str) -> str:
    return f"kafka://{shared_broker().plain}/{','.join(topics)}"


def write(topic: str, values: Sequence[bytes], client: Kafka | None = None) -> None:
    """Write in transactions, one record for each partition in turn."""
    messages = [Message(topic, each, partition=number % _PARTITIONS) for number, each in enumerate(values)]
    partitions = [Partition(topic, number) for number in range(_PARTITIONS)]
    with (client or kafka()).producer(topic, partitions) as producer:
        for start in range(0, len(messages), _TRANSACTION):
            producer.write(messages[start : start + _TRANSACTION])


def cars(events: Sequence[MadeEvent]) -> list[bytes]:
    return [event.raw.car for event in events]


def options(source: str, name: str, work: Path, *others: str) -> list[str]:
    return flags(source, name, work, "--network", NETWORK, *others)


@contextmanager
def running(log: Path, source: str, name: str, work: Path, *others: str) -> Iterator[SourceProcess]:
    """A source that runs until the block ends."""
    found = SourceProcess(log, *options(source, name, work, *others))
    found.start()
    try:
        yield found
    finally:
        found.stop()


def topics_with(name: str, events: Sequence[MadeEvent], streams: int = 0, letters: int = 0) -> Topics:
    """What stands in the topics of a source as soon as it has all of these, and each once."""
    wanted = (len(events), streams, letters)

    def is_enough(found: Topics) -> bool:
        return all(map(ge, (found.event_count, len(found.states), len(found.letters)), wanted))

    found = read_topics(kafka(), name, is_enough)
    written = sorted(cid for cids in found.events.values() for cid in cids)
    assert written == sorted(str(event.cid) for event in events)
    return found


@pytest.mark.parametrize("library", Library)
def test_all_of_it_comes_and_then_what_is_written(topic: str, tmp_path: Path, library: Library) -> None:
    events, name = made(20), new_name()
    write(topic, cars(events[:41]))
    with running(
        tmp_path / "log", uri(topic), name, tmp_path / "work", "--kafka-library", library.value
    ) as source:
        topics_with(name, events[:41])
        write(topic, cars(events[41:]))
        found = topics_with(name, events)
        assert source.end() == 0, source.log[-3000:]
        assert "41 events of the topics are in the source's node" in source.log
    snapshot = {state["source"]["snapshot"] for states in found.states.values() for state in states}
    assert snapshot == {True, False}


def test_states_are_those_of_an_import(topic: str, tmp_path: Path) -> None:
    events, name, imported = made(5), new_name(), new_name()
    write(topic, cars(events)[::-1])
    store = ("--store", str(tmp_path / "store"), "--network", NETWORK)
    result = run("node", "import", uri(topic), *store, "--format", "ndjson")
    assert result.exit_code == 0, result.output
    assert lines(result)[0]["new"] == len(events)
    run_to_end(tmp_path / "log", *flags(f"store:{tmp_path / 'store'}", imported, tmp_path / "other"))
    expected = topics_with(imported, events, 6)
    with running(tmp_path / "log", uri(topic), name, tmp_path / "work") as source:
        found = topics_with(name, events, 6)
        assert source.end() == 0, source.log[-3000:]
    assert found.tips() == expected.tips()


def test_what_holds_no_event_is_a_dead_letter_once(topic: str, tmp_path: Path) -> None:
    events, name = made(3), new_name()
    bad = [b"no car", b'{"event_cid": "x"}', cars(events)[5][:-7], b""]
    write(topic, [*bad, *cars(events)])
    for times in (1, 2):
        with running(tmp_path / "log", uri(topic), name, tmp_path / "work") as source:
            source.wait_until_said("events of the topics are in", times)
            found = topics_with(name, events, 4, len(bad))
            assert source.end() == 0, source.log[-3000:]
        (tmp_path / "work" / "cursor.json").unlink()  # all of it is read again
    assert sorted(letter.value or b"" for letter in found.letters) == sorted(bad)


def test_avro_without_a_place_of_schemas_is_told(topic: str, tmp_path: Path) -> None:
    write(topic, [b"\0\0\0\0\1record"])
    said = run_to_end(tmp_path / "log", *options(uri(topic), new_name(), tmp_path / "work"), code=2)
    assert "CERAMIC_STREAMS_SCHEMA_FOLDER" in said


def test_a_topic_that_was_cut_or_made_anew_is_told_and_read_on(topic: str, tmp_path: Path) -> None:
    events, name, log, work = made(9), new_name(), tmp_path / "log", tmp_path / "work"
    write(topic, cars(events[:13]))
    with running(log, uri(topic), name, work) as source:
        topics_with(name, events[:13])
        assert source.end() == 0
    write(topic, [*cars(events[:3]), *cars(events[13:16])])
    kept = orjson.loads((work / "cursor.json").read_bytes())
    with kafka().admin() as admin:
        admin.delete_records({Partition(topic, 0): kept[1][topic][1]["0"] + 1})
    with running(log, uri(topic), name, work) as source:
        source.wait_until_said("were deleted before they were read, and it is read from there on")
        topics_with(name, events[:16])
        assert source.end() == 0
    with kafka().admin() as admin:
        admin.delete([topic])
    wait_until(lambda: not is_there(topic))
    make_topic(topic)
    write(topic, cars(events))
    with running(log, uri(topic), name, work) as source:
        source.wait_until_said(f"the topic {topic} was made anew")
        topics_with(name, events)
        assert source.end() == 0


def test_new_topics_that_match_are_followed_too(tmp_path: Path) -> None:
    events, name, group = made(4), new_name(), f"raw-{new_name()}"
    make_topic(f"{group}.a")
    write(f"{group}.a", cars(events[:9]))
    with running(tmp_path / "log", uri(f"{group}.*"), name, tmp_path / "work") as source:
        topics_with(name, events[:9])
        make_topic(f"{group}.b")
        write(f"{group}.b", cars(events[9:]))
        topics_with(name, events)
        assert source.end() == 0


def test_its_own_topics_are_refused(tmp_path: Path) -> None:
    name, work = new_name(), tmp_path / "work"
    make_topic(f"{name}.{NETWORK}.some.events")
    for topic in (f"{name}.{NETWORK}.some.events", f"{name}.{NETWORK}.*", "*.events"):
        # By another address than the one that it writes to.
        command = options(uri(topic).replace("127.0.0.1", "localhost"), name, work)
        said = run_to_end(tmp_path / "log", *command, code=2)
        assert "is a topic of this source itself, on the same cluster" in said
        checked = run("source", "check", *command, "--format", "ndjson")
        assert checked.exit_code == 2, checked.output
        [found] = [line for line in lines(checked) if line["check"] == "topics" and line["side"] == "node"]
        assert "give it another --prefix" in found["detail"]
    assert not work.joinpath("store").exists()


def test_the_way_in_stands_in_the_environment(
    topic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events, name, broker = made(1), new_name(), shared_broker()
    write(topic, cars(events))
    mutual = (f"kafka://{broker.mutual}/{topic}", name, tmp_path / "work", "--kafka", broker.mutual)
    for setting, value in {
        "TLS": "true",
        "CA": broker.certificates.authority,
        "CERT": broker.certificates.client,
    }.items():
        monkeypatch.setenv(f"CERAMIC_STREAMS_KAFKA_{setting}", str(value))
    with running(tmp_path / "log", *mutual) as source:
        topics_with(name, events)
        assert source.end() == 0, source.log[-3000:]


def test_a_broker_that_is_away_is_waited_for(tmp_path: Path) -> None:
    events, name = made(5), new_name()
    with own_broker(tmp_path) as broker:
        other = open_kafka(KafkaSettings(broker.addresses.plain))
        make_topic("raw", other)
        write("raw", cars(events[:9]), other)
        with running(
            tmp_path / "log", f"kafka://{broker.addresses.plain}/raw", name, tmp_path / "work"
        ) as source:
            topics_with(name, events[:9])
            broker.kill()
            source.wait_until_said("trying again")
            broker.start()
            write("raw", cars(events[9:]), other)
            topics_with(name, events)
            assert source.end() == 0, source.log[-3000:]


def test_a_check_knows_topics(topic: str, tmp_path: Path) -> None:
    write(topic, cars(made(1)))
    command = options(uri(topic), new_name(), tmp_path / "work")
    result = run("source", "check", *command, "--format", "ndjson")
    assert result.exit_code == 0, result.output
    found = {line["check"]: line["detail"] for line in lines(result) if line["side"] == "node"}
    assert found["topics"].startswith("1 topics with records, ")
    assert list(found) == ["topics", "work folder", "chain"]


def victim(source: SourceProcess, work: Path, role: str) -> int:
    """The process that is to be killed."""
    main = source.processes()[0]
    if role == "source":
        return main
    node = int((work / "store" / "store.lock").read_text())
    if role == "node":
        return node
    children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
    commands = {int(each): Path(f"/proc/{each}/cmdline").read_bytes() for each in children}
    [filler] = [each for each, said in commands.items() if b"spawn_main" in said and each != node]
    return filler


def test_whatever_dies_it_goes_on_without_a_gap(topic: str, tmp_path: Path) -> None:
    events, name, work, pick = made(200), new_name(), tmp_path / "work", random.Random(1)
    source = SourceProcess(tmp_path / "log", *options(uri(topic), name, work, "--batch", "20"))
    codes = {"filler": 3, "node": 3, "source": -signal.SIGKILL}
    roles = [*codes, *codes]
    size = len(events) // (len(roles) + 1)
    try:
        for number, role in enumerate(roles):
            write(topic, cars(events[number * size : (number + 1) * size]))
            source.start()
            source.wait_until_said("reading kafka://", number + 1)
            wait_until(lambda: len(source.processes()) >= _PROCESSES)
            time.sleep(pick.uniform(0.0, 4.0))
            processes = source.processes()
            os.kill(victim(source, work, role), signal.SIGKILL)
            wait_until(lambda: source.exit_code is not None)
            assert source.exit_code == codes[role], source.log[-3000:]
            wait_until_gone(processes)
        assert source.log.count("the process that reads the topics has died") == roles.count("filler")
        write(topic, cars(events[len(roles) * size :]))
        source.start()
        topics_with(name, events)
        assert source.end() == 0, source.log[-3000:]
    finally:
        source.stop()
