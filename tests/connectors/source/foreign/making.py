"""Events for these tests that their makers elsewhere don't have."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ceramic_protocol import car as carv1
from ceramic_protocol import dagcbor
from ceramic_protocol.accounts.sessions import Session, create_capability
from ceramic_protocol.accounts.signers import Ed25519Signer
from ceramic_protocol.accounts.wallets import Eip191Wallet
from ceramic_protocol.build_time import encode_proof
from ceramic_protocol.built import BuiltEvent, pack
from ceramic_protocol.cid import DAG_JOSE, Cid
from ceramic_protocol.events import Proof
from ceramic_protocol.multibase import encode

WALLET: Final = Eip191Wallet.of_secret(bytes(range(1, 33)))


def anchor(prev: Cid, stream: Cid | None = None, chain_id: str = "eip155:1337") -> BuiltEvent:
    """A time event whose root is the event itself; one of old if it names no stream."""
    proof = encode_proof(Proof(prev, bytes(32), "f(bytes32)", chain_id))
    members = {"prev": prev, "proof": Cid.of(proof), "path": ""}
    block = dagcbor.encode(members if stream is None else {**members, "id": stream})
    return pack(Cid.of(block), [(Cid.of(block), block), (Cid.of(proof), proof)])


def session(begins: timedelta, lasts: timedelta, *resources: str) -> Session:
    """A session of an Ethereum account that begins so long from now."""
    key = Ed25519Signer(bytes(31) + b"\7")
    start = datetime.now(UTC) + begins
    capability = create_capability(
        WALLET,
        key.did,
        domain="test",
        resources=resources,
        issued_at=start,
        expires_at=start + lasts,
        nonce="abcdefghij",
        statement=None,
    )
    return Session(key, capability)


def car_text(event: BuiltEvent) -> str:
    """Its CAR as a ceramic-one sends it."""
    return encode(event.car, "m")


def with_another_signature(event: BuiltEvent) -> BuiltEvent:
    """The same envelope with another signature, and so another event, all of whose hashes are right."""
    roots, start = carv1.read_roots(event.car)
    blocks = dict(carv1.read_blocks(event.car, start))
    envelope: Any = dagcbor.decode(blocks[roots[0]])
    envelope["signatures"][0]["signature"] = bytes(64)
    changed = dagcbor.encode(envelope)
    root = Cid.of(changed, DAG_JOSE)
    others = [(cid, block) for cid, block in blocks.items() if cid != roots[0]]
    return BuiltEvent(root, carv1.encode([root], [*others, (root, changed)]))
