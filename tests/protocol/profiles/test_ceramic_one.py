"""ceramic-one's emulation where the vectors say nothing; its times are those of chrono 0.4.38."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import Any, Final

import pytest
from coincurve import PrivateKey
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from ceramic_protocol import dagcbor, multibase
from ceramic_protocol.accounts.access import Stream, Terms
from ceramic_protocol.accounts.pkh import parse_pkh
from ceramic_protocol.accounts.siwx import Network, sign_in_message
from ceramic_protocol.cid import Cid
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.events import InvalidEvent
from ceramic_protocol.ids import MODEL_INSTANCE, StreamId
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.profiles.registry import ACCOUNT_RULES
from ceramic_protocol.reasons import Reason
from ceramic_protocol.rules import Rules
from tests.protocol.accounts import issuers
from tests.protocol.profiles.making import AT, SESSION, block, granted, header, own, reason, under
from tests.support import signing
from tests.support.accounts import checked
from tests.support.chains import KnownChain
from tests.support.judging import CONTEXT
from tests.support.signing import Made, Signer

RUST: Final = Profile.CERAMIC_ONE
DID: Final = SESSION.did
WALLET: Final = issuers.ethereum()
ALG: Final = '"alg":"EdDSA"'
KID: Final = f'"kid":"{DID}"'


# Headers.


def raw(*members: str) -> bytes:
    return ("{" + ",".join(members) + "}").encode()


HEADERS: Final[Mapping[str, tuple[bytes, Reason | None]]] = {
    "fragment": (header(kid=f"{DID}#x"), None),
    "query": (header(kid=f"{DID}?a=b"), Reason.UNSUPPORTED_DID),
    "kid null": (header(kid=None), Reason.KID_MISSING),
    "kid 5": (header(kid=5), Reason.JWS_MALFORMED),
    "kid twice": (raw(ALG, KID, KID), Reason.JWS_MALFORMED),
    "alg twice": (raw(ALG, ALG, KID), Reason.JWS_MALFORMED),
    "something else twice": (raw(ALG, KID, '"x":1', '"x":2'), None),
    "cap twice": (raw(ALG, KID, '"cap":"ipfs://x"', '"cap":"ipfs://x"'), None),
    "alg null": (header(alg=None), Reason.JWS_MALFORMED),
    "alg unknown": (header(alg="Ed25519"), Reason.ALG_KEY_MISMATCH),
    "alg of other keys": (header(alg="PS512"), None),
    "typ 5": (header(typ=5), Reason.JWS_MALFORMED),
    "typ null": (header(typ=None), None),
    "crit": (header(crit=["x"], b64=False, typ="JWT"), None),
    "crit of numbers": (header(crit=[1]), Reason.JWS_MALFORMED),
    "crit no list": (header(crit="x"), Reason.JWS_MALFORMED),
    "b64 no boolean": (header(b64="x"), Reason.JWS_MALFORMED),
    "NaN": (raw(ALG, KID, '"x":NaN'), Reason.JWS_MALFORMED),
    "beyond all numbers": (raw(ALG, KID, '"x":1e999'), Reason.JWS_MALFORMED),
    "more digits than a number has": (raw(ALG, KID, f'"x":{"9" * 400}'), Reason.JWS_MALFORMED),
    "half a surrogate pair": (raw(ALG, KID, '"x":"\\ud800"'), Reason.JWS_MALFORMED),
    "no UTF-8": (raw(ALG, KID, '"x":"?"').replace(b"?", b"\xff"), Reason.JWS_MALFORMED),
    "a list": (b"[]", Reason.JWS_MALFORMED),
    "null": (b"null", Reason.JWS_MALFORMED),
    "too long": (header(x="x" * 9000), Reason.JWS_MALFORMED),
    "cap 5": (header(cap=5), None),
    "cap no CID": (header(cap="ipfs://junk"), None),
    "cap of another scheme": (header(cap="ipns://junk"), None),
}


@pytest.mark.parametrize("name", HEADERS)
def test_headers(name: str) -> None:
    head, expected = HEADERS[name]
    assert reason(own(head), RUST, DID) is expected


def signed_envelope(change: Callable[[dict[str, Any]], object], **more: object) -> Made:
    payload = dagcbor.encode(signing.init_payload(SESSION, {}))
    head = header()
    data = f"{multibase.encode_base64url(head)}.{multibase.encode_base64url(Cid.of(payload))}".encode()
    signed = {"protected": head, "signature": SESSION.sign(data)}
    return signing.envelope(change(signed), Cid.of(payload), payload, **more)


def test_what_an_envelope_may_hold() -> None:
    good = signed_envelope(lambda signed: signed | {"header": {"x": 1}})
    assert reason(good, RUST, DID) is None
    for change in (
        lambda signed: signed | {"more": 1},
        lambda signed: signed | {"header": None},
        lambda signed: signed | {"header": []},
        lambda signed: signed | {"protected": None},
        lambda signed: {"signature": signed["signature"]},
        lambda signed: signed | {"signature": "x"},
    ):
        assert reason(signed_envelope(change), RUST, DID) is Reason.EVENT_MALFORMED
    assert reason(signed_envelope(lambda signed: signed, link=None), RUST, DID) is Reason.EVENT_MALFORMED


def several(*order: int) -> Made:
    payload = dagcbor.encode(signing.init_payload(SESSION, {}))
    head = header()
    data = f"{multibase.encode_base64url(head)}.{multibase.encode_base64url(Cid.of(payload))}".encode()
    choices = [{"protected": head, "signature": SESSION.sign(data)}, {"protected": b"", "signature": b""}]
    return signing.envelope({}, Cid.of(payload), payload, signatures=[choices[index] for index in order])


def test_the_first_signature_counts() -> None:
    assert reason(several(0, 1), RUST, DID) is None
    assert reason(several(1, 0), RUST, DID) is Reason.JWS_MALFORMED


# Signatures.


def blake(data: bytes) -> bytes:
    return blake2b(data, digest_size=32).digest()


def p256_blake(data: bytes) -> bytes:
    key = ec.derive_private_key(1, ec.SECP256R1())
    return signing.raw_signature(key.sign(blake(data), ec.ECDSA(Prehashed(SHA256()))))


def secp256k1_blake(data: bytes) -> bytes:
    return signing.raw_signature(PrivateKey((1).to_bytes(32, "big")).sign(blake(data), hasher=None))


def recoverable(data: bytes) -> bytes:
    return PrivateKey((1).to_bytes(32, "big")).sign_recoverable(data)


def high(sign: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    def signed(data: bytes) -> bytes:
        low = sign(data)
        r, s = signing.split_signature(low[:64])
        return signing.join_signature(r, signing.SECP256K1_ORDER - s) + bytes(byte ^ 1 for byte in low[64:])

    return signed


ED25519, P256, SECP256K1 = signing.ed25519(1), signing.p256(1), signing.secp256k1(1)
INVALID: Final = Reason.SIGNATURE_INVALID
SIGNATURES: Final = [
    (ED25519, "EdBlake2b", lambda data: ED25519.sign(blake(data)), None),
    (ED25519, "EdBlake2b", ED25519.sign, INVALID),
    (ED25519, "EdDSA", lambda data: ED25519.sign(data)[:63], INVALID),
    (P256, "ESBlake2b", p256_blake, None),
    (P256, "ESBlake2b", P256.sign, INVALID),
    (P256, "ESBlake2b", lambda data: p256_blake(data)[:63], INVALID),
    (P256, "ES384", P256.sign, Reason.ALG_KEY_MISMATCH),
    (SECP256K1, "ESBlake2bK", secp256k1_blake, None),
    (SECP256K1, "ESBlake2bK", high(secp256k1_blake), INVALID),
    (SECP256K1, "ESBlake2bK", SECP256K1.sign, INVALID),
    (SECP256K1, "ESBlake2bK", lambda data: secp256k1_blake(data)[:63], INVALID),
    (SECP256K1, "ES256K", high(SECP256K1.sign), None),
    (SECP256K1, "ES256K-R", recoverable, None),
    (SECP256K1, "ES256K-R", high(recoverable), INVALID),
    (SECP256K1, "ES256K-R", SECP256K1.sign, INVALID),
    (SECP256K1, "ESBlake2b", secp256k1_blake, Reason.ALG_KEY_MISMATCH),
]


@pytest.mark.parametrize(("signer", "alg", "sign", "expected"), SIGNATURES)
def test_signatures(signer: Signer, alg: str, sign: Any, expected: Reason | None) -> None:
    made = own(header(signer, alg=alg), replace(signer, sign=sign))
    assert reason(made, RUST, signer.did) is expected


def test_a_header_is_signed_in_plain_base64() -> None:
    payload = dagcbor.encode(signing.init_payload(SESSION, {}))
    head = header(x="???")
    assert b"/" in b64encode(head)
    data = b"%b.%b" % (
        b64encode(head).rstrip(b"="),
        multibase.encode_base64url(Cid.of(payload)).encode(),
    )
    made = signing.envelope({"protected": head, "signature": SESSION.sign(data)}, Cid.of(payload), payload)
    assert reason(made, RUST, DID) is None
    assert reason(made, Profile.STRICT, DID) is INVALID
    assert reason(own(head), RUST, DID) is INVALID


# Capabilities.


def test_a_capability_is_checked_whoever_needs_it() -> None:
    for cacao, expected in (
        (WALLET.grant(audience="did:key:zOther"), Reason.CACAO_AUD_MISMATCH),
        (replace(WALLET.grant(), signature="00"), Reason.CACAO_SIGNATURE_INVALID),
        (WALLET.grant(expires_at="2024-06-02T00:00:00.000Z"), Reason.CACAO_EXPIRED),
        (WALLET.grant(resources=()), Reason.CACAO_MODEL_NOT_COVERED),
        (WALLET.grant(), None),
    ):
        assert reason(granted(WALLET, cacao, DID), RUST, DID) is expected


def test_members_that_are_not_stored() -> None:
    for members in ({"x": 1}, {"exp": None}, {"resources": None}):
        made = under(block(WALLET.grant(), **members), WALLET.did)
        assert reason(made, RUST, WALLET.did) is Reason.CACAO_MALFORMED


def test_what_is_shown_of_a_time() -> None:
    for said, printed in {
        "2024-06-01T00:00:00Z": "2024-06-01T00:00:00.000Z",
        "2024-06-01T02:00:00.1234567+02:00": "2024-06-01T00:00:00.123Z",
        "1717200000": "2024-06-01T00:00:00.000Z",
        "2016-12-31T23:59:60Z": "2016-12-31T23:59:60.000Z",
    }.items():
        shown = WALLET.unsigned(issued_at=printed)
        signed = WALLET.sign(shown)
        made = granted(WALLET, replace(signed, issued_at=said))
        assert reason(made, RUST, WALLET.did) is None, said
        made = granted(WALLET, WALLET.grant(issued_at=said))
        expected = None if said == printed else Reason.CACAO_SIGNATURE_INVALID
        assert reason(made, RUST, WALLET.did) is expected, said


def test_empty_texts_are_shown() -> None:
    unsigned = WALLET.unsigned(statement="", request_id="")
    text = sign_in_message(unsigned, Network.ETHEREUM, parse_pkh(WALLET.did), shows_empty=True)
    signed = replace(unsigned, signature=issuers.personal_signature(text))
    assert reason(granted(WALLET, signed), RUST, WALLET.did) is None
    assert reason(granted(WALLET, signed), Profile.STRICT, WALLET.did) is Reason.CACAO_SIGNATURE_INVALID
    assert reason(granted(WALLET, WALLET.sign(unsigned)), RUST, WALLET.did) is Reason.CACAO_SIGNATURE_INVALID


def test_the_legacy_text_of_a_time_before_its_end() -> None:
    for issued, expected in {
        "2022-09-19T23:59:59.999Z": None,
        "2022-09-20T00:00:00.000Z": Reason.CACAO_SIGNATURE_INVALID,
    }.items():
        unsigned = WALLET.unsigned(issued_at=issued)
        text = sign_in_message(unsigned, Network.ETHEREUM, parse_pkh(WALLET.did), is_legacy=True)
        signed = replace(unsigned, signature=issuers.personal_signature(text))
        assert reason(granted(WALLET, signed), RUST, WALLET.did) is expected


def test_the_header_decides_what_kind_of_signature_it_is() -> None:
    ethereum = WALLET.grant(header_type="eip4361", signature_type="solana:ed25519")
    assert reason(granted(WALLET, ethereum), RUST, WALLET.did) is None
    assert reason(granted(WALLET, ethereum), Profile.JS, WALLET.did) is Reason.CACAO_SIGNATURE_INVALID
    for change in ({"header_type": "foo"}, {"signature_type": "foo"}, {"signature_type": "jws"}):
        made = granted(WALLET, WALLET.grant(**change))
        assert reason(made, RUST, WALLET.did) is Reason.CACAO_TYPE_UNSUPPORTED


def test_issuers_that_are_no_accounts() -> None:
    for did in ("did:pkh:eip155:1:0x12", "did:pkh:eip155:1:", "did:pkh:e:1:0x12", "x", f"{WALLET.did}:x"):
        for kind in ("eip191", "solana:ed25519", "webauthn:p256"):
            cacao = replace(WALLET.grant(), issuer=did, signature_type=kind)
            assert reason(granted(WALLET, cacao, did), RUST, did) is Reason.CACAO_SIGNATURE_INVALID


def test_what_stands_behind_a_solana_key_is_left_alone() -> None:
    solana = issuers.solana()
    key = multibase.decode_base58(solana.did.rpartition(":")[2])
    longer = solana.did.rpartition(":")[0] + ":" + multibase.encode_base58(key + b"more")
    cacao = replace(solana, did=longer).grant()
    assert reason(granted(solana, cacao, longer), RUST, longer) is None
    assert reason(granted(solana, cacao, longer), Profile.JS, longer) is Reason.CACAO_SIGNATURE_INVALID
    for signature in ("", "0OIl", "1" * 200):
        made = granted(solana, replace(solana.grant(), signature=signature))
        assert reason(made, RUST, solana.did) is Reason.CACAO_SIGNATURE_INVALID


def test_a_passkey_does_not_cover_the_statement() -> None:
    passkey = issuers.passkey()
    cacao = passkey.grant(statement=None)
    made = granted(passkey, replace(cacao, statement="another", request_id="1"))
    assert reason(made, RUST, passkey.did) is None
    for changed in (replace(cacao, nonce="another"), replace(cacao, metadata=None), passkey.grant()):
        made = granted(passkey, changed)
        assert reason(made, RUST, passkey.did) is Reason.CACAO_SIGNATURE_INVALID


# Streams and times.


def covered(made: Made, resource: str, stream: Stream) -> bool:
    event = checked(made.car, RUST)
    assert not isinstance(event, InvalidEvent)
    assert event.grant is not None
    rules = ACCOUNT_RULES[RUST]
    named = event._replace(grant=event.grant._replace(resources=(resource,)))
    return rules.may_write(named, rules.stream_of(stream, event.payload), AT, Terms(0, 0)) is None


def test_streams_have_the_name_of_a_document_with_the_payload_as_its_init() -> None:
    made = granted(WALLET)
    payload = dict(made.blocks)[made.blocks[1][0]]
    real, supposed = (StreamId.of(MODEL_INSTANCE, cid) for cid in (made.cid, Cid.of(payload)))
    stream = Stream(WALLET.did, str(real), "kmodel")
    assert covered(made, "ceramic://*", stream)
    assert covered(made, "ceramic://*?model=kmodel", stream)
    assert covered(made, f"ceramic://{supposed}", stream)
    assert not covered(made, f"ceramic://{real}", stream)
    assert not covered(made, "ceramic://*?model=kother", stream)
    capability = made.blocks[0][0]
    assert covered(made, f"ceramic://{supposed}?payload={capability}", stream)
    assert not covered(made, f"ceramic://{supposed}?payload={Cid.of(payload)}", stream)


def test_only_accounts_of_the_first_chain_are_the_same_in_other_letters() -> None:
    for reference, expected in {"1": None, "137": Reason.CACAO_ISS_MISMATCH}.items():
        issuer = issuers.ethereum(reference=reference, checksummed=True)
        assert reason(granted(issuer, controller=issuer.did.lower()), RUST, issuer.did.lower()) is expected


def test_an_anchor_proves_nothing_to_it() -> None:
    chain = KnownChain()
    init = granted(WALLET)
    anchor = signing.time(init, init, chain, AT // 1000)
    later = AT + 30 * 86_400_000
    for profile, expected in {Profile.STRICT: None, RUST: Reason.CACAO_EXPIRED}.items():
        known = signing.known(init, anchor, chain=chain)
        judged = evaluate(init.cid, known, Rules(later, grace=0, profile=profile), CONTEXT).judged
        assert judged[init.cid].reason is expected
