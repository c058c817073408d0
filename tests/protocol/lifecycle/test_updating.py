"""Updates: what is written is valid, is the tip, and builds on what its writer has seen."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol.accounts.sessions import EVERYTHING, Session, create_capability
from ceramic_protocol.accounts.signers import Ed25519Signer
from ceramic_protocol.accounts.wallets import Eip191Wallet
from ceramic_protocol.builder import EventBuilder
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import IdentifierError, UsageError
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.ids import MODEL, TILE, CommitId, StreamId
from ceramic_protocol.lifecycle.errors import ConflictError, StreamBusy, StreamUnknown, WriteRefused
from ceramic_protocol.lifecycle.state import StateAt
from ceramic_protocol.limits import MAX_WRITE_ATTEMPTS
from ceramic_protocol.reasons import Outcome, Reason
from ceramic_protocol.stored import NewEvent
from tests.protocol.lifecycle.world import (
    ALICE,
    BOB,
    DEFINITION,
    NOW,
    SET,
    UNIQUE,
    CountingSigner,
    Meddling,
    World,
)
from tests.support import signing


def document(world: World, by: EventBuilder = BOB, **kind: object) -> StateAt:
    model = world.model(**kind)
    unique = None if kind.get("accountRelation") else UNIQUE
    return world.streams.create(model, {"text": "hi", "n": 1}, by, unique=unique).state


def test_a_new_content() -> None:
    world = World()
    first = document(world)
    written = world.streams.update(first.stream_id, {"text": "yo"}, BOB, expected_tip=first.event)
    second = written.state
    assert written.is_new
    assert (second.content, second.log, second.is_tip) == ({"text": "yo"}, (first.event, second.event), True)
    assert second.version > first.version
    assert world.streams.state(first.stream_id) == second
    third = world.streams.update(first.stream_id, {"text": "3"}, BOB, expected_tip=second.commit_id).state
    assert third.log == (first.event, second.event, third.event)


def test_the_same_content_writes_nothing() -> None:
    world = World()
    first = document(world)
    head = world.store.head()
    written = world.streams.update(first.stream_id, {"n": 1.0, "text": "hi"}, BOB, expected_tip=None)
    assert (written.is_new, written.state, world.store.head()) == (False, first, head)


def test_metadata_alone() -> None:
    world = World()
    first = document(world)
    hidden = world.streams.update(
        first.stream_id, first.content, BOB, expected_tip=first.event, should_index=False
    )
    assert (hidden.is_new, hidden.state.content, hidden.state.metadata) == (
        True,
        first.content,
        {"shouldIndex": False},
    )
    shown = world.streams.patch(first.stream_id, [], BOB, expected_tip=hidden.state.event, should_index=True)
    assert shown.state.metadata == {"shouldIndex": True}


def test_a_patch() -> None:
    world = World()
    first = document(world)
    operations = [
        {"op": "test", "path": "/n", "value": 1},
        {"op": "replace", "path": "/n", "value": 2},
    ]
    second = world.streams.patch(first.stream_id, operations, BOB, expected_tip=None).state
    assert second.content == {"text": "hi", "n": 2}
    with pytest.raises(WriteRefused, match="patch_failed"):
        world.streams.patch(first.stream_id, operations, BOB, expected_tip=None)
    assert world.streams.state(first.stream_id) == second


def test_a_writer_who_has_seen_an_older_tip_is_told_the_present_one() -> None:
    world = World()
    first = document(world)
    second = world.streams.update(first.stream_id, {"text": "2"}, BOB, expected_tip=first.event).state
    for write in (world.streams.update, world.streams.patch):
        with pytest.raises(ConflictError) as raised:
            write(first.stream_id, [], BOB, expected_tip=first.event)
        error = raised.value
        assert (error.code, error.stream, error.expected, error.tip) == (
            "tip_moved",
            first.stream_id,
            first.event,
            second.event,
        )
        assert str(second.event) in str(error)
    assert world.streams.state(first.stream_id) == second


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (lambda w, s: w.update(s.stream_id, {"n": 2}, BOB, expected_tip=s.event), Reason.SCHEMA_VIOLATION),
        (
            lambda w, s: w.update(s.stream_id, {"text": "x"}, ALICE, expected_tip=s.event),
            Reason.SIGNER_NOT_CONTROLLER,
        ),
        (
            lambda w, s: w.patch(s.stream_id, [{"op": "what"}], BOB, expected_tip=s.event),
            Reason.PATCH_FAILED,
        ),
        (lambda w, s: w.patch(s.stream_id, ["no"], BOB, expected_tip=None), Reason.PATCH_FAILED),
    ],
)
def test_nothing_invalid_is_kept(write: Callable[[Any, StateAt], object], reason: Reason) -> None:
    world = World()
    first = document(world)
    head = world.store.head()
    with pytest.raises(WriteRefused) as raised:
        write(world.streams, first)
    assert raised.value.finding.reason is reason
    assert world.store.head() == head


def test_fields_that_must_not_change() -> None:
    world = World()
    locked = document(world, immutableFields=["n"])
    with pytest.raises(WriteRefused, match="immutable_field_changed"):
        world.streams.update(locked.stream_id, {"text": "x", "n": 2}, BOB, expected_tip=locked.event)
    in_set = document(world, BOB, name="Set", accountRelation=SET["accountRelation"])
    with pytest.raises(WriteRefused, match="set_unique_mismatch"):
        world.streams.update(in_set.stream_id, {"text": "other"}, BOB, expected_tip=in_set.event)
    assert world.streams.update(
        in_set.stream_id, {"text": "hi", "n": 9}, BOB, expected_tip=in_set.event
    ).is_new


def test_models_never_change() -> None:
    world = World()
    model = world.model()
    with pytest.raises(WriteRefused, match="model_update_forbidden"):
        world.streams.update(model, DEFINITION | {"name": "New"}, ALICE, expected_tip=None)


def test_streams_without_states_have_no_contents() -> None:
    world = World()
    tile = signing.init(signing.ed25519(2), {"a": 1}, model=None)
    world.store.put([NewEvent(tile.car, tile.check())])
    stream = StreamId.of(TILE, tile.cid)
    assert world.streams.state(stream).content is None
    with pytest.raises(UsageError, match="tile"):
        world.streams.update(stream, {"a": 2}, BOB, expected_tip=None)


def test_streams_that_are_not_there() -> None:
    world = World()
    known = document(world)
    unknown = StreamId.of(known.stream_id.stream_type, Cid.of(b"?"))
    with pytest.raises(StreamUnknown, match="nothing is known") as raised:
        world.streams.update(unknown, {}, BOB, expected_tip=None)
    assert (raised.value.code, raised.value.finding) == ("stream_unknown", None)
    with pytest.raises(IdentifierError, match="another type"):
        world.streams.update(StreamId.of(MODEL, known.stream_id.cid), {}, BOB, expected_tip=None)
    with pytest.raises(IdentifierError, match="no commit of"):
        world.streams.update(known.stream_id, {}, BOB, expected_tip=CommitId.of(unknown, Cid.of(b"?")))
    world.put(BOB.data(unknown.cid, unknown.cid, []))
    with pytest.raises(StreamUnknown, match="init_missing"):
        world.streams.update(unknown, {}, BOB, expected_tip=None)


def test_a_session_writes_for_its_wallet_until_it_has_run_out() -> None:
    world = World()
    wallet = Eip191Wallet.of_secret(bytes(range(1, 33)))
    key = Ed25519Signer(bytes(range(32)))
    expiry = NOW.replace(year=2027)
    capability = create_capability(
        wallet,
        key.did,
        domain="test",
        resources=[EVERYTHING],
        issued_at=NOW,
        expires_at=expiry,
        nonce="12345678",
    )
    by = Session(key, capability).builder()
    first = document(world, by)
    assert first.controller == Session(key, capability).controller
    second = world.streams.update(first.stream_id, {"text": "x"}, by, expected_tip=first.event).state
    world.anchor(first.stream_id.cid, second.event, int(NOW.timestamp()) + 1000)
    world.clock.at = expiry.replace(month=3)
    with pytest.raises(WriteRefused, match="cacao_expired"):
        world.streams.update(first.stream_id, {"text": "y"}, by, expected_tip=None)
    assert world.streams.state(first.stream_id).content == {"text": "x"}


def test_an_anchor_is_a_tip_like_any_other() -> None:
    world = World()
    first = document(world)
    anchor = world.anchor(first.stream_id.cid, first.event)
    with pytest.raises(ConflictError) as raised:
        world.streams.update(first.stream_id, {"text": "x"}, BOB, expected_tip=first.event)
    assert raised.value.tip == anchor
    second = world.streams.update(first.stream_id, {"text": "x"}, BOB, expected_tip=anchor).state
    assert second.log == (first.event, anchor, second.event)


class TestWhileOthersWrite:
    """Something happens between the look at the stream and the write."""

    def begin(self) -> tuple[World, StateAt, Meddling, World, CountingSigner]:
        world = World()
        signer = CountingSigner(7)
        first = document(world, EventBuilder(signer))
        signer.signed = 0
        meddling = Meddling(world.store)
        return world, first, meddling, World(meddling, world.chain, world.clock), signer

    def test_the_other_writer_wins(self) -> None:
        world, first, meddling, meddled, signer = self.begin()
        by = EventBuilder(signer)
        meddling.before = [
            lambda: world.streams.update(first.stream_id, {"text": "theirs"}, by, expected_tip=first.event)
        ]
        with pytest.raises(ConflictError) as raised:
            meddled.streams.update(first.stream_id, {"text": "ours"}, by, expected_tip=first.event)
        theirs = world.streams.state(first.stream_id)
        assert (theirs.content, raised.value.tip) == ({"text": "theirs"}, theirs.event)
        assert set(theirs.history.judged) == {first.event, theirs.event}

    def test_without_an_expected_tip_both_are_written_one_after_the_other(self) -> None:
        world, first, meddling, meddled, signer = self.begin()
        by = EventBuilder(signer)
        meddling.before = [
            lambda: world.streams.update(first.stream_id, {"text": "theirs"}, by, expected_tip=None)
        ]
        ours = meddled.streams.update(first.stream_id, {"text": "ours"}, by, expected_tip=None).state
        assert (ours.content, len(ours.log), ours.history.reverted) == ({"text": "ours"}, 3, [])

    def test_a_patch_applies_to_what_is_there_by_then(self) -> None:
        world, first, meddling, meddled, signer = self.begin()
        by = EventBuilder(signer)
        meddling.before = [
            lambda: world.streams.update(first.stream_id, {"text": "theirs", "n": 1}, by, expected_tip=None)
        ]
        operations = [{"op": "replace", "path": "/n", "value": 5}]
        ours = meddled.streams.patch(first.stream_id, operations, by, expected_tip=None).state
        assert ours.content == {"text": "theirs", "n": 5}

    def test_if_only_the_version_moved_it_is_written_and_signed_once(self) -> None:
        world, first, meddling, meddled, signer = self.begin()
        stream = first.stream_id.cid
        meddling.before = [
            lambda: world.anchor(stream, first.event, is_known=False),
            lambda: world.put(ALICE.data(stream, first.event, [])),
        ]
        ours = meddled.streams.update(
            first.stream_id, {"text": "ours"}, EventBuilder(signer), expected_tip=first.event
        ).state
        assert (meddling.puts, signer.signed) == (3, 1)
        assert (ours.log, ours.version) == ((first.event, ours.event), world.store.snapshot(stream).version)
        outcomes = {item.outcome for item in ours.history.judged.values()}
        assert outcomes == set(Outcome)

    def test_a_tip_that_comes_back_is_the_expected_one(self) -> None:
        world, first, meddling, meddled, signer = self.begin()
        stream = first.stream_id.cid
        late = world.streams.update(
            first.stream_id, {"text": "late"}, EventBuilder(signer), expected_tip=first.event
        ).state
        meddling.before = [lambda: world.anchor(stream, late.event)]
        with pytest.raises(ConflictError):
            meddled.streams.update(
                first.stream_id, {"text": "x"}, EventBuilder(signer), expected_tip=late.event
            )

    def test_a_stream_that_never_rests(self) -> None:
        world, first, meddling, meddled, signer = self.begin()
        stream = first.stream_id.cid

        def meddle(number: int) -> Callable[[], object]:
            return lambda: world.put(ALICE.data(stream, first.event, [{"number": number}]))

        meddling.before = [meddle(number) for number in range(MAX_WRITE_ATTEMPTS)]
        with pytest.raises(StreamBusy) as raised:
            meddled.streams.update(
                first.stream_id, {"text": "x"}, EventBuilder(signer), expected_tip=first.event
            )
        assert (raised.value.code, meddling.puts, signer.signed) == ("stream_busy", MAX_WRITE_ATTEMPTS, 1)
        assert world.streams.state(first.stream_id).event == first.event


def test_an_event_that_would_lose_by_the_tie_break_is_not_written() -> None:
    """Of branches anchored at the same time after as many events the tip's CID decides: more may be worse."""
    world = World()
    first = document(world)
    stream = first.stream_id.cid
    for number in range(6):
        branch = BOB.data(stream, first.event, [{"op": "add", "path": "/n", "value": number}])
        world.put(branch)
        world.anchor(stream, branch.cid)
    tip = world.streams.state(first.stream_id)
    refused = written = 0
    for number in range(40):
        if refused and written:
            break
        head = world.store.head()
        try:
            state = world.streams.update(
                first.stream_id, {"text": str(number)}, BOB, expected_tip=tip.event
            ).state
        except ConflictError as conflict:
            refused += conflict.tip == tip.event and "another branch" in str(conflict)
            assert world.store.head() == head
        else:
            written += 1
            assert state.is_tip
            tip = state
    assert refused


