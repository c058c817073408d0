"""Why something could not be written or read. Each code tells a caller what to do next."""

from __future__ import annotations

from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import CeramicError
from ceramic_protocol.ids import StreamId
from ceramic_protocol.limits import MAX_TOLD_CHARS
from ceramic_protocol.plain_text import plain
from ceramic_protocol.reasons import Finding


class ConflictError(CeramicError):
    """The tip is another one than the writer has seen; nothing was written. Read the stream, decide again.

    `tip` is the present one. It may be the expected one, in the rare case that a further event would make
    another branch win, by the tie-break.
    """

    code = "tip_moved"

    def __init__(self, stream: StreamId, expected: Cid, tip: Cid) -> None:
        found = f"its tip is {tip}" if tip != expected else "a further event would make another branch win"
        super().__init__(f"stream {stream} was expected at {expected}, but {found}")
        self.stream = stream
        self.expected = expected
        self.tip = tip


class StreamBusy(CeramicError):
    """Others wrote to the stream at every attempt; nothing was written. Try again later."""

    code = "stream_busy"


class WriteRefused(CeramicError):
    """The event would be rejected or pending, so it was not written. `finding` says why."""

    code = "write_refused"

    def __init__(self, finding: Finding) -> None:
        reason, detail = finding
        super().__init__(f"{reason.value}: {plain(detail or reason.summary, MAX_TOLD_CHARS)}")
        self.finding = finding


class StreamUnknown(CeramicError):
    """The stream has no valid init event, as far as is known. `finding` says why, unless nothing is known."""

    code = "stream_unknown"

    def __init__(self, stream: StreamId, finding: Finding | None = None) -> None:
        why = "nothing is known of it" if finding is None else f"{finding.reason.value}: {finding.detail}"
        super().__init__(f"stream {stream}: {plain(why, MAX_TOLD_CHARS)}")
        self.stream = stream
        self.finding = finding
