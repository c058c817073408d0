"""Pages of a model's documents: POST `/collection`, `/collection/count` (`collection-queries.ts`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from aiohttp import web

from ceramic_node.http.keys import NODE
from ceramic_node.http.legacy.asking import json_object, text_or_none
from ceramic_node.http.legacy.cursors import cursor_of, position_of
from ceramic_node.http.legacy.documents import Found, Wanted, following, listed, preceding
from ceramic_node.http.legacy.errors import LegacyError, as_json
from ceramic_node.http.legacy.filters import read_filters
from ceramic_node.http.legacy.loading import load_now
from ceramic_node.http.legacy.states import state_json
from ceramic_node.node import Node
from ceramic_protocol.dagjson import Json
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.ids import MODEL_INSTANCE, StreamId
from ceramic_protocol.limits import MAX_COUNTED_DOCUMENTS, MAX_LEGACY_BYTES, MAX_PAGE, MAX_STORE_PAGE
from ceramic_protocol.stored import StreamFilter

_END: Final = (1 << 63) - 1
_PREFIX: Final = "Invalid input in collection request: "


class _Page(NamedTuple):
    """`size` documents behind `position`, or before it."""

    size: int
    position: int
    is_forward: bool


async def post_collection(request: web.Request) -> web.Response:
    """A page of documents, the oldest first, with their states."""
    node = request.app[NODE]
    body = await json_object(request)
    page, wanted = _page(body), _filter(body)
    read = following if page.is_forward else preceding
    found = await node.read(read, node, wanted, page.position, page.size + 1)
    shown = found[: page.size] if page.is_forward else found[-page.size :]
    states = await node.read(_states, node, shown if page.is_forward else shown[::-1])
    has_more = len(found) > page.size or len(states) < len(shown)
    shown = shown[: len(states)] if page.is_forward else shown[-len(states) :]
    ordered = states if page.is_forward else states[::-1]
    edges: list[Json] = [
        {"cursor": cursor_of(*item), "node": state} for item, state in zip(shown, ordered, strict=True)
    ]
    return as_json({"edges": edges, "pageInfo": _page_info(page, shown, has_more=has_more)})


def _page_info(page: _Page, shown: Sequence[Found], *, has_more: bool) -> dict[str, Json]:
    info: dict[str, Json] = {
        "hasNextPage": has_more and page.is_forward,
        "hasPreviousPage": has_more and not page.is_forward,
    }
    if shown:
        info |= {"endCursor": cursor_of(*shown[-1]), "startCursor": cursor_of(*shown[0])}
    return info


def _states(node: Node, found: Sequence[Found]) -> list[Json]:
    """States of as many of these as fit into an answer; None where one was lost since it was found."""
    states: list[Json] = []
    size = 0
    for item in found:
        try:
            loaded = load_now(node, item.stream_id, node.states.stream(item.stream_id.cid))
        except LegacyError:
            states.append(None)
            continue
        states.append(state_json(loaded))
        size += loaded.size
        if size > MAX_LEGACY_BYTES:
            break
    return states


async def post_count(request: web.Request) -> web.Response:
    """How many documents there are."""
    node = request.app[NODE]
    wanted = _filter(await json_object(request))
    return as_json({"count": await node.read(_count, node, wanted)})


def _count(node: Node, wanted: Wanted) -> int:
    found = looked = after = 0
    while True:
        entries = node.events.find(wanted.streams, after, MAX_STORE_PAGE)
        found += len(listed(node, entries, wanted.test))
        looked += len(entries)
        if len(entries) < MAX_STORE_PAGE:
            return found
        if looked >= MAX_COUNTED_DOCUMENTS:
            raise LegacyError(f"there are more than {MAX_COUNTED_DOCUMENTS:,} documents: count them with SQL")
        after = entries[-1].position


def _page(body: Mapping[str, object]) -> _Page:
    """Which page is asked for, with js-ceramic's words for what is wrong."""
    first, last = body.get("first"), body.get("last")
    if _is_positive(first):
        return _Page(_count_of(first), _position(body, "after", 0), is_forward=True)
    if _is_positive(last):
        return _Page(_count_of(last), _position(body, "before", _END), is_forward=False)
    detail = 'Can not parse pagination fields: either "first" or "last" should be positive integers'
    raise LegacyError(_PREFIX + detail)


def _is_positive(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _count_of(value: object) -> int:
    count = value if isinstance(value, int) else 0
    if count > MAX_PAGE:
        raise LegacyError(f"{_PREFIX}Requested too many entries: {count}. Maximum is {MAX_PAGE}")
    return count


def _position(body: Mapping[str, object], name: str, default: int) -> int:
    cursor = text_or_none(body.get(name), name)
    return position_of(cursor) if cursor else default


def _filter(body: Mapping[str, object]) -> Wanted:
    if body.get("sorting"):
        raise LegacyError(f"{_PREFIX}sorting is not supported by this node: query its tables with SQL")
    account = text_or_none(body.get("account"), "account") or None
    test = read_filters(body.get("queryFilters"), body.get("filter"))
    return Wanted(StreamFilter(MODEL_INSTANCE, _model(body), account), test)


def _model(body: Mapping[str, object]) -> StreamId:
    """The only model; js-ceramic takes several, and interfaces."""
    models = body.get("models")
    given = models if isinstance(models, list) and models else [body.get("model")]
    if len(given) != 1:
        raise LegacyError(f"{_PREFIX}this node lists the documents of one model at a time")
    (model,) = given
    if not isinstance(model, str):
        raise LegacyError(f"{_PREFIX}it names no model")
    try:
        return StreamId.parse(model)
    except IdentifierError as error:
        raise LegacyError(f"{_PREFIX}{error}") from None
