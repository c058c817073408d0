"""A capability by itself: is it a CACAO, is it signed by its issuer, what does it grant (accounts.md 3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from ceramic_protocol.accounts.ambiguity import check_text
from ceramic_protocol.accounts.cacao import Cacao, decode_cacao, parse_time
from ceramic_protocol.accounts.cacao_signatures import EIP1271, WEBAUTHN, check_cacao_signature
from ceramic_protocol.accounts.grant import Grant
from ceramic_protocol.caches import BoundedCache
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import DecodeError
from ceramic_protocol.limits import (
    MAX_CACHED_CAPABILITIES,
    MAX_CACHED_CAPABILITY_BYTES,
    MAX_CAPABILITY_BYTES,
)
from ceramic_protocol.ports import Contracts
from ceramic_protocol.reasons import Finding, Reason


class Seen:
    """What is known of a capability: whom it was given to, what it grants, and what is wrong with it.

    `audience` and `grant` are None where it could not be read. With a `finding` that may change, there is a
    grant beside it.
    """

    __slots__ = ("audience", "finding", "grant")

    def __init__(self, audience: str | None, grant: Grant | None, finding: Finding | None) -> None:
        self.audience: Final = audience
        self.grant: Final = grant
        self.finding: Final = finding


Look: TypeAlias = Callable[[bytes, Contracts], tuple[Seen, bool]]
"""Says what there is to say about a block whoever uses it, and whether that will always be so."""


class Capabilities:
    """Looks at each capability once, however many events were signed under it."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._cache: BoundedCache[Cid, Seen] = BoundedCache(
            MAX_CACHED_CAPABILITIES, MAX_CACHED_CAPABILITY_BYTES
        )

    def look_at(self, cid: Cid, block: bytes, contracts: Contracts) -> Seen:
        """What there is to say about a capability whoever uses it; remembered by its CID.

        Args:
            cid: its CID, which the block has been checked against.
            block: the CACAO as DAG-CBOR.
            contracts: asked about signatures of contract wallets, whose answers are not remembered here.
        """
        known = self._cache.get(cid)
        if known is not None:
            return known
        if len(block) > MAX_CAPABILITY_BYTES:
            return Seen(None, None, Finding(Reason.CACAO_MALFORMED, f"capability of {len(block)} bytes"))
        known, is_lasting = self._look(block, contracts)
        if is_lasting:
            self._cache.put(cid, known, len(block))
        return known

    def forget(self) -> None:
        """Forget everything, so that the next look at each is a first one."""
        self._cache.clear()


def _look_at(block: bytes, contracts: Contracts) -> tuple[Seen, bool]:
    try:
        cacao = decode_cacao(block)
        grant = grant_of(cacao)
    except DecodeError as error:
        return Seen(None, None, Finding(error.reason, error.detail)), True
    finding = None if cacao.signature_type == WEBAUTHN else check_text(cacao)
    finding = finding or check_cacao_signature(cacao, contracts)
    return Seen(cacao.audience, grant, finding), cacao.signature_type != EIP1271


STRICT: Final = Capabilities(_look_at)
"""By our own rules."""


def grant_of(cacao: Cacao) -> Grant:
    """What a capability allows.

    Raises:
        DecodeError: `cacao_malformed`: a time that is no RFC 3339 text.
    """
    starts = [parse_time(text) for text in (cacao.issued_at, cacao.not_before) if text is not None]
    return Grant(
        issuer=cacao.issuer,
        resources=cacao.resources or (),
        not_before=max(starts),
        expires=None if cacao.expires_at is None else parse_time(cacao.expires_at),
        signature_type=cacao.signature_type,
        is_delegated=cacao.parent_hint is not None,
    )


def check_audience(seen: Seen, signer: str) -> Finding | None:
    """None if the capability was given to the key that signed."""
    if seen.audience is None or seen.audience == signer:
        return None
    return Finding(Reason.CACAO_AUD_MISMATCH, f"given to {seen.audience[:200]}, used by {signer}")
