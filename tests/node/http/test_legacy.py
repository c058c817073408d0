"""js-ceramic's API where its client doesn't go: bounds, and requests that make no sense."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ceramic_node.http.legacy import collection, commits, documents, loading, multiqueries
from ceramic_protocol.ids import TILE, StreamId
from tests.node.http.making import BUILDER, MODEL_EVENT, NUMBERS, SIGNER, change, document, id_of
from tests.support import signing
from tests.support.node import RunningNode, running_node

COUNT = 30


@pytest.fixture
def node() -> Iterator[RunningNode]:
    with running_node() as running:
        made = [document(number) for number in range(COUNT)]
        running.submit(MODEL_EVENT.car, *(event.car for event in made))
        yield running


def numbers(page: dict[str, Any]) -> list[int]:
    return [edge["node"]["content"]["n"] for edge in page["edges"]]


def query(node: RunningNode, **asked: Any) -> dict[str, Any]:
    said = node.post("/api/v0/collection", {"model": str(NUMBERS), **asked})
    assert said.status == 200, said.text
    found = said.json()
    assert isinstance(found, dict)
    return found


def test_large_pages_end_early_and_say_that_there_is_more(
    node: RunningNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collection, "MAX_LEGACY_BYTES", 1_000)
    for size, cursor, end, more in [
        ("first", "after", "endCursor", "hasNextPage"),
        ("last", "before", "startCursor", "hasPreviousPage"),
    ]:
        pages: list[list[int]] = []
        asked: dict[str, Any] = {size: 1000}
        while True:
            page = query(node, **asked)
            pages.append(numbers(page))
            assert 0 < len(pages[-1]) < COUNT
            if not page["pageInfo"][more]:
                break
            asked[cursor] = page["pageInfo"][end]
        read = [number for page in (pages if size == "first" else reversed(pages)) for number in page]
        assert read == list(range(COUNT))


def test_pages_backwards_find_what_lies_far_behind(
    node: RunningNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few documents, then many events of others, with stretches that are too full for one page."""
    monkeypatch.setattr(documents, "COLLECTION_CHUNK", 2)
    monkeypatch.setattr(documents, "MAX_STORE_PAGE", 4)
    init = document(0)
    last = init
    cars = []
    for number in range(200):
        last = change(init, last, number)
        cars.append(last.car)
    node.submit(*cars)
    for size in (1, 3, 7, 29, 30, 31):
        page = query(node, last=size)
        assert [edge["node"]["log"][0]["cid"] for edge in page["edges"]] == [
            str(document(number).cid) for number in range(COUNT)
        ][-size:]
        assert page["pageInfo"]["hasPreviousPage"] is (size < COUNT)


def test_documents_that_are_not_to_be_found_are_not(node: RunningNode) -> None:
    hidden = BUILDER.init(NUMBERS, {"n": 99}, unique=b"hidden", should_index=False)
    text = BUILDER.init(NUMBERS, {"n": '"shouldIndex":false'}, unique=b"text")
    node.submit(hidden.car, text.car)
    assert numbers(query(node, last=2)) == [COUNT - 1, '"shouldIndex":false']
    said = node.post("/api/v0/collection/count", {"model": str(NUMBERS)})
    assert said.json() == {"count": COUNT + 1}
    state = node.get(f"/api/v0/streams/{id_of(hidden)}").json()["state"]
    assert state["metadata"]["shouldIndex"] is False


def test_counts_are_bounded(node: RunningNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collection, "MAX_STORE_PAGE", 5)
    monkeypatch.setattr(collection, "MAX_COUNTED_DOCUMENTS", 10)
    said = node.post("/api/v0/collection/count", {"model": str(NUMBERS)})
    assert said.status == 400
    assert "count them with SQL" in said.json()["error"]
    said = node.post("/api/v0/collection/count", {"model": str(NUMBERS), "account": SIGNER.did})
    assert said.status == 400
    said = node.post("/api/v0/collection/count", {"model": str(NUMBERS), "account": "did:key:nobody"})
    assert said.json() == {"count": 0}


def test_long_logs_are_not_shown(node: RunningNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "MAX_LEGACY_LOG", 1)
    init = document(0)
    node.submit(change(init, init, 7).car)
    said = node.get(f"/api/v0/streams/{id_of(init)}")
    assert (said.status, said.json()) == (400, {"error": "the log is too long to be shown: 2 events"})
    monkeypatch.setattr(commits, "MAX_LEGACY_BYTES", 100)
    assert node.get(f"/api/v0/commits/{NUMBERS}").status == 400


def test_many_queries_stop_where_there_is_too_much(
    node: RunningNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries = [{"streamId": str(id_of(document(number)))} for number in range(COUNT)]
    assert len(node.post("/api/v0/multiqueries", {"queries": queries}).json()) == COUNT
    monkeypatch.setattr(multiqueries, "MAX_LEGACY_BYTES", 1_000)
    assert 0 < len(node.post("/api/v0/multiqueries", {"queries": queries}).json()) < COUNT
    monkeypatch.setattr(multiqueries, "MAX_MULTIQUERIES", 10)
    assert node.post("/api/v0/multiqueries", {"queries": queries}).status == 400
    assert node.post("/api/v0/multiqueries", {"queries": queries[:5], "timeout": 0}).json() == {}


def test_links_that_go_round_end(node: RunningNode) -> None:
    first = document(1000)
    second = document(1001, to=str(id_of(first)))
    node.submit(first.car, second.car)
    paths = ["/to" * 50]
    asked = {"queries": [{"streamId": str(id_of(second)), "paths": paths}]}
    assert set(node.post("/api/v0/multiqueries", asked).json()) == {str(id_of(first)), str(id_of(second))}


def test_streams_of_old_kinds_have_no_state_here(node: RunningNode) -> None:
    tile = signing.init(signing.ed25519(5), {"a": 1}, model=None)
    node.submit(tile.car)
    said = node.get(f"/api/v0/streams/{StreamId.of(TILE, tile.cid)}")
    assert (said.status, said.json()) == (400, {"error": "there are no states of streams of type tile here"})


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v0/streams/nonsense", 400),
        (f"/api/v0/streams/{NUMBERS}?atTime=x", 400),
        (f"/api/v0/streams/{NUMBERS}?atTime=0", 200),
        (f"/api/v0/streams/{NUMBERS}/content", 200),
        (f"/api/v0/streams/{id_of(document(5000))}", 404),
        (f"/api/v0/streams/{StreamId.of(3, MODEL_EVENT.cid)}", 404),
        ("/api/v0/commits/nonsense", 400),
        ("/api/v0/pins/x", 404),
    ],
)
def test_requests_that_make_no_sense(node: RunningNode, path: str, status: int) -> None:
    said = node.get(path)
    assert said.status == status
    if status != 200 and "pins" not in path:
        assert said.json()["error"]


@pytest.mark.parametrize("path", ["/api/v0/collection", "/api/v0/collection/count", "/api/v0/multiqueries"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff",
        b'{"first":1}',
        b'{"first":1,"model":5}',
        b'{"first":1,"model":"x"}',
        b'{"first":true,"model":"x"}',
        b'{"queries":5}',
        b'{"queries":[5]}',
        b'{"models":["a","b"],"first":1}',
        b"[" * 100_000,
    ],
)
def test_bodies_that_make_no_sense(node: RunningNode, path: str, body: bytes) -> None:
    said = node.post(path, body)
    assert said.status == 400
    assert said.json()["error"]
