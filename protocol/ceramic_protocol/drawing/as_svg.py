"""A stream's tree as an SVG picture: one file without scripts, styles or references to anything outside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from xml.sax.saxutils import escape

from ceramic_protocol.checked import Kind
from ceramic_protocol.choices import StreamTree
from ceramic_protocol.drawing.paths import View
from ceramic_protocol.drawing.rows import Row, Standing, rows_of
from ceramic_protocol.drawing.words import event_words, head, heading, short_cid, stretch_words
from ceramic_protocol.limits import MAX_SVG_DETAIL_CHARS

_FULL: Final = View(fold=None, branches=100, depth=40, rows=2000)
_LINE: Final = 22
_STEP: Final = 20
_LEFT: Final = 24
_CHAR: Final = 8
_COLOURS: Final = {
    Standing.CANONICAL: "#0b57d0",
    Standing.LOST: "#9aa0a6",
    Standing.REJECTED: "#c5221f",
    Standing.PENDING: "#b06000",
}
_INKS: Final = {**_COLOURS, Standing.CANONICAL: "#202124", Standing.LOST: "#6b7075"}
_LEGEND: Final = (
    "square: init, circle: data, diamond: time event; grey: lost, crossed: rejected, dashed: pending"
)


def tree_svg(tree: StreamTree, *, full: bool = False) -> Iterator[str]:
    """The lines of the picture, the same for the same tree.

    Args:
        tree: the stream.
        full: fold nothing, up to some 2,000 events.
    """
    return _Picture(tree, rows_of(tree, _FULL if full else View())).lines()


class _Picture:
    """One row below the other; what begins a branch may have a heading above it."""

    def __init__(self, tree: StreamTree, rows: list[Row]) -> None:
        self._tree = tree
        self._rows = rows
        self._head = head(tree)
        self._y: list[int] = []
        y = _LINE * (len(self._head) + 2)
        for row in rows:
            y += _LINE * (2 if heading(row) else 1)
            self._y.append(y)
        self._height = y + _LINE * 3

    def lines(self) -> Iterator[str]:
        labels = [list(self._labels(number, row)) for number, row in enumerate(self._rows)]
        places = [(x, text) for label in labels for x, _y, text, _attributes in label]
        places += [(_LEFT, f"{label:<8}{value}") for label, value in self._head] + [(_LEFT, _LEGEND)]
        width = max(x + _CHAR * len(text) for x, text in places) + _LEFT
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{self._height}"'
            f' viewBox="0 0 {width} {self._height}" font-family="monospace" font-size="13">'
        )
        yield f"<title>{escape(f'Stream {self._tree.history.stream_id}')}</title>"
        yield f'<rect width="{width}" height="{self._height}" fill="#ffffff"/>'
        for place, (label, value) in enumerate(self._head, 1):
            yield _text(_LEFT, place * _LINE, f"{label:<8}{value}", 'fill="#202124"')
        for number, row in enumerate(self._rows):
            yield from self._link(number, row)
        for number, row in enumerate(self._rows):
            yield from self._mark(number, row)
            yield from (_text(*label) for label in labels[number])
        yield _text(_LEFT, self._height - _LINE, _LEGEND, 'fill="#6b7075"')
        yield "</svg>"

    def _x(self, row: Row) -> int:
        return _LEFT + _STEP * row.depth

    def _link(self, number: int, row: Row) -> Iterator[str]:
        if row.parent is None:
            return
        parent = self._rows[row.parent]
        x, y, from_x, from_y = self._x(row), self._y[number], self._x(parent), self._y[row.parent]
        way = f"M{from_x} {from_y}V{y}" if x == from_x else f"M{from_x} {from_y}V{y - _STEP}L{x} {y}"
        width = 3 if row.standing is Standing.CANONICAL else 1
        dash = "" if row.standing in {Standing.CANONICAL, Standing.LOST} else ' stroke-dasharray="3 3"'
        yield f'<path d="{way}" fill="none" stroke="{_COLOURS[row.standing]}" stroke-width="{width}"{dash}/>'

    def _mark(self, number: int, row: Row) -> Iterator[str]:
        x, y, colour = self._x(row), self._y[number], _COLOURS[row.standing]
        fill = colour if row.standing is Standing.CANONICAL else "#ffffff"
        dash = ' stroke-dasharray="2 2"' if row.standing is Standing.PENDING else ""
        if not row.is_event:
            # Three dots on the line stand for what is left out.
            yield f'<rect x="{x - 4}" y="{y - 9}" width="8" height="18" fill="#ffffff"/>'
            yield from (f'<circle cx="{x}" cy="{y + by}" r="1" fill="{colour}"/>' for by in (-5, 0, 5))
            return
        shape, title = _shape(row, self._tree, x, y), f"<title>{row.cids[0]}</title>"
        yield f'<path d="{shape}" fill="{fill}" stroke="{colour}"{dash}>{title}</path>'
        if row.standing is Standing.REJECTED:
            cross = f"M{x - 7} {y - 7}L{x + 7} {y + 7}M{x - 7} {y + 7}L{x + 7} {y - 7}"
            yield f'<path d="{cross}" stroke="{colour}" stroke-width="2"/>'

    def _labels(self, number: int, row: Row) -> Iterator[tuple[int, int, str, str]]:
        """Place, text and attributes of what is written beside a row."""
        x, y = self._x(row) + _STEP, self._y[number] + 4
        ink = f'fill="{_INKS[row.standing]}"'
        if words := heading(row):
            yield x, y - _LINE, words, f'{ink} font-style="italic"'
        if not row.is_event:
            yield x, y, stretch_words(self._tree, row), ink
            return
        item = self._tree.history.judged[row.cids[0]]
        height = "" if item.height is None else str(item.height)
        name = f"{item.event.kind.name.lower()} {height:<3} {short_cid(row.cids[0])}"
        crossed = ' text-decoration="line-through"' if row.standing is Standing.REJECTED else ""
        bold = ' font-weight="bold"' if row.standing is Standing.CANONICAL else ""
        yield x, y, name, ink + crossed + bold
        words = event_words(self._tree, row.cids[0], MAX_SVG_DETAIL_CHARS)
        if words:
            yield x + _CHAR * (len(name) + 2), y, words, ink


def _shape(row: Row, tree: StreamTree, x: int, y: int) -> str:
    kind = tree.history.judged[row.cids[0]].event.kind
    if kind is Kind.INIT:
        return f"M{x - 5} {y - 5}h10v10h-10z"
    if kind is Kind.TIME:
        return f"M{x} {y - 7}L{x + 7} {y}L{x} {y + 7}L{x - 7} {y}z"
    return f"M{x - 5} {y}a5 5 0 1 0 10 0a5 5 0 1 0 -10 0"


def _text(x: int, y: int, text: str, attributes: str) -> str:
    return f'<text x="{x}" y="{y}" xml:space="preserve" {attributes}>{escape(text)}</text>'
