"""The client of an anchor service, against one that behaves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ceramic_connectors.dev_chain import DevChain
from ceramic_node.anchoring import (
    AnchorApi,
    AnchorService,
    Leaf,
    RemoteAnchorer,
    State,
    Trouble,
    node_stream,
)
from ceramic_node.anchoring.remote_requests import authorization
from ceramic_protocol.accounts.signers import Ed25519Signer, P256Signer
from ceramic_protocol.builder import EventBuilder
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import OutsideError, UsageError
from ceramic_protocol.ids import MODEL_INSTANCE, UNLOADABLE, StreamId
from ceramic_protocol.networks import MAINNET
from ceramic_protocol.ports import NoChain
from tests.node.anchoring.crashing import Anchoring, Crash, Fuse, Sinking, fused
from tests.node.anchoring.making import leaf, leaves, stream, tip
from tests.node.anchoring.remote_world import SIGNER, World
from tests.node.anchoring.service_stub import service
from tests.support.web import Exchange, closed_port, serving


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with service(DevChain()) as running:
        yield World(running, tmp_path)


def test_each_event_is_a_request(world: World) -> None:
    with world.book() as book:
        book.request_all(leaves(5))
        made = world.make(book)
        world.ticks(made, 10)
        assert {each.status for each in world.service.known.values()} == {"PENDING"}
        assert world.service.posts == 5
        assert book.counts()[State.SENT] == 5
        world.service.process()
        world.ticks(made)
        world.sink.check(world.service.chain, leaves(5))
        assert world.service.posts == 5
        assert world.service.forms == ["application/json"] * 5
    answered = {each.completed["anchorCommit"]["cid"] for each in world.service.known.values()}
    assert answered == {str(each.event.cid) for each in world.sink.events.values()}, "the very same events"


def test_a_batch_is_a_request(world: World) -> None:
    world.options = {"stream": node_stream(SIGNER)}
    world.limit = 3
    with world.book() as book:
        book.request_all(leaves(8))
        made = world.make(book)
        for _ in range(6):
            world.ticks(made, 5)
            world.service.process()
        world.ticks(made)
        world.sink.check(world.service.chain, leaves(8))
    assert world.service.posts == 3
    assert {each.stream for each in world.service.known.values()} == {node_stream(SIGNER)}


def test_the_stream_of_a_node_is_its_key() -> None:
    made = node_stream(SIGNER)
    assert (made.stream_type, made) == (UNLOADABLE, StreamId.parse(str(made)))
    assert made.cid.endswith(SIGNER.public_key.data)


def test_events_go_along_in_a_car(world: World) -> None:
    builder = EventBuilder(SIGNER)
    model = StreamId.of(2, Cid.of(b"model"))
    first = builder.init(model, {"body": "Hello"}, unique=b"1")
    second = builder.data(first.cid, first.cid, [])
    wanted = Leaf(StreamId.of(MODEL_INSTANCE, first.cid), second.cid)
    world.signer, world.service.allowed = SIGNER, {SIGNER.did}
    with world.book() as book:
        book.request(*wanted)
        made = world.make(book, events=lambda _leaf: [first.car, second.car])
        world.ticks(made, 5)
        assert world.service.forms == ["application/vnd.ipld.car"]
        assert world.service.known[second.cid].timestamp == "2023-11-14T22:13:20.000Z"
        world.service.process()
        world.ticks(made)
        world.sink.check(world.service.chain, [wanted])


def test_an_event_that_can_not_be_read_is_told(world: World) -> None:
    with world.book() as book:
        book.request_all(leaves(1))
        made = world.make(book, events=lambda _leaf: [b"nonsense"])
        world.ticks(made)
        assert world.troubles(made) == {Trouble.EVENT_UNREADABLE}
        assert world.service.posts == 0


def test_only_whom_the_service_knows(world: World) -> None:
    world.service.allowed = {SIGNER.did}
    with world.book() as book:
        book.request_all(leaves(2))
        world.signer = Ed25519Signer(b"\x08" * 32)
        made = world.make(book)
        world.ticks(made)
        assert world.troubles(made) == {Trouble.UNAUTHORIZED}
        assert world.service.known == {}
        world.signer = SIGNER
        made = world.make(book)
        world.ticks(made, 5)
        world.service.process()
        world.ticks(made)
        world.sink.check(world.service.chain, leaves(2))


def test_keys_of_other_kinds_are_refused() -> None:
    with pytest.raises(UsageError, match="EdDSA"):
        authorization(P256Signer(b"\x07" * 32), "http://host/", None)


@pytest.mark.parametrize("batched", [False, True])
def test_a_crash_at_any_point(tmp_path: Path, batched: bool) -> None:
    def until_crash(world: World, at: int | None) -> Fuse:
        fuse = Fuse(at)
        with world.book() as book:
            fused(book, fuse)
            book._file.db.db.execute("PRAGMA synchronous=OFF")
            try:
                anchorer, sink = Anchoring(world.anchorer(), fuse), Sinking(world.sink, fuse)
                made = AnchorService(book, anchorer, sink, limit=2, clock=world.clock)
                book.request_all(leaves(3))
                for _ in range(6):
                    world.ticks(made, 4)
                    world.service.process()
            except Crash:
                pass
        return fuse

    at = 0
    while True:
        (tmp_path / str(at)).mkdir()
        with service(DevChain()) as running:
            options = {"stream": node_stream(SIGNER)} if batched else {}
            world = World(running, tmp_path / str(at), options)
            went_off = until_crash(world, at or None).points == at
            until_crash(world, None)
            world.sink.check(running.chain, leaves(3))
            assert len(running.known) == (2 if batched else 3), "nothing was asked for under two names"
        at += 3 if at else 1
        if not went_off and at > 4:
            return


def test_a_service_that_forgets_is_asked_again(world: World) -> None:
    with world.book() as book:
        book.request_all(leaves(3))
        made = world.make(book)
        world.ticks(made, 5)
        world.service.known.clear()
        world.ticks(made, 10)
        assert world.service.posts == 6
        world.service.process()
        world.ticks(made)
        world.sink.check(world.service.chain, leaves(3))


@pytest.mark.parametrize(
    ("status", "state", "code"),
    [("FAILED", State.FAILED, "request_failed"), ("REPLACED", State.REPLACED, "request_replaced")],
)
def test_what_the_service_gives_up(world: World, status: str, state: State, code: str) -> None:
    with world.book() as book:
        book.request_all(leaves(1))
        made = world.make(book)
        world.ticks(made, 3)
        world.service.known[tip(0)].status = status
        world.ticks(made)
        found = book.find(tip(0))
        assert found is not None
        assert (found.state, found.code, found.detail) == (state, code, "Request is pending.")


def test_a_batch_that_is_displaced_has_failed(world: World) -> None:
    """Its events aren't replaced by newer ones."""
    world.options = {"stream": node_stream(SIGNER)}
    with world.book() as book:
        book.request_all(leaves(2))
        made = world.make(book)
        world.ticks(made, 3)
        next(iter(world.service.known.values())).status = "REPLACED"
        world.ticks(made)
        assert book.counts()[State.FAILED] == 2


