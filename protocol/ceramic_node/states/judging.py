"""Judging one stream after another: what is new of it, what others have to do with it, and what time does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from typing import Final

from ceramic_node.states.ahead import Ahead, ReadAhead
from ceramic_node.states.asking import Asking, World
from ceramic_node.states.extending import Extension, may_be_extended
from ceramic_node.states.frozen import freeze
from ceramic_node.states.known_models import KnownModels, Status
from ceramic_node.states.live_cache import Live, LiveCache
from ceramic_node.states.loading import in_order, is_better, pieces
from ceramic_node.states.moves import Moves
from ceramic_node.states.port import StateWriter
from ceramic_node.states.records import StreamRow
from ceramic_node.states.writing import Writing
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import CeramicError, OutsideError, StoreCorruption
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.ids import MODEL, MODEL_INSTANCE, StreamId
from ceramic_protocol.limits import MAX_KNOWN_MODELS, MAX_MODELS_AHEAD, MAX_STATE_UNIT
from ceramic_protocol.live_stream import Change, LiveStream
from ceramic_protocol.rules import Rules
from ceramic_protocol.store_port import EventReader
from ceramic_protocol.stored import StreamSnapshot

FATAL: Final = (OutsideError, StoreCorruption)
"""What isn't the fault of one stream."""


class TooLong(CeramicError):
    """A stream has so many events that it has to be judged piece by piece; nothing was done."""

    code = "stream_too_long"


class HalfWritten(CeramicError):
    """A stream could not be written; the transaction has to be taken back."""

    code = "half_written"

    def __init__(self, stream: Cid, error: Exception) -> None:
        super().__init__(f"stream {stream}: {type(error).__name__}: {error}")
        self.stream = stream
        self.error = error


