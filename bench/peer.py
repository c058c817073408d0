"""The peer: the same verification built on `dag-cbor` and `multiformats`, with the same signature library.

It checks less than ours (no limits, no form of events), and remembers keys as ours does.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from functools import lru_cache
from hashlib import sha256
from typing import Any

import dag_cbor
from multiformats import CID, multibase, varint
from nacl.signing import VerifyKey

_KEY_PREFIX_BYTES = 2


def verify(car: bytes) -> bytes:
    """The CID of a signed data event whose blocks, links and Ed25519 signature are right; raises if not."""
    header_size, used, _ = varint.decode_raw(car)
    header: Any = dag_cbor.decode(car[used : used + header_size])
    root = bytes(header["roots"][0])
    blocks = dict(_blocks(car, used + header_size))
    envelope: Any = dag_cbor.decode(blocks[root])
    payload: Any = dag_cbor.decode(blocks[bytes(CID.decode(envelope["payload"]))])
    if not isinstance(payload["id"], CID) or not isinstance(payload["prev"], CID):
        msg = "id or prev is not a link"
        raise TypeError(msg)
    _check_signature(envelope)
    return root


def _blocks(car: bytes, pos: int) -> Iterator[tuple[bytes, bytes]]:
    while pos < len(car):
        length, used, _ = varint.decode_raw(car[pos:])
        start, end = pos + used, pos + used + length
        body = _end_of_cid(car, start)
        cid = CID.decode(car[start:body])
        if cid.raw_digest != sha256(car[body:end]).digest():
            msg = f"block {cid} has other content"
            raise ValueError(msg)
        yield bytes(cid), car[body:end]
        pos = end


def _end_of_cid(car: bytes, pos: int) -> int:
    length = 0
    for _ in range(4):  # version, codec, hash, length of the digest
        length, used, _rest = varint.decode_raw(car[pos:])
        pos += used
    return pos + length


def _check_signature(envelope: Any) -> None:
    protected, signature = envelope["signatures"][0]["protected"], envelope["signatures"][0]["signature"]
    signer = json.loads(protected)["kid"].split("#")[0]
    parts = [base64.urlsafe_b64encode(part).rstrip(b"=") for part in (protected, envelope["payload"])]
    _key(signer).verify(b".".join(parts), signature)


@lru_cache
def _key(did: str) -> VerifyKey:
    return VerifyKey(multibase.decode(did.removeprefix("did:key:"))[_KEY_PREFIX_BYTES:])
