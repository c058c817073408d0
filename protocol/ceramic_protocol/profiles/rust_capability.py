"""Capabilities as ceramic-one takes them (event/src/unvalidated/signed/cacao.rs, validation/src/signature).

Not emulated: signatures of type `jws`, which nobody writes; they are refused.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from ceramic_protocol.accounts.cacao import Cacao, decode_cacao
from ceramic_protocol.accounts.cacao_signatures import (
    CAIP122,
    EIP191,
    EIP1271,
    EIP4361,
    SOLANA,
    STACKS,
    TEZOS,
    WEBAUTHN,
)
from ceramic_protocol.accounts.capability import Seen
from ceramic_protocol.accounts.eip191 import LEGACY_UNTIL, personal_hash, possible_texts
from ceramic_protocol.accounts.grant import Grant
from ceramic_protocol.accounts.hashes import keccak256
from ceramic_protocol.accounts.pkh import PkhAccount
from ceramic_protocol.accounts.recoverable import SIGNATURE_BYTES, decode_hex
from ceramic_protocol.accounts.siwx import Network, sign_in_message
from ceramic_protocol.errors import DecodeError, IdentifierError
from ceramic_protocol.profiles.base58 import bytes_of
from ceramic_protocol.profiles.rust_signature import recover_low, verify_dalek
from ceramic_protocol.profiles.rust_time import Moment, parse_moment
from ceramic_protocol.profiles.rust_webauthn import check_rust_webauthn
from ceramic_protocol.reasons import Finding, Reason

_HEADERS: Final = {EIP4361, CAIP122}
_SIGNATURES: Final = {EIP191, EIP1271, SOLANA, STACKS, TEZOS, WEBAUTHN}
_ACCOUNT: Final = re.compile("([-a-z0-9]{3,8}):([-a-zA-Z0-9]{1,32}):([a-zA-Z0-9]{1,64})")
_RECOVERY: Final = {0: 0, 1: 1, 27: 0, 28: 1, 29: 2, 30: 3}
_KEY_BYTES: Final = 32


def look_at_rust(block: bytes) -> Seen:
    """What ceramic-one sees in a capability; with a finding beside it, it refuses every event under it."""
    try:
        cacao = decode_cacao(block)
        if cacao.unknown:
            raise _malformed("ceramic-one does not store members that it doesn't know")
        starts, expires = _times(cacao)
    except DecodeError as error:
        return Seen(None, None, Finding(error.reason, error.detail))
    grant = Grant(
        issuer=cacao.issuer,
        resources=cacao.resources or (),
        not_before=max(moment.milliseconds for moment in starts),
        expires=None if expires is None else expires.milliseconds,
        signature_type=cacao.signature_type,
    )
    shown = replace(
        cacao,
        issued_at=starts[0].text,
        not_before=starts[1].text if len(starts) > 1 else None,
        expires_at=None if expires is None else expires.text,
        # An empty list has no headline even in the legacy text.
        resources=cacao.resources or None,
    )
    return Seen(cacao.audience, grant, _check(cacao, shown, starts[0]))


def _malformed(detail: str) -> DecodeError:
    return DecodeError(Reason.CACAO_MALFORMED, detail)


def _times(cacao: Cacao) -> tuple[list[Moment], Moment | None]:
    starts = [parse_moment(text) for text in (cacao.issued_at, cacao.not_before) if text is not None]
    return starts, None if cacao.expires_at is None else parse_moment(cacao.expires_at)


def _check(cacao: Cacao, shown: Cacao, issued: Moment) -> Finding | None:
    """Whether it is signed; `shown` has the times as they stand in the message."""
    header, kind = cacao.header_type, cacao.signature_type
    if header not in _HEADERS or kind not in _SIGNATURES:
        detail = f"ceramic-one does not know {header[:40]!r} with {kind[:40]!r}"
        return Finding(Reason.CACAO_TYPE_UNSUPPORTED, detail)
    if header == EIP4361 or kind == EIP191:
        wrong = _check_ethereum(shown, with_legacy=issued.milliseconds < LEGACY_UNTIL)
    elif kind == SOLANA:
        wrong = _check_solana(shown)
    elif kind == WEBAUTHN:
        wrong = check_rust_webauthn(cacao)
    else:
        return Finding(Reason.CACAO_TYPE_UNSUPPORTED, f"ceramic-one does not implement {kind}")
    return None if wrong is None else Finding(Reason.CACAO_SIGNATURE_INVALID, wrong)


def _account(issuer: str) -> PkhAccount | None:
    match = _ACCOUNT.fullmatch(issuer.replace("did:pkh:", ""))
    return PkhAccount(match[1], match[2], match[3]) if match else None


def _check_ethereum(cacao: Cacao, *, with_legacy: bool) -> str | None:
    account = _account(cacao.issuer)
    if account is None:
        return f"issuer {cacao.issuer[:200]} is no account"
    signature = decode_hex(cacao.signature, SIGNATURE_BYTES)
    if signature is None or len(signature) != SIGNATURE_BYTES or signature[-1] not in _RECOVERY:
        return f"signature is not {SIGNATURE_BYTES} bytes of hexadecimal text that end in a v"
    issuer = account.address.lower()
    try:
        texts = possible_texts(cacao, account, with_legacy=with_legacy, shows_empty=True)
    except IdentifierError as error:
        return str(error)
    recoverable = signature[:-1] + bytes([_RECOVERY[signature[-1]]])
    for text in texts:
        key = recover_low(personal_hash(text), recoverable)
        if key is not None and f"0x{keccak256(key.format(compressed=False)[1:])[-20:].hex()}" == issuer:
            return None
    return f"not signed by {issuer}"


def _check_solana(cacao: Cacao) -> str | None:
    account = _account(cacao.issuer)
    if account is None:
        return f"issuer {cacao.issuer[:200]} is no account"
    key, signature = bytes_of(account.address), bytes_of(cacao.signature)
    text = sign_in_message(cacao, Network.SOLANA, account, shows_empty=True)
    # What stands behind the key is left alone.
    is_good = verify_dalek(key[:_KEY_BYTES], text.encode(), signature)
    return None if is_good else f"not signed by {account.address}"