@pytest.mark.parametrize("status", ["PENDING", "PROCESSING", "READY"])
def test_what_lasts_too_long(world: World, status: str) -> None:
    with world.book() as book:
        book.request_all(leaves(1))
        made = world.make(book, oldest=1000.0)
        world.ticks(made, 3)
        world.service.known[tip(0)].status = status
        world.ticks(made, 90)
        assert book.counts()[State.SENT] == 1
        world.ticks(made, 120)
        found = book.find(tip(0))
        assert found is not None
        assert (found.state, found.code) == (State.FAILED, "too_old")
        assert book.retry(tip(0))
        world.ticks(made, 3)
        world.service.known[tip(0)].status = "PENDING"
        world.service.process()
        world.ticks(made)
        world.sink.check(world.service.chain, leaves(1))


def test_a_newer_event_of_a_stream_displaces_one_at_the_service(world: World) -> None:
    with world.book() as book:
        made = world.make(book)
        made.request(*leaf(1, 0))
        world.ticks(made, 3)
        made.request(*leaf(1, 1))
        world.ticks(made, 5)
        world.service.process()
        world.ticks(made)
        assert book.request(*leaf(1, 0)) is State.REPLACED
        world.sink.check(world.service.chain, [leaf(1, 1)])


def test_what_the_chain_does_not_tell_yet_is_waited_for(world: World) -> None:
    with world.book() as book:
        book.request_all(leaves(2))
        made = world.make(book, chain=NoChain())
        world.ticks(made, 3)
        world.service.process()
        world.ticks(made)
        assert (book.counts()[State.SENT], made.troubles) == (2, {})
        made = world.make(book)
        world.ticks(made)
        world.sink.check(world.service.chain, leaves(2))


def test_a_proof_on_a_chain_that_does_not_count(world: World) -> None:
    with world.book() as book:
        book.request_all(leaves(1))
        made = world.make(book, network=MAINNET)
        world.ticks(made, 3)
        world.service.process()
        world.ticks(made)
        assert world.troubles(made) == {Trouble.PROOF_REJECTED}
        assert "anchor_chain_refused" in next(iter(made.troubles.values()))[1]


def test_a_service_that_is_not_there() -> None:
    api = AnchorApi(closed_port(), backoff=0.001)
    with pytest.raises(OutsideError, match="can't talk to"):
        api.get("name")


@pytest.mark.parametrize("url", ["ftp://host", "http://host/?key=1", "nonsense"])
def test_addresses_that_make_no_sense(url: str) -> None:
    with pytest.raises(UsageError):
        AnchorApi(url)


def test_a_service_below_a_path_and_with_a_password() -> None:
    def answer(exchange: Exchange) -> None:
        assert exchange.headers["Authorization"] == "Basic dXNlcjpzZWNyZXQtd29yZA=="
        exchange.reply(404, b"{}")

    with serving(answer) as web:
        api = AnchorApi(f"http://user:secret-word@{web.url.removeprefix('http://')}/cas/")
        assert api.get("name") == (404, b"{}")
        assert web.paths == ["/cas/api/v0/requests/name"]
        assert "secret" not in api.name
        api.close()


def test_requests_with_events_are_for_single_events() -> None:
    with pytest.raises(UsageError):
        RemoteAnchorer(AnchorApi("http://host"), NoChain(), stream=stream(1), events=lambda _leaf: [])


def test_it_is_quick_about_many(world: World) -> None:
    start = time.monotonic()
    with world.book() as book:
        book.request_all(leaves(300))
        made = world.make(book)
        world.ticks(made, 3)
        world.service.process()
        world.ticks(made)
        world.sink.check(world.service.chain, leaves(300))
    assert time.monotonic() - start < 60
