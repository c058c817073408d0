"""js-ceramic's emulation where the vectors say nothing; the answers are those that dids 5.0.3 gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha512
from typing import Final

import pytest
from coincurve import PrivateKey
from nacl.signing import SigningKey

from ceramic_protocol import dagcbor, multibase
from ceramic_protocol.accounts import base58check
from ceramic_protocol.accounts.hashes import hash160
from ceramic_protocol.cid import Cid
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.profiles.zip215 import verify_zip215
from ceramic_protocol.reasons import Reason
from tests.protocol.accounts import issuers
from tests.protocol.profiles.making import SESSION, header, own, reason, under
from tests.support import signing
from tests.support.signing import Signer

JS: Final = Profile.JS
DID: Final = SESSION.did
WALLET: Final = issuers.ethereum()


# Headers.


def raw(*members: str) -> bytes:
    return ("{" + ",".join(members) + "}").encode()


ALG: Final = '"alg":"EdDSA"'
KID: Final = f'"kid":"{DID}"'
HEADERS: Final[Mapping[str, tuple[bytes, Reason | None]]] = {
    "fragment": (header(kid=f"{DID}#x"), None),
    "query": (header(kid=f"{DID}?a=b"), None),
    "path": (header(kid=f"{DID}/a/b"), None),
    "parameter": (header(kid=f"{DID};a=b"), None),
    "half a parameter": (header(kid=f"{DID};a"), Reason.UNSUPPORTED_DID),
    "a line break in the fragment": (header(kid=f"{DID}#a\nb"), Reason.UNSUPPORTED_DID),
    "a space before": (header(kid=f" {DID}"), Reason.UNSUPPORTED_DID),
    "kid empty": (header(kid=""), Reason.KID_MISSING),
    "kid null": (header(kid=None), Reason.KID_MISSING),
    "kid 0": (header(kid=0), Reason.KID_MISSING),
    "kid 5": (header(kid=5), Reason.JWS_MALFORMED),
    "kid in a list": (header(kid=[DID]), Reason.JWS_MALFORMED),
    "kid an empty list": (header(kid=[]), Reason.JWS_MALFORMED),
    "alg in a list": (header(alg=["EdDSA"]), None),
    "alg in two lists": (header(alg=[["EdDSA"]]), None),
    "alg 5": (header(alg=5), Reason.ALG_KEY_MISMATCH),
    "alg for another kind of key": (header(alg="ES256"), Reason.ALG_KEY_MISMATCH),
    "the last kid counts": (raw(ALG, '"kid":"x"', KID), None),
    "the first kid doesn't": (raw(ALG, KID, '"kid":"x"'), Reason.UNSUPPORTED_DID),
    "NaN": (raw(ALG, KID, '"x":NaN'), Reason.JWS_MALFORMED),
    "more digits than a number has": (raw(ALG, KID, f'"x":{"9" * 5000}'), None),
    "beyond all numbers": (raw(ALG, KID, '"x":1e999'), None),
    "half a surrogate pair": (raw(ALG, KID, '"x":"\\ud800"'), None),
    "half a surrogate pair in kid": (raw(ALG, '"kid":"\\ud800"'), Reason.JWS_MALFORMED),
    "no UTF-8": (raw(ALG, KID, '"x":"?"').replace(b"?", b"\xff"), None),
    "a byte order mark": (b"\xef\xbb\xbf" + header(), Reason.JWS_MALFORMED),
    "white space": (b" \n" + header() + b"\r\t", None),
    "something behind": (header() + b" x", Reason.JWS_MALFORMED),
    "a control character": (raw(ALG, KID, '"x":"\1"'), Reason.JWS_MALFORMED),
    "null": (b"null", Reason.JWS_MALFORMED),
    "a list": (b"[]", Reason.KID_MISSING),
    "a text": (b'"x"', Reason.KID_MISSING),
    "nothing": (b"", Reason.JWS_MALFORMED),
    "too long": (header(x="x" * 9000), Reason.JWS_MALFORMED),
    "members of no meaning": (header(crit=["x"], b64=False, typ=5), None),
    "cap empty": (header(cap=""), None),
    "cap null": (header(cap=None), None),
    "cap 5": (header(cap=5), Reason.JWS_MALFORMED),
    "cap an empty list": (header(cap=[]), Reason.JWS_MALFORMED),
    "cap no CID": (header(cap="ipfs://junk"), Reason.JWS_MALFORMED),
}


@pytest.mark.parametrize("name", HEADERS)
def test_headers(name: str) -> None:
    head, expected = HEADERS[name]
    assert reason(own(head), JS, DID) is expected


def caps(cid: Cid) -> Mapping[str, bool]:
    text = str(cid)
    return {
        f"ipfs://{text}": True,
        text: True,
        f"{text[:5]}ipfs://{text[5:]}": True,
        f"ipfs://ipfs://{text}": False,
        f"ipfs://{text}/path": False,
        f"IPFS://{text}": False,
        f"ipfs://{multibase.encode(cid, 'k')}": True,
        f"ipfs://{multibase.encode(cid, 'z')}": True,
        f"ipfs://{multibase.encode(cid, 'f')}": False,
    }


def test_how_a_header_may_name_a_capability() -> None:
    capability = WALLET.grant().encode()
    for text, is_read in caps(Cid.of(capability)).items():
        made = under(capability, WALLET.did, header(cap=text))
        assert reason(made, JS, WALLET.did) is (None if is_read else Reason.JWS_MALFORMED), text


def test_an_envelope_may_have_more_members() -> None:
    payload = dagcbor.encode(signing.init_payload(SESSION, {}))
    head = header()
    data = f"{multibase.encode_base64url(head)}.{multibase.encode_base64url(Cid.of(payload))}".encode()
    signed = {"protected": head, "signature": SESSION.sign(data)}
    for made in (
        signing.envelope(signed, Cid.of(payload), payload, link=None),
        signing.envelope(signed | {"more": 1, "header": []}, Cid.of(payload), payload),
    ):
        assert reason(made, JS, DID) is None
        assert reason(made, Profile.CERAMIC_ONE, DID) is Reason.EVENT_MALFORMED
    assert (
        reason(signing.envelope(signed, Cid.of(payload), payload, signatures=[signed, signed]), JS, DID)
        is Reason.EVENT_MALFORMED
    )


# Signatures.


def secp256k1_signer(*, recoverable: bool) -> Signer:
    key, signer = PrivateKey((1).to_bytes(32, "big")), signing.secp256k1(1)
    return replace(signer, sign=lambda data: key.sign_recoverable(data)[: 65 if recoverable else 64])


def bitcoin(*, compressed: bool) -> str:
    point = PrivateKey((1).to_bytes(32, "big")).public_key.format(compressed=compressed)
    return f"did:pkh:bip122:000000000019d6689c085ae165831e93:{base58check.encode(bytes(1), hash160(point))}"


UPPER: Final = WALLET.did[:17] + "0x" + WALLET.did[19:].upper()
ACCOUNTS: Final = [
    (WALLET.did, "ES256K", False, None),
    (UPPER, "ES256K", False, None),
    (WALLET.did, "ES256K", True, Reason.SIGNATURE_INVALID),
    (WALLET.did, "ES256K-R", False, None),
    (WALLET.did, "ES256K-R", True, None),
    (WALLET.did, "ES256", False, Reason.SIGNATURE_INVALID),
    (WALLET.did, "EdDSA", False, Reason.SIGNATURE_INVALID),
    (issuers.ethereum(2).did, "ES256K", False, Reason.SIGNATURE_INVALID),
    (bitcoin(compressed=False), "ES256K", False, None),
    (bitcoin(compressed=True), "ES256K", False, Reason.SIGNATURE_INVALID),
    (issuers.tezos().did, "ES256K", False, Reason.SIGNATURE_INVALID),
    (issuers.solana().did, "ES256K", False, Reason.UNSUPPORTED_DID),
]


@pytest.mark.parametrize(("did", "alg", "recoverable", "expected"), ACCOUNTS)
def test_an_account_may_sign_by_itself(
    did: str, alg: str, recoverable: bool, expected: Reason | None
) -> None:
    signer = secp256k1_signer(recoverable=recoverable)
    made = own(header(alg=alg, kid=f"{did}#controller"), signer, did)
    assert reason(made, JS, did) is expected


@pytest.mark.parametrize("alg", ["ES256K", "ES256K-R"])
def test_a_key_of_secp256k1_needs_no_recovery_number(alg: str) -> None:
    signer = signing.secp256k1(5)
    assert reason(own(header(signer, alg=alg), signer), JS, signer.did) is None


_PRIME: Final = (1 << 255) - 19
SMALL: Final = [number.to_bytes(32, "little") for number in (1, 0, _PRIME - 1, _PRIME, _PRIME + 1)] + [
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
]


@pytest.mark.parametrize("key", SMALL)
@pytest.mark.parametrize("point", SMALL)
def test_keys_of_small_order_sign_everything(key: bytes, point: bytes) -> None:
    assert verify_zip215(key, b"message", point + bytes(32))
    assert not verify_zip215(key, b"message", point + signing.ED25519_ORDER.to_bytes(32, "little"))
    assert not verify_zip215(key, b"message", point + (1).to_bytes(32, "little"))


def test_a_point_of_small_order_does_no_harm_to_a_signature() -> None:
    secret = SigningKey(bytes(32))
    key, seed = bytes(secret.verify_key), sha512(bytes(32)).digest()
    scalar = int.from_bytes(bytes([seed[0] & 248, *seed[1:31], seed[31] & 63 | 64]), "little")
    for point in SMALL:
        # The usual form of a point is hashed, whatever form the signature has.
        usual = (int.from_bytes(point, "little") % (1 << 255) % _PRIME) | (point[31] >> 7) << 255
        hashed = sha512(usual.to_bytes(32, "little") + key + b"message").digest()
        number = int.from_bytes(hashed, "little") * scalar % signing.ED25519_ORDER
        assert verify_zip215(key, b"message", point + number.to_bytes(32, "little"))


def test_what_is_no_signature_of_ed25519() -> None:
    secret = SigningKey(bytes(32))
    key, signature = bytes(secret.verify_key), secret.sign(b"message").signature
    assert verify_zip215(key, b"message", signature)
    assert not verify_zip215(key, b"other", signature)
    assert not verify_zip215(key, b"message", signature[:63])
    assert not verify_zip215(key[:31], b"message", signature)
    assert not verify_zip215(b"\xff" * 32, b"message", b"\xff" * 32 + bytes(32))
