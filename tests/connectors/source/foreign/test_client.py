"""Whatever a server answers, what comes out is what was asked for or an error of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ceramic_connectors.endpoint import Endpoint
from ceramic_connectors.http_post import TooLargeError
from ceramic_connectors.source.errors import NodeRefusedError, NodeUnreachableError
from ceramic_connectors.source.foreign.client import OneClient
from ceramic_connectors.source.foreign.foreign_origin import ForeignOrigin
from ceramic_connectors.source.foreign.workers import Workers
from ceramic_connectors.source.node_origin import Wanted
from ceramic_connectors.source.origin import Feed, Page, Place
from ceramic_connectors.source.recognising import Kind, recognise
from tests.connectors.source.foreign.serving import SmallOne, small_one
from tests.node.http.v1.making import NOTES, chain

_SIMPLE = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
_JSON = st.recursive(
    _SIMPLE,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["events", "resumeToken", "id", "data", "name", "x"]), inner)
    ),
    max_leaves=6,
)
_ROW = st.fixed_dictionaries(
    {"id": st.text(max_size=8) | _SIMPLE}, optional={"data": st.text(max_size=8) | _SIMPLE}
)
_PAGE = st.fixed_dictionaries(
    {
        "events": st.lists(_ROW, max_size=3),
        "resumeToken": st.sampled_from(["0", "1", "7", "-1", "", "9" * 19]) | _SIMPLE,
    }
)
_BODY = st.binary(max_size=30) | (_JSON | _PAGE).map(lambda value: json.dumps(value).encode())
_ANSWER = st.tuples(st.sampled_from([200, 200, 200, 400, 404, 429, 500]), _BODY)


@pytest.fixture(scope="module")
def one() -> Iterator[SmallOne]:
    with small_one() as one:
        yield one


@given(_ANSWER, _ANSWER, _ANSWER)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_answer(
    one: SmallOne,
    workers: Workers,
    page: tuple[int, bytes],
    event: tuple[int, bytes],
    other: tuple[int, bytes],
) -> None:
    one.answers = {
        "/ceramic/feed/events": page,
        "/ceramic/events/": event,
        "/ceramic/": other,
        "/v1/info": other,
    }
    origin = ForeignOrigin(OneClient(Endpoint.parse(one.url)), workers, Wanted())
    place = Place(None, 0, "")
    try:
        found = origin.page(Feed.EVENTS, place, 10, 0.0)
        assert isinstance(found, Page)
        assert found.is_end == (found.place == place) == (not found.entries)
        assert all(entry["check"]["verdict"] != "valid" for entry in found.entries)
    except (NodeUnreachableError, NodeRefusedError):
        pass
    finally:
        origin.close()
    for ask in (origin.about, lambda: recognise(Endpoint.parse(one.url))):
        try:
            ask()
        except (NodeUnreachableError, NodeRefusedError):
            continue


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"events": [], "resumeToken": "x"}, "a token that is no number"),
        ({"events": [], "resumeToken": "9223372036854775808"}, "a token that is no number"),
        ({"events": {}, "resumeToken": "1"}, "no list of events"),
        ({"events": [5], "resumeToken": "1"}, "an event that is no object"),
        ({"events": [{"id": 1}], "resumeToken": "1"}, "an event without id"),
        ({"events": [{"id": "b"}], "resumeToken": "5"}, "token 5 behind events from 5 on"),
    ],
)
def test_what_is_wrong_is_told(one: SmallOne, said: Any, wrong: str) -> None:
    one.answers = {"/ceramic/feed/events": (200, json.dumps(said).encode())}
    with pytest.raises(NodeUnreachableError, match=wrong):
        OneClient(Endpoint.parse(one.url)).ids(5, 10)


def test_a_network_that_nobody_knows(one: SmallOne) -> None:
    one.answers = {}
    one.network = "moon"
    with pytest.raises(NodeRefusedError, match="names no network that is known: 'moon'"):
        OneClient(Endpoint.parse(one.url)).network()
    one.network = "local-7"
    assert OneClient(Endpoint.parse(one.url)).network().name == "local-7"


def test_a_page_that_is_too_large_is_asked_for_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    with small_one([NOTES, *chain(15)]) as one:
        client = OneClient(Endpoint.parse(one.url))
        size = len(one.answer("/ceramic/feed/events?resumeAt=0&limit=5&includeData=full")[1])
        monkeypatch.setattr("ceramic_connectors.source.foreign.client.MAX_ORIGIN_ANSWER_BYTES", size)
        token, seen = 0, []
        while rows := client.events(token, 16).rows:
            seen += [row.cid for row in rows]
            token = client.events(token, 16).token
        assert seen == [event.cid for event in one.events]
        monkeypatch.setattr("ceramic_connectors.source.foreign.client.MAX_ORIGIN_ANSWER_BYTES", 100)
        with pytest.raises(NodeRefusedError, match="an event behind 3 of more than 100 bytes"):
            client.events(3, 16)
        with pytest.raises(TooLargeError):
            client._asker.ask("/ceramic/feed/events?resumeAt=0&limit=5&includeData=full", 100)
        assert client.event(one.events[0].cid) is None


def test_it_is_a_ceramic_one(one: SmallOne) -> None:
    one.answers = {}
    assert recognise(Endpoint.parse(one.url)) is Kind.CERAMIC_ONE
