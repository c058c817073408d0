"""Whether js-did takes a capability for signed by its issuer (accounts.md 3.3, 3.4).

It goes by the type of the signature alone: neither the header's type nor the namespace of the issuer counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from ceramic_protocol.accounts.c32 import c32_address
from ceramic_protocol.accounts.cacao import Cacao
from ceramic_protocol.accounts.cacao_signatures import EIP191, SOLANA, STACKS, TEZOS, WEBAUTHN
from ceramic_protocol.accounts.eip191 import LEGACY_UNTIL, personal_hash, possible_texts, recover_address
from ceramic_protocol.accounts.pkh import PkhAccount
from ceramic_protocol.accounts.recoverable import SIGNATURE_BYTES
from ceramic_protocol.accounts.siwx import Network, sign_in_message
from ceramic_protocol.accounts.solana import decode_base58
from ceramic_protocol.accounts.stacks import MAINNET_VERSION, recover_hash, stacks_hash
from ceramic_protocol.accounts.tezos import tezos_address, tezos_hash
from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.profiles.base58 import bytes_of
from ceramic_protocol.profiles.js_time import parse_date
from ceramic_protocol.profiles.js_webauthn import check_js_webauthn
from ceramic_protocol.profiles.zip215 import verify_zip215
from ceramic_protocol.reasons import Finding, Reason

_HEX: Final = re.compile("(?:[0-9a-fA-F]{2})*")
_HEX_SIGNATURE: Final = re.compile(f"[0-9a-fA-F]{{{2 * SIGNATURE_BYTES}}}")
_RECOVERY: Final = {0: 0, 1: 1, 27: 0, 28: 1, 29: 2, 30: 3}
_TEZOS_CHARS: Final = 99
_CHECKSUM_BYTES: Final = 4


def check_js_cacao(cacao: Cacao, members: IpldValue) -> Finding | None:
    """None if js-did accepts the signature.

    Args:
        cacao: the capability with the texts that JavaScript would show.
        members: what its block holds.
    """
    if cacao.signature_type == WEBAUTHN:
        detail = check_js_webauthn(cacao, members)
    elif cacao.signature_type in _CHECKS:
        account = js_account(cacao.issuer)
        if account is None:
            return Finding(Reason.UNSUPPORTED_DID, f"issuer {cacao.issuer[:200]} is no account")
        detail = _CHECKS[cacao.signature_type](cacao, account)
    else:
        detail = f"js-did has no verifier for {cacao.signature_type[:40]!r}"
        return Finding(Reason.CACAO_TYPE_UNSUPPORTED, detail)
    return None if detail is None else Finding(Reason.CACAO_SIGNATURE_INVALID, detail)


def js_account(issuer: str) -> PkhAccount | None:
    """The account that an issuer is to caip 1.1, which searches for its patterns instead of matching them."""
    text = issuer.replace("did:pkh:", "", 1)
    parts = text.split(":")
    is_account = (
        len(parts) == 3
        and re.search("[-:a-zA-Z0-9]{7}", text)
        and re.search("[-a-z0-9]{3}", parts[0])
        and re.search("[-a-zA-Z0-9]", parts[1])
        and re.search("[a-zA-Z0-9]", parts[2])
    )
    return PkhAccount(*parts) if is_account else None


def _units(text: str) -> int:
    """The length of a text to JavaScript."""
    return len(text.encode("utf-16-le")) // 2


def _check_eip191(cacao: Cacao, account: PkhAccount) -> str | None:
    digits = cacao.signature.removeprefix("0x")
    # Digits behind the 65th byte are read, and then left alone.
    if not _HEX.fullmatch(digits):
        return "signature is no hexadecimal text"
    signature = bytes.fromhex(digits[: 2 * SIGNATURE_BYTES])
    time = parse_date(cacao.issued_at)
    issuer = account.address.lower()
    try:
        texts = possible_texts(cacao, account, with_legacy=time is not None and time <= LEGACY_UNTIL)
    except IdentifierError as error:
        return str(error)
    for text in texts:
        if recover_address(personal_hash(text, _units(text)), signature, _RECOVERY) == issuer:
            return None
    return f"not signed by {issuer}"


def _check_solana(cacao: Cacao, account: PkhAccount) -> str | None:
    key, signature = decode_base58(account.address, 32), decode_base58(cacao.signature, 64)
    if key is None or signature is None:
        return "address and signature are not 32 and 64 bytes of base58 text"
    text = sign_in_message(cacao, Network.SOLANA, account)
    return None if verify_zip215(key, text.encode(), signature) else f"not signed by {account.address}"


def _check_tezos(cacao: Cacao, account: PkhAccount) -> str | None:
    signature, key = cacao.signature[:_TEZOS_CHARS], cacao.signature[_TEZOS_CHARS:]
    if not signature.startswith("edsig") or not key.startswith("edpk"):
        return "signature is not edsig… and edpk…"
    decoded_key, decoded = _without_checksum(key, 4), _without_checksum(signature, 5)
    if tezos_address(decoded_key) != account.address:
        return f"key is not that of {account.address}"
    text = sign_in_message(cacao, Network.TEZOS, account)
    is_good = verify_zip215(decoded_key, tezos_hash(text, _units(text)), decoded)
    return None if is_good else f"not signed by {account.address}"


def _without_checksum(text: str, prefix_bytes: int) -> bytes:
    """The bytes between prefix and checksum, neither of which is looked at; none if it is no base58 text."""
    return bytes_of(text)[prefix_bytes:-_CHECKSUM_BYTES]


def _check_stacks(cacao: Cacao, account: PkhAccount) -> str | None:
    if not _HEX_SIGNATURE.fullmatch(cacao.signature):
        return f"signature is not {SIGNATURE_BYTES} bytes of hexadecimal text"
    text = sign_in_message(cacao, Network.STACKS, account)
    hashed = recover_hash(stacks_hash(text), bytes.fromhex(cacao.signature))
    if hashed is None or c32_address(MAINNET_VERSION, hashed) != account.address:
        return f"not signed by {account.address}"
    return None


_CHECKS: Final[Mapping[str, Callable[[Cacao, PkhAccount], str | None]]] = {
    EIP191: _check_eip191,
    SOLANA: _check_solana,
    TEZOS: _check_tezos,
    STACKS: _check_stacks,
}
