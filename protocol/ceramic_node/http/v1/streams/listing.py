"""Pages of streams, and of models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple

import orjson
from aiohttp import hdrs, web

from ceramic_node.http.keys import NODE
from ceramic_node.http.v1.api import kinds
from ceramic_node.http.v1.api.params import maybe, usually
from ceramic_node.http.v1.feed.asked import DID, USUAL_PAGE
from ceramic_node.http.v1.feed.changes_source import IncludeState
from ceramic_node.http.v1.json_text import dumps
from ceramic_node.http.v1.keys import EPOCHS
from ceramic_node.http.v1.streams.reading import state_text
from ceramic_node.http.v1.streams.shapes import ModelItem, StreamItem
from ceramic_node.http.v1.texts import bytes_text, maybe_cid, maybe_stream, stream_text
from ceramic_node.http.v1.tokens import TOKEN, Feed, Token
from ceramic_node.node import Node
from ceramic_node.states.records import EventRow, StreamRow
from ceramic_protocol.ids import MODEL, TYPE_NAMES, StreamId
from ceramic_protocol.limits import MAX_PAGE_BYTES, MAX_STORE_PAGE, STATES_AT_ONCE
from ceramic_protocol.stored import StreamEntry, StreamFilter

_AT_ONCE: Final = 100
_LOOKED_AT: Final = 5_000
"""Models that are looked at for a name in one go."""
_NAME_CHARS: Final = 300


class StreamType(StrEnum):
    """Types of streams by name."""

    TILE = "tile"
    CAIP10_LINK = "caip10-link"
    MODEL = "model"
    MID = "MID"
    UNLOADABLE = "UNLOADABLE"


_NUMBERS: Final = {name: number for number, name in TYPE_NAMES.items()}


@dataclass(frozen=True, slots=True)
class ListStreams:
    """Which streams."""

    type: StreamType | None = maybe(kinds.choice(StreamType), "Of this type; `MID` are model instances.")
    model: StreamId | None = maybe(kinds.STREAM, "Of this model.")
    controller: str | None = maybe(DID, "Whose first controller is this DID, letter by letter.")
    include_data: IncludeState = usually(
        kinds.choice(IncludeState), IncludeState.NONE, "Whether states come along.", "includeData"
    )
    resume: Token | None = maybe(TOKEN, "The page behind this, as the one before said.")
    limit: int = usually(
        kinds.whole(1, MAX_STORE_PAGE),
        USUAL_PAGE,
        "How many streams at most. There may be fewer although there are more.",
    )


@dataclass(frozen=True, slots=True)
class ListModels:
    """Which models."""

    name: str | None = maybe(kinds.text(_NAME_CHARS), "Of this name; there may be several.")
    controller: str | None = maybe(DID, "Published by this DID.")
    resume: Token | None = maybe(TOKEN, "The page behind this, as the one before said.")
    limit: int = usually(
        kinds.whole(1, MAX_STORE_PAGE),
        USUAL_PAGE,
        "How many models at most. There may be fewer although there are more.",
    )


class _Look(NamedTuple):
    """A stream with what is known of it."""

    entry: StreamEntry
    row: StreamRow | None
    tip: EventRow | None


class _Page(NamedTuple):
    forms: list[bytes]
    after: int
    is_end: bool


_Form = Callable[[_Look], bytes | None]


async def list_streams(request: web.Request, asked: ListStreams) -> web.StreamResponse:
    """A page of streams."""
    number = None if asked.type is None else _NUMBERS[asked.type]
    wanted = StreamFilter(number, asked.model, asked.controller)
    with_states = asked.include_data is IncludeState.STATE

    def form(look: _Look) -> bytes:
        return dumps(_stream_item(look, with_state=with_states))

    return await _listed(request, wanted, asked, form, "streams", with_tips=with_states)


async def list_models(request: web.Request, asked: ListModels) -> web.StreamResponse:
    """A page of models."""

    def form(look: _Look) -> bytes | None:
        item = _model_item(look)
        return None if item is None or (asked.name not in {None, item["name"]}) else dumps(item)

    wanted = StreamFilter(MODEL, controller=asked.controller)
    return await _listed(request, wanted, asked, form, "models", with_tips=True)


async def _listed(
    request: web.Request,
    wanted: StreamFilter,
    asked: ListStreams | ListModels,
    form: _Form,
    name: str,
    *,
    with_tips: bool,
) -> web.StreamResponse:
    node, epochs = request.config_dict[NODE], request.app[EPOCHS]
    after = 0
    if asked.resume is not None:
        head = await node.read(node.events.head)
        after = await epochs.place(Feed.STREAMS, asked.resume, head.position)
    page = await node.read(_page, node, wanted, after, asked.limit, form, with_tips=with_tips)
    body = b'{"%b":[%b],"resume":"%b","is_end":%b}' % (
        name.encode(),
        b",".join(page.forms),
        str(await epochs.token(Feed.STREAMS, page.after)).encode(),
        b"true" if page.is_end else b"false",
    )
    headers = {hdrs.CACHE_CONTROL: "no-store"}
    return web.Response(body=body, content_type="application/json", headers=headers)


def _page(node: Node, wanted: StreamFilter, after: int, limit: int, form: _Form, *, with_tips: bool) -> _Page:
    forms: list[bytes] = []
    size = looked = 0
    while True:
        room = min(STATES_AT_ONCE if with_tips else _AT_ONCE, limit - len(forms))
        looks = _looks(node, node.events.find(wanted, after, room), with_tips=with_tips)
        for look in looks:
            after = look.entry.position
            made = form(look)
            if made is not None:
                forms.append(made)
                size += len(made)
            if size >= MAX_PAGE_BYTES:
                return _Page(forms, after, is_end=False)
        looked += len(looks)
        if len(looks) < room:
            return _Page(forms, after, is_end=True)
        if len(forms) >= limit or looked >= max(limit, _LOOKED_AT):
            return _Page(forms, after, is_end=False)


def _looks(node: Node, entries: list[StreamEntry], *, with_tips: bool) -> list[_Look]:
    rows = node.states.streams({entry.facts.stream for entry in entries})
    tips = {row.tip: row.stream for row in rows.values() if row.tip is not None} if with_tips else {}
    events = node.states.events(tips)
    looks = []
    for entry in entries:
        row = rows.get(entry.facts.stream)
        tip = None if row is None or row.tip is None else events.get(row.tip)
        looks.append(_Look(entry, row, tip))
    return looks


def _stream_item(look: _Look, *, with_state: bool) -> StreamItem:
    facts, row = look.entry.facts, look.row
    found = StreamItem(
        stream_id=stream_text(facts.stream_id),
        type=facts.stream_id.type_name,
        controller=facts.controller,
        model=maybe_stream(facts.model),
        context=bytes_text(facts.context),
        unique=bytes_text(facts.unique),
        tip=None if row is None else maybe_cid(row.tip),
        length=0 if row is None else row.length,
        has_forks=row is not None and row.has_forks,
        last_anchored=None if row is None else row.last_anchored,
    )
    if with_state:
        found["state"] = state_text(look.tip)
    return found


def _model_item(look: _Look) -> ModelItem | None:
    """A model; None without a valid definition."""
    if look.tip is None or look.tip.data is None or look.tip.reason is not None:
        return None
    definition: Any = orjson.loads(look.tip.data)["content"]
    name = definition.get("name") if isinstance(definition, dict) else None
    return ModelItem(
        stream_id=stream_text(look.entry.facts.stream_id),
        controller=look.entry.facts.controller,
        name=name if isinstance(name, str) else None,
        definition=definition,
    )
