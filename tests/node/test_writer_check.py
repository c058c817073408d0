"""Who is told at once that they may not write."""

from __future__ import annotations

import pytest

from ceramic_node.store.memory import MemoryStore
from ceramic_node.writer_check import WriterCheck
from ceramic_protocol.accounts.did import KeyType
from ceramic_protocol.accounts.signers import SIGNERS
from ceramic_protocol.build_init import deterministic_init
from ceramic_protocol.builder import EventBuilder
from ceramic_protocol.built import BuiltEvent
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.ids import MODEL, StreamId
from ceramic_protocol.ports import RawEvent
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.reasons import Finding, Reason
from ceramic_protocol.stored import NewEvent, StreamFacts, stream_of
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


def finding(
    store: MemoryStore, event: BuiltEvent, *batch: BuiltEvent, profile: Profile = Profile.STRICT
) -> Finding | None:
    inits = {init.cid: checked(init) for init in batch}
    facts = {cid: StreamFacts.of(init) for cid, init in inits.items()}
    report = checked(event)
    check = WriterCheck(store, Now(), profile)
    facts |= store.grounds([report]).facts
    return check.finding(report, facts.get(stream_of(report) or report.cid), inits)


PATCH: list[IpldValue] = [{"op": "replace", "path": "/n", "value": 2}]


@pytest.mark.parametrize("profile", Profile)
def test_the_controller_writes_and_nobody_else(profile: Profile) -> None:
    init = ALICE.init(A_MODEL, {"n": 1}, unique=b"a")
    store = store_with(init)
    assert finding(store, ALICE.data(init.cid, init.cid, PATCH), profile=profile) is None
    found = finding(store, MALLORY.data(init.cid, init.cid, PATCH), profile=profile)
    assert found is not None
    assert found.reason is Reason.SIGNER_NOT_CONTROLLER


def test_init_events_are_signed_by_their_controllers() -> None:
    store = MemoryStore()
    init = ALICE.init(A_MODEL, {"n": 1}, unique=b"a")
    assert finding(store, init, init) is None
    imposter = EventBuilder(SIGNERS[KeyType.ED25519](bytes([2]) * 32), controller=ALICE.controller)
    forged = imposter.init(A_MODEL, {"n": 1}, unique=b"b")
    found = finding(store, forged, forged)
    assert found is not None
    assert found.reason is Reason.SIGNER_NOT_CONTROLLER


def test_an_init_event_of_the_same_batch_counts() -> None:
    init = deterministic_init(ALICE.controller, A_MODEL)
    store = MemoryStore()
    assert finding(store, init, init) is None
    update = MALLORY.data(init.cid, init.cid, [])
    assert finding(store, update) is None
    assert finding(store, update, init) is not None


@pytest.mark.parametrize(("profile", "is_told"), [(Profile.STRICT, True), (Profile.CERAMIC_ONE, False)])
def test_who_may_write_is_known_of_a_pruned_stream_unless_its_payload_names_it(
    profile: Profile, is_told: bool
) -> None:
    init = ALICE.init(A_MODEL, {"n": 1}, unique=b"a")
    store = store_with(init)
    version = store.head().version
    assert store.prune({init.cid: version}, Now().now() * 2, 1).events == 1
    found = finding(store, MALLORY.data(init.cid, init.cid, PATCH), profile=profile)
    assert (found is not None) is is_told
