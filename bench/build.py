"""Signing and encoding a data event, beside signing alone."""

from __future__ import annotations

from bench.effort import Effort
from bench.figure import Figure, Series
from bench.measure import measure
from ceramic_protocol.accounts.signers import Ed25519Signer, P256Signer, Secp256k1Signer
from ceramic_protocol.builder import EventBuilder
from ceramic_protocol.cid import Cid

_SECRET = bytes(range(1, 33))


def figures(effort: Effort) -> list[Figure]:
    """µs per event for each kind of key."""
    return [_of(kind(_SECRET), effort) for kind in (Ed25519Signer, P256Signer, Secp256k1Signer)]


def _of(signer: Ed25519Signer | P256Signer | Secp256k1Signer, effort: Effort) -> Figure:
    builder = EventBuilder(signer)
    stream = Cid.of(b"stream")
    numbers = list(range(effort.events))

    def build(number: int) -> object:
        patch = [{"op": "replace", "path": "/body", "value": f"Post number {number}, slightly edited"}]
        return builder.data(stream, stream, patch)

    message = b"." * 180
    name, bare = f"sign and encode, {signer.algorithm}", f"bare signing, {signer.algorithm}"
    actions = {name: build, bare: lambda _number: signer.sign(message)}
    found = measure(actions, dict.fromkeys(actions, numbers), effort.rounds)
    return Figure.of(
        Series(name, found[name].rounds), Series(bare, found[bare].rounds), "µs", found[name].note
    )
