"""Envelopes and protected headers as js-ceramic reads them (dag-jose 5.1, js-ceramic stream-utils.ts)."""

from __future__ import annotations

import json
from typing import Final, NoReturn

from ceramic_protocol.accounts.did import did_of
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.jose import Envelope, JwsHeader
from ceramic_protocol.limits import MAX_PROTECTED_HEADER_BYTES
from ceramic_protocol.profiles.envelopes import IPFS, bad_header, malformed, signature_bytes, take_apart
from ceramic_protocol.profiles.js_signature import resolves

_CID_LETTERS: Final = tuple("Qbkz")
"""How the text of a CID may start; for other bases js-ceramic would have to be told how to read them."""


def decode_js_envelope(block: bytes) -> Envelope:
    """An envelope with one signature; members that nobody knows mean nothing.

    Raises:
        DecodeError: `cbor_malformed`, `signatures_empty`, `event_malformed` or `jws_malformed`.
    """
    parts = take_apart(block)
    if len(parts.signatures) > 1:
        raise malformed(f"envelope with {len(parts.signatures)} signatures")
    protected, signature = signature_bytes(parts.signatures[0])
    return Envelope(parts.payload, protected, signature, decode_js_header(protected))


def decode_js_header(data: bytes) -> JwsHeader:
    """The members that matter of a protected header; of double members the last one counts.

    `kid` is without what may stand behind the DID, if js-did resolves it.

    Raises:
        DecodeError: `jws_malformed`.
    """
    members = _parse(data)
    alg, kid, cap = (members.get(name) for name in ("alg", "kid", "cap"))
    return JwsHeader(
        _name(alg),
        _did(kid) if _is_there(kid) else None,
        _capability(cap) if _is_there(cap) else None,
    )


def _parse(data: bytes) -> dict[str, object]:
    if len(data) > MAX_PROTECTED_HEADER_BYTES:
        raise bad_header(f"{len(data)} bytes")
    try:
        # Numbers mean nothing here, but JavaScript has some for any digits.
        value = json.loads(data.decode("utf-8", "replace"), parse_int=float, parse_constant=_refuse)
        members = value if isinstance(value, dict) else {}
        # Surrogates are text to JavaScript, but must not leave this program.
        json.dumps([members.get(name) for name in ("alg", "kid", "cap")], ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise bad_header(error) from None
    if value is None:
        raise bad_header("null has no members")
    return members


def _refuse(constant: str) -> NoReturn:
    msg = f"{constant} is no JSON"
    raise ValueError(msg)


def _is_there(value: object) -> bool:
    """Whether JavaScript takes a JSON value for true."""
    return bool(value) or isinstance(value, list | dict)


def _name(value: object) -> str | None:
    """What JavaScript looks up where a value stands for a name: a list of one text is like that text."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, str) else None


def _did(kid: object) -> str:
    if not isinstance(kid, str):
        raise bad_header("kid is no text")
    return did_of(kid).partition(";")[0] if resolves(kid) else kid


def _capability(cap: object) -> Cid:
    if not isinstance(cap, str):
        raise bad_header("cap is no text")
    text = cap.replace(IPFS, "", 1)
    try:
        if text.startswith(_CID_LETTERS):
            return Cid.parse(text)
    except IdentifierError as error:
        raise bad_header(f"cap names no block: {error}") from None
    raise bad_header("cap names no block")
