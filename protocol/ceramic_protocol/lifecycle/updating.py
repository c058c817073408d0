"""Updates of documents: from a new content or a JSON patch to a data event on the tip."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from ceramic_protocol.builder import EventBuilder
from ceramic_protocol.built import BuiltEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.errors import IdentifierError, UsageError
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.ids import CommitId, StreamId
from ceramic_protocol.js_numbers import js_numbers
from ceramic_protocol.jsondiff import Operation, patch_between
from ceramic_protocol.lifecycle.errors import ConflictError, StreamUnknown
from ceramic_protocol.lifecycle.writing import StreamWriter, Written
from ceramic_protocol.reasons import Finding

Patch: TypeAlias = Sequence[Operation]
"""A JSON patch."""


def update(
    writer: StreamWriter,
    stream: StreamId,
    by: EventBuilder,
    expected_tip: Cid | CommitId | None,
    operations: Callable[[IpldValue], Patch | None],
    *,
    should_index: bool | None = None,
) -> Written:
    """Append a data event to a stream's tip.

    Args:
        writer: writes it.
        stream: which stream.
        by: signs it.
        expected_tip: the only tip to write on, or None for whatever is the tip.
        operations: the JSON patch, given the content at the tip; None if there is nothing to write.
        should_index: new hint to indexers, or None for no change.

    Raises:
        ConflictError, WriteRefused, StreamBusy, StreamUnknown: see there.
        EncodeError: the patch can't be written.
        IdentifierError: `stream` is the StreamID of another type of stream, or `expected_tip` a CommitID of
            another stream.
        UsageError: streams of that type have no states.
    """
    expected = _expected(stream, expected_tip)
    # A wallet may be asked, so nothing is signed a second time for the same tip.
    signed: dict[Cid, Sequence[BuiltEvent]] = {}

    def draft(history: StreamHistory) -> Sequence[BuiltEvent]:
        tip = tip_in(history, stream)
        if expected is not None and expected != tip:
            raise ConflictError(stream, expected, tip)
        if tip not in signed:
            signed[tip] = sign(history, tip)
        return signed[tip]

    def sign(history: StreamHistory, tip: Cid) -> Sequence[BuiltEvent]:
        state = history.judged[tip].state
        if state is None:
            raise UsageError(f"streams of type {stream.type_name} have no states that could be patched")
        patch = operations(state.content)
        return [] if patch is None else [by.data(stream.cid, tip, list(patch), should_index=should_index)]

    return writer.write(stream.cid, draft)


def change_to(content: object, *, should_index: bool | None = None) -> Callable[[IpldValue], Patch | None]:
    """From the content at the tip to the patch that gives `content`; None if that is the same.

    Raises:
        EncodeError: a number in `content` is beyond the range of floats.
    """
    wanted = js_numbers(content)

    def operations(before: IpldValue) -> Patch | None:
        patch = patch_between({} if before is None else before, wanted)
        return patch if patch or should_index is not None else None

    return operations


def tip_in(history: StreamHistory, stream: StreamId) -> Cid:
    """The tip of a stream.

    Raises:
        StreamUnknown: it has none.
        IdentifierError: `stream` has another type than the stream.
    """
    if history.tip is None:
        init = history.judged.get(history.stream)
        reason, detail = history.reason, None if init is None else init.detail
        if not history.judged or reason is None:
            raise StreamUnknown(stream)
        raise StreamUnknown(stream, Finding(reason, detail or reason.summary))
    if history.stream_id != stream:
        raise IdentifierError(f"{stream} is no stream; {history.stream_id} is, of another type")
    return history.tip


def _expected(stream: StreamId, tip: Cid | CommitId | None) -> Cid | None:
    if not isinstance(tip, CommitId):
        return tip
    if tip.stream != stream:
        raise IdentifierError(f"{tip} is no commit of stream {stream}")
    return tip.cid
