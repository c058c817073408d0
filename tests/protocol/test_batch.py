"""What a source yields, decoded and checked one by one, and in batches by threads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol.batch import SignaturePool
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.events import InvalidEvent
from ceramic_protocol.networks import TESTNET_CLAY, Network
from ceramic_protocol.ports import Chain, Damage, RawEvent, SourceItem, Transaction
from ceramic_protocol.reasons import Finding, Reason
from ceramic_protocol.verify import Checked, Verifier
from tests.support import corpus, signing
from tests.support.signing import ed25519, protected

DAMAGE = Damage("torn", "source", 1, 2, b"raw")
SAMPLE: list[SourceItem] = [
    RawEvent(car, Cid.parse(cid), "sample", position)
    for position, (cid, car) in enumerate(corpus.cars().items())
]
INIT = signing.init(ed25519(), {})


def raw(car: bytes, cid: Cid | None = None) -> RawEvent:
    return RawEvent(car, cid, "source", 0)


def one_by_one(items: list[SourceItem], chain: Chain) -> list[Checked]:
    found: list[Checked] = []
    for item in items:
        event = Verifier().decode(item)
        found.append(event if isinstance(event, InvalidEvent) else Verifier(chain).verify(event))
    return found


def test_an_event_under_its_own_cid_or_none() -> None:
    for claimed in (None, INIT.cid):
        found = Verifier(corpus.chain()).check(raw(INIT.car, claimed))
        assert isinstance(found, CheckedEvent)
        assert (found.cid, found.reason) == (INIT.cid, None)


def test_an_event_under_another_cid_is_refused() -> None:
    found = Verifier().check(raw(INIT.car, Cid.of(b"other")))
    assert isinstance(found, InvalidEvent)
    assert (found.reason, found.cid) == (Reason.EVENT_MALFORMED, INIT.cid)


def test_what_can_not_be_read_is_known_by_what_the_source_says() -> None:
    assert Verifier().decode(raw(b"", INIT.cid)) == InvalidEvent(
        Reason.CAR_TRUNCATED, "ends inside the length at byte 0", INIT.cid
    )
    assert Verifier().decode(DAMAGE) == InvalidEvent(Reason.ARCHIVE_DAMAGED, "torn")


@given(st.lists(st.sampled_from([*SAMPLE[::7], DAMAGE]), max_size=300), st.sampled_from([1, 2, 4]))
def test_a_batch_is_answered_as_its_events_are_one_by_one(items: list[SourceItem], threads: int) -> None:
    with SignaturePool(threads) as pool:
        assert pool.verify_batch(items, Verifier(corpus.chain())) == one_by_one(items, corpus.chain())


def test_batches_of_any_size_are_answered_in_order() -> None:
    random = Random(1)
    items = random.sample(SAMPLE, len(SAMPLE))
    batches, start = [], 0
    while start < len(items):
        size = random.choice((0, 1, 127, 128, 129, 300))
        batches.append(items[start : start + size])
        start += size
    with SignaturePool() as pool:
        found = list(pool.verify_batches(iter(batches), Verifier(corpus.chain())))
    assert [list(batch) for batch, _answers in found] == batches
    assert [answer for _batch, answers in found for answer in answers] == one_by_one(items, corpus.chain())


@dataclass
class DistantSample:
    """The sample's chain, that notes what it is asked for at once and knows nothing else."""

    fetched: list[tuple[str, bytes]] = field(default_factory=list)

    def prefetch(self, wanted: Iterable[tuple[str, bytes]]) -> int:
        self.fetched += wanted
        return 0

    def transaction(self, chain_id: str, tx_hash: bytes) -> Transaction | Finding:
        assert (chain_id, tx_hash) in self.fetched
        return corpus.chain().transaction(chain_id, tx_hash)


@pytest.mark.parametrize("network", [None, TESTNET_CLAY])
def test_a_distant_chain_is_asked_about_all_anchors_of_a_batch_at_once(network: Network | None) -> None:
    chain = DistantSample()
    with SignaturePool(2) as pool:
        found = pool.verify_batch(SAMPLE, Verifier(chain, network=network))
    near = Verifier(corpus.chain(), network=network)
    assert found == [near.check(item) for item in SAMPLE]
    chains = {chain_id for chain_id, _tx_hash in chain.fetched}
    assert "eip155:100" in chains
    assert ("eip155:1337" in chains) == (network is None), "what is refused anyway costs no question"


def test_a_forged_signature_is_found_at_its_own_place() -> None:
    """One among many good ones, wherever it stands."""
    signer = ed25519()
    good = [signing.init(signer, {"n": number}) for number in range(300)]
    payload, block = good[0].blocks[0]
    forged = signing.envelope({"protected": protected(signer), "signature": bytes(64)}, payload, block)
    with SignaturePool(2) as pool:
        for place in (0, 1, 127, 128, 255, 299):
            items = [raw(event.car) for event in (*good[:place], forged, *good[place:])]
            answers = pool.verify_batch(items, Verifier(corpus.chain()))
            reasons = [answer.reason for answer in answers]
            assert reasons == [None] * place + [Reason.SIGNATURE_INVALID] + [None] * (300 - place)


def test_a_pool_must_be_entered() -> None:
    with pytest.raises(RuntimeError):
        SignaturePool().verify_batch([], Verifier())
