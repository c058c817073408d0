"""Who is told at once that they may not write."""

from __future__ import annotations

import pytest

from ceramic_node import writer_check
from ceramic_node.store.memory import MemoryStore
from ceramic_node.writer_check import WriterCheck
from ceramic_protocol.accounts.did import KeyType
from ceramic_protocol.accounts.signers import SIGNERS
from ceramic_protocol.build_init import deterministic_init
from ceramic_protocol.builder import EventBuilder
from ceramic_protocol.built import BuiltEvent
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.ids import MODEL, StreamId
from ceramic_protocol.ports import RawEvent
from ceramic_protocol.reasons import Reason
from ceramic_protocol.stored import NewEvent
from ceramic_protocol.verify import Verifier

ALICE, MALLORY = (EventBuilder(SIGNERS[KeyType.ED25519](bytes([seed]) * 32)) for seed in (1, 2))
A_MODEL = StreamId.of(MODEL, ALICE.model({"n": 1}).cid)


class Now:
    """A clock that stands still."""

    def now(self) -> int:
        return 1_800_000_000_000


def checked(event: BuiltEvent) -> CheckedEvent:
    found = Verifier().check(RawEvent(event.car, event.cid, "", 0))
    assert isinstance(found, CheckedEvent)
    return found


def store_with(*events: BuiltEvent) -> MemoryStore:
    store = MemoryStore()
    store.put([NewEvent(event.car, checked(event)) for event in events])
    return store


def test_the_controller_writes_and_nobody_else() -> None:
    init = ALICE.init(A_MODEL, {"n": 1}, unique=b"a")
    check = WriterCheck(store_with(init), Now())
    patch = [{"op": "replace", "path": "/n", "value": 2}]
    assert check.finding(checked(ALICE.data(init.cid, init.cid, patch)), {}) is None
    for _again in range(2):
        found = check.finding(checked(MALLORY.data(init.cid, init.cid, patch)), {})
        assert found is not None
        assert found.reason is Reason.SIGNER_NOT_CONTROLLER


def test_init_events_are_signed_by_their_controllers() -> None:
    check = WriterCheck(MemoryStore(), Now())
    assert check.finding(checked(ALICE.init(A_MODEL, {"n": 1}, unique=b"a")), {}) is None
    imposter = EventBuilder(SIGNERS[KeyType.ED25519](bytes([2]) * 32), controller=ALICE.controller)
    found = check.finding(checked(imposter.init(A_MODEL, {"n": 1}, unique=b"b")), {})
    assert found is not None
    assert found.reason is Reason.SIGNER_NOT_CONTROLLER


def test_an_init_event_of_the_same_batch_counts() -> None:
    init = deterministic_init(ALICE.controller, A_MODEL)
    check = WriterCheck(MemoryStore(), Now())
    assert check.finding(checked(init), {}) is None
    update = checked(MALLORY.data(init.cid, init.cid, []))
    assert check.finding(update, {}) is None
    found = check.finding(update, {init.cid: checked(init)})
    assert found is not None


def test_few_streams_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_check, "MAX_CACHED_STREAMS", 3)
    inits = [ALICE.init(A_MODEL, {"n": n}, unique=bytes([n])) for n in range(10)]
    check = WriterCheck(store_with(*inits), Now())
    for init in inits * 2:
        assert check.finding(checked(ALICE.data(init.cid, init.cid, [])), {}) is None
    assert len(check._known) == 3
