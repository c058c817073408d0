"""Which streams interests cover."""

from __future__ import annotations

import pytest

from ceramic_node.config.values import Interest
from ceramic_node.store.memory import MemoryStore
from ceramic_node.wanted.held import HeldEvents
from ceramic_node.wanted.related import RelatedStreams, documents_in
from ceramic_node.wanted.wish import Wish, is_needed_by_all
from ceramic_protocol import dagcbor, interests
from ceramic_protocol.cid import Cid
from ceramic_protocol.event_ids import EventRange
from ceramic_protocol.ids import MODEL_INSTANCE, StreamId
from ceramic_protocol.interests import PeerId
from ceramic_protocol.networks import IN_MEMORY
from ceramic_protocol.stored import StreamFacts
from tests.node.store.making import ALICE, BOB, NOTE, POST, init, model
from tests.node.wanted.making import At, wish

PEER = PeerId.of_ed25519(bytes(32))
NOTED, POSTED, TILE = init("a", ALICE, NOTE), init("b", BOB, POST), init("tile", BOB, None)


def facts(event: object) -> StreamFacts:
    return StreamFacts.of(event.checked)  # type: ignore[attr-defined]


def covered(wanted: Wish) -> list[bool]:
    return [wanted.covers(facts(event)) for event in (NOTED, POSTED, TILE)]


def ranged(
    controller: str | None = None, init_cid: Cid | None = None, not_after: int = 0
) -> interests.Interest:
    start, end = EventRange.of(IN_MEMORY, bytes(NOTE), controller, init_cid)
    return interests.Interest.of(PEER, start, end, not_after)


def test_without_interests_everything_is_wanted() -> None:
    assert covered(wish()) == [True, True, True]
    assert covered(wish(registered=[ranged()])) == [True, True, True]
    assert wish().names(Cid.of(b"any"))


def test_each_kind_of_interest() -> None:
    stream = StreamId.of(MODEL_INSTANCE, NOTED.checked.cid)
    assert covered(wish(f"model:{NOTE}")) == [True, False, False]
    assert covered(wish(f"controller:{BOB}")) == [False, True, True]
    assert covered(wish(f"stream:{stream}")) == [True, False, False]
    assert covered(wish(f"stream:{stream}", f"controller:{BOB}")) == [True, True, True]
    assert wish(f"stream:{stream}").names(NOTED.checked.cid)
    assert not wish(f"model:{NOTE}").names(NOTED.checked.cid)


@pytest.mark.parametrize("controller", [None, ALICE])
def test_what_was_registered_counts_in_addition(controller: str | None) -> None:
    for init_cid in (None, NOTED.checked.cid) if controller else (None,):
        wanted = wish(f"controller:{BOB}", registered=[ranged(controller, init_cid)])
        assert covered(wanted) == [False, True, True]
        assert len(wanted.refresh()) == 1
        assert covered(wanted) == [True, True, True]
    other = wish(f"model:{POST}", registered=[ranged(BOB)])
    other.refresh()
    assert covered(other) == [False, True, False]


def test_an_interest_that_has_expired_does_not_count() -> None:
    clock = At(5_000)
    wanted = wish(f"model:{POST}", registered=[ranged(not_after=5)], clock=clock)
    assert len(wanted.refresh()) == 1
    clock.time = 6_000
    assert wanted.refresh() == frozenset()


def test_models_are_needed_by_all() -> None:
    assert is_needed_by_all(facts(model("note")))
    assert not is_needed_by_all(facts(NOTED))


def test_documents_are_found_wherever_they_stand() -> None:
    cids = [Cid.of(b"%d" % number) for number in range(3)]
    ids = [StreamId.of(MODEL_INSTANCE, cid) for cid in cids]
    payload = dagcbor.encode(
        {"data": {"a": [str(ids[0]), {"b": f"ceramic://{ids[1]}"}], "text": f"see {ids[2]}", "m": str(NOTE)}}
    )
    assert set(documents_in(payload)) == set(cids[:2])
    assert list(documents_in(b"\xff")) == []


def test_what_was_registered_later_makes_the_feed_be_read_again() -> None:
    store, target = MemoryStore(), Cid.of(b"target")
    store.put([init({"to": str(StreamId.of(MODEL_INSTANCE, target))}, ALICE, NOTE)])
    registered: list[interests.Interest] = []
    wanted = Wish([Interest.parse(f"model:{POST}")], lambda: registered, IN_MEMORY, At(1))
    related = RelatedStreams(store, wanted)
    while related.read_on():
        pass
    assert target not in related
    registered.append(ranged())
    while related.read_on():
        pass
    assert target in related
    assert Cid.of(b"another") not in related


def test_what_is_held_is_bounded() -> None:
    held, first, second = HeldEvents(max_events=2), Cid.of(b"1"), Cid.of(b"2")
    held.add(NOTED, first)
    held.add(NOTED, second)
    assert (len(held), held.take(first)) == (1, [])
    held.add(POSTED, second)
    held.add(TILE, first)
    assert len(held) == 2
    assert held.take(second) == [POSTED]
    assert held.take(first) == [TILE]
    assert len(held) == 0
    small = HeldEvents(max_bytes=len(NOTED.car))
    small.add(NOTED, first)
    small.add(POSTED, first)
    assert len(small) <= 1
