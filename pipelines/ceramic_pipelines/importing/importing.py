"""All events of a source, handed in with a few parcels under way at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from typing import NamedTuple, TypeAlias

from ceramic_connectors.source.refused.keeping import Refused
from ceramic_pipelines.importing.outcomes import NO_ROOM, Outcome, Tally
from ceramic_pipelines.importing.target import Target
from ceramic_protocol.limits import MAX_IMPORT_AHEAD, MAX_IMPORT_CHUNK_BYTES, MAX_INTAKE_BATCH
from ceramic_protocol.ports import Damage, EventSource, RawEvent, SourceItem


class Watch(NamedTuple):
    """What an import has to do with who began it.

    Attributes:
        refused: is handed what didn't come in and why; it has to keep it before it returns.
        done: is told how many items have been dealt with since it was told last.
        is_stopping: whether to end early.
    """

    refused: Callable[[Sequence[Refused]], object] = lambda _refused: None
    done: Callable[[int], object] = lambda _count: None
    is_stopping: Callable[[], bool] = lambda: False


def import_events(source: EventSource, target: Target, watch: Watch) -> Tally:
    """Hand all events of a source in. What is there already is known, so that it can be done again.

    Events that wait for others have limited room; as long as some find none, and others have come in that
    they may have waited for, the source is read once more.

    Raises:
        OutsideError: the source can't be read, or nothing can be handed in any more.
    """
    tally = _once(source, target, watch)
    news = tally.new
    while tally.no_room and news and not watch.is_stopping():
        again = _once(source, target, watch._replace(refused=Watch().refused))
        tally.retried(again)
        news = again.new
    return tally


_Parcel: TypeAlias = tuple[list[RawEvent], "Future[list[Outcome]]"]


def _once(source: EventSource, target: Target, watch: Watch) -> Tally:
    return hand_in((page.items for page in source.read(0, source.count)), target, watch)


def hand_in(batches: Iterable[Sequence[SourceItem]], target: Target, watch: Watch) -> Tally:
    """Hand items in, in order and each once, and wait until all are dealt with.

    Raises:
        OutsideError: nothing can be handed in any more.
    """
    tally = Tally()
    under_way: deque[_Parcel] = deque()
    for items in _chunks(batches):
        events = [item for item in items if isinstance(item, RawEvent)]
        damaged = [item for item in items if isinstance(item, Damage)]
        tally.damaged += len(damaged)
        watch.refused([_damage(item) for item in damaged])
        if len(under_way) == MAX_IMPORT_AHEAD:
            _settle(under_way.popleft(), tally, watch)
        if events:
            under_way.append((events, target.submit([event.car for event in events])))
        watch.done(len(damaged))
        if watch.is_stopping():
            break
    while under_way:
        _settle(under_way.popleft(), tally, watch)
    return tally


def _settle(parcel: _Parcel, tally: Tally, watch: Watch) -> None:
    events, answer = parcel
    refused: list[Refused] = []
    for event, outcome in zip(events, answer.result(), strict=True):
        tally.add(outcome)
        if not outcome.is_kept and outcome.word != NO_ROOM:
            refused.append(_refusal(event, outcome))
    watch.refused(refused)
    watch.done(len(events))


def _refusal(event: RawEvent, outcome: Outcome) -> Refused:
    cid = outcome.cid or (None if event.cid is None else str(event.cid))
    return Refused(cid, outcome.reason or outcome.word, outcome.detail or "", event.car)


def _damage(item: Damage) -> Refused:
    where = f"{item.source} at {item.position:,}, {item.length:,} bytes"
    cid = None if item.cid is None else str(item.cid)
    return Refused(cid, item.reason.value, f"{where}: {item.detail}", item.raw)


def _chunks(batches: Iterable[Sequence[SourceItem]]) -> Iterator[list[SourceItem]]:
    """Items in parcels that a node takes."""
    chunk: list[SourceItem] = []
    size = 0
    for batch in batches:
        for item in batch:
            length = len(item.car) if isinstance(item, RawEvent) else len(item.raw)
            if chunk and (len(chunk) == MAX_INTAKE_BATCH or size + length > MAX_IMPORT_CHUNK_BYTES):
                yield chunk
                chunk, size = [], 0
            chunk.append(item)
            size += length
    if chunk:
        yield chunk
