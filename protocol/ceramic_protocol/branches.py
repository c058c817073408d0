"""The tree of a stream's valid events, and the way through it that wins; it grows by single events.

Events that follow each other without a fork are kept as one run, so that what an event changes is worked out
per fork above it rather than per event, and nothing recurses.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from ceramic_protocol.cid import Cid
from ceramic_protocol.resolve import Branch, Preference, TieBreak, preference


class Fork(NamedTuple):
    """A decision: the event, the valid events that build on it, and the branch and key of each of these.

    `winner` is the place of the one that was chosen. Where only one event follows, it is that one.
    """

    at: Cid
    children: Sequence[Cid]
    branches: Sequence[Branch]
    keys: Sequence[Preference]
    winner: int


class _Run:
    """Events that follow each other; only at the last one there may be a fork.

    `start` is the height of the first event, `anchors` are the heights of time events, `best` is the way that
    wins as seen from the event before the first, or None until it is worked out again, and `after` the run
    that it goes on with.
    """

    __slots__ = ("after", "anchors", "before", "best", "events", "following", "key", "start")

    def __init__(self, events: list[Cid], start: int, anchors: list[int], before: _Run | None) -> None:
        self.events = events
        self.start = start
        self.anchors = anchors
        self.before = before
        self.following: list[_Run] = []
        self.best: Branch | None = None
        self.key: Preference | None = None
        self.after: _Run | None = None


class BranchTree:
    """Valid events, of which one is the root and every other one builds on one that is there."""

    def __init__(self, tie_break: TieBreak = TieBreak.JS) -> None:
        self._tie_break: Final = tie_break
        self._root: _Run | None = None
        self._run_of: dict[Cid, _Run] = {}
        self._heights: dict[Cid, int] = {}
        self._timestamps: dict[Cid, int] = {}

    def __contains__(self, cid: Cid) -> bool:
        """Whether the event is in the tree."""
        return cid in self._heights

    def __len__(self) -> int:
        """Number of events."""
        return len(self._heights)

    def add(self, cid: Cid, prev: Cid | None, timestamp: int | None = None) -> None:
        """Put an event in that isn't there yet.

        Args:
            cid: the event.
            prev: what it builds on, an event of the tree; None for the root, which comes first.
            timestamp: block time (unix seconds) of a proven time event, None for any other event.
        """
        height = 0 if prev is None else self._heights[prev] + 1
        anchors = [height] if timestamp is not None else []
        if timestamp is not None:
            self._timestamps[cid] = timestamp
        self._heights[cid] = height
        if prev is None:
            self._root = self._run_of[cid] = _Run([cid], 0, anchors, None)
            return
        run = self._run_of[prev]
        if run.start + len(run.events) > height:
            run = self._split(run, height)
        if run.following:
            self._run_of[cid] = new = _Run([cid], height, anchors, run)
            run.following.append(new)
        else:
            run.events.append(cid)
            run.anchors += anchors
            self._run_of[cid] = run
        _forget(run)

    def _split(self, run: _Run, height: int) -> _Run:
        """Make two of one run; gives the first, which ends below `height`. The longer part stays as it is."""
        at, anchor = height - run.start, bisect_left(run.anchors, height)
        if at * 2 <= len(run.events):
            first = _Run(run.events[:at], run.start, run.anchors[:anchor], run.before)
            first.following = [run]
            if run.before is None:
                self._root = first
            else:
                run.before.following[run.before.following.index(run)] = first
            del run.events[:at]
            del run.anchors[:anchor]
            # What is forgotten is forgotten up to the root, so the upper part must not be it alone.
            first.best, run.best, run.key = run.best, None, None
            run.start, run.before = height, first
            self._run_of.update(dict.fromkeys(first.events, first))
            return first
        rest = _Run(run.events[at:], height, run.anchors[anchor:], run)
        rest.following = run.following
        for after in rest.following:
            after.before = rest
        del run.events[at:]
        del run.anchors[anchor:]
        run.following = [rest]
        self._run_of.update(dict.fromkeys(rest.events, rest))
        return run

    @property
    def tip(self) -> Cid | None:
        """The winning tip; None for an empty tree."""
        return None if self._root is None else self._best(self._root).tip

    def log(self) -> list[Cid]:
        """The events from the root to the winning tip."""
        log: list[Cid] = []
        run = self._root
        if run is not None:
            self._best(run)
        while run is not None:
            log += run.events
            run = run.after
        return log

    def leaves(self) -> list[Cid]:
        """The events on which nothing builds."""
        return [run.events[-1] for run in self._runs() if not run.following]

    def between(self, old: Cid | None, new: Cid | None) -> tuple[list[Cid], list[Cid]]:
        """The events from `old` back to where its way and that of `new` part, and from there on to `new`.

        None stands for before the root.
        """
        new_runs = self._runs_to(new)
        at, known = self._run_of[old] if old is not None else None, set(map(id, new_runs))
        undone: list[Cid] = []
        while at is not None and id(at) not in known:
            undone += reversed(self._part(at, -1, old))
            at = at.before
        if at is None:
            return undone, [cid for run in new_runs for cid in self._part(run, -1, new)]
        parts = min(self._end(at, old), self._end(at, new))
        undone += reversed(self._part(at, parts, old))
        below = new_runs[new_runs.index(at) + 1 :]
        applied = self._part(at, parts, new)
        return undone, applied + [cid for run in below for cid in self._part(run, -1, new)]

    def _runs_to(self, cid: Cid | None) -> list[_Run]:
        runs: list[_Run] = []
        run = None if cid is None else self._run_of[cid]
        while run is not None:
            runs.append(run)
            run = run.before
        runs.reverse()
        return runs

    def _end(self, run: _Run, cid: Cid | None) -> int:
        """The place in a run at which the way to an event leaves it, or ends."""
        if cid is not None and self._run_of[cid] is run:
            return self._heights[cid] - run.start
        return len(run.events) - 1

    def _part(self, run: _Run, behind: int, cid: Cid | None) -> list[Cid]:
        return run.events[behind + 1 : self._end(run, cid) + 1]

    def fork(self, at: Cid) -> Fork | None:
        """What was decided at an event; None at a leaf."""
        run = self._run_of[at]
        self._best(run)
        place = self._heights[at] - run.start
        if place + 1 < len(run.events):
            branch = self._count(run, place + 1)
            return Fork(at, (run.events[place + 1],), (branch,), (preference(branch, self._tie_break),), 0)
        if not run.following:
            return None
        branches = [self._best(after) for after in run.following]
        keys = [preference(branch, self._tie_break) for branch in branches]
        return Fork(at, [after.events[0] for after in run.following], branches, keys, keys.index(min(keys)))

    def _best(self, run: _Run) -> Branch:
        """The best way from the event before a run, worked out where something has changed."""
        if run.best is None:
            stack = [run]
            while stack:
                waiting = [after for after in stack[-1].following if after.best is None]
                if waiting:
                    stack += waiting
                else:
                    self._decide(stack.pop())
        return run.best or self._count(run, 0)

    def _decide(self, run: _Run) -> None:
        if len(run.following) > 1:
            for after in run.following:
                if after.key is None and after.best is not None:
                    after.key = preference(after.best, self._tie_break)
            run.after = min(run.following, key=_key)
        else:
            run.after = run.following[0] if run.following else None
        run.best, run.key = self._count(run, 0), None

    def _count(self, run: _Run, place: int) -> Branch:
        """The best way from the event before the one at a place of a run; what follows it is decided."""
        count = len(run.events) - place
        rest = run.after.best if run.after is not None else None
        tip, length, to_anchor, timestamp = rest or Branch(run.events[-1])
        first = bisect_left(run.anchors, run.start + place)
        if first < len(run.anchors):
            at = run.anchors[first] - run.start
            return Branch(tip, length + count, at - place + 1, self._timestamps[run.events[at]])
        return Branch(tip, length + count, None if to_anchor is None else to_anchor + count, timestamp)

    def _runs(self) -> Iterator[_Run]:
        stack = [] if self._root is None else [self._root]
        while stack:
            run = stack.pop()
            yield run
            stack += run.following


def _forget(run: _Run | None) -> None:
    """What follows has changed: let the way be worked out again, from here up."""
    while run is not None and run.best is not None:
        run.best = run.key = None
        run = run.before


def _key(run: _Run) -> Preference:
    if run.key is None:
        raise AssertionError("a run is compared before its way is known")
    return run.key
