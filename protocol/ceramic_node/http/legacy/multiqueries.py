"""Many streams at once, and those that they refer to: POST `/multiqueries`."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Final, TypeAlias

from aiohttp import web

from ceramic_node.http.keys import NODE
from ceramic_node.http.legacy.asking import StreamRef, at_time, json_object, stream_ref
from ceramic_node.http.legacy.errors import LegacyError, as_json
from ceramic_node.http.legacy.loading import Loaded, load
from ceramic_node.http.legacy.states import content_json, state_json
from ceramic_node.node import Node
from ceramic_protocol.dagjson import Json
from ceramic_protocol.limits import MAX_LEGACY_BYTES, MAX_MULTIQUERIES, MULTIQUERY_SECONDS

Paths: TypeAlias = dict[str, "Paths"]
"""Members of the content whose streams are wanted too, and those within them."""

_MAX_PATH_CHARS: Final = 1024


async def post_multiqueries(request: web.Request) -> web.Response:
    """The states of all streams that were found in time; what isn't found is left out, as in js-ceramic."""
    body = await json_object(request)
    queries = body.get("queries")
    if not isinstance(queries, list) or len(queries) > MAX_MULTIQUERIES:
        raise LegacyError(f"queries is not a list of at most {MAX_MULTIQUERIES}")
    found: dict[str, Json] = {}
    try:
        async with asyncio.timeout(_seconds(body.get("timeout"))):
            await _answer(request.app[NODE], queries, found)
    except TimeoutError:
        pass
    return as_json(found)


def _seconds(timeout: object) -> float:
    """How long it may take, by the milliseconds that somebody asks for."""
    if not isinstance(timeout, int | float) or not timeout >= 0:
        return MULTIQUERY_SECONDS
    return min(timeout / 1000, MULTIQUERY_SECONDS)


async def _answer(node: Node, queries: list[object], found: dict[str, Json]) -> None:
    """Add what the queries find, one after the other, until there is too much of it."""
    left = MAX_LEGACY_BYTES
    for query in queries:
        if not isinstance(query, dict):
            raise LegacyError("a query is not an object")
        async for name, loaded in _walk(node, query):
            found[name] = state_json(loaded)
            left -= loaded.size
            if left < 0:
                return


async def _walk(node: Node, query: Mapping[str, object]) -> AsyncIterator[tuple[str, Loaded]]:
    """The streams of one query, by the names under which they are shown; none if it makes no sense."""
    options = query.get("opts")
    try:
        ref = stream_ref(str(query.get("streamId")))
        at = at_time(options.get("atTime") if isinstance(options, dict) else None)
        waiting: deque[tuple[StreamRef, Paths]] = deque([(ref, _trie(query.get("paths")))])
    except LegacyError:
        return
    for _turn in range(MAX_MULTIQUERIES):
        if not waiting:
            return
        ref, paths = waiting.popleft()
        try:
            loaded = await load(node, ref, at)
        except LegacyError:
            continue
        yield str(ref if at is None else loaded.commit_id), loaded
        waiting.extend(_linked(loaded, paths))


def _linked(loaded: Loaded, paths: Paths) -> Iterable[tuple[StreamRef, Paths]]:
    content = content_json(loaded)
    if not isinstance(content, Mapping):
        return
    for name, deeper in paths.items():
        text = content.get(name)
        try:
            yield stream_ref(text if isinstance(text, str) else ""), deeper
        except LegacyError:
            continue


def _trie(paths: object) -> Paths:
    """Paths such as `/friend/address`, put together by their beginnings.

    Raises:
        LegacyError: they are no such list.
    """
    root: Paths = {}
    if paths is None:
        return root
    if not isinstance(paths, list) or len(paths) > MAX_MULTIQUERIES:
        raise LegacyError(f"paths is not a list of at most {MAX_MULTIQUERIES}")
    for path in paths:
        if not isinstance(path, str) or len(path) > _MAX_PATH_CHARS:
            raise LegacyError("a path is no text, or too long")
        node = root
        for name in path.removeprefix("/").split("/"):
            node = node.setdefault(name, {})
    return root
