"""The streams of time events without `id`."""

from __future__ import annotations

import time
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol import dagcbor
from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.event_ids import event_id_of
from ceramic_protocol.events import InitEvent, TimeEvent
from ceramic_protocol.networks import IN_MEMORY
from ceramic_protocol.placing import ends_of, judge_unplaced, streams_of
from ceramic_protocol.reasons import Outcome, Reason
from tests.support import pipeline, signing
from tests.support.chains import KnownChain
from tests.support.signing import Made, ed25519

CHAIN = KnownChain()
INIT = signing.init(ed25519(1), model=None)
OLD = signing.time(None, INIT, CHAIN, 500)
NEW = signing.time(INIT, INIT, CHAIN, 500)
SECOND = signing.time(None, OLD, CHAIN, 600)


def naive(prevs: dict[bytes, bytes], cid: bytes) -> bytes:
    while cid in prevs:
        cid = prevs[cid]
    return cid


@given(st.lists(st.integers(-3, 30), max_size=30), st.randoms(use_true_random=False))
def test_every_chain_is_followed_to_its_end(links: list[int], random: Random) -> None:
    """Event n builds on one of those before it, or on something that is not among them."""
    prevs = {b"%d" % number: b"%d" % min(link, number - 1) for number, link in enumerate(links)}
    items = list(prevs.items())
    random.shuffle(items)
    assert ends_of(dict(items)) == {cid: naive(prevs, cid) for cid in prevs}


def test_a_long_chain_takes_no_longer_than_many_short_ones() -> None:
    count = 200_000
    links = {b"%d" % number: b"%d" % (number - 1) for number in range(count)}
    started = time.thread_time()
    for order in (links, dict(reversed(links.items()))):
        assert set(ends_of(order).values()) == {b"-1"}
    assert time.thread_time() - started < 10


@pytest.mark.parametrize("prevs", [{b"a": b"a"}, {b"a": b"b", b"b": b"a", b"c": b"a"}])
def test_a_circle_has_no_end_outside(prevs: dict[bytes, bytes]) -> None:
    ends = ends_of(prevs)
    assert ends.keys() == prevs.keys()
    assert set(ends.values()) <= prevs.keys()


def test_a_stream_is_told_as_far_as_ends_are_known() -> None:
    ends = ends_of({b"a": b"init", b"b": b"a", b"c": b"missing"})
    assert streams_of(ends, {b"init": b"stream", b"other": b"else"}) == {b"a": b"stream", b"b": b"stream"}


def rebuilt(event: TimeEvent) -> bytes:
    named = {} if event.stream is None else {"id": event.stream}
    value = dagcbor.decode(dict(blocks_of(event))[event.cid])
    assert isinstance(value, dict)
    path = "/".join(map(str, event.path))
    return dagcbor.encode({**named, "prev": event.prev, "proof": value["proof"], "path": path})


def blocks_of(event: TimeEvent) -> tuple[tuple[Cid, bytes], ...]:
    return next(made.blocks for made in (OLD, NEW, SECOND) if made.cid == event.cid)


@pytest.mark.parametrize("made", [OLD, NEW])
def test_both_forms_are_written_as_they_were_read(made: Made) -> None:
    event = made.decode()
    assert isinstance(event, TimeEvent)
    assert Cid.of(rebuilt(event)) == event.cid
    assert made.check(CHAIN) == CheckedEvent(
        event.cid, event.stream, Kind.TIME, INIT.cid, b"", timestamp=500, chain_id=signing.CHAIN_ID
    )


def test_without_a_stream_an_event_says_what_it_knows_of_itself() -> None:
    assert judge_unplaced(OLD.check(CHAIN)).reason is Reason.PREV_MISSING
    assert judge_unplaced(OLD.check(CHAIN)).outcome is Outcome.PENDING
    assert str(INIT.cid) in (judge_unplaced(OLD.check(CHAIN)).detail or "")
    assert judge_unplaced(OLD.check(KnownChain())).reason is Reason.ANCHOR_CHAIN_UNKNOWN
    assert judge_unplaced(OLD.check(KnownChain({signing.CHAIN_ID}))).reason is Reason.ANCHOR_TX_UNKNOWN
    assert judge_unplaced(OLD.check(CHAIN)).height is None


def test_its_event_id_can_not_be_told() -> None:
    init = signing.init(ed25519(1)).decode()
    assert isinstance(init, InitEvent)
    assert event_id_of(NEW.decode(), init.header, IN_MEMORY).cid == NEW.cid
    with pytest.raises(IdentifierError, match="has no id"):
        event_id_of(OLD.decode(), init.header, IN_MEMORY)


@pytest.mark.parametrize("made", [(INIT, OLD), (INIT, NEW), (SECOND, OLD, INIT)])
def test_it_anchors_like_one_with_an_id(made: tuple[Made, ...]) -> None:
    decoded = pipeline.read({str(event.cid): event.car for event in made}, CHAIN)
    assert not decoded.unplaced.events
    (history,) = pipeline.histories(decoded).values()
    assert history.anchored[INIT.cid] == 500
    assert set(history.log) == {event.cid for event in made}
