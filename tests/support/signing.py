"""Making events: keys of every kind, signed envelopes, time events with their proofs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from coincurve import PrivateKey as Secp256k1Key
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from nacl.signing import SigningKey

from ceramic_protocol import car, dagcbor
from ceramic_protocol.accounts.did import KeyType, PublicKey, did_key
from ceramic_protocol.anchors import ANCHOR_CONTRACT, ANCHOR_SELECTOR, CONTRACT_CALL
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import DAG_JOSE, Cid
from ceramic_protocol.events import Event, InvalidEvent, decode_event
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.ids import MODEL, StreamId
from ceramic_protocol.multibase import encode_base64url
from ceramic_protocol.ports import Transaction
from ceramic_protocol.verify import Verifier
from tests.support.chains import KnownChain

CHAIN_ID = "eip155:1337"
SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ED25519_ORDER = (1 << 252) + 27742317777372353535851937790883648493


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that signs events."""

    key: PublicKey
    sign: Callable[[bytes], bytes]

    @property
    def did(self) -> str:
        """Its did:key."""
        return did_key(self.key)

    @property
    def alg(self) -> str:
        """The JWS algorithm of its kind."""
        return self.key.type.algorithm


def ed25519(seed: int = 1) -> Signer:
    """An Ed25519 key, by PyNaCl."""
    key = SigningKey(seed.to_bytes(32, "big"))
    return Signer(PublicKey(KeyType.ED25519, bytes(key.verify_key)), lambda data: key.sign(data).signature)


def p256(seed: int = 1) -> Signer:
    """A P-256 key, by cryptography."""
    key = ec.derive_private_key(seed, ec.SECP256R1())
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    return Signer(
        PublicKey(KeyType.P256, point), lambda data: raw_signature(key.sign(data, ec.ECDSA(SHA256())))
    )


def secp256k1(seed: int = 1) -> Signer:
    """A secp256k1 key, by coincurve."""
    key = Secp256k1Key(seed.to_bytes(32, "big"))
    return Signer(
        PublicKey(KeyType.SECP256K1, key.public_key.format(compressed=True)),
        lambda data: raw_signature(key.sign(data)),
    )


SIGNERS: Mapping[KeyType, Callable[[int], Signer]] = {
    KeyType.ED25519: ed25519,
    KeyType.P256: p256,
    KeyType.SECP256K1: secp256k1,
}


def raw_signature(der: bytes) -> bytes:
    """r‖s of a DER signature."""
    return join_signature(*decode_dss_signature(der))


def join_signature(r: int, s: int) -> bytes:
    """r‖s of two numbers below 2^256."""
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def split_signature(signature: bytes) -> tuple[int, int]:
    """The numbers in r‖s."""
    return int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")


@dataclass(frozen=True, slots=True)
class Made:
    """An event that was made: its CID and blocks, the root last."""

    cid: Cid
    blocks: tuple[tuple[Cid, bytes], ...]

    @property
    def car(self) -> bytes:
        """Its CAR."""
        return car.encode([self.cid], self.blocks)

    def with_blocks(self, blocks: Sequence[tuple[Cid, bytes]]) -> bytes:
        """A CAR with the same root and other blocks."""
        return car.encode([self.cid], blocks)

    def decode(self) -> Event:
        """The event; anything else is the test's mistake."""
        event = decode_event(self.car)
        if isinstance(event, InvalidEvent):
            raise TypeError(str(event))
        return event

    def check(self, chain: KnownChain | None = None) -> CheckedEvent:
        """The event after its own checks."""
        return Verifier(chain or KnownChain()).verify(self.decode())


def protected(signer: Signer, **members: object) -> bytes:
    """A protected header; a member that is None is left out."""
    header: dict[str, object] = {"alg": signer.alg, "kid": signer.did} | members
    return json.dumps({name: value for name, value in header.items() if value is not None}).encode()


def sign(payload: object, signer: Signer, header: bytes | None = None) -> Made:
    """A signed event of any payload."""
    block = dagcbor.encode(payload)
    return envelop(block, signer, header)


def envelop(block: bytes, signer: Signer, header: bytes | None = None) -> Made:
    """A signed event of any payload block."""
    payload = Cid.of(block)
    head = protected(signer) if header is None else header
    signature = signer.sign(f"{encode_base64url(head)}.{encode_base64url(payload)}".encode())
    return envelope({"protected": head, "signature": signature}, payload, block)


def envelope(signature: object, payload: Cid, block: bytes, **changes: object) -> Made:
    """An envelope around whatever one calls a signature."""
    root = dagcbor.encode({"payload": bytes(payload), "signatures": [signature]} | changes)
    cid = Cid.of(root, DAG_JOSE)
    return Made(cid, ((payload, block), (cid, root)))


def plain(value: object) -> Made:
    """An unsigned event: its block is its payload."""
    block = dagcbor.encode(value)
    return Made(Cid.of(block), ((Cid.of(block), block),))


ANY_MODEL = StreamId.of(MODEL, Cid.of(b"any model", DAG_JOSE))


def init_payload(
    signer: Signer, data: object = None, *, model: StreamId | None = ANY_MODEL, **header: object
) -> dict[str, object]:
    """The payload of an init event; without a model it is that of a stream nobody folds."""
    named = {} if model is None else {"model": bytes(model), "sep": "model"}
    return {"data": data, "header": {"controllers": [signer.did]} | named | header}


def init(
    signer: Signer, data: object = None, *, model: StreamId | None = ANY_MODEL, **header: object
) -> Made:
    """A signed init event."""
    return sign(init_payload(signer, data, model=model, **header), signer)


def data(signer: Signer, stream: Made, prev: Made, patch: object, **header: object) -> Made:
    """A signed data event."""
    payload: dict[str, object] = {"id": stream.cid, "prev": prev.cid, "data": patch}
    if header:
        payload["header"] = header
    return sign(payload, signer)


def time(
    stream: Made | None,
    prev: Made,
    chain: KnownChain,
    timestamp: int = 1_700_000_000,
    *,
    sibling: Cid | None = None,
) -> Made:
    """A time event, anchored alone or beside another leaf, whose transaction is put on the chain.

    Without a stream it has no `id`, as old ones.
    """
    nodes: list[tuple[Cid, bytes]] = []
    root, path = prev.cid, ""
    if sibling is not None:
        node = dagcbor.encode([prev.cid, sibling])
        root, path = Cid.of(node), "0"
        nodes.append((root, node))
    tx_hash = root.digest[::-1]
    proof = dagcbor.encode(
        {
            "root": root,
            "chainId": CHAIN_ID,
            "txHash": Cid(b"\x01\x93\x01\x1b\x20" + tx_hash),
            "txType": CONTRACT_CALL,
        }
    )
    proof_cid = Cid.of(proof)
    named = {} if stream is None else {"id": stream.cid}
    block = dagcbor.encode({**named, "prev": prev.cid, "proof": proof_cid, "path": path})
    chain.chains.add(CHAIN_ID)
    chain.transactions[CHAIN_ID, tx_hash] = Transaction(
        ANCHOR_CONTRACT, ANCHOR_SELECTOR + root.digest, 7, timestamp
    )
    cid = Cid.of(block)
    return Made(cid, (*nodes, (proof_cid, proof), (cid, block)))


def known(*events: Made, chain: KnownChain | None = None) -> EventSet:
    """The set of these events."""
    return EventSet.of(event.check(chain) for event in events)
