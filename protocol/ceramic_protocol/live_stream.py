"""A stream whose events come one after another: what each of them changes, without starting anew."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from ceramic_protocol.branches import BranchTree
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.corrections import Correction, Moved, apart, correction, correction_of
from ceramic_protocol.events import InitHeader
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.history import Judged, StreamHistory, stream_id_of
from ceramic_protocol.judge import Judge
from ceramic_protocol.models.context import Context
from ceramic_protocol.rules import Rules
from ceramic_protocol.tree import LowestBelow, children_of, parents_first
from ceramic_protocol.writers import Writers


class Change(NamedTuple):
    """What more knowledge changes: the tip, if it moves, and the events that are new or judged otherwise.

    `anchored` are the valid events that another anchor than before is now the earliest to cover.
    """

    correction: Correction | None
    judged: tuple[Judged, ...]
    anchored: tuple[Cid, ...] = ()


def _silent(event: Cid) -> None:
    """Tell nobody."""
    del event


class _Writers(Writers):
    """Writers for whom time passes."""

    def turn_to(self, rules: Rules) -> None:
        """Go on under rules that have another time as now."""
        self._rules = rules


class LiveStream:
    """All that follows from the events of one stream, kept up while more of them come.

    What follows depends on the set of events only, never on their order or on how they were handed over. An
    event costs as much as what it changes: those that build on it, the forks above it and, where capabilities
    are used, those that its anchor covers. Only another report on an event that is known, the init event and
    `reconsider` make it judge everything anew.
    """

    def __init__(
        self,
        stream: Cid,
        rules: Rules,
        context: Context,
        foreign: Collection[bytes] = frozenset(),
        *,
        known: EventSet | None = None,
        asking: Callable[[Cid], object] = _silent,
    ) -> None:
        """Judge what is known of a stream.

        Args:
            stream: CID of the stream's init event.
            rules: the time that counts as now, and how to decide.
            context: what is known of models and other streams; what depends on more is pending.
            foreign: CIDs, among those that the events refer to, of events known to be of other streams.
            known: the events that name this stream as theirs. Taken over, not copied.
            asking: told of each event before it is judged, for a context that has to know who asks.
        """
        self._stream = stream
        self._rules = rules
        self._context = context
        self._foreign = foreign
        self._known = EventSet() if known is None else known
        self._asking = asking
        self._start_anew()

    @property
    def tip(self) -> Cid | None:
        """The canonical tip."""
        return self._tree.tip

    @property
    def header(self) -> InitHeader | None:
        """The header of the init event, if that is known."""
        return self._header

    @property
    def judged(self) -> Mapping[Cid, Judged]:
        """Every event with its verdict; a view that goes with the stream."""
        return MappingProxyType(self._judged)

    @property
    def anchored(self) -> Mapping[Cid, int]:
        """As in `StreamHistory`; a view that goes with the stream until it is judged anew."""
        return MappingProxyType(self._anchored.lowest)

    @property
    def valid_count(self) -> int:
        """The number of valid events."""
        return len(self._tree)

    def log(self) -> list[Cid]:
        """The canonical log."""
        return self._tree.log()

    def history(self) -> StreamHistory:
        """All that follows from the events, as a value of its own."""
        return StreamHistory(
            stream=self._stream,
            header=self._header,
            judged=dict(self._judged),
            log=tuple(self._tree.log()),
            leaves=tuple(sorted(self._tree.leaves())),
            anchored=dict(self._anchored.lowest),
        )

    def add(self, events: Iterable[CheckedEvent], again: Collection[Cid] = ()) -> Change:
        """Take events in, in any order; known ones change nothing unless they say more than before.

        Args:
            events: the events.
            again: known events to be judged again: all those for which the time that counts as now, or what
                the context says of documents and of events of other streams, makes a difference by now.
        """
        fresh: list[CheckedEvent] = []
        is_anew = False
        for event in events:
            known = self._known.events.get(event.cid)
            self._known.add(event)
            if known is None:
                fresh.append(event)
            is_anew |= event.cid == self._stream if known is None else self._known.events[event.cid] != known
        return self._reconsider() if is_anew else self._grow(fresh, again)

    def turn_to(self, rules: Rules) -> None:
        """Go on under rules that have another time as now, and differ in nothing else.

        This judges nothing: `add` has to be told for which events it makes a difference.
        """
        self._rules = rules
        self._writers.turn_to(rules)

    def reconsider(
        self,
        *,
        rules: Rules | None = None,
        context: Context | None = None,
        foreign: Collection[bytes] | None = None,
    ) -> Change:
        """Judge everything anew, under other rules or with more known of other streams."""
        self._rules = self._rules if rules is None else rules
        self._context = self._context if context is None else context
        self._foreign = self._foreign if foreign is None else foreign
        return self._reconsider()

    def _reconsider(self) -> Change:
        before = self.history()
        self._start_anew()
        after = self.history()
        changed = (item for cid, item in after.judged.items() if before.judged.get(cid) != item)
        anchored = tuple(_differing(before.anchored, after.anchored))
        return Change(correction(before, after), tuple(sorted(changed, key=_place)), anchored)

    def _start_anew(self) -> None:
        events = self._known.events
        self._writers = _Writers(self._rules)
        self._judge = Judge(self._stream, self._writers, self._context, self._foreign)
        self._header: InitHeader | None = None
        self._children = children_of(events)
        if self._stream in events:
            self._header = self._judge.open(events[self._stream])
            order = parents_first(self._stream, events, self._children)
            self._writers.learn(order, events)
        else:
            order = sorted(events)
        self._judged: dict[Cid, Judged] = {}
        for cid in order:
            self._asking(cid)
            self._judged[cid] = self._judge.judge(events[cid], self._judged)
        self._plant()

    def _plant(self) -> None:
        """Make the tree of valid events anew."""
        events = self._known.events
        valid = [item.event for item in sorted(filter(_is_valid, self._judged.values()), key=_place)]
        self._tree = BranchTree(self._rules.tie_break)
        for event in valid:
            self._tree.add(event.cid, event.prev, event.timestamp)
        proven = {event.cid: event.timestamp for event in valid if event.timestamp is not None}
        self._anchored = LowestBelow.of([event.cid for event in reversed(valid)], events, proven)

    def _let_in(self, valid: Iterable[Judged]) -> list[Cid]:
        """Put events into the tree of valid ones, parents before children; gives those now anchored anew."""
        anchored: list[Cid] = []
        for item in valid:
            event = item.event
            self._tree.add(event.cid, event.prev, event.timestamp)
            anchored += self._anchored.add(event, event.timestamp, self._known.events)
        return anchored

    def _grow(self, fresh: Sequence[CheckedEvent], again: Collection[Cid]) -> Change:
        old_tree, old_tip, old_anchored = self._tree, self._tree.tip, self._anchored.lowest
        anchored: Iterable[Cid]
        before: dict[Cid, Judged | None] = {}
        for event in (*self._link(fresh, again), *_parents_first(fresh)):
            self._judge_from(event, before)
        changed = [self._judged[cid] for cid, item in before.items() if self._judged[cid] != item]
        changed.sort(key=_place)
        if any(item.event.cid in self._tree and not _is_valid(item) for item in changed):
            self._plant()
            undone, applied = apart(old_tree.log(), self._tree.log())
            anchored = _differing(old_anchored, self._anchored.lowest)
        else:
            new = (item for item in changed if _is_valid(item) and item.event.cid not in self._tree)
            anchored = self._let_in(new)
            undone, applied = self._tree.between(old_tip, self._tree.tip)
        moved = Moved(old_tip, self._tree.tip, tuple(undone), tuple(applied))
        made = correction_of(stream_id_of(self._stream, self._header), moved, fresh)
        return Change(made, tuple(changed), tuple(dict.fromkeys(anchored)))

    def _link(self, fresh: Sequence[CheckedEvent], again: Collection[Cid]) -> list[CheckedEvent]:
        """Put new events into the tree of all; gives the known ones that are to be judged again."""
        events = self._known.events
        touched: dict[Cid, CheckedEvent] = {cid: events[cid] for cid in again if cid in self._judged}
        for event in fresh:
            if event.prev is not None:
                self._children.setdefault(event.prev, []).append(event.cid)
        for event in fresh:
            below = self._writers.learn_one(event, events, self._children.get(event.cid, ()))
            touched.update((other.cid, other) for other in below if other.cid in self._judged)
        return sorted(touched.values(), key=lambda event: _place(self._judged[event.cid]))

    def _judge_from(self, event: CheckedEvent, before: dict[Cid, Judged | None]) -> None:
        """Judge an event, and what builds on it as far as that makes a difference; notes what was before."""
        queue = deque([event.cid])
        while queue:
            cid = queue.popleft()
            self._asking(cid)
            old, new = self._judged.get(cid), self._judge.judge(self._known.events[cid], self._judged)
            if new != old:
                before.setdefault(cid, old)
                self._judged[cid] = new
                queue.extend(child for child in self._children.get(cid, ()) if child in self._judged)


def _parents_first(events: Sequence[CheckedEvent]) -> Iterator[CheckedEvent]:
    by_cid = {event.cid: event for event in events}
    children = children_of(by_cid)
    queue = deque(event for event in events if event.prev not in by_cid)
    while queue:
        event = queue.popleft()
        yield event
        queue.extend(by_cid[cid] for cid in children.get(event.cid, ()))


def _differing(before: Mapping[Cid, int], after: Mapping[Cid, int]) -> Iterator[Cid]:
    return (cid for cid in {**before, **after} if before.get(cid) != after.get(cid))


def _is_valid(item: Judged) -> bool:
    return item.reason is None


def _place(item: Judged) -> tuple[int, Cid]:
    """Sort key by which parents come before their children wherever the init event is known."""
    return -1 if item.height is None else item.height, item.event.cid
