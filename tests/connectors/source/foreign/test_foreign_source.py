"""The source from a ceramic-one to a real broker."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest

from ceramic_connectors.source.choices import Include, Start, Writes
from ceramic_connectors.source.config import SourceConfig
from ceramic_connectors.source.errors import ForeignPositionError
from ceramic_connectors.source.run import Source
from ceramic_protocol.built import BuiltEvent
from ceramic_protocol.errors import UsageError
from ceramic_protocol.multibase import decode, encode
from ceramic_protocol.networks import IN_MEMORY
from tests.connectors.source.foreign.making import anchor, car_text, with_another_signature
from tests.connectors.source.foreign.serving import SmallOne, as_ceramic_one, small_one
from tests.connectors.source.running import RunningSource, records_of, running_source
from tests.node.http.v1.making import ALICE, BOB, NOTE, NOTES, chain, document, stream_of, update
from tests.support.node import RunningNode, running_node
from tests.support.services import shared_broker
from tests.support.waiting import wait_until

pytest.importorskip("kafka", reason="kafka-python is not installed: pip install 'ceramic-streams[kafka]'")

NETWORK = IN_MEMORY.name
_NUMBERS = count()


@pytest.fixture(scope="module", autouse=True)
def broker() -> None:
    shared_broker()


@pytest.fixture
def node(tmp_path: Path) -> Iterator[RunningNode]:
    """A node of ours that only shows what a ceramic-one has."""
    with running_node(tmp_path / "node", middlewares=[as_ceramic_one]) as node:
        node.submit(NOTES.car)
        yield node


def config_of(url: str, **settings: Any) -> SourceConfig:
    """A configuration with topics of its own."""
    name = f"test-one-{next(_NUMBERS)}-{os.getpid()}"
    usual = {"prefix": name, "name": name, "write": Writes.EVENTS} | settings
    return SourceConfig(source=url, kafka=shared_broker().plain, **usual)


def cids_of(source: RunningSource, events: int) -> list[str]:
    """All CIDs that are in its topics of events, as soon as there are so many."""
    found = source.wait_for(events=events).events
    return sorted(cid for cids in found.values() for cid in cids)


def cids(*events: BuiltEvent) -> list[str]:
    return sorted(str(event.cid) for event in events)


def test_events_are_topics_and_go_on_live(node: RunningNode) -> None:
    events = chain(3)
    time = anchor(events[1].cid, events[0].cid)
    node.submit(*(event.car for event in events), time.car)
    config = config_of(node.url, batch=2)
    stream = str(stream_of(events[0]))
    with running_source(config) as source:
        source.wait_for(events=5)
        source.wait_until_said("live")
        live = update(events[0], events[-1], "live")
        node.submit(live.car)
        found = source.wait_for(events=6)
        [model] = records_of(source.kafka, f"{config.prefix}.{NETWORK}.model.events")
    assert found.events[stream] == [str(event.cid) for event in [*events, time, live]]
    value = orjson.loads(model.value or b"")
    assert value["source"] | {"version": "", "ts_ms": 0} == {
        "version": "",
        "connector": "ceramic",
        "name": config.name,
        "ts_ms": 0,
        "snapshot": True,
        "network": NETWORK,
        "node": str(NOTES.cid),
        "position": 3,
    }
    assert (value["verdict"], value["controller"], value["signer"]) == ("valid", *[ALICE.controller] * 2)
    assert orjson.loads(value["payload"])["data"]["name"] == "Note"
    assert decode("m" + value["car"].rstrip("=")) == NOTES.car


def test_without_payloads(node: RunningNode) -> None:
    config = config_of(node.url, include=Include.NONE)
    with running_source(config) as source:
        [model] = records_of(source.kafka, f"{config.prefix}.{NETWORK}.model.events")
    value = orjson.loads(model.value or b"")
    assert (value["payload"], value["car"], value["verdict"]) == (None, None, "valid")


def test_what_was_tampered_with_is_a_dead_letter() -> None:
    init = document("good")
    good = [update(init, init, f"good {number}") for number in range(4)]
    by_another = update(init, init, "by another", BOB)
    unsigned = with_another_signature(good[0])
    changed = good[1].car.replace(b"good 1", b"evil 1")
    cut = good[2].car[:-10]
    with small_one([NOTES, init]) as one:
        one.tell(str(by_another.cid), car_text(by_another))
        one.tell(str(unsigned.cid), car_text(unsigned))
        one.tell(str(good[1].cid), encode(changed, "m"))
        one.tell(str(good[2].cid), encode(cut, "m"))
        one.tell(str(good[3].cid), car_text(good[0]))
        one.tell(str(good[0].cid), "m\0no text of bytes")
        one.add(good[0])
        config = config_of(one.url)
        with running_source(config) as source:
            assert cids_of(source, 3) == cids(NOTES, init, good[0])
            letters = records_of(source.kafka, f"{config.prefix}.{NETWORK}.dead-letters", 6)
    found = [
        (headers["ceramic.error.code"], headers["ceramic.cid"], letter.value)
        for letter in letters
        for headers in [{name: value.decode() for name, value in letter.headers}]
    ]
    assert found == [
        ("signer_not_controller", str(by_another.cid), by_another.car),
        ("signature_invalid", str(unsigned.cid), unsigned.car),
        ("block_hash_mismatch", str(good[1].cid), changed),
        ("car_truncated", str(good[2].cid), cut),
        ("event_malformed", str(good[3].cid), good[0].car),
        ("car_malformed", str(good[0].cid), b"m\0no text of bytes"),
    ]
    stream = str(stream_of(init)).encode()
    assert [letter.key == stream for letter in letters] == [True, True, False, False, True, False]
    headers = dict(letters[0].headers)
    assert headers["__connect.errors.topic"] == f"{config.prefix}.{NETWORK}.{NOTE}.events".encode()


def test_it_goes_on_where_it_was(node: RunningNode) -> None:
    parts = [chain(7, number) for number in range(3)]
    config = config_of(node.url, batch=3)
    so_far = [NOTES]
    for part in parts:
        node.submit(*(event.car for event in part))
        so_far += part
        with running_source(config) as source:
            assert cids_of(source, len(so_far)) == cids(*so_far)
    with running_source(config) as source:
        source.wait_until_said("live")
        assert cids_of(source, len(so_far)) == cids(*so_far)


def test_a_number_that_comes_twice_loses_nothing() -> None:
    first, second = chain(3, 1), chain(3, 2)
    with small_one([NOTES, *first]) as one:
        one.burn(10)
        config = config_of(one.url)
        with running_source(config) as source:
            source.wait_for(events=4)
            source.wait_until_said("live")
        one.restart()
        one.add(*second)
        with running_source(config) as source:
            assert cids_of(source, 7) == cids(NOTES, *first, *second)


def test_beginning_with_what_comes_misses_none_of_it() -> None:
    old, new = chain(3, 1), chain(3, 2)
    with small_one([NOTES, *old]) as one:
        one.burn(10)
        with running_source(config_of(one.url, start=Start.NOW)) as source:
            source.wait_until_said("live")
            one.restart()
            one.add(*new)
            assert cids_of(source, 3) == cids(*new)


def test_a_node_that_is_away_for_a_while(tmp_path: Path) -> None:
    first, second = chain(3, 1), chain(3, 2)
    with small_one([NOTES, *first]) as one:
        config = config_of(one.url)
        with running_source(config) as source:
            source.wait_for(events=4)
            one.answers = {"/": (503, b"away")}
            source.wait_until_said("away; trying again")
            one.add(*second)
            one.answers = {}
            assert cids_of(source, 7) == cids(NOTES, *first, *second)
            source.wait_until_said("the node answers again")
        assert tmp_path.exists()


@pytest.mark.parametrize("moment", ["between", "during"])
def test_another_store_behind_the_address_is_refused(moment: str) -> None:
    with small_one([NOTES, *chain(3)]) as one:
        config = config_of(one.url)
        with running_source(config) as source:
            source.wait_for(events=4)
            if moment == "during":
                source.wait_until_said("live")
                swap(one)
                source.wait_until_failed()
        if moment == "between":
            swap(one)
            with running_source(config) as source:
                source.wait_until_failed()
    assert [type(error) for error in source.failed] == [ForeignPositionError]
    assert "another --name" in str(source.failed[0])


def swap(one: SmallOne) -> None:
    one.events.clear()
    one.counter = 1
    one.add(NOTES, *chain(6, 5))


def children_of(pid: int) -> list[int]:
    """The processes that verify; Python starts another one that looks after resources."""
    found = [
        int(child)
        for children in Path(f"/proc/{pid}/task").glob("*/children")
        for child in children.read_text().split()
    ]
    return [
        child for child in found if b"resource_tracker" not in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def test_processes_that_are_killed_lose_nothing(node: RunningNode) -> None:
    events = [event for number in range(20) for event in chain(10, number)]
    node.submit(*(event.car for event in events[:100]))
    with running_source(config_of(node.url, batch=20)) as source:
        source.wait_for(events=50)
        [composer] = [each for each in multiprocessing.active_children() if each.name == "composer"]
        workers = children_of(composer.pid or 0)
        assert workers
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        node.submit(*(event.car for event in events[100:]))
        assert cids_of(source, 201) == cids(NOTES, *events)
        source.wait_until_said("another one takes its place")
        workers = children_of(composer.pid or 0)
        assert workers
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))


def test_what_takes_a_node_of_ours_is_refused(node: RunningNode) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"write": Writes.BOTH}, "give --write events, or run `ceramic-streams node run`"),
        ({"write": Writes.STATES}, "which has no states"),
        ({"tasks": 2}, "give --tasks 1"),
    ]
    for settings, message in cases:
        said: list[str] = []
        with pytest.raises(UsageError, match=message):
            Source(config_of(node.url, **settings), said.append).run(threading.Event())
