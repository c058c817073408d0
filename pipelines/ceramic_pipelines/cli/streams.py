"""Finding the one stream that a command is asked about."""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from ceramic_pipelines.ledger import Ledger
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import IdentifierError, UsageError
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.ids import CommitId, StreamId
from ceramic_protocol.limits import MAX_QUOTED_CHARS
from ceramic_protocol.rules import Rules


class Named(NamedTuple):
    """What a text names: a stream, an event of it, or an event of a stream that has to be looked up."""

    stream: StreamId | None
    event: Cid | None


def parse_name(text: str) -> Named:
    """A StreamID, CommitID or CID.

    Raises:
        UsageError: it is none of these.
    """
    with suppress(IdentifierError):
        return Named(StreamId.parse(text), None)
    with suppress(IdentifierError):
        commit = CommitId.parse(text)
        return Named(commit.stream, commit.cid)
    with suppress(IdentifierError):
        return Named(None, Cid.parse(text))
    msg = f"{text[:MAX_QUOTED_CHARS]!r} is neither a StreamID nor a CommitID nor the CID of an event"
    raise UsageError(msg)


def find_history(ledger: Ledger, named: Named, rules: Rules) -> StreamHistory:
    """The stream, evaluated; no other is.

    Raises:
        UsageError: the source has no such stream; the message says what comes near.
    """
    init = named.stream.cid if named.stream else named.event
    if init is None:
        msg = "no stream is named"
        raise UsageError(msg)
    owner = ledger.stream_of(init) or init
    history = ledger.history(owner if named.stream is None else init, rules)
    if not history.judged:
        raise UsageError(_unknown(ledger, named.stream or init, init, rules))
    if named.stream is not None and history.header is not None and history.stream_id != named.stream:
        msg = f"the source has no stream {named.stream}; its init event is that of {history.stream_id}"
        raise UsageError(msg)
    return history


def _unknown(ledger: Ledger, wanted: StreamId | Cid, init: Cid, rules: Rules) -> str:
    if ledger.is_unplaced(init):
        return f"{init} is a time event without id; the source does not have what tells its stream"
    what = "stream" if isinstance(wanted, StreamId) else "event"
    missing = f"the source has no {what} {wanted}"
    owner = ledger.stream_of(init)
    if owner is not None:
        return f"{missing}; its CID is that of an event of {ledger.history(owner, rules).stream_id}"
    near = [str(ledger.history(stream, rules).stream_id) for stream in ledger.nearest_streams(init)]
    return f"{missing}; nearest in spelling: {', '.join(near)}" if near else f"{missing}, nor any other"
