"""A stream's tree cut into paths, and how much of each is shown when there is too much of it.

A path begins at a root or beside another path and follows the winner of every fork, or below what is rejected
or pending the first event. So the canonical log is one path, and everything else hangs beside another one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from ceramic_protocol.choices import StreamTree, Way
from ceramic_protocol.cid import Cid

_FOLD: Final = 3
_ENDS: Final = 2


@dataclass(frozen=True, slots=True)
class View:
    """How much of a tree is shown; None is no limit.

    `fold` is from how many events on a stretch without branches becomes one row, `branches` how many are
    shown beside one event, `depth` how many lie inside one another, `rows` how many rows there are in all.
    """

    fold: int | None = _FOLD
    branches: int | None = 8
    depth: int | None = 8
    rows: int | None = 400


FULL: Final = View(None, None, None, None)
"""Every event has a row of its own, however many there are."""


@dataclass(slots=True)
class Path:
    """A line of events, and by place in it the paths that begin beside the next event.

    `way` says why it lost to what it begins beside; None if it is excluded or hangs nowhere. `marks` are the
    places that are shown, in order, and `events` and `branches` how much is in it with all that hangs on it.
    """

    cids: list[Cid]
    depth: int
    way: Way | None = None
    sides: dict[int, list[Path]] = field(default_factory=dict)
    marks: list[int] = field(default_factory=list)
    events: int = 0
    branches: int = 1


def paths_of(tree: StreamTree, view: View) -> list[Path]:
    """One path for each root of a tree, with all that hangs on it, and `marks` as the view has room for."""
    roots = [Path([root], 0) for root in tree.roots]
    made: list[Path] = []
    waiting = deque(roots)
    while waiting:
        path = waiting.popleft()
        made.append(path)
        waiting.extend(_grow(path, tree))
    for path in reversed(made):
        sides = [side for beside in path.sides.values() for side in beside]
        path.events = len(path.cids) + sum(side.events for side in sides)
        path.branches = 1 + sum(side.branches for side in sides)
    _mark(roots, tree, view)
    return roots


def _grow(path: Path, tree: StreamTree) -> Iterator[Path]:
    """Add the events of a path to its first; gives the paths that begin beside them."""
    judged = tree.history.judged
    while children := tree.children.get(path.cids[-1]):
        # What is excluded never goes on where valid events end, it hangs there.
        goes_on = judged[path.cids[-1]].reason is not None or judged[children[0]].reason is None
        choice = tree.choices.get(path.cids[-1])
        ways = {way.first: way for way in choice.ways} if choice else {}
        beside = children[1:] if goes_on else children
        if beside:
            sides = [Path([child], path.depth + 1, ways.get(child)) for child in beside]
            path.sides[len(path.cids) - 1] = sides
            yield from sides
        if not goes_on:
            return
        path.cids.append(children[0])


def _mark(roots: list[Path], tree: StreamTree, view: View) -> None:
    left = view.rows
    waiting = deque(roots[: view.branches])
    while waiting:
        path = waiting.popleft()
        if view.depth is not None and path.depth > view.depth:
            continue
        path.marks = _marks(path, tree, view, left)
        if left is not None:
            left -= _rows(path, path.marks, view)
        for place in path.marks:
            waiting.extend(path.sides.get(place, ())[: view.branches])


def _marks(path: Path, tree: StreamTree, view: View, left: int | None) -> list[int]:
    """The places that are shown: all, or those that say something, or as many of these as there are rows for.

    If it can't be all, half of them are from either end; none if there are too few rows.
    """
    if view.fold is None:
        marks = list(range(len(path.cids)))
        if left is None or _rows(path, marks, view) <= left:
            return marks
    marks = _unfolded(_interesting(path, tree), view.fold or _FOLD)
    while left is not None and _rows(path, marks, view) > left:
        if len(marks) <= _ENDS:
            return []
        keep = len(marks) // 4 or 1
        marks = marks[:keep] + marks[-keep:]
    return marks


def _interesting(path: Path, tree: StreamTree) -> list[int]:
    """Places that say something: ends, forks, the anchors that decided them, and where reasons change."""
    judged = tree.history.judged
    marks = {0, len(path.cids) - 1, *path.sides}
    reasons = [judged[cid].reason for cid in path.cids]
    marks.update(place for place, (one, other) in enumerate(pairwise(reasons), 1) if one is not other)
    if path.way is not None and path.way.branch.to_anchor is not None:
        marks.add(path.way.branch.to_anchor - 1)
    for place in path.sides:
        choice = tree.choices.get(path.cids[place])
        if choice and choice.winner.branch.to_anchor is not None:
            marks.add(place + choice.winner.branch.to_anchor)
    return sorted(marks)


def _unfolded(marks: list[int], fold: int) -> list[int]:
    """The marks, and the events of stretches too short to be folded."""
    found = marks[:1]
    for before, after in pairwise(marks):
        found += [after] if after - before > fold else range(before + 1, after + 1)
    return found


def _rows(path: Path, marks: list[int], view: View) -> int:
    """How many rows a path takes that is shown by these marks, each stretch between them being one."""
    gaps = sum(after - before > 1 for before, after in pairwise(marks))
    sides = (len(path.sides.get(place, ())) for place in marks)
    most = view.branches
    return len(marks) + gaps + sum(side if most is None else min(side, most + 1) for side in sides)
