"""Taking streams over from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pytest

from ceramic_protocol import limits
from ceramic_protocol.cid import Cid
from ceramic_protocol.corrections import CorrectionCause
from ceramic_protocol.errors import OutsideError
from ceramic_protocol.ids import StreamId
from ceramic_protocol.lifecycle import syncing
from ceramic_protocol.lifecycle.state import StateAt
from ceramic_protocol.ports import EventStore
from ceramic_protocol.reasons import Reason
from tests.protocol.lifecycle.world import ALICE, BOB, UNIQUE, World, anchor_of


@dataclass
class StoreRemote:
    """Another node's store; `hidden` are events that it only gives when they are asked for one by one."""

    store: EventStore
    hidden: set[Cid] = field(default_factory=set)
    gone: set[Cid] = field(default_factory=set)
    more: list[bytes] = field(default_factory=list)
    asked: list[Cid] = field(default_factory=list)

    def stream(self, stream: StreamId) -> Iterable[bytes]:
        """See `RemoteStreams`."""
        yield from self.more
        for cid in sorted(self.store.snapshot(stream.cid).events):
            if cid not in self.hidden | self.gone:
                yield self._car(cid)

    def event(self, cid: Cid) -> bytes | None:
        """See `RemoteStreams`."""
        self.asked.append(cid)
        return None if cid in self.gone or self.store.event(cid) is None else self._car(cid)

    def _car(self, cid: Cid) -> bytes:
        stored = self.store.event(cid)
        if stored is None:
            raise KeyError(cid)
        return stored.car


@pytest.fixture
def there() -> World:
    return World()


@pytest.fixture
def here(there: World) -> World:
    return World(chain=there.chain)


def log_of(world: World, length: int) -> StateAt:
    state = world.streams.create(world.model(), {"text": "0"}, BOB, unique=UNIQUE).state
    for number in range(1, length):
        content = {"text": str(number)}
        state = world.streams.update(state.stream_id, content, BOB, expected_tip=state.event).state
    return state


def test_a_whole_stream(there: World, here: World) -> None:
    state = log_of(there, 5)
    here.model()
    synced = here.streams.sync(state.stream_id, StoreRemote(there.store))
    assert synced.state is not None
    assert (synced.state.event, synced.state.content) == (state.event, state.content)
    assert set(synced.came) == set(state.log)
    assert (synced.refused, synced.strays, synced.missing, synced.is_whole) == ((), (), frozenset(), True)
    assert synced.correction is not None
    assert (synced.correction.applied, synced.correction.cause) == (state.log, CorrectionCause.APPENDED)
    again = here.streams.sync(state.stream_id, StoreRemote(there.store))
    assert (again.came, again.better, again.correction) == ((), (), None)
    assert again.state == synced.state


def test_a_model_is_a_stream_of_its_own(there: World, here: World) -> None:
    state = log_of(there, 2)
    remote = StoreRemote(there.store)
    assert here.streams.sync(state.stream_id, remote).state is None
    assert state.model is not None
    assert here.streams.sync(state.model, remote).state is not None
    assert here.streams.state(state.stream_id).content == state.content


def test_what_lies_in_between_is_asked_for(there: World, here: World) -> None:
    state = log_of(there, 8)
    here.model()
    remote = StoreRemote(there.store, hidden=set(state.log[:-1]))
    synced = here.streams.sync(state.stream_id, remote)
    assert synced.state is not None
    assert synced.state.log == state.log
    assert len(remote.asked) == len(set(remote.asked)) == 7


def test_what_nobody_has_is_named(there: World, here: World) -> None:
    state = log_of(there, 4)
    here.model()
    remote = StoreRemote(there.store, gone={state.log[1]})
    synced = here.streams.sync(state.stream_id, remote)
    assert synced.missing == {state.log[1]}
    assert synced.state is not None
    assert synced.state.event == state.log[0]
    remote.gone.clear()
    later = here.streams.sync(state.stream_id, remote)
    assert (later.missing, later.came) == (frozenset(), (state.log[1],))
    assert later.state is not None
    assert later.state.log == state.log


