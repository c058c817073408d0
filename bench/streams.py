"""Made streams: an init event and data events, signed with Ed25519 keys that follow from a number."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Final

from nacl.signing import SigningKey

from ceramic_protocol import car, dagcbor
from ceramic_protocol.accounts.did import KeyType, PublicKey, did_key
from ceramic_protocol.cid import DAG_JOSE, Cid
from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.ids import METAMODEL, MODEL, StreamId
from ceramic_protocol.models.context import Context
from ceramic_protocol.models.definition import parse_model
from ceramic_protocol.multibase import encode_base64url
from ceramic_protocol.ports import RawEvent

_STREAMS_PER_KEY: Final = 10
_TEXT: Final = "Streams of signed events, verified and folded again wherever they arrive."


@dataclass(frozen=True, slots=True)
class MadeEvent:
    """An event and its blocks: payload, then envelope."""

    cid: Cid
    blocks: tuple[tuple[Cid, bytes], ...]

    @property
    def raw(self) -> RawEvent:
        """The event as a source has it."""
        return RawEvent(car.encode((self.cid,), self.blocks), self.cid, "", 0)


_DEFINITION: Final[dict[str, IpldValue]] = {
    "version": "1.0",
    "name": "Benchmark",
    "accountRelation": {"type": "list"},
    "schema": {
        "type": "object",
        "properties": {
            "text": {"type": "string", "maxLength": 500},
            "number": {"type": "integer"},
            "edits": {"type": "integer"},
        },
        "required": ["text"],
        "additionalProperties": False,
    },
}


def linear(length: int) -> range:
    """Parents of a stream without forks: each event builds on the one before."""
    return range(length - 1)


def forked(length: int) -> list[int]:
    """Parents of a stream with a fork at every event: two build on each."""
    return [index // 2 for index in range(length - 1)]


def make_stream(number: int, parents: Sequence[int]) -> list[MadeEvent]:
    """An init event and, for each entry of `parents`, a data event on the event with that index."""
    key = _key(number // _STREAMS_PER_KEY)
    events = [_sign(key, _init_payload(number, key))]
    for index, parent in enumerate(parents, 1):
        events.append(_sign(key, _data_payload(index, events[0].cid, events[parent].cid)))
    return events


def change_of(number: int, index: int, stream: Cid, prev: Cid) -> MadeEvent:
    """The event of the stream with this number that is its `index`th data event, built on `prev`."""
    return _sign(_key(number // _STREAMS_PER_KEY), _data_payload(index, stream, prev))


def make_events(count: int, length: int) -> Iterator[MadeEvent]:
    """So many events in streams of `length`, in turn, as a node sees them arrive."""
    lengths = [length] * (count // length) + [count % length] * (count % length > 0)
    streams = [make_stream(number, linear(size)) for number, size in enumerate(lengths)]
    for index in range(length):
        yield from (stream[index] for stream in streams if index < len(stream))


def model_event() -> MadeEvent:
    """The init event of the documents' model."""
    key = _key(0)
    header: dict[str, IpldValue] = {"controllers": [key.did], "model": bytes(METAMODEL), "sep": "model"}
    return _sign(key, {"data": _DEFINITION, "header": header})


@lru_cache
def _model() -> StreamId:
    return StreamId.of(MODEL, model_event().cid)


def context() -> Context:
    """What there is to know of the documents' model."""
    return Context({_model(): parse_model(_DEFINITION)})


@dataclass(frozen=True, slots=True)
class _Key:
    secret: SigningKey
    did: str

    @property
    def protected(self) -> bytes:
        kid = f"{self.did}#{self.did.removeprefix('did:key:')}"
        return json.dumps({"alg": KeyType.ED25519.algorithm, "kid": kid}, separators=(",", ":")).encode()


@lru_cache
def _key(number: int) -> _Key:
    secret = SigningKey(sha256(b"key %d" % number).digest())
    return _Key(secret, did_key(PublicKey(KeyType.ED25519, bytes(secret.verify_key))))


def _init_payload(number: int, key: _Key) -> dict[str, IpldValue]:
    header: dict[str, IpldValue] = {
        "controllers": [key.did],
        "model": bytes(_model()),
        "sep": "model",
        "unique": sha256(b"stream %d" % number).digest()[:12],
    }
    return {"data": {"text": _TEXT, "number": number, "edits": 0}, "header": header}


def _data_payload(index: int, stream: Cid, prev: Cid) -> dict[str, IpldValue]:
    patch: list[IpldValue] = [
        {"op": "replace", "path": "/text", "value": f"{_TEXT} {index}"},
        {"op": "replace", "path": "/edits", "value": index},
    ]
    return {"id": stream, "prev": prev, "data": patch}


def _sign(key: _Key, value: dict[str, IpldValue]) -> MadeEvent:
    payload = dagcbor.encode(value)
    link = Cid.of(payload)
    message = f"{encode_base64url(key.protected)}.{encode_base64url(link)}".encode()
    signature = {"protected": key.protected, "signature": key.secret.sign(message).signature}
    envelope = dagcbor.encode({"payload": bytes(link), "signatures": [signature]})
    cid = Cid.of(envelope, DAG_JOSE)
    return MadeEvent(cid, ((link, payload), (cid, envelope)))
