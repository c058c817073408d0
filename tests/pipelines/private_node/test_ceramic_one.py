"""States from a ceramic-one: its events go through a node of the source's own, and what comes is live."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from bench import process_tree
from bench.source_process import SourceProcess
from ceramic_protocol.multibase import encode
from tests.connectors.source.foreign.making import with_another_signature
from tests.connectors.source.foreign.serving import SmallOne, as_ceramic_one, small_one
from tests.node.http.v1.making import BOB, NOTES, chain, document, stream_of, update
from tests.pipelines.private_node.running import flags, kafka, new_name, wait_until_gone
from tests.support.cli import lines, run
from tests.support.node import running_node
from tests.support.services import shared_broker
from tests.support.source_topics import Topics, read_topics
from tests.support.waiting import wait_until

pytest.importorskip("kafka", reason="kafka-python is not installed: pip install 'ceramic-streams[kafka]'")


@pytest.fixture(scope="module", autouse=True)
def broker() -> None:
    shared_broker()


@pytest.fixture
def one() -> Iterator[SmallOne]:
    with small_one([NOTES]) as found:
        yield found


def topics_of(name: str, events: int, tips: dict[str, str]) -> Topics:
    """What stands in the topics as soon as there are so many events, and these streams have these tips."""

    def is_enough(found: Topics) -> bool:
        now = {stream: tip for stream, (tip, _content) in found.tips().items()}
        return found.event_count >= events and tips.items() <= now.items()

    return read_topics(kafka(), name, is_enough)


def test_states_come_live_and_what_was_there_is_a_snapshot(tmp_path: Path) -> None:
    events, name = chain(3), new_name()
    with running_node(tmp_path / "one", middlewares=[as_ceramic_one]) as one:
        one.submit(NOTES.car, *(event.car for event in events))
        source = SourceProcess(tmp_path / "log", *flags(one.url, name, tmp_path / "work"))
        source.start()
        try:
            stream = str(stream_of(events[0]))
            topics_of(name, 4, {stream: str(events[-1].cid)})
            live = update(events[0], events[-1], "live")
            one.submit(live.car)
            found = topics_of(name, 5, {stream: str(live.cid)})
            assert source.end() == 0, source.log[-3000:]
        finally:
            source.stop()
    assert found.events[stream] == [str(event.cid) for event in [*events, live]]
    assert [state["source"]["snapshot"] for state in found.states[stream]][-1] is False
    assert (found.states[stream][0]["op"], found.states[stream][0]["source"]["snapshot"]) == ("r", True)
    assert orjson.loads(found.states[stream][-1]["content"]) == {"text": "live"}


def test_numbers_that_are_used_again_lose_nothing_and_write_nothing_twice(
    one: SmallOne, tmp_path: Path
) -> None:
    first, name = document("first"), new_name()
    one.add(first)
    one.burn(50)  # numbers that the next start gives out again
    source = SourceProcess(tmp_path / "log", *flags(one.url, name, tmp_path / "work"))
    source.start()
    try:
        topics_of(name, 2, {str(stream_of(first)): str(first.cid)})
        source.kill()
        one.restart()
        second = update(first, first, "second")
        one.add(second)
        source.start()
        topics_of(name, 3, {str(stream_of(first)): str(second.cid)})
        # Another store: it was restored from a backup that hasn't got the last event, and has gone on.
        third = update(first, first, "third")
        one.events.pop()
        one.restart()
        one.add(third)
        source.wait_until_said("has another store than before")
        found = topics_of(name, 4, {})
        assert source.end() == 0, source.log[-3000:]
    finally:
        source.stop()
    written = [cid for cids in found.events.values() for cid in cids]
    assert sorted(written) == sorted(str(event.cid) for event in [NOTES, first, second, third])


def test_what_the_node_refuses_is_a_dead_letter(one: SmallOne, tmp_path: Path) -> None:
    init, name = document("good"), new_name()
    good = update(init, init, "better")
    unsigned = with_another_signature(good)
    by_another = update(init, init, "by another", BOB)
    one.add(init, unsigned, by_another, good)
    one.tell("not a cid", encode(b"no car", "m"))
    one.tell("nothing", None)
    source = SourceProcess(tmp_path / "log", *flags(one.url, name, tmp_path / "work"))
    source.start()
    try:
        found = read_topics(kafka(), name, lambda found: len(found.letters) >= 4 and found.event_count >= 3)
        assert source.end() == 0
    finally:
        source.stop()
    codes = sorted(dict(letter.headers)["ceramic.error.code"].decode() for letter in found.letters)
    assert codes == ["car_malformed", "car_truncated", "signature_invalid", "signer_not_controller"]
    [letter] = [each for each in found.letters if each.value == unsigned.car]
    assert dict(letter.headers)["ceramic.cid"].decode() == str(unsigned.cid)


def test_a_process_that_dies_ends_the_source_which_goes_on_when_started_again(
    one: SmallOne, tmp_path: Path
) -> None:
    events, name = [document(str(number), unique=b"number %5d" % number) for number in range(15)], new_name()
    source = SourceProcess(tmp_path / "log", *flags(one.url, name, tmp_path / "work", "--tasks", "2"))
    for begin in range(0, 15, 5):
        one.add(*events[begin : begin + 5])
        source.start()
        tips = {str(stream_of(event)): str(event.cid) for event in events[: begin + 5]}
        topics_of(name, 6 + begin, tips)
        helpers = process_tree.processes(source.processes()[0])[1:]
        os.kill(helpers[begin // 5 % len(helpers)], signal.SIGKILL)
        # What dies takes the source along, but for what is started again or has no part in it.
        time.sleep(1)
        source.stop()
        wait_until_gone(helpers)
    source.start()
    wait_until(lambda: source.log.count("what follows is live") > 0)
    topics_of(name, 16, {})
    source.stop()
    found = topics_of(name, 16, {})
    assert found.event_count == 16, source.log[-3000:]


def test_a_check_says_that_it_is_one(one: SmallOne) -> None:
    result = run(
        "source", "check", "--source", one.url, "--kafka", shared_broker().plain, "--format", "ndjson"
    )
    assert result.exit_code == 0, result.output
    found = {line["check"]: line["detail"] for line in lines(result) if line["side"] == "node"}
    assert "ceramic-one 0.58.0 on inmemory" in found["reachable"]
    assert "/ceramic/feed/events can be read" in found["feeds"]
