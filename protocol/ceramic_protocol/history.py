"""What a stream's events make together: verdicts, states, the canonical log (consensus.md 1.6, section 4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.documents import DocumentState
from ceramic_protocol.events import InitHeader
from ceramic_protocol.ids import MODEL_INSTANCE, StreamId
from ceramic_protocol.reasons import Outcome, Reason


class Judged(NamedTuple):
    """An event within its stream: the final verdict, its height (None if unknown) and the state after it.

    `expires_at` (unix seconds) is when the event's capability runs out unless an anchor proves by then that
    it was used in time; None if that can't happen. `is_changed` says that a data event lies on the way to it.
    """

    event: CheckedEvent
    reason: Reason | None
    detail: str | None
    height: int | None
    state: DocumentState | None = None
    expires_at: int | None = None
    is_changed: bool = False

    @property
    def outcome(self) -> Outcome:
        """The verdict."""
        return Outcome.VALID if self.reason is None else self.reason.outcome


@dataclass(frozen=True, slots=True)
class StreamHistory:
    """All that follows from a stream's events.

    `log` is the canonical log from init to tip, empty if the stream has no valid init; `leaves` are the valid
    events that nothing valid builds on; `anchored` is, for every valid event, the earliest proven anchor
    (unix seconds) that covers it, if any.
    """

    stream: Cid
    header: InitHeader | None
    judged: Mapping[Cid, Judged] = field(repr=False)
    log: tuple[Cid, ...]
    leaves: tuple[Cid, ...]
    anchored: Mapping[Cid, int] = field(repr=False)

    @property
    def tip(self) -> Cid | None:
        """The canonical tip."""
        return self.log[-1] if self.log else None

    @property
    def stream_id(self) -> StreamId:
        """The StreamID, see `stream_id_of`."""
        return stream_id_of(self.stream, self.header)

    @property
    def reason(self) -> Reason | None:
        """Why the stream has no tip; None if it has one."""
        if self.log:
            return None
        init = self.judged.get(self.stream)
        if init is not None:
            return init.reason
        return min(self.judged.values(), key=_doubt).reason if self.judged else Reason.INIT_MISSING

    @property
    def reverted(self) -> list[Cid]:
        """Valid events outside the canonical log, by height and CID."""
        inside = set(self.log)
        outside = [item for cid, item in self.judged.items() if item.reason is None and cid not in inside]
        return [item.event.cid for item in sorted(outside, key=lambda item: (item.height, item.event.cid))]


def _doubt(item: Judged) -> tuple[bool, Cid]:
    """Sort key without an init event: events that only miss it say more than those refused themselves."""
    return item.outcome is Outcome.REJECTED, item.event.cid


def stream_id_of(stream: Cid, header: InitHeader | None) -> StreamId:
    """The StreamID, by the CID of the stream's init event and its header.

    While the init event, which tells the type, is unknown, it is taken for that of a model instance: other
    streams are not updated in practice.
    """
    return StreamId.of(header.stream_type if header else MODEL_INSTANCE, stream)


def unresolved(stream: bytes, links: Iterable[tuple[bytes, bytes | None]]) -> set[bytes]:
    """The events that a stream's events refer to without being there: ask for these to learn `foreign`.

    Args:
        stream: CID of the stream's init event.
        links: CID and prev of each event at hand.
    """
    pairs = list(links)
    wanted = {prev for _cid, prev in pairs if prev is not None} | {stream}
    return wanted - {cid for cid, _prev in pairs}
