"""A source with a node of its own that is killed at random moments, with all of it or in parts."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

import pytest

from bench import process_tree
from bench.source_process import SourceProcess
from tests.pipelines.private_node.running import (
    NETWORK,
    ends_of,
    flags,
    kafka,
    made,
    new_name,
    run_to_end,
    wait_until_gone,
    write_lines,
)
from tests.support.services import shared_broker
from tests.support.source_topics import Topics, read_topics
from tests.support.waiting import wait_until

pytest.importorskip("kafka", reason="kafka-python is not installed: pip install 'ceramic-streams[kafka]'")

STREAMS: Final = 400
EVENTS: Final = 1 + 4 * STREAMS
ROUNDS: Final = 4


@pytest.fixture(scope="module", autouse=True)
def broker() -> None:
    shared_broker()


def topics_of(name: str) -> Topics:
    return read_topics(kafka(), name, lambda found: found.event_count >= EVENTS)


def kill(source: SourceProcess, pick: random.Random) -> None:
    """One of its processes, at once: itself, its node, what reads the node, or the node's follower."""
    with suppress(ProcessLookupError):
        os.kill(pick.choice(source.processes()), signal.SIGKILL)


def test_whatever_is_killed_each_event_is_there_once_in_the_end(tmp_path: Path) -> None:
    file = write_lines(tmp_path / "events.ndjson", made(STREAMS))
    calm, stormy = new_name(), new_name()
    run_to_end(tmp_path / "calm.log", *flags(str(file), calm, tmp_path / "calm", "--network", NETWORK))
    options = flags(str(file), stormy, tmp_path / "stormy", "--network", NETWORK)
    source, pick = SourceProcess(tmp_path / "stormy.log", *options), random.Random(1)
    try:
        for _ in range(ROUNDS):
            source.start()
            time.sleep(pick.uniform(0.5, 6.0))
            kill(source, pick)
            # Itself it ends at once; any other one takes it along, but for those that are started again.
            time.sleep(pick.uniform(0.0, 0.5))
            source.stop()
        source.start()
        wait_until(lambda: source.exit_code is not None)
        assert source.exit_code == 0, source.log[-3000:]
    finally:
        source.stop()
    expected, found = topics_of(calm), topics_of(stormy)
    assert found.event_count == expected.event_count == EVENTS
    assert dict(found.events).keys() == dict(expected.events).keys()
    assert all(sorted(found.events[each]) == sorted(cids) for each, cids in expected.events.items())
    assert found.tips() == expected.tips()
    assert found.letters == []
    ends = ends_of(stormy)
    run_to_end(tmp_path / "stormy.log", *options)
    assert ends_of(stormy) == ends


def test_no_process_is_left_when_a_source_is_killed(tmp_path: Path) -> None:
    file = write_lines(tmp_path / "events.ndjson", made(STREAMS))
    source = SourceProcess(
        tmp_path / "log", *flags(str(file), new_name(), tmp_path / "work", "--network", NETWORK)
    )
    source.start()
    try:
        source.wait_until_said("reading")
        processes = source.processes()
        assert len(processes) > 3, processes
        source.kill()
        wait_until_gone(processes)
    finally:
        source.stop()


def test_it_ends_in_good_order_whenever_it_is_told_to_and_nobody_writes_to_its_node(tmp_path: Path) -> None:
    events, name = made(STREAMS), new_name()
    file = write_lines(tmp_path / "events.ndjson", events)
    options = flags(str(file), name, tmp_path / "work", "--network", NETWORK)
    source = SourceProcess(tmp_path / "log", *options)
    try:
        for said in ("importing", "reading http"):
            source.start()
            source.wait_until_said(said)
            if said != "importing":
                assert _post(source.log.rpartition("reading http://")[2].split()[0], events[0].raw.car) == 401
            assert source.end(signal.SIGTERM) == 0, source.log[-3000:]
    finally:
        source.stop()
    run_to_end(tmp_path / "log", *options)
    assert topics_of(name).event_count == EVENTS


def _post(address: str, car: bytes) -> int:
    """The status of an answer to an event that is handed in."""
    connection = HTTPConnection(address, timeout=30)
    try:
        connection.request("POST", "/v1/events", car, {"Content-Type": "application/vnd.ipld.car"})
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_source_whose_node_dies_says_so_and_ends(tmp_path: Path) -> None:
    file = write_lines(tmp_path / "events.ndjson", made(STREAMS))
    source = SourceProcess(
        tmp_path / "log", *flags(str(file), new_name(), tmp_path / "work", "--network", NETWORK)
    )
    source.start()
    try:
        wait_until((tmp_path / "work" / "store" / "states.sqlite").exists)
        holder = int((tmp_path / "work" / "store" / "store.lock").read_text())
        assert holder in process_tree.processes(source.processes()[0])
        os.kill(holder, signal.SIGKILL)
        wait_until(lambda: source.exit_code is not None)
    finally:
        source.stop()
    assert source.exit_code == 3, source.log[-3000:]
    assert "the source's node has died; start the source again" in source.log
