"""The documents of a model that are to be found, in the order in which the node got to know them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import orjson

from ceramic_node.http.legacy.errors import LegacyError
from ceramic_node.http.legacy.filters import Test
from ceramic_node.node import Node
from ceramic_protocol.cid import Cid
from ceramic_protocol.ids import StreamId
from ceramic_protocol.limits import COLLECTION_CHUNK, MAX_COUNTED_DOCUMENTS, MAX_STORE_PAGE
from ceramic_protocol.stored import StreamEntry, StreamFilter


class Found(NamedTuple):
    """A document, and the position of its init event in the feed."""

    stream_id: StreamId
    position: int


class Wanted(NamedTuple):
    """Which documents are asked for: by what their init events say, and by what they say now."""

    streams: StreamFilter
    test: Test | None = None


def following(node: Node, wanted: Wanted, after: int, limit: int) -> list[Found]:
    """The next documents behind a position; fewer than `limit` if there are no more.

    Raises:
        LegacyError: there are too many in between that aren't to be found.
    """
    found: list[Found] = []
    looked = 0
    while len(found) < limit:
        entries = node.events.find(wanted.streams, after, COLLECTION_CHUNK)
        found.extend(listed(node, entries, wanted.test))
        looked = _counted(looked + len(entries))
        if len(entries) < COLLECTION_CHUNK:
            break
        after = entries[-1].position
    return found[:limit]


def preceding(node: Node, wanted: Wanted, before: int, limit: int) -> list[Found]:
    """The last documents before a position, in order; fewer than `limit` if there are no more.

    Raises:
        LegacyError: there are too many in between that aren't to be found.
    """
    found: list[Found] = []
    looked = 0
    before = min(before, node.events.head().position + 1)
    while len(found) < limit and before > 1:
        entries = _last_before(node, wanted.streams, before)
        if not entries:
            break
        found = [*listed(node, entries, wanted.test), *found]
        looked = _counted(looked + len(entries))
        before = entries[0].position
    return found[-limit:]


def _counted(looked: int) -> int:
    if looked > MAX_COUNTED_DOCUMENTS:
        raise LegacyError("too many documents here aren't to be found: query them with SQL")
    return looked


def _last_before(node: Node, wanted: StreamFilter, before: int) -> list[StreamEntry]:
    """Some of the streams right before a position: all between the first of them and it.

    The store reads forward only. So a stretch before the position is looked for that holds some of them and
    no more than a page: it is doubled while there is nothing in it, and then cut in halves.
    """
    empty, full, span = 0, before, min(COLLECTION_CHUNK, before - 1)
    while True:
        page = node.events.find(wanted, before - 1 - span, MAX_STORE_PAGE)
        inside = [entry for entry in page if entry.position < before]
        if len(inside) == MAX_STORE_PAGE:
            full = span
        elif inside or span == before - 1:
            return inside
        else:
            empty = span
        span = min(2 * span, before - 1) if full == before else (empty + full) // 2


def listed(node: Node, entries: Sequence[StreamEntry], test: Test | None) -> list[Found]:
    """Those of some streams that have a state, fit, and don't ask not to be found (`shouldIndex`)."""
    found: list[Found] = []
    for start in range(0, len(entries), COLLECTION_CHUNK):
        chunk = entries[start : start + COLLECTION_CHUNK]
        rows = node.states.streams([entry.facts.stream for entry in chunk])
        tips = {cid: row.tip for cid, row in rows.items() if row.tip is not None}
        shown = _shown(node, tips, test)
        found += [
            Found(entry.facts.stream_id, entry.position) for entry in chunk if entry.facts.stream in shown
        ]
    return found


def _shown(node: Node, tips: dict[Cid, Cid], test: Test | None) -> set[Cid]:
    rows = node.states.events({tip: stream for stream, tip in tips.items()})
    hidden = {
        cid
        for cid, row in rows.items()
        if row.data is None or _is_hidden(row.data) or not (test is None or _fits(row.data, test))
    }
    return {stream for stream, tip in tips.items() if tip in rows and tip not in hidden}


def _fits(data: bytes, test: Test) -> bool:
    content = orjson.loads(data)["content"]
    return isinstance(content, dict) and test(content) is True


def _is_hidden(data: bytes) -> bool:
    if b'"shouldIndex":false' not in data:
        return False
    state = orjson.loads(data)
    return state["metadata"].get("shouldIndex") is False
