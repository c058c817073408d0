"""Events for stores: as large as signed ones, but nobody has signed them, as stores don't ask for that."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import count
from random import Random
from typing import Final

from ceramic_protocol import car, dagcbor
from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.cid import DAG_JOSE, Cid
from ceramic_protocol.ids import MODEL, StreamId
from ceramic_protocol.stored import NewEvent

LENGTH: Final = 10
"""Events of a stream."""

_ACTIVE: Final = 2000
_STREAMS_PER_CONTROLLER: Final = 10
_MODELS: Final = [StreamId.of(MODEL, Cid.of(b"model %d" % number)) for number in range(20)]
_PROTECTED: Final = bytes(120)
_SIGNATURE: Final = bytes(64)
_TEXT: Final = "What somebody has written, now in other words than before."


def events(seed: int, active: int = _ACTIVE) -> Iterator[NewEvent]:
    """Events without end: of so many streams in any order, each followed by a new one when it is complete."""
    random, numbers = Random(seed), count()
    streams = [one_stream(f"{seed} {next(numbers)}") for _ in range(active)]
    while True:
        place = random.randrange(active)
        event = next(streams[place], None)
        if event is None:
            streams[place] = one_stream(f"{seed} {next(numbers)}")
        else:
            yield event


def one_stream(name: str, length: int = LENGTH) -> Iterator[NewEvent]:
    """The events of a stream, in order."""
    number = int(sha256(name.encode()).hexdigest()[:8], 16)
    did = f"did:key:z6Mk{number // _STREAMS_PER_CONTROLLER:044d}"
    model = _MODELS[number % len(_MODELS)]
    header = {"controllers": [did], "model": bytes(model), "sep": "model", "unique": name.encode()}
    payload = dagcbor.encode({"data": {"text": _TEXT, "number": number}, "header": header})
    cid, bytes_ = _enveloped(payload)
    yield NewEvent(bytes_, CheckedEvent(cid, cid, Kind.INIT, None, payload, did, model=model))
    stream = prev = cid
    for index in range(1, length):
        patch = [{"op": "replace", "path": "/text", "value": f"{_TEXT} {index}"}]
        payload = dagcbor.encode({"id": stream, "prev": prev, "data": patch})
        cid, bytes_ = _enveloped(payload)
        yield NewEvent(bytes_, CheckedEvent(cid, stream, Kind.DATA, prev, payload, did))
        prev = cid


def _enveloped(payload: bytes) -> tuple[Cid, bytes]:
    link = Cid.of(payload)
    signature = {"protected": _PROTECTED, "signature": _SIGNATURE}
    envelope = dagcbor.encode({"payload": bytes(link), "signatures": [signature]})
    cid = Cid.of(envelope, DAG_JOSE)
    return cid, car.encode((cid,), ((cid, envelope), (link, payload)))
