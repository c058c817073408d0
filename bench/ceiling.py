"""The ceiling: the bare signature check of the libraries, with keys and messages made beforehand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from coincurve import PublicKey as Secp256k1Key
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from nacl.signing import VerifyKey

from bench.measure import Timing, measure
from ceramic_protocol.accounts.did import KeyType, resolve_did_key
from ceramic_protocol.events import InvalidEvent, TimeEvent, decode_event
from ceramic_protocol.ports import RawEvent

_ES256: Final = ec.ECDSA(SHA256())
_SECP256K1_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

Check: TypeAlias = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signature check needs: key, message and signature (r‖s for ECDSA)."""

    key: bytes
    message: bytes
    signature: bytes


def signed(raw: RawEvent) -> Signed:
    """The signature of an event."""
    event = decode_event(raw.car)
    assert not isinstance(event, InvalidEvent | TimeEvent)
    assert event.envelope is not None
    assert event.envelope.header.signer is not None
    key = resolve_did_key(event.envelope.header.signer)
    return Signed(key.data, event.envelope.signing_input, event.envelope.signature)


def call(check: Check) -> object:
    """Run a check, for `measure`."""
    return check()


def checks(key_type: KeyType, events: Sequence[RawEvent]) -> dict[str, list[Check]]:
    """The bare checks of these events by library; a check raises or gives False if a signature is wrong."""
    makers = _MAKERS[key_type]
    found = {name: [make(signed(event)) for event in events] for name, make in makers.items()}
    assert all(check() is not False for listed in found.values() for check in listed)
    return found


def bare_check(events: Sequence[RawEvent], rounds: int) -> Timing:
    """The fastest bare check of Ed25519 events."""
    listed = checks(KeyType.ED25519, events)
    return min(measure(dict.fromkeys(listed, call), listed, rounds).values(), key=lambda found: found.micros)


def _pynacl(made: Signed) -> Check:
    key = VerifyKey(made.key)
    return lambda: key.verify(made.message, made.signature)


def _cryptography(made: Signed) -> Check:
    key = Ed25519PublicKey.from_public_bytes(made.key)
    return lambda: key.verify(made.signature, made.message)


def _halves(signature: bytes) -> tuple[int, int]:
    return int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")


def _p256(made: Signed) -> Check:
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), made.key)
    signature = encode_dss_signature(*_halves(made.signature))
    return lambda: key.verify(signature, made.message, _ES256)


def _secp256k1(made: Signed) -> Check:
    key = Secp256k1Key(made.key)
    r, s = _halves(made.signature)
    signature = encode_dss_signature(r, min(s, _SECP256K1_ORDER - s))
    return lambda: key.verify(signature, made.message)


_MAKERS: Final[dict[KeyType, dict[str, Callable[[Signed], Check]]]] = {
    KeyType.ED25519: {"PyNaCl": _pynacl, "cryptography": _cryptography},
    KeyType.P256: {"cryptography": _p256},
    KeyType.SECP256K1: {"coincurve": _secp256k1},
}
