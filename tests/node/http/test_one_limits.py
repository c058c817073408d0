"""Bounds of ceramic-one's API, and what else it promises beside its form."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ceramic_node.http.app import HttpSettings
from ceramic_node.http.one import asking, events, feed
from ceramic_node.http.settled import settled_stream
from ceramic_node.intake import Answer, Overloaded, Stopping
from ceramic_protocol import multibase
from ceramic_protocol.errors import OutsideError
from ceramic_protocol.limits import MAX_EVENT_CAR_BYTES
from tests.node.http.making import MODEL_EVENT, NUMBERS, change, document, id_of, post
from tests.support.node import RunningNode, running_node


@pytest.fixture
def node() -> Iterator[RunningNode]:
    with running_node() as running:
        yield running


def fill(node: RunningNode, count: int) -> list[str]:
    made = [document(number) for number in range(count)]
    node.submit(MODEL_EVENT.car, *(event.car for event in made))
    return [str(MODEL_EVENT.cid), *(str(event.cid) for event in made)]


def test_a_page_with_data_ends_where_it_gets_too_large(
    node: RunningNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    cids = fill(node, 40)
    monkeypatch.setattr(feed, "MAX_ANSWER_EVENT_BYTES", 5_000)
    monkeypatch.setattr(feed, "MAX_ANSWER_CHUNK", 4)
    read: list[str] = []
    token, pages = "0", 0
    while True:
        page = node.get(f"/ceramic/feed/events?includeData=full&limit=10000&resumeAt={token}").json()
        if not page["events"]:
            break
        read += [event["id"] for event in page["events"]]
        token, pages = page["resumeToken"], pages + 1
        assert sum(len(event["data"]) for event in page["events"]) < 10_000
    assert read == cids
    assert pages > 3


def test_tokens_mean_the_same_after_a_restart(tmp_path: Path) -> None:
    with running_node(tmp_path) as node:
        fill(node, 3)
        for _ in range(5):
            assert post(node, document(1)).status == 204
        token = node.get("/ceramic/feed/resumeToken").json()["resumeToken"]
        assert token == node.get("/ceramic/feed/events").json()["resumeToken"]
    with running_node(tmp_path) as node:
        assert node.get("/ceramic/feed/resumeToken").json()["resumeToken"] == token
        assert post(node, document(7)).status == 204
        page = node.get(f"/ceramic/feed/events?resumeAt={token}").json()
        assert [event["id"] for event in page["events"]] == [str(document(7).cid)]


def test_a_writer_reads_what_it_wrote(node: RunningNode) -> None:
    init = document(0)
    fill(node, 1)
    last = init
    for number in range(1, 30):
        last = change(init, last, number)
        assert post(node, last).status == 204
        said = node.get(f"/ceramic/streams/{id_of(init)}").json()
        assert said["event_cid"] == str(last.cid)
        assert json.loads(multibase.decode(said["data"]))["content"] == {"n": number}


def test_many_write_and_read_at_once(tmp_path: Path) -> None:
    with running_node(tmp_path) as node:
        node.submit(MODEL_EVENT.car)

        def write(number: int) -> int:
            init = document(number)
            answers = [post(node, init), post(node, change(init, init, -number))]
            assert [said.status for said in answers] == [204, 204]
            state = node.get(f"/ceramic/streams/{id_of(init)}").json()
            assert json.loads(multibase.decode(state["data"]))["content"] == {"n": -number}
            return number

        with ThreadPoolExecutor(16) as pool:
            assert len(list(pool.map(write, range(1, 65)))) == 64
        page = node.get("/ceramic/feed/events?limit=1000").json()
        assert len({event["id"] for event in page["events"]}) == len(page["events"]) == 129


def test_multibase_of_every_usual_kind_is_read(node: RunningNode) -> None:
    car = MODEL_EVENT.car
    b32 = base64.b32encode(car).decode()
    texts = [
        "m" + base64.b64encode(car).decode().rstrip("="),
        "M" + base64.b64encode(car).decode(),
        "u" + base64.urlsafe_b64encode(car).decode().rstrip("="),
        "U" + base64.urlsafe_b64encode(car).decode(),
        "f" + car.hex(),
        "F" + car.hex().upper(),
        "b" + b32.rstrip("=").lower(),
        "B" + b32.rstrip("="),
        "c" + b32.lower(),
        "C" + b32,
        "v" + base64.b32hexencode(car).decode().rstrip("=").lower(),
        "T" + base64.b32hexencode(car).decode(),
        multibase.encode(car, "z"),
        multibase.encode(car, "k"),
        "K" + multibase.encode(car, "k")[1:].upper(),
    ]
    for text in texts:
        assert node.post("/ceramic/events", {"data": text}).status == 204, text[:1]
    for text in ["9" + str(int.from_bytes(car, "big")), "M" + "A" * 7, "m!", "f0", "z" + "1" * 20_000]:
        assert node.post("/ceramic/events", {"data": text}).status == 400, text[:1]
    assert len(node.get("/ceramic/feed/events").json()["events"]) == 1


def test_large_bodies_and_events_are_refused() -> None:
    with running_node(settings=HttpSettings(max_request_bytes=4 * MAX_EVENT_CAR_BYTES)) as node:
        for path in ("/ceramic/events", "/ceramic/interests", "/api/v0/multiqueries"):
            assert node.post(path, b"x" * (4 * MAX_EVENT_CAR_BYTES + 1)).status == 413
        large = MODEL_EVENT.car + bytes(MAX_EVENT_CAR_BYTES)
        said = node.post("/ceramic/events", {"data": multibase.encode(large, "m")})
        assert said.status == 400
        assert said.json()["message"].startswith("Failed to parse EventID from event CAR file data: ")


def test_slow_bodies_end(node: RunningNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "BODY_SECONDS", 0.2)
    parts = urlsplit(node.url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60) as sock:
        sock.sendall(b"POST /ceramic/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        assert sock.recv(1000).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            Overloaded("64 MB wait"),
            "Database service queue is too full to accept requests, error: 64 MB wait",
        ),
        (Stopping("the node is stopping"), "Database service not available, error: the node is stopping"),
        (OutsideError("disk /secret is full"), "Failed to insert event: the store failed"),
    ],
)
def test_what_keeps_events_from_being_kept_is_said(
    node: RunningNode, monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    async def fail(_cars: object, **_options: bool) -> list[Answer]:
        raise error

    monkeypatch.setattr(node.node, "submit", fail)
    said = post(node, MODEL_EVENT)
    assert (said.status, said.json()) == (500, {"message": message})


def test_who_waits_too_long_to_be_kept_is_told(node: RunningNode, monkeypatch: pytest.MonkeyPatch) -> None:
    async def wait(_cars: object, **_options: bool) -> list[Answer]:
        await asyncio.sleep(60)
        return []

    monkeypatch.setattr(node.node, "submit", wait)
    monkeypatch.setattr(events, "INTAKE_SECONDS", 0.1)
    said = post(node, MODEL_EVENT)
    detail = "Timeout waiting for database service response, error: deadline has elapsed"
    assert (said.status, said.json()) == (500, {"message": detail})


def test_a_state_is_awaited_for_a_while_only(node: RunningNode, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(node, 1)
    init = document(0)
    node.call(asyncio.to_thread(node.node.follower.stop))
    assert post(node, change(init, init, 5)).status == 204
    start = time.monotonic()
    said = node.get(f"/ceramic/streams/{id_of(init)}").json()
    assert said["event_cid"] == str(init.cid)
    assert 1.5 < time.monotonic() - start < 30
    monkeypatch.setattr(settled_stream, "__defaults__", (60.0,))
    start = time.monotonic()
    assert node.get(f"/ceramic/streams/{id_of(document(99))}").status == 404
    assert time.monotonic() - start < 30


def test_ranges_are_stable_while_events_come_in(node: RunningNode) -> None:
    fill(node, 5)
    path = f"/ceramic/experimental/events/model/{NUMBERS}"
    first = node.get(f"{path}?limit=3").json()
    for number in range(50, 60):
        post(node, document(number))
    rest, offset = [], first["resumeOffset"]
    while True:
        page = node.get(f"{path}?limit=3&offset={offset}").json()
        rest += page["events"]
        offset = page["resumeOffset"]
        if page["isComplete"]:
            break
    cids = [event["id"] for event in first["events"] + rest]
    assert cids == [str(document(number).cid) for number in (*range(5), *range(50, 60))]


def test_interests_are_listed_and_last(tmp_path: Path) -> None:
    with running_node(tmp_path) as node:
        assert node.post("/ceramic/interests", {"sep": "model", "sepValue": str(NUMBERS)}).status == 204
        (listed,) = node.get("/ceramic/experimental/interests").json()["interests"]
        assert listed["data"].startswith("z")
        peer = "12D3KooWRyGSRzzEBpHbHyRkGTgCpXuoRMQgYrqk7tFQzM3AFEWp"
        assert node.get(f"/ceramic/experimental/interests?peerId={peer}").json() == {"interests": []}
    with running_node(tmp_path) as node:
        assert node.get("/ceramic/experimental/interests").json()["interests"] == [listed]


def test_pages_may_read_from_where_they_are_let() -> None:
    origins = ["https://one.example", "https://two.example"]
    with running_node(settings=HttpSettings(cors_origins=origins)) as node:
        for path in ("/ceramic/version", "/ceramic/nothing", "/api/v0/node/chains"):
            for sent, told in [(origins[1], origins[1]), ("https://evil.example", origins[0])]:
                said = node.get(path, Origin=sent)
                assert said.headers["access-control-allow-origin"] == told
                assert said.headers["vary"] == "Origin"
            assert node.get(path).headers["access-control-allow-origin"] == origins[0]


def test_marks_of_requests_are_repeated_only_if_they_are_plain(node: RunningNode) -> None:
    assert node.get("/ceramic/version", **{"X-Span-ID": "abc"}).headers["x-span-id"] == "abc"
    for bad in ("x" * 200, "ž".encode().decode("latin-1")):
        said = node.get("/ceramic/version", **{"X-Span-ID": bad}).headers["x-span-id"]
        assert len(said) == 36
