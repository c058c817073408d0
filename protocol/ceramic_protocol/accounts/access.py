"""Whether a capability opens a stream at a moment (accounts.md 3.5 and 4, consensus.md 1.8)."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from ceramic_protocol.accounts.grant import Grant
from ceramic_protocol.cid import Cid
from ceramic_protocol.ids import StreamId
from ceramic_protocol.limits import MAX_REMEMBERED_STREAMS
from ceramic_protocol.reasons import Finding, Reason

_SECOND = 1000


class Stream(NamedTuple):
    """A stream as capabilities and controllers speak of it; StreamIDs as such or as their text."""

    controller: str
    stream_id: StreamId | str
    model: StreamId | str | None

    @property
    def here(self) -> str:
        """The resource that is this stream."""
        return _here(self.stream_id)

    @property
    def of_model(self) -> str | None:
        """The resource that is all streams of its model."""
        return None if self.model is None else _of_model(self.model)


# Made only where somebody asks: most events are signed without a capability.
@lru_cache(MAX_REMEMBERED_STREAMS)
def _here(stream: StreamId | str) -> str:
    return f"ceramic://{stream}"


@lru_cache(MAX_REMEMBERED_STREAMS)
def _of_model(model: StreamId | str) -> str:
    return f"ceramic://*?model={model}"


class Terms(NamedTuple):
    """How exactly times are taken, in seconds.

    `skew` is how far clocks may be apart, `grace` how long an expired capability goes on. `check_expiry`
    leaves `exp` unchecked if it is False.
    """

    grace: int
    skew: int
    check_expiry: bool = True


def covers(grant: Grant, stream: Stream, payload: bytes) -> bool:
    """Whether one of the resources names the stream, its model, this very change of it, or everything.

    Resources are compared as text; `payload` is the event's payload block.
    """
    here = stream.here
    wide = {"ceramic://*", here, stream.of_model or here}
    if not wide.isdisjoint(grant.resources):
        return True
    # Hashed once: both a capability and a payload may have 256,000 bytes.
    changes = [resource for resource in grant.resources if resource.startswith(f"{here}?payload=")]
    return bool(changes) and f"{here}?payload={Cid.of(payload)}" in changes


def check_moment(grant: Grant, at: int, terms: Terms) -> Finding | None:
    """None if a signature of unix millisecond `at` is in time."""
    latest = at + terms.skew * _SECOND
    if grant.not_before is not None and grant.not_before > latest:
        return Finding(Reason.CACAO_NOT_YET_VALID, f"it starts at {_text(grant.not_before)}")
    limit = expires_at(grant, terms)
    if limit is not None and limit + terms.skew * _SECOND < at:
        return expired(grant)
    return None


def expires_at(grant: Grant, terms: Terms) -> int | None:
    """The last unix millisecond at which an event of a log may be anchored, or be judged un-anchored.

    js-ceramic looks twice: with the clocks' skew when it checks a signature, and without when it reads the
    log again (consensus.md 1.8); so this is what counts for events of a log.
    """
    if grant.expires is None or not terms.check_expiry:
        return None
    return grant.expires + terms.grace * _SECOND


def expired(grant: Grant) -> Finding:
    """That the capability had run out."""
    over = "it expired" if grant.expires is None else f"it expired at {_text(grant.expires)}"
    return Finding(Reason.CACAO_EXPIRED, over)


def _text(moment: int) -> str:
    try:
        return datetime.fromtimestamp(moment / _SECOND, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return f"{moment} ms"
