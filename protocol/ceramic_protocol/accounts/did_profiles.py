"""What js-ceramic and ceramic-one make of a DID, where they differ from us (accounts.md 1.1, 1.2).

For emulating their verdicts. Each function takes a DID URL as it stands in a `kid`, and never raises.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from ceramic_protocol import multibase, varint
from ceramic_protocol.accounts.did import DID_KEY, KeyType, PublicKey
from ceramic_protocol.accounts.did_multibase import decode_any
from ceramic_protocol.accounts.did_points import compress_secp256k1, is_js_ed25519, is_nist_point
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.limits import MAX_CACHED_KEYS, MAX_IDENTIFIER_CHARS

_ID: Final = "(?:[a-zA-Z0-9._-]|%[0-9a-fA-F]{2})"
_PARAM: Final = "(?:;[a-zA-Z0-9_.:%-]+=[a-zA-Z0-9_.:%-]*)"
_JS_URL: Final = re.compile(
    rf"did:(key|pkh):((?:{_ID}*:)*{_ID}+){_PARAM}*(?:/[^#?]*)?(?:\?[^#]*)?(?:#[^\n\r\u2028\u2029]*)?"
)
"""DID URLs of did-resolver 4.1."""

_JS_NAMESPACES: Final = frozenset({"eip155", "bip122", "tezos"})
_JS_VARINT_BYTES: Final = 8
_JS_CURVES: Final = {0x1200: ec.SECP256R1(), 0x1201: ec.SECP384R1(), 0x1202: ec.SECP521R1()}
_JS_RAW_POINTS: Final = {(0x1200, 64), (0x1201, 96)}

_SOLANA: Final = re.compile("did:pkh:(?:sol|solana:[-a-zA-Z0-9]{1,32}):([a-zA-Z0-9]{1,64})")


def resolves_in_js(did: str) -> bool:
    """Whether js-did finds a DID document (dids 5.0, key-did-resolver 4.0, pkh-did-resolver 2.0)."""
    method, text = _js_parse(did)
    if method == "pkh":
        return _is_js_account(text)
    return method == "key" and _js_decode(text) is not None


@lru_cache(maxsize=MAX_CACHED_KEYS)
def js_key(did: str) -> PublicKey | None:
    """The key with which js-did checks a signature; None if it has none, or none that fits any signature.

    None for P-384 and P-521, for which it has no verifier, and for did:pkh: of eip155 accounts it recovers
    the address from an ES256K signature instead. A key of secp256k1 comes back compressed.
    """
    method, text = _js_parse(did)
    codec, data = (_js_decode(text) if method == "key" else None) or (-1, b"")
    if codec == KeyType.SECP256K1.multicodec:
        point = compress_secp256k1(data)
        return None if point is None else PublicKey(KeyType.SECP256K1, point)
    for key_type in (KeyType.ED25519, KeyType.P256):
        if codec == key_type.multicodec:
            return PublicKey(key_type, data)
    return None


def resolves_in_ceramic_one(did: str) -> bool:
    """Whether ceramic-one 0.58 finds a public key, of those that `ceramic_one_key` knows."""
    return ceramic_one_key(did) is not None


@lru_cache(maxsize=MAX_CACHED_KEYS)
def ceramic_one_key(did: str) -> PublicKey | None:
    """The key with which ceramic-one checks a signature; None if it finds none.

    Of Ed25519 it may be no point: ceramic-one, too, sees that when it checks a signature. Left out is what it
    resolves beyond the keys of Ceramic: RSA, BLS, and points in the compact form, with a 5 in front.
    """
    base = did.partition("#")[0]
    if len(base) > MAX_IDENTIFIER_CHARS:
        return None
    if base.startswith(DID_KEY):
        return _ceramic_one_did_key(base.removeprefix(DID_KEY))
    account = _SOLANA.fullmatch(base)
    try:
        key = multibase.decode_base58(account[1]) if account else b""
    except IdentifierError:
        return None
    return PublicKey(KeyType.ED25519, key) if len(key) in KeyType.ED25519.lengths else None


def _js_parse(url: str) -> tuple[str, str]:
    match = _JS_URL.fullmatch(url) if len(url) <= MAX_IDENTIFIER_CHARS else None
    return (match[1], match[2]) if match else ("", "")


def _is_js_account(text: str) -> bool:
    # caip 1.1 searches each part for its pattern instead of matching it.
    namespace, _, rest = text.partition(":")
    reference, _, address = rest.partition(":")
    return (
        namespace in _JS_NAMESPACES
        and ":" not in address
        and bool(re.search("[-a-zA-Z0-9]", reference) and re.search("[a-zA-Z0-9]", address))
        and bool(re.search("[-:a-zA-Z0-9]{7}", text))
    )


def _js_decode(text: str) -> tuple[int, bytes] | None:
    """Codec and key of a did:key that resolves; a raw point as a whole one."""
    try:
        data = multibase.decode(text) if text.startswith("z") else b""
    except IdentifierError:
        return None
    codec, start = _js_varint(data)
    key = data[start:]
    if (codec, len(key)) in _JS_RAW_POINTS:
        key = b"\x04" + key
    if codec in _JS_CURVES:
        is_key = is_nist_point(_JS_CURVES[codec], key)
    elif codec == KeyType.ED25519.multicodec:
        is_key = is_js_ed25519(key)
    else:
        # The bytes of a secp256k1 key are only looked at when a signature is checked.
        is_key = codec == KeyType.SECP256K1.multicodec
    return (codec, key) if is_key else None


def _js_varint(data: bytes) -> tuple[int, int]:
    """A varint of up to 8 bytes, however many it needs, and where it ends; -1 if it doesn't."""
    value = 0
    for index, byte in enumerate(data[:_JS_VARINT_BYTES]):
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return value, index + 1
    return -1, 0


def _ceramic_one_did_key(text: str) -> PublicKey | None:
    # When ceramic-one reads the DID a second time, it ends at the slash that base64 may have.
    data = None if "/" in text else decode_any(text)
    if data is None:
        return None
    for key_type in KeyType:
        prefix = varint.encode(key_type.multicodec)
        key = data.removeprefix(prefix)
        if data.startswith(prefix) and len(key) in key_type.lengths:
            return PublicKey(key_type, key) if _is_ceramic_one_point(key_type, key) else None
    return None


def _is_ceramic_one_point(key_type: KeyType, data: bytes) -> bool:
    if key_type is KeyType.P256:
        return is_nist_point(ec.SECP256R1(), data)
    return key_type is KeyType.ED25519 or compress_secp256k1(data) is not None
