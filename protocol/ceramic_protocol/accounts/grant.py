"""What a capability allows, once its signature has been found good (accounts.md 3 and 4)."""

from __future__ import annotations

from typing import Final, NamedTuple, Self, cast

from ceramic_protocol import dagcbor
from ceramic_protocol.caches import BoundedCache
from ceramic_protocol.limits import MAX_CACHED_GRANT_BYTES, MAX_CACHED_GRANTS


class Grant(NamedTuple):
    """Who lets somebody else write, where, and from when until when.

    The times are unix milliseconds: `not_before` is the later one of `iat` and `nbf`, `expires` is `exp`.
    `signature_type` is that of the capability, such as `eip191`. `is_delegated` says that the capability
    names another one that it is derived from. `flaw` is what keeps the capability from counting, a reason's
    code and a detail, for rules by which that matters only where something depends on the capability.
    """

    issuer: str
    resources: tuple[str, ...]
    not_before: int | None
    expires: int | None
    signature_type: str
    is_delegated: bool = False
    flaw: str | None = None

    def to_bytes(self) -> bytes:
        """A compact form for travel between processes of one release."""
        return dagcbor.encode([self.issuer, list(self.resources), *self[2:]])

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The grant of `to_bytes`."""
        known = _CACHE.get(data)
        if known is None:
            known = _decode(data)
            _CACHE.put(data, known, len(data))
        return cast("Self", known)


_CACHE: Final[BoundedCache[bytes, Grant]] = BoundedCache(MAX_CACHED_GRANTS, MAX_CACHED_GRANT_BYTES)


def _decode(data: bytes) -> Grant:
    issuer, resources, *rest = cast("list[object]", dagcbor.decode(data))
    return Grant(str(issuer), tuple(cast("list[str]", resources)), *rest)  # type: ignore[arg-type]
