"""Envelopes and protected headers as ceramic-one 0.58 reads them (event/src/unvalidated/signed; ssi-jws).

It stores its own encoding of what it understood, and only if that has the block's CID: so members that it
doesn't know keep an event out.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Final, NoReturn

from ceramic_protocol.cid import Cid
from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.jose import Envelope, JwsHeader
from ceramic_protocol.limits import MAX_PROTECTED_HEADER_BYTES
from ceramic_protocol.profiles.envelopes import IPFS, bad_header, malformed, signature_bytes, take_apart

_ENVELOPE: Final = {"payload", "signatures"}
_SIGNATURES: Final = ({"protected", "signature"}, {"header", "protected", "signature"})
_TEXTS: Final = ("kid", "jku", "x5u", "x5t", "x5t#S256", "typ", "cty")
_LISTS: Final = ("x5c", "crit")
_KNOWN: Final = {"alg", "jwk", "b64", *_TEXTS, *_LISTS}


class _Members(dict[str, object]):
    """A JSON object that remembers which of its members stand there twice."""

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        super().__init__(pairs)
        numbers = Counter(name for name, _ in pairs)
        self.doubles = {name for name, number in numbers.items() if number > 1}


def decode_rust_envelope(block: bytes) -> Envelope:
    """An envelope; of several signatures only the first one counts.

    Raises:
        DecodeError: `cbor_malformed`, `signatures_empty`, `event_malformed` or `jws_malformed`.
    """
    parts = take_apart(block)
    if parts.members.keys() != _ENVELOPE or not all(map(_is_signature, parts.signatures)):
        raise malformed("ceramic-one does not store members of an envelope that it doesn't know")
    protected, signature = signature_bytes(parts.signatures[0])
    return Envelope(parts.payload, protected, signature, decode_rust_header(protected))


def _is_signature(value: IpldValue) -> bool:
    if not isinstance(value, dict) or value.keys() not in _SIGNATURES:
        return False
    protected = value["protected"]
    is_header = isinstance(value.get("header", {}), dict)
    return is_header and type(value["signature"]) is bytes and (protected is None or type(protected) is bytes)


def decode_rust_header(data: bytes) -> JwsHeader:
    """The members that matter of a protected header. A `cap` without `ipfs://` is none.

    Raises:
        DecodeError: `jws_malformed`: no JSON object, a known member twice or of the wrong type.
    """
    members = _parse(data)
    if members.doubles & _KNOWN:
        raise bad_header(f"{', '.join(sorted(members.doubles))} stands there twice")
    alg, kid = members.get("alg"), members.get("kid")
    if not isinstance(alg, str):
        raise bad_header("alg is missing or no text")
    for name in _TEXTS:
        _expect(members, name, str)
    for name in _LISTS:
        _expect(members, name, list)
    _expect(members, "b64", bool)
    return JwsHeader(alg, kid if isinstance(kid, str) else None, _capability(members))


def _expect(members: _Members, name: str, kind: type) -> None:
    value = members.get(name)
    if value is not None and not isinstance(value, kind):
        raise bad_header(f"{name} is of the wrong type")
    if isinstance(value, list) and not all(isinstance(item, str) for item in value):
        raise bad_header(f"{name} is no list of texts")


def _parse(data: bytes) -> _Members:
    if len(data) > MAX_PROTECTED_HEADER_BYTES:
        raise bad_header(f"{len(data)} bytes")
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_Members,
            parse_int=_number,
            parse_float=_number,
            parse_constant=_refuse,
        )
        # Half a surrogate pair is no text to ceramic-one.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise bad_header(error) from None
    if not isinstance(value, _Members):
        raise bad_header("no JSON object")
    return value


def _number(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        msg = f"{text[:40]} is out of range"
        raise ValueError(msg)
    return number


def _refuse(constant: str) -> NoReturn:
    msg = f"{constant} is no JSON"
    raise ValueError(msg)


def _capability(members: _Members) -> Cid | None:
    cap = members.get("cap")
    if not isinstance(cap, str) or not cap.startswith(IPFS) or "cap" in members.doubles:
        return None
    try:
        return Cid.parse(cap.removeprefix(IPFS))
    except IdentifierError:
        return None
