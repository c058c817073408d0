"""What events of others are worth: their own checks, and who may write to their streams.

What an event builds on isn't judged: that takes all events of a stream, as a node of ours keeps them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from ceramic_connectors.source.foreign.inspecting import Began, Found
from ceramic_connectors.source.foreign.streams import Known
from ceramic_protocol.accounts.grant import Grant
from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.limits import MAX_REMEMBERED_CIDS, MAX_TOLD_CHARS
from ceramic_protocol.plain_text import plain
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.profiles.registry import ACCOUNT_RULES
from ceramic_protocol.reasons import BY_CODE, Finding, Reason
from ceramic_protocol.rules import Rules

_VALID: Final = {"verdict": "valid", "reason": None, "detail": None}
_KINDS: Final = tuple(sorted(Kind))
_NOWHERE: Final = Cid(b"")


def _now() -> int:
    return time.time_ns() // 1_000_000


class Judge:
    """Says what events are worth; `now` tells unix milliseconds."""

    def __init__(self, profile: Profile = Profile.STRICT, now: Callable[[], int] = _now) -> None:
        self._profile: Final = profile
        self._accounts: Final = ACCOUNT_RULES[profile]
        self._now: Final = now
        self._terms: Final = Rules(0, profile=profile).terms

    def check(self, event: Found, known: Known | None) -> dict[str, Any]:
        """The `check` of an entry (docs/node-api.md).

        Args:
            event: the event.
            known: what is known of its stream, if anything is.
        """
        found = self._finding(event, known)
        if found is None:
            return _VALID
        reason, detail = found
        shown = plain(detail, MAX_TOLD_CHARS) if detail else None
        return {"verdict": str(reason.outcome), "reason": reason.value, "detail": shown}

    def refuses(self, init: Found, began: Began) -> bool:
        """Whether an init event is refused, however much more were known."""
        found = self._finding(init, Known(began, is_refused=False))
        return found is not None and found.is_certain

    def _finding(self, event: Found, known: Known | None) -> Finding | None:
        own = None if event.reason is None else Finding(BY_CODE[event.reason], event.detail or "")
        if own is not None and own.is_certain:
            return own
        if event.stream is None:
            return own or Finding(Reason.PREV_MISSING, f"the stream of prev {event.prev} is unknown")
        if known is None:
            return own or Finding(Reason.INIT_MISSING, f"the node has no init event {Cid(event.stream)}")
        if known.is_refused:
            return Finding(Reason.INIT_INVALID, f"{known.began.stream_id} begins with a refused event")
        writer = self._writer(event, known.began)
        return writer if writer is not None and (own is None or writer.is_certain) else own

    def _writer(self, event: Found, began: Began) -> Finding | None:
        """Why the signer may not write, as far as that shows without the anchors that come later."""
        if event.signer is None or event.kind is None:
            return None
        slim = CheckedEvent(
            _NOWHERE,
            None,
            _KINDS[event.kind],
            None,
            event.signed,
            event.signer,
            None if event.capability is None else _cid(event.capability),
            grant=None if event.grant is None else Grant.from_bytes(event.grant),
        )
        found = self._accounts.may_write(slim, began.stream, self._now(), self._terms)
        if found is None or found.reason is not Reason.CACAO_EXPIRED or not self._accounts.uses_anchors:
            return found
        # Most events of old were written under capabilities that have run out since.
        detail = f"{found.detail}; an anchor that comes later may prove that it was used before"
        return Finding(Reason.ANCHOR_CHAIN_UNKNOWN, detail)


@lru_cache(MAX_REMEMBERED_CIDS)
def _cid(text: str) -> Cid:
    return Cid.parse(text)
