"""A stream's tree as rows from top to bottom, for every way of drawing it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TypeAlias

from ceramic_protocol.choices import StreamTree, Way
from ceramic_protocol.cid import Cid
from ceramic_protocol.drawing.paths import Path, View, paths_of
from ceramic_protocol.reasons import Outcome

_Steps: TypeAlias = Iterator[tuple[Path, int | None]]
"""Paths to be drawn, each with the number of the row that it begins at."""


class Standing(Enum):
    """What has become of an event."""

    CANONICAL = auto()
    LOST = auto()
    REJECTED = auto()
    PENDING = auto()


@dataclass(frozen=True, slots=True)
class Row:
    """One event, or several that are not shown one by one.

    `depth` is the column, 0 for the canonical log and what hangs nowhere. `parent` is the number of the row
    that this one goes on from, None at a root. `cids` are the events of a stretch, in order, or of a branch;
    with them, or instead of them, `branches` side branches with `hidden` events are not shown. `way` is that
    of the branch that begins here, if it lost; `begins_apart` is set where what hangs nowhere begins.
    """

    depth: int
    parent: int | None
    standing: Standing
    cids: tuple[Cid, ...]
    is_event: bool = True
    branches: int = 0
    hidden: int = 0
    way: Way | None = None
    begins_apart: bool = False


def rows_of(tree: StreamTree, view: View) -> list[Row]:
    """The rows of a tree: the init event first, a branch before what it lost to, at the end what is apart."""
    drawing = _Drawing(tree, view)
    drawing.draw(paths_of(tree, view))
    rows = drawing.rows
    for number, row in enumerate(rows):
        if row.parent is None and row.cids[:1] != (tree.history.stream,):
            rows[number] = replace(row, begins_apart=True)
            break
    return rows


class _Drawing:
    """Walks along paths; one that is left for those beside it is taken up again where it was left."""

    def __init__(self, tree: StreamTree, view: View) -> None:
        self._judged = tree.history.judged
        self._log = frozenset(tree.history.log)
        self._most = view.branches
        self.rows: list[Row] = []

    def draw(self, roots: list[Path]) -> None:
        stack = [self._beside(roots, 0, None)]
        while stack:
            step = next(stack[-1], None)
            if step is None:
                stack.pop()
            else:
                stack.append(self._along(*step))

    def _beside(self, paths: list[Path], depth: int, parent: int | None) -> _Steps:
        """The paths that begin at one place, as far as there is room for them."""
        most = len(paths) if self._most is None else self._most
        for path in paths[:most]:
            yield path, parent
        rest = paths[most:]
        if rest:
            standing = self._standing(rest[0].cids[0])
            branches, hidden = sum(path.branches for path in rest), sum(path.events for path in rest)
            self._add(Row(depth, parent, standing, (), is_event=False, branches=branches, hidden=hidden))

    def _along(self, path: Path, parent: int | None) -> _Steps:
        if not path.marks:
            self._add(self._whole(path, parent))
            return
        before = 0
        for place in path.marks:
            if place - before > 1:
                parent = self._add(self._stretch(path, before + 1, place, parent))
            before, cid = place, path.cids[place]
            way = path.way if place == 0 else None
            parent = self._add(Row(path.depth, parent, self._standing(cid), (cid,), way=way))
            yield from self._beside(path.sides.get(place, []), path.depth + 1, parent)

    def _whole(self, path: Path, parent: int | None) -> Row:
        cids, standing = tuple(path.cids), self._standing(path.cids[0])
        if path.events == 1:
            return Row(path.depth, parent, standing, cids, way=path.way)
        hidden = path.events - len(cids)
        return Row(path.depth, parent, standing, cids, False, path.branches - 1, hidden, path.way)

    def _stretch(self, path: Path, start: int, end: int, parent: int | None) -> Row:
        sides = [side for place in range(start, end) for side in path.sides.get(place, ())]
        branches, hidden = sum(side.branches for side in sides), sum(side.events for side in sides)
        cids = tuple(path.cids[start:end])
        return Row(path.depth, parent, self._standing(cids[0]), cids, False, branches, hidden)

    def _add(self, row: Row) -> int:
        self.rows.append(row)
        return len(self.rows) - 1

    def _standing(self, cid: Cid) -> Standing:
        outcome = self._judged[cid].outcome
        if outcome is Outcome.VALID:
            return Standing.CANONICAL if cid in self._log else Standing.LOST
        return Standing.REJECTED if outcome is Outcome.REJECTED else Standing.PENDING
