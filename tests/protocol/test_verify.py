"""What can be said of one event alone."""

from __future__ import annotations

import pytest

from ceramic_protocol.accounts.did import KeyType
from ceramic_protocol.checked import Kind
from ceramic_protocol.cid import DAG_JOSE, Cid
from ceramic_protocol.dagcbor import encode
from ceramic_protocol.events import InvalidEvent, decode_event
from ceramic_protocol.reasons import Outcome, Reason
from tests.support import signing
from tests.support.chains import KnownChain
from tests.support.signing import Made, ed25519, init_payload, plain, protected, sign

ME, OTHER = ed25519(1), ed25519(2)
INIT = signing.init(ME, {"n": 1})


@pytest.mark.parametrize("kind", KeyType)
def test_events_signed_by_every_kind_of_key(kind: KeyType) -> None:
    signer = signing.SIGNERS[kind](5)
    init = signing.init(signer, {})
    data = signing.data(signer, init, init, [])
    for made, wanted in ((init, Kind.INIT), (data, Kind.DATA)):
        checked = made.check()
        assert (checked.kind, checked.reason, checked.outcome) == (wanted, None, Outcome.VALID)
        assert (checked.signer, checked.capability) == (signer.did, None)
        assert (checked.cid, checked.stream) == (made.cid, init.cid)
        assert checked.payload == made.blocks[0][1]
        assert checked.timestamp is None


def test_time_events() -> None:
    chain = KnownChain()
    made = signing.time(INIT, INIT, chain, 1234)
    checked = made.check(chain)
    assert (checked.kind, checked.reason, checked.timestamp) == (Kind.TIME, None, 1234)
    assert (checked.chain_id, checked.payload, checked.signer) == (signing.CHAIN_ID, b"", None)
    unknown = made.check(KnownChain())
    assert (unknown.reason, unknown.outcome) == (Reason.ANCHOR_CHAIN_UNKNOWN, Outcome.PENDING)
    assert (unknown.timestamp, unknown.chain_id) == (None, None)
    refused = made.check(KnownChain({signing.CHAIN_ID}))
    assert (refused.reason, refused.outcome) == (Reason.ANCHOR_TX_UNKNOWN, Outcome.REJECTED)


def reason_of(made: Made) -> Reason | None:
    return made.check().reason


def test_who_signs_unsigned_events() -> None:
    assert reason_of(plain(init_payload(ME))) is None
    assert reason_of(plain(init_payload(ME, {"n": 1}))) is Reason.UNSIGNED_INIT_WITH_DATA
    assert reason_of(plain({"id": INIT.cid, "prev": INIT.cid, "data": []})) is Reason.DATA_EVENT_UNSIGNED


@pytest.mark.parametrize("controllers", [[], [""]], ids=repr)
def test_an_init_needs_a_controller(controllers: list[str]) -> None:
    header = {"controllers": controllers, "model": bytes(signing.ANY_MODEL)}
    assert reason_of(sign({"data": None, "header": header}, ME)) is Reason.INIT_NO_CONTROLLERS
    assert reason_of(plain({"data": None, "header": header})) is Reason.INIT_NO_CONTROLLERS


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (protected(ME, kid=f"{ME.did}#{ME.did[8:]}"), None),
        (protected(ME, kid=f"{ME.did}#anything"), None),
        (protected(ME, typ="JWT", crit=["x"], b64=False), None),
        (b' { "kid" : "' + ME.did.encode() + b'", "alg":"EdDSA"}', None),
        (protected(ME, x="~?>~?>"), None),
        (protected(ME, kid=None), Reason.KID_MISSING),
        (protected(ME, kid=""), Reason.KID_MISSING),
        (protected(ME, kid="#" + ME.did), Reason.KID_MISSING),
        (protected(ME, kid="did:web:example.com"), Reason.UNSUPPORTED_DID),
        (protected(ME, kid=f"{ME.did}?version-id=0"), None),
        (protected(ME, kid="did:pkh:eip155:1:0x" + "00" * 20), Reason.UNSUPPORTED_DID),
        (protected(ME, kid=OTHER.did), Reason.SIGNATURE_INVALID),
        (protected(ME, alg="ES256"), Reason.ALG_KEY_MISMATCH),
        (protected(ME, alg="none"), Reason.ALG_KEY_MISMATCH),
        (protected(ME, alg="eddsa"), Reason.ALG_KEY_MISMATCH),
        (protected(ME, alg=None), Reason.ALG_KEY_MISMATCH),
    ],
    ids=lambda value: value.decode()[:60] if isinstance(value, bytes) else None,
)
def test_protected_headers(header: bytes, wanted: Reason | None) -> None:
    assert reason_of(sign(init_payload(ME), ME, header)) is wanted


@pytest.mark.parametrize("member", ["alg", "kid"])
def test_no_detail_has_a_surrogate(member: str) -> None:
    found = decode_event(sign(init_payload(ME), ME, protected(ME, **{member: "\ud800"})).car)
    assert isinstance(found, InvalidEvent)
    assert found.reason is Reason.JWS_MALFORMED
    assert found.detail.encode("utf-8")


def test_changed_payload_header_and_signature() -> None:
    (payload, block), (_root, _envelope) = INIT.blocks
    head = protected(ME)
    good = ME.sign(INIT.decode().envelope.signing_input)  # type: ignore[union-attr]
    assert reason_of(signing.envelope({"protected": head, "signature": good}, payload, block)) is None
    other = encode(init_payload(ME, {"n": 2}))
    wrong = [
        signing.envelope({"protected": head, "signature": good}, Cid.of(other), other),
        signing.envelope({"protected": head + b" ", "signature": good}, payload, block),
        signing.envelope({"protected": head, "signature": good[:-1]}, payload, block),
        signing.envelope({"protected": head, "signature": bytes(64)}, payload, block),
        signing.envelope({"protected": head, "signature": b""}, payload, block),
    ]
    assert [reason_of(made) for made in wrong] == [Reason.SIGNATURE_INVALID] * len(wrong)


def test_what_is_no_capability() -> None:
    capability = encode({"p": {}})
    head = protected(ME, cap=f"ipfs://{Cid.of(capability)}")
    made = sign(init_payload(ME), ME, head)
    made = Made(made.cid, ((Cid.of(capability), capability), *made.blocks))
    checked = made.check()
    assert (checked.reason, checked.outcome) == (Reason.CACAO_MALFORMED, Outcome.REJECTED)
    assert checked.capability == Cid.of(capability)
    # A wrong signature is wrong, whatever the capability.
    (payload, block) = made.blocks[1]
    forged = signing.envelope({"protected": head, "signature": bytes(64)}, payload, block)
    assert Made(forged.cid, (made.blocks[0], *forged.blocks)).check().reason is Reason.SIGNATURE_INVALID


def test_the_controller_is_not_asked_here() -> None:
    assert reason_of(sign(init_payload(OTHER), ME)) is None
    assert reason_of(signing.data(OTHER, INIT, INIT, [])) is None


def test_a_cid_of_another_codec_is_another_event() -> None:
    assert INIT.cid.codec == DAG_JOSE
