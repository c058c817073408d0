"""The feed of events, by pages (api.md 1.4).

A token is the first position that hasn't been read: the last one that has, and one more. Positions are never
used twice, so that a token means the same for as long as the store lasts.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from ceramic_node.feed_window import FeedEntry
from ceramic_node.http.keys import NODE
from ceramic_node.http.one.asking import small_number
from ceramic_node.http.one.errors import Refused, as_json, json_bytes
from ceramic_node.http.one.events import event_json
from ceramic_node.http.one.rust import I64, NoNumber, integer
from ceramic_node.node import Node
from ceramic_protocol.limits import MAX_ANSWER_CHUNK, MAX_ANSWER_EVENT_BYTES, MAX_ECHOED_CHARS, MAX_STORE_PAGE

_DEFAULT_LIMIT: Final = 100
_FORM: Final = "one"


async def resume_token(request: web.Request) -> web.Response:
    """GET `/feed/resumeToken`: from where on there is only what is yet to come."""
    node = request.app[NODE]
    head = await node.read(node.events.head)
    return as_json({"resumeToken": str(head.position + 1)})


async def get_feed(request: web.Request) -> web.Response:
    """GET `/feed/events`: a page from a token on, with the token to go on with.

    It may be shorter than asked for although there is more: it has at most `MAX_STORE_PAGE` events, and those
    with their bytes end where there are `MAX_ANSWER_EVENT_BYTES` of these.
    """
    limit = small_number(request, "limit")
    limit = _DEFAULT_LIMIT if limit is None else limit
    with_data = _with_data(request)
    if limit > MAX_STORE_PAGE and with_data:
        raise Refused(f"The limit value must be less than 10000 when including data ({limit}) ")
    text = request.query.get("resumeAt", "0")
    token = _token(text)
    if limit < 0:
        raise Refused(f"The limit value must not be negative ({limit})")
    after, count = max(token - 1, 0), min(limit, MAX_STORE_PAGE)
    found: list[bytes] = []
    last: int | None = None
    if count > 0:
        found, last = await (_with_bytes if with_data else _ids)(request.app[NODE], after, count)
    token = token if last is None else last + 1
    return json_bytes(b'{"events":[%b],"resumeToken":"%d"}' % (b",".join(found), token))


async def _ids(node: Node, after: int, limit: int) -> tuple[list[bytes], int | None]:
    """Events as JSON, and the last one's position; None if there are none."""
    page = await node.read(node.events.feed, after, limit)
    found = [event_json(entry.checked.cid, None) for entry in page.entries]
    return found, page.entries[-1].position if page.entries else None


async def _with_bytes(node: Node, after: int, limit: int) -> tuple[list[bytes], int | None]:
    found: list[bytes] = []
    last, size = None, 0
    while len(found) < limit and size < MAX_ANSWER_EVENT_BYTES:
        page = await node.window.page(after, min(limit - len(found), MAX_ANSWER_CHUNK))
        for entry in page.entries:
            if size >= MAX_ANSWER_EVENT_BYTES:
                break
            found.append(_form(entry))
            last, size = entry.delivered.position, size + len(entry.delivered.car or b"")
        if not page.entries:
            break
        after = page.entries[-1].delivered.position
    return found, last


def _form(entry: FeedEntry) -> bytes:
    form = entry.forms.get(_FORM)
    if form is None:
        form = entry.forms[_FORM] = event_json(entry.delivered.checked.cid, entry.delivered.car)
    return form


def _with_data(request: web.Request) -> bool:
    choice = request.query.get("includeData", "none")
    if choice not in {"none", "full"}:
        shown = choice[:MAX_ECHOED_CHARS]
        raise Refused(f"Invalid value: {shown}. must be one of 'none' or 'full'")
    return choice == "full"


def _token(text: str) -> int:
    try:
        return integer(text, I64)
    except NoNumber as error:
        detail = f"Invalid highwater value (should be an integer): ParseIntError {{ kind: {error.kind} }}"
        raise Refused(f"Invalid resume token '{text[:MAX_ECHOED_CHARS]}'. {detail}") from None
