"""What is sent to an anchor service: requests in both forms, and who sends them (consensus.md 2.7).

The signature covers a digest of the body: of JSON the SHA-256, of a CAR its root, as js-ceramic signs and the
service checks.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final, TypeAlias

import orjson

from ceramic_node.anchoring.ports import Leaf
from ceramic_protocol import car as carv1
from ceramic_protocol import dagcbor, varint
from ceramic_protocol.accounts.did import KeyType
from ceramic_protocol.accounts.signers import Ed25519Signer, Signer
from ceramic_protocol.builder import protected_header
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import DecodeError, EncodeError, UsageError
from ceramic_protocol.ids import UNLOADABLE, StreamId
from ceramic_protocol.limits import MAX_CAS_REQUEST_BYTES
from ceramic_protocol.multibase import encode_base64url

JSON: Final = "application/json"
CAR: Final = "application/vnd.ipld.car"

Events: TypeAlias = Callable[[Leaf], Sequence[bytes]]
"""The CARs that go along with a request: the stream's init event, and the tip if it is another one."""

_ED25519_KEY: Final = 0xED


def node_stream(signer: Ed25519Signer) -> StreamId:
    """The stream under which a node asks for its own Merkle roots, as ceramic-one does: it names the key."""
    key = signer.public_key.data
    identity = b"\x01" + varint.encode(_ED25519_KEY) + b"\x00" + varint.encode(len(key)) + key
    return StreamId.of(UNLOADABLE, Cid(identity))


def json_request(leaf: Leaf, now: float, agent: str) -> bytes:
    """The older form, which names stream and event: the service gets these by itself.

    Args:
        leaf: what is to be anchored.
        now: unix seconds; of several requests for a stream the service takes the one with the latest.
        agent: names this program.
    """
    return orjson.dumps(
        {
            "streamId": str(leaf.stream),
            "cid": str(leaf.tip),
            "timestamp": _iso(now),
            "ceramicOneVersion": agent,
        }
    )


def car_request(leaf: Leaf, now: float, events: Sequence[bytes]) -> bytes:
    """The form that brings the blocks along.

    Args:
        leaf: what is to be anchored.
        now: unix seconds, see `json_request`.
        events: CARs whose blocks the service needs.

    Raises:
        EncodeError: a CAR is none, or the request would be too large.
    """
    root = dagcbor.encode({"streamId": bytes(leaf.stream), "timestamp": _iso(now), "tip": leaf.tip})
    blocks = {Cid.of(root): root}
    for event in events:
        try:
            blocks.update(carv1.decode(event).blocks)
        except DecodeError as error:
            raise EncodeError(f"an event for the request to anchor {leaf.tip}: {error}") from None
    made = carv1.encode([Cid.of(root)], blocks.items())
    if len(made) > MAX_CAS_REQUEST_BYTES:
        raise EncodeError(f"the request to anchor {leaf.tip} has {len(made)} bytes")
    return made


def content_type(body: bytes) -> str:
    """Of which form a request is."""
    return JSON if body.startswith(b"{") else CAR


def authorization(signer: Signer, url: str, body: bytes | None) -> str:
    """The header that says who asks: a compact JWS, new each time.

    Args:
        signer: the node's key; services know Ed25519 only.
        url: what is asked.
        body: what is sent along.

    Raises:
        UsageError: the key is of another kind.
    """
    if signer.algorithm != KeyType.ED25519.algorithm:
        raise UsageError(f"anchor services take EdDSA, not {signer.algorithm}")
    payload = {"url": url, "nonce": str(uuid.uuid4())}
    if body is not None:
        payload["digest"] = _digest(body)
    header, said = encode_base64url(protected_header(signer)), encode_base64url(orjson.dumps(payload))
    signature = signer.sign(f"{header}.{said}".encode("ascii"))
    return f"Bearer {header}.{said}.{encode_base64url(signature)}"


def _digest(body: bytes) -> str:
    if content_type(body) == CAR:
        return str(carv1.read_roots(body)[0][0])
    return f"0x{hashlib.sha256(body).hexdigest()}"


def _iso(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
