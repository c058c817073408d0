"""Whether a changed capability is still the one that its account signed, told without the code under test.

A capability can be written in more than one way: what the wallet showed is a text, which some members are not
part of, and some signatures have twins (accounts.md 3.3). Each such freedom stands here by name, as a reading
of a part of the block: what is written, and what that means. It is the same grant if all means the same.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import dag_cbor
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.fuzz.event_mutations import P256_ORDER, SECP256K1_ORDER

Reading: TypeAlias = Callable[[Any], tuple[object, object]]
"""What is written in a part of a capability, and what it means."""

_ABSENT: Final = "(absent)"
_SHOWN: Final = ("aud", "domain", "exp", "iat", "nbf", "nonce", "version")
_KNOWN: Final = {
    "h": {"t"},
    "p": {*_SHOWN, "iss", "requestId", "resources", "statement"},
    "s": {"m", "s", "t"},
}


def differences(signed: Any, block: bytes) -> list[str] | None:
    """In what a block is written otherwise than what was signed; None if it doesn't grant the same.

    Args:
        signed: the content of the block as the account signed it.
        block: what is shown instead.
    """
    try:
        changed = dag_cbor.decode(block)
        readings = [(name, read(signed), read(changed)) for name, read in _READINGS[signed["s"]["t"]].items()]
    except (dag_cbor.encoding.DAGCBOREncodingError, LookupError, TypeError, ValueError, AttributeError):
        return None
    if any(meant != means for _name, (_, meant), (_, means) in readings):
        return None
    return [name for name, (written, _), (writes, _) in readings if written != writes]


def _exact(*path: str) -> Reading:
    def read(value: Any) -> tuple[object, object]:
        for step in path:
            value = value[step]
        return value, (type(value), value)

    return read


def _header_type(value: Any) -> tuple[object, object]:
    """Ethereum's text is the same under both types."""
    header = value["h"]["t"]
    return header, "either" if header in {"eip4361", "caip122"} else header


def _address(value: Any) -> tuple[object, object]:
    """Letters of an Ethereum address, of which a wallet may have shown others than the issuer has."""
    issuer = value["p"]["iss"]
    return issuer, issuer.lower() if issuer.startswith("did:pkh:eip155:") else issuer


def _shown(value: Any) -> tuple[object, object]:
    texts = tuple(value["p"].get(name, _ABSENT) for name in _SHOWN)
    return texts, tuple((type(text), text) for text in texts)


def _empty(value: Any) -> tuple[object, object]:
    """An empty text is not shown."""
    texts = tuple(value["p"].get(name, _ABSENT) for name in ("statement", "requestId"))
    return texts, tuple(_ABSENT if text == "" else text for text in texts)


def _resources(value: Any) -> tuple[object, object]:
    """An empty list is not shown."""
    listed = value["p"].get("resources", _ABSENT)
    return listed, [] if listed == _ABSENT else listed


def _strangers(*places: str) -> Reading:
    def read(value: Any) -> tuple[object, object]:
        found = [
            {name: value[place][name] for name in value[place].keys() - _KNOWN[place]} for place in places
        ]
        return (found, value.keys() - _KNOWN.keys() if len(places) == len(_KNOWN) else None), None

    return read


def _metadata(value: Any) -> tuple[object, object]:
    return value["s"].get("m", _ABSENT), None


def _digits(value: Any) -> tuple[object, object]:
    text = value["s"]["s"]
    return (text.startswith("0x"), text.lower() == text), None


def _hex(value: Any) -> bytes:
    return bytes.fromhex(value["s"]["s"].removeprefix("0x"))


def _contract_signature(value: Any) -> tuple[object, object]:
    return None, _hex(value)


def _numbers(value: Any) -> tuple[bytes, int, int]:
    """R, S and v of a recoverable signature, v as it stands there."""
    data = _hex(value)
    if len(data) != 65:
        raise ValueError
    return data[:32], int.from_bytes(data[32:64], "big"), data[64]


def _first_v(value: Any) -> tuple[object, object]:
    """Counting v from 27, as wallets do, or from 0."""
    _r, _s, v = _numbers(value)
    return v >= 27, None


def _low_s(value: Any) -> tuple[object, object]:
    """The other S with the other v: the same point mirrored."""
    r, s, v = _numbers(value)
    number = v - 27 if v in {27, 28} else v
    is_high = s > SECP256K1_ORDER // 2
    return is_high, (r, SECP256K1_ORDER - s if is_high else s, number ^ is_high)


def _passkey_data(value: Any) -> bytes:
    text = value["s"]["s"]
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _passkey_numbers(value: Any) -> tuple[int, int]:
    data = _passkey_data(value)
    if len(data) == 64:
        return int.from_bytes(data[:32], "big"), int.from_bytes(data[32:], "big")
    return decode_dss_signature(data)


def _passkey_form(value: Any) -> tuple[object, object]:
    return len(_passkey_data(value)) == 64, None


def _passkey_letters(value: Any) -> tuple[object, object]:
    usual = base64.urlsafe_b64encode(_passkey_data(value)).decode().rstrip("=")
    return value["s"]["s"] == usual, None


def _passkey_low_s(value: Any) -> tuple[object, object]:
    r, s = _passkey_numbers(value)
    return s, (r, min(s, P256_ORDER - s))


def _assertion(value: Any) -> tuple[object, object]:
    """What the authenticator signed; members beside that mean nothing."""
    metadata = value["s"]["m"]
    inner: Any = dag_cbor.decode(metadata["aad"])
    return metadata, (inner["authData"], inner["clientDataJSON"])


def _challenge(value: Any) -> tuple[object, object]:
    """A passkey signs everything but the signature and the issuer, strangers as well."""
    signed = {name: member for name, member in value.items() if name != "s"}
    signed["p"] = {name: member for name, member in value["p"].items() if name != "iss"}
    return None, dag_cbor.encode(signed)


_EVERYWHERE: Final = _strangers("h", "p", "s")
_TEXT: Final[dict[str, Reading]] = {
    "signature type": _exact("s", "t"),
    "shown members": _shown,
    "an empty text for none": _empty,
    "no resources for none": _resources,
    "unknown members": _EVERYWHERE,
    "metadata without meaning": _metadata,
}
_EIP155: Final[dict[str, Reading]] = {
    **_TEXT,
    "the other type of header": _header_type,
    "letters of the address": _address,
    "hexadecimal digits": _digits,
}
_OTHERS: Final[dict[str, Reading]] = {
    **_TEXT,
    "header": _exact("h", "t"),
    "issuer": _exact("p", "iss"),
}
_READINGS: Final[Mapping[str, Mapping[str, Reading]]] = {
    "eip191": {**_EIP155, "v from 0 or 27": _first_v, "the other S": _low_s},
    "eip1271": {**_EIP155, "signature": _contract_signature},
    "solana:ed25519": {**_OTHERS, "signature": _exact("s", "s")},
    "tezos:ed25519": {**_OTHERS, "signature": _exact("s", "s")},
    "stacks:secp256k1": {**_OTHERS, "hexadecimal digits": _digits, "the other S": _low_s},
    "webauthn:p256": {
        "signature type": _exact("s", "t"),
        "issuer": _exact("p", "iss"),
        "challenge": _challenge,
        "unknown members": _strangers("s"),
        "members beside the assertion": _assertion,
        "DER or r‖s": _passkey_form,
        "base64url digits": _passkey_letters,
        "the other S": _passkey_low_s,
    },
}