def test_branches_join(there: World, here: World) -> None:
    state = log_of(there, 2)
    remote = StoreRemote(there.store)
    here.model()
    here.streams.sync(state.stream_id, remote)
    ours = here.streams.update(state.stream_id, {"text": "ours"}, BOB, expected_tip=state.event).state
    theirs = there.streams.update(state.stream_id, {"text": "theirs"}, BOB, expected_tip=state.event).state
    there.anchor(state.stream_id.cid, theirs.event)
    synced = here.streams.sync(state.stream_id, remote)
    assert synced.state is not None
    assert synced.state.content == {"text": "theirs"}
    assert synced.correction is not None
    assert (synced.correction.undone, synced.correction.cause) == ((ours.event,), CorrectionCause.ANCHOR)
    back = there.streams.sync(state.stream_id, StoreRemote(here.store))
    assert (back.came, back.correction) == ((ours.event,), None)
    assert back.state is not None
    assert back.state.history == synced.state.history


def test_more_may_be_learned_of_what_is_known(there: World, here: World) -> None:
    state = log_of(there, 2)
    anchor = there.anchor(state.stream_id.cid, state.event, is_known=False)
    here.model()
    here.streams.sync(state.stream_id, StoreRemote(there.store))
    there.prove(state.event)
    synced = here.streams.sync(state.stream_id, StoreRemote(there.store))
    assert (synced.came, synced.better) == ((), (anchor,))
    assert synced.state is not None
    assert synced.state.event == anchor


def test_what_is_no_event_of_the_stream_is_not_kept(there: World, here: World) -> None:
    state = log_of(there, 2)
    stream = state.stream_id.cid
    here.model()
    forged = bytearray(BOB.data(stream, state.event, []).car)
    forged[-1] ^= 1
    unanchored = anchor_of(stream, state.event)
    there.chain.chains.add("eip155:1337")
    other = ALICE.data(Cid.of(b"other"), Cid.of(b"other"), [])
    remote = StoreRemote(there.store, more=[b"junk", bytes(forged), unanchored.car, other.car])
    synced = here.streams.sync(state.stream_id, remote)
    assert [item.reason for item in synced.refused] == [
        Reason.CAR_TRUNCATED,
        Reason.BLOCK_HASH_MISMATCH,
        Reason.ANCHOR_TX_UNKNOWN,
    ]
    assert [item.car for item in synced.refused] == remote.more[:3]
    assert synced.strays == (other.cid,)
    assert here.store.event(other.cid) is None
    assert here.store.event(unanchored.cid) is None
    assert synced.state is not None
    assert synced.state.log == state.log


def test_a_remote_without_end(there: World, here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    state = log_of(there, 2)
    stream = state.stream_id.cid
    here.model()

    class Endless(StoreRemote):
        def stream(self, stream: StreamId) -> Iterator[bytes]:
            number = 0
            while True:
                number += 1
                yield ALICE.data(stream.cid, state.event, [{"number": number}]).car

    monkeypatch.setattr(syncing, "MAX_SYNCED_EVENTS", 25)
    monkeypatch.setattr(syncing, "MAX_BATCH_EVENTS", 10)
    synced = here.streams.sync(state.stream_id, Endless(there.store))
    assert (synced.is_whole, len(synced.came)) == (False, 25)
    assert len(here.store.snapshot(stream).events) == 25
    assert synced.missing == {stream, state.event}
    monkeypatch.setattr(syncing, "MAX_SYNCED_EVENTS", limits.MAX_SYNCED_EVENTS)
    monkeypatch.setattr(syncing, "MAX_SYNCED_BYTES", 2000)
    assert not here.streams.sync(state.stream_id, Endless(there.store)).is_whole


def test_what_came_before_the_line_broke_is_kept(there: World, here: World) -> None:
    state = log_of(there, 4)
    here.model()

    class Breaking(StoreRemote):
        def event(self, cid: Cid) -> bytes | None:
            raise OutsideError(f"no answer for {cid}")

    with pytest.raises(OutsideError):
        here.streams.sync(state.stream_id, Breaking(there.store, hidden={state.log[1]}))
    synced = here.streams.sync(state.stream_id, StoreRemote(there.store))
    assert synced.came == (state.log[1],)
    assert synced.state is not None
    assert synced.state.log == state.log
