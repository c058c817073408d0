"""Following the feed by Server-Sent Events."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest

from ceramic_node.http.v1.feed import consumers, sse
from ceramic_node.http.v1.feed import following as loop_module
from ceramic_node.http.v1.keys import CONSUMERS
from tests.node.http.v1 import making
from tests.node.http.v1.following import following
from tests.node.http.v1.making import ALICE, NOTE, get
from tests.support.node import RunningNode, running_node

EVENTS = making.chain(10)
LARGE = [making.document("x" * 100_000, unique=bytes([number])) for number in range(40)]


@pytest.fixture
def node() -> Iterator[RunningNode]:
    with running_node() as running:
        yield running


def test_what_was_there_goes_over_into_what_comes(node: RunningNode) -> None:
    making.submit(node, *EVENTS[:4])
    with following(node, "/feed/stream") as source:
        before = source.until("live")
        assert source.retry == 2000
        making.submit(node, *EVENTS[4:])
        after = source.take(6)
    assert [event.data["cid"] for event in before + after] == making.cids(EVENTS)
    assert all(event.id == event.data["resume"] for event in before + after)
    assert source.answer.headers["Content-Type"] == "text/event-stream"
    assert source.answer.headers["Cache-Control"] == "no-store"


def test_a_browser_that_connects_again_misses_nothing(node: RunningNode) -> None:
    making.submit(node, *EVENTS)
    seen, last_id = [], None
    for _ in range(3):
        with following(node, "/feed/stream", last_id, since="0") as source:
            seen += [event.data["cid"] for event in source.take(3)]
            last_id = source.last_id
    with following(node, "/feed/stream", last_id) as source:
        seen += [event.data["cid"] for event in source.until("live")]
    assert seen == making.cids(EVENTS)


def test_the_last_id_counts_more_than_where_it_began(node: RunningNode) -> None:
    making.submit(node, *EVENTS)
    token = get(node, "/feed", limit=8).json()["resume"]
    with following(node, "/feed/stream", token, since="now") as source:
        assert [event.data["cid"] for event in source.until("live")] == making.cids(EVENTS[8:])


def test_a_last_id_of_elsewhere_is_refused(node: RunningNode) -> None:
    for given, status in (("f-00-1", 410), ("nonsense", 400)):
        said = node.get("/v1/feed/stream", **{"Last-Event-ID": given})
        assert said.status == status


def test_filters_and_data_are_those_of_pages(node: RunningNode) -> None:
    making.submit(node, making.NOTES, *EVENTS)
    query: dict[str, Any] = {"model": NOTE, "kind": "data", "includeData": "full", "judged": "true"}
    with following(node, "/feed/stream", **query) as source:
        streamed = [event.data for event in source.until("live")]
    assert streamed == get(node, "/feed", **query).json()["events"]


def test_a_sign_of_life_moves_the_id_on(node: RunningNode) -> None:
    with patch.object(loop_module, "PUSH_HEARTBEAT_SECONDS", 0.1):
        with following(node, "/feed/stream", model=making.POST, seconds=3.0) as source:
            source.until("live")
            making.submit(node, *EVENTS)
            assert list(source) == []
        assert source.comments
        assert source.last_id == get(node, "/feed").json()["resume"]


def test_it_ends_when_it_is_asked_to(node: RunningNode) -> None:
    start = time.monotonic()
    with following(node, "/feed/stream", seconds=0.3) as source:
        assert [event.type for event in source] == ["live"]
    assert 0.2 < time.monotonic() - start < 30


def test_it_ends_when_the_node_does() -> None:
    with running_node() as node:
        making.submit(node, *EVENTS)
        found = []
        ready = threading.Event()

        def follow() -> None:
            with following(node, "/feed/stream") as source:
                found.extend(source.until("live"))
                ready.set()
                found.extend(source)

        thread = threading.Thread(target=follow)
        thread.start()
        assert ready.wait(60)
    thread.join(60)
    assert (len(found), found[-1].type) == (len(EVENTS) + 1, "stopping")
    assert found[-1].data["resume"] == found[-2].id


def test_there_are_only_so_many(node: RunningNode) -> None:
    with patch.object(consumers, "MAX_PUSH_CONSUMERS", 1), following(node, "/feed/stream") as source:
        source.until("live")
        said = get(node, "/feed/stream")
        assert (said.status, said.json()["code"]) == (503, "too_many_consumers")
    for _ in range(100):
        making.submit(node, EVENTS[0])
        if node.app[CONSUMERS].count == 0:
            break
        time.sleep(0.05)


def test_one_who_takes_nothing_is_bounded_and_told_and_misses_nothing(node: RunningNode) -> None:
    with patch.object(sse, "PUSH_STALL_SECONDS", 0.5), patch.object(sse, "PUSH_LINGER_SECONDS", 20.0):
        making.submit(node, *LARGE)
        with following(node, "/feed/stream", includeData="full", buffer=4096) as source:
            until = time.monotonic() + 60
            most = 0
            while not node.app[CONSUMERS].lagging and time.monotonic() < until:
                most = max([most, *node.app[CONSUMERS].waiting()])
                time.sleep(0.01)
            seen = source.until("lagging")
            resume = source.last_id
            assert list(source) == []
    with following(node, "/feed/stream", resume, includeData="full") as source:
        rest = source.until("live")
    assert 0 < len(seen) < len(LARGE)
    assert [event.data["cid"] for event in seen + rest] == making.cids(LARGE)
    assert most < 1_000_000


def test_one_who_never_takes_anything_is_dropped(node: RunningNode) -> None:
    with patch.object(sse, "PUSH_STALL_SECONDS", 0.2), patch.object(sse, "PUSH_LINGER_SECONDS", 0.2):
        making.submit(node, *LARGE)
        with following(node, "/feed/stream", includeData="full", buffer=4096):
            until = time.monotonic() + 60
            while node.app[CONSUMERS].count or not node.app[CONSUMERS].lagging:
                assert time.monotonic() < until
                time.sleep(0.05)


def test_one_who_leaves_disturbs_nobody(node: RunningNode) -> None:
    making.submit(node, *LARGE[:20])
    for _ in range(5):
        with following(node, "/feed/stream", includeData="full") as source:
            source.take(1)
    with following(node, "/feed/stream") as source:
        assert len(source.until("live")) == 20
        making.submit(node, *EVENTS)
        assert [event.data["cid"] for event in source.take(10)] == making.cids(EVENTS)
    assert ALICE.controller
