"""The source from a real node to a real broker."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import orjson
import pytest

from bench.source_process import SourceProcess
from ceramic_connectors.config.values import Address
from ceramic_connectors.kafka.errors import KafkaFencedError
from ceramic_connectors.kafka.opening import Library
from ceramic_connectors.source.choices import Delivery, Include, Start, Writes
from ceramic_connectors.source.errors import ForeignPositionError, NodeRefusedError
from ceramic_connectors.source.run import Source
from ceramic_protocol.multibase import decode
from ceramic_protocol.networks import IN_MEMORY
from infra.services.process import free_ports
from tests.connectors.source.running import config_for, records_of, running_source
from tests.node.http.v1.making import ALICE, NOTE, NOTES, POST, POSTS, chain, document, stream_of, update
from tests.support.node import RunningNode, running_node
from tests.support.services import shared_broker
from tests.support.waiting import wait_until

pytest.importorskip("kafka", reason="kafka-python is not installed: pip install 'ceramic-streams[kafka]'")

from kafka import KafkaAdminClient

NETWORK = IN_MEMORY.name


@pytest.fixture(scope="module", autouse=True)
def broker() -> None:
    shared_broker()


@pytest.fixture
def node(tmp_path: Path) -> Iterator[RunningNode]:
    with running_node(tmp_path / "node") as node:
        node.submit(NOTES.car)
        yield node


def test_events_and_states_are_topics(node: RunningNode) -> None:
    events = chain(3)
    node.submit(*(event.car for event in events))
    config = config_for(node)
    stream = str(stream_of(events[0]))
    with running_source(config) as source:
        found = source.wait_for(events=4, states=2)
        live = update(events[0], events[-1], "live")
        node.submit(live.car)
        found = source.wait_for(events=5, states=3)
        records = records_of(source.kafka, f"{config.prefix}.{NETWORK}.model.events")
    assert found.events[stream] == [str(event.cid) for event in [*events, live]]
    assert found.events[str(NOTE)] == [str(NOTES.cid)]
    states = found.states[stream]
    # What was there when the source began may be one change or several, as the node has judged it.
    assert [state["source"]["snapshot"] for state in states][-1] is False
    assert states[-1]["op"] == "u"
    assert states[0]["op"] == "r"
    assert orjson.loads(states[-1]["content"]) == {"text": "live"}
    assert (states[-1]["tip"], states[-1]["model"]) == (str(live.cid), str(NOTE))
    assert states[-1]["applied"] == [str(live.cid)]
    [model] = records
    value = orjson.loads(model.value or b"")
    assert value["source"] == {
        "version": value["source"]["version"],
        "connector": "ceramic",
        "name": config.name,
        "ts_ms": model.timestamp_ms,
        "snapshot": True,
        "network": NETWORK,
        "node": node.get("/v1/info").json()["epoch"],
        "position": 1,
    }
    assert model.key == str(NOTE).encode()
    assert dict(model.headers)["ceramic.verdict"] == b"valid"


@pytest.mark.parametrize("include", list(Include))
def test_as_much_of_an_event_as_was_asked_for(node: RunningNode, include: Include) -> None:
    config = config_for(node, include=include, write=Writes.EVENTS)
    with running_source(config) as source:
        source.wait_for(events=1)
        [record] = records_of(source.kafka, f"{config.prefix}.{NETWORK}.model.events")
    value = orjson.loads(record.value or b"")
    assert (value["car"] is not None) == (include in {Include.CAR, Include.FULL})
    assert (value["payload"] is not None) == (include in {Include.PAYLOAD, Include.FULL})
    if value["payload"] is not None:
        assert orjson.loads(value["payload"])["data"]["name"] == "Note"
    if value["car"] is not None:
        assert decode("m" + value["car"].rstrip("=")) == NOTES.car


def test_what_is_rejected_is_a_dead_letter(node: RunningNode) -> None:
    good = document("good")
    bad = update(good, good, 7)  # the model wants a text
    node.submit(good.car, bad.car)
    config = config_for(node)
    with running_source(config) as source:
        found = source.wait_for(events=2, states=2)
        letters = records_of(source.kafka, f"{config.prefix}.{NETWORK}.dead-letters")
    assert found.event_count == 2
    [letter] = letters
    headers = {name: value.decode() for name, value in letter.headers}
    assert letter.value == bad.car
    assert letter.key == str(stream_of(good)).encode()
    assert headers["ceramic.cid"] == str(bad.cid)
    assert headers["ceramic.error.code"] == "schema_violation"
    assert headers["__connect.errors.exception.message"].startswith("schema_violation")
    assert headers["__connect.errors.topic"] == f"{config.prefix}.{NETWORK}.{NOTE}.events"
    assert headers["__connect.errors.connector.name"] == config.name


def test_a_document_that_is_no_longer_indexed_leaves_a_tombstone(node: RunningNode) -> None:
    init = document("here")
    gone = ALICE.data(init.cid, init.cid, [], should_index=False)
    node.submit(init.car, gone.car)
    with running_source(config_for(node, write=Writes.STATES)) as source:
        states = source.wait_for(states=3).states[str(stream_of(init))]
    assert [None if state is None else state["op"] for state in states][-2:] == ["d", None]


def test_filters_are_the_nodes(node: RunningNode) -> None:
    other = document("a post", model=POST)
    node.submit(POSTS.car, document("a note").car, other.car)
    with running_source(config_for(node, model=(str(POST),))) as source:
        found = source.wait_for(events=1, states=1)
    assert list(found.events) == list(found.states) == [str(stream_of(other))]


def test_a_source_may_begin_with_what_comes(node: RunningNode) -> None:
    with running_source(config_for(node, start=Start.NOW)) as source:
        source.wait_until_said("live")
        init = document("new")
        node.submit(init.car)
        found = source.wait_for(events=1, states=1)
    assert list(found.events) == list(found.states) == [str(stream_of(init))]
    assert found.states[str(stream_of(init))][0]["op"] == "c"


def test_it_goes_on_where_it_was_with_any_number_of_tasks(node: RunningNode) -> None:
    first, second, third = (chain(2, number) for number in range(3))
    config = config_for(node)
    for events, tasks, count in ((first, 1, 3), (second, 1, 5), (third, 1, 7)):
        node.submit(*(event.car for event in events))
        with running_source(config_for(node, prefix=config.prefix, name=config.name, tasks=tasks)) as source:
            found = source.wait_for(events=count)
    cids = [cid for stream in found.events.values() for cid in stream]
    assert sorted(cids) == sorted(str(event.cid) for event in [NOTES, *first, *second, *third])


def test_who_comes_later_shuts_out_who_was_there(node: RunningNode) -> None:
    config = config_for(node)
    with running_source(config) as first:
        first.wait_for(events=1)
        with running_source(config) as second:
            second.wait_until_said("reading")
            node.submit(document("new").car)
            second.wait_for(events=2)
    assert [type(error) for error in first.failed] == [KafkaFencedError]


def test_signals_pause_resume_and_write_again(node: RunningNode) -> None:
    init = document("a note")
    node.submit(init.car)
    stream = str(stream_of(init))
    with running_source(config_for(node, signals=True)) as source:
        before = source.wait_for(events=2, states=2)
        source.signal(id="1", type="pause")
        source.wait_until_said("signal 0 is obeyed")
        later = update(init, init, "later")
        node.submit(later.car)
        source.signal(id="2", type="nonsense")
        source.wait_until_said("there is no type 'nonsense'")
        assert source.wait_for(events=2).event_count == before.event_count
        source.signal(id="3", type="resume")
        source.wait_for(events=3, states=3)
        source.signal(id="4", type="execute-snapshot", data={"data-collections": [str(NOTE)]})
        source.wait_until_said("have been written again")
        states = source.wait_for(events=3, states=4).states[stream]
    assert (states[-1]["op"], states[-1]["cause"], states[-1]["tip"]) == ("r", "snapshot", str(later.cid))
    assert orjson.loads(states[-1]["content"]) == {"text": "later"}


def test_heartbeats_say_how_far_it_is(node: RunningNode) -> None:
    config = config_for(node, heartbeat=0.2)
    with running_source(config) as source:
        source.wait_for(events=1)
        beats = records_of(source.kafka, f"__ceramic-heartbeat.{config.prefix}", 3)
    last = orjson.loads(beats[-1].value or b"")
    assert last["name"] == config.name
    assert last["events"] == node.get("/v1/info").json()["head"]["resume"]
    assert beats[-1].key == f"{config.name}-0".encode()


def test_another_store_behind_the_address_is_refused(tmp_path: Path) -> None:
    with running_node(tmp_path / "one") as node:
        node.submit(NOTES.car)
        config = config_for(node)
        with running_source(config) as source:
            source.wait_for(events=1)
    with running_node(tmp_path / "two") as other:
        other.submit(NOTES.car)
        again = config_for(other, prefix=config.prefix, name=config.name)
        with running_source(again) as source:
            source.wait_until_failed()
    assert [type(error) for error in source.failed] == [ForeignPositionError]


def test_a_wrong_parameter_ends_it_with_the_nodes_words(node: RunningNode) -> None:
    config = config_for(node, source=f"{node.url}/nowhere")
    with pytest.raises(NodeRefusedError, match=r"the node at http://127.0.0.1:[0-9]+ refuses"):
        Source(config, print).run(threading.Event())


@pytest.mark.parametrize("library", list(Library))
def test_at_least_once_needs_no_transactions(node: RunningNode, library: Library) -> None:
    if library is Library.CONFLUENT:
        pytest.importorskip("confluent_kafka", reason="pip install 'ceramic-streams[confluent]'")
    events = chain(3)
    node.submit(*(event.car for event in events))
    config = config_for(node, delivery=Delivery.AT_LEAST_ONCE, kafka_library=library)
    for count in (4, 5):
        with running_source(config) as source:
            found = source.wait_for(events=count)
        node.submit(update(events[0], events[-1], "more").car)
    assert found.event_count == 5  # as nothing failed
    with KafkaAdminClient(bootstrap_servers=config.kafka) as admin:
        assert config.name not in str(admin.list_transactions())


def test_figures_are_served(node: RunningNode) -> None:
    (port,) = free_ports(1)
    with running_source(config_for(node, metrics=Address("127.0.0.1", port))) as source:
        labels = f'connector="{source.config.name}"'
        wanted = [
            f'source_record_write_total{{{labels},task="0"}} 2.0',
            f'ceramic_source_position{{{labels},feed="events",task="0"}} 1.0',
            f'ceramic_source_failures_total{{{labels},task="0"}} 0.0',
        ]
        source.wait_for(events=1, states=1)

        def is_served() -> bool:
            with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:  # ours
                text = answer.read().decode()
            return all(line in text for line in wanted)

        wait_until(is_served)
    with pytest.raises(URLError):
        urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10)


def test_without_the_process_that_reads_a_source_ends_and_says_so(node: RunningNode) -> None:
    with running_source(config_for(node)) as source:
        source.wait_for(events=1)
        [composer] = [each for each in multiprocessing.active_children() if each.name == "composer"]
        os.kill(composer.pid or 0, signal.SIGKILL)
        source.wait_until_failed()
    assert [str(error) for error in source.failed] == [
        "the process that reads the node has died; start the source again"
    ]


def test_who_kills_a_source_leaves_no_process_behind(node: RunningNode, tmp_path: Path) -> None:
    config = config_for(node)
    options = ["--source", node.url, "--kafka", config.kafka, "--prefix", config.prefix, "--tasks", "2"]
    source = SourceProcess(tmp_path / "log", *options)
    source.start()
    try:
        source.wait_until_said("what follows is live", 4)
        pids = source.processes()
        assert len(pids) >= 5  # itself, two tasks, and what reads for each
    finally:
        source.kill()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))
