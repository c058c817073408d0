"""One event stops nobody's tables: ceramic-one's stopped for good (api.md 3.3 and 3.5)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ceramic_connectors.dev_chain import DevChain
from ceramic_node.anchoring import Anchored, AnchorService, Book, DevAnchorer, Leaf
from ceramic_protocol.built import BuiltEvent
from ceramic_protocol.ids import MODEL, MODEL_INSTANCE, StreamId
from tests.node.failures.making import (
    assert_whole,
    note,
    patch,
    post,
    strange_init,
    streams_are_there,
    write,
    write_together,
)
from tests.node.http.v1.making import ALICE, NOTES
from tests.node.sql.serving import Serving, serving
from tests.protocol.lifecycle.world import anchor_of

GOOD = [note("before"), note("beside"), note("after"), note("after a restart")]


def survives(folder: Path, poison: Callable[[Serving], object]) -> None:
    """Whatever the poison is, all others go on, and go on after a restart."""
    before, beside, after, later = GOOD
    with serving(folder) as served:
        write(served, NOTES, before)
        poison(served)
        write(served, beside, after)
        assert_whole(served, NOTES, before, beside, after)
        streams_are_there(served, before, beside, after)
    with serving(folder) as served:
        served.settle()
        assert_whole(served, NOTES, before, beside, after)
        write(served, later)
        assert_whole(served, NOTES, *GOOD)
        streams_are_there(served, *GOOD)


@pytest.mark.parametrize(
    "model",
    [b"no StreamID", "text", 7, [], b"", bytes(StreamId.of(MODEL_INSTANCE, GOOD[0].cid)), b"\xce\x01\x02"],
)
def test_a_model_header_that_is_no_stream_id(tmp_path: Path, model: object) -> None:
    survives(tmp_path, lambda served: post(served.running, strange_init(model)))


def test_a_time_event_whose_proof_nobody_knows(tmp_path: Path) -> None:
    def poison(served: Serving) -> None:
        event = anchor_of(GOOD[0].cid, GOOD[0].cid)
        post(served.running, event)
        served.running.call(served.running.node.submit([event.car]))

    survives(tmp_path, poison)


@pytest.mark.parametrize("value", [{"/": "no link"}, {"/": {"bytes": "not base64 !"}}, {"/": 7}])
def test_content_that_looks_like_something_else_in_json(tmp_path: Path, value: object) -> None:
    strange = ALICE.init(StreamId.of(MODEL, GOOD[0].cid), value, unique=b"strange json")
    survives(tmp_path, lambda served: post(served.running, strange))


def test_a_patch_of_a_model_that_does_not_apply(tmp_path: Path) -> None:
    """In the same batch as a document of somebody else, and before and after it."""
    bad = patch(NOTES, NOTES, {"op": "replace", "path": "/nowhere/x", "value": 1})
    worse = patch(NOTES, bad, {"op": "remove", "path": "/schema"})
    others = [note("first of the batch"), note("last of the batch")]

    def poison(served: Serving) -> None:
        write_together(served, others[0], bad, worse, others[1])
        assert_whole(served, *others)
        streams_are_there(served, *others)

    survives(tmp_path, poison)
    with serving(tmp_path) as served:
        served.settle()
        assert_whole(served, *others, *GOOD)
        streams_are_there(served, *others)


def test_anchors_of_the_node_itself_have_their_proofs(tmp_path: Path) -> None:
    """ceramic-one keeps its own time events without them, and then can't read them."""
    chain = DevChain()
    first = GOOD[0]
    with serving(tmp_path, chain=chain) as served:
        write(served, NOTES, first)
        (anchor,) = _anchored(tmp_path, chain, first)
        served.running.submit(anchor.event.car)
        write(served, *GOOD[1:])
        assert_whole(served, NOTES, *GOOD, anchor.event)
        sql = "SELECT before IS NOT NULL FROM conclusion_events WHERE event_cid = $1"
        assert served.one(sql, (bytes(anchor.event.cid),)) is True
    # Without the chain, as after a restart with another configuration, what was proven stays proven.
    with serving(tmp_path) as served:
        served.settle()
        assert_whole(served, NOTES, *GOOD, anchor.event)
        streams_are_there(served, *GOOD)
        assert served.one(sql, (bytes(anchor.event.cid),)) is True


def _anchored(folder: Path, chain: DevChain, init: BuiltEvent) -> list[Anchored]:
    kept: list[Anchored] = []
    with Book(folder / "book") as book:
        book.request_all([Leaf(StreamId.of(MODEL_INSTANCE, init.cid), init.cid)])
        service = AnchorService(book, DevAnchorer(chain), kept.extend)
        while service.step():
            pass
    return kept
