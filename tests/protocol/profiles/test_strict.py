"""Our own rules where neither the vectors nor the tests of streams say anything."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ceramic_protocol.accounts.access import Stream
from ceramic_protocol.cid import Cid
from ceramic_protocol.events import InvalidEvent
from ceramic_protocol.ports import RawEvent
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.profiles.strict import Strict
from ceramic_protocol.reasons import Outcome, Reason
from ceramic_protocol.verify import Verifier
from tests.protocol.accounts import issuers
from tests.protocol.profiles.making import AT, SESSION, granted, header, own, reason
from tests.support.accounts import checked

STRICT: Final = Profile.STRICT
WALLET: Final = issuers.ethereum()


def test_a_capability_is_checked_where_the_signer_is_the_controller() -> None:
    for cacao, expected in (
        (WALLET.grant(), None),
        (WALLET.grant(audience="did:key:zOther"), Reason.CACAO_AUD_MISMATCH),
        (replace(WALLET.grant(), signature=""), Reason.CACAO_SIGNATURE_INVALID),
        (WALLET.grant(resources=()), Reason.CACAO_MODEL_NOT_COVERED),
        (WALLET.grant(expires_at="2024-06-02T00:00:00Z"), Reason.CACAO_EXPIRED),
    ):
        assert reason(granted(WALLET, cacao, SESSION.did), STRICT, SESSION.did) is expected


def test_what_is_certain_comes_before_what_a_contract_may_say() -> None:
    contract = WALLET.grant(signature_type="eip1271")
    other = replace(contract, audience="did:key:zOther")
    for cacao, expected in (
        (contract, Reason.CACAO_CONTRACT_UNKNOWN),
        (other, Reason.CACAO_AUD_MISMATCH),
    ):
        event = Verifier().check(RawEvent(granted(WALLET, cacao).car, None, "test", 0))
        assert not isinstance(event, InvalidEvent)
        assert event.reason is expected
        assert event.grant is not None
        assert (event.outcome is Outcome.PENDING) == (cacao is contract)


def test_a_bad_signature_comes_before_a_bad_capability() -> None:
    capability = replace(WALLET.grant(), signature="").encode()
    forger = replace(SESSION, sign=lambda data: SESSION.sign(data + b"x"))
    head = header(cap=f"ipfs://{Cid.of(capability)}")
    made = own(head, forger, WALLET.did)
    blocks = ((Cid.of(capability), capability), *made.blocks)
    assert reason(made.with_blocks(blocks), STRICT, WALLET.did) is Reason.SIGNATURE_INVALID


def test_a_stream_has_the_name_that_it_has() -> None:
    event = checked(granted(WALLET).car, STRICT)
    assert not isinstance(event, InvalidEvent)
    stream = Stream(WALLET.did, "k123", None)
    assert Strict().stream_of(stream, event.payload) == stream


def test_accounts_are_the_same_in_other_letters_on_every_chain() -> None:
    for reference in ("1", "137"):
        issuer = issuers.ethereum(reference=reference, checksummed=True)
        made = granted(issuer, controller=issuer.did.lower())
        assert reason(made, STRICT, issuer.did.lower()) is None
    solana = issuers.solana()
    made = granted(solana, controller=solana.did.lower())
    assert reason(made, STRICT, solana.did.lower()) is Reason.CACAO_ISS_MISMATCH


def test_a_capability_handed_on_is_named_as_such() -> None:
    other = issuers.ethereum(2)
    handed_on = WALLET.grant(unknown={"p": {"prf": ["ipfs://x"]}})
    made = granted(WALLET, handed_on, other.did)
    assert reason(made, STRICT, other.did) is Reason.CACAO_DELEGATION_UNSUPPORTED
    assert reason(granted(WALLET, handed_on), STRICT, WALLET.did, at=AT) is None