class Judging:
    """Judges streams and writes what has changed, within transactions that others begin and end.

    Attributes:
        cache: streams in memory.
        moved: models that have changed, for streams whose judging pauses meanwhile; others empty it.
    """

    def __init__(
        self,
        events: EventReader,
        cache: LiveCache,
        judge_model: Callable[[Cid, int], object],
        *,
        unit: int = MAX_STATE_UNIT,
    ) -> None:
        """Say of what.

        Args:
            events: the events.
            cache: where streams are kept in memory.
            judge_model: called with a model that has to be judged first, and its depth, see `judge`.
            unit: how many events of a stream are judged or written at a stretch.
        """
        self.cache: Final = cache
        self.moved: Final[list[StreamId]] = []
        self._events: Final = events
        self._judge_model: Final = judge_model
        self._unit: Final = unit
        self._models: Final = KnownModels(events)
        self._world: Final = World(events, self._model)
        self._statuses: dict[StreamId, Status] = {}
        self._missed: set[StreamId] = set()
        self._writer: StateWriter | None = None
        self._rules = Rules(0)
        self._ahead: Final = ReadAhead(events, cache, unit)

    def begin(self, writer: StateWriter, rules: Rules) -> None:
        """Go on within this transaction, under rules that differ from those before by the time at most."""
        self._writer = writer
        self._rules = rules

    def read_ahead(self, streams: Collection[Cid]) -> None:
        """Read at once what is needed of streams that are judged next; what was read before is forgotten."""
        self._ahead.read(self.writer, streams)

    def reset(self) -> None:
        """Forget what a transaction has done that was taken back."""
        self._ahead.clear()
        self.cache.clear()
        self.moved.clear()
        self._statuses.clear()

    @property
    def writer(self) -> StateWriter:
        """The transaction that is under way."""
        if self._writer is None:
            raise AssertionError("no transaction has begun")
        return self._writer

    def judge(
        self,
        stream: Cid,
        targets: Collection[Cid] = (),
        *,
        version: int = 0,
        is_long: bool = False,
        depth: int = 0,
    ) -> Generator[None, None, bool]:
        """Bring what is kept of a stream up to date; pauses where that takes long.

        One that was pruned stays as it was, see `frozen`.

        Args:
            stream: CID of its init event.
            targets: events that it waited for and that have come, or models that have changed.
            version: that of the events which is wanted at least; 0 to judge even if there is nothing new.
            is_long: whether the stream may be judged piece by piece.
            depth: how many streams need this one, one through the other.

        Returns:
            Whether it has to be done again, as a model has changed meanwhile.

        Raises:
            TooLong: it would have to be judged piece by piece.
            HalfWritten: see there.
        """
        row = self.writer.stream(stream)
        if row is not None and 0 < version <= row.version:
            return False
        ahead = self._ahead.take(stream)
        if ahead is not None and not targets and self._extend(row, ahead):
            return False
        live, snapshot, is_anew = self._read(stream, ahead)
        if snapshot.is_pruned and row is not None and row.dimensions is not None:
            freeze(self.writer, row, self._events.snapshot(stream, row.version))
            return False
        if live is not None:
            moves, touched = self._advance(live, snapshot, targets, depth)
        elif not snapshot.events:
            return False
        elif len(snapshot.events) > self._unit and not is_long:
            raise TooLong(f"stream {stream} has {len(snapshot.events):,} events")
        else:
            live = yield from self._load(snapshot, depth)
            touched = in_order(live.stream.judged.values())
            tip = None if row is None else row.tip
            moves = Moves.between(tip, live.stream.log(), live.stream.judged)
        live.version = snapshot.version
        live.settle(moves, is_anew=is_anew)
        live.turn(touched)
        self._note_needs(live)
        yield from self._write(row, live, moves, touched, snapshot)
        if not live.is_stale:
            self.cache.put(stream, live)
        return live.is_stale

    def _read(self, stream: Cid, ahead: Ahead | None) -> tuple[Live | None, StreamSnapshot, bool]:
        """What is in memory of a stream and is still of use, what is to be added, and whether that is all."""
        since = self._ahead.version_of(self.writer, stream)
        live = self.cache.take(stream)
        snapshot = ahead.snapshot if ahead is not None and ahead.since == since else None
        if snapshot is None:
            snapshot = self._events.snapshot(stream, since)
        if live is None or not since:
            return None, snapshot, True
        judged = live.stream.judged
        is_anew = any(is_better(event, judged.get(cid), stream) for cid, event in snapshot.events.items())
        if len(snapshot.events) > self._unit or (is_anew and len(judged) > self._unit):
            return None, self._events.snapshot(stream), True
        return live, snapshot, is_anew

    def _extend(self, row: StreamRow | None, ahead: Ahead) -> bool:
        """Add what is new to the end of a stream, if it is as simple as that; says whether it was."""
        snapshot = ahead.snapshot
        if ahead.init is None or snapshot.is_pruned or ahead.since != (0 if row is None else row.version):
            return False
        if row is not None and not may_be_extended(row, self.writer):
            return False
        asking, self._missed = Asking(snapshot.stream, self._world), set()
        extension = Extension(self.writer, row, snapshot)
        if not extension.judge(ahead.init, self._rules, asking) or self._missed:
            return False
        try:
            extension.write()
        except FATAL:
            raise
        except Exception as error:
            raise HalfWritten(snapshot.stream, error) from error
        return True

    def _load(self, snapshot: StreamSnapshot, depth: int) -> Generator[None, None, Live]:
        first, *others = pieces(snapshot, self._unit)
        self._judge_ahead(snapshot.events.get(snapshot.stream), depth)
        asking, self._missed = Asking(snapshot.stream, self._world), set()
        live_stream = LiveStream(
            snapshot.stream,
            self._rules,
            asking.context,
            asking.foreign,
            known=EventSet({event.cid: event for event in first}),
            asking=asking.note,
        )
        live = Live(live_stream, asking, self._rules)
        self._catch_up(live, depth)
        for piece in others:
            yield from self._pause(live)
            self._missed = set()
            live_stream.add(piece)
            self._catch_up(live, depth)
        live.weigh(live_stream.judged.values())
        return live

    def _judge_ahead(self, init: CheckedEvent | None, depth: int) -> None:
        """Judge the model of a document first, if it hasn't been, so that the document is judged once."""
        model = None if init is None else init.model
        if (
            model is not None
            and model.stream_type == MODEL
            and depth < MAX_MODELS_AHEAD
            and self._is_new(model)
        ):
            self._judge_model(model.cid, depth + 1)

    def _advance(
        self, live: Live, snapshot: StreamSnapshot, targets: Collection[Cid], depth: int
    ) -> tuple[Moves, Sequence[Cid]]:
        due = live.turns.take(self._rules.at)
        again = set(due)
        for target in targets:
            live.needs.discard(target)
            again |= live.asking.askers.pop(target, set())
        if live.rules is not self._rules:
            live.rules = self._rules
            live.stream.turn_to(self._rules)
        self._missed = set()
        changes = [live.stream.add(snapshot.events.values(), again)]
        changes += self._catch_up(live, depth)
        moves, touched = Moves(), dict.fromkeys(due)
        for change in changes:
            moves.add(change.correction)
            live.weigh(change.judged)
            touched |= dict.fromkeys((*moves.undone, *moves.applied, *change.anchored))
            touched |= dict.fromkeys(item.event.cid for item in change.judged)
        return moves, in_order(live.stream.judged[cid] for cid in touched)

    def _catch_up(self, live: Live, depth: int) -> list[Change]:
        """Judge models that were missed and are there, and what has asked for them again."""
        changes: list[Change] = []
        tried: set[StreamId] = set()
        while depth < MAX_MODELS_AHEAD and len(tried) < MAX_MODELS_AHEAD:
            missed = sorted(self._missed - tried)[: MAX_MODELS_AHEAD - len(tried)]
            if not missed:
                break
            tried.update(missed)
            for model in missed:
                self._judge_model(model.cid, depth + 1)
            self._missed = set()
            changes.append(self._again(live, missed))
        return changes

    def _again(self, live: Live, models: Iterable[StreamId]) -> Change:
        askers = {cid for model in models for cid in live.asking.askers.get(model.cid, ())}
        init = live.stream.judged.get(live.asking.stream)
        if init is not None and init.event.cid in askers:
            return live.stream.reconsider()
        return live.stream.add((), askers)

    def _note_needs(self, live: Live) -> None:
        """Note what a stream waits for or hangs on; documents are found by their model anyway."""
        header, asking = live.stream.header, live.asking
        new = asking.askers.keys() - live.needs
        if header is not None and header.model is not None and header.stream_type == MODEL_INSTANCE:
            new -= {header.model.cid}
        if new:
            self.writer.need(asking.stream, sorted(new))
            live.needs |= new

    def _pause(self, live: Live) -> Generator[None, None, None]:
        self._note_needs(live)
        seen = len(self.moved)
        yield
        live.is_stale |= not live.asking.models.isdisjoint(self.moved[seen:])

    def _write(
        self,
        row: StreamRow | None,
        live: Live,
        moves: Moves,
        touched: Sequence[Cid],
        snapshot: StreamSnapshot,
    ) -> Generator[None, None, None]:
        stream = snapshot.stream
        writing = Writing(self._events, lambda: self.writer, row, snapshot, lambda: self._init_moved(live))
        steps = writing.write(live, moves, touched, self._unit)
        while True:
            try:
                next(steps)
            except StopIteration:
                break
            except FATAL:
                raise
            except Exception as error:
                raise HalfWritten(stream, error) from error
            yield from self._pause(live)

    def _init_moved(self, live: Live) -> None:
        """If it is a model that has changed, its documents are to be judged again, and who else needs it."""
        header, stream = live.stream.header, live.asking.stream
        if header is not None and header.stream_type == MODEL:
            model = StreamId.of(MODEL, stream)
            self.writer.wake(stream, model)
            self._statuses.pop(model, None)
            self.cache.drop_users(model)
            self.moved.append(model)

    def _is_new(self, model: StreamId) -> bool:
        """Whether there is a model that hasn't been judged."""
        if model in self._statuses:
            return False
        return self.writer.stream(model.cid) is None and self._events.entry(model.cid) is not None

    def _model(self, model: StreamId) -> Status | None:
        # Nobody else writes, so what was found stays true until a model's init event moves.
        found = self._statuses.get(model)
        if found is None:
            found = self._models.status(model, self.writer.events, self.writer.stream)
            if found is not None:
                if len(self._statuses) >= MAX_KNOWN_MODELS:
                    self._statuses.clear()
                self._statuses[model] = found
            elif model.stream_type == MODEL and self._is_new(model):
                self._missed.add(model)
        return found
