"""A stream's tree as a Mermaid flowchart, for pages that draw these.

Mermaid refuses charts of more than 500 edges or 50,000 characters unless the page allows more, so this one is
never larger. What comes from outside is written by character codes: Mermaid takes labels for HTML.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from typing import Final

from ceramic_protocol.choices import StreamTree
from ceramic_protocol.drawing.paths import View
from ceramic_protocol.drawing.rows import Row, Standing, rows_of
from ceramic_protocol.drawing.words import event_words, heading, short_cid, stretch_words
from ceramic_protocol.limits import MAX_CHART_DETAIL_CHARS, MAX_CHART_LABEL_CHARS, MAX_CHART_ROWS

# No colon, hash, backtick or brace: by these Mermaid finds styles, codes, Markdown and directives.
_PLAIN: Final = frozenset(string.ascii_letters + string.digits + " .,-_/()'…")
_ARROWS: Final = {
    Standing.CANONICAL: "==>",
    Standing.LOST: "-->",
    Standing.REJECTED: "-.->",
    Standing.PENDING: "-.->",
}
_STYLES: Final = {
    Standing.CANONICAL: "fill:#e8f0fe,stroke:#0b57d0,stroke-width:3px,color:#202124",
    Standing.LOST: "fill:#f1f3f4,stroke:#9aa0a6,color:#5f6368",
    Standing.REJECTED: "fill:#fce8e6,stroke:#c5221f,stroke-dasharray:4,color:#c5221f",
    Standing.PENDING: "fill:#fef7e0,stroke:#b06000,stroke-dasharray:4,color:#b06000",
}


def tree_mermaid(tree: StreamTree, *, full: bool = False) -> Iterator[str]:
    """The lines of the chart.

    Args:
        tree: the stream.
        full: fold nothing, as long as the chart doesn't get too large.
    """
    rows = rows_of(tree, View(rows=MAX_CHART_ROWS, fold=None) if full else View(rows=MAX_CHART_ROWS))
    yield "flowchart TD"
    for number, row in enumerate(rows):
        yield f'  n{number}["{_label(tree, row)}"]:::{row.standing.name.lower()}'
        if row.parent is not None:
            words = heading(row)
            why = "" if words is None else f'|"{_escaped(words)}"|'
            yield f"  n{row.parent} {_ARROWS[row.standing]}{why} n{number}"
    for standing, style in _STYLES.items():
        yield f"  classDef {standing.name.lower()} {style}"


def _label(tree: StreamTree, row: Row) -> str:
    if not row.is_event:
        return _escaped(stretch_words(tree, row))
    item = tree.history.judged[row.cids[0]]
    height = "" if item.height is None else f" {item.height}"
    first = _escaped(f"{item.event.kind.name.lower()}{height} {short_cid(row.cids[0])}")
    words = event_words(tree, row.cids[0], MAX_CHART_DETAIL_CHARS)
    return f"{first}<br/>{_escaped(words)}" if words else first


def _escaped(text: str) -> str:
    """Text as a label shows it; what is too long when it is written in codes is cut."""
    parts: list[str] = []
    left = MAX_CHART_LABEL_CHARS
    for char in text:
        part = char if char in _PLAIN else f"#{ord(char)};"
        left -= len(part)
        if left < 0:
            parts.append("…")
            break
        parts.append(part)
    return "".join(parts)
