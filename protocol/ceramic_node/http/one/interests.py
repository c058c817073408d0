"""Telling a node what it is to hold, and reading what its peers and it want (api.md 1.2)."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Final

from aiohttp import web

from ceramic_node.http.keys import NEIGHBOURHOOD, NODE
from ceramic_node.http.one.asking import json_body, segments
from ceramic_node.http.one.errors import Refused, as_json, nothing
from ceramic_node.http.one.ranges import NEEDS_CONTROLLER
from ceramic_node.http.one.rust import decode_multibase
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import IdentifierError, OutsideError, UsageError
from ceramic_protocol.event_ids import EventRange
from ceramic_protocol.ids import StreamId
from ceramic_protocol.interests import Interest, PeerId
from ceramic_protocol.limits import MAX_IDENTIFIER_CHARS

_NAME: Final = "Interest"
_MEMBERS: Final = frozenset({"sep", "sepValue", "controller", "streamId"})

_log = logging.getLogger(__name__)


async def post_interest(request: web.Request) -> web.Response:
    """POST `/interests`: 204 once the node has the interest."""
    body = await json_body(request, _NAME, _MEMBERS)
    sep, value = body.text("sep"), body.text("sepValue")
    controller, stream = body.text_or_none("controller"), body.text_or_none("streamId")
    answer = await _keep(request, sep, value, controller, stream)
    answer.headers.update(body.ignored)
    return answer


async def post_interest_by_path(request: web.Request) -> web.Response:
    """POST `/interests/{sort_key}/{sort_value}`: the same, said in the path and the query."""
    sep, value = segments(request, 2)
    return await _keep(request, sep, value, request.query.get("controller"), request.query.get("streamId"))


async def get_interests(request: web.Request) -> web.Response:
    """GET `/experimental/interests`: all that the node knows of, or those of one peer."""
    name = request.query.get("peerId")
    try:
        peer = None if name is None else PeerId.parse(name)
    except IdentifierError as error:
        raise Refused(f"failed to parse peer_id: {error}") from None
    kept = await request.app[NODE].read(request.app[NEIGHBOURHOOD].interests.list, peer)
    return as_json({"interests": [{"data": str(interest)} for interest in kept]})


async def _keep(
    request: web.Request, sep: str, value: str, controller: str | None, stream: str | None
) -> web.Response:
    neighbourhood = request.app[NEIGHBOURHOOD]
    start, end = _range(request, sep, value, controller, stream)
    try:
        interest = Interest.of(neighbourhood.peer_id, start, end, sep_key=sep)
        await request.app[NODE].read(neighbourhood.interests.add, interest)
    except (IdentifierError, UsageError) as error:
        raise Refused(f"failed to update interest: {error}") from None
    except OutsideError:
        _log.exception("an interest could not be kept")
        detail = "failed to update interest: the store failed"
        raise Refused(detail, HTTPStatus.INTERNAL_SERVER_ERROR) from None
    return nothing()


def _range(
    request: web.Request, sep: str, value: str, controller: str | None, stream: str | None
) -> EventRange:
    """The range of EventIDs that is meant, with the checks in ceramic-one's order."""
    if not sep:
        raise Refused("'sep' cannot be empty")
    data = _decoded(value)
    if controller == "":
        raise Refused("'controller' cannot be empty if it's included")
    named = None if stream is None else _decoded(stream)
    if named is not None and controller is None:
        raise Refused(NEEDS_CONTROLLER)
    try:
        init: Cid | None = None if named is None else StreamId.from_bytes(named).cid
        return EventRange.of(request.app[NODE].network, data, controller, init, sep_key=sep)
    except IdentifierError as error:
        raise Refused(f"stream_id: {error}") from None


def _decoded(text: str) -> bytes:
    if not text:
        raise Refused("Input cannot be empty. Expected multibase encoded value.")
    if len(text) > MAX_IDENTIFIER_CHARS:
        raise Refused(f"multibase error: {len(text)} characters are too many")
    try:
        return decode_multibase(text)
    except IdentifierError as error:
        raise Refused(f"multibase error: {error}") from None
