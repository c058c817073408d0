"""Where capabilities, anchors and the time that counts as now meet in a stream."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol.accounts.did import KeyType
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.history import Judged, StreamHistory
from ceramic_protocol.ports import Contracts, NoContracts
from ceramic_protocol.reasons import Outcome, Reason
from ceramic_protocol.rules import Rules
from ceramic_protocol.verify import Verifier
from tests.support import capabilities, signing
from tests.support.capabilities import Wallet, iso
from tests.support.chains import KnownChain
from tests.support.judging import CONTEXT
from tests.support.signing import Made, ed25519

START: Final = 1_710_000_000
END: Final = START + 1000
GRACE: Final = 86_400
SKEW: Final = 300

WALLET = Wallet()
SESSION = ed25519(7)
CHAIN = KnownChain()
SHORT = WALLET.grant(SESSION, issued_at=iso(START), expires_at=iso(END))
INIT = capabilities.init(WALLET, SESSION, WALLET.grant(SESSION))
USED = capabilities.data(SESSION, SHORT, INIT, INIT, [{"op": "add", "path": "/a", "value": 1}])


def judge(*events: Made, at: int, grace: int = GRACE, skew: int = SKEW) -> StreamHistory:
    known = signing.known(*events, chain=CHAIN)
    return evaluate(INIT.cid, known, Rules(at * 1000, grace=grace, skew=skew), CONTEXT)


def used(history: StreamHistory) -> Judged:
    return history.judged[USED.cid]


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (START - SKEW - 1, Reason.CACAO_NOT_YET_VALID),
        (START - SKEW, None),
        (END, None),
        (END + GRACE, None),
        (END + GRACE + 1, Reason.CACAO_EXPIRED),
    ],
)
def test_without_an_anchor_the_time_that_counts_as_now_decides(at: int, reason: Reason | None) -> None:
    found = used(judge(INIT, USED, at=at))
    assert found.reason is reason
    assert found.expires_at == (None if reason else END + GRACE)


def test_grace_and_skew_are_settings_of_their_own() -> None:
    assert used(judge(INIT, USED, at=END + 1, grace=0)).reason is Reason.CACAO_EXPIRED
    assert used(judge(INIT, USED, at=END, grace=0)).reason is None
    assert used(judge(INIT, USED, at=START - 1, skew=0)).reason is Reason.CACAO_NOT_YET_VALID
    assert used(judge(INIT, USED, at=START - 3600, skew=3600)).reason is None


@pytest.mark.parametrize(
    ("stamp", "reason"),
    [
        (START - SKEW - 1, Reason.CACAO_NOT_YET_VALID),
        (START, None),
        (END + GRACE, None),
        (END + GRACE + 1, Reason.CACAO_EXPIRED),
    ],
)
def test_an_anchor_says_when_it_was_whatever_the_time_is_now(stamp: int, reason: Reason | None) -> None:
    anchor = signing.time(INIT, USED, CHAIN, stamp, sibling=INIT.cid)
    for now in (START, END, 10 * START):
        found = used(judge(INIT, USED, anchor, at=now))
        assert (found.reason, found.expires_at) == (reason, None)


def test_the_earliest_of_several_anchors_counts() -> None:
    late = signing.time(INIT, USED, CHAIN, END + 10 * GRACE, sibling=INIT.cid)
    assert used(judge(INIT, USED, late, at=START)).reason is Reason.CACAO_EXPIRED
    more = capabilities.data(SESSION, WALLET.grant(SESSION), INIT, USED, [])
    early = signing.time(INIT, more, CHAIN, END)
    assert used(judge(INIT, USED, late, more, early, at=10 * START)).reason is None


def test_an_anchor_below_a_refused_event_proves_as_much() -> None:
    forged = signing.data(ed25519(9), INIT, USED, [])
    anchor = signing.time(INIT, forged, CHAIN, START)
    found = judge(INIT, USED, forged, anchor, at=10 * START)
    assert used(found).reason is None
    assert found.judged[forged.cid].reason is Reason.SIGNER_NOT_CONTROLLER
    assert found.judged[anchor.cid].reason is Reason.PREV_INVALID
    assert found.anchored == {}


def test_a_late_anchor_makes_an_expired_event_valid_and_moves_the_tip() -> None:
    anchor = signing.time(INIT, USED, CHAIN, END)
    before = judge(INIT, USED, at=10 * START)
    assert (used(before).reason, before.tip) == (Reason.CACAO_EXPIRED, INIT.cid)
    after = judge(INIT, USED, anchor, at=10 * START)
    assert (used(after).reason, after.tip) == (None, anchor.cid)
    assert after.log == (INIT.cid, USED.cid, anchor.cid)


def test_an_anchor_that_can_not_be_checked_leaves_it_open() -> None:
    chain = KnownChain()
    anchor = signing.time(INIT, USED, chain, START)
    blind = EventSet.of(event.check(KnownChain()) for event in (INIT, USED, anchor))
    found = evaluate(INIT.cid, blind, Rules(10 * START * 1000), CONTEXT)
    assert used(found).outcome is Outcome.PENDING
    assert used(found).reason is Reason.ANCHOR_CHAIN_UNKNOWN
    assert "expired" in (used(found).detail or "")
    seen = blind.merge(signing.known(anchor, chain=chain))
    assert used(evaluate(INIT.cid, seen, Rules(10 * START * 1000), CONTEXT)).reason is None


def test_what_builds_on_an_expired_event_falls_with_it() -> None:
    child = capabilities.data(SESSION, WALLET.grant(SESSION), INIT, USED, [])
    found = judge(INIT, USED, child, at=10 * START)
    assert found.judged[child.cid].reason is Reason.PREV_INVALID


def test_an_init_event_expires_like_any_other() -> None:
    init = capabilities.init(WALLET, SESSION, SHORT, {"n": 1})
    late = Rules(10 * START * 1000)
    assert evaluate(init.cid, signing.known(init), late, CONTEXT).reason is Reason.CACAO_EXPIRED
    anchor = signing.time(init, init, CHAIN, END)
    assert evaluate(init.cid, signing.known(init, anchor, chain=CHAIN), late, CONTEXT).tip == anchor.cid


TIMES = st.integers(START - 2 * SKEW, END + 2 * GRACE)


@given(TIMES, st.lists(TIMES, max_size=3), st.randoms())
def test_only_the_set_of_events_and_the_rules_decide(now: int, stamps: list[int], random: Random) -> None:
    chain = KnownChain()
    anchors = [
        signing.time(INIT, USED, chain, stamp, sibling=signing.plain({"n": number}).cid)
        for number, stamp in enumerate(stamps)
    ]
    events = [event.check(chain) for event in (INIT, USED, *anchors)]
    whole = evaluate(INIT.cid, EventSet.of(events), Rules(now * 1000), CONTEXT)
    random.shuffle(events)
    left, right = EventSet.of(events[::2]), EventSet.of(events[1::2])
    assert evaluate(INIT.cid, left.merge(right), Rules(now * 1000), CONTEXT) == whole
    moment = min(stamps, default=now)
    in_time = START - SKEW <= moment <= END + GRACE
    assert (whole.judged[USED.cid].reason is None) is in_time


OTHER = Wallet(2)
FOREIGN_KEY = ed25519(8)
STRANGERS = {
    Reason.CACAO_AUD_MISMATCH: WALLET.grant(FOREIGN_KEY),
    Reason.CACAO_ISS_MISMATCH: OTHER.grant(SESSION),
    Reason.CACAO_MODEL_NOT_COVERED: WALLET.grant(SESSION, resources=("ceramic://*?model=k2t6w",)),
    Reason.CACAO_SIGNATURE_INVALID: replace(WALLET.grant(SESSION), nonce="another"),
    Reason.CACAO_TYPE_UNSUPPORTED: WALLET.grant(SESSION, header_type="foo"),
    Reason.CACAO_DELEGATION_UNSUPPORTED: OTHER.grant(
        SESSION, resources=("ceramic://*", f"ipfs://{signing.plain({}).cid}")
    ),
    Reason.CACAO_MALFORMED: WALLET.grant(SESSION, expires_at="never"),
    Reason.CACAO_CONTRACT_UNKNOWN: WALLET.grant(SESSION, signature_type="eip1271"),
}


@pytest.mark.parametrize("reason", STRANGERS, ids=lambda reason: reason.value)
def test_every_way_to_cheat_has_its_own_code(reason: Reason) -> None:
    event = capabilities.data(SESSION, STRANGERS[reason], INIT, INIT, [])
    assert judge(INIT, event, at=START).judged[event.cid].reason is reason


@pytest.mark.parametrize("kind", KeyType)
def test_session_keys_of_every_kind_write(kind: KeyType) -> None:
    session = signing.SIGNERS[kind](5)
    event = capabilities.data(session, WALLET.grant(session), INIT, INIT, [])
    assert judge(INIT, event, at=START).judged[event.cid].reason is None


def test_resources_name_everything_a_stream_a_change_or_a_model() -> None:
    stream = str(judge(INIT, at=START).stream_id)
    payload = {"id": INIT.cid, "prev": INIT.cid, "data": [{"op": "add", "path": "/only", "value": 1}]}
    change = signing.sign(payload, SESSION).blocks[0][0]
    here = ("ceramic://*", f"ceramic://{stream}", f"ceramic://*?model={signing.ANY_MODEL}")
    for resource in (*here, f"ceramic://{stream}?payload={change}"):
        event = capabilities.under(payload, SESSION, WALLET.grant(SESSION, resources=(resource,)))
        assert judge(INIT, event, at=START).judged[event.cid].reason is None, resource
    elsewhere = (
        f"ceramic://{stream}?payload={INIT.cid}",
        f"ceramic://{stream} ",
        "ceramic://*?family=x",
        "*",
    )
    for resource in elsewhere:
        event = capabilities.under(payload, SESSION, WALLET.grant(SESSION, resources=(resource,)))
        found = judge(INIT, event, at=START).judged[event.cid]
        assert found.reason is Reason.CACAO_MODEL_NOT_COVERED, resource


class Contract:
    """A wallet contract with one answer."""

    def __init__(self, *, answer: bool) -> None:
        self.answer = answer

    def accepts(self, chain_id: str, address: str, digest: bytes, signature: bytes) -> bool:
        assert (chain_id, len(digest)) == ("eip155:1", 32)
        assert address.lower() == WALLET.did.rpartition(":")[2]
        del signature
        return self.answer


def test_a_contract_wallet_is_asked_each_time() -> None:
    capability = WALLET.grant(SESSION, signature_type="eip1271")
    event = capabilities.data(SESSION, capability, INIT, INIT, []).decode()
    answers: list[Contracts] = [NoContracts(), Contract(answer=True), Contract(answer=False), NoContracts()]
    found = [Verifier(contracts=contracts).verify(event).reason for contracts in answers]
    unknown = Reason.CACAO_CONTRACT_UNKNOWN
    assert found == [unknown, None, Reason.CACAO_SIGNATURE_INVALID, unknown]


def test_a_certain_refusal_is_told_before_a_contract_that_can_not_be_asked() -> None:
    capability = OTHER.grant(SESSION, signature_type="eip1271")
    event = capabilities.data(SESSION, capability, INIT, INIT, [])
    assert judge(INIT, event, at=START).judged[event.cid].reason is Reason.CACAO_ISS_MISMATCH
