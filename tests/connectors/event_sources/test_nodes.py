"""Feeds of real nodes, held to what every source promises."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ceramic_connectors.event_sources import patience
from ceramic_connectors.event_sources.feeds import open_feed
from ceramic_connectors.event_sources.node_feed import NodeFeed
from ceramic_connectors.event_sources.one_feed import OneFeed
from ceramic_connectors.source.errors import NodeRefusedError, NodeUnreachableError
from ceramic_connectors.source.node_origin import Wanted
from ceramic_connectors.sources import open_source
from ceramic_protocol.built import BuiltEvent
from ceramic_protocol.errors import CeramicError, OutsideError, UsageError
from ceramic_protocol.ports import EventSource, RawEvent
from infra.services.process import free_ports
from tests.connectors.event_sources.source_contract import SourceContract, items_of, signed_events
from tests.connectors.source.foreign.serving import SmallOne, as_ceramic_one, small_one
from tests.node.http.v1.making import NOTE, NOTES, POSTS, chain, stream_of
from tests.support.node import RunningNode, running_node

_BURNT = 7
_EVERY = 50


def submit_all(node: RunningNode, events: Sequence[BuiltEvent]) -> None:
    for start in range(0, len(events), 200):
        node.submit(*(event.car for event in events[start : start + 200]))


def prune_between(node: RunningNode, before: BuiltEvent, after: BuiltEvent) -> None:
    """Have a node take in a document between two others, and give up its bytes."""
    (between,) = chain(1, number=99)
    submit_all(node, [before])
    submit_all(node, [between])
    submit_all(node, [after])
    version = node.node.events.snapshot(between.cid).version
    assert node.node.events.prune({between.cid: version}, (1 << 62), 10).events == 1


def cars_of(source: EventSource) -> list[bytes]:
    return [item.car for item in items_of(source, 0, source.count) if isinstance(item, RawEvent)]


class TestNodeFeed(SourceContract):
    @classmethod
    @contextmanager
    def opened(cls, folder: Path, events: Sequence[BuiltEvent]) -> Iterator[EventSource]:
        with running_node(folder / "node") as node:
            submit_all(node, events)
            source = open_source(node.url, folder / "work")
            assert isinstance(source, NodeFeed)
            yield source

    @classmethod
    @contextmanager
    def damaged(cls, folder: Path, before: BuiltEvent, after: BuiltEvent) -> Iterator[EventSource]:
        with running_node(folder / "node") as node:
            prune_between(node, before, after)
            yield open_source(node.url, folder / "work")


class TestNodeAsCeramicOne(SourceContract):
    @classmethod
    @contextmanager
    def opened(cls, folder: Path, events: Sequence[BuiltEvent]) -> Iterator[EventSource]:
        with running_node(folder / "node", middlewares=[as_ceramic_one]) as node:
            submit_all(node, events)
            source = open_source(node.url, folder / "work")
            assert isinstance(source, OneFeed)
            yield source

    @classmethod
    @contextmanager
    def damaged(cls, folder: Path, before: BuiltEvent, after: BuiltEvent) -> Iterator[EventSource]:
        with running_node(folder / "node", middlewares=[as_ceramic_one]) as node:
            prune_between(node, before, after)
            yield open_source(node.url, folder / "work")


class TestGapsOfCeramicOne(SourceContract):
    """Numbers that are used up for nothing, as those of ceramic-one are (api.md 6.1)."""

    @classmethod
    @contextmanager
    def opened(cls, folder: Path, events: Sequence[BuiltEvent]) -> Iterator[EventSource]:
        with small_one() as one:
            for start in range(0, len(events), _EVERY):
                one.burn(_BURNT)
                one.add(*events[start : start + _EVERY])
            one.burn(1_000)
            yield open_source(one.url, folder / "work")

    @classmethod
    @contextmanager
    def damaged(cls, folder: Path, before: BuiltEvent, after: BuiltEvent) -> Iterator[EventSource]:
        with small_one([before]) as one:
            one.tell("bafynonsense", "m*")
            one.add(after)
            yield open_source(one.url, folder / "work")


def test_what_comes_after_opening_is_not_read(tmp_path: Path) -> None:
    for middlewares in ([], [as_ceramic_one]):
        with running_node(tmp_path / str(len(middlewares)), middlewares=middlewares) as node:
            submit_all(node, [NOTES])
            source = open_feed(node.url)
            submit_all(node, chain(3))
            assert cars_of(source) == [NOTES.car]


def test_a_feed_is_read_from_a_place_a_time_or_for_some_streams(tmp_path: Path) -> None:
    first, second = chain(3, 1), chain(3, 2)
    with running_node(tmp_path) as node:
        submit_all(node, [NOTES, *first])
        resume = node.get("/v1/info").json()["head"]["resume"]
        time.sleep(0.01)
        moment = time.time_ns() // 1_000_000
        submit_all(node, second)
        submit_all(node, [POSTS])
        expected = [event.car for event in [*second, POSTS]]
        assert cars_of(open_feed(node.url, resume=resume)) == expected
        assert cars_of(open_feed(node.url, since=moment)) == expected
        assert cars_of(open_feed(node.url, since=moment + 10**9)) == []
        wanted = Wanted(streams=(str(stream_of(first[0])),), include="car", settled=False)
        source = open_feed(node.url, wanted=wanted)
        assert cars_of(source) == [event.car for event in first]
        assert [item.position for item in items_of(source, 2, 4)] == [3, 4]
        models = Wanted(models=(str(NOTE),), include="car", settled=False)
        assert len(cars_of(open_feed(node.url, wanted=models))) == 6
        for wrong in ("x", "f-00-1", f"{resume}x", resume[:-1]):
            with pytest.raises(UsageError, match="no place of this node's feed"):
                open_feed(node.url, resume=wrong)
        with pytest.raises(UsageError, match="not both"):
            open_feed(node.url, resume=resume, since=moment)


def test_a_ceramic_one_is_read_from_a_token_on_and_has_no_filters() -> None:
    with small_one([NOTES, *chain(3)]) as one:
        assert cars_of(open_feed(one.url, resume="3")) == [event.car for event in chain(3)[1:]]
        assert cars_of(open_feed(one.url, resume="1000")) == []
        for wrong in ("x", "-1", "9" * 30, "", "1.5"):
            with pytest.raises(UsageError, match="no resumeToken"):
                open_feed(one.url, resume=wrong)
        with pytest.raises(UsageError, match="no filters"):
            open_feed(one.url, since=1)


def test_connections_that_break_are_made_again(tmp_path: Path) -> None:
    numbers = count()

    @web.middleware
    async def breaking(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path == "/v1/feed" and next(numbers) in {1, 2, 3}:
            assert request.transport is not None
            request.transport.abort()
        return await handler(request)

    with running_node(tmp_path, middlewares=[breaking]) as node:
        submit_all(node, signed_events())
        assert cars_of(open_feed(node.url)) == [event.car for event in signed_events()]
        assert next(numbers) > 4


def test_a_node_that_is_started_again_is_read_on() -> None:
    (port,) = free_ports(1)
    with small_one(signed_events(), port) as one:
        source = open_feed(one.url)
        pages = source.read(0, source.count)
        first = next(pages)
    back = threading.Event()

    def serve() -> None:
        time.sleep(1)
        with small_one(signed_events(), port):
            back.wait()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        items = [*first.items, *(item for page in pages for item in page.items)]
    finally:
        back.set()
        thread.join()
    assert [item.car for item in items if isinstance(item, RawEvent)] == [e.car for e in signed_events()]


def test_a_node_that_stays_away_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience.patiently, "__defaults__", (0.5,))
    with running_node(tmp_path) as node:
        submit_all(node, [NOTES])
        ours = open_feed(node.url)
    with small_one([NOTES]) as one:
        others = open_feed(one.url)
    for source in (ours, others):
        with pytest.raises(NodeUnreachableError):
            cars_of(source)


def test_another_store_is_not_taken_for_the_one_that_was_opened(tmp_path: Path) -> None:
    with running_node(tmp_path) as node:
        submit_all(node, [NOTES, *chain(2)])
        source = open_feed(node.url)
        assert isinstance(source, NodeFeed)
        with pytest.raises(OutsideError, match="set up or restored anew"):
            items_of(replace(source, tokens="f-00-"), 1, 2)
    with small_one([NOTES, *chain(2)]) as one:
        foreign = open_feed(one.url)
        one.events.pop()
        one.restart()
        one.add(*chain(1, 5))
        with pytest.raises(OutsideError, match="set up or restored anew"):
            items_of(foreign, 0, 3)


@pytest.mark.parametrize(
    "address", ["http://user:word@127.0.0.1:1", "http://127.0.0.1:1?token=x", "http://word@127.0.0.1:1/x"]
)
def test_secrets_have_no_place_in_an_address(address: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no user and no query") as caught:
        open_source(address, tmp_path)
    assert "word" not in str(caught.value)


def test_a_token_is_read_where_a_variable_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.headers.get("Authorization") != "Bearer open sesame":
            raise web.HTTPUnauthorized
        return await handler(request)

    with running_node(tmp_path, middlewares=[guarded]) as node:
        with pytest.raises(NodeRefusedError):
            open_source(node.url, tmp_path)
        monkeypatch.setenv("MY_TOKEN", "open sesame")
        monkeypatch.setenv("CERAMIC_STREAMS_NODE_TOKEN", "env:MY_TOKEN")
        assert open_source(node.url, tmp_path).count == 0
        monkeypatch.delenv("CERAMIC_STREAMS_NODE_TOKEN")
        monkeypatch.setenv("CERAMIC_STREAMS_TOKEN", "open sesame")
        source = open_source(node.url, tmp_path)
        assert "sesame" not in repr(source)


_SIMPLE = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
_ENTRY = st.fixed_dictionaries(
    {}, optional={"cid": _SIMPLE, "car": _SIMPLE | st.just("mAAAA"), "position": _SIMPLE}
)
_PAGE = st.fixed_dictionaries(
    {
        "events": st.lists(_ENTRY, max_size=3) | _SIMPLE,
        "resume": st.just("f-a-2") | _SIMPLE,
        "is_end": _SIMPLE,
    }
)
_PLACE = st.fixed_dictionaries({"resume": st.just("f-a-2") | _SIMPLE, "position": st.just(2) | _SIMPLE})
_INFO = st.fixed_dictionaries(
    {
        "epoch": _SIMPLE,
        "network": _SIMPLE,
        "head": _PLACE | _SIMPLE,
        "follower": st.just({"resume": "c-a-1", "position": 1, "generation": "a"}) | _SIMPLE,
    }
)


@pytest.fixture(scope="module")
def one() -> Iterator[SmallOne]:
    with small_one() as one:
        yield one


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(info=_INFO, page=_PAGE)
def test_whatever_a_node_answers_errors_are_ours(
    one: SmallOne, monkeypatch: pytest.MonkeyPatch, info: Any, page: Any
) -> None:
    monkeypatch.setattr(patience.patiently, "__defaults__", (0.0,))
    monkeypatch.setattr(patience, "ORIGIN_RETRY_SECONDS", 0.0)
    one.answers = {"/v1/info": (200, json.dumps(info).encode()), "/v1/feed": (200, json.dumps(page).encode())}
    try:
        source = open_feed(one.url)
        assert len(items_of(replace(source, count=min(source.count, 100)), 0, 100)) <= 100
    except CeramicError:
        pass