def test_writers_in_threads_lose_no_update() -> None:
    world = World()
    first = document(world)
    counts = {"conflicts": 0}
    barrier = Barrier(4)

    def add_up() -> None:
        barrier.wait()
        for _ in range(8):
            while True:
                seen = world.streams.state(first.stream_id)
                content: Any = seen.content
                try:
                    world.streams.update(
                        first.stream_id,
                        {"text": "hi", "n": content["n"] + 1},
                        BOB,
                        expected_tip=seen.event,
                    )
                except ConflictError:
                    counts["conflicts"] += 1
                else:
                    break

    threads = [Thread(target=add_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    last = world.streams.state(first.stream_id)
    assert last.content == {"text": "hi", "n": 1 + 4 * 8}
    assert len(last.log) == len(last.history.judged) == 1 + 4 * 8


def test_of_two_threads_that_have_seen_the_same_one_wins() -> None:
    world = World()
    seen = document(world)
    for number in range(20):
        won, lost = _race(world, seen, number)
        assert (len(won), len(lost)) == (1, 1)
        assert lost[0].tip == won[0].event
        seen = world.streams.state(seen.stream_id)
        assert seen == won[0]


def _race(world: World, seen: StateAt, number: int) -> tuple[list[StateAt], list[ConflictError]]:
    won: list[StateAt] = []
    lost: list[ConflictError] = []
    barrier = Barrier(2)

    def write(name: str) -> None:
        barrier.wait()
        content = {"text": f"{name}{number}"}
        try:
            won.append(world.streams.update(seen.stream_id, content, BOB, expected_tip=seen.event).state)
        except ConflictError as conflict:
            lost.append(conflict)

    threads = [Thread(target=write, args=[name]) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return won, lost


STEPS = st.lists(
    st.tuples(st.sampled_from(["read", "write", "anchor", "junk"]), st.integers(0, 2), st.integers(0, 3)),
    max_size=20,
)


@given(STEPS)
def test_a_write_happens_exactly_when_its_writer_has_seen_the_tip(steps: list[tuple[str, int, int]]) -> None:
    """Three writers and somebody who puts anchors and junk; a model of one line says what must come of it."""
    world = World()
    first = document(world)
    seen = dict.fromkeys(range(3), first)
    tip, log = first.event, [first.event]
    for number, (step, writer, value) in enumerate(steps):
        if step == "read":
            seen[writer] = world.streams.state(first.stream_id)
            assert seen[writer].event == tip
        elif step == "anchor":
            tip = world.anchor(first.stream_id.cid, tip, 1_700_000_000 + number)
            log.append(tip)
        elif step == "junk":
            world.put(ALICE.data(first.stream_id.cid, tip, [{"number": number}]))
        else:
            content = {"text": f"{number}", "n": value}
            expected = seen[writer].event
            if expected == tip:
                state = world.streams.update(first.stream_id, content, BOB, expected_tip=expected).state
                assert state.content == content
                tip = state.event
                log.append(tip)
                seen[writer] = state
            else:
                with pytest.raises(ConflictError) as raised:
                    world.streams.update(first.stream_id, content, BOB, expected_tip=expected)
                assert raised.value.tip == tip
    history: StreamHistory = world.streams.state(first.stream_id).history
    assert list(history.log) == log
    assert history.reverted == []
