"""Envelopes of signed events."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multiformats import multibase as oracle

from ceramic_protocol import jose
from ceramic_protocol.cid import DAG_JOSE, Cid
from ceramic_protocol.dagcbor import encode
from ceramic_protocol.errors import DecodeError
from ceramic_protocol.jose import Envelope, JwsHeader, decode_envelope, decode_protected
from ceramic_protocol.limits import MAX_PROTECTED_HEADER_BYTES
from ceramic_protocol.reasons import Reason
from tests.support import strategies

PAYLOAD = Cid.of(b"payload")
CAPABILITY = Cid.of(b"capability")
SIGNATURE: dict[str, Any] = {"protected": b'{"alg":"EdDSA","kid":"did:key:z1#z1"}', "signature": bytes(64)}


def envelope(**changes: object) -> dict[str, Any]:
    value = {"payload": bytes(PAYLOAD), "signatures": [SIGNATURE]} | changes
    return {name: item for name, item in value.items() if item is not ...}


def reason_of(value: object) -> Reason:
    with pytest.raises(DecodeError) as error:
        decode_envelope(encode(value))
    return error.value.reason


def test_what_an_envelope_says() -> None:
    found = decode_envelope(encode(envelope()))
    assert found.payload == PAYLOAD
    assert found.signature == bytes(64)
    assert found.header == JwsHeader("EdDSA", "did:key:z1#z1", None)
    assert found.header.signer == "did:key:z1"


@given(st.binary(max_size=60))
def test_what_is_signed_is_the_header_as_found_and_the_payload_cid(junk: bytes) -> None:
    protected = b'{"x":"~?>"}' + b" " * (len(junk) % 7)
    found = decode_envelope(encode(envelope(signatures=[{"protected": protected, "signature": junk}])))
    parts = [oracle.encode(part, "base64url")[1:] for part in (protected, bytes(PAYLOAD))]
    assert found.signing_input == ".".join(parts).encode()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (envelope(signatures=[]), Reason.SIGNATURES_EMPTY),
        (envelope(signatures=[SIGNATURE, SIGNATURE]), Reason.EVENT_MALFORMED),
        (envelope(signatures={}), Reason.EVENT_MALFORMED),
        (envelope(signatures=...), Reason.EVENT_MALFORMED),
        (envelope(signatures=[[]]), Reason.EVENT_MALFORMED),
        (envelope(signatures=[{}]), Reason.EVENT_MALFORMED),
        (envelope(signatures=[{**SIGNATURE, "other": 1}]), Reason.EVENT_MALFORMED),
        (envelope(signatures=[{**SIGNATURE, "header": "text"}]), Reason.EVENT_MALFORMED),
        (envelope(signatures=[{**SIGNATURE, "signature": "text"}]), Reason.EVENT_MALFORMED),
        (envelope(signatures=[{**SIGNATURE, "protected": "text"}]), Reason.EVENT_MALFORMED),
        (envelope(payload=...), Reason.EVENT_MALFORMED),
        (envelope(payload=b""), Reason.EVENT_MALFORMED),
        (envelope(payload=b'{"json":1}'), Reason.EVENT_MALFORMED),
        (envelope(payload=PAYLOAD + b"\0"), Reason.EVENT_MALFORMED),
        (envelope(payload=bytes(Cid.of(b"x", DAG_JOSE))), Reason.EVENT_MALFORMED),
        (envelope(payload=str(PAYLOAD)), Reason.EVENT_MALFORMED),
        (envelope(link=PAYLOAD), Reason.EVENT_MALFORMED),
        (envelope(signatures=[{**SIGNATURE, "protected": b"[]"}]), Reason.JWS_MALFORMED),
        (envelope(payload=PAYLOAD), Reason.EVENT_MALFORMED),
        (envelope(signatures=[{**SIGNATURE, "signature": PAYLOAD}]), Reason.EVENT_MALFORMED),
        (envelope(signatures=[{**SIGNATURE, "protected": PAYLOAD}]), Reason.EVENT_MALFORMED),
    ],
)
def test_what_is_no_envelope(value: dict[str, Any], reason: Reason) -> None:
    assert reason_of(value) is reason


def test_an_unprotected_header_is_ignored() -> None:
    found = decode_envelope(encode(envelope(signatures=[{**SIGNATURE, "header": {"kid": "other"}}])))
    assert found.header.kid == "did:key:z1#z1"


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"{}", JwsHeader(None, None, None)),
        (b' {"kid":null , "b64":false, "crit":[1]} ', JwsHeader(None, None, None)),
        (b'{"kid":"a","alg":"none"}', JwsHeader("none", "a", None)),
        (f'{{"cap":"ipfs://{CAPABILITY}"}}'.encode(), JwsHeader(None, None, CAPABILITY)),
        ('{"kid":"\\u00e9é"}'.encode(), JwsHeader(None, "éé", None)),
    ],
)
def test_protected_headers(data: bytes, wanted: JwsHeader) -> None:
    assert decode_protected(data) == wanted


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'"x"',
        b"{",
        b"\xff",
        b'{"kid":"\xff"}',
        b'{"kid":1}',
        b'{"alg":[]}',
        b'{"cap":1}',
        b'{"cap":""}',
        b'{"cap":"ipfs://"}',
        b'{"cap":"https://example"}',
        f'{{"cap":"{CAPABILITY}"}}'.encode(),
        f'{{"cap":"IPFS://{CAPABILITY}"}}'.encode(),
        f'{{"cap":"ipfs://ipfs://{CAPABILITY}"}}'.encode(),
        b'{"kid":"a","kid":"b"}',
        b'{"kid":"a","x":{"y":1,"y":2}}',
        b'{"kid":"a"}x',
        b'{"alg":"\\ud800"}',
        b'{"\\udfff":1}',
        b'{"x":NaN}',
        b'{"x":-Infinity}',
        f'{{"cap":"ipfs://{Cid.of(b"", DAG_JOSE)}"}}'.encode(),
        b"[" * 8000,
        b'{"x":' + b"[" * 64 + b"]" * 64 + b"}",
        b'{"n":' + b"1" * 8000 + b"}",
        b'{"a":"' + b"x" * MAX_PROTECTED_HEADER_BYTES + b'"}',
    ],
    ids=lambda data: repr(data[:25]),
)
def test_protected_headers_that_can_not_be_used(data: bytes) -> None:
    with pytest.raises(DecodeError) as error:
        decode_protected(data)
    assert error.value.reason is Reason.JWS_MALFORMED


@given(st.one_of(st.binary(max_size=60), strategies.json.map(lambda value: json.dumps(value).encode())))
def test_any_bytes_are_a_header_or_malformed(data: bytes) -> None:
    try:
        found: object = decode_protected(data)
    except DecodeError as error:
        found = error.reason
    assert found is Reason.JWS_MALFORMED or isinstance(found, JwsHeader)


@given(st.dictionaries(st.sampled_from(["payload", "signatures", "link"]), strategies.ipld))
def test_any_map_is_an_envelope_or_refused(value: dict[str, Any]) -> None:
    reason = reason_of(value)
    assert reason in {Reason.EVENT_MALFORMED, Reason.SIGNATURES_EMPTY, Reason.JWS_MALFORMED}


@pytest.mark.parametrize("value", [[], None, b"", "text"], ids=repr)
def test_blocks_that_are_no_map(value: object) -> None:
    assert reason_of(value) is Reason.EVENT_MALFORMED


def answer(decode: Callable[[bytes], Envelope | None], block: bytes) -> Envelope | Reason | None:
    try:
        return decode(block)
    except DecodeError as error:
        return error.reason


@given(st.integers(0, 300), st.sampled_from([0, 63, 64, 65]), st.data())
def test_the_short_way_to_an_envelope_ends_where_the_long_one_does(
    padding: int, size: int, data: st.DataObject
) -> None:
    protected = b'{"kid":"' + b"x" * padding + b'"}'
    block = encode(envelope(signatures=[{"protected": protected, "signature": bytes(size)}]))
    is_usual = 23 < len(protected) < 256 and size == 64
    assert (jose.usual_envelope(block) is not None) == is_usual
    start = data.draw(st.integers(0, len(block)))
    end = data.draw(st.integers(start, min(start + 2, len(block))))
    for tried in (block, block[:start] + data.draw(st.binary(max_size=2)) + block[end:]):
        wanted = answer(jose._any_envelope, tried)
        assert answer(jose.usual_envelope, tried) in {None, wanted}
        assert answer(decode_envelope, tried) == wanted


def test_a_short_header_with_a_long_length_is_not_strict() -> None:
    """The short way must not let pass what the long one refuses: the length fits the byte before it."""
    protected = b'{"kid":"x"}'
    block = encode(envelope(signatures=[{"protected": protected, "signature": bytes(64)}]))
    short = bytes([0x40 | len(protected)]) + protected
    assert short in block
    padded = block.replace(short, bytes([0x58, len(protected)]) + protected)
    assert decode_envelope(block).protected == protected
    with pytest.raises(DecodeError) as error:
        decode_envelope(padded)
    assert error.value.reason is Reason.CBOR_MALFORMED
