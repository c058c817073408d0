"""µs per event for each step of verification, beside the bare signature check and beside a peer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from bench import peer
from bench.ceiling import call, checks
from bench.corpus import data_events
from bench.effort import Effort
from bench.figure import Figure, Series
from bench.measure import Timing, measure
from ceramic_protocol import car
from ceramic_protocol.accounts.did import KeyType
from ceramic_protocol.car import Car
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.events import InvalidEvent, TimeEvent, decode_event
from ceramic_protocol.jose import Envelope
from ceramic_protocol.ports import RawEvent
from ceramic_protocol.profiles.strict import check_envelope
from ceramic_protocol.verify import Verifier

_VERIFIER: Final = Verifier()
_WHOLE: Final = "whole verify"


def figures(effort: Effort) -> list[Figure]:
    """Steps for Ed25519, then the whole for the other kinds of keys."""
    others = (KeyType.P256, KeyType.SECP256K1)
    return [*_ed25519(effort), *(_whole(key_type, effort) for key_type in others)]


def whole(raw: RawEvent) -> CheckedEvent | InvalidEvent:
    """All that is done with an event on its own."""
    return _VERIFIER.check(raw)


def _ed25519(effort: Effort) -> list[Figure]:
    events = data_events(KeyType.ED25519, effort.events)
    _compare_answers(events)
    bare = checks(KeyType.ED25519, events)
    cars = [event.car for event in events]
    actions: dict[str, Callable[[Any], object]] = {
        **dict.fromkeys(bare, call),
        "split": car.decode,
        "hash": _hash,
        "split, hash and decode": decode_event,
        "signature": check_envelope,
        _WHOLE: whole,
        "dag-cbor + multiformats": peer.verify,
    }
    inputs: dict[str, Sequence[Any]] = {
        **bare,
        "split": cars,
        "hash": [car.decode(data) for data in cars],
        "split, hash and decode": cars,
        "signature": [_envelope(data) for data in cars],
        _WHOLE: events,
        "dag-cbor + multiformats": cars,
    }
    found = measure(actions, inputs, effort.rounds)
    found["decode"] = found["split, hash and decode"].minus(found["split"], found["hash"])
    return _beside_ceiling(found, list(bare))


def _beside_ceiling(found: dict[str, Timing], libraries: list[str]) -> list[Figure]:
    best, *others = sorted(libraries, key=lambda name: found[name].micros)
    ceiling, name = found[best], f"bare Ed25519 check, {best}"
    steps = ("split", "hash", "decode", "split, hash and decode", "signature", _WHOLE)
    return [
        *(_figure(f"bare Ed25519 check, {other}", found[other], name, ceiling) for other in others),
        *(_figure(f"{step}, Ed25519", found[step], name, ceiling) for step in steps),
        _figure(
            "the same with dag-cbor + multiformats", found["dag-cbor + multiformats"], _WHOLE, found[_WHOLE]
        ),
    ]


def _whole(key_type: KeyType, effort: Effort) -> Figure:
    events = data_events(key_type, effort.events)
    ((library, bare),) = checks(key_type, events).items()
    found = measure({_WHOLE: whole, library: call}, {_WHOLE: events, library: bare}, effort.rounds)
    names = f"{_WHOLE}, {key_type.value}", f"bare {key_type.value} check, {library}"
    return _figure(names[0], found[_WHOLE], names[1], found[library])


def _figure(name: str, found: Timing, beside_name: str, beside: Timing) -> Figure:
    return Figure.of(Series(name, found.rounds), Series(beside_name, beside.rounds), "µs", found.note)


def _hash(archive: Car) -> bool:
    return all(cid.matches(block) for cid, block in archive.blocks)


def _envelope(data: bytes) -> Envelope:
    event = decode_event(data)
    assert not isinstance(event, InvalidEvent | TimeEvent)
    assert event.envelope is not None
    return event.envelope


def _compare_answers(events: list[RawEvent]) -> None:
    for event in events:
        found = whole(event)
        assert isinstance(found, CheckedEvent)
        assert found.reason is None
        assert found.cid == peer.verify(event.car)
