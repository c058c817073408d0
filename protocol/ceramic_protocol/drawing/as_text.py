"""A stream's tree as text for the terminal: what each event is worth, and why each branch lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ceramic_protocol.checked import Kind
from ceramic_protocol.choices import StreamTree
from ceramic_protocol.drawing.paths import FULL, View
from ceramic_protocol.drawing.rows import Row, Standing, rows_of
from ceramic_protocol.drawing.words import event_words, head, heading, stretch_words
from ceramic_protocol.limits import MAX_TREE_COLUMNS, MAX_TREE_DETAIL_CHARS

_MARKS: Final = {Standing.REJECTED: "✗", Standing.PENDING: "?"}
_LEGEND: Final = "● data, ■ init, ◆ time event; hollow: lost; ✗ rejected; ? pending; branches before what won"


def tree_text(tree: StreamTree, *, full: bool = False) -> Iterator[str]:
    """The lines that `resolve --explain` prints.

    Args:
        tree: the stream.
        full: give every event a line, however many there are.
    """
    for label, value in head(tree):
        yield f"{label:<6}  {value}"
    yield ""
    yield from _Text(tree, rows_of(tree, FULL if full else View())).lines()
    yield ""
    yield _LEGEND


class _Text:
    """Writes rows; a column's line goes on down to the last row that goes on from one in it."""

    def __init__(self, tree: StreamTree, rows: list[Row]) -> None:
        self._tree = tree
        self._rows = rows
        self._last: dict[int, int] = {
            row.parent: number for number, row in enumerate(rows) if row.parent is not None
        }
        self._until = [-1] * (MAX_TREE_COLUMNS + 1)

    def lines(self) -> Iterator[str]:
        for number, row in enumerate(self._rows):
            if row.begins_apart:
                yield ""
            yield from self._row(number, row)

    def _row(self, number: int, row: Row) -> Iterator[str]:
        column = min(row.depth, MAX_TREE_COLUMNS)
        begins = row.parent is not None and column > min(self._rows[row.parent].depth, MAX_TREE_COLUMNS)
        words = heading(row)
        if words is not None:
            yield self._columns(number, column, begins=begins) + ("╮ " if begins else "") + words
            begins = False
        prefix = self._columns(number, column, begins=begins)
        self._until[column] = self._last.get(number, number)
        deep = f"[{row.depth} deep] " if row.depth > MAX_TREE_COLUMNS else ""
        yield f"{prefix}{deep}{self._words(row)}".rstrip()

    def _columns(self, number: int, column: int, *, begins: bool) -> str:
        """The lines of the columns to the left; in the last of them the row may begin."""
        lines = ["│ " if self._until[at] > number else "  " for at in range(column)]
        if begins:
            lines[-1] = "├─" if self._until[column - 1] > number else "└─"
        return "".join(lines)

    def _words(self, row: Row) -> str:
        if not row.is_event:
            tip = f"  to {row.cids[-1]}" if row.way else ""
            return f"{stretch_words(self._tree, row)}{tip}"
        item = self._tree.history.judged[row.cids[0]]
        height = "" if item.height is None else str(item.height)
        words = event_words(self._tree, row.cids[0], MAX_TREE_DETAIL_CHARS)
        kind = item.event.kind.name.lower()
        return f"{_mark(row, item.event.kind)} {kind} {height:<3} {row.cids[0]}  {words}"


def _mark(row: Row, kind: Kind) -> str:
    solid = row.standing is Standing.CANONICAL
    shapes = {Kind.INIT: "■□", Kind.DATA: "●○", Kind.TIME: "◆◇"}
    return _MARKS.get(row.standing) or shapes[kind][0 if solid else 1]
